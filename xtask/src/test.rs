// SPDX-License-Identifier: GPL-2.0-only
//! `cargo xtask test`: everything a change has to pass.

use std::time::{Duration, Instant};

use anyhow::bail;
use clap::ValueEnum;
use xshell::{Cmd, Shell, cmd};

use crate::project;
use crate::web::{self, Outcome, WASM};

/// Check format, lints, documentation, tests, the WebAssembly build of the core, and the page in a browser.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run this step only (may be given several times).
    #[arg(long, value_name = "STEP")]
    only: Vec<Step>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// Formatting, by rustfmt.
    Fmt,
    /// Lints of all targets and features, and of the core without any, as errors.
    Clippy,
    /// Documentation, its warnings as errors.
    Doc,
    /// Unit, integration and documentation tests.
    Tests,
    /// The core without its default features, built for WebAssembly.
    Wasm,
    /// The page, in a headless browser: unit tests and end to end.
    Browser,
}

/// Runs the steps, all of them even if one fails, and ends with a summary.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let sh = project::shell()?;
    let mut report = Vec::new();
    for step in Step::value_variants() {
        if !args.only.is_empty() && !args.only.contains(step) {
            continue;
        }
        let name = step.to_possible_value().expect("no step is hidden").get_name().to_owned();
        println!("\n==> {name}");
        let start = Instant::now();
        let outcome = step.run(&sh);
        report.push((name, start.elapsed(), outcome));
    }
    summarise(&report)
}

fn summarise(report: &[(String, Duration, anyhow::Result<Outcome>)]) -> anyhow::Result<()> {
    println!("\n==> summary");
    for (name, time, outcome) in report {
        let seconds = time.as_secs_f64();
        match outcome {
            Ok(Outcome::Passed) => println!("{name:<8} {seconds:>7.1} s  ok"),
            Ok(Outcome::Skipped(reason)) => println!("{name:<8} {seconds:>7.1} s  skipped: {reason}"),
            Err(error) => println!("{name:<8} {seconds:>7.1} s  FAILED: {error}"),
        }
    }
    match report.iter().filter(|(_, _, outcome)| outcome.is_err()).count() {
        0 => Ok(()),
        failed => bail!("{failed} of {} steps failed", report.len()),
    }
}

impl Step {
    fn run(self, sh: &Shell) -> anyhow::Result<Outcome> {
        match self {
            Self::Fmt => {
                require_component(sh, "rustfmt", cmd!(sh, "cargo fmt --version"))?;
                cmd!(sh, "cargo fmt --all --check").run()?;
            }
            Self::Clippy => {
                require_component(sh, "clippy", cmd!(sh, "cargo clippy --version"))?;
                cmd!(sh, "cargo clippy --workspace --all-targets --all-features -- -D warnings").run()?;
                cmd!(sh, "cargo clippy --package kabiscope --lib --no-default-features -- -D warnings").run()?;
                web::require_target(sh)?;
                cmd!(sh, "cargo clippy --package kabiscope-web --all-targets --target {WASM} -- -D warnings").run()?;
            }
            Self::Doc => {
                cmd!(sh, "cargo doc --workspace --all-features --no-deps").env("RUSTDOCFLAGS", "-D warnings").run()?;
            }
            Self::Tests => {
                cmd!(sh, "cargo test --workspace --all-features --no-fail-fast").run()?;
            }
            Self::Wasm => {
                web::require_target(sh)?;
                cmd!(sh, "cargo build --package kabiscope --lib --no-default-features --target {WASM}").run()?;
            }
            Self::Browser => return web::run_tests(sh, None),
        }
        Ok(Outcome::Passed)
    }
}

/// Installs a component of the toolchain if `probe`, which needs it, does not run.
fn require_component(sh: &Shell, component: &str, probe: Cmd<'_>) -> xshell::Result<()> {
    if probe.quiet().ignore_stdout().ignore_stderr().run().is_ok() {
        return Ok(());
    }
    cmd!(sh, "rustup component add {component}").run()
}
