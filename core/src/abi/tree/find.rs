// SPDX-License-Identifier: GPL-2.0-only
//! Types by name.

use std::convert::Infallible;
use std::ops::Range;
use std::str::FromStr;

use gimli::{DwTag, constants as dw};

use super::declaration::c_base_type;
use super::die::Reader;
use super::{Syntax, TypeRef};
use crate::Result;
use crate::dwarf::{DebugInfo, DebugSection, Entry, Unit};

/// A type that is looked for: `struct file`, `s#file`, `spinlock_t`, `core::option::Option<u32>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeQuery {
    /// Of any kind, if `None`.
    kind: Option<NamedKind>,
    name: String,
}

/// The kinds of types that symtypes files tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NamedKind {
    Struct,
    Union,
    Enum,
    Typedef,
}

impl NamedKind {
    const ALL: [Self; 4] = [Self::Struct, Self::Union, Self::Enum, Self::Typedef];

    pub(super) fn of(tag: DwTag) -> Option<Self> {
        Some(match tag {
            dw::DW_TAG_structure_type | dw::DW_TAG_class_type => Self::Struct,
            dw::DW_TAG_union_type => Self::Union,
            dw::DW_TAG_enumeration_type => Self::Enum,
            dw::DW_TAG_typedef => Self::Typedef,
            _ => return None,
        })
    }

    /// What a name begins with in symtypes files.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Struct => "s#",
            Self::Union => "u#",
            Self::Enum => "e#",
            Self::Typedef => "t#",
        }
    }

    fn keyword(self) -> &'static str {
        match self {
            Self::Struct => "struct ",
            Self::Union => "union ",
            Self::Enum => "enum ",
            Self::Typedef => "typedef ",
        }
    }
}

impl FromStr for TypeQuery {
    type Err = Infallible;

    fn from_str(query: &str) -> Result<Self, Infallible> {
        let kind_and_name = NamedKind::ALL.into_iter().find_map(|kind| {
            let name = query.strip_prefix(kind.keyword()).or_else(|| query.strip_prefix(kind.prefix()))?;
            Some((Some(kind), name))
        });
        let (kind, name) = kind_and_name.unwrap_or((None, query));
        let name = name.trim();
        // Symtypes files have names with spaces in quotes.
        let name = name.strip_prefix('\'').and_then(|name| name.strip_suffix('\'')).unwrap_or(name);
        Ok(Self { kind, name: name.to_owned() })
    }
}

/// How well a name is what was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    /// It is the same.
    Full,
    /// It is the same but for the scopes around it.
    WithoutScopes,
}

impl TypeQuery {
    /// Whether types with this tag are looked for.
    pub(super) fn admits(&self, tag: DwTag, syntax: Syntax) -> bool {
        match (self.kind, NamedKind::of(tag)) {
            (None, kind) => kind.is_some() || tag == dw::DW_TAG_base_type,
            // In Rust, DWARF takes an enumeration with data for a structure.
            (Some(NamedKind::Enum), Some(NamedKind::Struct)) => syntax == Syntax::Rust,
            (wanted, kind) => wanted == kind,
        }
    }

    /// Whether a type of this name, without the scopes around it, may be it.
    fn may_be(&self, own_name: &[u8]) -> bool {
        self.name.as_bytes().ends_with(own_name)
            || std::str::from_utf8(own_name).is_ok_and(|name| c_base_type(name) == self.name)
    }

    pub(super) fn matches(&self, qualified_name: &str) -> Option<Match> {
        if qualified_name == self.name || c_base_type(qualified_name) == self.name {
            return Some(Match::Full);
        }
        let scopes = qualified_name.strip_suffix(self.name.as_str())?;
        (scopes.ends_with("::") && !self.name.is_empty()).then_some(Match::WithoutScopes)
    }
}

/// Finds the types of a name in the units that start in `units`, a part of `.debug_info`, and in type units beside it. Those
/// within functions are not looked for.
///
/// The best comes first: definitions before declarations, full names before those without the scopes around them, types with
/// a body before typedefs.
///
/// # Errors
/// Those of reading the units, if nothing was found.
pub fn find_types(debug_info: &DebugInfo<'_>, units: &Range<usize>, query: &TypeQuery) -> Result<Vec<TypeRef>> {
    let mut search = Search { reader: Reader::new(debug_info), query, found: Vec::new() };
    let mut trouble = None;
    let units = debug_info
        .units()
        .filter(|unit| unit.section() == DebugSection::Types || units.contains(&unit.offset().offset()));
    for unit in units {
        trouble = trouble.or(search.look_through(unit).err());
    }
    let mut found = search.found;
    found.sort();
    match trouble {
        Some(trouble) if found.is_empty() => Err(trouble),
        _ => Ok(found.into_iter().map(|(_, at)| at).collect()),
    }
}

/// What makes one type that was found better than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_declaration: bool,
    r#match: Match,
    /// None for a base type.
    kind: Option<NamedKind>,
}

struct Search<'s, 'd, 'a> {
    reader: Reader<'d, 'a>,
    query: &'s TypeQuery,
    found: Vec<(Rank, TypeRef)>,
}

impl<'d, 'a> Search<'_, 'd, 'a> {
    fn look_through(&mut self, unit: &'d Unit<'a>) -> Result<()> {
        let syntax = self.reader.syntax(unit);
        let Some(root) = unit.root(self.reader.debug_info)? else { return Ok(()) };
        let mut scopes = vec![self.entries_of(unit, root)?];
        while let Some(scope) = scopes.last_mut() {
            let Some(entry) = scope.next() else {
                scopes.pop();
                continue;
            };
            let tag = entry.tag();
            if self.query.admits(tag, syntax) {
                self.look_at(unit, entry)?;
            }
            let holds_types = matches!(tag, dw::DW_TAG_namespace | dw::DW_TAG_structure_type | dw::DW_TAG_class_type);
            if holds_types && entry.has_children() {
                scopes.push(self.entries_of(unit, entry)?);
            }
        }
        Ok(())
    }

    fn entries_of(&mut self, unit: &'d Unit<'a>, entry: Entry<'d>) -> Result<std::vec::IntoIter<Entry<'d>>> {
        let die = self.reader.read(unit, entry)?;
        let children = self.reader.children(&die);
        children.trouble.map_or(Ok(children.entries.into_iter()), Err)
    }

    fn look_at(&mut self, unit: &'d Unit<'a>, entry: Entry<'d>) -> Result<()> {
        let die = self.reader.read(unit, entry)?;
        if !self.reader.raw_name(&die)?.is_some_and(|name| self.query.may_be(name)) {
            return Ok(());
        }
        let Some(name) = self.reader.qualified_name(&die)? else { return Ok(()) };
        if let Some(r#match) = self.query.matches(&name) {
            let rank = Rank { is_declaration: die.is_declaration(), r#match, kind: NamedKind::of(entry.tag()) };
            self.found.push((rank, die.at()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> TypeQuery {
        let Ok(query) = text.parse();
        query
    }

    #[test]
    fn queries() {
        use NamedKind::{Enum, Struct, Typedef, Union};
        for (text, kind, name) in [
            ("page", None, "page"),
            ("struct page", Some(Struct), "page"),
            ("struct  page ", Some(Struct), "page"),
            ("s#page", Some(Struct), "page"),
            ("u#mark", Some(Union), "mark"),
            ("enum cargo", Some(Enum), "cargo"),
            ("typedef spinlock_t", Some(Typedef), "spinlock_t"),
            ("s#'core::option::Option<(u8, u32)>'", Some(Struct), "core::option::Option<(u8, u32)>"),
            ("structure", None, "structure"),
            ("unsigned long", None, "unsigned long"),
        ] {
            assert_eq!(query(text), TypeQuery { kind, name: name.to_owned() }, "{text}");
        }
    }

    #[test]
    fn kinds() {
        assert!(query("page").admits(dw::DW_TAG_typedef, Syntax::C));
        assert!(query("int").admits(dw::DW_TAG_base_type, Syntax::C));
        assert!(!query("page").admits(dw::DW_TAG_variable, Syntax::C));
        assert!(!query("struct page").admits(dw::DW_TAG_union_type, Syntax::C));
        assert!(!query("struct page").admits(dw::DW_TAG_base_type, Syntax::C));
        assert!(query("enum Shape").admits(dw::DW_TAG_structure_type, Syntax::Rust));
        assert!(!query("enum Shape").admits(dw::DW_TAG_structure_type, Syntax::C));
    }

    #[test]
    fn names() {
        for (text, name, expected) in [
            ("page", "page", Some(Match::Full)),
            ("page", "webpage", None),
            ("Point", "shapes::Point", Some(Match::WithoutScopes)),
            ("geometry::Point", "shapes::geometry::Point", Some(Match::WithoutScopes)),
            ("Point", "shapes::Pointer", None),
            ("unsigned long", "long unsigned int", Some(Match::Full)),
            ("long unsigned int", "long unsigned int", Some(Match::Full)),
            ("", "shapes::", None),
        ] {
            assert_eq!(query(text).matches(name), expected, "{text} for {name}");
            assert!(expected.is_none() || query(text).may_be(name.rsplit("::").next().unwrap_or(name).as_bytes()));
        }
    }
}
