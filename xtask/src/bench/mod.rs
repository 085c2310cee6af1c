// SPDX-License-Identifier: GPL-2.0-only
//! `cargo xtask bench`: every figure in BENCHMARKS.md.

mod comparison;
mod corpus;
mod image;
mod instructions;
mod measure;
mod page;
mod report;
mod stages;

/// Time our gendwarfksyms against the kernel's, or measure whole images or the stages of our own; write the figures into
/// BENCHMARKS.md.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    comparison: comparison::Options,
}

#[derive(clap::Subcommand)]
enum Part {
    Image(image::Options),
    Page(page::Options),
    /// Time the stages from bytes to versions, with Criterion.
    Stages,
    /// Count the instructions of these stages, with valgrind, which is installed if it is missing.
    Instructions,
}

/// Measures, and replaces the table in BENCHMARKS.md.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.part {
        None => comparison::run(&args.comparison),
        Some(Part::Image(options)) => image::run(options),
        Some(Part::Page(options)) => page::run(options),
        Some(Part::Stages) => stages::run(),
        Some(Part::Instructions) => instructions::run(),
    }
}
