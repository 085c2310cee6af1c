// SPDX-License-Identifier: GPL-2.0-only
//! How long the stages take: the Criterion benchmarks of the core.

use std::fs::{self, File};

use anyhow::Context;
use serde_json::Value;
use xshell::cmd;

use super::corpus;
use super::report::{self, Block};
use crate::project;

/// Runs the benchmarks and replaces the table.
pub(super) fn run() -> anyhow::Result<()> {
    // A folder of its own, emptied, so that every figure in it is of this run.
    let results = project::target_dir().join("bench/criterion");
    if results.exists() {
        fs::remove_dir_all(&results)?;
    }
    let sh = project::shell()?;
    let mut bench = cmd!(sh, "cargo bench --package kabiscope --bench stages").env("CRITERION_HOME", &results);
    if let Some(folder) = corpus::real_kernel()? {
        bench = bench.env(corpus::FOLDER_VARIABLE, folder);
    }
    bench.run()?;

    let table = report::stages(|stage, input| {
        let estimates = results.join(input).join(stage).join("new/estimates.json");
        if !estimates.exists() {
            return Ok(None);
        }
        let estimates: Value = serde_json::from_reader(File::open(&estimates)?)?;
        let median = estimates.pointer("/median/point_estimate").and_then(Value::as_f64);
        let nanoseconds = median.context("Criterion has changed the form of its results")?;
        Ok(Some(format!("{:.1}", nanoseconds / 1e3)))
    })?;
    report::publish(Block::Stages, &format!("{}. Microseconds, medians.\n\n{table}", report::machine()))
}
