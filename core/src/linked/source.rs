// SPDX-License-Identifier: GPL-2.0-only
//! Where DIEs are in the source.

use super::Units;
use super::speakers::Place;
use crate::dwarf::{Attr, Attributes, DebugInfo, DieOffset, Files, Unit};

/// Where a DIE in another unit than the one at hand is in the source.
pub(super) fn source_elsewhere(units: &Units<'_>, place: &Place) -> Option<(String, u32)> {
    units.with_debug_info(&place.unit, |debug_info| Ok(Sources::new(debug_info).source(place.at))).ok().flatten()
}

/// Where DIEs are in the source. That is only shown, so where something is wrong with it, it is only missing.
pub(super) struct Sources<'d, 'a> {
    debug_info: &'d DebugInfo<'a>,
    /// The unit that was asked last, and its files.
    files: Option<(DieOffset, Files<'a>)>,
}

impl<'d, 'a> Sources<'d, 'a> {
    pub(super) fn new(debug_info: &'d DebugInfo<'a>) -> Self {
        Self { debug_info, files: None }
    }

    /// The file and line that a DIE names, or that it leaves to the DIE that it completes.
    pub(super) fn source(&mut self, mut at: DieOffset) -> Option<(String, u32)> {
        let debug_info = self.debug_info;
        let mut attributes = Attributes::default();
        let (mut path, mut line) = (None, None);
        // A concrete instance of an abstract one that completes a declaration: each says only what differs from the next.
        for _ in 0..3 {
            let unit = debug_info.unit_of(at).ok()?;
            unit.details(debug_info, unit.entry(debug_info, at).ok()?, &mut attributes).ok()?;
            line = line.or_else(|| u32::try_from(attributes.constant(Attr::DeclLine)?).ok());
            path = path.or_else(|| self.path(unit, attributes.constant(Attr::DeclFile)?));
            if let (Some(path), Some(line)) = (&path, line) {
                return Some((String::from_utf8_lossy(path).into_owned(), line));
            }
            at = attributes.reference(Attr::AbstractOrigin).or_else(|| attributes.reference(Attr::Specification))?;
        }
        None
    }

    fn path(&mut self, unit: &Unit<'a>, file: u64) -> Option<Vec<u8>> {
        let files = match self.files.take() {
            Some((of, files)) if of == unit.offset() => files,
            _ => unit.files(self.debug_info).ok()?,
        };
        let path = unit.file_path(self.debug_info, &files, file).ok()?;
        self.files = Some((unit.offset(), files));
        path
    }
}
