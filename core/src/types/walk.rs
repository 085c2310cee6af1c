// SPDX-License-Identifier: GPL-2.0-only
//! The order in which nodes are made, and the comma that gets lost in it.
//!
//! A DIE that is complete is not visited again, and a structure, class, union or enumeration that is being made stands by
//! name. *Any other* node that is being made is, in the reference (gendwarfksyms of Linux 7.3), made afresh when it is reached
//! from within itself. That changes nothing, but for parameter lists. A list forgets that its first parameter is behind it
//! only when it makes one; parameters that are complete do not count. So when a function type is entered again from within
//! its second parameter, the first is complete, and the second, made afresh, takes itself for the first: it gets no comma.
//! Of the two, the text begun later stays. Modules have been built against versions of such text, so it is reproduced here.

use std::ops::Range;

use super::dump::Dump;
use super::graph::{Kind, Role, State, TextRange};
use super::{Graph, NodeId, SymbolRole};
use crate::dwarf::DieOffset;
use crate::{Error, Result};

/// A node on the way from the symbol to the present one.
pub(super) struct Frame {
    pub(super) node: NodeId,
    /// Index, in the graph, of the next edge to follow; it counts from `start` to `end`.
    next: u32,
    start: u32,
    end: u32,
    /// Whether the next parameter that is made here is the first one made.
    first: bool,
    visit: Visit,
}

/// Why a node is on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visit {
    /// It is being made.
    Make,
    /// It has been made, and only what happens on the way is wanted once more: see [`Graph::replays`].
    Replay,
}

/// Types that contain one another without a name can be walked in more ways than could ever be counted. A kernel's symbol
/// takes less than a million steps.
const MAX_STEPS: u64 = 1 << 28;

impl Graph<'_> {
    /// Makes the node of a symbol and all that it reaches.
    ///
    /// # Errors
    /// Those of the DIEs that are read, and [`Error::CyclicType`] and [`Error::LimitExceeded`].
    pub fn walk_symbol(&mut self, at: DieOffset, role: SymbolRole, dump: &mut impl Dump) -> Result<NodeId> {
        let symbol = self.node(at, Role::Symbol(role))?;
        if self.nodes[symbol.index()].state != State::Complete {
            dump.begin_symbol();
            self.expanded.clear();
            self.walk(symbol, dump)?;
            dump.end_symbol();
        }
        Ok(symbol)
    }

    fn walk(&mut self, root: NodeId, dump: &mut impl Dump) -> Result<()> {
        let mut path = Vec::new();
        // How many expandable nodes on the path are being made.
        let mut expandable = 0;
        path.extend(self.visit(root, None, &mut expandable, dump)?);
        let mut steps = 0u64;
        while let Some(frame) = path.last_mut() {
            steps += 1;
            if steps > MAX_STEPS || dump.is_full() {
                let at = self.nodes[root.index()].at;
                return Err(Error::LimitExceeded { at, what: "the walk of its types does not come to an end" });
            }
            if frame.visit == Visit::Make && frame.next > frame.start {
                self.names.end(frame.next - 1);
            }
            if frame.next < frame.end {
                let edge = self.edges[frame.next as usize];
                dump.text_before_edge(self, frame.node, frame.next);
                if frame.visit == Visit::Make {
                    self.names.begin(frame.next);
                }
                frame.next += 1;
                let child = self.visit(edge.to, Some(frame), &mut expandable, dump)?;
                path.extend(child);
                continue;
            }
            dump.text_to_end(self, frame.node);
            let node = &mut self.nodes[frame.node.index()];
            if frame.visit == Visit::Make {
                node.state = State::Complete;
                expandable -= u32::from(matches!(node.kind, Kind::Expandable { .. }));
            }
            path.pop();
        }
        Ok(())
    }

    /// Goes to a node from the one at the end of the path; returns the frame for it, if there is something to do.
    fn visit(
        &mut self,
        id: NodeId,
        from: Option<&mut Frame>,
        expandable: &mut u32,
        dump: &mut impl Dump,
    ) -> Result<Option<Frame>> {
        let node = &self.nodes[id.index()];
        let is_expandable = matches!(node.kind, Kind::Expandable { .. });
        let visit = match node.state {
            State::New => {
                self.contribute(id)?;
                Visit::Make
            }
            State::InProgress { .. } if is_expandable => match self.revisit(id, dump)? {
                Some(visit) => visit,
                None => return Ok(None),
            },
            // Nothing in between that would stand by name: this would go on for ever, as it does in the reference.
            State::InProgress { expandable: then } if then == *expandable => return Err(Error::CyclicType(node.at)),
            State::InProgress { .. } => Visit::Make,
            State::Complete if !self.replays => return Ok(None),
            State::Complete if is_expandable && self.expanded.contains(&id) => match self.revisit(id, dump)? {
                Some(visit) => visit,
                None => return Ok(None),
            },
            State::Complete => Visit::Replay,
        };
        let node = &mut self.nodes[id.index()];
        let is_expandable = matches!(node.kind, Kind::Expandable { .. });
        if visit == Visit::Make {
            if let (Kind::Parameter, Some(list)) = (node.kind, from) {
                node.comma = !list.first;
                list.first = false;
            }
            *expandable += u32::from(is_expandable);
            node.state = State::InProgress { expandable: *expandable };
        }
        if self.replays && is_expandable {
            self.expanded.insert(id);
        }
        let Range { start, end } = node.edges;
        let frame = Frame { node: id, next: start, start, end, first: true, visit };
        dump.begin_node(self, id, visit == Visit::Replay);
        Ok(Some(frame))
    }

    /// Comes to an expandable node that this symbol's walk has expanded before: it stands by name. The reference makes that
    /// short form of it, once, as a node of its own; a union that something else stands for has no short form.
    fn revisit(&mut self, id: NodeId, dump: &mut impl Dump) -> Result<Option<Visit>> {
        if self.replays && self.names.revisit_stand_in(id) {
            return Ok(Some(Visit::Replay));
        }
        if dump.needs_line_breaks() {
            dump.unexpanded(self.short_form(id)?);
        }
        Ok(None)
    }

    /// The text of an expandable node up to its body, as it was when the node first stood by name: the name may have become
    /// known since the node was made.
    fn short_form(&mut self, id: NodeId) -> Result<&[u8]> {
        let node = &self.nodes[id.index()];
        let Kind::Expandable { header_end } = node.kind else { return Ok(&[]) };
        let header = TextRange { start: node.text.start, end: header_end };
        if node.name.is_some() {
            return Ok(self.text_of(header));
        }
        if !self.short_forms.contains_key(&id) {
            let header = self.text_of(header);
            let short = match self.qualified_name_at(node.at)? {
                Some(name) => [header.strip_suffix(b" {").unwrap_or(header), b" ", &name, b" {"].concat(),
                None => header.to_vec(),
            };
            self.short_forms.insert(id, short.into());
        }
        Ok(self.short_forms.get(&id).map_or(&[], |form| form))
    }
}
