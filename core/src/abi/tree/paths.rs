// SPDX-License-Identifier: GPL-2.0-only
//! Which types a symbol's version depends on, and by which way each gets in.

use std::collections::VecDeque;
use std::ops::Range;

use gimli::{DwTag, constants as dw};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::die::{Die, Reader, has_body};
use super::find::{NamedKind, TypeQuery};
use super::{Syntax, TypeUse};
use crate::Result;
use crate::dwarf::{Attr, DebugInfo, DieOffset};

/// A step from a symbol towards a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it leads through.
    pub via: Via,
    /// The name of that; results have none, and members and parameters need not have one.
    pub name: Option<String>,
    /// The type of that.
    pub r#type: TypeUse,
}

/// What a step leads through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// The type of the variable.
    Variable,
    /// A parameter of the function, or of the function type that the last step led to.
    Parameter,
    /// The result of that.
    Result,
    /// A member of the structure or union that the last step led to.
    Member,
    /// The typedef that the last step led to.
    Typedef,
}

/// The types of a file, and how they refer to one another, as far as somebody has asked.
///
/// As versions do, it ends at types that are declared only or private. What cannot be read is passed over: trees show it.
pub struct TypeGraph<'d, 'a> {
    reader: Reader<'d, 'a>,
    vertices: Vec<Vertex>,
    by_die: FxHashMap<DieOffset, usize>,
    edges: Vec<Edge>,
}

/// A DIE.
struct Vertex {
    at: DieOffset,
    known: Option<Known>,
}

/// What is known of a DIE that has been read.
struct Known {
    name: Option<VertexName>,
    /// Of [`TypeGraph::edges`].
    edges: Range<usize>,
}

/// The name of a structure, union, enumeration or typedef.
struct VertexName {
    tag: DwTag,
    syntax: Syntax,
    name: Box<str>,
}

/// A reference from one DIE to another.
#[derive(Clone, Copy)]
struct Edge {
    to: usize,
    /// The DIE of what a [`Step`] is made of; none for pointers and the like.
    through: Option<DieOffset>,
    /// Whether it makes a way longer.
    counts: bool,
}

/// How a vertex was first reached.
#[derive(Clone, Copy)]
struct Arrival {
    distance: usize,
    /// From where, and by which edge; `None` at the start.
    from: Option<(usize, Edge)>,
    visited: bool,
}

impl<'d, 'a> TypeGraph<'d, 'a> {
    /// Of the types of `debug_info`.
    pub fn new(debug_info: &'d DebugInfo<'a>) -> Self {
        Self { reader: Reader::new(debug_info), vertices: Vec::new(), by_die: FxHashMap::default(), edges: Vec::new() }
    }

    /// The named types that the version of the symbol whose DIE is `symbol` depends on, as symtypes files name them, in the
    /// order of these names.
    pub fn types_of(&mut self, symbol: DieOffset) -> Vec<String> {
        let start = self.vertex(symbol);
        let mut reached = vec![start];
        let mut seen = FxHashSet::from_iter([start]);
        let mut types = std::collections::BTreeSet::new();
        while let Some(vertex) = reached.pop() {
            let edges = self.read(vertex);
            if let Some(name) = self.name(vertex) {
                types.insert(name.in_symtypes());
            }
            reached.extend(self.edges[edges].iter().map(|edge| edge.to).filter(|&to| seen.insert(to)));
        }
        types.into_iter().collect()
    }

    /// Those of `symbols`, given by their DIEs, whose versions depend on the type.
    pub fn users(&mut self, symbols: &[DieOffset], query: &TypeQuery) -> Vec<DieOffset> {
        let starts: Vec<usize> = symbols.iter().map(|&symbol| self.vertex(symbol)).collect();
        let mut seen: FxHashSet<usize> = starts.iter().copied().collect();
        let mut reached: Vec<usize> = seen.iter().copied().collect();
        let mut leading_to: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
        let mut depending = Vec::new();
        while let Some(vertex) = reached.pop() {
            let edges = self.read(vertex);
            if self.name(vertex).is_some_and(|name| name.is(query)) {
                depending.push(vertex);
            }
            for edge in &self.edges[edges] {
                leading_to.entry(edge.to).or_default().push(vertex);
                if seen.insert(edge.to) {
                    reached.push(edge.to);
                }
            }
        }
        let mut depends: FxHashSet<usize> = depending.iter().copied().collect();
        while let Some(vertex) = depending.pop() {
            let from = leading_to.get(&vertex).into_iter().flatten();
            depending.extend(from.copied().filter(|&from| depends.insert(from)));
        }
        let users = symbols.iter().zip(&starts).filter(|(_, start)| depends.contains(start));
        users.map(|(&symbol, _)| symbol).collect()
    }

    /// By which way the type gets into the version of the symbol whose DIE is `symbol`: one with the fewest members and
    /// parameters. `None` if it does not.
    pub fn path(&mut self, symbol: DieOffset, query: &TypeQuery) -> Option<Vec<Step>> {
        let start = self.vertex(symbol);
        let mut arrivals = FxHashMap::default();
        arrivals.insert(start, Arrival { distance: 0, from: None, visited: false });
        // In the order of their distances: what does not count goes to the front.
        let mut queue = VecDeque::from([start]);
        while let Some(vertex) = queue.pop_front() {
            let Some(arrival) = arrivals.get_mut(&vertex).filter(|arrival| !arrival.visited) else { continue };
            arrival.visited = true;
            let distance = arrival.distance;
            let edges = self.read(vertex);
            if self.name(vertex).is_some_and(|name| name.is(query)) {
                return Some(self.steps(&arrivals, vertex));
            }
            for &edge in &self.edges[edges] {
                let distance = distance + usize::from(edge.counts);
                if arrivals.get(&edge.to).is_none_or(|arrival| distance < arrival.distance) {
                    let arrival = Arrival { distance, from: Some((vertex, edge)), visited: false };
                    arrivals.insert(edge.to, arrival);
                    if edge.counts {
                        queue.push_back(edge.to);
                    } else {
                        queue.push_front(edge.to);
                    }
                }
            }
        }
        None
    }

    /// The way from the start to `vertex`.
    fn steps(&mut self, arrivals: &FxHashMap<usize, Arrival>, mut vertex: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        while let Some((from, edge)) = arrivals.get(&vertex).and_then(|arrival| arrival.from) {
            steps.extend(edge.through.and_then(|through| self.step(through).ok()));
            vertex = from;
        }
        steps.reverse();
        steps
    }

    fn step(&mut self, through: DieOffset) -> Result<Step> {
        let dies = self.reader.with_origins(through)?;
        let (mut name, mut via, mut syntax) = (None, Via::Member, Syntax::C);
        if let Some(die) = dies.first() {
            syntax = self.reader.syntax(die.unit);
            via = match die.tag() {
                dw::DW_TAG_variable => Via::Variable,
                dw::DW_TAG_formal_parameter => Via::Parameter,
                dw::DW_TAG_subprogram | dw::DW_TAG_subroutine_type => Via::Result,
                dw::DW_TAG_typedef => Via::Typedef,
                _ => Via::Member,
            };
        }
        if via != Via::Result {
            for die in &dies {
                name = name.or(self.reader.name(die)?);
            }
        }
        let type_at = dies.iter().find_map(Die::type_at);
        Ok(Step { via, name, r#type: self.reader.type_use(syntax, type_at) })
    }

    fn vertex(&mut self, at: DieOffset) -> usize {
        *self.by_die.entry(at).or_insert_with(|| {
            self.vertices.push(Vertex { at, known: None });
            self.vertices.len() - 1
        })
    }

    fn name(&self, vertex: usize) -> Option<&VertexName> {
        self.vertices[vertex].known.as_ref()?.name.as_ref()
    }

    /// The edges of a vertex, read if they have not been.
    fn read(&mut self, vertex: usize) -> Range<usize> {
        if let Some(known) = &self.vertices[vertex].known {
            return known.edges.clone();
        }
        let start = self.edges.len();
        // As far as it can be read.
        let name = self.read_die(self.vertices[vertex].at).unwrap_or_default();
        let edges = start..self.edges.len();
        self.vertices[vertex].known = Some(Known { name, edges: edges.clone() });
        edges
    }

    fn read_die(&mut self, at: DieOffset) -> Result<Option<VertexName>> {
        let dies = self.reader.with_origins(at)?;
        let Some(die) = dies.first() else { return Ok(None) };
        let tag = die.tag();
        let type_at = dies.iter().find_map(Die::type_at);
        let mut vertex_name = None;
        if NamedKind::of(tag).is_some()
            && let Some(name) = self.reader.qualified_name(die)?
        {
            vertex_name = Some(VertexName { tag, syntax: self.reader.syntax(die.unit), name: name.into() });
        }
        match tag {
            dw::DW_TAG_subprogram | dw::DW_TAG_subroutine_type => {
                for die in dies.iter().rev() {
                    self.add_children(die);
                }
                self.add(type_at, Some(at), true);
            }
            dw::DW_TAG_variable => self.add(type_at, Some(at), true),
            dw::DW_TAG_typedef => self.add(type_at, Some(at), false),
            dw::DW_TAG_enumeration_type => {}
            _ if has_body(tag) => {
                if self.reader.opaque(die)?.is_none() {
                    self.add_children(die);
                }
            }
            _ => self.add(type_at, None, false),
        }
        Ok(vertex_name)
    }

    /// Adds the types of members, those of variants too, and of parameters.
    fn add_children(&mut self, die: &Die<'d, 'a>) {
        let mut lists = vec![self.reader.children(die).entries.into_iter()];
        while let Some(list) = lists.last_mut() {
            let Some(entry) = list.next() else {
                lists.pop();
                continue;
            };
            let relevant = matches!(
                entry.tag(),
                dw::DW_TAG_member
                    | dw::DW_TAG_inheritance
                    | dw::DW_TAG_formal_parameter
                    | dw::DW_TAG_variant_part
                    | dw::DW_TAG_variant
            );
            let Some(child) = relevant.then(|| self.reader.read(die.unit, entry).ok()).flatten() else { continue };
            if matches!(entry.tag(), dw::DW_TAG_variant_part | dw::DW_TAG_variant) {
                lists.push(self.reader.children(&child).entries.into_iter());
            } else if let Some(type_at) = child.type_at() {
                // What is in a structure without a name counts as a member of the one around it.
                let counts =
                    entry.tag() == dw::DW_TAG_formal_parameter || child.attributes.string(Attr::Name).is_some();
                self.add(Some(type_at), Some(entry.at), counts);
            }
        }
    }

    fn add(&mut self, to: Option<DieOffset>, through: Option<DieOffset>, counts: bool) {
        if let Some(to) = to {
            let to = self.vertex(to);
            self.edges.push(Edge { to, through, counts });
        }
    }
}

impl VertexName {
    fn is(&self, query: &TypeQuery) -> bool {
        query.admits(self.tag, self.syntax) && query.matches(&self.name).is_some()
    }

    /// `s#file`, `t#'a name with spaces'`
    fn in_symtypes(&self) -> String {
        let prefix = NamedKind::of(self.tag).map_or("", NamedKind::prefix);
        let quote = if self.name.contains(' ') { "'" } else { "" };
        format!("{prefix}{quote}{}{quote}", self.name)
    }
}
