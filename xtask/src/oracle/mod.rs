// SPDX-License-Identifier: GPL-2.0-only
//! `cargo xtask oracle`: our gendwarfksyms against the kernel's own, on objects compiled on the spot.

mod case;
mod compare;
mod compilers;
mod failure;
mod fixtures;
mod image;
mod mini;
mod reference;
mod report;
mod tool;
mod trial;
mod zoo;

use std::fs;
use std::path::PathBuf;

use anyhow::{bail, ensure};
use rayon::prelude::*;

use crate::project;
use tool::Tool;
use trial::Trial;

pub(crate) use fixtures::{FixtureArgs, make as fixtures};

/// Compare our gendwarfksyms with the kernel's on random types, compiled by every compiler there is.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    random: RandomTypes,
}

#[derive(clap::Subcommand)]
enum Part {
    Image(image::Args),
}

/// The differential test on random types.
#[derive(clap::Args)]
struct RandomTypes {
    /// What the sources are made from; the same seed makes the same sources.
    #[arg(long, default_value_t = 20_261_122)]
    seed: u64,
    /// How many sources to make.
    #[arg(long, default_value_t = 400)]
    count: u64,
    /// How many objects to make of each source.
    #[arg(long, default_value_t = 4)]
    objects: usize,
    /// Make the source of this number only.
    #[arg(long, conflicts_with = "count")]
    case: Option<u64>,
    /// Compare this program instead of building ours.
    #[arg(long, value_name = "PATH")]
    ours: Option<PathBuf>,
    /// List the compilers that were found, and end.
    #[arg(long)]
    compilers: bool,
}

/// The path of the reference, fetched and built when it is missing.
pub(crate) fn reference() -> anyhow::Result<PathBuf> {
    Ok(reference::find()?.path)
}

/// Runs the differential test, on random types or on a linked image.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.part {
        None => random_types(&args.random),
        Some(Part::Image(args)) => image::run(args),
    }
}

fn random_types(args: &RandomTypes) -> anyhow::Result<()> {
    let folder = project::target_dir().join("oracle");
    fs::create_dir_all(&folder)?;
    let scratch = tempfile::tempdir_in(&folder)?;
    let compilers = compilers::detect(scratch.path())?;
    if args.compilers {
        compilers.iter().for_each(|compiler| println!("{compiler}"));
        return Ok(());
    }

    let reference = reference::find()?;
    let ours = match &args.ours {
        Some(path) => path.clone(),
        None => project::build_gendwarfksyms()?,
    };
    println!("reference: {} ({})", reference.path.display(), reference.package);
    println!("compilers: {} (--compilers lists them)", compilers.len());
    println!("seed: {}", args.seed);

    let failures = folder.join("failures");
    if failures.exists() {
        fs::remove_dir_all(&failures)?;
    }
    let (reference, ours) = (Tool { path: &reference.path }, Tool { path: &ours });
    let trial = Trial::new(args.seed, reference, ours, scratch.path(), &failures);
    let numbers = match args.case {
        Some(number) => number..number + 1,
        None => 0..args.count,
    };
    numbers.into_par_iter().try_for_each(|number| trial.case(number, &compilers, args.objects))?;

    let summary = trial.finish()?;
    println!("\n{summary}");
    let failures = failures.display();
    // A few compilers fail on a few sources; but a zoo that does not compile proves nothing.
    let (compared, not_made) = (summary.compared(), summary.not_made());
    ensure!(not_made * 20 < compared, "only {compared} comparisons, and {not_made} objects not made: see {failures}");
    match summary.differed() {
        0 => Ok(()),
        differed => bail!("{differed} of {compared} comparisons differed: see {failures}"),
    }
}
