// SPDX-License-Identifier: GPL-2.0-only
//! The names that `__kabi_renamed` members give, under `--stable`.
//!
//! The reference (gendwarfksyms of Linux 7.3) keeps such a name from the moment at which the union that holds the member
//! is made until a member or parameter begins to be made, and writes it in place of the name of every member and parameter
//! that ends in between: the one that has the union for a type, but also those around it whose last part it is.

use rustc_hash::FxHashMap;

use super::NodeId;

/// The members and parameters of a graph, each known by the edge that leads to its type, and the names they are given.
#[derive(Debug, Default)]
pub(super) struct ItemNames<'a> {
    /// The name that members and parameters get which end now.
    pending: Option<&'a [u8]>,
    items: FxHashMap<u32, Item<'a>>,
    /// The unions that something else stands for.
    stand_ins: FxHashMap<NodeId, StandInUnion<'a>>,
}

#[derive(Debug)]
struct StandInUnion<'a> {
    renamed: Option<&'a [u8]>,
    /// Whether the walk has come to it again in a symbol that it was expanded in.
    revisited: bool,
}

#[derive(Debug)]
struct Item<'a> {
    /// The length of its own name, which stands behind the edge, with the blank before it.
    own: u32,
    given: Option<&'a [u8]>,
}

impl<'a> ItemNames<'a> {
    /// Notes that an edge leads to the type of a member or parameter, and that so much text behind it is its own name.
    pub(super) fn add_item(&mut self, edge: usize, own: usize) {
        // Both fit, as the positions that they are differences of do.
        self.items.insert(edge as u32, Item { own: own as u32, given: None });
    }

    /// A union begins to be made that a member of its stands for, or nothing.
    pub(super) fn add_stand_in(&mut self, union: NodeId, renamed: Option<&'a [u8]>) {
        self.pending = renamed.or(self.pending);
        self.stand_ins.insert(union, StandInUnion { renamed, revisited: false });
    }

    /// The walk comes to a node a second time in one symbol; whether it is a union of those. Its name is given again, but
    /// only once.
    pub(super) fn revisit_stand_in(&mut self, union: NodeId) -> bool {
        let Some(union) = self.stand_ins.get_mut(&union) else { return false };
        if !std::mem::replace(&mut union.revisited, true) {
            self.pending = union.renamed.or(self.pending);
        }
        true
    }

    /// A member or parameter begins: its type is next.
    pub(super) fn begin(&mut self, edge: u32) {
        if self.pending.is_some() && self.items.contains_key(&edge) {
            self.pending = None;
        }
    }

    /// The type is complete, the name is next.
    pub(super) fn end(&mut self, edge: u32) {
        if self.pending.is_some()
            && let Some(item) = self.items.get_mut(&edge)
        {
            item.given = self.pending;
        }
    }

    /// The name that is written behind an edge, and how much text it takes the place of.
    pub(super) fn given(&self, edge: u32) -> Option<(&'a [u8], u32)> {
        if self.items.is_empty() {
            return None;
        }
        let item = self.items.get(&edge)?;
        Some((item.given?, item.own))
    }
}
