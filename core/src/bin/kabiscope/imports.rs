// SPDX-License-Identifier: GPL-2.0-only
//! `kabiscope imports`.

use std::io::Write;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use kabiscope::abi::Abi;
use kabiscope::abi::load::{Access, Import, LoadReport, Problem, Providers, VersionCheck};
use kabiscope::cli::kabiscope::{Format, Imports};
use kabiscope::kernel::symvers;
use rayon::prelude::*;

use crate::Status;
use crate::console::Console;
use crate::failure::{Failure, Trouble};
use crate::files::Files;
use crate::filter::Filter;
use crate::image::KernelFile;
use crate::input::Provider;
use crate::output;
use crate::table::{Cell, Table};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

pub(crate) fn run(args: &Imports, console: &Console) -> Result<Status, Failure> {
    let filter = Filter::new(&args.filter)?;
    let against = read(&Files::find(&args.against, console), console);
    let files = Files::find(&args.modules, console);
    let modules = read(&files, console);

    let mut providers = Providers::default();
    for exporter in &against {
        match exporter {
            Exporter::File(abi) => providers.add(abi),
            Exporter::List(file, entries) => providers.add_symvers(file, entries),
        }
    }
    let mut reports = Vec::new();
    for module in &modules {
        let report = match module {
            Exporter::File(module) => providers.check(module).ok_or(&module.file),
            Exporter::List(file, _) => Err(file),
        };
        match report {
            Ok(report) => reports.push(report),
            Err(file) => console.error(&Trouble::new(file, "not a module")),
        }
    }
    let loads = reports.iter().all(|report| report.loads);
    for report in &mut reports {
        report.imports.retain(|import| {
            let is_asked_for = !args.problems || !import.problems.is_empty();
            is_asked_for && filter.matches(&import.name, import.demangled.as_deref())
        });
    }
    match args.format {
        Format::Json if files.several => output::json(&reports)?,
        Format::Json => reports.first().map_or(Ok(()), output::json)?,
        Format::Text => text(&reports)?,
    }
    Ok(if loads { Status::Well } else { Status::Differences })
}

/// A file that tells of exports.
enum Exporter {
    File(Box<Abi>),
    /// The name of a `Module.symvers`, and its lines.
    List(String, Vec<symvers::Entry>),
}

/// All files that can be read. What is wrong is said.
fn read(files: &Files, console: &Console) -> Vec<Exporter> {
    let read: Vec<_> = files.paths.par_iter().map(|path| read_file(path, console)).collect();
    let mut exporters = Vec::new();
    for read in read {
        match read {
            Ok(Exporter::File(abi)) => {
                for trouble in &abi.troubles {
                    console.error(&Trouble::new(&abi.file, trouble));
                }
                exporters.push(Exporter::File(abi));
            }
            Ok(list) => exporters.push(list),
            Err(trouble) => console.error(&trouble),
        }
    }
    exporters
}

fn read_file(path: &Path, console: &Console) -> Result<Exporter, Trouble> {
    let _phase = console.phase("reading tables", 0);
    let name = path.display().to_string();
    Ok(match Provider::open(path)? {
        Provider::Image(input) => Exporter::File(Abi::new(name, &KernelFile::of(input)?.facts).into()),
        Provider::Symvers(entries) => Exporter::List(name, entries),
    })
}

fn text(reports: &[LoadReport]) -> Result<(), Failure> {
    let mut out = output::stdout();
    let mut table = Table::new(["FILE", "WANTED", "FOUND", "EXPORTED BY", "LICENCE", "NAMESPACE", "NAME"]);
    for report in reports {
        for import in &report.imports {
            table.row([
                // The same in every row is worth no column.
                if reports.len() > 1 { report.file.as_str().into() } else { Cell::default() },
                import.wanted.into(),
                found(import),
                import.provider.as_ref().map(|provider| provider.module.as_str()).into(),
                licence(import, report),
                namespace(import),
                output::full_name(&import.name, import.demangled.as_deref()).into(),
            ]);
        }
    }
    table.print(&mut out)?;
    for report in reports {
        for problem in report.all_problems() {
            writeln!(out, "{}: {}", report.file, describe(problem))?;
        }
        let verdict =
            if report.loads { format!("{GOOD}would load{GOOD:#}") } else { format!("{BAD}would not load{BAD:#}") };
        writeln!(out, "{}: {verdict}", report.file)?;
    }
    Ok(out.flush()?)
}

/// What was found under an import's name.
fn found(import: &Import) -> Cell {
    match (import.version, import.provided) {
        (None, _) if import.weak => "nothing, weak".into(),
        (None, _) => Cell::bad("nothing"),
        (Some(VersionCheck::Equal), _) => "the same".into(),
        (Some(VersionCheck::NotInProvider), _) => "no version".into(),
        (Some(VersionCheck::Different | VersionCheck::NotInModule), Some(provided)) => Cell::bad(provided.to_string()),
        (Some(VersionCheck::Different | VersionCheck::NotInModule), None) => Cell::bad("no version"),
    }
}

fn licence(import: &Import, report: &LoadReport) -> Cell {
    match import.gpl_only {
        false => Cell::default(),
        true if report.licence.gpl_compatible => "GPL".into(),
        true => Cell::bad("GPL"),
    }
}

fn namespace(import: &Import) -> Cell {
    let Some(namespace) = import.namespace.as_deref() else { return Cell::default() };
    match import.access {
        Some(Access::NotImported | Access::NotGranted) => Cell::bad(namespace),
        Some(Access::Imported | Access::Granted) | None => namespace.into(),
    }
}

/// In the kernel's words, and what more is known.
fn describe(problem: &Problem) -> String {
    let note = problem.note.as_deref().map(|note| format!(" ({note})")).unwrap_or_default();
    let severity = if problem.refusal { format!("{BAD}refused{BAD:#}") } else { "warned of".to_owned() };
    format!("{severity}: {}{note}", problem.message)
}
