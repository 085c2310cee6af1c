// SPDX-License-Identifier: GPL-2.0-only
//! Section headers, read once and alike for either class and byte order.

use object::ReadRef;
use object::elf;
use object::read::elf::{ElfFile, FileHeader, SectionHeader as _};

/// The header of a section. What it says may be anything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SectionHeader<'data> {
    /// Its name; empty if it cannot be read.
    pub(crate) name: &'data [u8],
    /// Its type.
    pub(crate) kind: elf::SectionType,
    /// Its flags.
    pub(crate) flags: elf::SectionFlags,
    /// Its address, in a linked file.
    pub(crate) address: u64,
    /// Where in the file it is.
    pub(crate) offset: u64,
    /// Its size in bytes, in memory and, if it has contents, in the file.
    pub(crate) size: u64,
}

impl SectionHeader<'_> {
    /// Whether the file holds its contents.
    pub(crate) fn has_contents(&self) -> bool {
        self.kind != elf::SHT_NOBITS
    }

    /// Whether it is in memory when the program runs.
    pub(crate) fn is_allocated(&self) -> bool {
        self.flags.contains(elf::SHF_ALLOC)
    }
}

/// All of them, in the order of their indices.
pub(super) fn headers<'data, Elf: FileHeader, R: ReadRef<'data>>(
    elf: &ElfFile<'data, Elf, R>,
) -> Vec<SectionHeader<'data>> {
    let (endian, file) = (elf.endian(), elf.data());
    let table = elf.elf_section_table();
    // In one piece: a source that reads on demand would be asked for each name.
    let names = elf.elf_header().section_strings_index(endian, file);
    let names = names.and_then(|index| table.section(index)?.data(endian, file)).unwrap_or_default();
    let header = |section: &Elf::SectionHeader| SectionHeader {
        name: string_at(names, section.sh_name(endian)),
        kind: section.sh_type(endian),
        flags: section.sh_flags(endian),
        address: section.sh_addr(endian).into(),
        offset: section.sh_offset(endian).into(),
        size: section.sh_size(endian).into(),
    };
    table.iter().map(header).collect()
}

/// The longest name that is read: many names can be one and the same long string.
const LONGEST_NAME: usize = 4096;

/// The string at an offset of a string table; empty if there is none, or one beyond all reason.
pub(super) fn string_at(strings: &[u8], offset: u32) -> &[u8] {
    let rest = usize::try_from(offset).ok().and_then(|offset| strings.get(offset..)).unwrap_or_default();
    let rest = rest.get(..LONGEST_NAME).unwrap_or(rest);
    memchr::memchr(0, rest).map_or(&[], |end| &rest[..end])
}
