// SPDX-License-Identifier: GPL-2.0-only
//! The list of exported symbols that versions are wanted for.

use object::ReadRef;
use rustc_hash::FxHashMap;

use crate::object::{Address, Image};
use crate::{Error, Result};

/// Exported symbols in the order in which they were given, each once.
#[derive(Debug, Default)]
pub struct ExportList {
    exports: Vec<Export>,
    by_name: FxHashMap<Box<[u8]>, ExportId>,
    by_address: FxHashMap<Address, Vec<ExportId>>,
}

/// Names an export of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExportId(u32);

/// An exported symbol.
#[derive(Debug)]
pub struct Export {
    /// Its name as the linker knows it.
    pub name: Box<[u8]>,
    /// Where an object file defines it.
    pub address: Option<Address>,
}

/// What a definition in an object's symbol table is to an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Definition {
    /// The place that the export has from now on.
    New(Address),
    /// Another place than it has from before: ignored.
    Second(Address),
}

impl ExportList {
    /// Reads a list as Kbuild puts it on standard input of `gendwarfksyms`: a line a symbol, of which the first
    /// blank-separated word counts.
    ///
    /// # Errors
    /// [`Error::ExportList`] for a line without a word.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let mut list = Self::default();
        let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
        for (index, line) in text.strip_suffix(b"\n").unwrap_or(text).split(|&byte| byte == b'\n').enumerate() {
            if text.is_empty() {
                break;
            }
            // The reference reads C strings: a NUL ends the line.
            let line = line.split(|&byte| byte == 0).next().unwrap_or_default();
            let word = line.split(is_space).find(|word| !word.is_empty()).ok_or(Error::ExportList(index + 1))?;
            list.insert(word);
        }
        Ok(list)
    }

    /// Adds a symbol, unless it is there already.
    pub fn insert(&mut self, name: &[u8]) -> ExportId {
        if let Some(id) = self.find(name) {
            return id;
        }
        // A list longer than this would not fit into memory.
        let id = ExportId(u32::try_from(self.exports.len()).unwrap_or(u32::MAX));
        self.by_name.insert(name.into(), id);
        self.exports.push(Export { name: name.into(), address: None });
        id
    }

    /// Gives a symbol its address.
    pub(crate) fn place(&mut self, export: ExportId, address: Address) {
        self.exports[export.index()].address = Some(address);
        self.by_address.entry(address).or_default().push(export);
    }

    /// How many symbols there are.
    pub fn len(&self) -> usize {
        self.exports.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.exports.is_empty()
    }

    /// All symbols, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = (ExportId, &Export)> {
        (0..).map(ExportId).zip(&self.exports)
    }

    /// The symbol called `name`.
    pub fn find(&self, name: &[u8]) -> Option<ExportId> {
        self.by_name.get(name).copied()
    }

    /// The symbols at the same place as `export`, itself included.
    pub fn aliases(&self, export: ExportId) -> &[ExportId] {
        let address = self[export].address;
        address.and_then(|address| self.by_address.get(&address)).map_or(&[], Vec::as_slice)
    }

    /// All symbols in the order of the reference's hash table: 4096 buckets by the FNV-1a hash of the name, the latest of a
    /// bucket first (gendwarfksyms of Linux 7.3).
    ///
    /// It shows in two places: symbols that have only a pointer are walked in this order, and of several names of one DIE
    /// `--dump-versions` prints the first.
    pub fn in_reference_order(&self) -> Vec<ExportId> {
        let fnv1a = |name: &[u8]| {
            name.iter().fold(0x811c_9dc5_u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
        };
        let mut order: Vec<_> = self.iter().map(|(id, export)| (fnv1a(&export.name) % 4096, id)).collect();
        order.sort_unstable_by_key(|&(bucket, id)| (bucket, std::cmp::Reverse(id)));
        order.into_iter().map(|(_, id)| id).collect()
    }

    /// Gives the symbols that `image` defines their addresses, and calls `found` for each that has no such address yet.
    ///
    /// A symbol that has one already, from an object read earlier, keeps it; `found` is called for it and, as the reference
    /// tells of them as well, for its aliases.
    ///
    /// # Errors
    /// [`Error::Elf`] for a broken symbol table.
    pub fn read_addresses<'data, R: ReadRef<'data>>(
        &mut self,
        image: &Image<'data, R>,
        mut found: impl FnMut(&Export, Definition),
    ) -> Result<()> {
        for symbol in image.exported_symbols()? {
            let Some(id) = self.find(symbol.name) else { continue };
            match self[id].address {
                None => {
                    self.place(id, symbol.address);
                    found(&self[id], Definition::New(symbol.address));
                }
                Some(address) if address != symbol.address => {
                    let second = Definition::Second(symbol.address);
                    found(&self[id], second);
                    for &alias in self.aliases(id).iter().filter(|&&alias| alias != id) {
                        found(&self[alias], second);
                    }
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

impl std::ops::Index<ExportId> for ExportList {
    type Output = Export;

    fn index(&self, id: ExportId) -> &Export {
        &self.exports[id.0 as usize]
    }
}

impl ExportId {
    /// Its place in the list.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, names: &[&str]) {
        let list = ExportList::parse(text.as_bytes()).expect("a well-formed list");
        let found: Vec<_> = list.iter().map(|(_, export)| String::from_utf8_lossy(&export.name).into_owned()).collect();
        assert_eq!(found, names);
    }

    #[test]
    fn words_and_duplicates() {
        check("", &[]);
        check("a\nb\n", &["a", "b"]);
        check("  a\tx y\r\nb\x0b\na\nc", &["a", "b", "c"]);
        check("a\0b\n", &["a"]);
    }

    #[test]
    fn lines_without_a_word() {
        for (text, line) in [("\n", 1), ("a\n\nb\n", 2), ("a\n \t\n", 2), ("\0a\n", 1)] {
            assert_eq!(ExportList::parse(text.as_bytes()).err(), Some(Error::ExportList(line)), "{text:?}");
        }
    }

    /// Which name of a DIE the reference's `--dump-versions` was seen to print.
    #[test]
    fn reference_order() {
        for (names, first) in [("bbb\nzal2\nal1\norig\n", "orig"), ("varal\nvar\n", "varal")] {
            let list = ExportList::parse(names.as_bytes()).expect("a well-formed list");
            assert_eq!(&*list[list.in_reference_order()[0]].name, first.as_bytes());
        }
    }
}
