// SPDX-License-Identifier: GPL-2.0-only
//! The command `kabiscope` on a whole kernel, against one linear pass over all its DIEs in the same run.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context, bail};
use escargot::CargoBuild;
use kabiscope::abi::{Abi, SymbolKind};
use kabiscope::object::Image;
use object::ReadCache;

use super::corpus;
use super::measure::{self, Usage, median};
use super::report::{self, Block, mebibytes, milliseconds};
use crate::excerpt::Excerpt;
use crate::{kernel_image, project};

/// All versions take at most so many times what the pass does, with two threads.
const ALL_AT_MOST: f64 = 3.0;

/// The list of recorded versions takes at most this part of the pass.
const LIST_AT_MOST: f64 = 1.0 / 5.0;

/// To show one symbol takes at most this part of the pass.
const SHOW_AT_MOST: f64 = 1.0 / 3.0;

/// Memory besides the mapped file is at most this part of `.debug_info`.
const MEMORY_AT_MOST: f64 = 0.5;

/// Time how a kernel's versions are computed, against one linear pass over all its DIEs.
#[derive(clap::Args)]
pub(super) struct Options {
    /// A vmlinux with debug information [default: that of Debian's cloud kernel, which is downloaded].
    file: Option<PathBuf>,
    /// Measure this program instead of building ours.
    #[arg(long, value_name = "PATH")]
    kabiscope: Option<PathBuf>,
    /// How often each command is run.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// The programs, and how often they are run.
struct Bench {
    kabiscope: PathBuf,
    pass: PathBuf,
    rounds: u32,
    cores: usize,
}

/// A command line of `kabiscope`, and what the issue of its speed asks of it.
struct Measured {
    name: String,
    arguments: Vec<OsString>,
    /// At most so many times what the pass takes.
    at_most: Option<f64>,
}

/// Medians over the rounds.
struct Figures {
    wall: Duration,
    cpu: Duration,
    /// Of the wall-clock times of a command and of the pass in the same round.
    ratio: f64,
}

/// Measures, and replaces the table.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let image = kernel_image::find(options.file.as_deref())?;
    let kabiscope = match &options.kabiscope {
        Some(path) => path.canonicalize().with_context(|| format!("no program {}", path.display()))?,
        None => project::build_kabiscope()?,
    };
    let cores = available_parallelism()?.get();
    let bench = Bench { kabiscope, pass: build_pass()?, rounds: options.rounds, cores };
    let scratch = tempfile::tempdir_in(project::target_dir())?;

    eprintln!("all versions");
    let abi = bench.abi(&image.path)?;
    let (units, dies) = bench.pass_counts(&image.path)?;
    let debug_info = debug_info_size(&image.path)?;
    let mut text = format!(
        "{}. Medians of {} runs.\n\n{}: {units} units, {dies} DIEs, {:.0} MiB of `.debug_info`.\n{}\n\n",
        report::machine(),
        bench.rounds,
        image.name,
        mebibytes(debug_info),
        answers(&abi)?,
    );
    text += &bench.against_the_pass(&image.path, &abi)?;
    eprintln!("memory");
    text += &bench.memory(&image.path, debug_info)?;
    text += &bench.by_threads(&image.path)?;
    text += &bench.by_symbols(&image.path, &abi)?;
    text += &bench.by_units(&image.path, &scratch.path().join("vmlinux"))?;
    if let Some(vmlinux) = corpus::real_vmlinux()? {
        eprintln!("a kernel with symbol pointers");
        text += "\nAnd the vmlinux of `../shared/kernel`, whose versions gendwarfksyms computed. So it has a variable for each export, \
                 which tells the unit:\n\n";
        text += &bench.against_the_pass(&vmlinux, &bench.abi(&vmlinux)?)?;
    }
    report::publish(Block::Image, &text)
}

/// Builds the program that passes over all DIEs, as ours is built.
fn build_pass() -> anyhow::Result<PathBuf> {
    let build = CargoBuild::new().manifest_path(project::root().join("Cargo.toml")).package("xtask");
    Ok(build.example("linear_pass").profile("dist").run()?.path().to_owned())
}

fn debug_info_size(image: &Path) -> anyhow::Result<u64> {
    // Not mapped: the memory of this process would count as a first peak of those that it measures.
    Ok(Image::parse(&ReadCache::new(File::open(image)?))?.section_size(".debug_info")?)
}

/// How many exports have a version, or a reason why they have none; to have neither is an error.
fn answers(abi: &Abi) -> anyhow::Result<String> {
    let exports = &abi.exports;
    if let Some(silent) = exports.iter().find(|export| export.computed.is_none() && export.error.is_none()) {
        bail!("{} has neither a version nor a reason", silent.name);
    }
    let computed = exports.iter().filter(|export| export.computed.is_some()).count();
    let compared = exports.iter().filter(|export| export.computed.is_some() && export.recorded.is_some()).count();
    let equal = exports.iter().filter(|export| export.computed.is_some() && export.computed == export.recorded).count();
    let recorded = match compared {
        0 => "no versions are recorded in it".to_owned(),
        _ => format!("{equal} of {compared} equal the recorded ones"),
    };
    let without = exports.len() - computed;
    Ok(format!("{} exports: {computed} versions computed, {without} with a reason why not; {recorded}.", exports.len()))
}

impl Bench {
    fn kabiscope<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = Command::new(&self.kabiscope);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Everything of the image, as the command prints it.
    fn abi(&self, image: &Path) -> anyhow::Result<Abi> {
        let (_, output) = Usage::of(self.kabiscope(all(image, self.cores)).stdout(Stdio::piped()))?;
        Ok(serde_json::from_str(&output)?)
    }

    /// How many units and DIEs there are.
    fn pass_counts(&self, image: &Path) -> anyhow::Result<(u64, u64)> {
        let (_, output) = Usage::of(Command::new(&self.pass).arg(image).stdout(Stdio::piped()))?;
        let counts = output.trim().split_once(' ').context("the pass prints two numbers")?;
        Ok((counts.0.parse()?, counts.1.parse()?))
    }

    /// The pass, and after it each of `commands`, and again, so that what else the machine does meets all alike.
    fn figures(&self, image: &Path, commands: &[Measured]) -> anyhow::Result<(Figures, Vec<Figures>)> {
        let pass = || anyhow::Ok(Usage::of(Command::new(&self.pass).arg(image).stdout(Stdio::null()))?.0);
        let run = |command: &Measured| anyhow::Ok(Usage::of(&mut self.kabiscope(&command.arguments))?.0);
        // The first runs, which are not counted, bring the file into the page cache.
        pass()?;
        let mut passes = Vec::new();
        let mut runs: Vec<Vec<Usage>> = commands.iter().map(|_| Vec::new()).collect();
        for _ in 0..self.rounds {
            passes.push(pass()?);
            for (command, runs) in commands.iter().zip(&mut runs) {
                runs.push(run(command)?);
            }
        }
        let figures = runs.iter().map(|runs| Figures::of(runs, &passes)).collect();
        Ok((Figures::of(&passes, &passes), figures))
    }

    /// The commands that have a target.
    fn against_the_pass(&self, image: &Path, abi: &Abi) -> anyhow::Result<String> {
        let measured =
            |name: &str, arguments: Vec<OsString>, at_most| Measured { name: name.to_owned(), arguments, at_most };
        let recorded = ["list", "--no-compute", "--format", "symvers"].map(OsString::from);
        let recorded = recorded.into_iter().chain([image.into()]).collect();
        let mut commands = vec![
            measured("all versions, two threads: `list --format json -j 2`", all(image, 2), Some(ALL_AT_MOST)),
            measured("what is recorded: `list --no-compute --format symvers`", recorded, Some(LIST_AT_MOST)),
        ];
        for (name, what) in shown(abi) {
            let arguments = vec!["show".into(), image.into(), name.into()];
            commands.push(measured(&format!("{what}: `show {name}`"), arguments, Some(SHOW_AT_MOST)));
        }
        eprintln!("{} commands", commands.len());
        let (pass, figures) = self.figures(image, &commands)?;

        let mut text = String::from(
            "| command | wall ms | CPU ms | wall, to the pass | at most |\n| --- | ---: | ---: | ---: | ---: |\n",
        );
        let target = |at_most: Option<f64>| at_most.map(|at_most| format!("{at_most:.2}")).unwrap_or_default();
        let mut line = |name: &str, figures: &Figures, at_most| {
            _ = writeln!(text, "{} {} |", row(name, figures, at_most), target(at_most));
        };
        line("one linear pass over all DIEs, one thread", &pass, None);
        for (command, figures) in commands.iter().zip(&figures) {
            line(&command.name, figures, command.at_most);
        }
        Ok(text)
    }

    /// How much memory all versions take, besides the mapped file.
    fn memory(&self, image: &Path, debug_info: u64) -> anyhow::Result<String> {
        let mut text = format!(
            "\nMemory besides the mapped file at its peak, all versions (at most {MEMORY_AT_MOST} of `.debug_info`):",
        );
        let mut separator = " ";
        for threads in thread_counts(self.cores) {
            let runs = (0..self.rounds.min(3))
                .map(|_| measure::peak_of_anonymous_memory(&mut self.kabiscope(all(image, threads))));
            let peak = median(runs.collect::<anyhow::Result<Vec<_>>>()?.into_iter());
            let part = peak as f64 / debug_info as f64;
            let verdict = if part > MEMORY_AT_MOST { " **missed**" } else { "" };
            _ = write!(
                text,
                "{separator}{:.0} MiB with {}, {part:.2}{verdict}",
                mebibytes(peak),
                threads_text(threads)
            );
            separator = "; ";
        }
        text.push_str(".\n");
        Ok(text)
    }

    fn by_threads(&self, image: &Path) -> anyhow::Result<String> {
        let commands: Vec<_> = thread_counts(self.cores)
            .into_iter()
            .map(|threads| Measured { name: threads.to_string(), arguments: all(image, threads), at_most: None })
            .collect();
        eprintln!("threads");
        let (_, figures) = self.figures(image, &commands)?;
        let mut text = String::from(
            "\n| threads | all versions, wall ms | CPU ms | wall, to the pass |\n| ---: | ---: | ---: | ---: |\n",
        );
        for (command, figures) in commands.iter().zip(&figures) {
            _ = writeln!(text, "{}", row(&command.name, figures, None));
        }
        Ok(text)
    }

    /// Some of the exports, evenly spread, by name.
    fn by_symbols(&self, image: &Path, abi: &Abi) -> anyhow::Result<String> {
        let names: Vec<&str> =
            abi.exports.iter().filter(|export| export.computed.is_some()).map(|export| &*export.name).collect();
        let mut commands = Vec::new();
        let mut units = Vec::new();
        let mut count = 1;
        while count < names.len() && count <= 1000 {
            let chosen: Vec<&str> = names.iter().step_by(names.len() / count).take(count).copied().collect();
            let mut arguments = all(image, self.cores);
            chosen.iter().for_each(|name| arguments.extend(["--name".into(), name.into()]));
            commands.push(Measured { name: count.to_string(), arguments, at_most: None });
            units.push(units_of(abi, &chosen));
            count *= 10;
        }
        commands.push(Measured { name: names.len().to_string(), arguments: all(image, self.cores), at_most: None });
        units.push(units_of(abi, &names));
        eprintln!("symbols");
        let (_, figures) = self.figures(image, &commands)?;
        let mut text = String::from(
            "\n| exports asked for | of so many units | wall ms | CPU ms | wall, to the pass |\n| ---: | ---: | ---: | ---: | ---: |\n",
        );
        for ((command, figures), units) in commands.iter().zip(&figures).zip(units) {
            _ = writeln!(text, "{}", row(&format!("{} | {units}", command.name), figures, None));
        }
        Ok(text)
    }

    /// The same image with a part of its units.
    fn by_units(&self, image: &Path, copy: &Path) -> anyhow::Result<String> {
        let excerpt = Excerpt::new(image, copy.to_owned())?;
        let units = excerpt.units()?;
        let mut text = String::from(
            "\n| units | DIEs | versions | pass, wall ms | all versions, wall ms | CPU ms | wall, to the pass |\n\
             | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        );
        for part in [8, 4, 2, 1] {
            let count = units.len() / part;
            let Some(last) = count.checked_sub(1) else { continue };
            eprintln!("{count} units");
            excerpt.show(&(0..units[last].end), None)?;
            let (_, dies) = self.pass_counts(copy)?;
            let versions = self.abi(copy)?.exports.iter().filter(|export| export.computed.is_some()).count();
            let command = Measured { name: String::new(), arguments: all(copy, self.cores), at_most: None };
            let (pass, figures) = self.figures(copy, &[command])?;
            let name = format!("{count} | {dies} | {versions} | {:.0}", milliseconds(pass.wall));
            _ = writeln!(text, "{}", row(&name, &figures[0], None));
        }
        Ok(text)
    }
}

/// The arguments that have all versions computed.
fn all(image: &Path, threads: usize) -> Vec<OsString> {
    let threads = threads.to_string();
    let arguments = ["list", "--format", "json", "--jobs", &threads].map(OsString::from);
    arguments.into_iter().chain([image.into()]).collect()
}

/// 1, 2, 4 … and as many as there are cores.
fn thread_counts(cores: usize) -> Vec<usize> {
    let mut counts: Vec<usize> = (0..).map(|power| 1 << power).take_while(|&count| count < cores).collect();
    counts.push(cores);
    counts
}

fn threads_text(threads: usize) -> String {
    if threads == 1 { "one thread".to_owned() } else { format!("{threads} threads") }
}

/// Symbols to show: one of C's functions with many types behind it and one with few, a variable, and one of Rust's functions.
fn shown(abi: &Abi) -> Vec<(&str, &'static str)> {
    let wanted = [
        ("schedule", "a small function in C"),
        ("filp_open", "a function in C"),
        ("register_netdevice", "a function in C with many types"),
        ("init_net", "a variable"),
    ];
    let has = |name: &str| abi.exports.iter().find(|export| export.name == name && export.computed.is_some());
    let mut shown: Vec<_> = wanted.into_iter().filter_map(|(name, what)| Some((&*has(name)?.name, what))).collect();
    let rust = abi.exports.iter().find(|export| {
        export.language.as_deref() == Some("Rust")
            && export.kind == Some(SymbolKind::Function)
            && export.computed.is_some()
    });
    shown.extend(rust.map(|export| (&*export.name, "a function in Rust")));
    shown
}

/// How many units these exports are of.
fn units_of(abi: &Abi, names: &[&str]) -> usize {
    let names: HashSet<&str> = names.iter().copied().collect();
    let exports = abi.exports.iter().filter(|export| names.contains(&*export.name));
    exports.map(|export| &export.unit).collect::<HashSet<_>>().len()
}

impl Figures {
    fn of(runs: &[Usage], passes: &[Usage]) -> Self {
        let ratios = runs.iter().zip(passes).map(|(run, pass)| run.wall.as_secs_f64() / pass.wall.as_secs_f64());
        Self {
            wall: median(runs.iter().map(|run| run.wall)),
            cpu: median(runs.iter().map(|run| run.cpu)),
            ratio: median(ratios),
        }
    }
}

/// The start of a table's line: what was run, wall-clock and CPU time, and the ratio, which stands out if it is too high.
fn row(name: &str, figures: &Figures, at_most: Option<f64>) -> String {
    let Figures { wall, cpu, ratio } = figures;
    let missed = at_most.is_some_and(|at_most| *ratio > at_most);
    let ratio = if missed { format!("**{ratio:.2}**") } else { format!("{ratio:.2}") };
    format!("| {name} | {:.0} | {:.0} | {ratio} |", milliseconds(*wall), milliseconds(*cpu))
}
