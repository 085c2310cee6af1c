// SPDX-License-Identifier: GPL-2.0-only
//! The units of a file in a worker: all of them, or those in the parts of `.debug_info` that it was asked about.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use kabiscope::Result;
use kabiscope::dwarf::{self, Sections};
use kabiscope::kernel::facts::{Export, Kind};
use kabiscope::linked::{Speakers, Units, Wanted};

use super::input::Input;

/// Units are shared out in parts of about so many bytes: to read and look through one keeps a worker for less than 0.1 s.
const PART_SIZE: usize = 4 << 20;

/// The start of the one part that all units are read as.
const WHOLE: usize = 0;

/// A file whose versions are computed.
pub(super) struct Target {
    /// The file with the debugging information.
    pub(super) input: &'static Input,
    pub(super) exports: Vec<Export>,
    pub(super) wanted: Wanted,
    /// What was heard so far, in the worker that decides.
    pub(super) speakers: Option<Speakers>,
    kind: Kind,
    parts: Vec<Range<usize>>,
    /// Whether all units are read as one.
    is_whole: bool,
    /// Of each part that was read, by its start.
    read: RefCell<BTreeMap<usize, &'static Units<'static>>>,
}

impl Target {
    /// Finds the parts of `.debug_info`. Where it has to be `whole`, it is read.
    pub(super) fn new(input: &'static Input, kind: Kind, exports: Vec<Export>, whole: bool) -> Result<Self> {
        let image = &input.image;
        let mut target = Self {
            input,
            wanted: Wanted::new(&exports),
            speakers: Some(Speakers::new(&exports)),
            exports,
            kind,
            parts: Vec::new(),
            is_whole: true,
            read: RefCell::default(),
        };
        match Sections::size_in_parts(image).filter(|_| !whole && kind != Kind::Object) {
            Some(size) => {
                target.is_whole = false;
                // Where the starts cannot be told, it is one part.
                target.parts = parts(&dwarf::unit_starts(image).unwrap_or_default(), size);
            }
            None => {
                let units = units(Sections::read(image)?, kind)?;
                let starts: Vec<usize> = units.ranges().iter().map(|unit| unit.start).collect();
                target.parts = parts(&starts, units.ranges().last().map_or(0, |last| last.end));
                target.read.get_mut().insert(WHOLE, units);
            }
        }
        Ok(target)
    }

    /// The parts of `.debug_info` in which units can be asked for.
    pub(super) fn parts(&self) -> &[Range<usize>] {
        &self.parts
    }

    /// The units of the part that an offset is in, which is read if it has not been.
    pub(super) fn units_at(&self, offset: usize) -> Result<&'static Units<'static>> {
        let part = if self.is_whole { WHOLE..WHOLE } else { self.part_at(offset) };
        if let Some(units) = self.read.borrow().get(&part.start) {
            return Ok(units);
        }
        let sections = Sections::read_units(&self.input.image, part.clone())?;
        let units = units(sections, self.kind)?;
        self.read.borrow_mut().insert(part.start, units);
        Ok(units)
    }

    fn part_at(&self, offset: usize) -> Range<usize> {
        let index = self.parts.partition_point(|part| part.start <= offset);
        index.checked_sub(1).map_or(0..0, |index| self.parts[index].clone())
    }

    /// Whether units that start at these offsets are in the same part.
    pub(super) fn are_read_together(&self, one: usize, other: usize) -> bool {
        self.is_whole || self.part_at(one) == self.part_at(other)
    }

    /// Whether all units are at hand.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }
}

/// What is read stays until the worker ends.
fn units(sections: Sections<'static>, kind: Kind) -> Result<&'static Units<'static>> {
    let sections: &Sections<'_> = Box::leak(Box::new(sections));
    Ok(Box::leak(Box::new(Units::new(sections, None, kind, None)?)))
}

/// Joins units to parts.
fn parts(starts: &[usize], end: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    // Where the first unit has no code, it is not among those that `.debug_aranges` tells of.
    let mut start = 0;
    for &unit in starts.iter().filter(|&&unit| unit < end) {
        if unit - start >= PART_SIZE {
            parts.push(start..unit);
            start = unit;
        }
    }
    if start < end {
        parts.push(start..end);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_joined_to_parts() {
        let size = PART_SIZE;
        let starts = [10, size - 1, size + 1, size + 2, 2 * size + 2, 9 * size];
        let expect = [0..size + 1, size + 1..2 * size + 2, 2 * size + 2..3 * size];
        assert_eq!(parts(&starts, 3 * size), expect);
        let only = 0..7;
        assert_eq!(parts(&[], 7), [only]);
        assert!(parts(&[], 0).is_empty());
    }
}
