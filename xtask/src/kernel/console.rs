// SPDX-License-Identifier: GPL-2.0-only
//! What stands on the console of the kernel under test: its messages, and the lines of `guest/init` between them.

use std::collections::BTreeMap;

/// What begins a line of `guest/init`.
const MARK: &str = "@@ ";

/// A part of the kernel's selftest of its module loader.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selftest {
    pub(super) id: String,
    pub(super) times: u32,
    pub(super) status: i32,
    pub(super) seconds: u32,
}

/// From boot to end.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// Exit status by step and module.
    steps: BTreeMap<(String, String), i32>,
    messages: Vec<String>,
    pub(super) selftest: Vec<Selftest>,
    /// Whether it came to its end.
    pub(super) ended: bool,
}

impl Session {
    /// Reads a console's lines.
    pub(super) fn parse(console: &str) -> Self {
        let mut session = Self::default();
        for line in console.lines() {
            // A kernel's message may come before the end of the line that a program writes.
            match line.split_once(MARK) {
                Some((_, words)) => session.take(&words.split_whitespace().collect::<Vec<_>>()),
                None => session.messages.push(without_time(line.trim_end()).to_owned()),
            }
        }
        session
    }

    fn take(&mut self, words: &[&str]) {
        match *words {
            ["end"] => self.ended = true,
            ["selftest", id, times, status, seconds] => {
                if let (Ok(times), Ok(status), Ok(seconds)) = (times.parse(), status.parse(), seconds.parse()) {
                    self.selftest.push(Selftest { id: id.to_owned(), times, status, seconds });
                }
            }
            [step, module, status] => {
                if let Ok(status) = status.parse() {
                    self.steps.insert((step.to_owned(), module.to_owned()), status);
                }
            }
            _ => {}
        }
    }

    /// How a step with a module ended.
    pub(super) fn status(&self, step: &str, module: &str) -> Option<i32> {
        self.steps.get(&(step.to_owned(), module.to_owned())).copied()
    }

    /// Whether the kernel said just this.
    pub(super) fn says(&self, message: &str) -> bool {
        self.messages.iter().any(|line| line == message)
    }
}

/// A message of the kernel without the time in brackets before it.
fn without_time(line: &str) -> &str {
    line.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(line, |(_, message)| message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of a session with Linux 7.3.4 under qemu. There no message had a time before it, and the second selftest passed.
    const CONSOLE: &str = "\
        @@ unloaded nls_utf8 0\r\n\
        nls_utf8: disagrees about version of symbol __register_nls\r\n\
        [    4.104512] nls_utf8: Unknown symbol __register_nls (err -22)\r\n\
        insmod: can't insert '/tampered/nls_utf8.ko': Invalid argument\r\n\
        @@ tampered nls_utf8 22\r\n\
        @@ again nls_utf8 0\r\n\
        @@ selftest 0001 3 0 1\r\n\
        @@ selftest 0002 3 1 12\r\n\
        @@ end\r\n";

    #[test]
    fn a_session() {
        let session = Session::parse(CONSOLE);
        assert_eq!(session.status("tampered", "nls_utf8"), Some(22));
        assert_eq!(session.status("again", "nls_utf8"), Some(0));
        assert_eq!(session.status("loaded", "nls_utf8"), None);
        assert!(session.says("nls_utf8: disagrees about version of symbol __register_nls"));
        assert!(!session.says("nls_utf8: disagrees about version of symbol"));
        assert!(session.says("nls_utf8: Unknown symbol __register_nls (err -22)"), "without the time");
        assert!(session.ended);
        let passed = session.selftest.iter().map(|test| (test.id.as_str(), test.times, test.status, test.seconds));
        assert_eq!(passed.collect::<Vec<_>>(), [("0001", 3, 0, 1), ("0002", 3, 1, 12)]);
        assert!(!Session::parse("@@ tampered nls_utf8 22").ended);
    }
}
