// SPDX-License-Identifier: GPL-2.0-only
//! Which unit speaks for an export: the one whose object exported it.
//!
//! Found by trial on a Linux 7.3 kernel, whose versions these rules give for every export that is not assembly. In this order:
//!
//! 1. the unit that has a `__gendwarfksyms_ptr_` variable for it, even where another defines it. Rust's symbols, and the C
//!    helpers that Rust calls, are exported by a unit in C that declares them all as `extern int` and is not asked; so
//!    whether a pointer to anything but a function tells the truth is certain only of what the unit defines;
//! 2. the Rust unit that defines it where the symbol table has it;
//! 3. the unit that has any other `__gendwarfksyms_ptr_` variable for it;
//! 4. the unit that defines it where the symbol table has it;
//! 5. a Rust unit that defines it elsewhere, as far as is known, or only describes it; then any that defines it: a function
//!    of which only inlined copies tell;
//! 6. the Rust unit of another export at the same address: functions that the compiler folded into one have one DIE.
//!
//! A unit that exports it by 1, or where there are no pointers defines it at its address, speaks for it whatever others say.
//!
//! A unit that only declares it shows its type, but no more: its object did not export it, and its text may differ.

use std::ops::Range;

use object::ReadRef;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::claims::{Claim, ClaimKind, Claims, Language};
use crate::Result;
use crate::dwarf::DieOffset;
use crate::kernel::facts::{Definition, Export};
use crate::object::{Image, SymbolEntry};

/// Hears what units claim, in any order.
#[derive(Debug, Clone)]
pub struct Speakers {
    heard: Vec<Heard>,
    /// Of each unit that has some, by its start: see [`Claims::trimmed`].
    trimmed: FxHashMap<usize, Vec<Vec<u8>>>,
    /// Whether there are units that could not be read.
    any_missed: bool,
}

/// What was heard of one export.
#[derive(Debug, Clone, Default)]
struct Heard {
    /// Whether its name is one that the Rust compiler makes: then no unit in another language speaks for it.
    is_rust: bool,
    /// What the symbol table says of it.
    symbol: Option<Definition>,
    speaker: Option<Candidate>,
    /// More than one where another unit overrides a weak one.
    definitions: Vec<Place>,
    /// Its `__gendwarfksyms_ptr_` variable.
    pointer: Option<Place>,
    declaration: Option<Place>,
    assembly: Option<Place>,
}

#[derive(Debug, Clone)]
struct Candidate {
    rank: Rank,
    unit: Range<usize>,
}

/// In the order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Exports,
    DefinesInRustAtSymbol,
    SeemsToExport,
    DefinesAtSymbol,
    DefinesInRust,
    DescribesInRust,
    Defines,
}

impl Rank {
    /// Whether it is that of a unit in Rust.
    fn is_rust(self) -> bool {
        matches!(self, Self::DefinesInRustAtSymbol | Self::DefinesInRust | Self::DescribesInRust)
    }

    /// Whether it is that of a definition in C, which a unit with a pointer would take precedence of.
    fn is_definition(self) -> bool {
        matches!(self, Self::DefinesAtSymbol | Self::Defines)
    }
}

/// A DIE and its unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Where the unit is in `.debug_info`.
    pub unit: Range<usize>,
    /// The DIE.
    pub at: DieOffset,
}

/// Which units are to be asked, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Units that speak for exports, in their order.
    pub units: Vec<PlannedUnit>,
    /// Exports that no unit speaks for, by index.
    pub silent: Vec<(u32, Silence)>,
}

impl Plan {
    /// Looks for the trimmed exports in the symbol table of `image`: other exports may be aliases of them, which `exports` are
    /// then taken for.
    ///
    /// # Errors
    /// [`Error::Section`](crate::Error::Section) if there is a symbol table that cannot be read.
    pub fn locate_trimmed<'data, R: ReadRef<'data>>(
        &mut self,
        image: &Image<'data, R>,
        exports: &[Export],
    ) -> Result<()> {
        let mut trimmed: FxHashMap<Vec<u8>, Vec<&mut Option<Definition>>> = FxHashMap::default();
        for unit in self.units.iter_mut().flat_map(|unit| &mut unit.trimmed) {
            trimmed.entry(unit.name.clone()).or_default().push(&mut unit.definition);
        }
        if trimmed.is_empty() {
            return Ok(());
        }
        for symbol in image.symbols()?.iter().filter(SymbolEntry::is_visible_definition) {
            for definition in trimmed.get_mut(symbol.name).into_iter().flatten() {
                **definition = Some(Definition::of(&symbol));
            }
        }
        for unit in self.units.iter_mut().filter(|unit| !unit.trimmed.is_empty()) {
            let extents: FxHashSet<_> = unit.trimmed.iter().filter_map(|trimmed| extent(trimmed.definition?)).collect();
            for planned in unit.exports.iter_mut().filter(|planned| planned.definition.is_none()) {
                let definition = exports.get(planned.export as usize).and_then(|export| export.definition);
                planned.is_defined |= definition.and_then(extent).is_some_and(|extent| extents.contains(&extent));
            }
        }
        Ok(())
    }

    /// Where the type of an export is told that may have no version: where it is defined, or in a unit that declares it.
    pub fn description(&self, export: u32) -> Option<&Place> {
        let mut planned = self.units.iter().flat_map(|unit| &unit.exports);
        let definition =
            planned.find(|planned| planned.export == export).and_then(|planned| planned.definition.as_ref());
        let silence = self.silent.iter().find(|(silent, _)| *silent == export).map(|(_, silence)| silence);
        definition.or_else(|| silence?.declaration())
    }

    fn of_object(object: &Range<usize>, exports: Vec<PlannedExport>) -> Self {
        let unit = PlannedUnit { unit: object.clone(), exports, trimmed: Vec::new() };
        Self { units: vec![unit], silent: Vec::new() }
    }
}

/// A unit, and what it speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedUnit {
    /// Where it is in `.debug_info`.
    pub unit: Range<usize>,
    /// The exports of its object.
    pub exports: Vec<PlannedExport>,
    /// What its object exports beside these: see [`Claims::trimmed`].
    pub trimmed: Vec<Trimmed>,
}

/// An export of a unit's object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedExport {
    /// Its index.
    pub export: u32,
    /// Whether its object defines it, and so knows which of its exports are at the same address.
    pub is_defined: bool,
    /// Its definition, in this unit or another; of a folded function, that of the one it was folded with.
    pub definition: Option<Place>,
    /// Its `__gendwarfksyms_ptr_` variable.
    pub pointer: Option<Place>,
}

impl PlannedExport {
    /// Whether the unit at `unit` defines it.
    pub(super) fn is_defined_in(&self, unit: &Range<usize>) -> bool {
        self.definition.as_ref().is_some_and(|definition| definition.unit == *unit)
    }
}

/// What a unit's object exports, but not the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trimmed {
    /// Its name.
    pub name: Vec<u8>,
    /// Its definition in the symbol table, once [`Plan::locate_trimmed`] has looked there.
    pub definition: Option<Definition>,
}

/// Why no unit speaks for an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Silence {
    /// It is written in assembly.
    Assembly {
        /// The definition.
        definition: Place,
        /// A declaration in another unit.
        declaration: Option<Place>,
    },
    /// It is only declared.
    OnlyDeclared(Place),
    /// No unit mentions it.
    Unmentioned,
    /// The unit that exported it may be one that cannot be read.
    Unheard,
    /// The symbol table has not all exports of its unit.
    Unplaced,
}

impl Speakers {
    /// Nothing was heard yet of `exports`.
    pub fn new(exports: &[Export]) -> Self {
        let is_rust = |name| std::str::from_utf8(name).is_ok_and(|name| rustc_demangle::try_demangle(name).is_ok());
        let heard = exports.iter().map(|export| Heard {
            is_rust: is_rust(&export.name),
            symbol: export.definition,
            ..Heard::default()
        });
        Self { heard: heard.collect(), trimmed: FxHashMap::default(), any_missed: false }
    }

    /// Hears one unit.
    pub fn hear(&mut self, claims: &Claims) {
        let is_definition = |claim: &&Claim| matches!(claim.kind, ClaimKind::Defines { .. });
        let defined: FxHashSet<_> = claims.claims.iter().filter(is_definition).map(|claim| claim.export).collect();
        for claim in &claims.claims {
            if let Some(heard) = self.heard.get_mut(claim.export as usize) {
                heard.hear(claims, claim, defined.contains(&claim.export));
            }
        }
        if !claims.trimmed.is_empty() {
            self.trimmed.insert(claims.unit.start, claims.trimmed.clone());
        }
    }

    /// Notes that a unit could not be read.
    pub fn miss(&mut self) {
        self.any_missed = true;
    }

    /// Whether only units in Rust speak for an export.
    pub(super) fn is_rust(&self, export: u32) -> bool {
        self.heard.get(export as usize).is_some_and(|heard| heard.is_rust)
    }

    /// The unit that speaks for an export, among those that were heard.
    pub(super) fn speaker(&self, export: u32) -> Option<&Range<usize>> {
        self.heard.get(export as usize)?.speaker.as_ref().map(|speaker| &speaker.unit)
    }

    /// Whether the unit that speaks for an export would do so whatever other units say. Where pointers are, one of them may.
    pub(super) fn is_certain(&self, export: u32, has_pointers: bool) -> bool {
        let Some(heard) = self.heard.get(export as usize) else { return false };
        match heard.speaker.as_ref().map(|speaker| speaker.rank) {
            Some(Rank::Exports) => true,
            Some(Rank::DefinesInRustAtSymbol | Rank::DefinesAtSymbol) => !has_pointers,
            _ => false,
        }
    }

    /// Decides, when all units were heard.
    pub fn decide(mut self) -> Plan {
        self.join_folded();
        let defined_in: FxHashSet<_> =
            self.heard.iter().filter_map(|heard| Some((heard.extent()?, heard.defining_speaker()?.start))).collect();
        let unplaced: FxHashSet<_> = self.heard.iter().filter_map(Heard::speaker_if_unplaced).collect();
        let mut speaking = Vec::new();
        let mut silent = Vec::new();
        for (export, heard) in (0..).zip(self.heard) {
            // What a unit defines may be exported by one that was not heard.
            if self.any_missed && heard.speaker.as_ref().is_some_and(|speaker| speaker.rank.is_definition()) {
                silent.push((export, Silence::Unheard));
                continue;
            }
            let Some(Candidate { unit, .. }) = &heard.speaker else {
                silent.push((export, Silence::of(heard.assembly, heard.declaration)));
                continue;
            };
            let unit = unit.clone();
            // To the compiler, an alias (`__attribute__((alias))`) is but a declaration.
            let is_alias = || heard.extent().is_some_and(|extent| defined_in.contains(&(extent, unit.start)));
            let is_defined = heard.defining_speaker().is_some() || is_alias();
            let definition = heard.definition().cloned();
            speaking.push((unit, PlannedExport { export, is_defined, definition, pointer: heard.pointer }));
        }
        // Names at one address have one version: without the addresses of all exports of an object none is certain.
        for (_, planned) in speaking.extract_if(.., |(unit, _)| unplaced.contains(&unit.start)) {
            silent.push((planned.export, Silence::Unplaced));
        }
        silent.sort_by_key(|(export, _)| *export);
        speaking.sort_by_key(|(unit, planned)| (unit.start, planned.export));
        let mut trimmed_of = |unit: &Range<usize>| {
            let names = self.trimmed.remove(&unit.start).unwrap_or_default();
            names.into_iter().map(|name| Trimmed { name, definition: None }).collect()
        };
        let units = speaking.chunk_by(|(one, _), (other, _)| one == other).map(|exports| PlannedUnit {
            unit: exports[0].0.clone(),
            exports: exports.iter().map(|(_, export)| export.clone()).collect(),
            trimmed: trimmed_of(&exports[0].0),
        });
        Plan { units: units.collect(), silent }
    }

    /// The plan for an object file with these exports: no unit of it is more than a part of the object.
    pub fn decide_for_object(self, object: &Range<usize>) -> Plan {
        let exports = (0..).zip(self.heard).map(|(export, heard)| PlannedExport {
            export,
            is_defined: heard.symbol.is_some(),
            definition: heard.definition().cloned(),
            pointer: heard.pointer,
        });
        Plan::of_object(object, exports.collect())
    }

    /// The plan for a stand-in, the object that Kbuild compiles to give the exports of an assembler source their types: it
    /// exports them by pointers (Linux 6.14, `scripts/Makefile.build`). Only those that are `silent` elsewhere are asked for.
    pub fn decide_for_stand_in(self, object: &Range<usize>, silent: &[(u32, Silence)]) -> Plan {
        let exports = silent.iter().filter_map(|&(export, _)| {
            let heard = self.heard.get(export as usize)?;
            let pointer = Some(heard.pointer.clone()?);
            Some(PlannedExport { export, is_defined: false, definition: None, pointer })
        });
        Plan::of_object(object, exports.collect())
    }

    /// Gives exports without a DIE the unit that speaks for another export at their address. In Rust only: there the
    /// compiler folds functions as a matter of course; in C, it is the linker script that gives a place a second name.
    fn join_folded(&mut self) {
        let address = |heard: &Heard| heard.symbol.map(|symbol| (symbol.section, symbol.value));
        let in_rust = |heard: &&Heard| heard.speaker.as_ref().is_some_and(|speaker| speaker.rank.is_rust());
        let by_address: FxHashMap<_, _> = self
            .heard
            .iter()
            .filter(in_rust)
            .filter_map(|heard| Some((address(heard)?, (heard.speaker.clone(), heard.definitions.clone()))))
            .collect();
        for heard in self.heard.iter_mut().filter(|heard| heard.speaker.is_none() && heard.assembly.is_none()) {
            if let Some(folded) = address(heard).and_then(|address| by_address.get(&address)) {
                (heard.speaker, heard.definitions) = folded.clone();
            }
        }
    }
}

impl Heard {
    fn hear(&mut self, Claims { unit, language, .. }: &Claims, claim: &Claim, is_defined: bool) {
        let place = Place { unit: unit.clone(), at: claim.at };
        let rank = match (claim.kind, language) {
            (_, Language::Assembly) => return keep_first(&mut self.assembly, place),
            (ClaimKind::Declares, _) => return keep_first(&mut self.declaration, place),
            (ClaimKind::Defines { at_symbol: true, .. }, Language::Rust) => Rank::DefinesInRustAtSymbol,
            (ClaimKind::Defines { placed: true, .. }, Language::Rust) => Rank::DefinesInRust,
            (ClaimKind::Defines { .. }, Language::Rust) => Rank::DescribesInRust,
            _ if self.is_rust => return,
            (ClaimKind::Defines { at_symbol: true, .. }, _) => Rank::DefinesAtSymbol,
            (ClaimKind::Defines { .. }, _) => Rank::Defines,
            (ClaimKind::Exports { function }, _) if !self.may_be(function) => return,
            (ClaimKind::Exports { function }, _) if function || is_defined => Rank::Exports,
            (ClaimKind::Exports { .. }, _) => Rank::SeemsToExport,
        };
        match claim.kind {
            ClaimKind::Exports { .. } => keep_first(&mut self.pointer, place),
            _ => self.definitions.push(place),
        }
        let order = |candidate: &Candidate| (candidate.rank, candidate.unit.start);
        let candidate = Candidate { rank, unit: unit.clone() };
        if self.speaker.as_ref().is_none_or(|speaker| order(&candidate) < order(speaker)) {
            self.speaker = Some(candidate);
        }
    }

    /// Whether the symbol table does not contradict that it is a function, or that it is none.
    fn may_be(&self, function: bool) -> bool {
        self.symbol.and_then(|symbol| symbol.is_function).is_none_or(|is| is == function)
    }

    /// The definition in the unit that speaks for it, or else the first one.
    fn definition(&self) -> Option<&Place> {
        let by_speaker = |place: &&Place| self.speaker.as_ref().is_some_and(|speaker| speaker.unit == place.unit);
        let first = || self.definitions.iter().min_by_key(|place| place.at);
        self.definitions.iter().filter(by_speaker).min_by_key(|place| place.at).or_else(first)
    }

    /// The unit that speaks for it, if that defines it too.
    fn defining_speaker(&self) -> Option<&Range<usize>> {
        let speaker = &self.speaker.as_ref()?.unit;
        (self.definition()?.unit == *speaker).then_some(speaker)
    }

    fn extent(&self) -> Option<Extent> {
        extent(self.symbol?)
    }

    /// Where the unit starts that speaks for it, if the symbol table does not have it.
    fn speaker_if_unplaced(&self) -> Option<usize> {
        let speaker = self.speaker.as_ref()?;
        self.symbol.is_none().then_some(speaker.unit.start)
    }
}

/// Section, value and size of a symbol.
type Extent = (u32, u64, u64);

/// The extent of what is defined in an object: a name that the linker script gives to a place has no size, and is no alias there.
fn extent(definition: Definition) -> Option<Extent> {
    (definition.size > 0).then_some((definition.section, definition.value, definition.size))
}

/// Whichever order the units are heard in, the result is the same.
fn keep_first(known: &mut Option<Place>, place: Place) {
    if known.as_ref().is_none_or(|known| place.at < known.at) {
        *known = Some(place);
    }
}

impl Silence {
    /// In words.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Assembly { .. } => {
                "written in assembly: its version was computed from a stand-in object, which is no part of the image"
            }
            Self::OnlyDeclared(_) => {
                "only declared in C or Rust: it comes from assembly or the linker script, and so does its version \
                 from a stand-in object, which is no part of the image"
            }
            Self::Unmentioned => "the debugging information does not mention it",
            Self::Unheard => "a unit that may have exported it cannot be read",
            Self::Unplaced => {
                "the symbol table has not all exports of its unit, so that names for the same thing cannot be told"
            }
        }
    }

    /// The declaration that tells its type.
    fn declaration(&self) -> Option<&Place> {
        match self {
            Self::Assembly { declaration, .. } => declaration.as_ref(),
            Self::OnlyDeclared(place) => Some(place),
            Self::Unmentioned | Self::Unheard | Self::Unplaced => None,
        }
    }

    /// The DIE that tells the most.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Assembly { definition: place, .. } | Self::OnlyDeclared(place) => Some(place),
            Self::Unmentioned | Self::Unheard | Self::Unplaced => None,
        }
    }

    fn of(assembly: Option<Place>, declaration: Option<Place>) -> Self {
        match (assembly, declaration) {
            (Some(definition), declaration) => Self::Assembly { definition, declaration },
            (None, Some(declaration)) => Self::OnlyDeclared(declaration),
            (None, None) => Self::Unmentioned,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dwarf::DebugSection;

    const FIRST: Range<usize> = 0..10;
    const SECOND: Range<usize> = 10..20;

    /// A unit's only claim.
    fn claims(unit: Range<usize>, language: Language, kind: ClaimKind) -> Claims {
        let claim = Claim { export: 0, at: DieOffset::new(DebugSection::Info, unit.start), kind };
        Claims { unit, language, claims: vec![claim], trimmed: Vec::new() }
    }

    /// The unit that speaks for a function, of two in C.
    #[track_caller]
    fn check(first: ClaimKind, second: ClaimKind, speaker: Range<usize>) {
        let definition = Definition { section: 1, value: 0x1000, size: 16, is_function: Some(true) };
        let name = b"function".to_vec();
        let export = Export { name, definition: Some(definition), gpl_only: false, namespace: None, recorded: None };
        let mut speakers = Speakers::new(&[export]);
        speakers.hear(&claims(FIRST, Language::C, first));
        speakers.hear(&claims(SECOND, Language::C, second));
        let units: Vec<_> = speakers.decide().units.into_iter().map(|planned| planned.unit).collect();
        assert_eq!(units, [speaker]);
    }

    #[test]
    fn of_two_units() {
        let inlined = ClaimKind::Defines { placed: false, at_symbol: false };
        let overridden = ClaimKind::Defines { placed: true, at_symbol: false };
        let defined = ClaimKind::Defines { placed: true, at_symbol: true };
        let exported = ClaimKind::Exports { function: true };
        check(inlined, defined, SECOND);
        check(overridden, defined, SECOND);
        check(defined, overridden, FIRST);
        check(defined, exported, SECOND);
        // Which one it is nobody can tell: not the order in which they are heard.
        check(overridden, inlined, FIRST);
        check(inlined, overridden, FIRST);
        // What would be a variable is not exported by a pointer to a function, nor the other way round.
        check(inlined, ClaimKind::Exports { function: false }, FIRST);
    }
}
