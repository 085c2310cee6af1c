// SPDX-License-Identifier: GPL-2.0-only
//! What a unit answers for the exports that it speaks for.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Units;
use super::claims::{Language, language};
use super::object::Object;
use super::source::{Sources, source_elsewhere};
use super::speakers::{Place, PlannedUnit, Silence};
use crate::Result;
use crate::dwarf::{Attr, DebugInfo, DieOffset, Unit};
use crate::kernel::ExportList;
use crate::kernel::facts::Export;
use crate::object_types::{ObjectTypes, Symbol};
use crate::types::SymbolRole;
use crate::versions::Version;

/// What a unit answers for the exports that it speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// The unit: its place in `.debug_info`.
    pub unit: Range<usize>,
    /// Its name, the path of its source.
    pub name: Option<String>,
    /// The language that it is written in.
    pub language: Language,
    /// One answer for each export.
    pub answers: Vec<Answer>,
}

/// What is known of one export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Its index.
    pub export: u32,
    /// Its version, or why there is none.
    pub computed: Result<Computed, String>,
    /// Where it is defined: path and line. Where it is declared, if no unit defines it.
    pub source: Option<(String, u32)>,
}

/// A version, and what it was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computed {
    /// The version.
    pub version: Version,
    /// The DIE that describes the symbol, or that its pointer variable points to.
    pub at: DieOffset,
    /// What the DIE is taken for.
    pub role: SymbolRole,
}

pub(super) fn read(units: &Units<'_>, planned: &PlannedUnit, exports: &[Export]) -> Answers {
    let read = units.with(&planned.unit, |debug_info, of_object| {
        let object = Object::new(units.rules.as_ref(), units.is_object, planned, exports);
        let computed = object.versions(debug_info, of_object);
        let mut sources = Sources::new(debug_info);
        let answers = planned.exports.iter().zip(computed).map(|(export, computed)| {
            let described_by = computed.as_ref().ok().map(|computed| computed.at);
            let source_at = |sources: &mut Sources<'_, '_>, place: &Option<Place>| {
                let place = place.as_ref()?;
                if place.unit == planned.unit { sources.source(place.at) } else { source_elsewhere(units, place) }
            };
            let source = source_at(&mut sources, &export.definition)
                .or_else(|| sources.source(described_by?))
                .or_else(|| source_at(&mut sources, &export.pointer));
            Answer { export: export.export, computed: computed.map_err(|error| error.to_string()), source }
        });
        let answers = answers.collect();
        let name = name(debug_info, of_object)?;
        Ok(Answers { unit: planned.unit.clone(), name, language: language(debug_info, of_object)?, answers })
    });
    read.unwrap_or_else(|error| {
        let failed = planned.exports.iter().map(|planned| Answer::none(planned.export, error.to_string()));
        Answers::without_unit(planned.unit.clone(), failed.collect())
    })
}

pub(super) fn explain(units: &Units<'_>, export: u32, silence: &Silence) -> Answers {
    let mut answer = Answer::none(export, silence.reason().to_owned());
    let Some(place) = silence.place() else { return Answers::without_unit(0..0, vec![answer]) };
    let read = units.with(&place.unit, |debug_info, of_object| {
        answer.source = Sources::new(debug_info).source(place.at);
        let (name, language) = (name(debug_info, of_object)?, language(debug_info, of_object)?);
        Ok(match silence {
            Silence::Assembly { .. } => {
                Answers { unit: place.unit.clone(), name, language, answers: vec![answer.clone()] }
            }
            // A unit that declares it did not export it.
            _ => Answers::without_unit(place.unit.clone(), vec![answer.clone()]),
        })
    });
    read.unwrap_or_else(|_| Answers::without_unit(place.unit.clone(), vec![answer]))
}

pub(super) fn symtypes(
    units: &Units<'_>,
    planned: &PlannedUnit,
    exports: &[Export],
) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    units.with(&planned.unit, |debug_info, of_object| {
        let object = Object::new(units.rules.as_ref(), units.is_object, planned, exports);
        let types = object.types(debug_info, of_object)?;
        let lines = types.symtypes(object.list());
        Ok(lines.into_iter().map(|(name, string)| (name.to_vec(), string.to_vec())).collect())
    })
}

pub(super) fn expanded_string(
    units: &Units<'_>,
    planned: &PlannedUnit,
    exports: &[Export],
    export: u32,
) -> Result<Option<Vec<u8>>> {
    with_symbol(units, planned, exports, export, ObjectTypes::expanded_string)
}

pub(super) fn types_behind(
    units: &Units<'_>,
    planned: &PlannedUnit,
    exports: &[Export],
    export: u32,
) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let lines = with_symbol(units, planned, exports, export, |types, list, symbol| {
        let lines = types.types_behind(list, symbol)?;
        Ok(lines.into_iter().map(|(name, string)| (name.to_vec(), string.to_vec())).collect())
    })?;
    Ok(lines.unwrap_or_default())
}

/// What `f` makes of the types of a unit's object and the symbol that an export is there.
fn with_symbol<T>(
    units: &Units<'_>,
    planned: &PlannedUnit,
    exports: &[Export],
    export: u32,
    f: impl FnOnce(&ObjectTypes, &ExportList, &Symbol) -> Result<T>,
) -> Result<Option<T>> {
    units.with(&planned.unit, |debug_info, of_object| {
        let object = Object::new(units.rules.as_ref(), units.is_object, planned, exports);
        let position = planned.exports.iter().position(|planned| planned.export == export);
        let Some(id) = position.and_then(|position| object.id(position)) else { return Ok(None) };
        let types = object.types(debug_info, of_object)?;
        let symbol = types.symbols().iter().find(|symbol| symbol.names.contains(&id));
        symbol.map(|symbol| f(&types, object.list(), symbol)).transpose()
    })
}

impl Answer {
    fn none(export: u32, reason: String) -> Self {
        Self { export, computed: Err(reason), source: None }
    }
}

impl Answers {
    fn without_unit(unit: Range<usize>, answers: Vec<Answer>) -> Self {
        Self { unit, name: None, language: Language::Other, answers }
    }
}

pub(super) fn name<'a>(debug_info: &DebugInfo<'a>, of_object: &[&Unit<'a>]) -> Result<Option<String>> {
    let Some(unit) = of_object.first() else { return Ok(None) };
    let name = unit.root_details(debug_info)?.string(Attr::Name);
    let name = name.map(|name| unit.string(debug_info, name)).transpose()?;
    Ok(name.map(|name| String::from_utf8_lossy(name).into_owned()))
}
