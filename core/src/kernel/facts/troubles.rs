// SPDX-License-Identifier: GPL-2.0-only
//! What could not be read, alike things in one line.

use std::fmt::{Display, Write as _};

use indexmap::IndexMap;

/// So many of alike things are named, the others counted: a damaged table has thousands.
const SHOWN: usize = 20;

/// Collects troubles in the order in which they first come up.
#[derive(Debug, Default)]
pub(super) struct Troubles(IndexMap<String, Alike>);

#[derive(Debug, Default)]
struct Alike {
    named: String,
    count: usize,
}

impl Troubles {
    /// Something is wrong.
    pub(super) fn add(&mut self, what: impl Display) {
        self.0.entry(what.to_string()).or_default();
    }

    /// Something is wrong that may be wrong in many places.
    pub(super) fn add_at(&mut self, what: &str, place: impl Display) {
        if !self.0.contains_key(what) {
            self.0.insert(what.to_owned(), Alike::default());
        }
        let Some(alike) = self.0.get_mut(what) else { return };
        if alike.count < SHOWN {
            let separator = if alike.count == 0 { "" } else { ", " };
            // Writing to a string does not fail.
            let _ = write!(alike.named, "{separator}{place}");
        }
        alike.count += 1;
    }

    /// A line each.
    pub(super) fn into_lines(self) -> Vec<String> {
        let line = |(what, alike): (String, Alike)| match alike.count {
            0 => what,
            1..=SHOWN => format!("{what}: {}", alike.named),
            more => format!("{what}: {} and {} more", alike.named, more - SHOWN),
        };
        self.0.into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_things_are_one_line() {
        let mut troubles = Troubles::default();
        for entry in 0..23 {
            troubles.add_at("no name", entry);
        }
        troubles.add("too short");
        troubles.add_at("no version", "a");
        let many = "no name: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 and 3 more";
        assert_eq!(troubles.into_lines(), [many, "too short", "no version: a"]);
    }
}
