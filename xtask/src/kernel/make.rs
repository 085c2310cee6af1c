// SPDX-License-Identifier: GPL-2.0-only
//! Running make: its output kept, its progress shown, its time counted.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use wait4::Wait4;

/// How often to tell how far it is.
const INTERVAL: Duration = Duration::from_secs(20);

/// How many of the last lines to show of a build that failed.
const LAST_LINES: usize = 25;

/// Runs make, its output appended to `log`, and gives the CPU time of all that it ran.
pub(super) fn run(mut make: Command, name: &str, log: &Path) -> anyhow::Result<Duration> {
    let (output, writer) = io::pipe()?;
    make.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = make.spawn().with_context(|| format!("cannot run {make:?}"))?;
    // It holds the writing end too, and only when the last one is closed does the output end.
    drop(make);

    let mut file = OpenOptions::new().create(true).append(true).open(log)?;
    let (mut steps, mut told) = (0, Instant::now());
    let mut last = Vec::new();
    for line in BufReader::new(output).split(b'\n') {
        let mut line = line?;
        line.push(b'\n');
        file.write_all(&line)?;
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        // Kbuild's word for what it does comes after two blanks.
        if text.starts_with("  ") {
            steps += 1;
            if told.elapsed() > INTERVAL {
                told = Instant::now();
                println!(
                    "  {name}: {steps} steps, now{}",
                    text.split_whitespace().fold(String::new(), |s, w| s + " " + w)
                );
            }
        }
        last.push(text);
        if last.len() > LAST_LINES {
            last.remove(0);
        }
    }
    let ended = child.wait4()?;
    if !ended.status.success() {
        bail!("make failed; {} ends with\n{}", log.display(), last.join("\n"));
    }
    Ok(ended.rusage.utime + ended.rusage.stime)
}
