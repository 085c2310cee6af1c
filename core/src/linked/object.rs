// SPDX-License-Identifier: GPL-2.0-only
//! The object that a unit was compiled to.

use rustc_hash::FxHashMap;

use super::answers::Computed;
use super::speakers::PlannedUnit;
use crate::dwarf::{DebugInfo, DieOffset, Unit};
use crate::kernel::facts::Export;
use crate::kernel::{ExportId, ExportList, KabiRules};
use crate::object::Address;
use crate::object_types::ObjectTypes;
use crate::symbols::{self, Matched, SymbolDie};
use crate::types::{DieDump, Graph};
use crate::{Error, Result};

/// The object that a unit was compiled to, as far as its exports go.
pub(super) struct Object<'r> {
    rules: Option<&'r KabiRules>,
    /// Whether it is the file itself, rather than a part of what was linked from it.
    is_file: bool,
    list: ExportList,
    /// For each planned export.
    ids: Vec<ExportId>,
}

/// A symbol's version and DIE, by export.
type Found = FxHashMap<ExportId, Computed>;

impl<'r> Object<'r> {
    pub(super) fn new(rules: Option<&'r KabiRules>, is_file: bool, planned: &PlannedUnit, exports: &[Export]) -> Self {
        let mut object = Self { rules, is_file, list: ExportList::default(), ids: Vec::new() };
        for planned_export in &planned.exports {
            let export = exports.get(planned_export.export as usize);
            let id = object.list.insert(export.map_or(&[], |export| &export.name));
            object.ids.push(id);
            // The object itself knows only the addresses of what it defines. Elsewhere names can be at one address too:
            // `const_current_task` is another name for `current_task` by the linker script.
            let definition = export.and_then(|export| export.definition).filter(|_| planned_export.is_defined);
            if let Some(definition) = definition {
                object.list.place(id, Address { section: definition.section, value: definition.value });
            }
        }
        for trimmed in &planned.trimmed {
            let id = object.list.insert(&trimmed.name);
            if let Some(definition) = trimmed.definition.filter(|definition| definition.size > 0) {
                object.list.place(id, Address { section: definition.section, value: definition.value });
            }
        }
        object
    }

    /// Its exports.
    pub(super) fn list(&self) -> &ExportList {
        &self.list
    }

    /// The planned export at this position.
    pub(super) fn id(&self, position: usize) -> Option<ExportId> {
        self.ids.get(position).copied()
    }

    /// The types that its exports reach.
    pub(super) fn types<'a>(&self, debug_info: &DebugInfo<'a>, units: &[&Unit<'a>]) -> Result<ObjectTypes> {
        Ok(self.types_of(debug_info, units, &self.list)?.0)
    }

    /// The version of each planned export.
    pub(super) fn versions<'a>(&self, debug_info: &DebugInfo<'a>, units: &[&Unit<'a>]) -> Vec<Result<Computed>> {
        let failed = |error: Error| self.ids.iter().map(|_| Err(error.clone())).collect();
        let error = match self.compute(debug_info, units, &self.list) {
            Ok(found) => return self.ids.iter().map(|id| found.get(id).copied().ok_or(Error::NoSuchSymbol)).collect(),
            Err(error) if self.ids.len() <= 1 => return failed(error),
            Err(error) => error,
        };
        // One broken type must not take with it what does not need it: whoever fails alone is left out.
        let mut sound = ExportList::default();
        let mut errors = FxHashMap::default();
        for (id, _) in self.list.iter() {
            let mut alone = ExportList::default();
            self.copy(id, &mut alone);
            match self.compute(debug_info, units, &alone) {
                Ok(_) => self.copy(id, &mut sound),
                Err(error) => {
                    errors.insert(id, error);
                }
            }
        }
        let Ok(found) = self.compute(debug_info, units, &sound) else { return failed(error) };
        let result = |id: &ExportId| match errors.remove(id) {
            Some(error) => Err(error),
            None => sound.find(&self.list[*id].name).and_then(|id| found.get(&id).copied()).ok_or(Error::NoSuchSymbol),
        };
        self.ids.iter().map(result).collect()
    }

    fn copy(&self, id: ExportId, to: &mut ExportList) {
        let export = &self.list[id];
        let id = to.insert(&export.name);
        if let Some(address) = export.address {
            to.place(id, address);
        }
    }

    fn compute<'a>(&self, debug_info: &DebugInfo<'a>, units: &[&Unit<'a>], list: &ExportList) -> Result<Found> {
        let (types, found) = self.types_of(debug_info, units, list)?;
        let die_of: FxHashMap<ExportId, SymbolDie> = found.iter().map(|found| (found.export, *found)).collect();
        let mut computed = Found::default();
        for symbol in types.symbols() {
            let Some(die) = symbol.names.iter().find_map(|name| die_of.get(name)) else { continue };
            for &name in &symbol.names {
                let die = die_of.get(&name).unwrap_or(die);
                computed.insert(name, Computed { version: symbol.version, at: die.at, role: die.role });
            }
        }
        Ok(computed)
    }

    /// The types that the exports of `list` reach.
    fn types_of<'a>(
        &self,
        debug_info: &DebugInfo<'a>,
        units: &[&Unit<'a>],
        list: &ExportList,
    ) -> Result<(ObjectTypes, Vec<SymbolDie>)> {
        let found = symbols::find_in(debug_info, units.iter().copied(), list, &mut Matched::none(list))?;
        let mut graph = Graph::new(debug_info, self.rules, false);
        if !self.is_file {
            // Where DIEs have been moved to other units (dwz), that was after the versions were computed.
            graph.know_names_before(DieOffset::END);
        }
        let types = ObjectTypes::read(&mut graph, list, &found, &mut DieDump::off())?;
        Ok((types, found))
    }
}
