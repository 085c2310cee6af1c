// SPDX-License-Identifier: GPL-2.0-only
//! The unit that exports a symbol, without asking all of them.
//!
//! Since Linux 6.14 that unit has a variable `__gendwarfksyms_ptr_` with the symbol's name behind it, and hardly another one has
//! a string like that. So it is looked for as bytes: where the string is, and which unit has its offset in it.

use std::ops::Range;

use memchr::memmem;

use super::claims::Wanted;
use super::speakers::{Place, PlannedExport, PlannedUnit, Speakers};
use super::{Language, Units};
use crate::Result;
use crate::dwarf::Sections;
use crate::kernel::facts::Export;
use crate::symbols::POINTER_PREFIX;

/// The name of an export's pointer, as DIEs refer to it: its offset in `.debug_str`.
#[derive(Debug, Clone)]
pub struct PointerName {
    finder: memmem::Finder<'static>,
}

/// More units than that do not export one symbol: these are bytes of something else.
const MAX_CANDIDATES: usize = 16;

impl PointerName {
    /// `None` where the string is not in `sections`, or not only once.
    pub(super) fn find(sections: &Sections<'_>, export: &Export) -> Option<Self> {
        let name = [POINTER_PREFIX, &export.name, b"\0"].concat();
        let mut offsets = memmem::find_iter(sections.strings(), &name);
        let offset = u32::try_from(offsets.next()?).ok().filter(|_| offsets.next().is_none())?;
        let bytes = if sections.is_big_endian() { offset.to_be_bytes() } else { offset.to_le_bytes() };
        Some(Self { finder: memmem::Finder::new(&bytes).into_owned() })
    }

    pub(super) fn is_in(&self, unit: &[u8]) -> bool {
        self.finder.find(unit).is_some()
    }
}

/// What [`Units::exporter`] gives: see there.
pub(super) fn plan(
    units: &Units<'_>,
    candidates: &[Range<usize>],
    exports: &[Export],
    export: u32,
) -> Result<Option<PlannedUnit>> {
    if candidates.len() > MAX_CANDIDATES {
        return Ok(None);
    }
    let wanted = Wanted::new(exports);
    let mut speakers = Speakers::new(exports);
    for unit in candidates {
        let claims = units.claims(unit, &wanted)?;
        // In Rust it is not by pointers that symbols are exported.
        if claims.language == Language::Rust {
            return Ok(None);
        }
        speakers.hear(&claims);
    }
    let is_wanted = |planned: &&PlannedExport| planned.export == export;
    let mut planned = units.plan(speakers).units.into_iter();
    Ok(planned.find(|unit| {
        let is_here = |place: &Option<Place>| place.as_ref().is_some_and(|place| place.unit == unit.unit);
        // No other unit speaks for what this one exports by a pointer; one may define it, which is asked of the export itself.
        unit.exports.iter().find(is_wanted).is_some_and(|wanted| is_here(&wanted.definition))
            && unit.exports.iter().all(|export| is_here(&export.pointer))
    }))
}
