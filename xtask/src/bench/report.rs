// SPDX-License-Identifier: GPL-2.0-only
//! Figures in Markdown, and where they stand in BENCHMARKS.md.

use std::fmt::Write;
use std::fs;
use std::thread::available_parallelism;

use anyhow::Context;

use crate::project;

/// What `core/benches` measures, in the order of the data.
const STAGES: [&str; 7] = ["exports", "sections", "find", "walk", "flatten", "versions", "whole"];

/// What it measures that with.
const INPUTS: [&str; 5] = ["fixture_basics", "fixture_rust", "nfs4proc", "sched_core", "rust_kernel"];

/// A piece of BENCHMARKS.md that a task replaces.
#[derive(Clone, Copy)]
pub(super) enum Block {
    Comparison,
    Stages,
    Instructions,
}

impl Block {
    /// The task, as the marks around the block name it.
    fn task(self) -> &'static str {
        match self {
            Self::Comparison => "cargo xtask bench",
            Self::Stages => "cargo xtask bench stages",
            Self::Instructions => "cargo xtask bench instructions",
        }
    }
}

/// A row for each stage and a column for each input that there are figures of.
pub(super) fn stages(figure: impl Fn(&str, &str) -> anyhow::Result<Option<String>>) -> anyhow::Result<String> {
    let mut columns = Vec::new();
    for input in INPUTS {
        let figures = STAGES.into_iter().map(|stage| figure(stage, input));
        if let Some(figures) = figures.collect::<anyhow::Result<Option<Vec<_>>>>()? {
            columns.push((input, figures));
        }
    }

    let mut text = String::from("| stage |");
    columns.iter().for_each(|(input, _)| _ = write!(text, " `{input}` |"));
    text += "\n| --- |";
    text += &" ---: |".repeat(columns.len());
    for (row, stage) in STAGES.into_iter().enumerate() {
        _ = write!(text, "\n| {stage} |");
        columns.iter().for_each(|(_, figures)| _ = write!(text, " {} |", figures[row]));
    }
    text.push('\n');
    Ok(text)
}

/// What the figures were measured on.
pub(super) fn machine() -> String {
    let cores = available_parallelism().map_or(1, usize::from);
    // Not every architecture's kernel names the model.
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or(std::env::consts::ARCH, |(_, model)| model);
    format!("{model}, {cores} cores")
}

/// Prints a block, puts it between its marks in BENCHMARKS.md and leaves the rest of that as it is.
pub(super) fn publish(block: Block, text: &str) -> anyhow::Result<()> {
    println!("{text}");
    let file = project::root().join("BENCHMARKS.md");
    let page = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let [begin, end] = ["begin", "end"].map(|side| format!("<!-- {}: {side} -->", block.task()));
    let replaced = page
        .split_once(&begin)
        .and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)))
        .map(|(before, after)| format!("{before}{begin}\n\n{text}\n{end}{after}"))
        .with_context(|| format!("{} lacks the mark {begin} or {end}", file.display()))?;
    fs::write(file, replaced)?;
    Ok(())
}
