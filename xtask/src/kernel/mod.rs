// SPDX-License-Identifier: GPL-2.0-only
//! `cargo xtask kernel`: kernels whose versions the kernel's gendwarfksyms computes, and ours.

mod boot;
mod builds;
mod changes;
mod compare;
mod config;
mod console;
mod cross;
mod initramfs;
mod make;
mod metrics;
mod page;
mod recompute;
mod series;
mod source;
mod tamper;
mod toolchain;
mod tree;
mod verify;

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::project;
use source::Source;
use toolchain::Rust;

/// Build a kernel with the kernel's gendwarfksyms and with ours, compare, boot it, and load its modules.
///
/// A kernel takes about 9 minutes of CPU time with ours, and 0.8 GB below the target directory; the source takes another 2 GB.
/// `build` makes two of them, `metrics` up to three more: everything takes some 40 minutes on two cores. What an interrupted run has built is not built again by the next one.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to do [default: everything]
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// How many jobs make runs at once [default: as many as there are cores]
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Use this gendwarfksyms instead of building ours.
    #[arg(long, value_name = "PATH")]
    ours: Option<PathBuf>,
    /// Use this kabiscope instead of building ours.
    #[arg(long, value_name = "PATH")]
    kabiscope: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Build with both tools; compare Module.symvers and every symtypes file.
    Build,
    /// Verify vmlinux and modules by `kabiscope verify`.
    Verify,
    /// Boot, load modules, also with a version changed, and run the kernel's selftest of its module loader.
    Boot,
    /// Build the core of the kernel for arm64 and s390x with ours, and compare with what the kernel's tool says of each object.
    Cross,
    /// See which versions follow small changes of the source, and write the table in docs/metrics.md.
    Changes,
    /// Measure what versions cost, and write the tables in docs/metrics.md.
    Metrics,
}

/// What all parts work with.
struct Workshop {
    folder: PathBuf,
    source: Source,
    /// What Rust in the kernel needs, or why there is none.
    rust: anyhow::Result<Rust>,
    jobs: NonZeroUsize,
    ours: Gendwarfksyms,
    kabiscope: PathBuf,
}

/// Our gendwarfksyms.
struct Gendwarfksyms {
    path: PathBuf,
    /// Tells one build of it from another.
    crc: u32,
}

/// Does these parts, all of them even if one fails, and ends with a summary.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let workshop = Workshop::open(args)?;
    let mut report = Vec::new();
    for part in Part::value_variants() {
        if !args.parts.is_empty() && !args.parts.contains(part) {
            continue;
        }
        let name = part.to_possible_value().expect("no part is hidden").get_name().to_owned();
        println!("\n==> {name}");
        let start = Instant::now();
        let outcome = part.run(&workshop);
        if let Err(error) = &outcome {
            println!("{error:#}");
        }
        report.push((name, start.elapsed().as_secs_f64() / 60.0, outcome));
    }

    println!("\n==> summary ({})", workshop.source.package);
    if let Err(error) = &workshop.rust {
        println!("without Rust: {error:#}");
    }
    for (name, minutes, outcome) in &report {
        match outcome {
            Ok(result) => println!("{name:<8} {minutes:>5.1} min  {result}"),
            Err(_) => println!("{name:<8} {minutes:>5.1} min  FAILED"),
        }
    }
    match report.iter().filter(|(_, _, outcome)| outcome.is_err()).count() {
        0 => Ok(()),
        failed => bail!("{failed} of {} parts failed", report.len()),
    }
}

impl Workshop {
    fn open(args: &Args) -> anyhow::Result<Self> {
        toolchain::require(toolchain::FOR_BUILDING)?;
        let folder = project::target_dir().join("kernel");
        fs::create_dir_all(&folder)?;
        let source = Source::find(&folder)?;
        let rust = Rust::find(&folder);
        if let Err(error) = &rust {
            println!("a kernel without Rust: {error:#}");
        }
        let path = program(args.ours.as_deref(), project::build_gendwarfksyms)?;
        let kabiscope = program(args.kabiscope.as_deref(), project::build_kabiscope)?;
        let ours = Gendwarfksyms { crc: crc32fast::hash(&fs::read(&path)?), path };
        let jobs = args.jobs.map_or_else(available_parallelism, Ok)?;
        Ok(Self { folder, source, rust, jobs, ours, kabiscope })
    }
}

/// The program that is named, or the one that `build` makes.
fn program(named: Option<&Path>, build: fn() -> anyhow::Result<PathBuf>) -> anyhow::Result<PathBuf> {
    match named {
        Some(path) => path.canonicalize().with_context(|| format!("no program {}", path.display())),
        None => build(),
    }
}

impl Part {
    fn run(self, workshop: &Workshop) -> anyhow::Result<String> {
        match self {
            Self::Build => builds::compare(workshop),
            Self::Verify => verify::run(&builds::tree(workshop, builds::Kind::Ours)?, &workshop.kabiscope),
            Self::Boot => {
                toolchain::require(toolchain::FOR_BOOTING)?;
                let tree = builds::tree(workshop, builds::Kind::Ours)?;
                let selftest = workshop.source.path.join("tools/testing/selftests/kmod");
                boot::run(&tree, &selftest, &workshop.kabiscope)
            }
            Self::Cross => cross::run(workshop),
            Self::Changes => changes::run(workshop),
            Self::Metrics => metrics::run(workshop),
        }
    }
}
