// SPDX-License-Identifier: GPL-2.0-only
//! Comparisons that show where the difference is.

use std::fmt::Write as _;

use similar::TextDiff;

/// More characters of a difference than this help nobody.
const MAX_SHOWN: usize = 8 << 10;

/// Compares what the reference says with what we say, part by part, and gathers where they differ.
#[derive(Debug, Default)]
pub struct Comparison {
    differences: String,
}

impl Comparison {
    /// Compares one part of the answers.
    pub fn part(&mut self, name: &str, expected: &[u8], found: &[u8]) {
        if expected == found {
            return;
        }
        // Lines can be half a megabyte long: a line for each item of a list shows which one it is.
        let [expected, found] = [expected, found]
            .map(|text| String::from_utf8_lossy(text).replace(" , ", " ,\n    ").replace(" { ", " {\n    "));
        let diff = TextDiff::from_lines(&expected, &found);
        let mut shown = diff.unified_diff().header(&format!("{name} (reference)"), name).to_string();
        if let Some((end, _)) = shown.char_indices().nth(MAX_SHOWN) {
            shown.truncate(end);
            shown.push_str("\n[…]\n");
        }
        self.differences.push_str(&shown);
    }

    /// Notes that something does not hold.
    pub fn require(&mut self, holds: bool, what: impl std::fmt::Display) {
        if !holds {
            // Writing to a string does not fail.
            let _ = writeln!(self.differences, "{what}");
        }
    }

    /// # Errors
    /// The differences, if there are any.
    pub fn finish(self) -> Result<(), String> {
        if self.differences.is_empty() { Ok(()) } else { Err(self.differences) }
    }
}
