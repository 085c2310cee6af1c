// SPDX-License-Identifier: GPL-2.0-only
//! What an ELF file holds: sections, decompressed and relocated when they are asked for, and symbols.

mod machine;
pub mod packed;
mod reference;
mod relocation;
mod section;
mod symbols;

use std::borrow::Cow;

use gimli::{EndianSlice, Reader as _};
use object::read::elf::{ElfFile, FileHeader, Sym as _};
use object::{Object as _, ObjectSection as _, ReadRef, SectionIndex, elf};

pub(crate) use self::reference::Reference;
pub(crate) use self::section::SectionHeader;
pub(crate) use self::symbols::{SymbolEntry, Symbols};
use crate::{Error, Result};

/// An ELF file of either class and byte order.
pub struct Image<'data, R: ReadRef<'data> = &'data [u8]> {
    file: object::File<'data, R>,
    data: R,
    sections: Vec<SectionHeader<'data>>,
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

/// What a file says of the one that its debugging information was moved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DebugLink<'data> {
    /// The name of that file, without a folder.
    pub file: &'data [u8],
    /// CRC-32 of all its bytes.
    pub crc: u32,
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
        let sections = match &file {
            object::File::Elf32(elf) => section::headers(elf),
            object::File::Elf64(elf) => section::headers(elf),
            _ => Vec::new(),
        };
        Ok(Self { file, data, sections })
    }

    /// The byte order of everything in the file.
    pub fn endian(&self) -> gimli::RunTimeEndian {
        if self.file.is_little_endian() { gimli::RunTimeEndian::Little } else { gimli::RunTimeEndian::Big }
    }

    /// Whether addresses have 64 bits.
    pub fn is_64(&self) -> bool {
        self.file.is_64()
    }

    /// Whether the file is yet to be linked: an object, or a module of the kernel.
    pub fn is_relocatable(&self) -> bool {
        self.file.kind() == object::ObjectKind::Relocatable
    }

    /// The machine that the file is for, as `uname -m` names it: `x86_64`, `aarch64`, `s390x`; where that tells models apart,
    /// the name of the family, and `machine` with its number where it has no name here.
    pub fn architecture(&self) -> Cow<'static, str> {
        machine::name(self.machine(), self.file.is_64(), self.file.is_little_endian())
    }

    pub(crate) fn machine(&self) -> elf::Machine {
        match &self.file {
            object::File::Elf32(elf) => elf.elf_header().e_machine(elf.endian()),
            object::File::Elf64(elf) => elf.elf_header().e_machine(elf.endian()),
            _ => elf::EM_NONE,
        }
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
        if self.is_relocatable() {
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
        let index = self.find_index(name)?;
        self.file.section_by_index(SectionIndex(index)).ok()
    }

    fn find_index(&self, name: &str) -> Option<usize> {
        let rest = name.strip_prefix(".debug_").map(str::as_bytes);
        self.sections.iter().position(|section| {
            let is_compressed = || rest.is_some() && section.name.strip_prefix(b".zdebug_") == rest;
            (section.name == name.as_bytes() || is_compressed())
                && section.has_contents()
                && !section.flags.contains(elf::SHF_GROUP)
        })
    }

    /// Whether there is a section called `name`, with contents or, as in a separate debug file, without.
    pub fn has_section(&self, name: &str) -> bool {
        self.sections.iter().any(|section| section.name == name.as_bytes())
    }

    /// Where in the file the section called `name` lies, as [`Self::section`] finds it: offset and size. `None` if there is no
    /// such section, or if it is compressed, so that its contents cannot be read from there.
    pub fn section_range(&self, name: &str) -> Option<(u64, u64)> {
        let section = self.sections[self.find_index(name)?];
        let is_compressed = section.flags.contains(elf::SHF_COMPRESSED) || section.name.starts_with(b".zdebug_");
        (!is_compressed).then_some((section.offset, section.size))
    }

    /// Whether the file has types in the kernel's own format, BTF.
    pub fn has_btf(&self) -> bool {
        self.section_range(".BTF").is_some_and(|(_, size)| size > 0)
    }

    /// Where the debugging information is, if it was moved to a file of its own.
    pub fn debug_link(&self) -> Option<DebugLink<'data>> {
        let (file, crc) = self.file.gnu_debuglink().ok()??;
        Some(DebugLink { file, crc })
    }

    /// Whether this is a separate debug file: code and data are in the file that it was split from, and only their headers
    /// are left here.
    pub fn is_debug_file(&self) -> bool {
        let mut allocated = self.sections.iter().filter(|section| section.is_allocated() && section.size > 0);
        // Of what runs, variables that start as zero are all that a file with contents has without contents.
        let is_emptied =
            |section: &SectionHeader<'_>| !section.has_contents() && !section.flags.contains(elf::SHF_WRITE);
        allocated.clone().any(is_emptied)
            && allocated.all(|section| !section.has_contents() || section.kind == elf::SHT_NOTE)
    }

    /// The headers of all sections, in the order of their indices.
    pub(crate) fn sections(&self) -> &[SectionHeader<'data>] {
        &self.sections
    }

    /// The name of a section for a message.
    pub(crate) fn section_name(&self, index: usize) -> Cow<'data, str> {
        self.sections.get(index).map_or(Cow::Borrowed("?"), |section| String::from_utf8_lossy(section.name))
    }

    /// The contents of a section as they stand in the file.
    ///
    /// # Errors
    /// [`Error::Section`] if it lies outside the file.
    pub(crate) fn contents(&self, index: usize) -> Result<&'data [u8]> {
        let Some(section) = self.sections.get(index).filter(|section| section.has_contents()) else { return Ok(&[]) };
        self.data.read_bytes_at(section.offset, section.size).map_err(|()| Error::Section {
            section: self.section_name(index).into_owned(),
            reason: "it lies outside the file".to_owned(),
        })
    }

    /// The number that stands in the first `size` bytes; `None` if there are not so many.
    pub(crate) fn number(&self, bytes: &[u8], size: u8) -> Option<u64> {
        relocation::load(bytes, size, !self.file.is_little_endian())
    }

    /// Stores a number in the first `size` bytes; `None` if there are not so many.
    pub(crate) fn store(&self, bytes: &mut [u8], size: u8, number: u64) -> Option<()> {
        relocation::store(bytes, size, number, !self.file.is_little_endian())
    }

    /// The length of the file.
    pub(crate) fn len(&self) -> u64 {
        self.data.len().unwrap_or(0)
    }

    /// Some bytes of the file, if it has so many there.
    pub(crate) fn bytes(&self, offset: u64, size: u64) -> Option<&'data [u8]> {
        self.data.read_bytes_at(offset, size).ok()
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
