// SPDX-License-Identifier: GPL-2.0-only
//! The summary of a run.

use std::collections::BTreeMap;
use std::fmt;

use super::case::Cell;
use super::compare::Verdict;

/// How many comparisons came to what.
#[derive(Clone, Copy, Default)]
struct Counts {
    compared: usize,
    agreed: usize,
    both_failed: usize,
    by_chance: usize,
    agreed_linked: usize,
    cannot_read: usize,
    crashed: usize,
    differed: usize,
    not_made: usize,
}

/// Counts by compiler, architecture and version of DWARF.
#[derive(Default)]
pub(crate) struct Summary {
    cells: BTreeMap<Cell, Counts>,
}

impl Summary {
    /// Counts a comparison.
    pub(crate) fn count(&mut self, cell: &Cell, verdict: &Verdict) {
        let counts = self.cells.entry(cell.clone()).or_default();
        counts.compared += 1;
        *match verdict {
            Verdict::Agreed => &mut counts.agreed,
            Verdict::BothFailed => &mut counts.both_failed,
            Verdict::ByChance(_) => &mut counts.by_chance,
            Verdict::AgreedLinked => &mut counts.agreed_linked,
            Verdict::CannotRead => &mut counts.cannot_read,
            Verdict::Crashed => &mut counts.crashed,
            Verdict::Differed(_) => &mut counts.differed,
        } += 1;
    }

    /// Counts an object that a compiler refused to make.
    pub(crate) fn count_not_made(&mut self, cell: &Cell) {
        self.cells.entry(cell.clone()).or_default().not_made += 1;
    }

    /// How many comparisons differed.
    pub(crate) fn differed(&self) -> usize {
        self.total().differed
    }

    /// How many comparisons there were.
    pub(crate) fn compared(&self) -> usize {
        self.total().compared
    }

    /// How many objects could not be made.
    pub(crate) fn not_made(&self) -> usize {
        self.total().not_made
    }

    fn total(&self) -> Counts {
        self.cells.values().fold(Counts::default(), |sum, counts| Counts {
            compared: sum.compared + counts.compared,
            agreed: sum.agreed + counts.agreed,
            both_failed: sum.both_failed + counts.both_failed,
            by_chance: sum.by_chance + counts.by_chance,
            agreed_linked: sum.agreed_linked + counts.agreed_linked,
            cannot_read: sum.cannot_read + counts.cannot_read,
            crashed: sum.crashed + counts.crashed,
            differed: sum.differed + counts.differed,
            not_made: sum.not_made + counts.not_made,
        })
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = Cell { compiler: "compiler".into(), architecture: "architecture".into(), dwarf: "DWARF".into() };
        let columns = [
            "compared",
            "agreed",
            "both failed",
            "by chance",
            "agreed linked",
            "cannot read",
            "crashed",
            "differed",
            "not made",
        ]
        .map(str::to_owned);
        row(f, &head, &columns)?;
        let foot = Cell { compiler: "all".into(), architecture: String::new(), dwarf: String::new() };
        for (cell, counts) in self.cells.iter().chain([(&foot, &self.total())]) {
            let columns = [
                counts.compared,
                counts.agreed,
                counts.both_failed,
                counts.by_chance,
                counts.agreed_linked,
                counts.cannot_read,
                counts.crashed,
                counts.differed,
                counts.not_made,
            ];
            row(f, cell, &columns.map(|count| count.to_string()))?;
        }
        Ok(())
    }
}

fn row(f: &mut fmt::Formatter<'_>, cell: &Cell, columns: &[String]) -> fmt::Result {
    write!(f, "{:<26} {:<12} {:>5}", cell.compiler, cell.architecture, cell.dwarf)?;
    for column in columns {
        write!(f, " {column:>13}")?;
    }
    writeln!(f)
}
