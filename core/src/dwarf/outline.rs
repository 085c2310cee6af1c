// SPDX-License-Identifier: GPL-2.0-only
//! The outline of a unit: which DIEs may describe symbols, and which scopes give names a prefix.

use std::sync::OnceLock;

use gimli::{DwTag, constants as dw};

use super::unit::EntryEnd;
use super::{Attr, Attributes, DebugInfo, DieOffset, Entry, Unit};
use crate::{Error, Result};

/// What a walk over a unit's DIEs gathers.
///
/// Functions, unions and the like are passed over where they say themselves where they end: names inside of them start
/// afresh. Should a type in one be asked for, its part is read then.
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
    kind: ScopeKind,
}

#[derive(Debug)]
enum ScopeKind {
    /// What is inside has a prefix, which is read when it is needed.
    Named(OnceLock<Box<[u8]>>),
    /// What is inside starts afresh.
    Fresh,
    /// The same, but what is inside has been passed over until now.
    Unread(OnceLock<Box<Outline>>),
}

/// What is walked over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// A unit: symbols are in it, and what starts afresh is passed over.
    Unit,
    /// What was passed over: all of it, so that this never goes deeper.
    Function,
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
        match unit.root(debug_info)? {
            Some(root) => Self::read_below(debug_info, unit, root, Depth::Unit),
            None => Err(Error::Dwarf { at: unit.offset(), reason: "the unit has no DIE".to_owned() }),
        }
    }

    /// Walks over what is below `top`, in which names start afresh.
    fn read_below<'a>(debug_info: &DebugInfo<'a>, unit: &Unit<'a>, top: Entry<'_>, depth: Depth) -> Result<Self> {
        let mut outline = Self::default();
        if !top.has_children() {
            return Ok(outline);
        }
        let mut at = unit.skip_attributes(top)?;
        let mut place = Place { scope: None, prefixed: false, symbols: depth == Depth::Unit };
        let mut around = Vec::new();
        loop {
            let Some(entry) = unit.entry_at(debug_info, at.0)? else {
                at = EntryEnd(unit.after_null(at.0));
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
            if !entry.has_children() {
                at = unit.skip_attributes(entry)?;
                continue;
            }
            let names = passes_prefix(entry.tag());
            let (start, parent) = (entry.at.offset(), place.scope);
            if depth == Depth::Unit
                && !names
                && let Some(end) = unit.sibling(entry)?
            {
                outline.scopes.push(Scope { start, end, parent, kind: ScopeKind::Unread(OnceLock::new()) });
                at = EntryEnd(end);
                continue;
            }
            at = unit.skip_attributes(entry)?;
            // A scope that passes no prefix on matters only where it interrupts one.
            let own_scope = (names || place.prefixed).then(|| {
                let kind = if names { ScopeKind::Named(OnceLock::new()) } else { ScopeKind::Fresh };
                outline.scopes.push(Scope { start, end: usize::MAX, parent, kind });
                outline.scopes.len() - 1
            });
            around.push((place, own_scope));
            place = Place { scope: own_scope.or(place.scope), prefixed: names, symbols: place.symbols && names };
        }
        Ok(outline)
    }

    /// What the names of DIEs around `at` put before its own, `outer::inner::`.
    pub(crate) fn prefix<'a>(&self, debug_info: &DebugInfo<'a>, unit: &Unit<'a>, at: DieOffset) -> Result<&[u8]> {
        let mut outline = self;
        loop {
            let Some(index) = outline.scope_around(debug_info, at)? else { return Ok(&[]) };
            match &outline.scopes[index].kind {
                ScopeKind::Named(_) => return outline.scope_prefix(debug_info, unit, index),
                ScopeKind::Fresh => return Ok(&[]),
                ScopeKind::Unread(inside) => {
                    outline = match inside.get() {
                        Some(inside) => inside,
                        None => {
                            let top =
                                unit.entry(debug_info, DieOffset::new(unit.section(), outline.scopes[index].start))?;
                            let read = Self::read_below(debug_info, unit, top, Depth::Function)?;
                            inside.get_or_init(|| Box::new(read))
                        }
                    };
                }
            }
        }
    }

    fn scope_around(&self, debug_info: &DebugInfo<'_>, at: DieOffset) -> Result<Option<usize>> {
        let offset = at.offset();
        let mut index = self.scopes.partition_point(|scope| scope.start < offset).checked_sub(1);
        let mut steps = 0;
        while let Some(scope) = index.map(|index| &self.scopes[index])
            && offset >= scope.end
        {
            index = scope.parent;
            steps += 1;
        }
        debug_info.pass_over(steps, at)?;
        Ok(index)
    }

    fn scope_prefix<'a>(&self, debug_info: &DebugInfo<'a>, unit: &Unit<'a>, index: usize) -> Result<&[u8]> {
        let ScopeKind::Named(known) = &self.scopes[index].kind else { return Ok(&[]) };
        if let Some(prefix) = known.get() {
            return Ok(prefix);
        }
        // Outwards to a scope whose prefix is known, and back inwards. Only the one that was asked for is kept: of scopes
        // nested deeply, all prefixes together would take far more memory than the names that they are made of.
        let mut missing = vec![&self.scopes[index]];
        let mut prefix = Vec::new();
        let mut next = self.scopes[index].parent;
        while let Some(parent) = next.map(|index| &self.scopes[index])
            && let ScopeKind::Named(known) = &parent.kind
        {
            if let Some(known) = known.get() {
                prefix.extend_from_slice(known);
                break;
            }
            missing.push(parent);
            next = parent.parent;
        }
        let mut attributes = Attributes::default();
        for scope in missing.into_iter().rev() {
            let entry = unit.entry(debug_info, DieOffset::new(unit.section(), scope.start))?;
            unit.attributes(debug_info, entry, &mut attributes)?;
            match attributes.string(Attr::Name) {
                Some(name) => prefix.extend_from_slice(unit.string(debug_info, name)?),
                // Nameless scopes show only behind a name.
                None if prefix.is_empty() => continue,
                None => prefix.extend_from_slice(b"<anonymous>"),
            }
            prefix.extend_from_slice(b"::");
            if prefix.len() > MAX_PREFIX {
                return Err(Error::LimitExceeded {
                    at: entry.at,
                    what: "the names of the scopes around it are too long",
                });
            }
        }
        Ok(known.get_or_init(|| prefix.into()))
    }
}

/// Names of Rust types take some kilobytes at the most.
const MAX_PREFIX: usize = 1 << 20;

/// Whether what is inside a DIE with this tag has the DIE's name before its own.
pub(super) fn passes_prefix(tag: DwTag) -> bool {
    matches!(tag, dw::DW_TAG_namespace | dw::DW_TAG_class_type | dw::DW_TAG_structure_type)
}
