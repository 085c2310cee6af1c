// SPDX-License-Identifier: GPL-2.0-only
//! Figures in Markdown, and where they stand in BENCHMARKS.md.

use std::fmt::Write;
use std::fs;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::Context;

use crate::project;

/// What `core/benches` measures, in the order of the data.
const STAGES: [&str; 7] = ["exports", "sections", "find", "walk", "flatten", "versions", "whole"];

/// What it measures that with.
const INPUTS: [&str; 5] = ["fixture_basics", "fixture_rust", "nfs4proc", "sched_core", "rust_kernel"];

/// A piece of BENCHMARKS.md that a task replaces.
#[derive(Debug, Clone, Copy)]
pub(super) enum Block {
    Comparison,
    Image,
    Page,
    Stages,
    Instructions,
}

impl Block {
    /// The task, as the marks around the block name it.
    fn task(self) -> &'static str {
        match self {
            Self::Comparison => "cargo xtask bench",
            Self::Image => "cargo xtask bench image",
            Self::Page => "cargo xtask bench page",
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

pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub(super) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
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

/// Prints a block and puts it into BENCHMARKS.md.
pub(super) fn publish(block: Block, text: &str) -> anyhow::Result<()> {
    println!("{text}");
    let file = project::root().join("BENCHMARKS.md");
    let page = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let page =
        replace(&page, block, text).with_context(|| format!("{} lacks the marks of {block:?}", file.display()))?;
    fs::write(file, page)?;
    Ok(())
}

/// The page with `text` between the marks of the block, and all else as it was; `None` if there are none.
fn replace(page: &str, block: Block, text: &str) -> Option<String> {
    let [begin, end] = ["begin", "end"].map(|side| format!("<!-- {}: {side} -->", block.task()));
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n\n{text}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_replaced_and_no_other() {
        let page = "a\n<!-- cargo xtask bench: begin -->\nold\n<!-- cargo xtask bench: end -->\nb\n\
                    <!-- cargo xtask bench stages: begin --><!-- cargo xtask bench stages: end -->\n";
        let replaced = "a\n<!-- cargo xtask bench: begin -->\n\nnew\n\n<!-- cargo xtask bench: end -->\nb\n\
                        <!-- cargo xtask bench stages: begin --><!-- cargo xtask bench stages: end -->\n";
        assert_eq!(replace(page, Block::Comparison, "new\n").as_deref(), Some(replaced));
        assert_eq!(replace(page, Block::Instructions, "new\n"), None);
    }

    #[test]
    fn an_input_without_figures_has_no_column() -> anyhow::Result<()> {
        let table = stages(|stage, input| {
            Ok(matches!(input, "fixture_rust" | "nfs4proc").then(|| format!("{} {}", &stage[..1], &input[..1])))
        })?;
        let expected = "\
            | stage | `fixture_rust` | `nfs4proc` |\n\
            | --- | ---: | ---: |\n\
            | exports | e f | e n |\n";
        assert!(table.starts_with(expected), "{table}");
        assert_eq!(table.lines().count(), 2 + STAGES.len());
        Ok(())
    }
}
