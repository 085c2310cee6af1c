// SPDX-License-Identifier: GPL-2.0-only
//! What an ELF file holds: sections, decompressed and relocated when they are asked for, and symbols.

mod relocation;

use std::borrow::Cow;

use gimli::{EndianSlice, Reader as _};
use object::read::elf::{ElfFile, FileHeader, Sym as _};
use object::{Object as _, ObjectSection as _, ReadRef, elf};

use crate::{Error, Result};

/// An ELF file of either class and byte order.
pub struct Image<'data, R: ReadRef<'data> = &'data [u8]> {
    file: object::File<'data, R>,
}

/// Where a symbol points: two names with one address are aliases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address {
    /// Index of the section, as the symbol has it (extended indices resolved, reserved ones as they are).
    pub section: u32,
    /// Value of the symbol: an offset in the section for an object, an address for a linked file.
    pub value: u64,
}

/// A symbol that other files can see.
#[derive(Debug, Clone, Copy)]
pub struct Symbol<'data> {
    /// The name, as in the string table.
    pub name: &'data [u8],
    /// Where it is defined.
    pub address: Address,
}

/// What an object says of its supplementary file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SupplementaryFile<'data> {
    /// Its path, absolute or from the folder that the object is in.
    pub path: &'data [u8],
    identity: &'data [u8],
}

impl SupplementaryFile<'_> {
    /// Whether `image` is the file that is meant.
    pub fn matches<'data, R: ReadRef<'data>>(&self, image: &Image<'data, R>) -> bool {
        let identity = image.debug_sup().map(|(_, own)| own.identity).or_else(|| image.build_id());
        identity == Some(self.identity)
    }
}

impl<'data, R: ReadRef<'data>> Image<'data, R> {
    /// Reads the headers of `data`.
    ///
    /// # Errors
    /// [`Error::NotElf`], [`Error::Bitcode`], or [`Error::Elf`] for headers that make no sense.
    pub fn parse(data: R) -> Result<Self> {
        let magic = data.read_bytes_at(0, 4).unwrap_or_default();
        if magic == b"BC\xc0\xde" || magic == 0x0b17_c0deu32.to_le_bytes() {
            return Err(Error::Bitcode);
        }
        if magic != elf::ELFMAG {
            return Err(Error::NotElf);
        }
        let elf_error = |error: object::Error| Error::Elf(error.to_string());
        let file = object::File::parse(data).map_err(elf_error)?;
        Ok(Self { file })
    }

    /// The byte order of everything in the file.
    pub fn endian(&self) -> gimli::RunTimeEndian {
        if self.file.is_little_endian() { gimli::RunTimeEndian::Little } else { gimli::RunTimeEndian::Big }
    }

    /// The contents of the section called `name`, decompressed and, in an object file, relocated.
    ///
    /// `.debug_x` finds `.zdebug_x` too. `None` if there is no such section or it holds no data. Sections of a group
    /// are passed over: they hold type units that the linker has yet to choose from, and for the reference
    /// (gendwarfksyms of Linux 7.3) they do not exist either.
    ///
    /// # Errors
    /// [`Error::Section`] if it lies outside the file or cannot be decompressed, [`Error::Relocation`] if a relocation
    /// of it is not one of a debug section.
    pub fn section(&self, name: &str) -> Result<Option<Cow<'data, [u8]>>> {
        let Some(section) = self.find(name) else { return Ok(None) };
        let malformed = |reason: String| Error::Section { section: name.to_owned(), reason };
        let compressed = section.compressed_data().map_err(|error| malformed(error.to_string()))?;
        // Before memory is taken for it: what the header says may be anything.
        if !is_plausible(&compressed) {
            return Err(malformed(format!("it cannot have {} bytes uncompressed", compressed.uncompressed_size)));
        }
        let mut data = compressed.decompress().map_err(|error| malformed(error.to_string()))?;
        if self.file.kind() == object::ObjectKind::Relocatable {
            match &self.file {
                object::File::Elf32(elf) => relocation::apply(elf, name, section.index(), &mut data)?,
                object::File::Elf64(elf) => relocation::apply(elf, name, section.index(), &mut data)?,
                _ => {}
            }
        }
        Ok(Some(data))
    }

    /// The size in bytes of the section called `name`, as [`Self::section`] finds it; 0 if there is none.
    ///
    /// # Errors
    /// [`Error::Section`] if its compression header cannot be read.
    pub fn section_size(&self, name: &str) -> Result<u64> {
        let Some(section) = self.find(name) else { return Ok(0) };
        let range = section.compressed_file_range();
        range
            .map(|range| range.uncompressed_size)
            .map_err(|error| Error::Section { section: name.to_owned(), reason: error.to_string() })
    }

    /// Where the supplementary file is, which holds what `dwz` took out of this one and others.
    pub fn supplementary_file(&self) -> Option<SupplementaryFile<'data>> {
        // The GNU extension has a section of its own for it.
        match self.file.gnu_debugaltlink() {
            Ok(Some((path, identity))) => Some(SupplementaryFile { path, identity }),
            _ => self.debug_sup().filter(|(is_supplementary, _)| !is_supplementary).map(|(_, file)| file),
        }
    }

    /// What `.debug_sup` of DWARF 5 holds: whether this is a supplementary file, and else the path of one; in both, the
    /// identity that they share.
    fn debug_sup(&self) -> Option<(bool, SupplementaryFile<'data>)> {
        let mut section = EndianSlice::new(self.find(".debug_sup")?.data().ok()?, self.endian());
        let (_version, is_supplementary) = (section.read_u16().ok()?, section.read_u8().ok()?);
        let path = section.read_null_terminated_slice().ok()?.slice();
        let length = usize::try_from(section.read_uleb128().ok()?).ok()?;
        let identity = section.split(length).ok()?.slice();
        Some((is_supplementary != 0, SupplementaryFile { path, identity }))
    }

    /// The build-id, if the file has one.
    pub fn build_id(&self) -> Option<&'data [u8]> {
        self.file.build_id().ok().flatten()
    }

    fn find(&self, name: &str) -> Option<object::Section<'data, '_, R>> {
        let compressed = name.strip_prefix(".debug_").map(|rest| format!(".zdebug_{rest}"));
        self.file.sections().find(|section| {
            let object::SectionFlags::Elf { sh_type, sh_flags, .. } = section.flags() else { return false };
            let found = section.name_bytes().unwrap_or_default();
            (found == name.as_bytes() || compressed.as_ref().is_some_and(|name| found == name.as_bytes()))
                && sh_type != elf::SHT_NOBITS
                && !sh_flags.contains(elf::SHF_GROUP)
        })
    }

    /// Every defined symbol that is not local, in the order of the symbol table.
    ///
    /// # Errors
    /// [`Error::Elf`] for a name outside the string table.
    pub fn exported_symbols(&self) -> Result<Vec<Symbol<'data>>> {
        match &self.file {
            object::File::Elf32(elf) => exported_symbols(elf),
            object::File::Elf64(elf) => exported_symbols(elf),
            _ => Ok(Vec::new()),
        }
    }
}

/// Whether so much data can come from a compressed section at all.
fn is_plausible(compressed: &object::CompressedData<'_>) -> bool {
    // A match of deflate's takes two bits at least and gives 258 bytes; a block of zstd's takes four bytes and gives 128 KiB.
    let most = match compressed.format {
        object::CompressionFormat::Zlib => 1032,
        object::CompressionFormat::Zstandard => 32 << 10,
        _ => return true,
    };
    compressed.uncompressed_size <= (compressed.data.len() as u64).saturating_mul(most)
}

fn exported_symbols<'data, Elf, R>(elf: &ElfFile<'data, Elf, R>) -> Result<Vec<Symbol<'data>>>
where
    Elf: FileHeader,
    R: ReadRef<'data>,
{
    let (endian, table) = (elf.endian(), elf.elf_symbol_table());
    let mut symbols = Vec::new();
    for (index, symbol) in table.enumerate() {
        let section = symbol.st_shndx(endian);
        if symbol.st_bind() == elf::STB_LOCAL || section == elf::SHN_UNDEF {
            continue;
        }
        let extended = (section == elf::SHN_XINDEX).then(|| table.shndx(endian, index)).flatten();
        let name = symbol.name(endian, table.strings()).map_err(|error| Error::Elf(error.to_string()))?;
        // The value as it stands: of a common symbol it is the alignment.
        let address =
            Address { section: extended.unwrap_or(u32::from(section.0)), value: symbol.st_value(endian).into() };
        symbols.push(Symbol { name, address });
    }
    Ok(symbols)
}
