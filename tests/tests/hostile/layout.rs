// SPDX-License-Identifier: GPL-2.0-only
//! Where things are in an ELF file, to damage them.

use std::mem::offset_of;
use std::ops::Range;

use fastrand::Rng;
use object::elf::{FileHeader32, FileHeader64, SectionHeader32, SectionHeader64};
use object::{BigEndian, Endianness, Object as _, ObjectSection as _};

/// Where things are in an object.
pub(crate) struct Layout {
    pub(crate) is_64: bool,
    pub(crate) endian: Endianness,
    /// Where the section headers start, and how many there are.
    pub(crate) headers: usize,
    pub(crate) sections: usize,
    /// Contents of sections that have any.
    pub(crate) contents: Vec<Range<usize>>,
    /// Those of the debug sections and of their relocations.
    pub(crate) debug_contents: Vec<Range<usize>>,
}

impl Layout {
    pub(crate) fn of(object: &[u8]) -> Self {
        let file = object::File::parse(object).expect("the object is intact");
        let (is_64, endian) = (file.is_64(), file.endianness());
        let mut layout =
            Self { is_64, endian, headers: 0, sections: 0, contents: Vec::new(), debug_contents: Vec::new() };
        for section in file.sections() {
            let Some((start, size)) = section.file_range() else { continue };
            let contents = start as usize..(start + size) as usize;
            if contents.is_empty() {
                continue;
            }
            if section.name().is_ok_and(|name| name.contains("debug")) {
                layout.debug_contents.push(contents.clone());
            }
            layout.contents.push(contents);
        }
        for field in [Field::SECTION_HEADERS, Field::SECTION_COUNT] {
            let value = layout.read(object, 0, field) as usize;
            if field == Field::SECTION_HEADERS { layout.headers = value } else { layout.sections = value }
        }
        layout
    }

    pub(crate) fn header_size(&self) -> usize {
        if self.is_64 { size_of::<SectionHeader64<BigEndian>>() } else { size_of::<SectionHeader32<BigEndian>>() }
    }

    /// Offset of a section's header.
    pub(crate) fn header(&self, section: usize) -> usize {
        self.headers + section * self.header_size()
    }

    /// Reads a field of the structure at `base`.
    pub(crate) fn read(&self, object: &[u8], base: usize, field: Field) -> u64 {
        let bytes = &object[self.place(base, field)];
        let mut value = [0; 8];
        value[..bytes.len()].copy_from_slice(bytes);
        if self.endian == Endianness::Big {
            value[..bytes.len()].reverse();
        }
        u64::from_le_bytes(value)
    }

    /// Writes a field of the structure at `base`, as much of `value` as fits.
    pub(crate) fn write(&self, object: &mut [u8], base: usize, field: Field, value: u64) {
        let bytes = &mut object[self.place(base, field)];
        let length = bytes.len();
        bytes.copy_from_slice(&value.to_le_bytes()[..length]);
        if self.endian == Endianness::Big {
            bytes.reverse();
        }
    }

    fn place(&self, base: usize, field: Field) -> Range<usize> {
        let (offset, size) = if self.is_64 { field.in_64 } else { field.in_32 };
        base + offset..base + offset + size
    }

    /// A number that is likely to be a limit of something.
    pub(crate) fn edge(&self, rng: &mut Rng, object: &[u8]) -> u64 {
        let size = object.len() as u64;
        let base = match rng.u8(0..8) {
            0 => 0,
            1 => size,
            2 => 1 << rng.u32(0..64),
            3 => u64::MAX,
            4 => u32::MAX.into(),
            5 => i64::MAX as u64,
            6 => place(rng, &self.contents) as u64,
            _ => rng.u64(..size),
        };
        base.wrapping_add(rng.u64(..4)).wrapping_sub(2)
    }

    /// Lengths at and around every boundary, and some between.
    pub(crate) fn lengths(&self, object: &[u8]) -> Vec<usize> {
        let mut rng = Rng::with_seed(object.len() as u64);
        let headers = (0..=self.sections).map(|section| self.header(section));
        let contents = self.contents.iter().flat_map(|contents| [contents.start, contents.end]);
        let boundaries = headers.chain(contents).chain([
            0,
            4,
            16,
            size_of::<FileHeader32<BigEndian>>(),
            size_of::<FileHeader64<BigEndian>>(),
        ]);
        let around = boundaries.flat_map(|at| [at.saturating_sub(1), at, at + 1]);
        let mut lengths: Vec<_> = around.filter(|&length| length < object.len()).collect();
        lengths.extend(std::iter::repeat_with(|| rng.usize(..object.len())).take(200));
        lengths.sort_unstable();
        lengths.dedup();
        assert!(lengths.len() > 200, "{} lengths", lengths.len());
        lengths
    }

    /// The object with its section headers right behind the file header.
    pub(crate) fn with_headers_in_front(&self, object: &[u8]) -> Vec<u8> {
        let start =
            if self.is_64 { size_of::<FileHeader64<BigEndian>>() } else { size_of::<FileHeader32<BigEndian>>() };
        let headers = &object[self.headers..self.header(self.sections)];
        let mut moved = [&object[..start], headers, &object[start..self.headers]].concat();
        self.write(&mut moved, 0, Field::SECTION_HEADERS, start as u64);
        for section in 0..self.sections {
            let header = start + section * self.header_size();
            let offset = self.read(&moved, header, Field::OFFSET);
            self.write(&mut moved, header, Field::OFFSET, offset + headers.len() as u64);
        }
        moved
    }
}

/// A number in an ELF structure: its offset and size in either class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    name: &'static str,
    in_32: (usize, usize),
    in_64: (usize, usize),
}

macro_rules! field {
    ($in_32:ident, $in_64:ident, $name:ident, $size_32:literal, $size_64:literal) => {
        Field {
            name: stringify!($name),
            in_32: (offset_of!($in_32<BigEndian>, $name), $size_32),
            in_64: (offset_of!($in_64<BigEndian>, $name), $size_64),
        }
    };
}

impl Field {
    pub(crate) const SECTION_HEADERS: Self = field!(FileHeader32, FileHeader64, e_shoff, 4, 8);
    pub(crate) const SECTION_COUNT: Self = field!(FileHeader32, FileHeader64, e_shnum, 2, 2);

    pub(crate) const OF_FILE: [Self; 8] = [
        field!(FileHeader32, FileHeader64, e_type, 2, 2),
        field!(FileHeader32, FileHeader64, e_machine, 2, 2),
        field!(FileHeader32, FileHeader64, e_version, 4, 4),
        field!(FileHeader32, FileHeader64, e_ehsize, 2, 2),
        field!(FileHeader32, FileHeader64, e_shentsize, 2, 2),
        field!(FileHeader32, FileHeader64, e_shstrndx, 2, 2),
        Self::SECTION_HEADERS,
        Self::SECTION_COUNT,
    ];

    pub(crate) const TYPE: Self = field!(SectionHeader32, SectionHeader64, sh_type, 4, 4);
    pub(crate) const OFFSET: Self = field!(SectionHeader32, SectionHeader64, sh_offset, 4, 8);
    pub(crate) const SIZE: Self = field!(SectionHeader32, SectionHeader64, sh_size, 4, 8);
    pub(crate) const LINK: Self = field!(SectionHeader32, SectionHeader64, sh_link, 4, 4);

    pub(crate) const OF_SECTION: [Self; 10] = [
        field!(SectionHeader32, SectionHeader64, sh_name, 4, 4),
        Self::TYPE,
        field!(SectionHeader32, SectionHeader64, sh_flags, 4, 8),
        field!(SectionHeader32, SectionHeader64, sh_addr, 4, 8),
        Self::OFFSET,
        field!(SectionHeader32, SectionHeader64, sh_size, 4, 8),
        Self::LINK,
        field!(SectionHeader32, SectionHeader64, sh_info, 4, 4),
        field!(SectionHeader32, SectionHeader64, sh_addralign, 4, 8),
        field!(SectionHeader32, SectionHeader64, sh_entsize, 4, 8),
    ];
}

/// A place within one of some pieces of an object.
pub(crate) fn place(rng: &mut Rng, pieces: &[Range<usize>]) -> usize {
    rng.choice(pieces).map_or(0, |piece| rng.usize(piece.clone()))
}
