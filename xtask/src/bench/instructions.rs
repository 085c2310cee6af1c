// SPDX-License-Identifier: GPL-2.0-only
//! How many instructions the stages take: the Gungraun benchmarks of the core, under valgrind.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::Context;
use serde_json::Value;
use xshell::{Shell, cmd};

use super::corpus;
use super::report::{self, Block};
use crate::{debian, project};

/// Runs the benchmarks and replaces the table.
pub(super) fn run() -> anyhow::Result<()> {
    let sh = project::shell()?;
    if cmd!(sh, "valgrind --version").quiet().ignore_stdout().ignore_stderr().run().is_err() {
        debian::install(&sh, &["valgrind"])?;
    }
    let runner = install_runner(&sh)?;
    let mut bench = cmd!(sh, "cargo bench --package kabiscope --bench instructions -- --output-format=json")
        .env("GUNGRAUN_RUNNER", runner);
    if let Some(folder) = corpus::real_kernel()? {
        bench = bench.env(corpus::FOLDER_VARIABLE, folder);
    }

    let counts = counts(&bench.read()?)?;
    let table = report::stages(|stage, input| {
        let count = counts.get(&(stage.to_owned(), input.to_owned()));
        Ok(count.map(|&count| format!("{:.1}", count as f64 / 1e3)))
    })?;
    report::publish(Block::Instructions, &format!("Thousands of instructions.\n\n{table}"))
}

/// Installs the program that runs the benchmarks, in the version of the library that they use.
fn install_runner(sh: &Shell) -> anyhow::Result<PathBuf> {
    let library = cmd!(sh, "cargo pkgid --package gungraun").quiet().read()?;
    let (_, version) = library.rsplit_once('@').context("no version in what cargo says of gungraun")?;
    let folder = project::target_dir().join("tools");
    // Without optimisation: it is sooner built, and all it does is start valgrind. Does nothing where it is installed.
    cmd!(sh, "cargo install --quiet --locked --debug --root {folder} --version ={version} gungraun-runner").run()?;
    Ok(folder.join("bin/gungraun-runner"))
}

/// Instructions by stage and input, of a line of JSON a benchmark.
fn counts(results: &str) -> anyhow::Result<HashMap<(String, String), u64>> {
    let count = |line: &str| {
        let result: Value = serde_json::from_str(line)?;
        let text = |pointer| result.pointer(pointer).and_then(Value::as_str);
        let count = (|| {
            let stage = text("/function_name")?.to_owned();
            // There is one for each name, which is numbered nevertheless.
            let input = text("/id")?.strip_suffix("_0")?.to_owned();
            let count = result.pointer("/profiles/0/data/total/metrics/Ir/values/new")?.as_u64()?;
            Some(((stage, input), count))
        })();
        count.context("Gungraun has changed the form of its results")
    };
    results.lines().map(count).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_of_two_benchmarks() -> anyhow::Result<()> {
        let result = |stage, input, count| {
            let profile = json!({ "data": { "total": { "metrics": { "Ir": { "values": { "new": count } } } } } });
            json!({ "function_name": stage, "id": input, "profiles": [profile] }).to_string()
        };
        let results = [result("find", "sched_core_0", 7), result("walk", "nfs4proc_0", 8)].join("\n");
        let counts = counts(&results)?;
        assert_eq!(counts[&("find".to_owned(), "sched_core".to_owned())], 7);
        assert_eq!(counts[&("walk".to_owned(), "nfs4proc".to_owned())], 8);
        Ok(())
    }
}
