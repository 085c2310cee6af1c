// SPDX-License-Identifier: GPL-2.0-only
//! `--dump-dies`: the walk of each symbol as an indented tree.

use super::graph::{BREAK, Node};
use super::{Graph, NodeId};

/// Watches a walk.
pub trait Dump {
    /// Whether the graph has to keep line breaks, and the walk to visit complete nodes once more.
    fn needs_line_breaks(&self) -> bool;
    /// Whether the dump of this symbol has become absurdly long.
    fn is_full(&self) -> bool;
    /// The walk of a symbol begins.
    fn begin_symbol(&mut self);
    /// The walk of a symbol is over.
    fn end_symbol(&mut self);
    /// A node's contribution begins; it may be `complete` already.
    fn begin_node(&mut self, graph: &Graph<'_>, node: NodeId, complete: bool);
    /// A node's text up to an edge, from the edge before it.
    fn text_before_edge(&mut self, graph: &Graph<'_>, node: NodeId, edge: u32);
    /// A node's text behind its last edge.
    fn text_to_end(&mut self, graph: &Graph<'_>, node: NodeId);
    /// A node that stands by name, because it is being made or was expanded before; its text up to its body.
    fn unexpanded(&mut self, header: &[u8]);
}

/// Nothing is wanted.
impl Dump for () {
    fn needs_line_breaks(&self) -> bool {
        false
    }
    fn is_full(&self) -> bool {
        false
    }
    fn begin_symbol(&mut self) {}
    fn end_symbol(&mut self) {}
    fn begin_node(&mut self, _: &Graph<'_>, _: NodeId, _: bool) {}
    fn text_before_edge(&mut self, _: &Graph<'_>, _: NodeId, _: u32) {}
    fn text_to_end(&mut self, _: &Graph<'_>, _: NodeId) {}
    fn unexpanded(&mut self, _: &[u8]) {}
}

/// The dump as text. Within a symbol each structure, class, union and enumeration is expanded once.
#[derive(Debug)]
pub struct DieDump {
    /// What was dumped so far.
    pub text: Vec<u8>,
    detail: Detail,
    symbol_start: usize,
    depth: usize,
    at_break: bool,
}

/// The longest dumps of a kernel's symbols take ten million bytes, most of them for indentation.
const MAX_SYMBOL_TEXT: usize = 256 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    Off,
    Plain,
    Offsets,
}

impl DieDump {
    fn is_on(&self) -> bool {
        self.detail != Detail::Off
    }

    /// Dumps nothing.
    pub fn off() -> Self {
        Self::new(Detail::Off)
    }

    /// What `--dump-dies` prints.
    pub fn plain() -> Self {
        Self::new(Detail::Plain)
    }

    /// The same, and before each DIE its offset and whether it was made just then (`--dump-die-map`).
    pub fn with_offsets() -> Self {
        Self::new(Detail::Offsets)
    }

    fn new(detail: Detail) -> Self {
        Self { text: Vec::new(), detail, symbol_start: 0, depth: 0, at_break: false }
    }

    fn push(&mut self, text: &[u8]) {
        for (index, line) in text.split(|&byte| byte == BREAK).enumerate() {
            self.at_break |= index > 0;
            let Some(first) = line.first() else { continue };
            if self.at_break {
                self.at_break = false;
                // Indentation follows the brackets around the break: no name stands at either side of one.
                match (self.text.last(), first) {
                    (Some(b'{' | b'('), b'}' | b')') | (_, b' ') => {}
                    (Some(b'{' | b'('), _) => self.depth += 1,
                    (_, b'}' | b')') => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                self.text.push(b'\n');
                self.text.extend(std::iter::repeat_n(b' ', 2 * self.depth));
            }
            self.text.extend_from_slice(line);
        }
    }

    /// Where the text up to `edge` starts: behind the edge before it, and behind the name that was given there.
    fn begin_text(&mut self, graph: &Graph<'_>, node: &Node, edge: u32) -> u32 {
        if edge == node.edges.start {
            return node.text.start;
        }
        let before = graph.edges[edge as usize - 1].at;
        let Some((given, own)) = graph.names.given(edge - 1) else { return before };
        self.push(b" ");
        self.push(given);
        before + own
    }

    fn push_range(&mut self, graph: &Graph<'_>, from: u32, to: u32) {
        self.push(&graph.text[from as usize..to as usize]);
    }
}

impl Dump for DieDump {
    fn needs_line_breaks(&self) -> bool {
        self.is_on()
    }

    fn is_full(&self) -> bool {
        self.text.len() - self.symbol_start > MAX_SYMBOL_TEXT
    }

    fn begin_symbol(&mut self) {
        self.symbol_start = self.text.len();
        self.depth = 0;
    }

    fn end_symbol(&mut self) {
        self.at_break = false;
        if self.is_on() {
            self.text.push(b'\n');
        }
    }

    fn begin_node(&mut self, graph: &Graph<'_>, node: NodeId, complete: bool) {
        if !self.is_on() {
            return;
        }
        let contribution = &graph.nodes[node.index()];
        if contribution.comma {
            self.push(COMMA);
            self.push(&[BREAK]);
        }
        if self.detail == Detail::Offsets {
            let state = if complete { "complete" } else { "new" };
            self.push(format!("<DIE {} {state}>", contribution.at).as_bytes());
        }
    }

    fn text_before_edge(&mut self, graph: &Graph<'_>, node: NodeId, edge: u32) {
        if self.is_on() {
            let node = &graph.nodes[node.index()];
            let from = self.begin_text(graph, node, edge);
            self.push_range(graph, from, graph.edges[edge as usize].at);
        }
    }

    fn text_to_end(&mut self, graph: &Graph<'_>, node: NodeId) {
        if self.is_on() {
            let node = &graph.nodes[node.index()];
            let from = self.begin_text(graph, node, node.edges.end);
            self.push_range(graph, from, node.text.end);
        }
    }

    fn unexpanded(&mut self, header: &[u8]) {
        self.push(header);
        self.push(&[BREAK, b'}']);
    }
}

/// What, with a line break behind it, separates an item from the one before.
pub(super) const COMMA: &[u8] = b" ,";
