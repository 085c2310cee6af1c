// SPDX-License-Identifier: GPL-2.0-only
//! The released page with a whole kernel, in a real browser.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;

use super::measure::{PageMemory, Usage, median};
use super::report::{self, Block, mebibytes, milliseconds};
use crate::{kernel_image, project, web};

/// The list is on screen so soon after the drop, in milliseconds.
const LIST_AT_MOST: f64 = 1000.0;

/// A symbol's version and tree are there so soon after it was picked, in milliseconds.
const SYMBOL_AT_MOST: f64 = 300.0;

/// All versions take at most so many times what the command takes with two threads.
const VERSIONS_AT_MOST: f64 = 4.0;

/// The page answers at least that often, in milliseconds.
const TASK_AT_MOST: f64 = 50.0;

/// What the page takes with its workers, in bytes.
const MEMORY_AT_MOST: u64 = 1_200_000_000;

/// Time the page with a whole kernel in a real browser, against the command.
#[derive(clap::Args)]
pub(super) struct Options {
    /// A vmlinux with debug information [default: that of Debian's cloud kernel, which is downloaded].
    file: Option<PathBuf>,
    /// Compare with this program instead of building our command.
    #[arg(long, value_name = "PATH")]
    kabiscope: Option<PathBuf>,
}

/// One time that all was measured, as the tests of the page tell it; in milliseconds.
#[derive(Deserialize)]
struct Round {
    opened: Opened,
    /// Scrolled and typed into meanwhile.
    disturbed: Opened,
    longest_task: f64,
    symbols: Vec<Symbol>,
}

#[derive(Deserialize)]
struct Opened {
    list: f64,
    versions: f64,
    scrolled: f64,
    typed: f64,
}

#[derive(Deserialize)]
struct Symbol {
    name: String,
    time: f64,
}

/// Measures, and replaces the table.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let image = kernel_image::find(options.file.as_deref())?;
    let (figures, memory) = web::measure(&image.path, PageMemory::watch)?;
    let memory = memory.peak();
    let rounds: Vec<Round> = serde_json::from_str(&figures)?;
    let kabiscope = options.kabiscope.clone().map_or_else(project::build_kabiscope, Ok)?;
    let command = command_time(&kabiscope, &image.path, rounds.len())?;
    let median_of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
    let first = rounds.first().context("nothing was measured")?;

    let mut text = format!(
        "{}. Medians of {} rounds. {}.\n\n| what | measured | at most |\n| --- | ---: | ---: |\n",
        report::machine(),
        rounds.len(),
        image.name
    );
    let mut row = |what: &str, measured: f64, at_most: f64, unit: &str| {
        let mark = if measured > at_most { "**" } else { "" };
        _ = writeln!(text, "| {what} | {mark}{measured:.0}{mark} {unit} | {at_most:.0} {unit} |");
    };
    row("from the drop to the list on screen", median_of(|round| round.opened.list), LIST_AT_MOST, "ms");
    for (index, symbol) in first.symbols.iter().enumerate() {
        let time = median(rounds.iter().map(|round| round.symbols[index].time));
        row(&format!("from a click on `{}` to its version and tree", symbol.name), time, SYMBOL_AT_MOST, "ms");
    }
    let command = milliseconds(command);
    let versions = median_of(|round| round.opened.versions);
    row("from the drop to all versions", versions, command * VERSIONS_AT_MOST, "ms");
    row("longest time without an answer", median_of(|round| round.longest_task), TASK_AT_MOST, "ms");
    let mut frame = |what: &str, figure: fn(&Round) -> f64| {
        row(&format!("longest frame while {what}"), median_of(figure), TASK_AT_MOST, "ms");
    };
    frame("the list is scrolled", |round| round.disturbed.scrolled);
    frame("something is typed into the search box", |round| round.disturbed.typed);
    row("memory of page and workers", mebibytes(memory), mebibytes(MEMORY_AT_MOST), "MiB");
    _ = writeln!(
        text,
        "\nThe command takes {command:.0} ms for all versions with two threads: the page takes {:.1} times that; {:.1} times while \
         it is scrolled and typed into in each frame.",
        versions / command,
        median_of(|round| round.disturbed.versions) / command,
    );
    report::publish(Block::Page, &text)
}

/// How long the command takes for all versions.
fn command_time(kabiscope: &Path, image: &Path, rounds: usize) -> anyhow::Result<Duration> {
    let times = (0..rounds).map(|_| {
        let mut command = Command::new(kabiscope);
        command.args(["list", "--format", "json", "--jobs", "2"]).arg(image);
        anyhow::Ok(Usage::of(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))?.0.wall)
    });
    Ok(median(times.collect::<anyhow::Result<Vec<_>>>()?.into_iter()))
}
