// SPDX-License-Identifier: GPL-2.0-only
//! What a process costs, by the kernel's own account of it.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use wait4::Wait4;

/// One run of a tool on an object.
pub(super) struct Run {
    /// User and system time of the whole process. Linux counts each of them in ticks, but their sum to the nanosecond.
    cpu: Duration,
    /// The most memory that was resident, in bytes.
    peak: u64,
    /// The lines of the standard output, sorted: the reference prints them in no useful order.
    pub(super) versions: Vec<String>,
}

/// The medians over several runs.
pub(super) struct Sample {
    pub(super) cpu: Duration,
    pub(super) peak: u64,
}

impl Run {
    /// Runs `tool` as Kbuild does, with the list in the file `exports` on standard input.
    pub(super) fn of(tool: &Path, object: &Path, exports: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(tool)
            .arg(object)
            .stdin(File::open(exports)?)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", tool.display()))?;
        let mut output = String::new();
        child.stdout.take().expect("it is a pipe").read_to_string(&mut output)?;
        let ended = child.wait4()?;
        ensure!(
            ended.status.success(),
            "{}: `{} {} < {}`",
            ended.status,
            tool.display(),
            object.display(),
            exports.display(),
        );

        let mut versions: Vec<String> = output.lines().map(str::to_owned).collect();
        versions.sort_unstable();
        Ok(Self { cpu: ended.rusage.utime + ended.rusage.stime, peak: ended.rusage.maxrss, versions })
    }
}

impl Sample {
    pub(super) fn of(runs: &[Run]) -> Self {
        Self { cpu: median(runs.iter().map(|run| run.cpu)), peak: median(runs.iter().map(|run| run.peak)) }
    }
}

/// The upper one of the two middle values if their number is even.
fn median<T: Ord + Copy>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values[values.len() / 2]
}
