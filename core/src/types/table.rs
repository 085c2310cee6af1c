// SPDX-License-Identifier: GPL-2.0-only
//! The table of named types: each with its string, in which other named types stand as references.

use std::ops::Range;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::graph::{BREAK, Graph, NodeId, TextRange};
use crate::dwarf::DieOffset;
use crate::kernel::KabiRules;
use crate::{Error, Result};

/// All named types of an object, and the strings of its symbols.
#[derive(Debug, Default)]
pub struct TypeTable {
    /// By how a type is referred to: `s#name`, in single quotes if there is a blank in the name. A type that a kABI rule's
    /// string mentions, and that does not exist, has no string.
    types: IndexMap<Box<[u8]>, Option<TypeString>, FxBuildHasher>,
    /// How many of them are types of DIEs; these come first.
    of_dies: usize,
    text: Vec<u8>,
    references: Vec<Reference>,
}

/// Names a type of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(u32);

impl TypeId {
    /// Its index, counted from zero without a gap.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A string of a table: a piece of its text, with the references that stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeString {
    text: Range<usize>,
    references: Range<usize>,
}

/// The string of an exported symbol.
pub type SymbolString = TypeString;

/// A reference to a named type, which stands in the text as the type's literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// Where the literal starts in the text of the table.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The type.
    pub to: TypeId,
}

impl TypeTable {
    /// How many types there are.
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// All types that exist, with their strings, in no particular order.
    pub fn types(&self) -> impl Iterator<Item = (TypeId, &TypeString)> {
        (0..).map(TypeId).zip(self.types.values()).filter_map(|(id, string)| Some((id, string.as_ref()?)))
    }

    /// How a type is referred to: `s#name`.
    pub fn literal(&self, id: TypeId) -> &[u8] {
        self.types.get_index(id.index()).map_or(&[], |(literal, _)| literal)
    }

    /// The string of a type; `None` if only a kABI rule mentions it.
    pub fn string(&self, id: TypeId) -> Option<&TypeString> {
        self.types[id.index()].as_ref()
    }

    /// The text of a string.
    pub fn text(&self, string: &TypeString) -> &[u8] {
        &self.text[string.text.clone()]
    }

    /// The text between two positions, as [`Reference`] gives them.
    pub fn text_between(&self, start: usize, end: usize) -> &[u8] {
        &self.text[start..end]
    }

    /// The references of a string, in the order in which they stand.
    pub fn references(&self, string: &TypeString) -> &[Reference] {
        &self.references[string.references.clone()]
    }

    /// Forgets types that exist only in kABI rules, but for those that `keep` tells.
    pub(crate) fn retain_made_up(&mut self, keep: impl Fn(TypeId) -> bool) {
        for (id, string) in (0..).map(TypeId).zip(self.types.values_mut()).skip(self.of_dies) {
            if !keep(id) {
                *string = None;
            }
        }
    }

    fn by_literal(&mut self, literal: &[u8]) -> TypeId {
        let index = self.types.get_index_of(literal);
        let index = index.unwrap_or_else(|| self.types.insert_full(literal.into(), None).0);
        // No more than there are nodes, whose number is checked, and references in rules.
        TypeId(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

impl TypeString {
    /// Where it starts and ends in the text of its table.
    pub fn range(&self) -> Range<usize> {
        self.text.clone()
    }
}

/// Makes a table from a graph.
pub struct TableBuilder<'g, 'a> {
    graph: &'g Graph<'a>,
    table: TypeTable,
    /// The type of each node that has a name.
    types: Vec<Option<TypeId>>,
    /// Nodes whose text is being written out.
    open: Vec<bool>,
    path: Vec<Open>,
}

/// A node whose text is written out up to a position.
struct Open {
    node: NodeId,
    text: u32,
    edge: u32,
}

impl<'g, 'a> TableBuilder<'g, 'a> {
    /// Makes the table of all types that `graph` has reached.
    ///
    /// Of several DIEs with one name, the longest string is kept, of equally long ones that of the first DIE.
    ///
    /// # Errors
    /// [`Error::CyclicType`] for a type without a name that contains itself, [`Error::LimitExceeded`] for strings of
    /// absurd length, [`Error::KabiRule`] for a type string that cannot be read.
    pub fn new(graph: &'g Graph<'a>) -> Result<Self> {
        let mut table = TypeTable::default();
        table.text.reserve(2 * graph.text.len());
        table.references.reserve(graph.edges.len());
        let mut literal = Vec::new();
        let types = graph.nodes.iter().map(|node| {
            let name = node.name.as_ref()?;
            write_literal(&mut literal, name.prefix, graph.text_of(name.name));
            Some(table.by_literal(&literal))
        });
        let types = types.collect();
        table.of_dies = table.types.len();
        let mut builder = Self { graph, table, types, open: vec![false; graph.nodes.len()], path: Vec::new() };
        builder.add_named_types()?;
        if let Some(rules) = graph.rules {
            builder.add_types_of_rules(rules, 0)?;
        }
        Ok(builder)
    }

    /// The string of a symbol called `name`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn symbol(&mut self, symbol: NodeId, name: &[u8]) -> Result<SymbolString> {
        if let Some(rules) = self.graph.rules
            && let Some(string) = rules.type_string(name)?
        {
            let known = self.table.len();
            let string = self.parse(name, string)?;
            self.add_types_of_rules(rules, known)?;
            return Ok(string);
        }
        self.flatten(symbol)
    }

    /// The finished table.
    pub fn finish(self) -> TypeTable {
        self.table
    }

    fn add_named_types(&mut self) -> Result<()> {
        let mut kept_from: Vec<Option<DieOffset>> = vec![None; self.table.len()];
        for (id, node) in self.graph.nodes() {
            let Some(named) = self.types[id.index()] else { continue };
            let (text, references) = (self.table.text.len(), self.table.references.len());
            let string = self.flatten(id)?;
            let known = &mut self.table.types[named.index()];
            let better = known.as_ref().is_none_or(|known| {
                let (length, known_length) = (string.text.len(), known.text.len());
                length > known_length || length == known_length && Some(node.at) < kept_from[named.index()]
            });
            if better {
                *known = Some(string);
                kept_from[named.index()] = Some(node.at);
            } else {
                self.table.text.truncate(text);
                self.table.references.truncate(references);
            }
        }
        Ok(())
    }

    /// Gives the types from number `known` on the strings that kABI rules have for them, and those that these mention.
    fn add_types_of_rules(&mut self, rules: &KabiRules, known: usize) -> Result<()> {
        let mut next = known;
        while let Some((literal, _)) = self.table.types.get_index(next) {
            let literal = literal.clone();
            if let Some(string) = rules.type_string(&literal)? {
                self.table.types[next] = Some(self.parse(&literal, string)?);
            }
            next += 1;
        }
        Ok(())
    }

    /// Writes out the text of a node: other nodes with a name as references, all others in place.
    fn flatten(&mut self, root: NodeId) -> Result<TypeString> {
        let (text_start, references_start) = (self.table.text.len(), self.table.references.len());
        self.enter(root)?;
        while let Some(open) = self.path.last_mut() {
            let node = &self.graph.nodes[open.node.index()];
            if open.edge > node.edges.start
                && let Some((given, own)) = self.graph.names.given(open.edge - 1)
            {
                self.table.text.push(b' ');
                self.table.text.extend_from_slice(given);
                open.text += own;
            }
            let Some(edge) = (open.edge < node.edges.end).then(|| self.graph.edges[open.edge as usize]) else {
                copy(&mut self.table.text, self.graph, TextRange { start: open.text, end: node.text.end });
                self.open[open.node.index()] = false;
                self.path.pop();
                continue;
            };
            copy(&mut self.table.text, self.graph, TextRange { start: open.text, end: edge.at });
            open.text = edge.at;
            open.edge += 1;
            match self.types[edge.to.index()] {
                Some(to) => {
                    let start = self.table.text.len();
                    if let Some((literal, _)) = self.table.types.get_index(to.index()) {
                        self.table.text.extend_from_slice(literal);
                    }
                    self.table.references.push(Reference { start, end: self.table.text.len(), to });
                }
                None => self.enter(edge.to)?,
            }
            if self.table.text.len() > self.graph.text_limit {
                let at = self.graph.nodes[root.index()].at;
                return Err(Error::LimitExceeded {
                    at,
                    what: "the type strings are longer than any compiler makes them",
                });
            }
        }
        Ok(TypeString {
            text: text_start..self.table.text.len(),
            references: references_start..self.table.references.len(),
        })
    }

    fn enter(&mut self, id: NodeId) -> Result<()> {
        let node = &self.graph.nodes[id.index()];
        if std::mem::replace(&mut self.open[id.index()], true) {
            return Err(Error::CyclicType(node.at));
        }
        if node.comma {
            self.table.text.extend_from_slice(b" , ");
        }
        self.path.push(Open { node: id, text: node.text.start, edge: node.edges.start });
        Ok(())
    }

    /// Reads the type string that a kABI rule gives `target`.
    fn parse(&mut self, target: &[u8], string: &[u8]) -> Result<TypeString> {
        let text_start = self.table.text.len();
        let references_start = self.table.references.len();
        self.table.text.extend_from_slice(string);
        let mut at = 0;
        while let Some(reference) = find_reference(string, at) {
            let reference = reference.map_err(|what| {
                let (target, string) = (String::from_utf8_lossy(target), String::from_utf8_lossy(string));
                Error::KabiRule(format!("{what} in the type string of '{target}': {string}"))
            })?;
            let to = self.table.by_literal(&string[reference.clone()]);
            let (start, end) = (text_start + reference.start, text_start + reference.end);
            self.table.references.push(Reference { start, end, to });
            at = reference.end;
        }
        Ok(TypeString {
            text: text_start..self.table.text.len(),
            references: references_start..self.table.references.len(),
        })
    }
}

/// Finds the first reference at or after `from`: `[sute]#name`, up to a blank, or `[sute]#'name with blanks'`.
fn find_reference(string: &[u8], from: usize) -> Option<Result<Range<usize>, &'static str>> {
    let hash = string
        .iter()
        .enumerate()
        .skip(from + 1)
        .position(|(at, &byte)| byte == b'#' && matches!(string[at - 1], b's' | b'u' | b't' | b'e'))?
        + from
        + 1;
    let start = hash - 1;
    let name = &string[hash + 1..];
    if let Some(quoted) = name.strip_prefix(b"'") {
        return Some(match quoted.iter().position(|&byte| byte == b'\'') {
            None => Err("unterminated reference"),
            Some(0) => Err("empty reference"),
            Some(length) => Ok(start..hash + 1 + length + 2),
        });
    }
    let length = name.iter().position(|&byte| byte == b' ').unwrap_or(name.len());
    Some(if length == 0 { Err("empty reference") } else { Ok(start..hash + 1 + length) })
}

/// `s#name`, or `s#'a name'`.
fn write_literal(literal: &mut Vec<u8>, prefix: u8, name: &[u8]) {
    literal.clear();
    literal.extend_from_slice(&[prefix, b'#']);
    let quote = name.contains(&b' ');
    literal.extend(quote.then_some(b'\''));
    literal.extend_from_slice(name);
    literal.extend(quote.then_some(b'\''));
}

/// Appends text of a graph, with breaks as the spaces that they read as.
fn copy(to: &mut Vec<u8>, graph: &Graph<'_>, range: TextRange) {
    let start = to.len();
    to.extend_from_slice(graph.text_of(range));
    if graph.line_break == BREAK {
        to[start..].iter_mut().filter(|byte| **byte == BREAK).for_each(|byte| *byte = b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(string: &str, expect: &[&str]) {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(reference) = find_reference(string.as_bytes(), at) {
            let reference = reference.expect("well-formed references");
            found.push(&string[reference.clone()]);
            at = reference.end;
        }
        assert_eq!(found, expect, "{string}");
    }

    /// As the reference reads type strings of kABI rules.
    #[test]
    fn references_in_rules() {
        check("variable s#foo", &["s#foo"]);
        check("s#foo} u#'a b' , ss#x e#y", &["s#foo}", "u#'a b'", "s#x", "e#y"]);
        check("x#foo # s #", &[]);
        check("", &[]);
    }

    #[test]
    fn malformed_references() {
        for string in ["s#", "a s# b", "s#''", "s#'a"] {
            assert!(matches!(find_reference(string.as_bytes(), 0), Some(Err(_))), "{string}");
        }
    }

    #[test]
    fn literals() {
        let mut literal = Vec::new();
        write_literal(&mut literal, b's', b"a::b");
        assert_eq!(literal, b"s#a::b");
        write_literal(&mut literal, b'e', b"a b");
        assert_eq!(literal, b"e#'a b'");
    }
}
