// SPDX-License-Identifier: GPL-2.0-only
//! The types that the exports of one object reach, and the versions of these exports.

use crate::Result;
use crate::kernel::{ExportId, ExportList};
use crate::session::Observer;
use crate::symbols::SymbolDie;
use crate::types::{Graph, NodeId, SymbolString, TableBuilder, TypeTable};
use crate::versions::{self, Version, Versions};

/// The types and versions of one object.
#[derive(Debug)]
pub struct ObjectTypes {
    table: TypeTable,
    /// One for each DIE that describes an export, in the order of the walk.
    symbols: Vec<Symbol>,
}

/// What one DIE describes: an export with its aliases.
#[derive(Debug)]
pub struct Symbol {
    /// All names of the symbol; the first is the one that the reference prints where it prints only one.
    pub names: Vec<ExportId>,
    /// Its string.
    pub string: SymbolString,
    /// Its version.
    pub version: Version,
}

impl ObjectTypes {
    /// Walks the symbols that were `found`, in their order.
    pub(crate) fn read(
        graph: &mut Graph<'_>,
        exports: &ExportList,
        found: &[SymbolDie],
        observer: &mut impl Observer,
    ) -> Result<Self> {
        let mut walked = Vec::with_capacity(found.len());
        for found in found {
            observer.symbol(&exports[found.export]);
            graph.know_names_before(found.unit_end);
            walked.push((found.export, graph.walk_symbol(found.at, found.role, observer.dump())?));
        }
        Self::from_graph(graph, exports, &walked)
    }

    fn from_graph(graph: &Graph<'_>, exports: &ExportList, walked: &[(ExportId, NodeId)]) -> Result<Self> {
        let mut builder = TableBuilder::new(graph)?;
        let mut symbols: Vec<Symbol> = Vec::new();
        for (names, node) in names_of_nodes(exports, walked) {
            let string = builder.symbol(node, &exports[names[0]].name)?;
            symbols.push(Symbol { names, string, version: Version::default() });
        }
        let mut table = builder.finish();
        let mut versions = Versions::new(&table);
        for symbol in &mut symbols {
            symbol.version = versions.version(&exports[symbol.names[0]].name, &symbol.string)?;
        }
        // What a kABI rule makes up is a type only if a version needs it.
        let reached = versions.into_reached();
        table.retain_made_up(|id| reached.contains(id));
        Ok(Self { table, symbols })
    }

    /// The symbols that the object tells something about, in the order of the walk.
    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// The named types of the object.
    pub fn table(&self) -> &TypeTable {
        &self.table
    }

    /// The string that a symbol's version is the CRC of.
    ///
    /// # Errors
    /// [`Error::UnknownType`](crate::Error::UnknownType), which computing the version would have met as well.
    pub fn expanded_string(&self, exports: &ExportList, symbol: &Symbol) -> Result<Vec<u8>> {
        versions::expanded_string(&self.table, &exports[symbol.names[0]].name, &symbol.string)
    }

    /// The named types that a symbol's string is made of, each with its string, sorted bytewise by name.
    ///
    /// # Errors
    /// As [`Self::expanded_string`].
    pub fn types_behind(&self, exports: &ExportList, symbol: &Symbol) -> Result<Vec<(&[u8], &[u8])>> {
        let mut versions = Versions::new(&self.table);
        versions.version(&exports[symbol.names[0]].name, &symbol.string)?;
        let reached = versions.into_reached();
        let types = self.table.types().filter(|(id, _)| reached.contains(*id));
        let mut lines: Vec<_> = types.map(|(id, string)| (self.table.literal(id), self.table.text(string))).collect();
        lines.sort_unstable();
        Ok(lines)
    }

    /// The lines of a symtypes file: all types and exports, each with its string, sorted bytewise by name.
    pub fn symtypes<'t>(&'t self, exports: &'t ExportList) -> Vec<(&'t [u8], &'t [u8])> {
        let types = self.table.types().map(|(id, string)| (self.table.literal(id), self.table.text(string)));
        let symbols = self.symbols.iter().flat_map(|symbol| {
            let text = self.table.text(&symbol.string);
            symbol.names.iter().map(move |&name| (&*exports[name].name, text))
        });
        let mut lines: Vec<_> = types.chain(symbols).collect();
        lines.sort_unstable();
        lines
    }
}

/// The names of each node that describes a symbol: of the exports it was found for, and their aliases.
fn names_of_nodes(exports: &ExportList, walked: &[(ExportId, NodeId)]) -> Vec<(Vec<ExportId>, NodeId)> {
    let mut place = vec![u32::MAX; exports.len()];
    for (position, export) in (0..).zip(exports.in_reference_order()) {
        place[export.index()] = position;
    }
    let mut nodes: Vec<(Vec<ExportId>, NodeId)> = Vec::with_capacity(walked.len());
    let mut index_of = rustc_hash::FxHashMap::default();
    for &(export, node) in walked {
        let index = *index_of.entry(node).or_insert(nodes.len());
        if index == nodes.len() {
            nodes.push((Vec::new(), node));
        }
        let names = &mut nodes[index].0;
        names.push(export);
        names.extend(exports.aliases(export).iter().filter(|&&alias| alias != export));
    }
    for (names, _) in &mut nodes {
        names.sort_unstable_by_key(|name| place[name.index()]);
        names.dedup();
    }
    nodes
}
