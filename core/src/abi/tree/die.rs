// SPDX-License-Identifier: GPL-2.0-only
//! DIEs with all that is told of them, for people.

use gimli::{DwTag, constants as dw};
use rustc_hash::FxHashMap;

use super::{Opaque, Source, Syntax, TypeRef};
use crate::dwarf::{Attr, Attributes, DebugInfo, DieOffset, Entry, EntryEnd, Files, Unit};
use crate::{Error, Result};

/// How many DIEs may stand for one another, or for one type behind pointers and typedefs, before it counts as a circle.
pub(super) const MAX_CHAIN: usize = 256;

/// What it counts to go over an entry, and what to describe one: so many bytes, see [`Reader::spend`].
const ENTRY_COST: usize = 64;
pub(super) const ITEM_COST: usize = 1024;

/// A DIE with its attributes.
pub(super) struct Die<'d, 'a> {
    pub(super) unit: &'d Unit<'a>,
    pub(super) entry: Entry<'d>,
    pub(super) attributes: Attributes,
    end: EntryEnd,
}

impl Die<'_, '_> {
    pub(super) fn at(&self) -> TypeRef {
        TypeRef { die: self.entry.at, unit: self.unit.offset() }
    }

    pub(super) fn tag(&self) -> DwTag {
        self.entry.tag()
    }

    pub(super) fn constant(&self, attr: Attr) -> Option<u64> {
        self.attributes.constant(attr)
    }

    /// The type of what this describes; `None` for `void`.
    pub(super) fn type_at(&self) -> Option<DieOffset> {
        self.attributes.reference(Attr::Type)
    }

    pub(super) fn is_declaration(&self) -> bool {
        self.attributes.flag(Attr::Declaration)
    }
}

/// The children of a DIE, as far as they could be read.
pub(super) struct ChildEntries<'d> {
    pub(super) entries: Vec<Entry<'d>>,
    pub(super) trouble: Option<Error>,
}

/// Reads DIEs, and remembers what is the same for many.
pub(super) struct Reader<'d, 'a> {
    pub(super) debug_info: &'d DebugInfo<'a>,
    syntaxes: FxHashMap<DieOffset, Syntax>,
    files: FxHashMap<DieOffset, Files<'a>>,
    paths: FxHashMap<(DieOffset, u64), Option<String>>,
    /// How much was made so far, in bytes, see [`Self::spend`].
    spent: usize,
}

impl<'d, 'a> Reader<'d, 'a> {
    pub(super) fn new(debug_info: &'d DebugInfo<'a>) -> Self {
        Self {
            debug_info,
            syntaxes: FxHashMap::default(),
            files: FxHashMap::default(),
            paths: FxHashMap::default(),
            spent: 0,
        }
    }

    pub(super) fn die(&self, at: DieOffset) -> Result<Die<'d, 'a>> {
        let unit = self.debug_info.unit_of(at)?;
        self.read(unit, unit.entry(self.debug_info, at)?)
    }

    pub(super) fn read(&self, unit: &'d Unit<'a>, entry: Entry<'d>) -> Result<Die<'d, 'a>> {
        let mut attributes = Attributes::default();
        let end = unit.details(self.debug_info, entry, &mut attributes)?;
        Ok(Die { unit, entry, attributes, end })
    }

    pub(super) fn children(&mut self, die: &Die<'d, 'a>) -> ChildEntries<'d> {
        let mut entries = Vec::new();
        let mut children = die.unit.children(die.entry, die.end);
        let trouble = loop {
            if let Err(error) = self.spend(ENTRY_COST, die.entry.at) {
                break Some(error);
            }
            match children.next(self.debug_info) {
                Ok(None) => break None,
                Ok(Some(child)) => {
                    entries.push(child);
                    if let Err(error) = children.leave(self.debug_info, child, None) {
                        break Some(error);
                    }
                }
                Err(error) => break Some(error),
            }
        };
        ChildEntries { entries, trouble }
    }

    /// The DIE at `at`, and those that it gets what it lacks from: its abstract origin, its declaration.
    pub(super) fn with_origins(&self, at: DieOffset) -> Result<Vec<Die<'d, 'a>>> {
        let mut dies = vec![self.die(at)?];
        while let Some(last) = dies.last()
            && let Some(origin) =
                last.attributes.reference(Attr::AbstractOrigin).or(last.attributes.reference(Attr::Specification))
        {
            if dies.len() > MAX_CHAIN {
                return Err(Error::LimitExceeded { at, what: "its origin has no end" });
            }
            dies.push(self.die(origin)?);
        }
        Ok(dies)
    }

    /// The language of a unit.
    pub(super) fn syntax(&mut self, unit: &Unit<'a>) -> Syntax {
        *self.syntaxes.entry(unit.offset()).or_insert_with(|| {
            // What cannot be read shows where more of the unit is read.
            let language = unit.root_details(self.debug_info).ok().and_then(|root| root.constant(Attr::Language));
            let is_rust = language.is_some_and(|language| language == u64::from(dw::DW_LANG_Rust.0));
            if is_rust { Syntax::Rust } else { Syntax::C }
        })
    }

    /// A DIE's own name, fit to be printed.
    pub(super) fn name(&mut self, die: &Die<'d, 'a>) -> Result<Option<String>> {
        let name = self.raw_name(die)?;
        name.map(|name| self.printable(die, name)).transpose()
    }

    /// A DIE's name with those of the scopes around it.
    pub(super) fn qualified_name(&mut self, die: &Die<'d, 'a>) -> Result<Option<String>> {
        let Some(name) = self.raw_name(die)? else { return Ok(None) };
        let prefix = die.unit.outline(self.debug_info)?.prefix(self.debug_info, die.unit, die.entry.at)?;
        if prefix.is_empty() {
            return self.printable(die, name).map(Some);
        }
        self.printable(die, &[prefix, name].concat()).map(Some)
    }

    pub(super) fn raw_name(&self, die: &Die<'d, 'a>) -> Result<Option<&'a [u8]>> {
        let name = die.attributes.string(Attr::Name);
        name.map(|name| die.unit.string(self.debug_info, name)).transpose()
    }

    fn printable(&mut self, die: &Die<'_, '_>, name: &[u8]) -> Result<String> {
        self.spend(name.len(), die.entry.at)?;
        let name = String::from_utf8_lossy(name);
        if !name.contains(char::is_control) {
            return Ok(name.into_owned());
        }
        // No name may do anything to a terminal.
        Ok(name.replace(char::is_control, "\u{fffd}"))
    }

    /// Counts what is made. Names and types can be used again and again, so it can grow out of proportion to the input.
    pub(super) fn spend(&mut self, bytes: usize, at: DieOffset) -> Result<()> {
        self.spent = self.spent.saturating_add(bytes);
        if self.spent > self.debug_info.text_limit() {
            return Err(Error::LimitExceeded { at, what: "the types take more room than any compiler's" });
        }
        Ok(())
    }

    /// Where a DIE stands in the source.
    pub(super) fn source(&mut self, die: &Die<'_, 'a>) -> Result<Option<Source>> {
        let Some(number) = die.constant(Attr::DeclFile) else { return Ok(None) };
        let unit = die.unit.offset();
        if !self.paths.contains_key(&(unit, number)) {
            if !self.files.contains_key(&unit) {
                self.files.insert(unit, die.unit.files(self.debug_info)?);
            }
            let path = self.files.get(&unit).map(|files| die.unit.file_path(self.debug_info, files, number));
            let path = path.transpose()?.flatten();
            let path = path.map(|path| self.printable(die, &path)).transpose()?;
            self.paths.insert((unit, number), path);
        }
        let line = die.constant(Attr::DeclLine).and_then(|line| u32::try_from(line).ok()).unwrap_or(0);
        Ok(self.paths.get(&(unit, number)).and_then(Clone::clone).map(|file| Source { file, line }))
    }

    /// Why versions do not depend on what a structure, union or enumeration consists of.
    pub(super) fn opaque(&self, die: &Die<'_, 'a>) -> Result<Option<Opaque>> {
        if die.is_declaration() {
            return Ok(Some(Opaque::DeclaredOnly));
        }
        let Some(file) = die.constant(Attr::DeclFile) else { return Ok(None) };
        Ok(die.unit.is_private_file(self.debug_info, file)?.then_some(Opaque::Private))
    }
}

/// Whether a DIE is a structure, class, union or enumeration.
pub(super) fn has_body(tag: DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_structure_type | dw::DW_TAG_class_type | dw::DW_TAG_union_type | dw::DW_TAG_enumeration_type
    )
}

/// Whether a DIE stands before one other type and adds to it.
pub(super) fn is_derived(tag: DwTag) -> bool {
    is_pointer(tag) || is_qualifier(tag) || matches!(tag, dw::DW_TAG_typedef | dw::DW_TAG_array_type)
}

pub(super) fn is_pointer(tag: DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_pointer_type
            | dw::DW_TAG_reference_type
            | dw::DW_TAG_rvalue_reference_type
            | dw::DW_TAG_ptr_to_member_type
    )
}

pub(super) fn is_qualifier(tag: DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_const_type
            | dw::DW_TAG_volatile_type
            | dw::DW_TAG_restrict_type
            | dw::DW_TAG_atomic_type
            | dw::DW_TAG_immutable_type
            | dw::DW_TAG_packed_type
            | dw::DW_TAG_shared_type
    )
}
