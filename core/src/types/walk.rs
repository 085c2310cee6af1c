// SPDX-License-Identifier: GPL-2.0-only
//! The order in which nodes are made, and the comma that gets lost in it.
//!
//! A DIE that is complete is not visited again, and a structure, class, union or enumeration that is being made stands by
//! name. *Any other* node that is being made is, in the reference (gendwarfksyms of Linux 7.3), made afresh when it is reached
//! from within itself. That changes nothing, but for parameter lists. A list forgets that its first parameter is behind it
//! only when it makes one; parameters that are complete do not count. So when a function type is entered again from within
//! its second parameter, the first is complete, and the second, made afresh, takes itself for the first: it gets no comma.
//! Of the two, the text begun later stays. Modules have been built against versions of such text, so it is reproduced here.

use super::dump::Dump;
use super::graph::{Kind, Role, State};
use super::{Graph, NodeId, SymbolRole};
use crate::dwarf::DieOffset;
use crate::{Error, Result};

/// A node on the way from the symbol to the present one.
pub(super) struct Frame {
    pub(super) node: NodeId,
    /// Index, in the graph, of the next edge to follow.
    next: u32,
    /// Whether the next parameter that is made here is the first one made.
    first: bool,
    /// What `next` counts to.
    end: u32,
    visit: Visit,
}

/// Why a node is on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visit {
    /// It is being made.
    Make,
    /// It is complete and only dumped once more.
    Replay,
}

impl Graph<'_> {
    /// Makes the node of a symbol and all that it reaches.
    ///
    /// # Errors
    /// Those of the DIEs that are read, and [`Error::CyclicType`].
    pub fn walk_symbol(&mut self, at: DieOffset, role: SymbolRole, dump: &mut impl Dump) -> Result<NodeId> {
        let symbol = self.node(at, Role::Symbol(role))?;
        if self.nodes[symbol.index()].state != State::Complete {
            dump.begin_symbol();
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
        while let Some(frame) = path.last_mut() {
            if frame.next < frame.end {
                let edge = self.edges[frame.next as usize];
                dump.text_before_edge(self, frame.node, frame.next);
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
        let visit = match self.nodes[id.index()].state {
            State::New => {
                self.contribute(id)?;
                Visit::Make
            }
            State::InProgress { expandable: then } => {
                if matches!(self.nodes[id.index()].kind, Kind::Expandable { .. }) {
                    dump.unexpanded(self, id);
                    return Ok(None);
                }
                // Nothing in between that would stand by name: this would go on for ever, as the reference does.
                if then == *expandable {
                    return Err(Error::CyclicType(self.nodes[id.index()].at));
                }
                Visit::Make
            }
            State::Complete if dump.wants_replay(self, id) => Visit::Replay,
            State::Complete => return Ok(None),
        };
        let node = &mut self.nodes[id.index()];
        if visit == Visit::Make {
            if let (Kind::Parameter, Some(list)) = (node.kind, from) {
                node.comma = !list.first;
                list.first = false;
            }
            *expandable += u32::from(matches!(node.kind, Kind::Expandable { .. }));
            node.state = State::InProgress { expandable: *expandable };
        }
        let frame = Frame { node: id, next: node.edges.start, end: node.edges.end, first: true, visit };
        dump.begin_node(self, id, visit == Visit::Replay);
        Ok(Some(frame))
    }
}
