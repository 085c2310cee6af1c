// SPDX-License-Identifier: GPL-2.0-only
//! Which DIE describes an exported symbol.

use gimli::constants as dw;
use rustc_hash::FxHashMap;

use crate::dwarf::{Attr, Attributes, DebugInfo, DieOffset, Unit};
use crate::kernel::{ExportId, ExportList};
use crate::types::SymbolRole;
use crate::{Error, Result};

/// Starts the name of a variable that tells the type of a symbol defined elsewhere
/// (Linux 6.14, `Documentation/kbuild/gendwarfksyms.rst`, "Non-exported types and symbol pointers").
pub(crate) const POINTER_PREFIX: &[u8] = b"__gendwarfksyms_ptr_";

/// The DIE that describes a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SymbolDie {
    /// The symbol; its aliases have the same DIE.
    pub export: ExportId,
    /// The DIE.
    pub at: DieOffset,
    /// What the DIE is taken for.
    pub role: SymbolRole,
    /// Where the unit ends that was visited when it was found: see [`Graph::know_names_before`](crate::types::Graph).
    pub unit_end: DieOffset,
}

/// Which exports of a list have got their DIE, in this object or an earlier one.
#[derive(Debug, Default)]
pub struct Matched(Vec<bool>);

impl Matched {
    /// None of `exports` has.
    pub fn none(exports: &ExportList) -> Self {
        Self(vec![false; exports.len()])
    }

    fn contains(&self, export: ExportId) -> bool {
        self.0[export.index()]
    }

    fn insert(&mut self, exports: &ExportList, export: ExportId) {
        self.0[export.index()] = true;
        for alias in exports.aliases(export) {
            self.0[alias.index()] = true;
        }
    }
}

/// Finds, in all units, the DIEs of the exports that are not `matched` yet, in the order in which they are to be walked: that of the DIEs,
/// and behind each unit those that only a pointer describes.
///
/// # Errors
/// [`Error::Dwarf`], and [`Error::SymbolPointer`] for a pointer variable that is none.
pub fn find(debug_info: &DebugInfo<'_>, exports: &ExportList, matched: &mut Matched) -> Result<Vec<SymbolDie>> {
    find_in(debug_info, debug_info.units(), exports, matched)
}

/// Like [`find`], but only in `units`.
pub(crate) fn find_in<'u, 'a: 'u>(
    debug_info: &'u DebugInfo<'a>,
    units: impl Iterator<Item = &'u Unit<'a>>,
    exports: &ExportList,
    matched: &mut Matched,
) -> Result<Vec<SymbolDie>> {
    let mut search = Search {
        debug_info,
        exports,
        matched,
        pointers: FxHashMap::default(),
        found: Vec::new(),
        unit_end: DieOffset::START,
    };
    let mut by_pointer = Vec::new();
    for unit in units {
        search.unit_end = unit.end();
        for &at in &unit.outline(debug_info)?.symbols {
            search.visit(unit, at)?;
        }
        if search.pointers.is_empty() {
            continue;
        }
        if by_pointer.is_empty() {
            by_pointer = exports.in_reference_order();
        }
        for &export in &by_pointer {
            search.take_pointer(export)?;
        }
    }
    Ok(search.found)
}

struct Search<'s, 'a> {
    debug_info: &'s DebugInfo<'a>,
    exports: &'s ExportList,
    matched: &'s mut Matched,
    /// The pointer type of each symbol that has a pointer variable.
    pointers: FxHashMap<ExportId, DieOffset>,
    found: Vec<SymbolDie>,
    /// Of the unit that is being visited.
    unit_end: DieOffset,
}

impl<'a> Search<'_, 'a> {
    /// Looks at a function or variable.
    fn visit(&mut self, unit: &Unit<'a>, at: DieOffset) -> Result<()> {
        let entry = unit.entry(self.debug_info, at)?;
        let mut attributes = Attributes::default();
        unit.attributes(self.debug_info, entry, &mut attributes)?;
        let role = if entry.tag() == dw::DW_TAG_subprogram { SymbolRole::Function } else { SymbolRole::Variable };
        let name = self.symbol_name(unit, &attributes)?;
        let export = name.and_then(|name| self.exports.find(name));
        if let Some(origin) = attributes.reference(Attr::AbstractOrigin) {
            // The origin supplies the type, and a name where this one's own is no export.
            let export = match export {
                Some(export) => Some(export),
                None => {
                    let unit = self.debug_info.unit_of(origin)?;
                    let entry = unit.entry(self.debug_info, origin)?;
                    unit.attributes(self.debug_info, entry, &mut attributes)?;
                    self.symbol_name(unit, &attributes)?.and_then(|name| self.exports.find(name))
                }
            };
            if let Some(export) = export {
                self.take(export, origin, role);
            }
            return Ok(());
        }
        if let Some(export) = export {
            self.take(export, at, role);
        } else if role == SymbolRole::Variable
            && let Some(pointed) = name.and_then(|name| name.strip_prefix(POINTER_PREFIX))
            && let Some(export) = self.exports.find(pointed)
        {
            let pointer = attributes.reference(Attr::Type);
            let pointer = pointer.map(|pointer| self.pointer_target(pointer).map(|target| target.and(Some(pointer))));
            let Some(pointer) = pointer.transpose()?.flatten() else {
                return Err(Error::SymbolPointer { at, symbol: String::from_utf8_lossy(pointed).into_owned() });
            };
            self.pointers.insert(export, pointer);
        }
        Ok(())
    }

    /// After a unit: takes the pointer of a symbol that nothing else has described.
    fn take_pointer(&mut self, export: ExportId) -> Result<()> {
        if self.matched.contains(export) {
            return Ok(());
        }
        let Some(&pointer) = self.pointers.get(&export) else { return Ok(()) };
        let Some(target) = self.pointer_target(pointer)? else { return Ok(()) };
        let target_unit = self.debug_info.unit_of(target)?;
        if target_unit.entry(self.debug_info, target)?.tag() == dw::DW_TAG_subroutine_type {
            self.take(export, target, SymbolRole::Function);
        } else {
            // The type of the variable is what the pointer's own DW_AT_type says.
            self.take(export, pointer, SymbolRole::Variable);
        }
        Ok(())
    }

    fn take(&mut self, export: ExportId, at: DieOffset, role: SymbolRole) {
        if !self.matched.contains(export) {
            self.matched.insert(self.exports, export);
            self.found.push(SymbolDie { export, at, role, unit_end: self.unit_end });
        }
    }

    /// What the pointer type at `at` points to; `None` if it is none or points to nothing known.
    fn pointer_target(&self, at: DieOffset) -> Result<Option<DieOffset>> {
        let unit = self.debug_info.unit_of(at)?;
        let entry = unit.entry(self.debug_info, at)?;
        if entry.tag() != dw::DW_TAG_pointer_type {
            return Ok(None);
        }
        let mut attributes = Attributes::default();
        unit.attributes(self.debug_info, entry, &mut attributes)?;
        Ok(attributes.reference(Attr::Type))
    }

    /// The name that the linker knows a DIE's symbol by.
    fn symbol_name(&self, unit: &Unit<'a>, attributes: &Attributes) -> Result<Option<&'a [u8]>> {
        let name = attributes.string(Attr::LinkageName).or_else(|| attributes.string(Attr::Name));
        name.map(|name| unit.string(self.debug_info, name)).transpose()
    }
}
