// SPDX-License-Identifier: GPL-2.0-only
//! The unit that speaks for a symbol, without asking all of them.
//!
//! What [`Speakers`] decide of a symbol depends on those units alone that mention it, and mostly these are few. What is
//! mentioned everywhere is looked for where its address or its pointer is as well: nothing takes precedence of a unit that
//! defines it there.
//!
//! The unit speaks for other symbols too, and for exactly these it is walked. Most it defines at their addresses; of all others it
//! is looked once more who mentions them.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Units;
use super::claims::{ClaimKind, Claims, Language, Wanted};
use super::mentions::{self, Mentioned, Mentions};
use super::speakers::{Plan, Silence, Speakers};
use crate::Result;
use crate::kernel::facts::Export;

/// So small a part of all units is asked at the most: more would take as long as to ask all.
const PART: usize = 8;

/// And at first of what else the symbol's unit may speak for, where few others mostly suffice to tell.
const PART_AT_FIRST: usize = 64;

/// Of what is mentioned by more, so many units are asked that come first, for these take precedence.
const FIRST: usize = 4;

/// Looks for the unit that speaks for a symbol. Until it is found: all units are [looked](Self::look) at,
/// [some](Self::whom_to_ask) are asked, and what they say is [heard](Self::hear).
pub struct Search<'u, 's> {
    units: &'u Units<'s>,
    exports: &'u [Export],
    export: u32,
    wanted: Wanted,
    speakers: Speakers,
    has_pointers: bool,
    /// What the units said that were asked, by where they start.
    heard: FxHashMap<usize, Claims>,
    /// What is looked for now, and was before.
    names: Vec<u32>,
    mentions: Mentions,
    known: FxHashSet<u32>,
    rust: Rust,
    /// Those of the names that are mentioned by more units than can be asked.
    partly: Vec<u32>,
    /// The unit that speaks for the symbol.
    unit: Option<Range<usize>>,
    /// Whether it did not suffice to ask few of what else that unit may speak for.
    is_thorough: bool,
}

/// Whether all units in Rust were heard: only these speak for names that the Rust compiler makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rust {
    NotAsked,
    Asked,
    Heard,
}

/// What is seen of a unit without asking it.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    mentioned: Mentioned,
    is_rust: bool,
}

/// How a search stands.
#[derive(Debug)]
pub enum Progress {
    /// All units have to be looked at once more.
    Unfinished,
    /// The plan for the symbol's unit, or for the symbol if none speaks for it: the same as if all had been asked, but for where
    /// the other exports are defined that the unit does not define.
    Found(Plan),
    /// All have to be asked.
    Hopeless,
}

impl<'u, 's> Search<'u, 's> {
    pub(super) fn new(units: &'u Units<'s>, exports: &'u [Export], export: u32) -> Option<Self> {
        // Modules and objects have few units, and what refers to others may have its name there. Where there are no strings by
        // themselves, any name may be anywhere.
        if !units.is_linked || units.supplementary.is_some() || units.sections.strings().is_empty() {
            return None;
        }
        let mut search = Self {
            units,
            exports,
            export,
            wanted: Wanted::new(exports),
            speakers: Speakers::new(exports),
            has_pointers: mentions::has_pointers(units.sections),
            heard: FxHashMap::default(),
            names: Vec::new(),
            mentions: Mentions::default(),
            known: FxHashSet::default(),
            rust: Rust::NotAsked,
            partly: Vec::new(),
            unit: None,
            is_thorough: false,
        };
        let sought = if search.speakers.is_rust(export) { vec![export] } else { search.at_address_of(export)? };
        search.look_for(sought).then_some(search)
    }

    /// The export and others at its address: what has no DIE may have been folded with one of these.
    fn at_address_of(&self, export: u32) -> Option<Vec<u32>> {
        let place = place(self.exports.get(export as usize)?)?;
        let all = (0..).zip(self.exports);
        Some(all.filter(|(_, other)| self::place(other) == Some(place)).map(|(index, _)| index).collect())
    }

    /// Whether it makes sense to look for these.
    fn look_for(&mut self, exports: Vec<u32>) -> bool {
        let (of_rust, names): (_, Vec<_>) =
            exports.into_iter().partition(|&export| self.rust != Rust::Heard && self.speakers.is_rust(export));
        if !of_rust.is_empty() {
            self.rust = Rust::Asked;
        }
        let sought: Vec<_> = names.iter().filter_map(|&name| self.exports.get(name as usize)).collect();
        let Some(mentions) = Mentions::new(self.units.sections, &sought, self.units.address_size, self.has_pointers)
        else {
            return false;
        };
        self.known.extend(&names);
        (self.names, self.mentions) = (names, mentions);
        true
    }

    /// What can be seen of a unit.
    pub fn look(&self, unit: &Range<usize>) -> Look {
        let bytes = self.units.sections.bytes_of(unit.clone()).unwrap_or_default();
        let is_rust = || self.units.language(unit).is_ok_and(|language| language == Language::Rust);
        Look { mentioned: self.mentions.in_unit(bytes), is_rust: self.rust == Rust::Asked && is_rust() }
    }

    /// The units that are to be asked, when `looks` were taken at all.
    pub fn whom_to_ask(&mut self, looks: &[Look]) -> Vec<Range<usize>> {
        let ranges = self.units.ranges();
        let new: Vec<_> = ranges.iter().zip(looks).filter(|(unit, _)| !self.heard.contains_key(&unit.start)).collect();
        let size = |bit: u64| -> usize {
            new.iter().filter(|(_, look)| look.mentioned.names & bit != 0).map(|(unit, _)| unit.len()).sum()
        };
        let names = (0..).zip(&self.names).map(|(bit, &name)| {
            let bit = 1u64 << bit;
            (size(bit), bit, name)
        });
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        let part = if self.unit.is_none() || self.is_thorough { PART } else { PART_AT_FIRST };
        let mut left = ranges.iter().map(Range::len).sum::<usize>() / part;
        let (mut wholly, mut closely) = (0, 0);
        self.partly.clear();
        for (size, bit, name) in names {
            if let Some(rest) = left.checked_sub(size) {
                left = rest;
                wholly |= bit;
            } else {
                closely |= bit;
                self.partly.push(name);
            }
        }
        let mut firsts = [0u8; mentions::MAX_NAMES];
        let mut is_asked = |Look { mentioned, is_rust }: &Look| {
            let mut asked = *is_rust || mentioned.names & wholly != 0;
            for (bit, count) in firsts.iter_mut().enumerate().take(self.names.len()) {
                let bit = 1 << bit;
                if mentioned.names & closely & bit != 0 {
                    asked |= mentioned.closely & bit != 0 || usize::from(*count) < FIRST;
                    *count = count.saturating_add(1);
                }
            }
            asked
        };
        new.into_iter().filter(|(_, look)| is_asked(look)).map(|(unit, _)| unit.clone()).collect()
    }

    /// What a unit says; `None` if it refers to other units, where names may be that it does not mention.
    ///
    /// # Errors
    /// [`Error::Dwarf`](crate::Error::Dwarf) if it cannot be read.
    pub fn ask(&self, unit: &Range<usize>) -> Result<Option<Claims>> {
        self.units.claims_if_alone(unit, &self.wanted)
    }

    /// Hears what those said that were asked.
    pub fn hear(&mut self, claims: Vec<Claims>) -> Progress {
        for claims in claims {
            self.speakers.hear(&claims);
            self.heard.insert(claims.unit.start, claims);
        }
        if self.rust == Rust::Asked {
            self.rust = Rust::Heard;
        }
        let unsettled: Vec<_> = self.partly.iter().copied().filter(|&name| !self.is_settled(name)).collect();
        if !unsettled.is_empty() {
            let once_more = self.unit.is_some() && !self.is_thorough;
            self.is_thorough = true;
            return if once_more && self.look_for(unsettled) { Progress::Unfinished } else { Progress::Hopeless };
        }
        let mut plan = self.speakers.clone().decide();
        plan.silent.retain(|(export, _)| *export == self.export);
        plan.units.retain(|unit| unit.exports.iter().any(|planned| planned.export == self.export));
        let planned = plan.units.first();
        if let Some(planned) = planned.filter(|_| self.partly.contains(&self.export))
            && !planned.exports.iter().any(|own| own.export == self.export && own.is_defined_in(&planned.unit))
        {
            // Where it is defined was not heard for certain.
            return Progress::Hopeless;
        }
        self.unit = planned.map(|planned| planned.unit.clone());
        let claims = planned.and_then(|planned| self.heard.get(&planned.unit.start));
        let sought = match claims {
            Some(claims) => self.uncertain(claims),
            // Which exports have no address is known of all units alone.
            None if plan.silent.iter().any(|(_, silence)| *silence == Silence::Unplaced) => return Progress::Hopeless,
            None => self.at_address_of(self.export).unwrap_or_default(),
        };
        let sought: Vec<_> = sought.into_iter().filter(|export| !self.known.contains(export)).collect();
        if sought.is_empty() {
            Progress::Found(plan)
        } else if self.look_for(sought) {
            Progress::Unfinished
        } else {
            Progress::Hopeless
        }
    }

    /// Whether no unit that was not heard can change that the symbol's unit speaks for an export, or does not.
    fn is_settled(&self, export: u32) -> bool {
        // One that takes precedence of another that already did makes no difference.
        let is_of_another = || {
            self.unit.is_some() && self.speakers.speaker(export).is_some_and(|unit| Some(unit) != self.unit.as_ref())
        };
        self.speakers.is_certain(export, self.has_pointers) || export != self.export && is_of_another()
    }

    /// The exports that a unit might speak for, where units that were not heard might as well.
    fn uncertain(&self, claims: &Claims) -> Vec<u32> {
        let might = claims.claims.iter().filter(|claim| claim.kind != ClaimKind::Declares).map(|claim| claim.export);
        let mut exports: FxHashSet<u32> = might.collect();
        if claims.language == Language::Rust {
            // And for those that were folded with these.
            let own = exports.iter().filter_map(|&export| place(self.exports.get(export as usize)?));
            let own: FxHashSet<_> = own.collect();
            let is_there = |export: &Export| place(export).is_some_and(|place| own.contains(&place));
            exports.extend((0..).zip(self.exports).filter(|(_, export)| is_there(export)).map(|(index, _)| index));
        }
        let is_heard = |export| self.rust == Rust::Heard && self.speakers.is_rust(export);
        exports.retain(|&export| !is_heard(export) && !self.is_settled(export));
        let mut exports: Vec<_> = exports.into_iter().collect();
        exports.sort_unstable();
        exports
    }
}

/// Where the symbol table has an export.
fn place(export: &Export) -> Option<(u32, u64)> {
    export.definition.map(|definition| (definition.section, definition.value))
}
