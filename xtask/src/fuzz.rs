// SPDX-License-Identifier: GPL-2.0-only
//! `cargo xtask fuzz`: the library against inputs that cargo-fuzz invents.

use anyhow::ensure;
use xshell::cmd;

use crate::project;

/// Fuzz the library for a while (needs a nightly toolchain).
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The fuzz targets to run [default: all].
    targets: Vec<String>,
    /// How long to run each of them.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Runs each fuzz target for the time asked for, and ends at the first that finds a failure.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let sh = project::shell()?;
    // Through `rustup run`: a `+nightly` is understood by rustup's own `cargo` only, which need not be the one on PATH.
    let nightly = cmd!(sh, "rustup run nightly rustc --version").quiet().ignore_stdout().ignore_stderr().run();
    ensure!(
        nightly.is_ok(),
        "cargo-fuzz needs a nightly compiler: `rustup toolchain install nightly --profile minimal`"
    );
    if cmd!(sh, "cargo fuzz --version").quiet().ignore_stdout().ignore_stderr().run().is_err() {
        cmd!(sh, "cargo install --locked cargo-fuzz").run()?;
    }

    let targets = if args.targets.is_empty() {
        let list = cmd!(sh, "rustup run nightly cargo fuzz list").read()?;
        list.lines().map(str::to_owned).collect()
    } else {
        args.targets.clone()
    };
    let limit = format!("-max_total_time={}", args.seconds);
    for target in &targets {
        println!("\n==> {target}, {} s", args.seconds);
        cmd!(sh, "rustup run nightly cargo fuzz run {target} -- {limit}").run()?;
    }
    Ok(())
}
