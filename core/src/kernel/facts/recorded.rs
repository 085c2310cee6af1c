// SPDX-License-Identifier: GPL-2.0-only
//! The versions that a file records of its exports: `__kcrctab`, in step with `__ksymtab`, and the symbols `__crc_NAME`.
//!
//! Since 5.19 a version stands in the table, and the symbol is its place there. Before, the version was the symbol's value, a
//! plain number that the table repeats; or, from 4.10 with `CONFIG_MODULE_REL_CRCS`, it stands where the symbol is, and the
//! table has the distance to it. Until 4.9 a version had the size of a pointer.

use object::ReadRef;

use super::contents::{Contents, Pointer};
use super::tables::{self, Entry, Table, Tables};
use super::troubles::Troubles;
use crate::object::{Address, Reference};
use crate::versions::Version;

/// The section of versions.
const SECTION: &str = "__kcrctab";

/// Starts the name of the symbol that an export's version has.
pub(super) const SYMBOL_PREFIX: &[u8] = b"__crc_";

/// The tables of versions, each for a table of exports.
pub(super) struct Recorded<'data> {
    tables: Vec<Option<VersionTable<'data>>>,
}

struct VersionTable<'data> {
    section: usize,
    contents: &'data [u8],
    references: Vec<Reference>,
    /// Bytes of an entry.
    width: u8,
    /// Whether an entry is the distance to the version.
    is_relative: bool,
}

impl<'data> Recorded<'data> {
    /// Reads them; `any_symbol` is a `__crc_` symbol, if there is one.
    pub(super) fn read<R: ReadRef<'data>>(
        contents: &Contents<'_, 'data, R>,
        exports: &Tables<'data>,
        any_symbol: Option<Address>,
        troubles: &mut Troubles,
    ) -> Self {
        let sections = tables::companions(contents, SECTION);
        let mut read = |table: &Table<'data>| {
            let section = *sections.get(table.suffix)?;
            match VersionTable::read(contents, table, section, any_symbol, troubles) {
                Ok(versions) => Some(versions),
                Err(error) => {
                    troubles.add(error);
                    None
                }
            }
        };
        Self { tables: exports.tables.iter().map(&mut read).collect() }
    }

    /// The version of an export: by its table, by its symbol, and by both if they agree.
    pub(super) fn version<R: ReadRef<'data>>(
        &self,
        contents: &Contents<'_, 'data, R>,
        entry: &Entry<'_>,
        symbol: Option<Address>,
        troubles: &mut Troubles,
    ) -> Option<Version> {
        let name = || String::from_utf8_lossy(entry.name);
        let by_symbol = symbol.and_then(|symbol| of_symbol(contents, symbol));
        let Some(table) = self.tables.get(entry.table).and_then(Option::as_ref) else { return by_symbol };
        match (table.version(contents, entry.index), by_symbol) {
            (Ok(Some(by_table)), Some(by_symbol)) if by_table != by_symbol => {
                let section = contents.image.section_name(table.section);
                let place = format_args!("{} ({}) {by_table}, {by_symbol}", entry.index, name());
                troubles.add_at(&format!("{section}: versions that contradict their __crc_ symbols"), place);
                None
            }
            (Ok(by_table), by_symbol) => by_table.or(by_symbol),
            (Err(()), by_symbol) => {
                let section = contents.image.section_name(table.section);
                let place = format_args!("{} ({})", entry.index, name());
                troubles.add_at(&format!("{section}: versions that cannot be read"), place);
                by_symbol
            }
        }
    }
}

/// The version that a `__crc_` symbol stands for.
pub(super) fn of_symbol<'data, R: ReadRef<'data>>(
    contents: &Contents<'_, 'data, R>,
    symbol: Address,
) -> Option<Version> {
    let section = symbol.section as usize;
    if symbol.section == u32::from(object::elf::SHN_ABS.0) {
        return Some(Version(symbol.value as u32));
    }
    let start = if contents.image.is_relocatable() { 0 } else { contents.image.sections().get(section)?.address };
    let offset = usize::try_from(symbol.value.checked_sub(start)?).ok()?;
    let number = contents.number(contents.section(section).ok()?.get(offset..)?, 4)?;
    Some(Version(number as u32))
}

impl<'data> VersionTable<'data> {
    fn read<R: ReadRef<'data>>(
        contents: &Contents<'_, 'data, R>,
        exports: &Table<'data>,
        section: usize,
        any_symbol: Option<Address>,
        troubles: &mut Troubles,
    ) -> crate::Result<Self> {
        let references = contents.references(section)?;
        let mut this = Self { section, contents: contents.section(section)?, references, width: 4, is_relative: false };
        if this.contents.len() != exports.len.saturating_mul(4) && this.is_wide(contents, exports.len) {
            this.width = 8;
        }
        let entries = this.contents.len() / usize::from(this.width);
        if this.contents.len() != exports.len.saturating_mul(this.width.into()) {
            let (own, other) = (contents.image.section_name(section), contents.image.section_name(exports.section));
            troubles.add(format!("{own} has {entries} entries, {other} {}", exports.len));
        }
        this.is_relative = this.width == 4
            && !contents.image.is_relocatable()
            && match any_symbol {
                Some(symbol) => {
                    let of_symbol = contents.image.sections().get(symbol.section as usize);
                    of_symbol.is_some_and(|section| tables::suffix(section.name, SECTION).is_none())
                }
                // Versions are as good as random: hardly one in hundreds would lead to a place where another may stand.
                None => (0..entries).filter(|&index| this.leads_somewhere(contents, index)).count() * 2 > entries,
            };
        Ok(this)
    }

    /// Whether entries have 64 bits, of which versions take 32.
    fn is_wide<R: ReadRef<'data>>(&self, contents: &Contents<'_, 'data, R>, exports: usize) -> bool {
        let is_version = |entry: &[u8]| contents.number(entry, 8).is_some_and(|entry| u32::try_from(entry).is_ok());
        // Of a table that has lost its end, what is left tells it.
        let is_whole = self.contents.len() == exports.saturating_mul(8);
        let tells = self.contents.len() >= 8 && self.contents.iter().any(|&byte| byte != 0);
        contents.image.is_64() && (is_whole || tells) && self.contents.chunks_exact(8).all(is_version)
    }

    fn leads_somewhere<R: ReadRef<'data>>(&self, contents: &Contents<'_, 'data, R>, index: usize) -> bool {
        let Some(Pointer::To(place)) = self.distance(contents, index) else { return false };
        place.offset.is_multiple_of(4) && place.section != self.section && contents.has_bytes(place, 4)
    }

    /// Where the distance in an entry leads.
    fn distance<R: ReadRef<'data>>(&self, contents: &Contents<'_, 'data, R>, index: usize) -> Option<Pointer> {
        let place = index * 4;
        let distance = contents.number(self.contents.get(place..)?, 4)? as u32 as i32;
        let place = contents.image.sections()[self.section].address.wrapping_add(place as u64);
        Some(contents.at_address(place.wrapping_add_signed(distance.into())))
    }

    /// The version in an entry; `None` if the build had none for it.
    fn version<R: ReadRef<'data>>(
        &self,
        contents: &Contents<'_, 'data, R>,
        index: usize,
    ) -> Result<Option<Version>, ()> {
        let place = index * usize::from(self.width);
        let stored = self.contents.get(place..).and_then(|bytes| contents.number(bytes, self.width)).ok_or(())?;
        let pointer = match tables::find(&self.references, place) {
            Some(reference) => contents.follow(reference, stored),
            None if self.is_relative => self.distance(contents, index).ok_or(())?,
            None => Pointer::Number(stored),
        };
        match pointer {
            Pointer::Number(_) if self.is_relative => Err(()),
            Pointer::Number(version) => Ok(Some(Version(version as u32))),
            Pointer::To(place) => {
                let version = contents.bytes(place).and_then(|bytes| contents.number(bytes, 4)).ok_or(())?;
                Ok(Some(Version(version as u32)))
            }
            Pointer::Undefined => Ok(None),
            Pointer::Null | Pointer::Broken => Err(()),
        }
    }
}
