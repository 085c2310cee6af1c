// SPDX-License-Identifier: GPL-2.0-only
//! Standard error: messages, progress and timings.

use std::fmt::Display;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};

use crate::Status;
use crate::failure::Trouble;
use crate::progress::{Phase, Progress};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// What is said beside the data. It remembers whether there was trouble.
pub(crate) struct Console {
    quiet: bool,
    trouble: AtomicBool,
    progress: Progress,
}

impl Console {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, trouble: AtomicBool::new(false), progress: Progress::new(quiet) }
    }

    /// Something of what was asked for is not there.
    pub(crate) fn error(&self, trouble: &Trouble) {
        self.trouble.store(true, Ordering::Relaxed);
        self.say("error", ERROR, trouble);
    }

    /// The result is not all that it could be.
    pub(crate) fn warning(&self, trouble: &Trouble) {
        if !self.quiet {
            self.say("warning", WARNING, trouble);
        }
    }

    /// A line about the result as a whole.
    pub(crate) fn summary(&self, text: impl Display) {
        if !self.quiet {
            self.line(text);
        }
    }

    /// What can be done about the result.
    pub(crate) fn advice(&self, text: &str) {
        if !self.quiet {
            self.hint(text);
        }
    }

    /// What of the exit status comes from messages.
    pub(crate) fn status(&self) -> Status {
        if self.trouble.load(Ordering::Relaxed) { Status::Trouble } else { Status::Well }
    }

    /// Something that takes time begins: `total` steps of it, if that is known.
    pub(crate) fn phase(&self, name: &'static str, total: usize) -> Phase<'_> {
        self.progress.start(name, total)
    }

    /// Says how long the phases took.
    pub(crate) fn timings(&self) {
        self.line(self.progress.timings());
    }

    fn say(&self, severity: &str, style: Style, trouble: &Trouble) {
        let Trouble { about, text, hint } = trouble;
        self.line(format_args!("{style}{severity}{style:#}: kabiscope: {about}: {text}"));
        if let Some(hint) = hint {
            self.hint(hint);
        }
    }

    fn hint(&self, text: &str) {
        self.line(format_args!("{HINT}hint{HINT:#}: {text}"));
    }

    fn line(&self, line: impl Display) {
        // There is nobody to tell should it be impossible to write to.
        self.progress.suspend(|| {
            let _ = writeln!(anstream::stderr().lock(), "{line}");
        });
    }
}
