// SPDX-License-Identifier: GPL-2.0-only
//! What the benchmarks measure: the stages from bytes to versions, one after the other as `Session` takes them, and the
//! objects that go through them.

use std::path::Path;
use std::{env, fs};

use kabiscope::dwarf::{DebugInfo, Sections};
use kabiscope::kernel::{ExportId, ExportList};
use kabiscope::object::Image;
use kabiscope::session::Session;
use kabiscope::symbols::{self, Matched, SymbolDie};
use kabiscope::types::{DieDump, Graph, NodeId, SymbolString, TableBuilder, TypeTable};
use kabiscope::versions::{Version, Versions};

/// Names the folder that the objects of a real kernel are in.
pub(crate) const KERNEL_OBJECTS: &str = "KABISCOPE_KERNEL_OBJECTS";

/// An object file, and the list of the symbols that it exports.
pub(crate) struct Input {
    object: Vec<u8>,
    exports: Vec<u8>,
}

impl Input {
    /// The input called `name`; `None` if it is an object of a kernel, and nothing tells where these are.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "fixture_basics" => Some(Self::fixture("basics")),
            "fixture_rust" => Some(Self::fixture("rust")),
            "nfs4proc" => Self::of_kernel("fs/nfs/nfs4proc.o"),
            "sched_core" => Self::of_kernel("kernel/sched/core.o"),
            "rust_kernel" => Self::of_kernel("rust/kernel.o"),
            _ => unreachable!("no input is called {name}"),
        }
    }

    fn fixture(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(name);
        Self::read(&folder.join("object.o"), &folder.join("exports"))
    }

    fn of_kernel(path: &str) -> Option<Self> {
        let object = Path::new(&env::var_os(KERNEL_OBJECTS)?).join(path);
        Some(Self::read(&object, &object.with_extension("exports")))
    }

    fn read(object: &Path, exports: &Path) -> Self {
        let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        Self { object: read(object).expect("an object"), exports: read(exports).expect("a list of exports") }
    }
}

/// The DIEs of the exports, and the units they were found in.
pub(crate) struct Found<'a> {
    debug_info: DebugInfo<'a>,
    symbols: Vec<SymbolDie>,
}

/// The types that the exports reach.
pub(crate) struct Walked<'a> {
    graph: Graph<'a>,
    symbols: Vec<(ExportId, NodeId)>,
}

/// The strings of types and exports.
pub(crate) struct Flattened {
    table: TypeTable,
    symbols: Vec<(ExportId, SymbolString)>,
}

/// The list of exports, and their addresses from the symbol table.
pub(crate) fn read_exports(input: &Input) -> ExportList {
    let image = Image::parse(&*input.object).expect("an ELF file");
    let mut exports = ExportList::parse(&input.exports).expect("a list of exports");
    exports.read_addresses(&image, |_, _| ()).expect("a symbol table");
    exports
}

/// Debug sections: decompressed, relocated.
pub(crate) fn read_sections(input: &Input) -> Sections<'_> {
    let image = Image::parse(&*input.object).expect("an ELF file");
    Sections::read(&image).expect("debugging information")
}

/// Unit headers, the outline of each unit, and which DIE describes which export.
pub(crate) fn find<'a>(sections: &'a Sections<'_>, exports: &ExportList) -> Found<'a> {
    let debug_info = DebugInfo::new(sections, None).expect("unit headers");
    let symbols = symbols::find(&debug_info, exports, &mut Matched::none(exports)).expect("units");
    Found { debug_info, symbols }
}

/// The graph of the types.
pub(crate) fn walk<'a>(found: &'a Found<'a>) -> Walked<'a> {
    let mut graph = Graph::new(&found.debug_info, None, false);
    let mut dump = DieDump::off();
    let walk = |symbol: &SymbolDie| {
        graph.know_names_before(symbol.unit_end);
        (symbol.export, graph.walk_symbol(symbol.at, symbol.role, &mut dump).expect("types"))
    };
    let symbols = found.symbols.iter().map(walk).collect();
    Walked { graph, symbols }
}

/// The table of the named types.
pub(crate) fn flatten(walked: &Walked<'_>, exports: &ExportList) -> Flattened {
    let mut builder = TableBuilder::new(&walked.graph).expect("types of sane size");
    let mut flatten = |&(export, node): &(ExportId, NodeId)| {
        (export, builder.symbol(node, &exports[export].name).expect("a type of sane size"))
    };
    let symbols = walked.symbols.iter().map(&mut flatten).collect();
    Flattened { table: builder.finish(), symbols }
}

/// The CRCs.
pub(crate) fn compute_versions(flattened: &Flattened, exports: &ExportList) -> Vec<Version> {
    let mut versions = Versions::new(&flattened.table);
    let mut version = |(export, string): &(ExportId, SymbolString)| {
        versions.version(&exports[*export].name, string).expect("no type that only a rule mentions")
    };
    flattened.symbols.iter().map(&mut version).collect()
}

/// All of it, as `gendwarfksyms` does it.
pub(crate) fn run_session(input: &Input) -> Session {
    let exports = ExportList::parse(&input.exports).expect("a list of exports");
    let mut session = Session::new(exports, false);
    session.read_object(&input.object, None, &mut DieDump::off()).expect("an object with versions");
    session
}
