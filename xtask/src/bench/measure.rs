// SPDX-License-Identifier: GPL-2.0-only
//! What a process costs, by the kernel's own account of it.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use wait4::Wait4;

/// What a process took.
pub(super) struct Usage {
    /// From its start until it was gone.
    pub(super) wall: Duration,
    /// User and system time of the whole process. Linux counts each of them in ticks, but their sum to the nanosecond.
    pub(super) cpu: Duration,
    /// The most memory that was resident, in bytes: mapped files are counted as far as they were read.
    pub(super) peak: u64,
}

/// One run of a tool on an object.
pub(super) struct Run {
    cpu: Duration,
    peak: u64,
    /// The lines of the standard output, sorted: the reference prints them in no useful order.
    pub(super) versions: Vec<String>,
}

/// The medians over several runs.
pub(super) struct Sample {
    pub(super) cpu: Duration,
    pub(super) peak: u64,
}

impl Usage {
    /// Runs a command, and gives what it prints if its output is a pipe.
    pub(super) fn of(command: &mut Command) -> anyhow::Result<(Self, String)> {
        let start = Instant::now();
        let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
        let mut output = String::new();
        if let Some(mut pipe) = child.stdout.take() {
            pipe.read_to_string(&mut output)?;
        }
        let ended = child.wait4()?;
        let wall = start.elapsed();
        ensure!(ended.status.success(), "{}: {command:?}", ended.status);
        let usage = Self { wall, cpu: ended.rusage.utime + ended.rusage.stime, peak: ended.rusage.maxrss };
        Ok((usage, output))
    }
}

/// The most memory in bytes that a command has in use beside the files that it maps, as `RssAnon` of `/proc/PID/status`
/// tells when asked a thousand times a second. To be asked has its price: such a run says nothing of the time.
pub(super) fn peak_of_anonymous_memory(command: &mut Command) -> anyhow::Result<u64> {
    const INTERVAL: Duration = Duration::from_millis(1);
    let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    let status = format!("/proc/{}/status", child.id());
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak = 0;
            while !ended.load(Ordering::Relaxed) {
                // There is none any more when the process has ended and is not yet waited for.
                let now = fs::read_to_string(&status).ok().and_then(|status| anonymous_memory(&status));
                peak = peak.max(now.unwrap_or_default());
                thread::sleep(INTERVAL);
            }
            peak
        });
        let waited = child.wait();
        ended.store(true, Ordering::Relaxed);
        let peak = watch.join().expect("the watch does not panic");
        let waited = waited?;
        ensure!(waited.success(), "{waited}: {command:?}");
        ensure!(peak > 0, "{status} was never read in time");
        Ok(peak)
    })
}

/// In bytes.
fn anonymous_memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

impl Run {
    /// Runs `tool` as Kbuild does, with the list in the file `exports` on standard input.
    pub(super) fn of(tool: &Path, object: &Path, exports: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(tool);
        command.arg(object).stdin(File::open(exports)?).stdout(Stdio::piped()).stderr(Stdio::null());
        let (usage, output) = Usage::of(&mut command).with_context(|| exports.display().to_string())?;
        let mut versions: Vec<String> = output.lines().map(str::to_owned).collect();
        versions.sort_unstable();
        Ok(Self { cpu: usage.cpu, peak: usage.peak, versions })
    }
}

impl Sample {
    pub(super) fn of(runs: &[Run]) -> Self {
        Self { cpu: median(runs.iter().map(|run| run.cpu)), peak: median(runs.iter().map(|run| run.peak)) }
    }
}

/// The upper one of the two middle values if their number is even.
pub(super) fn median<T: PartialOrd + Copy>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_by(|a, b| a.partial_cmp(b).expect("figures can be compared"));
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anonymous_memory_of_a_status() {
        let status = "VmRSS:\t  400123 kB\nRssAnon:\t    2048 kB\nRssFile:\t  398075 kB\n";
        assert_eq!(anonymous_memory(status), Some(2 << 20));
        assert_eq!(anonymous_memory("State:\tZ (zombie)\n"), None);
    }
}
