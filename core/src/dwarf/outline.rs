// SPDX-License-Identifier: GPL-2.0-only
//! The outline of a unit: which DIEs may describe symbols, and which scopes give names a prefix.

use std::sync::OnceLock;

use gimli::{DwTag, constants as dw};

use super::unit::EntryEnd;
use super::{Attr, Attributes, DebugInfo, DieOffset, Unit};
use crate::Result;

/// What a walk over a unit's DIEs gathers.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// Functions and variables that stand in the unit itself or, at any depth, in namespaces, classes and structures.
    pub(crate) symbols: Vec<DieOffset>,
    /// In the order of their start.
    scopes: Vec<Scope>,
}

/// The extent of a DIE with children.
#[derive(Debug)]
struct Scope {
    start: usize,
    end: usize,
    /// Index of the scope around it, if that passes its prefix on.
    parent: Option<usize>,
    /// Whether it passes a prefix on at all; what is inside of one that does not starts afresh.
    names: bool,
    prefix: OnceLock<Box<[u8]>>,
}

/// Where the walk is.
#[derive(Clone, Copy)]
struct Place {
    /// The innermost recorded scope.
    scope: Option<usize>,
    /// Whether that scope's prefix applies here.
    prefixed: bool,
    /// Whether a function or variable here can be an exported symbol.
    symbols: bool,
}

impl Outline {
    pub(super) fn read<'a>(debug_info: &DebugInfo<'a>, unit: &Unit<'a>) -> Result<Self> {
        let mut outline = Self::default();
        let Some(root) = unit.root(debug_info)? else { return Ok(outline) };
        if !root.has_children() {
            return Ok(outline);
        }
        let mut at = unit.skip_attributes(root)?;
        let mut place = Place { scope: None, prefixed: false, symbols: true };
        let mut around = Vec::new();
        loop {
            let Some(entry) = unit.entry_at(debug_info, at.0)? else {
                at = EntryEnd(at.0 + 1);
                let Some((outer, own_scope)) = around.pop() else { break };
                if let Some(index) = own_scope {
                    let scope: &mut Scope = &mut outline.scopes[index];
                    scope.end = at.0;
                }
                place = outer;
                continue;
            };
            if place.symbols && matches!(entry.tag(), dw::DW_TAG_subprogram | dw::DW_TAG_variable) {
                outline.symbols.push(entry.at);
            }
            at = unit.skip_attributes(entry)?;
            if !entry.has_children() {
                continue;
            }
            let names = passes_prefix(entry.tag());
            // A scope that passes no prefix on matters only where it interrupts one.
            let own_scope = (names || place.prefixed).then(|| {
                outline.scopes.push(Scope {
                    start: entry.at.offset(),
                    end: usize::MAX,
                    parent: place.scope,
                    names,
                    prefix: OnceLock::new(),
                });
                outline.scopes.len() - 1
            });
            around.push((place, own_scope));
            place = Place { scope: own_scope.or(place.scope), prefixed: names, symbols: place.symbols && names };
        }
        Ok(outline)
    }

    /// What the names of DIEs around `at` put before its own, `outer::inner::`.
    pub(crate) fn prefix<'a>(&self, debug_info: &DebugInfo<'a>, unit: &Unit<'a>, at: DieOffset) -> Result<&[u8]> {
        match self.scope_around(at.offset()) {
            Some(index) if self.scopes[index].names => self.scope_prefix(debug_info, unit, index),
            _ => Ok(&[]),
        }
    }

    fn scope_around(&self, offset: usize) -> Option<usize> {
        let mut index = self.scopes.partition_point(|scope| scope.start < offset).checked_sub(1);
        while let Some(scope) = index.map(|index| &self.scopes[index]) {
            if offset < scope.end {
                return index;
            }
            index = scope.parent;
        }
        None
    }

    fn scope_prefix<'a>(&self, debug_info: &DebugInfo<'a>, unit: &Unit<'a>, index: usize) -> Result<&[u8]> {
        // From the outermost scope without a prefix inwards: no recursion on input.
        let mut chain = vec![index];
        while let Some(parent) = chain.last().and_then(|&index| self.scopes[index].parent) {
            if !self.scopes[parent].names || self.scopes[parent].prefix.get().is_some() {
                break;
            }
            chain.push(parent);
        }
        let mut attributes = Attributes::default();
        for &index in chain.iter().rev() {
            let scope = &self.scopes[index];
            if scope.prefix.get().is_some() {
                continue;
            }
            let around = scope.parent.map(|parent| &self.scopes[parent]).filter(|parent| parent.names);
            let mut prefix = around.and_then(|scope| scope.prefix.get()).map_or(Vec::new(), |prefix| prefix.to_vec());
            let entry = unit.entry(debug_info, DieOffset::new(unit.section(), scope.start))?;
            unit.attributes(debug_info, entry, &mut attributes)?;
            match attributes.string(Attr::Name) {
                Some(name) => {
                    prefix.extend_from_slice(unit.string(debug_info, name)?);
                    prefix.extend_from_slice(b"::");
                }
                // Nameless scopes show only behind a name.
                None if prefix.is_empty() => {}
                None => prefix.extend_from_slice(b"<anonymous>::"),
            }
            let _ = scope.prefix.set(prefix.into());
        }
        Ok(self.scopes[index].prefix.get().map_or(&[], |prefix| prefix))
    }
}

fn passes_prefix(tag: DwTag) -> bool {
    matches!(tag, dw::DW_TAG_namespace | dw::DW_TAG_class_type | dw::DW_TAG_structure_type)
}
