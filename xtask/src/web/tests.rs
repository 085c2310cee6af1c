// SPDX-License-Identifier: GPL-2.0-only
//! `cargo xtask browser`: the tests of the page, in a real browser.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rustix::process::Pid;
use xshell::{Shell, cmd};

use super::browser::{self, Driver};
use super::page::{self, WASM};
use super::{axe, dist};
use crate::project;

/// How the browser is started: by its WebDriver, for unit tests and end-to-end tests alike.
const CAPABILITIES: &str = "tests/tests/browser/webdriver.json";

/// Test the released page in a headless browser: unit tests, then end to end.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run the end-to-end tests whose names contain this, and no unit tests.
    filter: Option<String>,
}

/// Run the unit tests of a WebAssembly program: what cargo calls for them.
#[derive(clap::Args)]
#[command(hide = true, disable_help_flag = true)]
pub(crate) struct RunnerArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// Whether tests were run.
pub(crate) enum Outcome {
    /// They were, and passed.
    Passed,
    /// There is nothing to run them in, for this reason.
    Skipped(String),
}

/// Runs the tests that are asked for.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let outcome = run_tests(&project::shell()?, args.filter.as_deref())?;
    if let Outcome::Skipped(reason) = outcome {
        println!("skipped: {reason}");
    }
    Ok(())
}

/// Runs all tests, or the end-to-end tests whose names contain `filter`.
pub(crate) fn run_tests(sh: &Shell, filter: Option<&str>) -> anyhow::Result<Outcome> {
    if let Err(error) = browser::require(sh) {
        // A machine that is there to test has to have a browser.
        if env::var_os("CI").is_some() {
            return Err(error);
        }
        return Ok(Outcome::Skipped(format!("{error:#}")));
    }
    let driver = Driver::start()?;
    if filter.is_none() {
        unit_tests(sh, &driver)?;
    }
    end_to_end_tests(sh, &driver, filter)?;
    Ok(Outcome::Passed)
}

fn unit_tests(sh: &Shell, driver: &Driver) -> anyhow::Result<()> {
    page::require_target(sh)?;
    let this = env::current_exe()?;
    let runner = format!("target.{WASM}.runner=[{:?}, 'wasm-test']", this.display().to_string());
    cmd!(sh, "cargo test --package kabiscope-web --target {WASM} --config {runner}")
        .env("CHROMEDRIVER_REMOTE", driver.address())
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", project::root().join(CAPABILITIES))
        .run()?;
    Ok(())
}

fn end_to_end_tests(sh: &Shell, driver: &Driver, filter: Option<&str>) -> anyhow::Result<()> {
    let axe = axe::require(sh)?;
    let page = dist::build(sh)?;
    // Of the whole workspace, with what the other tests are built with, so that nothing is compiled twice.
    cmd!(sh, "cargo test --workspace --all-features --test browser -- {filter...}")
        .env("KABISCOPE_AXE", &axe)
        .env("KABISCOPE_PAGE", &page)
        .env("KABISCOPE_PICTURES", pictures())
        .env("KABISCOPE_WEBDRIVER", driver.address())
        .run()?;
    Ok(())
}

/// Times the released page with a kernel; `watch` is given the browser's group of processes first, and what it returns lives until
/// the browser has ended. Tells the figures as the tests write them.
pub(crate) fn measure<W>(kernel: &Path, watch: impl FnOnce(Pid) -> W) -> anyhow::Result<(String, W)> {
    let sh = project::shell()?;
    browser::require(&sh)?;
    let scratch = tempfile::tempdir_in(project::target_dir())?;
    let figures = scratch.path().join("figures");
    sh.set_var("KABISCOPE_KERNEL", kernel);
    sh.set_var("KABISCOPE_FIGURES", &figures);
    let driver = Driver::start()?;
    let watch = watch(driver.group());
    end_to_end_tests(&sh, &driver, None)?;
    Ok((sh.read_file(&figures)?, watch))
}

/// Where tests leave what they saw.
fn pictures() -> PathBuf {
    project::target_dir().join("pictures")
}

/// Runs the unit tests of one program.
pub(crate) fn runner(args: &RunnerArgs) -> anyhow::Result<()> {
    let program = OsString::from("wasm-test");
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(
        [program].into_iter().chain(args.args.iter().cloned()),
    )
}
