// SPDX-License-Identifier: GPL-2.0-only
//! What a process costs, by the kernel's own account of it.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rustix::process::Pid;
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
                let now = fs::read_to_string(&status).ok().and_then(|status| in_bytes(&status, "RssAnon:"));
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

/// Watches how much memory the pages of a browser take with their workers: those of a group of processes that render.
pub(super) struct PageMemory {
    ended: Arc<AtomicBool>,
    watch: thread::JoinHandle<u64>,
}

impl PageMemory {
    /// Begins to watch.
    pub(super) fn watch(group: Pid) -> Self {
        const INTERVAL: Duration = Duration::from_millis(50);
        let ended = Arc::new(AtomicBool::new(false));
        let has_ended = Arc::clone(&ended);
        let watch = thread::spawn(move || {
            let mut peak = 0;
            while !has_ended.load(Ordering::Relaxed) {
                peak = peak.max(memory_of_pages(group).unwrap_or_default());
                thread::sleep(INTERVAL);
            }
            peak
        });
        Self { ended, watch }
    }

    /// The most that there was at a time, in bytes.
    pub(super) fn peak(self) -> u64 {
        self.ended.store(true, Ordering::Relaxed);
        self.watch.join().expect("the watch does not panic")
    }
}

/// In bytes; what is shared with other processes is counted in part.
fn memory_of_pages(group: Pid) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir("/proc")? {
        let process = entry?.path();
        let Ok(stat) = fs::read_to_string(process.join("stat")) else { continue };
        let renders = fs::read_to_string(process.join("cmdline")).is_ok_and(|line| line.contains("--type=renderer"));
        if renders && process_group(&stat) == Some(group.as_raw_nonzero().get()) {
            let memory = fs::read_to_string(process.join("smaps_rollup")).unwrap_or_default();
            sum += in_bytes(&memory, "Pss:").unwrap_or_default();
        }
    }
    Ok(sum)
}

/// Of `/proc/PID/stat`: the third of what follows the name, which stands in brackets and may hold anything.
fn process_group(stat: &str) -> Option<i32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(2)?.parse().ok()
}

/// What the kernel tells in kilobytes.
fn in_bytes(status: &str, what: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
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
    fn memory_of_a_status() {
        let status = "VmRSS:\t  400123 kB\nRssAnon:\t    2048 kB\nRssFile:\t  398075 kB\n";
        assert_eq!(in_bytes(status, "RssAnon:"), Some(2 << 20));
        assert_eq!(in_bytes("State:\tZ (zombie)\n", "RssAnon:"), None);
    }

    #[test]
    fn group_of_a_process() {
        assert_eq!(process_group("812 (chromium (a b) c) S 800 799 799 0"), Some(799));
        assert_eq!(process_group("812"), None);
    }
}
