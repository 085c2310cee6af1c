// SPDX-License-Identifier: GPL-2.0-only
//! How far a run has come, shown on a terminal while it lasts; and how long its phases took.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// How often a bar is drawn, be there progress or not.
const TICK: Duration = Duration::from_millis(100);

/// All phases of a run.
pub(crate) struct Progress {
    bars: MultiProgress,
    started: Instant,
    done: Mutex<Vec<Done>>,
}

/// A phase that has begun, and ends when this is dropped.
pub(crate) struct Phase<'p> {
    progress: &'p Progress,
    name: &'static str,
    started: Instant,
    bar: ProgressBar,
}

/// All phases of one name.
struct Done {
    name: &'static str,
    time: Duration,
    steps: u64,
}

impl Progress {
    /// Shows nothing if `quiet`, nor where standard error is no terminal.
    pub(crate) fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bars = MultiProgress::with_draw_target(target);
        Self { bars, started: Instant::now(), done: Mutex::default() }
    }

    /// A phase of `total` steps; 0 if it has none that could be counted.
    pub(crate) fn start(&self, name: &'static str, total: usize) -> Phase<'_> {
        let bar = self.bars.add(ProgressBar::new(total as u64).with_prefix(name));
        if !self.bars.is_hidden() {
            bar.set_style(style(total > 0));
            bar.enable_steady_tick(TICK);
        }
        Phase { progress: self, name, started: Instant::now(), bar }
    }

    /// Calls `f` while no bar is on the screen.
    pub(crate) fn suspend(&self, f: impl FnOnce()) {
        self.bars.suspend(f);
    }

    /// A table of all phases. Those of several files, which may run side by side, are added up.
    pub(crate) fn timings(&self) -> String {
        let mut table = String::new();
        let mut row = |name: &str, time: Duration, steps: u64| {
            let seconds = time.as_secs_f64();
            let rate = if steps == 0 { String::new() } else { format!("{:>12.0}/s", steps as f64 / seconds) };
            // Writing to a string does not fail.
            let _ = writeln!(table, "{name:<18} {:>9.1} ms {rate}", seconds * 1000.0);
        };
        for phase in self.done.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            row(phase.name, phase.time, phase.steps);
        }
        row("total", self.started.elapsed(), 0);
        table.truncate(table.trim_end().len());
        table
    }
}

/// How phases look, those that have steps and those that have none.
fn style(has_steps: bool) -> ProgressStyle {
    let template = if has_steps {
        "{prefix:>19} {bar:30} {human_pos}/{human_len} {rate} {eta}"
    } else {
        "{prefix:>19} {spinner} {elapsed}"
    };
    let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        // What cannot be written cannot be seen.
        let _ = write!(out, "{:.0}/s", state.per_sec());
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("rate", rate)
}

impl Phase<'_> {
    /// One step more is done.
    pub(crate) fn step(&self) {
        self.bar.inc(1);
    }
}

impl Drop for Phase<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        let (name, time, steps) = (self.name, self.started.elapsed(), self.bar.position());
        let mut done = self.progress.done.lock().unwrap_or_else(PoisonError::into_inner);
        match done.iter_mut().find(|phase| phase.name == name) {
            Some(phase) => {
                phase.time += time;
                phase.steps += steps;
            }
            None => done.push(Done { name, time, steps }),
        }
    }
}
