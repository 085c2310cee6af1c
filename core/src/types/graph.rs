// SPDX-License-Identifier: GPL-2.0-only
//! Nodes, and the arenas that their text and references are in.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::contribution::StandIn;
use super::names::ItemNames;
use crate::dwarf::{DebugInfo, DieOffset};
use crate::kernel::KabiRules;
use crate::{Error, Result};

/// Stands in a node's text where a line could be broken, if DIEs are dumped; else there is the space that it reads as. No
/// name can contain it.
pub(super) const BREAK: u8 = 0;

/// The types that were reached from the symbols walked so far.
pub struct Graph<'a> {
    pub(super) debug_info: &'a DebugInfo<'a>,
    pub(super) rules: Option<&'a KabiRules>,
    pub(super) nodes: Vec<Node>,
    by_die: FxHashMap<NodeKey, NodeId>,
    /// The text of all nodes, each node's in one piece.
    pub(super) text: Vec<u8>,
    /// How long it may be, and the text that is made from it.
    pub(super) text_limit: usize,
    /// The references of all nodes, each node's in one piece and in the order of the text.
    pub(super) edges: Vec<Edge>,
    /// What is known to stand in place of types, for every type of a member.
    pub(super) stand_ins: FxHashMap<DieOffset, StandIn<'a>>,
    /// Names that members and parameters are given.
    pub(super) names: ItemNames<'a>,
    /// Whether the walk visits complete nodes once more: for a dump, or because names may be given on the way.
    pub(super) replays: bool,
    /// With `replays`: what the present symbol's walk has expanded.
    pub(super) expanded: FxHashSet<NodeId>,
    /// For a dump: how nodes without a name stand where they are not expanded.
    pub(super) short_forms: FxHashMap<NodeId, Box<[u8]>>,
    /// What is written for a line break.
    pub(super) line_break: u8,
    /// Where the text ended when the last line break was written.
    pub(super) after_break: usize,
    /// DIEs from here on have no fully qualified name yet.
    pub(super) names_end: DieOffset,
}

/// Names a node of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a DIE that describes a symbol is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SymbolRole {
    /// `subprogram ( … ) -> …`
    Function,
    /// `variable …`
    Variable,
}

/// One DIE may be a type and, as a symbol pointer's target, a symbol too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    Type,
    Symbol(SymbolRole),
}

/// A DIE and its role in one word: this is looked up for every reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct NodeKey(u64);

impl NodeKey {
    fn new(at: DieOffset, role: Role) -> Self {
        let role = match role {
            Role::Type => 0,
            Role::Symbol(SymbolRole::Function) => 1,
            Role::Symbol(SymbolRole::Variable) => 2,
        };
        Self(at.to_bits() << 2 | role)
    }
}

/// What one DIE contributes.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: DieOffset,
    pub(super) role: Role,
    pub(super) kind: Kind,
    pub(super) state: State,
    pub(super) text: TextRange,
    /// Of [`Graph::edges`].
    pub(super) edges: Range<u32>,
    pub(super) name: Option<TypeName>,
    /// Whether ` ,` and a break go before the text: of a parameter that is not its list's first, as the walk found it.
    pub(super) comma: bool,
}

/// What matters for the order of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A structure, class, union or enumeration. The text up to its body ends here.
    Expandable { header_end: u32 },
    /// A function type or symbol.
    ParameterList,
    /// A parameter of one.
    Parameter,
    /// Anything else.
    Plain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Referred to, not yet visited.
    New,
    /// Being made; when it was last begun, so many expandable nodes were being made.
    InProgress {
        expandable: u32,
    },
    Complete,
}

/// A piece of [`Graph::text`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TextRange {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// The name that a node is referred to by, `s#fully::qualified`.
#[derive(Debug, Clone, Copy)]
pub(super) struct TypeName {
    /// `s`, `u`, `e` or `t`.
    pub(super) prefix: u8,
    /// The fully qualified name.
    pub(super) name: TextRange,
}

/// A reference from a node's text to another node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    /// Where in [`Graph::text`] the other node's contribution belongs.
    pub(super) at: u32,
    pub(super) to: NodeId,
}

impl<'a> Graph<'a> {
    /// An empty graph over `debug_info`. With `rules`, kABI rules and `__kabi_` members have effect (`--stable`). With
    /// `line_breaks`, it keeps what a dump of the walk needs.
    pub fn new(debug_info: &'a DebugInfo<'a>, rules: Option<&'a KabiRules>, line_breaks: bool) -> Self {
        Self {
            debug_info,
            rules,
            nodes: Vec::new(),
            by_die: FxHashMap::default(),
            // About what an object needs whose types are all reached. What stays unused costs no memory.
            text: Vec::with_capacity(debug_info.size()),
            text_limit: debug_info.text_limit(),
            edges: Vec::with_capacity(debug_info.size() / 64),
            stand_ins: FxHashMap::default(),
            names: ItemNames::default(),
            replays: line_breaks || rules.is_some() && debug_info.mentions(b"__kabi_renamed"),
            expanded: FxHashSet::default(),
            short_forms: FxHashMap::default(),
            line_break: if line_breaks { BREAK } else { b' ' },
            after_break: 0,
            names_end: DieOffset::START,
        }
    }

    /// Makes the names of all DIEs before `end` known: to be called when a unit's turn comes, with its end.
    ///
    /// The reference (gendwarfksyms of Linux 7.3) gathers the names of a unit's DIEs when the unit's turn comes. What is
    /// reached before that, in a later unit or in the supplementary file, stays without a fully qualified name.
    pub fn know_names_before(&mut self, end: DieOffset) {
        self.names_end = self.names_end.max(end);
    }

    pub(super) fn node(&mut self, at: DieOffset, role: Role) -> Result<NodeId> {
        let next = u32::try_from(self.nodes.len()).map_err(|_| too_much(at))?;
        Ok(*self.by_die.entry(NodeKey::new(at, role)).or_insert_with(|| {
            self.nodes.push(Node {
                at,
                role,
                kind: Kind::Plain,
                state: State::New,
                text: TextRange::default(),
                edges: 0..0,
                name: None,
                comma: false,
            });
            NodeId(next)
        }))
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        (0..).map(NodeId).zip(&self.nodes)
    }

    pub(super) fn text_of(&self, range: TextRange) -> &[u8] {
        &self.text[range.start as usize..range.end as usize]
    }
}

/// Offsets in a graph are 32-bit: an object with more than that is not one that a compiler wrote.
pub(super) fn too_much(at: DieOffset) -> Error {
    Error::LimitExceeded { at, what: "the types of this object take more than 4 GiB of text" }
}
