// SPDX-License-Identifier: GPL-2.0-only
//! `kabiscope verify`.

use std::io::Write;
use std::path::PathBuf;

use indicatif::HumanCount;
use kabiscope::abi::verify::{Comparison, Counts, Verdict, Verification};
use kabiscope::cli::kabiscope::{Format, Verify};

use crate::Status;
use crate::analysis::{Analysis, Compute};
use crate::console::Console;
use crate::failure::{Failure, Trouble};
use crate::files::{self, Files};
use crate::filter::Filter;
use crate::image::KernelFile;
use crate::output::{self, DIFFERENT};

pub(crate) fn run(args: &Verify, console: &Console) -> Result<Status, Failure> {
    let filter = Filter::new(&args.filter)?;
    let files = Files::find(&args.files, console);
    let stand_ins = stand_ins(args, console);
    let analysis =
        Analysis { compute: Compute::Always, filter: &filter, dwarf: &args.dwarf, stand_ins: &stand_ins, console };
    let mut verifications = Vec::new();
    for abi in analysis.read(&files) {
        if !abi.exports.is_empty() && abi.exports.iter().all(|export| export.recorded.is_none()) {
            let trouble = Trouble::new(&abi.file, "no versions are recorded for what it exports");
            console
                .error(&trouble.hint("a kernel records them if it is built with CONFIG_MODVERSIONS; objects never do"));
        } else {
            verifications.push(Verification::new(&abi));
        }
    }
    match args.format {
        Format::Json if files.several => output::json(&verifications)?,
        Format::Json => verifications.first().map_or(Ok(()), output::json)?,
        Format::Text => text(&verifications, args.verbose, console)?,
    }
    if !verifications.iter().any(Verification::differs) {
        return Ok(Status::Well);
    }
    console.advice(if args.dwarf.stable {
        "what kABI rules change cannot be computed from a linked file, which does not have them any more"
    } else {
        "if it was built with stability features (KBUILD_GENDWARFKSYMS_STABLE), use --stable"
    });
    Ok(Status::Differences)
}

/// The objects given, and those in the folders given, as far as they can be read.
fn stand_ins(args: &Verify, console: &Console) -> Vec<KernelFile> {
    let is_stand_in = |name: &str| name.ends_with(".gendwarfksyms.o");
    let find = |path: &PathBuf| match path.is_dir() {
        true => files::search(path, is_stand_in, "stand-in (*.gendwarfksyms.o)", console),
        false => vec![path.clone()],
    };
    let opened = args.stand_ins.iter().flat_map(find).map(|path| KernelFile::open(&path, console));
    opened.filter_map(|opened| opened.map_err(|trouble| console.error(&trouble)).ok()).collect()
}

fn text(verifications: &[Verification], verbose: bool, console: &Console) -> Result<(), Failure> {
    let mut out = output::stdout();
    for verification in verifications {
        for symbol in &verification.symbols {
            if let Some(line) = line(symbol, verbose) {
                writeln!(out, "{}: {line}", verification.file)?;
            }
        }
    }
    out.flush()?;
    // Most modules export nothing: of several files only those count that do.
    for verification in verifications.iter().filter(|one| !one.symbols.is_empty() || verifications.len() == 1) {
        console.summary(format_args!("{}: {}", verification.file, summary(&verification.counts)));
        for reason in &verification.reasons {
            console.summary(format_args!("{:>7}  {}", HumanCount(reason.symbols as u64).to_string(), reason.reason));
        }
    }
    Ok(())
}

/// What is to be said of a symbol, if anything.
fn line(symbol: &Comparison, verbose: bool) -> Option<String> {
    let name = output::full_name(&symbol.name, symbol.demangled.as_deref());
    let reason = symbol.error.as_deref().unwrap_or("no reason is known");
    Some(match (symbol.verdict, symbol.recorded, symbol.computed) {
        (Verdict::Different, Some(recorded), Some(computed)) => {
            let unit = symbol.unit.as_deref().map(|unit| format!(" ({unit})")).unwrap_or_default();
            format!("{name}: recorded {recorded}, {DIFFERENT}computed {computed}{DIFFERENT:#}{unit}")
        }
        (Verdict::OnlyRecorded, Some(recorded), _) if verbose => {
            format!("{name}: recorded {recorded}, not computed: {reason}")
        }
        (Verdict::OnlyComputed, _, Some(computed)) if verbose => format!("{name}: not recorded, computed {computed}"),
        (Verdict::Unknown, ..) if verbose => format!("{name}: not recorded, not computed: {reason}"),
        _ => return None,
    })
}

/// How many symbols have which verdict.
fn summary(counts: &Counts) -> String {
    let Counts { equal, different, only_recorded, only_computed, unknown } = *counts;
    let human = |count: usize| HumanCount(count as u64);
    let total = equal + different + only_recorded + only_computed + unknown;
    let mut text = format!("{} exported: {} equal, {} different", human(total), human(equal), human(different));
    for (count, what) in
        [(only_recorded, "not computed"), (only_computed, "not recorded"), (unknown, "neither recorded nor computed")]
    {
        if count > 0 {
            text += &format!(", {} {what}", human(count));
        }
    }
    text
}
