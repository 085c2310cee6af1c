// SPDX-License-Identifier: GPL-2.0-only
//! `kabiscope list`.

use std::io::{self, Write};

use indicatif::HumanCount;
use kabiscope::abi::{Abi, Export, SymbolKind};
use kabiscope::cli::kabiscope::{List, ListFormat};
use kabiscope::kernel::facts::Kind;

use crate::Status;
use crate::analysis::{Analysis, Compute};
use crate::console::Console;
use crate::failure::{Failure, Trouble};
use crate::files::Files;
use crate::filter::Filter;
use crate::output;
use crate::table::{Cell, Table};

pub(crate) fn run(args: &List, console: &Console) -> Result<Status, Failure> {
    if args.format == ListFormat::Symver && args.no_compute {
        let trouble = Trouble::new("--no-compute", "#SYMVER lines hold computed versions");
        return Err(trouble.hint("use --format symvers for recorded ones").into());
    }
    let filter = Filter::new(&args.filter)?;
    let files = Files::find(&args.files, console);
    let analysis = Analysis { compute: compute(args), filter: &filter, dwarf: &args.dwarf, stand_ins: &[], console };
    let abis = analysis.read(&files);
    if !filter.is_empty() && !abis.is_empty() && abis.iter().all(|abi| abi.exports.is_empty()) {
        return Err(Trouble::new("list", "no exported symbol matches").into());
    }
    match args.format {
        ListFormat::Table => table(&abis, console)?,
        ListFormat::Json if files.several => output::json(&abis)?,
        ListFormat::Json => abis.first().map_or(Ok(()), output::json)?,
        ListFormat::Symvers => symvers(&abis)?,
        ListFormat::Symver => symver(&abis, console)?,
    }
    Ok(Status::Well)
}

fn compute(args: &List) -> Compute {
    match args.format {
        _ if args.compute => Compute::Always,
        _ if args.no_compute => Compute::Never,
        ListFormat::Table | ListFormat::Symvers => Compute::IfNoneRecorded,
        ListFormat::Json | ListFormat::Symver => Compute::IfPossible,
    }
}

fn table(abis: &[Abi], console: &Console) -> Result<(), Failure> {
    let mut table = Table::new(["RECORDED", "COMPUTED", "KIND", "LICENCE", "NAMESPACE", "MODULE", "NAME"]);
    for export in abis.iter().flat_map(|abi| &abi.exports) {
        table.row([
            export.recorded.into(),
            match export.computed {
                Some(computed) if export.recorded.is_some_and(|recorded| recorded != computed) => {
                    Cell::bad(computed.to_string())
                }
                computed => computed.into(),
            },
            export.kind.map(kind).into(),
            export.licence.as_deref().into(),
            export.namespace.as_deref().into(),
            // The same in every row is worth no column.
            if abis.len() > 1 { export.module.as_deref().into() } else { Cell::default() },
            output::full_name(&export.name, export.demangled.as_deref()).into(),
        ]);
    }
    let mut out = output::stdout();
    table.print(&mut out)?;
    out.flush()?;
    for abi in abis {
        console.summary(summary(abi));
    }
    Ok(())
}

fn kind(kind: SymbolKind) -> &'static str {
    match kind {
        SymbolKind::Function => "function",
        SymbolKind::Variable => "variable",
    }
}

/// What a file is, and how much of it is known.
fn summary(abi: &Abi) -> String {
    let kind = match abi.kind {
        Kind::Vmlinux => "kernel",
        Kind::Module => "module",
        Kind::Object => "object",
    };
    let release = abi.release.as_deref().map(|release| format!(" of Linux {release}")).unwrap_or_default();
    let count = |is_meant: fn(&&Export) -> bool| HumanCount(abi.exports.iter().filter(is_meant).count() as u64);
    format!(
        "{}: {kind}{release} for {}: {} exported, {} with a recorded version, {} with a computed one",
        abi.file,
        abi.architecture,
        count(|_| true),
        count(|export| export.recorded.is_some()),
        count(|export| export.computed.is_some()),
    )
}

fn symvers(abis: &[Abi]) -> io::Result<()> {
    let mut out = output::stdout();
    for entry in abis.iter().flat_map(Abi::symvers) {
        writeln!(out, "{entry}")?;
    }
    out.flush()
}

fn symver(abis: &[Abi], console: &Console) -> Result<(), Failure> {
    let mut out = output::stdout();
    for abi in abis {
        for export in &abi.exports {
            if let Some(line) = export.symver_line() {
                writeln!(out, "{line}")?;
            }
        }
        let missing = abi.exports.iter().filter(|export| export.computed.is_none()).count();
        if missing > 0 {
            let [missing, all] = [missing, abi.exports.len()].map(|count| HumanCount(count as u64));
            let text = format_args!("{missing} of {all} symbols have no computed version and are left out");
            console.warning(&Trouble::new(&abi.file, text).hint("--format json tells why"));
        }
    }
    Ok(out.flush()?)
}
