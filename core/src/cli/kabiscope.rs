// SPDX-License-Identifier: GPL-2.0-only
//! The command line of `kabiscope`: parsing, help, manual pages and completions come from this definition.

use std::path::PathBuf;

use clap::{ColorChoice, Parser, Subcommand, ValueEnum};
use globset::Glob;
use regex::Regex;

/// Symbol versions of Linux kernels and modules.
///
/// The kernel records a version for every symbol that it exports to modules: a CRC over the types behind it. kabiscope
/// lists these versions, computes them anew from the DWARF debugging information of a linked kernel or module, shows the
/// types that they stand for, and tells whether a module would load.
///
/// A FILE is a vmlinux, a module (.ko, or compressed as .ko.gz, .ko.xz, .ko.zst) or an object file (.o), or a folder, of
/// which every vmlinux and every module is taken.
#[derive(Debug, Parser)]
#[command(
    name = "kabiscope",
    version,
    arg_required_else_help = true,
    max_term_width = 120,
    after_help = exit_status(),
)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What a run's exit status means.
pub const EXIT_STATUS: [(&str, &str); 3] = [
    ("0", "all is well"),
    ("1", "versions differ (verify), or a module would not load (imports)"),
    ("2", "trouble: a file cannot be read or has not what is asked for, or the command line is wrong"),
];

fn exit_status() -> String {
    let lines = EXIT_STATUS.iter().map(|(status, meaning)| format!("\n  {status}  {meaning}"));
    std::iter::once("Exit status:".to_owned()).chain(lines).collect()
}

/// What holds for every command.
#[derive(Debug, clap::Args)]
#[command(about = None, long_about = None, next_help_heading = "Common options")]
pub struct Common {
    /// When to use colour
    ///
    /// `auto` means: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb speaks against it. CLICOLOR_FORCE=1 speaks
    /// for it anywhere.
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN", global = true)]
    pub color: ColorChoice,
    /// How many threads compute; by default as many as there are cores
    #[arg(short, long, value_name = "N", global = true)]
    pub jobs: Option<std::num::NonZeroUsize>,
    /// Print no progress, no warnings and no summaries: only what was asked for, and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print to standard error how long each phase took
    #[arg(long, global = true)]
    pub timings: bool,
}

impl Common {
    /// When to use colour, for everything that is printed.
    pub fn colour(&self) -> anstream::ColorChoice {
        match self.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List exported symbols with their versions
    ///
    /// The versions that a file records are listed at once; computing them from debugging information takes a second or so
    /// for a kernel. Therefore tables and Module.symvers have versions computed only for files that record none. JSON and
    /// #SYMVER lines, whose schema they are part of, always do. --compute and --no-compute decide otherwise.
    List(List),
    /// Show a symbol or a type: its prototype, its version, and its expansion as a tree
    ///
    /// NAME is an exported symbol, as the linker or the source has it; or a type: `struct page`, `union u`, `enum e`, `page`,
    /// or as symtypes files have it, `s#page`. Beside each member stand its offset and its size in bytes.
    Show(Show),
    /// Compare the versions that files record with those computed from their debugging information
    ///
    /// Some versions cannot be computed from a linked file: of symbols that are written in assembly, whose types are in an
    /// object of their own (*.gendwarfksyms.o) that is not linked; and with kABI rules, which are not kept. They are no
    /// differences. Their number is printed by reason; with --verbose, each.
    Verify(Verify),
    /// Write the symtypes of every unit
    ///
    /// The format is that of the *.symtypes files of a kernel's build with KBUILD_SYMTYPES=1. In one file, lines are sorted and
    /// equal ones are there once, so that several such files are merged by `sort -u`. In a folder, each unit has a file of
    /// its own as the build has it, `fs/open.symtypes`.
    Symtypes(Symtypes),
    /// Tell whether modules would load
    ///
    /// For each symbol that a module needs: whether it is exported, under the version that the module was built against, in a
    /// namespace that the module imports, and under a licence that the module has.
    Imports(Imports),
    /// Print a script that lets a shell complete this command's arguments
    Completions(Completions),
}

/// Which symbols count.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(about = None, long_about = None)]
pub struct Filter {
    /// Only symbols whose name matches this shell pattern; several add up
    ///
    /// `*`, `?`, `[a-z]` and `{a,b}` have their usual meaning. The pattern has to match all of the name as the linker
    /// knows it, or all of the name as the source has it (`*::Mutex::*`).
    #[arg(short = 'n', long = "name", value_name = "GLOB", help_heading = "Which symbols")]
    pub globs: Vec<Glob>,
    /// Only symbols whose name contains a match of this regular expression; several add up
    #[arg(short = 'e', long = "regex", value_name = "REGEX", help_heading = "Which symbols")]
    pub regexes: Vec<Regex>,
}

/// Where debugging information is, and how it is read.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(about = None, long_about = None)]
pub struct Dwarf {
    /// The file with the debugging information of FILE, or a folder of such files
    ///
    /// Without this option a file without debugging information has it looked for by its build-id in
    /// /usr/lib/debug/.build-id, and by its .gnu_debuglink beside the file and under /usr/lib/debug.
    #[arg(long, value_name = "PATH")]
    pub debug_file: Option<PathBuf>,
    /// Let the stability features of gendwarfksyms have effect, as a kernel's build with --stable does
    ///
    /// These are members whose names start with `__kabi_`, and kABI rules. The rules are in object files; a linked file
    /// does not have them any more.
    #[arg(long)]
    pub stable: bool,
}

const LIST_EXAMPLES: &[Example] = &[
    Example { line: "kabiscope list vmlinux", what: "every export of a kernel, with its version" },
    Example { line: "kabiscope list -n 'crypto_*' vmlinux nfs.ko.zst", what: "some exports, of two files" },
    Example {
        line: "kabiscope list --format symvers vmlinux /lib/modules/$(uname -r) > Module.symvers",
        what: "a Module.symvers for an installed kernel",
    },
    Example { line: "kabiscope list --format json --no-compute vmlinux", what: "what the file records, for a program" },
];

/// The arguments of `kabiscope list`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = help_of(LIST_EXAMPLES))]
pub struct List {
    /// Kernels, modules, objects, and folders of them
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// How to print the list
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ListFormat,
    /// Compute versions from debugging information, even where versions are recorded
    #[arg(long, overrides_with = "no_compute")]
    pub compute: bool,
    /// Compute nothing: do not read debugging information
    #[arg(long, overrides_with = "compute")]
    pub no_compute: bool,
    /// Which symbols.
    #[command(flatten)]
    pub filter: Filter,
    /// Debugging information.
    #[command(flatten)]
    pub dwarf: Dwarf,
}

/// How exports are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ListFormat {
    /// A table for people
    #[default]
    Table,
    /// All that is known, for programs: an object for one file, an array for several
    Json,
    /// Module.symvers: version, name, module, kind of export, namespace
    Symvers,
    /// #SYMVER lines, as gendwarfksyms prints them: name and computed version
    Symver,
}

const SHOW_EXAMPLES: &[Example] = &[
    Example { line: "kabiscope show vmlinux filp_open", what: "a function, and the types that it takes and returns" },
    Example {
        line: "kabiscope show --depth 1 vmlinux 'struct page'",
        what: "a structure's members, with offsets and sizes",
    },
    Example { line: "kabiscope show --raw vmlinux filp_open", what: "the string that its version is the CRC of" },
];

/// The arguments of `kabiscope show`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = help_of(SHOW_EXAMPLES))]
pub struct Show {
    /// A kernel, module or object
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// A symbol or a type
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Open types this many levels deep
    ///
    /// By default 2 for a symbol, whose parameters or type are the first, and 1 for a type. Each type is opened once, where
    /// it is nearest to what is shown.
    #[arg(long, value_name = "N", conflicts_with = "raw")]
    pub depth: Option<usize>,
    /// Print the string that a symbol's version is the CRC of, and nothing else but a line break
    #[arg(long, conflicts_with = "format")]
    pub raw: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Debugging information.
    #[command(flatten)]
    pub dwarf: Dwarf,
}

/// For people, or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Text for people
    #[default]
    Text,
    /// JSON for programs
    Json,
}

const VERIFY_EXAMPLES: &[Example] = &[
    Example { line: "kabiscope verify vmlinux", what: "does the kernel record what its types say?" },
    Example {
        line: "kabiscope verify -v --stand-in BUILD vmlinux",
        what: "with the objects that stand in for assembly",
    },
];

/// The arguments of `kabiscope verify`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = help_of(VERIFY_EXAMPLES))]
pub struct Verify {
    /// Kernels, modules, objects, and folders of them
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// An object that stands in for symbols written in assembly, or a folder in which to look for *.gendwarfksyms.o
    #[arg(long = "stand-in", value_name = "PATH")]
    pub stand_ins: Vec<PathBuf>,
    /// List each symbol that has no computed version, with the reason
    #[arg(short, long)]
    pub verbose: bool,
    /// How to print the result
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Which symbols.
    #[command(flatten)]
    pub filter: Filter,
    /// Debugging information.
    #[command(flatten)]
    pub dwarf: Dwarf,
}

const SYMTYPES_EXAMPLES: &[Example] = &[
    Example { line: "kabiscope symtypes -o vmlinux.symtypes vmlinux", what: "of the whole kernel" },
    Example { line: "kabiscope symtypes -o symtypes/ vmlinux", what: "a file for each unit" },
    Example { line: "kabiscope symtypes --unit fs/open.c vmlinux", what: "of one unit" },
];

/// The arguments of `kabiscope symtypes`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = help_of(SYMTYPES_EXAMPLES))]
pub struct Symtypes {
    /// A kernel, module or object
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Write to this file, or with a slash at its end, to this folder; by default to standard output
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Only of this unit: its path, or the end of it (open.c)
    #[arg(long, value_name = "NAME")]
    pub unit: Option<String>,
    /// Debugging information.
    #[command(flatten)]
    pub dwarf: Dwarf,
}

const IMPORTS_EXAMPLES: &[Example] = &[
    Example { line: "kabiscope imports driver.ko --against vmlinux", what: "would this module load into this kernel?" },
    Example {
        line: "kabiscope imports --problems updates/ --against vmlinux /lib/modules/$(uname -r)",
        what: "which of these would not, and why",
    },
    Example { line: "kabiscope imports driver.ko --against Module.symvers", what: "without the kernel itself" },
];

/// The arguments of `kabiscope imports`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "kabiscope imports [OPTIONS] <MODULE>... --against <FILE>...",
    after_long_help = help_of(IMPORTS_EXAMPLES),
)]
pub struct Imports {
    /// Modules, and folders of them
    #[arg(value_name = "MODULE", required = true)]
    pub modules: Vec<PathBuf>,
    /// What they would be loaded into: a vmlinux, modules, folders of them, Module.symvers files
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub against: Vec<PathBuf>,
    /// List only the imports that keep a module from loading
    #[arg(long)]
    pub problems: bool,
    /// How to print the result
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Which symbols.
    #[command(flatten)]
    pub filter: Filter,
}

const COMPLETIONS_EXAMPLES: &[Example] = &[Example {
    line: "kabiscope completions bash > ~/.local/share/bash-completion/completions/kabiscope",
    what: "for bash",
}];

/// The arguments of `kabiscope completions`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = help_of(COMPLETIONS_EXAMPLES))]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// A command line, and what it is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// The line.
    pub line: &'static str,
    /// Its purpose.
    pub what: &'static str,
}

/// Examples of the command of this name, as help and manual show them.
pub fn examples(command: &str) -> &'static [Example] {
    match command {
        "list" => LIST_EXAMPLES,
        "show" => SHOW_EXAMPLES,
        "verify" => VERIFY_EXAMPLES,
        "symtypes" => SYMTYPES_EXAMPLES,
        "imports" => IMPORTS_EXAMPLES,
        "completions" => COMPLETIONS_EXAMPLES,
        _ => &[],
    }
}

fn help_of(examples: &[Example]) -> String {
    let lines = examples.iter().map(|Example { line, what }| format!("\n  # {what}\n  {line}"));
    std::iter::once("Examples:".to_owned()).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn definition() {
        Cli::command().debug_assert();
    }
}
