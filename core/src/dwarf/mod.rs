// SPDX-License-Identifier: GPL-2.0-only
//! A thin, fast reading of the DIE tree: units, tags, the few attributes that count, names.
//!
//! `gimli` supplies unit headers, line tables and the primitives of the encoding. Entries are decoded here, after
//! abbreviations that are compiled once into runs to skip and attributes to keep: most of what stands in an entry has no
//! part in a symbol version.

mod abbreviation;
mod attributes;
mod outline;
mod unit;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use gimli::{EndianSlice, Reader as _, RunTimeEndian};
use object::ReadRef;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::object::Image;
use crate::{Error, Result};
use abbreviation::Abbreviations;

pub(crate) use attributes::{Attr, Attributes};
pub(crate) use unit::{Entry, EntryEnd, Files, Unit};

/// Bytes of a section, in the byte order of the file.
pub(crate) type Slice<'a> = EndianSlice<'a, RunTimeEndian>;

/// The sections that types are read from, decompressed and relocated.
#[derive(Debug, Default)]
pub struct Sections<'data> {
    big_endian: bool,
    info: Cow<'data, [u8]>,
    /// Where in the section `info` starts.
    info_start: usize,
    types: Cow<'data, [u8]>,
    abbrev: Cow<'data, [u8]>,
    str: Cow<'data, [u8]>,
    line_str: Cow<'data, [u8]>,
    str_offsets: Cow<'data, [u8]>,
    line: Cow<'data, [u8]>,
    addr: Cow<'data, [u8]>,
    ranges: Cow<'data, [u8]>,
    rnglists: Cow<'data, [u8]>,
    location_lists_sizes: LocationListsSizes,
}

/// Sizes in bytes of the sections that location lists are in.
#[derive(Debug, Default, Clone, Copy)]
struct LocationListsSizes {
    loc: u64,
    loclists: u64,
}

impl<'data> Sections<'data> {
    /// Reads them from `image`.
    ///
    /// # Errors
    /// [`Error::NoDebugInfo`] if there is no `.debug_info`, and those of [`Image::section`].
    pub fn read<R: ReadRef<'data>>(image: &Image<'data, R>) -> Result<Self> {
        let info = image.section(".debug_info")?.unwrap_or_default();
        if info.is_empty() {
            return Err(Error::NoDebugInfo);
        }
        Self::read_beside(image, info, 0)
    }

    /// Like [`Self::read`], but of `.debug_info` only `units`, a range from the start of one unit to the end of another: for
    /// those who share out a large file and read it on demand. [`Self::size_in_parts`] tells whether that is possible.
    ///
    /// # Errors
    /// As [`Self::read`], and [`Error::Section`] if there is no such range.
    pub fn read_units<R: ReadRef<'data>>(image: &Image<'data, R>, units: Range<usize>) -> Result<Self> {
        let size = Self::size_in_parts(image).ok_or(Error::NoDebugInfo)?;
        let info = image.section_range(".debug_info").filter(|_| units.end <= size && units.start <= units.end);
        let info = info.and_then(|(offset, _)| {
            image.bytes(offset.checked_add(units.start as u64)?, (units.end - units.start) as u64)
        });
        let info = info.ok_or_else(|| Error::Section {
            section: ".debug_info".to_owned(),
            reason: format!("it has no bytes {:#x} to {:#x}", units.start, units.end),
        })?;
        Self::read_beside(image, Cow::Borrowed(info), units.start)
    }

    /// The size of `.debug_info`, if parts of it can be read on their own: it is neither compressed nor to be relocated.
    pub fn size_in_parts<R: ReadRef<'data>>(image: &Image<'data, R>) -> Option<usize> {
        let (_, size) = image.section_range(".debug_info").filter(|_| !image.is_relocatable())?;
        usize::try_from(size).ok()
    }

    fn read_beside<R: ReadRef<'data>>(
        image: &Image<'data, R>,
        info: Cow<'data, [u8]>,
        info_start: usize,
    ) -> Result<Self> {
        let optional = |name| Ok(image.section(name)?.unwrap_or_default());
        Ok(Self {
            big_endian: image.endian() == RunTimeEndian::Big,
            info,
            info_start,
            types: optional(".debug_types")?,
            abbrev: optional(".debug_abbrev")?,
            str: optional(".debug_str")?,
            line_str: optional(".debug_line_str")?,
            str_offsets: optional(".debug_str_offsets")?,
            line: optional(".debug_line")?,
            addr: optional(".debug_addr")?,
            ranges: optional(".debug_ranges")?,
            rnglists: optional(".debug_rnglists")?,
            location_lists_sizes: LocationListsSizes {
                loc: image.section_size(".debug_loc")?,
                loclists: image.section_size(".debug_loclists")?,
            },
        })
    }

    /// The same, but of `.debug_info` only `units`, a range from the start of one unit to the end of another, and nothing
    /// of `.debug_types`. Other units do not exist then for a [`DebugInfo`].
    ///
    /// # Errors
    /// [`Error::Dwarf`] if there is no such range.
    pub fn with_units_of(&self, units: Range<usize>) -> Result<Sections<'_>> {
        let info = self.bytes_of(units.clone()).ok_or_else(|| Error::Dwarf {
            at: DieOffset::new(DebugSection::Info, units.start),
            reason: "the section ends before this unit does".to_owned(),
        })?;
        Ok(Sections {
            big_endian: self.big_endian,
            info: Cow::Borrowed(info),
            info_start: units.start,
            types: Cow::default(),
            abbrev: Cow::Borrowed(&self.abbrev),
            str: Cow::Borrowed(&self.str),
            line_str: Cow::Borrowed(&self.line_str),
            str_offsets: Cow::Borrowed(&self.str_offsets),
            line: Cow::Borrowed(&self.line),
            addr: Cow::Borrowed(&self.addr),
            ranges: Cow::Borrowed(&self.ranges),
            rnglists: Cow::Borrowed(&self.rnglists),
            location_lists_sizes: self.location_lists_sizes,
        })
    }

    /// Nothing but `.debug_str`.
    #[cfg(test)]
    pub(crate) fn of_strings(strings: &'data [u8]) -> Self {
        Self { str: Cow::Borrowed(strings), ..Self::default() }
    }

    /// The bytes of `units`, a range of `.debug_info`.
    pub(crate) fn bytes_of(&self, units: Range<usize>) -> Option<&[u8]> {
        let start = units.start.checked_sub(self.info_start)?;
        let end = units.end.checked_sub(self.info_start)?;
        self.info.get(start..end)
    }

    /// `.debug_str`.
    pub(crate) fn strings(&self) -> &[u8] {
        &self.str
    }

    /// `.debug_line_str`.
    pub(crate) fn line_strings(&self) -> &[u8] {
        &self.line_str
    }

    /// An offset in a section, as other sections have it: the part of it that counts, should it have 64 bits.
    pub(crate) fn word(&self, offset: usize) -> [u8; 4] {
        // Larger ones are told apart less well, but are found.
        let offset = offset as u32;
        if self.big_endian { offset.to_be_bytes() } else { offset.to_le_bytes() }
    }

    /// An address of so many bytes.
    pub(crate) fn address(&self, address: u64, size: u8) -> Vec<u8> {
        let size = usize::from(size).min(size_of::<u64>());
        if self.big_endian {
            address.to_be_bytes()[size_of::<u64>() - size..].to_vec()
        } else {
            address.to_le_bytes()[..size].to_vec()
        }
    }

    /// Where range lists may be that begin with an address.
    pub(crate) fn range_lists_with(&self, address: &[u8]) -> impl Iterator<Item = usize> {
        let of_version_5 = memchr::memmem::find_iter(&self.rnglists, address);
        // There, what an entry is stands before it.
        of_version_5.filter_map(|place| place.checked_sub(1)).chain(memchr::memmem::find_iter(&self.ranges, address))
    }

    /// Where those parts of `.debug_str_offsets` begin, behind their headers, that have this [`Self::word`] in them.
    pub(crate) fn bases_of_parts_with(&self, word: [u8; 4]) -> Vec<usize> {
        let mut bases = Vec::new();
        let mut rest = self.slice(&self.str_offsets);
        while let Ok((length, _)) = rest.read_initial_length()
            && let Ok(part) = rest.split(length)
        {
            // Version and padding.
            const HEADER: usize = 4;
            let end = self.str_offsets.len() - rest.len();
            if memchr::memmem::find(part.slice(), &word).is_some() {
                bases.push(end - part.len() + HEADER);
            }
        }
        bases
    }

    fn slice<'a>(&self, bytes: &'a [u8]) -> Slice<'a> {
        EndianSlice::new(bytes, if self.big_endian { RunTimeEndian::Big } else { RunTimeEndian::Little })
    }
}

/// Where units start in `.debug_info`, in their order, for sharing them out before they are read: as far as `.debug_aranges` tells,
/// in which there is no unit without code; or where that is missing, by their headers.
///
/// # Errors
/// Those of [`Image::section`], and [`Error::Section`] if it cannot be decoded.
pub fn unit_starts<'data, R: ReadRef<'data>>(image: &Image<'data, R>) -> Result<Vec<usize>> {
    const SECTION: &str = ".debug_aranges";
    let data = image.section(SECTION)?.unwrap_or_default();
    if data.is_empty() {
        return Ok(unit_starts_by_headers(image));
    }
    let mut headers = gimli::DebugAranges::new(&data, image.endian()).headers();
    let malformed = |error: gimli::Error| Error::Section { section: SECTION.to_owned(), reason: error.to_string() };
    let mut starts = Vec::new();
    while let Some(header) = headers.next().map_err(malformed)? {
        starts.push(header.debug_info_offset().0);
    }
    starts.sort_unstable();
    starts.dedup();
    Ok(starts)
}

/// Of each unit only its length is read. Where that leads nowhere, there are no more.
fn unit_starts_by_headers<'data, R: ReadRef<'data>>(image: &Image<'data, R>) -> Vec<usize> {
    /// What a length begins with that has 64 bits.
    const DWARF64: u64 = 0xffff_ffff;
    let mut starts = Vec::new();
    let Some((section, size)) = image.section_range(".debug_info") else { return starts };
    let number = |at: u64, length: u8| image.number(image.bytes(section.checked_add(at)?, length.into())?, length);
    let unit_length = |at: u64| match number(at, 4)? {
        0 => None,
        DWARF64 => number(at + 4, 8)?.checked_add(12),
        length => Some(length + 4),
    };
    let mut at = 0;
    while let (Ok(start), Some(length)) = (usize::try_from(at), unit_length(at).filter(|_| at < size)) {
        starts.push(start);
        at = at.saturating_add(length);
    }
    starts
}

/// Which section a DIE is in. The order is the order in which units are visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DebugSection {
    /// `.debug_info`
    Info,
    /// `.debug_types`, of DWARF 4
    Types,
    /// `.debug_info` of the supplementary file
    Supplementary,
}

/// Names a DIE: a section and an offset in it. Ordered as the DIEs are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DieOffset(u64);

impl DieOffset {
    /// Offsets are below this power of two. Sections of an exabyte do not occur; see `unit::reference`.
    const SECTION_SHIFT: u32 = 60;

    /// Behind every DIE.
    pub(crate) const END: Self = Self(u64::MAX >> 2);

    /// Before every DIE.
    pub(crate) const START: Self = Self(0);

    pub(crate) fn new(section: DebugSection, offset: usize) -> Self {
        Self((section as u64) << Self::SECTION_SHIFT | offset as u64)
    }

    fn section(self) -> DebugSection {
        match self.0 >> Self::SECTION_SHIFT {
            0 => DebugSection::Info,
            1 => DebugSection::Types,
            _ => DebugSection::Supplementary,
        }
    }

    /// The offset in `.debug_info`; `None` for a DIE that is elsewhere.
    pub fn in_info(self) -> Option<usize> {
        (self.section() == DebugSection::Info).then(|| self.offset())
    }

    pub(crate) fn offset(self) -> usize {
        (self.0 & ((1 << Self::SECTION_SHIFT) - 1)) as usize
    }

    /// Section and offset in the low 62 bits.
    pub(crate) fn to_bits(self) -> u64 {
        self.0
    }
}

impl fmt::Display for DieOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.offset())?;
        match self.section() {
            DebugSection::Info => Ok(()),
            DebugSection::Types => f.write_str(" of .debug_types"),
            DebugSection::Supplementary => f.write_str(" of the supplementary file"),
        }
    }
}

impl fmt::Debug for DieOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The units of a file, and of its supplementary file if it has one.
pub struct DebugInfo<'a> {
    main: File<'a>,
    supplementary: Option<File<'a>>,
    /// All units, ordered by [`Unit::offset`].
    units: Vec<Unit<'a>>,
    /// Type units by signature, made when the first reference by signature is met.
    signatures: OnceLock<FxHashMap<u64, DieOffset>>,
    abbreviations: Mutex<AbbreviationTables>,
    /// How many steps were taken over what nobody asked for, see [`DebugInfo::pass_over`].
    passed_over: AtomicUsize,
}

/// Many units may share a table, after `dwz` nearly all do.
#[derive(Default)]
struct AbbreviationTables {
    tables: FxHashMap<AbbreviationsKey, Arc<Abbreviations>>,
    /// How many bytes they took in all.
    size: usize,
}

/// Offset in `.debug_abbrev`, whether of the supplementary file, and what sizes of forms depend on.
type AbbreviationsKey = (usize, bool, gimli::Encoding);

/// One file's sections, as `gimli` reads them.
struct File<'a> {
    info: Slice<'a>,
    info_start: usize,
    types: Slice<'a>,
    abbrev: Slice<'a>,
    str: Slice<'a>,
    line_str: Slice<'a>,
    str_offsets: Slice<'a>,
    line: gimli::DebugLine<Slice<'a>>,
    addr: gimli::DebugAddr<Slice<'a>>,
    range_lists: gimli::RangeLists<Slice<'a>>,
    location_lists_sizes: LocationListsSizes,
}

impl AbbreviationTables {
    /// Each part of the section belongs to one table, which is read for one encoding or a few.
    const MAX_READINGS: usize = 16;
}

impl<'a> File<'a> {
    fn new(sections: &'a Sections<'_>) -> Self {
        Self {
            info: sections.slice(&sections.info),
            info_start: sections.info_start,
            types: sections.slice(&sections.types),
            abbrev: sections.slice(&sections.abbrev),
            str: sections.slice(&sections.str),
            line_str: sections.slice(&sections.line_str),
            str_offsets: sections.slice(&sections.str_offsets),
            line: gimli::DebugLine::from(sections.slice(&sections.line)),
            addr: gimli::DebugAddr::from(sections.slice(&sections.addr)),
            range_lists: gimli::RangeLists::new(
                gimli::DebugRanges::from(sections.slice(&sections.ranges)),
                gimli::DebugRngLists::from(sections.slice(&sections.rnglists)),
            ),
            location_lists_sizes: sections.location_lists_sizes,
        }
    }
}

impl<'a> DebugInfo<'a> {
    /// Reads the unit headers.
    ///
    /// # Errors
    /// [`Error::Dwarf`] for a header that is malformed or of an unknown version.
    pub fn new(sections: &'a Sections<'_>, supplementary: Option<&'a Sections<'_>>) -> Result<Self> {
        let mut debug_info = Self {
            main: File::new(sections),
            supplementary: supplementary.map(File::new),
            units: Vec::new(),
            signatures: OnceLock::new(),
            abbreviations: Mutex::default(),
            passed_over: AtomicUsize::new(0),
        };
        debug_info.read_unit_headers(DebugSection::Info)?;
        debug_info.read_unit_headers(DebugSection::Types)?;
        if debug_info.supplementary.is_some() {
            debug_info.read_unit_headers(DebugSection::Supplementary)?;
        }
        Ok(debug_info)
    }

    fn read_unit_headers(&mut self, section: DebugSection) -> Result<()> {
        let data = self.section(section);
        let start = if section == DebugSection::Types { 0 } else { self.file(section).info_start };
        let mut at = start;
        let failed = |at, error: gimli::Error| dwarf_error(DieOffset::new(section, at), error);
        if section == DebugSection::Types {
            let mut headers = gimli::DebugTypes::from(data).units();
            while let Some(header) = headers.next().map_err(|error| failed(at, error))? {
                self.units.push(Unit::new(section, data, start, &header));
                at += header.length_including_self();
            }
        } else {
            let mut headers = gimli::DebugInfo::from(data).units();
            while let Some(header) = headers.next().map_err(|error| failed(at, error))? {
                self.units.push(Unit::new(section, data, start, &header));
                at += header.length_including_self();
            }
        }
        Ok(())
    }

    /// How long a text may be that is made of names and tags, in bytes: far longer than any that a compiler's output gives,
    /// and still in proportion to the input.
    pub(crate) fn text_limit(&self) -> usize {
        const LEAST: usize = 64 << 20;
        const PER_BYTE: usize = 32;
        LEAST.saturating_add(self.size().saturating_mul(PER_BYTE))
    }

    /// Counts steps over entries or scopes that lie between here and what is wanted. Each is passed over once for every
    /// level that it is nested in, so in a compiler's output they are few; input can be made in which they are not.
    fn pass_over(&self, steps: usize, at: DieOffset) -> Result<()> {
        const PER_BYTE: usize = 64;
        const LEAST: usize = 1 << 20;
        let before = self.passed_over.fetch_add(steps, Ordering::Relaxed);
        if before > LEAST.saturating_add(self.size().saturating_mul(PER_BYTE)) {
            return Err(Error::LimitExceeded {
                at,
                what: "entries are nested too deeply to be read in reasonable time",
            });
        }
        Ok(())
    }

    /// The size of `.debug_info` in bytes.
    pub(crate) fn size(&self) -> usize {
        self.main.info.len()
    }

    /// Whether `text` stands anywhere where names of DIEs are.
    pub(crate) fn mentions(&self, text: &[u8]) -> bool {
        [Some(&self.main), self.supplementary.as_ref()].into_iter().flatten().any(|file| {
            [file.str, file.line_str, file.info, file.types]
                .iter()
                .any(|section| memchr::memmem::find(section.slice(), text).is_some())
        })
    }

    /// The units that hold a file's own DIEs, in the order in which they are visited: not those of the supplementary file.
    pub(crate) fn units(&self) -> impl Iterator<Item = &Unit<'a>> {
        self.units.iter().filter(|unit| unit.section() != DebugSection::Supplementary)
    }

    /// Those of `.debug_info`.
    pub(crate) fn units_of_info(&self) -> impl Iterator<Item = &Unit<'a>> {
        self.units.iter().filter(|unit| unit.section() == DebugSection::Info)
    }

    /// The unit that `offset` of `.debug_info` lies in.
    pub(crate) fn unit_at(&self, offset: usize) -> Result<&Unit<'a>> {
        self.unit_of(DieOffset::new(DebugSection::Info, offset))
    }

    /// The unit that `at` lies in.
    pub(crate) fn unit_of(&self, at: DieOffset) -> Result<&Unit<'a>> {
        let index = self.units.partition_point(|unit| unit.offset() <= at);
        match index.checked_sub(1).map(|index| &self.units[index]) {
            Some(unit) if unit.contains(at) => Ok(unit),
            _ if at.section() == DebugSection::Supplementary && self.supplementary.is_none() => {
                Err(Error::NoSupplementary(at))
            }
            _ => Err(Error::Dwarf { at, reason: "no unit has a DIE at this offset".to_owned() }),
        }
    }

    /// The name of the `.dwo` file that holds the DIEs of a unit, if there is one that is only a skeleton.
    pub(crate) fn split_dwarf_name(&self) -> Result<Option<String>> {
        for unit in self.units() {
            if let Some(name) = unit.split_dwarf_name(self)? {
                return Ok(Some(String::from_utf8_lossy(name).into_owned()));
            }
        }
        Ok(None)
    }

    /// The type that a type unit with `signature` defines.
    fn type_by_signature(&self, signature: u64) -> Option<DieOffset> {
        let signatures = self.signatures.get_or_init(|| self.units.iter().filter_map(Unit::type_signature).collect());
        signatures.get(&signature).copied()
    }

    fn section(&self, section: DebugSection) -> Slice<'a> {
        let file = self.file(section);
        if section == DebugSection::Types { file.types } else { file.info }
    }

    fn file(&self, section: DebugSection) -> &File<'a> {
        match (section, &self.supplementary) {
            (DebugSection::Supplementary, Some(file)) => file,
            _ => &self.main,
        }
    }

    /// The table at an offset of `.debug_abbrev`, for the unit that starts `at`.
    fn abbreviations(&self, at: DieOffset, offset: usize, encoding: gimli::Encoding) -> Result<Arc<Abbreviations>> {
        let key = (offset, at.section() == DebugSection::Supplementary, encoding);
        let mut known = self.abbreviations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = known.tables.get(&key) {
            return Ok(Arc::clone(table));
        }
        let section = self.file(at.section()).abbrev;
        let (table, size) = Abbreviations::parse(section, offset, encoding)
            .map_err(|error| Error::Dwarf { at, reason: format!("its abbreviations at {offset:#x}: {error}") })?;
        known.size = known.size.saturating_add(size);
        if known.size > AbbreviationTables::MAX_READINGS.saturating_mul(section.len()) {
            return Err(Error::LimitExceeded { at, what: "the tables of abbreviations overlap" });
        }
        let table = Arc::new(table);
        known.tables.insert(key, Arc::clone(&table));
        Ok(table)
    }
}

/// A `gimli` error with the place where it happened.
#[cold]
fn dwarf_error(at: DieOffset, error: gimli::Error) -> Error {
    Error::Dwarf { at, reason: error.to_string() }
}
