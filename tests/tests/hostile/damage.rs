// SPDX-License-Identifier: GPL-2.0-only
//! Real objects, damaged: cut short, bits and bytes changed, headers and numbers that lie.
//!
//! Everything is made from a seed, which a failure reports, so that it can be made again.

use std::fs;
use std::mem::offset_of;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use fastrand::Rng;
use kabiscope::versions::Version;
use kabiscope_tests::case::Case;
use object::elf::{self, FileHeader32, FileHeader64, SectionHeader32, SectionHeader64};
use object::{BigEndian, CompressionFormat, Endianness, Object as _, ObjectSection as _};

use super::arena::{Outcome, Question, allowed_memory};

/// An intact object with its exports.
struct Subject {
    name: String,
    object: Vec<u8>,
    exports: Arc<[u8]>,
    layout: Layout,
}

/// Where things are in an object.
struct Layout {
    is_64: bool,
    endian: Endianness,
    /// Where the section headers start, and how many there are.
    headers: usize,
    sections: usize,
    /// Contents of sections that have any.
    contents: Vec<Range<usize>>,
    /// Those of the debug sections and of their relocations.
    debug_contents: Vec<Range<usize>>,
}

/// Groups of objects. Each has seeds of its own, so that a seed means the same where there are only the fixtures.
static GROUPS: LazyLock<Vec<(&'static str, Vec<Subject>)>> = LazyLock::new(|| {
    let mut groups = vec![("fixtures", subjects(&kabiscope_tests::fixtures()))];
    groups.extend(kabiscope_tests::shared("corpus/cases").map(|folder| ("shared", subjects(&folder))));
    groups
});

fn subjects(folder: &Path) -> Vec<Subject> {
    let cases = Case::all(folder).expect("the cases can be read");
    cases.iter().map(Subject::new).collect()
}

fn all_subjects() -> impl Iterator<Item = &'static Subject> {
    GROUPS.iter().flat_map(|(_, subjects)| subjects)
}

impl Subject {
    fn new(case: &Case) -> Self {
        let object = fs::read(case.object()).expect("a case has an object");
        let exports = fs::read(case.exports()).expect("a case has exports");
        let layout = Layout::of(&object);
        Self { name: case.name.clone(), object, exports: exports.into(), layout }
    }

    /// Asks about `object`, a damaged form of this one.
    #[track_caller]
    fn ask(&self, object: Vec<u8>, stable: bool, dump: bool, name: &str) -> Outcome {
        let size = object.len();
        let allowed = allowed_memory(size) + expansion(&object) * size as u64;
        let outcome = Question { object, exports: Arc::clone(&self.exports), stable, dump }.ask(name);
        assert!(outcome.memory <= allowed, "{name}: {} bytes of memory for {size} bytes of input", outcome.memory);
        outcome
    }

    fn versions(&self) -> Option<Vec<Option<Version>>> {
        let intact = self.ask(self.object.clone(), false, false, &self.name);
        intact.versions.ok()
    }
}

/// By how much the sections of a file can grow when they are decompressed: what deflate and zstd achieve at the most.
fn expansion(object: &[u8]) -> u64 {
    let Ok(file) = object::File::parse(object) else { return 0 };
    let formats = file.sections().filter_map(|section| section.compressed_file_range().ok()).map(|range| range.format);
    formats.fold(0, |most, format| match format {
        CompressionFormat::None => most,
        CompressionFormat::Zlib => most.max(1032),
        _ => 32 << 10,
    })
}

impl Layout {
    fn of(object: &[u8]) -> Self {
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

    fn header_size(&self) -> usize {
        if self.is_64 { size_of::<SectionHeader64<BigEndian>>() } else { size_of::<SectionHeader32<BigEndian>>() }
    }

    /// Offset of a section's header.
    fn header(&self, section: usize) -> usize {
        self.headers + section * self.header_size()
    }

    /// Reads a field of the structure at `base`.
    fn read(&self, object: &[u8], base: usize, field: Field) -> u64 {
        let bytes = &object[self.place(base, field)];
        let mut value = [0; 8];
        value[..bytes.len()].copy_from_slice(bytes);
        if self.endian == Endianness::Big {
            value[..bytes.len()].reverse();
        }
        u64::from_le_bytes(value)
    }

    /// Writes a field of the structure at `base`, as much of `value` as fits.
    fn write(&self, object: &mut [u8], base: usize, field: Field, value: u64) {
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
}

/// A number in an ELF structure: its offset and size in either class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
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
    const SECTION_HEADERS: Self = field!(FileHeader32, FileHeader64, e_shoff, 4, 8);
    const SECTION_COUNT: Self = field!(FileHeader32, FileHeader64, e_shnum, 2, 2);

    const OF_FILE: [Self; 8] = [
        field!(FileHeader32, FileHeader64, e_type, 2, 2),
        field!(FileHeader32, FileHeader64, e_machine, 2, 2),
        field!(FileHeader32, FileHeader64, e_version, 4, 4),
        field!(FileHeader32, FileHeader64, e_ehsize, 2, 2),
        field!(FileHeader32, FileHeader64, e_shentsize, 2, 2),
        field!(FileHeader32, FileHeader64, e_shstrndx, 2, 2),
        Self::SECTION_HEADERS,
        Self::SECTION_COUNT,
    ];

    const TYPE: Self = field!(SectionHeader32, SectionHeader64, sh_type, 4, 4);
    const OFFSET: Self = field!(SectionHeader32, SectionHeader64, sh_offset, 4, 8);
    const LINK: Self = field!(SectionHeader32, SectionHeader64, sh_link, 4, 4);

    const OF_SECTION: [Self; 10] = [
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

/// Damages objects of each group, one for each of `count` seeds, and reads them.
#[track_caller]
fn damage(kind: &str, count: u64, damage: impl Fn(&mut Rng, &Subject, &mut Vec<u8>)) {
    for (group, subjects) in &*GROUPS {
        for seed in 0..count {
            let mut rng = Rng::with_seed(seed);
            let subject = rng.choice(subjects).expect("there are objects");
            let mut object = subject.object.clone();
            damage(&mut rng, subject, &mut object);
            let (stable, dump) = (rng.bool(), rng.bool());
            subject.ask(object, stable, dump, &format!("{kind}, seed {seed} of the {group} ({})", subject.name));
        }
    }
}

/// A place within one of some pieces of an object.
fn place(rng: &mut Rng, pieces: &[Range<usize>]) -> usize {
    rng.choice(pieces).map_or(0, |piece| rng.usize(piece.clone()))
}

/// A number that is likely to be a limit of something.
fn edge(rng: &mut Rng, subject: &Subject) -> u64 {
    let size = subject.object.len() as u64;
    let base = match rng.u8(0..8) {
        0 => 0,
        1 => size,
        2 => 1 << rng.u32(0..64),
        3 => u64::MAX,
        4 => u32::MAX.into(),
        5 => i64::MAX as u64,
        6 => place(rng, &subject.layout.contents) as u64,
        _ => rng.u64(..size),
    };
    base.wrapping_add(rng.u64(..4)).wrapping_sub(2)
}

#[test]
fn flipped_bits() {
    damage("flipped bits", 10_000, |rng, _, object| {
        for _ in 0..1 << rng.u32(0..6) {
            let at = rng.usize(..object.len());
            object[at] ^= 1 << rng.u32(0..8);
        }
    });
}

#[test]
fn flipped_bits_of_debug_sections() {
    damage("flipped bits of debug sections", 10_000, |rng, subject, object| {
        for _ in 0..1 << rng.u32(0..6) {
            let at = place(rng, &subject.layout.debug_contents);
            object[at] ^= 1 << rng.u32(0..8);
        }
    });
}

#[test]
fn overwritten_bytes() {
    damage("overwritten bytes", 5_000, |rng, _, object| {
        for _ in 0..rng.u32(1..8) {
            let start = rng.usize(..object.len());
            let end = (start + rng.usize(1..64)).min(object.len());
            match rng.u8(0..4) {
                0 => object[start..end].fill(0),
                1 => object[start..end].fill(0xff),
                2 => rng.fill(&mut object[start..end]),
                _ => {
                    let from = rng.usize(..=object.len() - (end - start));
                    object.copy_within(from..from + (end - start), start);
                }
            }
        }
    });
}

/// LEB128 numbers of any length that are all zeros, or as large as they can be; some have no end.
#[test]
fn numbers_of_debug_sections() {
    damage("numbers of debug sections", 10_000, |rng, subject, object| {
        for _ in 0..rng.u32(1..5) {
            let start = place(rng, &subject.layout.debug_contents);
            let end = (start + rng.usize(1..=11)).min(object.len());
            let (all, last) = if rng.bool() { (0x80, 0x00) } else { (0xff, 0x7f) };
            object[start..end].fill(all);
            if rng.u8(..8) > 0 {
                object[end - 1] = last;
            }
        }
    });
}

#[test]
fn lying_section_headers() {
    damage("lying section headers", 10_000, |rng, subject, object| {
        let layout = &subject.layout;
        for _ in 0..rng.u32(1..4) {
            let section = layout.header(rng.usize(..layout.sections));
            let field = *rng.choice(&Field::OF_SECTION).expect("there are fields");
            let old = layout.read(object, section, field);
            let new = match rng.u8(0..4) {
                // What another section has in its place.
                0 => layout.read(object, layout.header(rng.usize(..layout.sections)), field),
                1 => old.wrapping_add(rng.u64(..16)).wrapping_sub(8),
                2 => rng.u64(..2 * layout.sections as u64),
                _ => edge(rng, subject),
            };
            layout.write(object, section, field, new);
        }
    });
}

#[test]
fn lying_file_headers() {
    damage("lying file headers", 5_000, |rng, subject, object| {
        for _ in 0..rng.u32(1..3) {
            if rng.u8(..4) == 0 {
                // Class, byte order and the like.
                object[rng.usize(4..16)] = rng.u8(..4);
            }
            let field = *rng.choice(&Field::OF_FILE).expect("there are fields");
            let value = if rng.bool() { edge(rng, subject) } else { rng.u64(..300) };
            subject.layout.write(object, 0, field, value);
        }
    });
}

#[test]
fn exchanged_sections() {
    damage("exchanged sections", 3_000, |rng, subject, object| {
        let layout = &subject.layout;
        let size = layout.header_size();
        let [a, b] = [(); 2].map(|()| layout.header(rng.usize(..layout.sections)));
        if rng.bool() {
            // All but the name.
            let b_header = object[b + 4..b + size].to_vec();
            object.copy_within(a + 4..a + size, b + 4);
            object[a + 4..a + size].copy_from_slice(&b_header);
        } else {
            let [in_a, in_b] = [a, b].map(|header| layout.read(object, header, Field::OFFSET));
            layout.write(object, a, Field::OFFSET, in_b);
            layout.write(object, b, Field::OFFSET, in_a);
        }
    });
}

/// Debug sections mean nothing without their relocations. They are never left out in silence.
#[test]
fn relocations_of_another_symbol_table() {
    for subject in all_subjects() {
        let (layout, intact) = (&subject.layout, subject.versions());
        for number in 0..layout.sections {
            let section = layout.header(number);
            let kind = layout.read(&subject.object, section, Field::TYPE);
            if kind != u64::from(elf::SHT_RELA.0) && kind != u64::from(elf::SHT_REL.0) {
                continue;
            }
            for link in [0, 1, layout.sections as u64] {
                let mut object = subject.object.clone();
                layout.write(&mut object, section, Field::LINK, link);
                let name = format!("{}, section {number} linked to {link}", subject.name);
                check_versions(subject, object, intact.as_deref(), &name);
            }
        }
    }
}

/// A file that was cut short gives an error, or, if nothing of it is missing that counts, the versions of the whole file.
#[test]
fn truncated() {
    for subject in all_subjects() {
        let intact = subject.versions();
        for length in lengths(subject, &subject.object, &subject.layout) {
            let object = subject.object[..length].to_vec();
            check_versions(subject, object, intact.as_deref(), &format!("{}, {length} bytes", subject.name));
        }
    }
}

/// The same where the section headers stand in front, so that what is missing is noticed late.
#[test]
fn truncated_behind_the_headers() {
    for subject in all_subjects() {
        let intact = subject.versions();
        let moved = with_headers_in_front(subject);
        let name = format!("{}, with its headers in front", subject.name);
        let whole = subject.ask(moved.clone(), false, false, &name).versions.ok();
        assert_eq!(whole, intact, "{name}");
        for length in lengths(subject, &moved, &Layout::of(&moved)) {
            let name = format!("{name}, {length} bytes");
            check_versions(subject, moved[..length].to_vec(), intact.as_deref(), &name);
        }
    }
}

/// That a damaged object gives an error or the versions that it had before.
#[track_caller]
fn check_versions(subject: &Subject, object: Vec<u8>, intact: Option<&[Option<Version>]>, name: &str) {
    if let Ok(versions) = subject.ask(object, false, false, name).versions {
        assert_eq!(Some(&*versions), intact, "{name}");
    }
}

/// Lengths at and around every boundary, and some between.
fn lengths(subject: &Subject, object: &[u8], layout: &Layout) -> Vec<usize> {
    let mut rng = Rng::with_seed(object.len() as u64);
    let headers = (0..=layout.sections).map(|section| layout.header(section));
    let contents = layout.contents.iter().flat_map(|contents| [contents.start, contents.end]);
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
    assert!(lengths.len() > 200, "{}", subject.name);
    lengths
}

/// The object with its section headers right behind the file header.
fn with_headers_in_front(subject: &Subject) -> Vec<u8> {
    let (object, layout) = (&subject.object, &subject.layout);
    let start = if layout.is_64 { size_of::<FileHeader64<BigEndian>>() } else { size_of::<FileHeader32<BigEndian>>() };
    let headers = &object[layout.headers..layout.header(layout.sections)];
    let mut moved = [&object[..start], headers, &object[start..layout.headers]].concat();
    layout.write(&mut moved, 0, Field::SECTION_HEADERS, start as u64);
    for section in 0..layout.sections {
        let header = start + section * layout.header_size();
        let offset = layout.read(&moved, header, Field::OFFSET);
        layout.write(&mut moved, header, Field::OFFSET, offset + headers.len() as u64);
    }
    moved
}
