// SPDX-License-Identifier: GPL-2.0-only
//! The command line of `gendwarfksyms`: that of Linux 7.3, and nothing more.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Args as _, Command, FromArgMatches as _};

/// The options and arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "they are the switches of the reference")]
pub struct Args {
    /// Print debugging information
    #[arg(short, long)]
    pub debug: bool,
    /// Dump DWARF DIE contents
    #[arg(long)]
    pub dump_dies: bool,
    /// Print debugging information about die_map changes
    #[arg(long)]
    pub dump_die_map: bool,
    /// Dump type strings
    #[arg(long)]
    pub dump_types: bool,
    /// Dump expanded type strings used for symbol versions
    #[arg(long)]
    pub dump_versions: bool,
    /// Support kABI stability features
    #[arg(short, long)]
    pub stable: bool,
    /// Write a symtypes file
    #[arg(short = 'T', long, value_name = "file")]
    pub symtypes: Option<PathBuf>,
    /// Print this message
    #[arg(short, long, action = ArgAction::SetTrue)]
    pub help: bool,
    /// The objects that define the exported symbols
    #[arg(value_name = "elf-object-file")]
    pub objects: Vec<PathBuf>,
}

/// The definition.
pub fn command() -> Command {
    let command = Command::new("gendwarfksyms").disable_help_flag(true).infer_long_args(true).args_override_self(true);
    // Behind the arguments, which bring the description of their structure along.
    Args::augment_args(command).about("Compute the versions of exported symbols from DWARF debugging information")
}

/// Reads a command line; the first argument is the name of the program.
///
/// # Errors
/// A message as getopt_long of the GNU C library words it.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Args, String> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let program = arguments.first().map_or_else(|| "gendwarfksyms".into(), |name| name.to_string_lossy().into_owned());
    try_parse(&arguments).or_else(|error| {
        // Options act in their order: help was given before the one in error was looked at.
        let prefixes = (1..arguments.len()).filter_map(|end| try_parse(&arguments[..end]).ok());
        // An option that lacks its argument is the last word; clap forgets whether it was given by its short name.
        let last = arguments.last().map(|last| last.to_string_lossy().into_owned()).unwrap_or_default();
        let help = prefixes.into_iter().find(|args| args.help);
        help.ok_or_else(|| format!("{program}: {}", message(&error, &last)))
    })
}

fn try_parse(arguments: &[OsString]) -> Result<Args, clap::Error> {
    command().try_get_matches_from(arguments).and_then(|matches| Args::from_arg_matches(&matches))
}

/// The text of `--help`.
pub fn usage() -> String {
    let command = command();
    let mut text = String::from("Usage: gendwarfksyms [options] elf-object-file ... < symbol-list\n\nOptions:\n");
    for option in command.get_arguments().filter(|arg| !arg.is_positional()) {
        let short = option.get_short().map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
        let value = match (option.get_action(), option.get_value_names()) {
            (ArgAction::Set, Some([value, ..])) => format!(" {value}"),
            _ => String::new(),
        };
        let long = format!("--{}{value}", option.get_long().unwrap_or_default());
        let help = option.get_help().cloned().unwrap_or_default();
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {short}{long:17}{help}");
    }
    text.push('\n');
    text
}

fn message(error: &clap::Error, last: &str) -> String {
    let argument = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => argument.clone(),
        Some(ContextValue::Strings(arguments)) => arguments.concat(),
        _ => String::new(),
    };
    // clap names an option with its value, `--symtypes <file>`, and by its long name.
    let option = argument.split([' ', '=']).next().unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument if option.starts_with("--") => {
            let command = command();
            let candidates: Vec<_> = long_options(&command).filter(|name| name.starts_with(option)).collect();
            if candidates.len() > 1 {
                let list: Vec<_> = candidates.iter().map(|name| format!("'{name}'")).collect();
                format!("option '{option}' is ambiguous; possibilities: {}", list.join(" "))
            } else {
                format!("unrecognized option '{option}'")
            }
        }
        ErrorKind::UnknownArgument => format!("invalid option -- '{}'", option.trim_start_matches('-')),
        ErrorKind::TooManyValues => format!("option '{option}' doesn't allow an argument"),
        _ if last.starts_with("--") => format!("option '{option}' requires an argument"),
        _ => format!("option requires an argument -- '{}'", last.chars().last().unwrap_or_default()),
    }
}

fn long_options(command: &Command) -> impl Iterator<Item = String> {
    command.get_arguments().filter_map(Arg::get_long).map(|name| format!("--{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, String> {
        super::parse(line.split(' ').map(OsString::from))
    }

    #[track_caller]
    fn check(line: &str, expect: Args) {
        assert_eq!(parse(line), Ok(expect), "{line}");
    }

    #[test]
    fn as_getopt_long_reads_them() {
        let objects = vec![PathBuf::from("a.o")];
        let symtypes = Some(PathBuf::from("x"));
        let plain = Args { objects: objects.clone(), ..Args::default() };
        check("g a.o", plain.clone());
        check("g a.o -sd", Args { stable: true, debug: true, ..plain.clone() });
        check("g -d -d a.o", Args { debug: true, ..plain.clone() });
        check("g --sym=x a.o", Args { symtypes: symtypes.clone(), ..plain.clone() });
        check("g -Ty a.o -sTx", Args { symtypes: symtypes.clone(), stable: true, ..plain.clone() });
        check("g --dump-t --dump-die-m a.o", Args { dump_types: true, dump_die_map: true, ..plain.clone() });
        check("g --h", Args { help: true, ..Args::default() });
        check("g -sh --nope", Args { help: true, stable: true, ..Args::default() });
        check("g -h -T", Args { help: true, ..Args::default() });
        check("g -- -d", Args { objects: vec!["-d".into()], ..Args::default() });
        check("g -", Args { objects: vec!["-".into()], ..Args::default() });
    }

    /// The messages of the reference, called `g`.
    #[test]
    fn messages() {
        for (line, expect) in [
            ("g -x", "g: invalid option -- 'x'"),
            ("g -dx", "g: invalid option -- 'x'"),
            ("g --nope", "g: unrecognized option '--nope'"),
            ("g --nope -h", "g: unrecognized option '--nope'"),
            ("g -T", "g: option requires an argument -- 'T'"),
            ("g a.o -sT", "g: option requires an argument -- 'T'"),
            ("g --symtypes", "g: option '--symtypes' requires an argument"),
            ("g --dump-dies=x a.o", "g: option '--dump-dies' doesn't allow an argument"),
            ("g --s", "g: option '--s' is ambiguous; possibilities: '--stable' '--symtypes'"),
        ] {
            assert_eq!(parse(line), Err(expect.to_owned()));
        }
    }

    #[test]
    fn definition() {
        command().debug_assert();
    }
}
