// SPDX-License-Identifier: GPL-2.0-only
//! Our gendwarfksyms against the kernel's, on the same objects, in the same run.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::corpus::{self, Object};
use super::measure::{Run, Sample};
use super::report::{self, Block, mebibytes, milliseconds};
use crate::{oracle, project};

/// Ours takes so little time that one run says little: so many for each of the reference's.
const OURS_PER_ROUND: u32 = 3;

/// How many of the slowest objects are shown one by one.
const SHOWN: usize = 10;

#[derive(clap::Args)]
pub(super) struct Options {
    /// A folder with objects (NAME.o) and the symbols they export (NAME.exports)
    /// [default: the real kernel's in ../shared/kernel].
    #[arg(long, value_name = "FOLDER")]
    objects: Option<PathBuf>,
    /// The kernel's gendwarfksyms [default: the one that `cargo xtask oracle` builds].
    #[arg(long, value_name = "PATH")]
    reference: Option<PathBuf>,
    /// How often each object is measured with the reference; with ours it is three times as often.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// Something measured with both tools.
struct Pair<T> {
    reference: T,
    ours: T,
}

/// Both tools on one object.
struct Comparison {
    object: Object,
    /// How many versions the object has.
    versions: usize,
    samples: Pair<Sample>,
}

/// Measures, and replaces the table; a version that differs from the reference's is an error.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let folder = match &options.objects {
        Some(folder) => Some(folder.clone()),
        None => corpus::real_kernel()?,
    };
    let Some(folder) = folder else {
        println!("SKIPPED: there is no ../shared/kernel/objects.tar.xz; `--objects FOLDER` names other objects");
        return Ok(());
    };
    let objects = corpus::in_folder(&folder)?;
    let reference = match &options.reference {
        Some(path) => path.clone(),
        None => oracle::reference().context("no reference to compare with; `--reference PATH` names one")?,
    };
    let tools = Pair { reference, ours: project::build_gendwarfksyms()? };

    // With no symbol to look for a gendwarfksyms ends before it opens the object.
    let our_runs = options.rounds * OURS_PER_ROUND;
    let start = |tool: &Path| sample(our_runs, tool, &objects[0].path, Path::new("/dev/null"));
    let starts = Pair { reference: start(&tools.reference)?, ours: start(&tools.ours)? };
    let nothing = start(Path::new("true"))?;
    let comparisons = objects
        .into_iter()
        .map(|object| compare(object, &tools, options.rounds))
        .collect::<anyhow::Result<Vec<_>>>()?;

    let text = format!(
        "{}. Medians of {} runs of the reference and {} of ours.\n\n\
         {}\n\
         To start and find nothing to do takes the reference {:.2} ms and kabiscope {:.2} ms; \
         `true` takes {:.2} ms and {:.1} MiB.\n",
        report::machine(),
        options.rounds,
        our_runs,
        table(comparisons),
        milliseconds(starts.reference.cpu),
        milliseconds(starts.ours.cpu),
        milliseconds(nothing.cpu),
        mebibytes(nothing.peak),
    );
    report::publish(Block::Comparison, &text)
}

fn sample(runs: u32, tool: &Path, object: &Path, exports: &Path) -> anyhow::Result<Sample> {
    let runs = (0..runs).map(|_| Run::of(tool, object, exports)).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Sample::of(&runs))
}

/// Runs the tools in turn, so that what else the machine does meets both alike.
fn compare(object: Object, tools: &Pair<PathBuf>, rounds: u32) -> anyhow::Result<Comparison> {
    eprintln!("{}", object.name);
    let run = |tool: &Path| Run::of(tool, &object.path, &object.exports);
    let mut runs = Pair { reference: Vec::new(), ours: Vec::new() };
    // The first run of each, which is not counted, brings the object into the page cache.
    let expected = run(&tools.reference)?.versions;
    let actual = run(&tools.ours)?.versions;
    ensure!(
        actual == expected,
        "{}: our versions differ from the reference's:\n{}",
        object.name,
        first_difference(&expected, &actual),
    );
    for _ in 0..rounds {
        runs.reference.push(run(&tools.reference)?);
        for _ in 0..OURS_PER_ROUND {
            runs.ours.push(run(&tools.ours)?);
        }
    }
    ensure!(
        runs.reference.iter().chain(&runs.ours).all(|run| run.versions == expected),
        "{}: not every run gives the same versions",
        object.name,
    );
    let samples = Pair { reference: Sample::of(&runs.reference), ours: Sample::of(&runs.ours) };
    Ok(Comparison { object, versions: expected.len(), samples })
}

fn first_difference(expected: &[String], actual: &[String]) -> String {
    let shared = expected.iter().zip(actual).take_while(|(expected, actual)| expected == actual).count();
    let line = |lines: &[String]| lines.get(shared).map_or("(nothing)", String::as_str).to_owned();
    format!("reference: {}\nours:      {}", line(expected), line(actual))
}

/// All objects together, and the slowest one by one.
fn table(mut comparisons: Vec<Comparison>) -> String {
    comparisons.sort_by_key(|comparison| std::cmp::Reverse(comparison.samples.reference.cpu));
    let slowest = &comparisons[..comparisons.len().min(SHOWN)];
    let versions: usize = comparisons.iter().map(|comparison| comparison.versions).sum();
    let hungrier = comparisons.iter().filter(|comparison| {
        let Pair { reference, ours } = &comparison.samples;
        ours.peak > reference.peak
    });

    let mut text = format!(
        "{} objects, {versions} versions: all equal. Peak memory above the reference's: {} objects.\n\n\
         | object | reference, CPU ms | kabiscope, CPU ms | ratio | reference, peak MiB | kabiscope, peak MiB |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |\n",
        comparisons.len(),
        hungrier.count(),
    );
    row(&mut text, "**all objects**", &comparisons);
    row(&mut text, &format!("**the {} slowest**", slowest.len()), slowest);
    for comparison in slowest {
        row(&mut text, &format!("`{}`", comparison.object.name), std::slice::from_ref(comparison));
    }
    text
}

/// The sum of the times and the greatest of the peaks.
fn row(text: &mut String, name: &str, comparisons: &[Comparison]) {
    let sum = |sample: fn(&Pair<Sample>) -> &Sample| {
        let samples = comparisons.iter().map(|comparison| sample(&comparison.samples));
        let cpu = samples.clone().map(|sample| sample.cpu).sum();
        (milliseconds(cpu), mebibytes(samples.map(|sample| sample.peak).max().unwrap_or_default()))
    };
    let (reference, reference_peak) = sum(|samples| &samples.reference);
    let (ours, our_peak) = sum(|samples| &samples.ours);
    let ratio = reference / ours;
    let _ =
        writeln!(text, "| {name} | {reference:.1} | {ours:.2} | 1/{ratio:.1} | {reference_peak:.1} | {our_peak:.1} |");
}
