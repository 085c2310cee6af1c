// SPDX-License-Identifier: GPL-2.0-only
//! What Kbuild asks of `gendwarfksyms`: the versions of a list of exports, from one object or several.

use crate::dwarf::{DebugInfo, Sections};
use crate::kernel::{Definition, Export, ExportId, ExportList, KabiRules, kabi};
use crate::object::Image;
use crate::symbols::{self, Matched};
use crate::types::{DieDump, Dump, Graph, NodeId, SymbolString, TableBuilder, TypeTable};
use crate::versions::{self, Version, Versions};
use crate::{Error, Result};

/// A list of exports, and what the objects read so far say of them.
#[derive(Debug)]
pub struct Session {
    exports: ExportList,
    matched: Matched,
    versions: Vec<Option<Version>>,
    stable: bool,
}

/// Hears what happens while an object is read.
pub trait Observer {
    /// What the walks are shown to.
    type Dump: Dump;

    /// Where the next walk is to be shown.
    fn dump(&mut self) -> &mut Self::Dump;
    /// The object defines an export.
    fn address(&mut self, export: &Export, definition: Definition);
    /// The kABI rules go on with something too short to be a rule.
    fn trailing_rule_data(&mut self);
    /// The walk of an export begins.
    fn symbol(&mut self, export: &Export);
}

/// Nothing but the dump is wanted.
impl Observer for DieDump {
    type Dump = Self;

    fn dump(&mut self) -> &mut Self {
        self
    }
    fn address(&mut self, _: &Export, _: Definition) {}
    fn trailing_rule_data(&mut self) {}
    fn symbol(&mut self, _: &Export) {}
}

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

impl Session {
    /// A session for `exports`. If `stable`, kABI rules and `__kabi_` members have effect.
    pub fn new(exports: ExportList, stable: bool) -> Self {
        Self { matched: Matched::none(&exports), versions: vec![None; exports.len()], exports, stable }
    }

    /// The exports that versions are wanted for.
    pub fn exports(&self) -> &ExportList {
        &self.exports
    }

    /// The version of an export; `None` if no object has told anything about it.
    pub fn version(&self, export: ExportId) -> Option<Version> {
        self.versions[export.index()]
    }

    /// Reads an object, and the supplementary file that its DWARF refers to if it has one.
    ///
    /// # Errors
    /// Whatever is wrong with the object, as far as it concerns the exports. No version of this object is kept then.
    pub fn read_object(
        &mut self,
        object: &[u8],
        supplementary: Option<&[u8]>,
        observer: &mut impl Observer,
    ) -> Result<ObjectTypes> {
        let image = Image::parse(object)?;
        self.exports.read_addresses(&image, |export, definition| observer.address(export, definition))?;
        let sections = Sections::read(&image)?;
        let supplementary = supplementary.map(|data| read_supplementary(&image, data)).transpose()?;
        let debug_info = DebugInfo::new(&sections, supplementary.as_ref())?;
        if let Some(name) = debug_info.split_dwarf_name()? {
            return Err(Error::SplitDwarf(name));
        }
        let rules = self.read_rules(&image)?;
        if rules.as_ref().is_some_and(KabiRules::has_trailing_data) {
            observer.trailing_rule_data();
        }
        let mut graph = Graph::new(&debug_info, rules.as_ref(), observer.dump().needs_line_breaks());
        let mut walked = Vec::new();
        for found in symbols::find(&debug_info, &self.exports, &mut self.matched)? {
            observer.symbol(&self.exports[found.export]);
            graph.know_names_before(found.unit_end);
            walked.push((found.export, graph.walk_symbol(found.at, found.role, observer.dump())?));
        }
        let types = ObjectTypes::new(&graph, &self.exports, &walked)?;
        for symbol in &types.symbols {
            for name in &symbol.names {
                self.versions[name.index()] = Some(symbol.version);
            }
        }
        Ok(types)
    }

    fn read_rules(&self, image: &Image<'_>) -> Result<Option<KabiRules>> {
        if !self.stable {
            return Ok(None);
        }
        let section = image.section(kabi::SECTION)?;
        Ok(Some(section.map_or(Ok(KabiRules::default()), |section| KabiRules::parse(&section))?))
    }
}

fn read_supplementary<'s>(image: &Image<'_>, data: &'s [u8]) -> Result<Sections<'s>> {
    let supplementary = Image::parse(data)?;
    match image.supplementary_file() {
        Some(link) if !link.matches(&supplementary) => Err(Error::OtherSupplementary),
        _ => Sections::read(&supplementary),
    }
}

impl ObjectTypes {
    fn new(graph: &Graph<'_>, exports: &ExportList, walked: &[(ExportId, NodeId)]) -> Result<Self> {
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
    /// [`Error::UnknownType`], which computing the version would have met as well.
    pub fn expanded_string(&self, exports: &ExportList, symbol: &Symbol) -> Result<Vec<u8>> {
        versions::expanded_string(&self.table, &exports[symbol.names[0]].name, &symbol.string)
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
