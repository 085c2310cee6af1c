// SPDX-License-Identifier: GPL-2.0-only
//! The graph of types: a node a DIE, its text cut into fragments and references to other nodes, and the table of named
//! types that comes from it.
//!
//! A node is made on the first visit and does not depend on the symbol that it was reached from, with one exception, which
//! is the reference's and shows in the versions of real kernels: see [`walk`].

mod contribution;
mod dump;
mod graph;
mod names;
mod table;
mod walk;

pub use dump::{DieDump, Dump};
pub use graph::{Graph, NodeId, SymbolRole};
pub use table::{Reference, SymbolString, TableBuilder, TypeId, TypeString, TypeTable};
