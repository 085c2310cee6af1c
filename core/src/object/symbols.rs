// SPDX-License-Identifier: GPL-2.0-only
//! The symbol table, alike for either class and byte order.

use object::read::elf::{ElfFile, FileHeader, Sym as _, SymbolTable};
use object::{Endianness, ReadRef, SymbolIndex, elf};

use super::section::string_at;
use super::{Address, Image};
use crate::Result;

/// The symbol table of an image, with all names at hand.
pub(crate) struct Symbols<'data, R: ReadRef<'data>> {
    endian: Endianness,
    entries: Entries<'data, R>,
    names: &'data [u8],
}

enum Entries<'data, R: ReadRef<'data>> {
    None,
    Elf32(SymbolTable<'data, elf::FileHeader32<Endianness>, R>),
    Elf64(SymbolTable<'data, elf::FileHeader64<Endianness>, R>),
}

/// An entry of a symbol table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SymbolEntry<'data> {
    /// Its name; empty if it has none or none that can be read.
    pub(crate) name: &'data [u8],
    /// Where it points.
    pub(crate) address: Address,
    /// Local, global or weak.
    pub(crate) binding: elf::SymbolBind,
    /// What it is a name of.
    pub(crate) kind: elf::SymbolType,
    /// How many bytes that takes; 0 if nobody said.
    pub(crate) size: u64,
}

impl SymbolEntry<'_> {
    /// Whether it defines something that other files can see.
    pub(crate) fn is_visible_definition(&self) -> bool {
        self.binding != elf::STB_LOCAL && !self.is_undefined()
    }

    /// Whether it names something in another file.
    pub(crate) fn is_undefined(&self) -> bool {
        self.address.section == u32::from(elf::SHN_UNDEF.0)
    }

    /// Whether its value is a plain number.
    pub(crate) fn is_absolute(&self) -> bool {
        self.address.section == u32::from(elf::SHN_ABS.0)
    }
}

impl<'data, R: ReadRef<'data>> Image<'data, R> {
    /// The symbol table; without entries if there is none.
    ///
    /// # Errors
    /// [`Error::Section`](crate::Error::Section) if its names cannot be read.
    pub(crate) fn symbols(&self) -> Result<Symbols<'data, R>> {
        match &self.file {
            object::File::Elf32(elf) => self.symbols_of(elf, Entries::Elf32),
            object::File::Elf64(elf) => self.symbols_of(elf, Entries::Elf64),
            _ => Ok(Symbols::none()),
        }
    }

    fn symbols_of<Elf: FileHeader<Endian = Endianness>>(
        &self,
        elf: &ElfFile<'data, Elf, R>,
        entries: impl FnOnce(SymbolTable<'data, Elf, R>) -> Entries<'data, R>,
    ) -> Result<Symbols<'data, R>> {
        let table = elf.elf_symbol_table();
        // In one piece: a source that reads on demand would be asked for each name.
        let names = self.contents(table.string_section().0)?;
        Ok(Symbols { endian: elf.endian(), entries: entries(*table), names })
    }
}

impl<'data, R: ReadRef<'data>> Symbols<'data, R> {
    /// A table without entries.
    pub(crate) fn none() -> Self {
        Self { endian: Endianness::default(), entries: Entries::None, names: &[] }
    }

    /// How many entries there are, the unused first one included.
    pub(crate) fn len(&self) -> usize {
        match &self.entries {
            Entries::None => 0,
            Entries::Elf32(table) => table.len(),
            Entries::Elf64(table) => table.len(),
        }
    }

    /// The entry with this index, if there is one.
    pub(crate) fn get(&self, index: usize) -> Option<SymbolEntry<'data>> {
        match &self.entries {
            Entries::None => None,
            Entries::Elf32(table) => self.entry(table, SymbolIndex(index)),
            Entries::Elf64(table) => self.entry(table, SymbolIndex(index)),
        }
    }

    /// All entries, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = SymbolEntry<'data>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    #[inline]
    fn entry<Elf: FileHeader<Endian = Endianness>>(
        &self,
        table: &SymbolTable<'data, Elf, R>,
        index: SymbolIndex,
    ) -> Option<SymbolEntry<'data>> {
        let symbol = table.symbol(index).ok()?;
        let section = symbol.st_shndx(self.endian);
        let extended = (section == elf::SHN_XINDEX).then(|| table.shndx(self.endian, index)).flatten();
        let address =
            Address { section: extended.unwrap_or(u32::from(section.0)), value: symbol.st_value(self.endian).into() };
        Some(SymbolEntry {
            name: string_at(self.names, symbol.st_name(self.endian)),
            address,
            binding: symbol.st_bind(),
            kind: symbol.st_type(),
            size: symbol.st_size(self.endian).into(),
        })
    }
}
