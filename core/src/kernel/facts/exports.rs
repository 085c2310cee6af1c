// SPDX-License-Identifier: GPL-2.0-only
//! Exports, put together from tables, marks and symbols.

use object::{ReadRef, elf};
use rustc_hash::FxHashMap;

use super::contents::{Contents, Pointer};
use super::markers::Marker;
use super::recorded::{self, Recorded};
use super::tables::{Entry, Tables};
use super::troubles::Troubles;
use super::{Definition, Export, Kind};
use crate::object::{Address, SymbolEntry};

/// All exports of a file, before the symbol table was asked, and after.
pub(super) struct Exports<'t, 'data> {
    tables: &'t Tables<'data>,
    exports: Vec<Known<'t, 'data>>,
    by_name: FxHashMap<&'data [u8], usize>,
    /// The first version's symbol.
    any_version: Option<Address>,
}

/// What is known of an export.
struct Known<'t, 'data> {
    name: &'data [u8],
    namespace: Option<&'data [u8]>,
    gpl_only: bool,
    entry: Option<&'t Entry<'data>>,
    definition: Option<Definition>,
    /// The symbol of its version.
    version: Option<Address>,
}

impl<'t, 'data> Exports<'t, 'data> {
    /// Those of the tables and, of an object, those that are marked.
    pub(super) fn new(tables: &'t Tables<'data>, markers: &[Marker<'data>], troubles: &mut Troubles) -> Self {
        let by_table = tables.entries.iter().map(|entry| Known {
            name: entry.name,
            namespace: entry.namespace,
            gpl_only: entry.gpl_only,
            entry: Some(entry),
            definition: None,
            version: None,
        });
        let by_marker = markers.iter().map(|marker| Known {
            name: marker.name,
            namespace: marker.namespace,
            gpl_only: marker.gpl_only,
            entry: None,
            definition: None,
            version: None,
        });
        let mut this = Self { tables, exports: Vec::new(), by_name: FxHashMap::default(), any_version: None };
        for export in by_table.chain(by_marker) {
            if this.by_name.contains_key(export.name) {
                troubles.add_at("exported more than once", String::from_utf8_lossy(export.name));
            } else {
                this.by_name.insert(export.name, this.exports.len());
                this.exports.push(export);
            }
        }
        this
    }

    /// Takes what a symbol tells: where an export is defined, or its version.
    pub(super) fn hear(&mut self, symbol: &SymbolEntry<'data>) {
        if symbol.is_undefined() {
            return;
        }
        if let Some(name) = symbol.name.strip_prefix(recorded::SYMBOL_PREFIX)
            && let Some(&export) = self.by_name.get(name)
        {
            self.exports[export].version = Some(symbol.address);
            self.any_version.get_or_insert(symbol.address);
        }
        if symbol.binding != elf::STB_LOCAL
            && let Some(&export) = self.by_name.get(symbol.name)
        {
            self.exports[export].definition.get_or_insert(Definition::of(symbol));
        }
    }

    /// All exports, in the order of their names.
    pub(super) fn finish<R: ReadRef<'data>>(
        self,
        contents: &Contents<'_, 'data, R>,
        kind: Kind,
        troubles: &mut Troubles,
    ) -> Vec<Export> {
        let recorded = Recorded::read(contents, self.tables, self.any_version, troubles);
        let mut exports = Vec::with_capacity(self.exports.len());
        for export in self.exports {
            let version = match export.entry {
                Some(entry) => {
                    self.tables.check_symbol(contents, entry, kind, export.definition.as_ref(), troubles);
                    recorded.version(contents, entry, export.version, troubles)
                }
                None => export.version.and_then(|symbol| recorded::of_symbol(contents, symbol)),
            };
            exports.push(Export {
                name: export.name.to_owned(),
                definition: export.definition,
                gpl_only: export.gpl_only,
                namespace: export.namespace.map(|namespace| String::from_utf8_lossy(namespace).into_owned()),
                recorded: version,
            });
        }
        exports.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        exports
    }
}

impl<'data> Tables<'data> {
    /// Whether an entry points to its symbol, or to anything at all.
    fn check_symbol<R: ReadRef<'data>>(
        &self,
        contents: &Contents<'_, 'data, R>,
        entry: &Entry<'data>,
        kind: Kind,
        definition: Option<&Definition>,
        troubles: &mut Troubles,
    ) {
        let is_defined_at =
            |address: u64| definition.is_some_and(|definition| definition.value as u32 == address as u32);
        let leads_somewhere = match entry.symbol {
            Pointer::To(_) => true,
            // Per-CPU variables and other symbols of the linker script are at addresses that are no memory's.
            Pointer::Number(address) => is_defined_at(address),
            Pointer::Null => contents.is_filled_in_at_start || (is_defined_at(0) && kind == Kind::Vmlinux),
            Pointer::Undefined => kind == Kind::Object,
            Pointer::Broken => false,
        };
        if !leads_somewhere {
            let table = contents.image.section_name(self.tables[entry.table].section);
            let place = format_args!("{} ({})", entry.index, String::from_utf8_lossy(entry.name));
            troubles.add_at(&format!("{table}: entries whose symbol is nowhere"), place);
        }
    }
}
