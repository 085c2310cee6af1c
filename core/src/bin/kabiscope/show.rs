// SPDX-License-Identifier: GPL-2.0-only
//! `kabiscope show`.

use std::io::{self, Write};
use std::ops::Range;

use anstyle::{AnsiColor, Style};
use kabiscope::Result;
use kabiscope::abi::show::Shown;
use kabiscope::abi::tree::text::{self, Role};
use kabiscope::abi::tree::{self, Expansion, Limits, Opaque, TypeQuery};
use kabiscope::abi::{Abi, Export, SymbolKind};
use kabiscope::cli::kabiscope::{Format, Show};
use kabiscope::dwarf::DieOffset;
use kabiscope::linked::{Place, PlannedUnit, Units};
use kabiscope::types::SymbolRole;
use rayon::prelude::*;

use crate::Status;
use crate::console::Console;
use crate::failure::{Failure, Trouble};
use crate::image::KernelFile;
use crate::output::{self, DIFFERENT};
use crate::units::Heard;

/// So many levels of types are opened: of a symbol, what it takes and returns with members; of a type, its members.
const DEPTH_OF_SYMBOL: usize = 2;
const DEPTH_OF_TYPE: usize = 1;

/// Nobody reads more.
const MOST_NODES: usize = 10_000;

pub(crate) fn run(args: &Show, console: &Console) -> Result<Status, Failure> {
    let file = KernelFile::open(&args.file, console)?;
    let abi = Abi::new(args.file.display().to_string(), &file.facts);
    let symbol = abi.exports.iter().position(|export| is_called(export, &args.name));
    match symbol.and_then(|index| u32::try_from(index).ok()) {
        Some(index) if args.raw => raw(args, &file, index, console)?,
        Some(index) => print(&symbol_of(args, &file, abi, index, console)?, args.format, console)?,
        None if args.raw => return Err(not_found(args, &abi, "no exported symbol").into()),
        None => print(&type_of(args, &file, &abi, console)?, args.format, console)?,
    }
    Ok(Status::Well)
}

/// Whether this is what the linker or the source calls an export.
fn is_called(export: &Export, name: &str) -> bool {
    export.name == name || export.demangled.as_deref() == Some(name)
}

/// The string that a symbol's version is the CRC of.
fn raw(args: &Show, file: &KernelFile, index: u32, console: &Console) -> Result<(), Failure> {
    let string = file.with_units(&args.dwarf, console, |units| {
        let heard = Heard::of_export(units, file, index, console);
        file.say_troubles(&heard, console);
        let speaks = |unit: &&PlannedUnit| unit.exports.iter().any(|planned| planned.export == index);
        let planned = heard.plan.units.iter().find(speaks);
        planned.map_or(Ok(None), |planned| heard.units.expanded_string(planned, heard.exports, index))
    })?;
    let Some(string) = string else {
        let trouble = Trouble::new(args.file.display(), format_args!("no unit tells the type of {}", args.name));
        return Err(trouble.hint("kabiscope show without --raw tells why").into());
    };
    let mut out = io::stdout().lock();
    out.write_all(&string)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// An export, and the types behind it as the unit has them that speaks for it, or one that declares it.
fn symbol_of(args: &Show, file: &KernelFile, mut abi: Abi, index: u32, console: &Console) -> Result<Shown, Trouble> {
    let limits = Limits { depth: args.depth.unwrap_or(DEPTH_OF_SYMBOL), nodes: MOST_NODES };
    let described = file.with_units(&args.dwarf, console, |units| {
        let heard = Heard::of_export(units, file, index, console);
        file.say_troubles(&heard, console);
        let mut described = None;
        for answers in heard.answers(|export| export == index, console) {
            abi.take(&answers);
            let computed = answers.answers.iter().find(|answer| answer.export == index);
            if let Some(computed) = computed.and_then(|answer| answer.computed.as_ref().ok()) {
                described = Some(Described { unit: answers.unit.clone(), at: computed.at, role: computed.role });
            }
        }
        let export = &abi.exports[index as usize];
        let described = described.or_else(|| declared(&heard, index, export));
        described.map(|described| open_symbol(&heard.units, &described, &export.name, limits)).transpose()
    });
    let export = abi.exports.get(index as usize).cloned();
    match described {
        Ok(described) => {
            let (unit, expansion) = described.unzip();
            Ok(Shown::new(&abi, export, unit.flatten(), expansion))
        }
        Err(trouble) => {
            console.error(&trouble);
            Ok(Shown::new(&abi, export, None, None))
        }
    }
}

/// Where the type of an export is said that has no version: where it is defined, or in a unit that declares it.
fn declared(heard: &Heard<'_, '_>, index: u32, export: &Export) -> Option<Described> {
    let Place { unit, at } = heard.plan.description(index)?.clone();
    Some(Described { unit, at, role: SymbolKind::role(export.kind) })
}

/// What is to be opened: a symbol's DIE.
struct Described {
    unit: Range<usize>,
    at: DieOffset,
    role: SymbolRole,
}

/// The name of a unit, and what it says of something.
type Opened = (Option<String>, Expansion);

fn open_symbol(units: &Units<'_>, described: &Described, name: &str, limits: Limits) -> Result<Opened> {
    let Described { unit, at, role } = described;
    let expansion = units.with_debug_info(unit, |debug_info| {
        let root = tree::describe_symbol(debug_info, *at, *role, name)?;
        Ok(tree::expand(debug_info, root, limits))
    })?;
    Ok((units.name(unit)?, expansion))
}

/// A type, as the first unit has it that defines it, or else the first that declares it.
fn type_of(args: &Show, file: &KernelFile, abi: &Abi, console: &Console) -> Result<Shown, Trouble> {
    let Ok(query) = args.name.parse::<TypeQuery>();
    let limits = Limits { depth: args.depth.unwrap_or(DEPTH_OF_TYPE), nodes: MOST_NODES };
    let opened = file.with_units(&args.dwarf, console, |units| {
        let phase = console.phase("looking for the type", units.ranges().len());
        let look = |unit: &Range<usize>, declarations: bool| {
            let opened = open_type(&units, unit, &query, declarations, limits);
            phase.step();
            opened.transpose()
        };
        let defined = units.ranges().par_iter().find_map_first(|unit| look(unit, false));
        let found = defined.or_else(|| units.ranges().par_iter().find_map_first(|unit| look(unit, true)));
        found.transpose()
    })?;
    match opened {
        Some((unit, expansion)) => Ok(Shown::new(abi, None, unit, Some(expansion))),
        None => Err(not_found(args, abi, "no exported symbol and no type")),
    }
}

/// The type that is asked for, if a unit defines it, or only declares it and that will do.
fn open_type(
    units: &Units<'_>,
    unit: &Range<usize>,
    query: &TypeQuery,
    declarations: bool,
    limits: Limits,
) -> Result<Option<Opened>> {
    let expansion = units.with_debug_info(unit, |debug_info| {
        let found = tree::find_types(debug_info, unit, query)?;
        let Some(best) = found.first() else { return Ok(None) };
        let root = tree::describe(debug_info, best.die)?;
        let will_do = declarations || root.opaque != Some(Opaque::DeclaredOnly);
        Ok(will_do.then(|| tree::expand(debug_info, root, limits)))
    })?;
    expansion.map(|expansion| Ok((units.name(unit)?, expansion))).transpose()
}

fn not_found(args: &Show, abi: &Abi, what: &str) -> Trouble {
    let trouble = Trouble::new(args.file.display(), format_args!("{what} is called {}", args.name));
    // As clap does it for options.
    let similarity = |export: &Export| strsim::jaro_winkler(&export.name, &args.name);
    let similar =
        abi.exports.iter().map(|export| (similarity(export), export)).filter(|(similarity, _)| *similarity > 0.8);
    match similar.max_by(|(one, _), (other, _)| one.total_cmp(other)) {
        Some((_, export)) => trouble.hint(format!("there is {}", export.name)),
        None => trouble.hint("kabiscope list shows what is exported; a type may be given as in 'struct page'"),
    }
}

fn print(shown: &Shown, format: Format, console: &Console) -> Result<(), Failure> {
    match format {
        Format::Json => output::json(shown)?,
        Format::Text => {
            let mut out = output::stdout();
            write_text(shown, &mut out)?;
            out.flush()?;
        }
    }
    if shown.expansion.as_ref().is_some_and(|expansion| expansion.cut) {
        let trouble = Trouble::new(&shown.file, format_args!("only the first {MOST_NODES} types are shown"));
        console.warning(&trouble.hint("use a smaller --depth"));
    }
    Ok(())
}

fn write_text(shown: &Shown, out: &mut impl Write) -> io::Result<()> {
    if let Some(export) = &shown.export {
        write_export(export, out)?;
    }
    if let Some(unit) = &shown.unit {
        writeln!(out, "as in {unit}")?;
    }
    let Some(expansion) = &shown.expansion else { return Ok(()) };
    for line in text::lines(expansion) {
        for span in &line.spans {
            let style = style(span.role);
            write!(out, "{style}{}{style:#}", span.text)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Its names, its versions, and who may use it.
fn write_export(export: &Export, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", output::full_name(&export.name, export.demangled.as_deref()))?;
    match export.recorded {
        Some(recorded) => write!(out, "recorded {recorded}, ")?,
        None => write!(out, "no version recorded, ")?,
    }
    match (export.computed, &export.error) {
        (Some(computed), _) if export.recorded.is_some_and(|recorded| recorded != computed) => {
            writeln!(out, "{DIFFERENT}computed {computed}{DIFFERENT:#}")?;
        }
        (Some(computed), _) => writeln!(out, "computed {computed}")?,
        (None, Some(reason)) => writeln!(out, "none computed: {reason}")?,
        (None, None) => writeln!(out, "none computed")?,
    }
    let by = export.module.as_deref().map(|module| format!(" by {module}")).unwrap_or_default();
    let to = if export.is_gpl_only() { "modules under a licence compatible with the GPL" } else { "all modules" };
    let namespace = export.namespace.as_deref().map(|name| format!(", in the namespace {name}")).unwrap_or_default();
    writeln!(out, "exported{by} to {to}{namespace}")
}

fn style(role: Role) -> Style {
    match role {
        Role::Plain => Style::new(),
        Role::Offset | Role::Size | Role::Comment => AnsiColor::BrightBlack.on_default(),
        Role::Keyword => AnsiColor::Blue.on_default(),
        Role::Type => AnsiColor::Cyan.on_default(),
        Role::Name => Style::new().bold(),
        Role::Value => AnsiColor::Magenta.on_default(),
        Role::Hole => AnsiColor::Yellow.on_default(),
        Role::Trouble => AnsiColor::Red.on_default().bold(),
    }
}
