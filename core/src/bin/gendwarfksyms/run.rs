// SPDX-License-Identifier: GPL-2.0-only
//! One run: arguments, symbol list, objects, versions.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kabiscope::Error;
use kabiscope::cli::gendwarfksyms::{self as cli, Args};
use kabiscope::kernel::ExportList;
use kabiscope::object::Image;
use kabiscope::object_types::ObjectTypes;
use kabiscope::session::Session;
use kabiscope::types::DieDump;
use kabiscope::versions::Version;
use memmap2::Mmap;

use crate::report::Report;

/// An error was reported, the run is over.
struct Failed;

pub(crate) fn run() -> ExitCode {
    let args = match cli::parse(std::env::args_os()) {
        Ok(args) => args,
        Err(message) => {
            print_usage(&message);
            return ExitCode::FAILURE;
        }
    };
    if args.help {
        print_usage("");
        return ExitCode::SUCCESS;
    }
    let dies = if args.dump_die_map {
        DieDump::with_offsets()
    } else if args.dump_dies {
        DieDump::plain()
    } else {
        DieDump::off()
    };
    match versions(&args, &mut Report::new(args.debug, dies)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed) => ExitCode::FAILURE,
    }
}

/// Prints the usage, to standard error as the reference does, behind a message if there is one.
fn print_usage(message: &str) {
    let newline = if message.is_empty() { "" } else { "\n" };
    // Nothing is left to be done if that fails.
    let _ = write!(io::stderr(), "{message}{newline}{}", cli::usage());
}

fn versions(args: &Args, report: &mut Report) -> Result<(), Failed> {
    if args.objects.is_empty() {
        report.text(&cli::usage());
        report.error("main", "no input files?", None);
        return Err(Failed);
    }
    let exports = read_exports(report)?;
    if exports.is_empty() {
        return Ok(());
    }
    let mut symtypes = args.symtypes.as_deref().map(|path| Symtypes::create(path, report)).transpose()?;
    let mut session = Session::new(exports, args.stable);
    for path in &args.objects {
        let types = read_object(&mut session, path, report)?;
        dump(&types, &session, args, report)?;
        if let Some(symtypes) = &mut symtypes {
            symtypes.write(&types, &session, report)?;
        }
    }
    if let Some(symtypes) = symtypes {
        symtypes.finish(report)?;
    }
    print_versions(&session, report)
}

fn read_exports(report: &mut Report) -> Result<ExportList, Failed> {
    let mut list = Vec::new();
    io::stdin().lock().read_to_end(&mut list).map_err(|error| {
        report.error("symbol_read_exports", format_args!("standard input: {error}"), None);
        Failed
    })?;
    let exports = ExportList::parse(&list).map_err(|error| {
        report.error("symbol_read_exports", format_args!("malformed input line: {error}"), error.hint());
        Failed
    })?;
    for (_, export) in exports.iter() {
        report.debug("symbol_read_exports", String::from_utf8_lossy(&export.name));
    }
    report.debug("symbol_read_exports", format_args!("{} exported symbols", exports.len()));
    Ok(exports)
}

fn read_object(session: &mut Session, path: &Path, report: &mut Report) -> Result<ObjectTypes, Failed> {
    let object = open(path).map_err(|error| {
        report.error("main", format_args!("open failed for '{}': {error}", path.display()), None);
        Failed
    })?;
    let supplementary = supplementary_path(&object, path).map(|supplementary| {
        open(&supplementary).map_err(|error| {
            let text = format_args!("its supplementary file '{}' cannot be opened: {error}", supplementary.display());
            report.error(path.display(), text, Error::OtherSupplementary.hint());
            Failed
        })
    });
    let supplementary = supplementary.transpose()?;
    report.debug("process_module", path.display());
    let types = session.read_object(&object, supplementary.as_deref(), report);
    types.map_err(|error| {
        report.error(path.display(), &error, error.hint());
        Failed
    })
}

/// The file that holds what `dwz` took out of this one and others.
fn supplementary_path(object: &[u8], path: &Path) -> Option<PathBuf> {
    let link = Image::parse(object).ok()?.supplementary_file()?;
    let link = Path::new(std::str::from_utf8(link.path).ok()?);
    Some(path.parent().unwrap_or(Path::new("")).join(link))
}

fn open(path: &Path) -> Result<Mmap, String> {
    let file = File::open(path).map_err(|error| describe(&error))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err("Is a directory".to_owned());
    }
    // SAFETY: no one writes to an object that Kbuild has finished. If someone does, the mapping shows bytes of both states:
    // input like any other, since every access is checked. Only cutting the file short is fatal.
    unsafe { Mmap::map(&file) }.map_err(|error| describe(&error))
}

fn dump(types: &ObjectTypes, session: &Session, args: &Args, report: &mut Report) -> Result<(), Failed> {
    let (exports, table) = (session.exports(), types.table());
    report.flush_dies();
    if args.dump_types || args.debug {
        let mut named: Vec<_> = table.types().map(|(id, string)| (table.literal(id), table.text(string))).collect();
        named.sort_unstable();
        for (literal, string) in named {
            report.debug("expand_type", String::from_utf8_lossy(literal));
            if args.dump_types {
                report.dump(literal, string);
            }
        }
    }
    for symbol in types.symbols() {
        let name = &exports[symbol.names[0]].name;
        report.debug("expand_symbol", format_args!("{} = {:x}", String::from_utf8_lossy(name), symbol.version.0));
        if args.dump_versions {
            match types.expanded_string(exports, symbol) {
                Ok(string) => report.dump(name, &string),
                Err(error) => {
                    report.error(String::from_utf8_lossy(name), &error, error.hint());
                    return Err(Failed);
                }
            }
        }
        if args.dump_types && args.symtypes.is_some() {
            report.dump(name, table.text(&symbol.string));
        }
    }
    Ok(())
}

fn print_versions(session: &Session, report: &mut Report) -> Result<(), Failed> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut print = || {
        for (id, export) in session.exports().iter() {
            let version = session.version(id).unwrap_or_else(|| {
                let name = String::from_utf8_lossy(&export.name);
                report.warning("symbol_print_versions", format_args!("no information for symbol {name}"));
                Version::default()
            });
            out.write_all(b"#SYMVER ")?;
            out.write_all(&export.name)?;
            writeln!(out, " {version}")?;
        }
        out.flush()
    };
    print().map_err(|error: io::Error| {
        report.error("main", format_args!("standard output: {error}"), None);
        Failed
    })
}

/// The symtypes file: for each object its types and exports.
struct Symtypes<'p> {
    path: &'p Path,
    file: BufWriter<File>,
}

impl<'p> Symtypes<'p> {
    fn create(path: &'p Path, report: &mut Report) -> Result<Self, Failed> {
        match File::create(path) {
            Ok(file) => Ok(Self { path, file: BufWriter::new(file) }),
            Err(error) => {
                let (path, error) = (path.display(), describe(&error));
                report.error("main", format_args!("fopen failed for '{path}': {error}"), None);
                Err(Failed)
            }
        }
    }

    fn write(&mut self, types: &ObjectTypes, session: &Session, report: &mut Report) -> Result<(), Failed> {
        let file = &mut self.file;
        let written = types.symtypes(session.exports()).into_iter().try_for_each(|(name, string)| {
            file.write_all(name)?;
            file.write_all(b" ")?;
            file.write_all(string)?;
            file.write_all(b"\n")
        });
        written.map_err(|error| self.failed(&error, report))
    }

    fn finish(mut self, report: &mut Report) -> Result<(), Failed> {
        self.file.flush().map_err(|error| self.failed(&error, report))
    }

    fn failed(&self, error: &io::Error, report: &mut Report) -> Failed {
        report.error(self.path.display(), format_args!("writing failed: {error}"), None);
        Failed
    }
}

/// As the C library words it, without Rust's `(os error 2)`.
fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
