// SPDX-License-Identifier: GPL-2.0-only
//! The versions in a linked image, as Kbuild computed them: unit by unit, for each was an object of its own.
//!
//! Which unit's object exported a symbol is not written anywhere. It is decided from what all units say. Both steps take one
//! unit at a time, so that callers can spread them over threads or workers: [`Units::claims`] says what a unit tells of the
//! exports; by what [`Speakers`] decide, [`Units::answers`] computes the versions of those that it speaks for.
//!
//! What Kbuild read and the image does not hold: the order of units within an object (every object of C or Rust is one
//! unit), kABI rules (discarded by the linker), and the stand-in objects that give assembly its types.

mod answers;
mod claims;
mod mentions;
mod object;
mod search;
mod source;
mod speakers;

use std::ops::Range;
use std::sync::OnceLock;

pub use answers::{Answer, Answers, Computed};
pub use claims::{Claim, ClaimKind, Claims, Language, Wanted};
pub use search::{Look, Progress, Search};
pub use speakers::{Place, Plan, PlannedExport, PlannedUnit, Silence, Speakers, Trimmed};

use crate::Result;
use crate::dwarf::{DebugInfo, DieOffset, Sections, Unit};
use crate::kernel::KabiRules;
use crate::kernel::facts::{Export, Kind};

/// The units of a file.
pub struct Units<'s> {
    sections: &'s Sections<'s>,
    supplementary: Option<&'s Sections<'s>>,
    rules: Option<KabiRules>,
    ranges: Vec<Range<usize>>,
    /// Whether all units together are one object.
    is_object: bool,
    /// Whether symbols have addresses.
    is_linked: bool,
    /// Bytes of an address.
    address_size: u8,
    /// All units together, made when one is met that refers to others.
    whole: OnceLock<DebugInfo<'s>>,
}

impl<'s> Units<'s> {
    /// Reads the headers of the units in `sections`, of an image of the given `kind`. `supplementary` is the file that `dwz`
    /// moved DIEs to. With `rules`, `__kabi_` members have effect (`--stable`), and so have these rules.
    ///
    /// # Errors
    /// [`Error::Dwarf`](crate::Error::Dwarf) for a header that is malformed or of an unknown version.
    pub fn new(
        sections: &'s Sections<'s>,
        supplementary: Option<&'s Sections<'s>>,
        kind: Kind,
        rules: Option<KabiRules>,
    ) -> Result<Self> {
        let debug_info = DebugInfo::new(sections, None)?;
        let mut ranges: Vec<_> = debug_info.units_of_info().map(Unit::range).collect();
        let is_object = kind == Kind::Object;
        if is_object && let Some(end) = ranges.last().map(|last| last.end) {
            ranges.truncate(1);
            ranges[0].end = end;
        }
        let is_linked = kind == Kind::Vmlinux;
        let address_size = debug_info.units_of_info().next().map_or(0, Unit::address_size);
        Ok(Self { sections, supplementary, rules, ranges, is_object, is_linked, address_size, whole: OnceLock::new() })
    }

    /// Their places in `.debug_info`. The units of an object file count as one.
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// The name of the unit at `unit`: the path of its source.
    ///
    /// # Errors
    /// [`Error::Dwarf`](crate::Error::Dwarf) if it cannot be read.
    pub fn name(&self, unit: &Range<usize>) -> Result<Option<String>> {
        self.with(unit, answers::name)
    }

    /// What the unit at `unit` says of the exports.
    ///
    /// # Errors
    /// [`Error::Dwarf`](crate::Error::Dwarf) if it cannot be read.
    pub fn claims(&self, unit: &Range<usize>, wanted: &Wanted) -> Result<Claims> {
        self.with(unit, |debug_info, units| claims::read(debug_info, units, unit.clone(), wanted, self.is_linked))
    }

    /// Looks for the unit that speaks for `export` without asking all; `None` if they have to be.
    pub fn search<'u>(&'u self, exports: &'u [Export], export: u32) -> Option<Search<'u, 's>> {
        Search::new(self, exports, export)
    }

    /// The language that the unit at `unit` is written in, read without anything else of it.
    fn language(&self, unit: &Range<usize>) -> Result<Language> {
        let part = self.sections.with_units_of(unit.clone())?;
        let debug_info = DebugInfo::new(&part, None)?;
        let root = debug_info.unit_at(unit.start)?.root_details_alone(&debug_info)?;
        Ok(Language::of(&root))
    }

    /// What the unit at `unit` says of the exports, unless it refers to others.
    fn claims_if_alone(&self, unit: &Range<usize>, wanted: &Wanted) -> Result<Option<Claims>> {
        self.with(unit, |debug_info, units| {
            for unit in units {
                if unit.refers_outside(debug_info)? {
                    return Ok(None);
                }
            }
            claims::read(debug_info, units, unit.clone(), wanted, self.is_linked).map(Some)
        })
    }

    /// Decides which units are asked, when `speakers` have heard all of them.
    pub fn plan(&self, speakers: Speakers) -> Plan {
        match &*self.ranges {
            [object] if self.is_object => speakers.decide_for_object(object),
            _ => speakers.decide(),
        }
    }

    /// Versions of the exports that a unit speaks for.
    pub fn answers(&self, planned: &PlannedUnit, exports: &[Export]) -> Answers {
        answers::read(self, planned, exports)
    }

    /// The answer for an export that no unit speaks for.
    pub fn explain(&self, export: u32, silence: &Silence) -> Answers {
        answers::explain(self, export, silence)
    }

    /// The lines of a unit's symtypes file, as Kbuild's `KBUILD_SYMTYPES=1` writes it beside the object: all types and
    /// exports, each with its string, sorted by name.
    ///
    /// # Errors
    /// Whatever is wrong with a type that the exports need.
    pub fn symtypes(&self, planned: &PlannedUnit, exports: &[Export]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        answers::symtypes(self, planned, exports)
    }

    /// The string that the version of an export is the CRC of; `None` if the unit does not speak for it.
    ///
    /// # Errors
    /// Whatever is wrong with a type that the exports of the unit need.
    pub fn expanded_string(&self, planned: &PlannedUnit, exports: &[Export], export: u32) -> Result<Option<Vec<u8>>> {
        answers::expanded_string(self, planned, exports, export)
    }

    /// The types that this string is made of, as the symtypes file of the unit has them: each with its string, sorted by name.
    ///
    /// # Errors
    /// As [`Self::expanded_string`].
    pub fn types_behind(
        &self,
        planned: &PlannedUnit,
        exports: &[Export],
        export: u32,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        answers::types_behind(self, planned, exports, export)
    }

    /// Path and line of what the DIE at `place` defines or declares.
    pub fn source(&self, place: &Place) -> Option<(String, u32)> {
        source::source_elsewhere(self, place)
    }

    /// Whether any unit refers to DIEs of others: then these have to be at hand as well.
    ///
    /// # Errors
    /// [`Error::Dwarf`](crate::Error::Dwarf) if a unit's abbreviations cannot be read.
    pub fn refer_to_others(&self) -> Result<bool> {
        let debug_info = DebugInfo::new(self.sections, None)?;
        for unit in debug_info.units_of_info() {
            if unit.refers_outside(&debug_info)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Calls `f` with what has to be at hand to read the DIE at `at`.
    ///
    /// # Errors
    /// Those of `f`, and [`Error::Dwarf`](crate::Error::Dwarf) if units cannot be read.
    pub fn with_die<T>(&self, at: DieOffset, f: impl FnOnce(&DebugInfo<'_>) -> Result<T>) -> Result<T> {
        let unit = at.in_info().and_then(|offset| self.ranges.iter().find(|unit| unit.contains(&offset)));
        match unit {
            Some(unit) => self.with_debug_info(unit, f),
            None => f(self.whole()?),
        }
    }

    /// Calls `f` with what has to be at hand to read the unit at `unit`.
    ///
    /// # Errors
    /// Those of `f`, and [`Error::Dwarf`](crate::Error::Dwarf) if there is no such unit.
    pub fn with_debug_info<T>(&self, unit: &Range<usize>, f: impl FnOnce(&DebugInfo<'_>) -> Result<T>) -> Result<T> {
        self.with(unit, |debug_info, _| f(debug_info))
    }

    /// Calls `f` with the unit, or the units of an object, and with what has to be at hand to read them: where a unit does not
    /// refer to others, that is a [`DebugInfo`] of this unit alone, so that nothing stays in memory.
    fn with<T>(
        &self,
        range: &Range<usize>,
        f: impl for<'a> FnOnce(&DebugInfo<'a>, &[&Unit<'a>]) -> Result<T>,
    ) -> Result<T> {
        if !self.is_object {
            let part = self.sections.with_units_of(range.clone())?;
            let debug_info = DebugInfo::new(&part, None)?;
            let unit = debug_info.unit_at(range.start)?;
            if !unit.refers_outside(&debug_info)? {
                return f(&debug_info, &[unit]);
            }
        }
        let whole = self.whole()?;
        let units: Vec<_> = whole.units_of_info().filter(|unit| range.contains(&unit.range().start)).collect();
        f(whole, &units)
    }

    fn whole(&self) -> Result<&DebugInfo<'s>> {
        if let Some(whole) = self.whole.get() {
            return Ok(whole);
        }
        let whole = DebugInfo::new(self.sections, self.supplementary)?;
        Ok(self.whole.get_or_init(|| whole))
    }
}

/// Versions of exports that are `silent` in an image, from a stand-in: the object file, as `units`, that Kbuild compiled to give
/// the exports of an assembler source their types.
///
/// # Errors
/// [`Error::Dwarf`](crate::Error::Dwarf) if the stand-in cannot be read.
pub fn stand_in(units: &Units<'_>, exports: &[Export], silent: &[(u32, Silence)]) -> Result<Vec<Answers>> {
    let wanted = Wanted::new(exports);
    let mut speakers = Speakers::new(exports);
    for unit in units.ranges() {
        speakers.hear(&units.claims(unit, &wanted)?);
    }
    let plan = units.ranges().first().map(|object| speakers.decide_for_stand_in(object, silent));
    Ok(plan.iter().flat_map(|plan| &plan.units).map(|planned| units.answers(planned, exports)).collect())
}
