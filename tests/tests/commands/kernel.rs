// SPDX-License-Identifier: GPL-2.0-only
//! A real kernel and its modules, where they are: `../shared/kernel`, with the README that tells how they were built.

use std::collections::BTreeSet;
use std::path::Path;

use kabiscope::abi::verify::{Counts, Verification};
use kabiscope::kernel::symvers;
use kabiscope_tests::kernel;
use snapbox::cmd::OutputAssert;

use super::kabiscope_in;

fn run(folder: &Path, arguments: &[&str]) -> OutputAssert {
    kabiscope_in(folder, arguments.iter().copied()).assert()
}

/// All but what is written in assembly is as the build has it.
#[test]
fn verify_vmlinux() -> anyhow::Result<()> {
    let Some(vmlinux) = kernel::vmlinux(env!("CARGO_TARGET_TMPDIR"))? else { return Ok(()) };
    let output = run(Path::new("."), &["verify", "--format", "json", &vmlinux.to_string_lossy()]).code(0).stderr_eq("");
    let verification: Verification = serde_json::from_slice(&output.get_output().stdout)?;
    let equal = verification.counts.equal;
    assert!(equal >= 12_990, "only {equal}");
    assert_eq!(verification.counts, Counts { equal, only_recorded: 13_084 - equal, ..Counts::default() });
    Ok(())
}

#[test]
fn verify_modules() -> anyhow::Result<()> {
    let Some(folder) = kernel::modules(env!("CARGO_TARGET_TMPDIR"))? else { return Ok(()) };
    run(&folder, &["verify", "."]).code(0).stdout_eq("");
    let output = run(&folder, &["list", "--format", "symvers", "."]).code(0);
    let built = kabiscope_tests::shared("kernel/Module.symvers").expect("it lies beside the modules");
    let built = symvers::parse(&std::fs::read(built)?)?;
    let key = |entry: &symvers::Entry| (entry.name.clone(), entry.version, entry.module_name(), entry.gpl_only);
    let built: BTreeSet<_> = built.iter().map(key).collect();
    let printed = symvers::parse(&output.get_output().stdout)?;
    assert!(printed.len() > 50, "only {}", printed.len());
    for entry in &printed {
        assert!(built.contains(&key(entry)), "{entry}");
    }
    Ok(())
}

#[test]
fn modules_load() -> anyhow::Result<()> {
    let Some(folder) = kernel::modules(env!("CARGO_TARGET_TMPDIR"))? else { return Ok(()) };
    let list = kabiscope_tests::shared("kernel/Module.symvers").expect("it lies beside the modules");
    let arguments = ["imports", "--problems", ".", "--against", &list.to_string_lossy()];
    let output = run(&folder, &arguments).code(0).stderr_eq("");
    let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    assert_eq!(text.lines().filter(|line| line.ends_with(": would load")).count(), 14, "{text}");
    Ok(())
}
