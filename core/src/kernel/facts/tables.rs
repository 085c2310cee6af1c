// SPDX-License-Identifier: GPL-2.0-only
//! Tables of exports: `__ksymtab` in all its layouts.
//!
//! An entry has the symbol's place, its name and, since 5.4, its namespace (`struct kernel_symbol`). Each is a pointer: a
//! distance from the place where it stands (`CONFIG_HAVE_ARCH_PREL32_RELOCATIONS`, since 4.19), or an address. In a file that
//! is yet to be linked they are relocations. Which layout a file has it does not say, but names are in `__ksymtab_strings`,
//! and nothing else that an entry points to is a name there.
//!
//! Exports that are for GPL-compatible modules only have a table of their own, `__ksymtab_gpl`; in 7.x, `__kflagstab` has a
//! byte for each entry instead. Objects of kernels before 6.5 have one section for each export, `___ksymtab+NAME`, which the
//! linker puts together.

use std::borrow::Cow;
use std::cmp::Ordering;

use object::ReadRef;
use rustc_hash::FxHashMap;

use super::contents::{Contents, Place, Pointer};
use super::troubles::Troubles;
use crate::object::Reference;

/// The section of the names and namespaces.
const STRINGS: &[u8] = b"__ksymtab_strings";

/// Bit of `__kflagstab` (`KSYM_FLAG_GPL_ONLY`).
const GPL_ONLY: u8 = 1;

/// So many entries tell the layout.
const SAMPLE: usize = 4096;

/// All tables of a file.
pub(super) struct Tables<'data> {
    pub(super) tables: Vec<Table<'data>>,
    pub(super) entries: Vec<Entry<'data>>,
}

/// A section of entries.
pub(super) struct Table<'data> {
    /// Its section.
    pub(super) section: usize,
    /// What its name has behind `__ksymtab`; the sections that go with it have the same.
    pub(super) suffix: &'data [u8],
    /// How many entries it has, those that cannot be read included.
    pub(super) len: usize,
    contents: Cow<'data, [u8]>,
    references: Vec<Reference>,
}

/// An entry that can be read.
pub(super) struct Entry<'data> {
    pub(super) name: &'data [u8],
    pub(super) namespace: Option<&'data [u8]>,
    pub(super) gpl_only: bool,
    /// Where the symbol is.
    pub(super) symbol: Pointer,
    /// Index of its table.
    pub(super) table: usize,
    /// Its place in the table.
    pub(super) index: usize,
}

/// How entries are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    /// Size of a pointer.
    word: u8,
    /// How many an entry has.
    words: u8,
    /// Whether they are distances from where they stand, in a linked file.
    is_relative: bool,
}

impl Layout {
    const fn new(word: u8, words: u8, is_relative: bool) -> Self {
        Self { word, words, is_relative }
    }

    /// Those that a file may have.
    fn candidates(is_64: bool, is_relocatable: bool) -> Vec<Self> {
        let distances = [Self::new(4, 3, true), Self::new(4, 2, true)];
        let addresses = if is_64 { 8 } else { 4 };
        let addresses = [Self::new(addresses, 3, false), Self::new(addresses, 2, false)];
        // Relocations of distances and of addresses stand in the same places, if these have one size.
        if is_relocatable && !is_64 { distances.into() } else { [distances, addresses].concat() }
    }

    fn size(self) -> usize {
        usize::from(self.word) * usize::from(self.words)
    }
}

/// Whether a name behind `__ksymtab` is that of a table, and whether entries of such a table are for GPL-compatible modules
/// only. Of `_gpl_future` the kernel only warned that they would be.
fn licence(suffix: &[u8]) -> Option<bool> {
    match suffix.split(|&byte| byte == b'+').next()? {
        b"" | b"_gpl_future" | b"_unused" => Some(false),
        b"_gpl" | b"_unused_gpl" => Some(true),
        _ => None,
    }
}

/// What a section's name has behind this one, that of a section of the linker's or of a single symbol's.
pub(super) fn suffix<'data>(section: &'data [u8], name: &str) -> Option<&'data [u8]> {
    let single = section.strip_prefix(b"_").filter(|rest| rest.starts_with(b"__") && rest.contains(&b'+'));
    single.unwrap_or(section).strip_prefix(name.as_bytes())
}

/// The sections of a kind, by what their names have behind it.
pub(super) fn companions<'data, R: ReadRef<'data>>(
    contents: &Contents<'_, 'data, R>,
    name: &str,
) -> FxHashMap<&'data [u8], usize> {
    let mut found = FxHashMap::default();
    for (index, section) in contents.image.sections().iter().enumerate() {
        if let Some(suffix) = suffix(section.name, name).filter(|_| section.has_contents()) {
            found.entry(suffix).or_insert(index);
        }
    }
    found
}

impl<'data> Tables<'data> {
    /// Whether a section with this name is a table of exports.
    pub(super) fn is_table(section: &[u8]) -> bool {
        suffix(section, "__ksymtab").is_some_and(|suffix| licence(suffix).is_some())
    }

    /// Reads all tables.
    pub(super) fn read<R: ReadRef<'data>>(contents: &Contents<'_, 'data, R>, troubles: &mut Troubles) -> Self {
        let mut tables = Vec::new();
        for (section, header) in contents.image.sections().iter().enumerate() {
            if header.has_contents() && header.size > 0 && Self::is_table(header.name) {
                match Table::read(contents, section) {
                    Ok(table) => tables.push(table),
                    Err(error) => troubles.add(error),
                }
            }
        }
        if !contents.image.is_relocatable() && !tables.is_empty() && tables.iter().all(Table::is_zero) {
            fill_in(contents, &mut tables, troubles);
        }
        let mut this = Self { tables, entries: Vec::new() };
        if let Some(layout) = this.layout(contents) {
            this.read_entries(contents, layout, troubles);
        } else if !this.tables.iter().all(Table::is_zero) {
            troubles.add("__ksymtab: its entries have none of the layouts that are known, so exports cannot be told");
        }
        this
    }

    /// The one layout that fits best: that gives names for most of the entries.
    fn layout<R: ReadRef<'data>>(&self, contents: &Contents<'_, 'data, R>) -> Option<Layout> {
        let image = contents.image;
        let candidates = Layout::candidates(image.is_64(), image.is_relocatable());
        let fits = candidates.into_iter().map(|layout| (layout, self.fit(contents, layout)));
        let mut fits: Vec<_> = fits.filter(|(_, fit)| fit.names * 2 > fit.entries).collect();
        fits.sort_by(|(_, one), (_, other)| other.compare(one));
        match fits[..] {
            [(layout, _)] => Some(layout),
            [(layout, best), (_, next), ..] if best.compare(&next) == Ordering::Greater => Some(layout),
            _ => None,
        }
    }

    fn fit<R: ReadRef<'data>>(&self, contents: &Contents<'_, 'data, R>, layout: Layout) -> Fit {
        let mut fit = Fit { entries: 0, names: 0, is_whole: true };
        let all: usize = self.tables.iter().map(|table| table.contents.len() / layout.size()).sum();
        for table in &self.tables {
            let sample = (0..table.contents.len() / layout.size()).step_by(all / SAMPLE + 1);
            fit.entries += sample.len();
            fit.names += sample.filter(|&index| table.name(contents, layout, index).is_some()).count();
            fit.is_whole &= table.contents.len().is_multiple_of(layout.size());
        }
        fit
    }

    fn read_entries<R: ReadRef<'data>>(
        &mut self,
        contents: &Contents<'_, 'data, R>,
        layout: Layout,
        troubles: &mut Troubles,
    ) {
        let flags = companions(contents, "__kflagstab");
        // Many entries can share a long string. Real ones share the ends of names, and namespaces.
        let mut text_left = contents.image.len().saturating_mul(4).saturating_add(1 << 20);
        for (number, table) in self.tables.iter_mut().enumerate() {
            let name = contents.image.section_name(table.section);
            table.len = table.contents.len() / layout.size();
            if !table.contents.len().is_multiple_of(layout.size()) {
                troubles.add(format!(
                    "{name}: its {} bytes are no multiple of an entry's {}",
                    table.contents.len(),
                    layout.size()
                ));
            }
            let flags = flags.get(table.suffix).map(|&section| {
                let flags = contents.section(section).map_err(|error| troubles.add(error)).ok();
                let flags = flags.unwrap_or_default();
                if flags.len() != table.len {
                    let flags_name = contents.image.section_name(section);
                    troubles.add(format!("{flags_name} has {} entries, {name} {}", flags.len(), table.len));
                }
                flags
            });
            let of_table = licence(table.suffix).unwrap_or_default();
            for index in 0..table.len {
                let Some(export) = table.name(contents, layout, index) else {
                    troubles.add_at(&format!("{name}: entries without a name"), index);
                    continue;
                };
                let namespace = match table.namespace(contents, layout, index) {
                    Ok(namespace) => namespace,
                    Err(()) => {
                        let entry = format_args!("{index} ({})", String::from_utf8_lossy(export));
                        troubles.add_at(&format!("{name}: entries whose namespace cannot be read"), entry);
                        None
                    }
                };
                let text = export.len() + namespace.map_or(0, <[u8]>::len);
                let Some(left) = text_left.checked_sub(text as u64) else {
                    troubles.add(format!("{name}: its names are longer than the file, from entry {index} on"));
                    return;
                };
                text_left = left;
                // What has no flag is open to nobody else, until it is known to be.
                let flag = flags.map(|flags| flags.get(index).is_none_or(|flags| flags & GPL_ONLY != 0));
                self.entries.push(Entry {
                    name: export,
                    namespace,
                    gpl_only: flag.unwrap_or(of_table),
                    symbol: table.pointer(contents, layout, index, 0),
                    table: number,
                    index,
                });
            }
        }
    }
}

/// How well a layout fits.
#[derive(Debug, Clone, Copy)]
struct Fit {
    entries: usize,
    names: usize,
    /// Whether no table has a rest.
    is_whole: bool,
}

impl Fit {
    /// The better one is greater.
    fn compare(&self, other: &Self) -> Ordering {
        let share = |one: &Self, of: &Self| one.names as u128 * of.entries as u128;
        share(self, other).cmp(&share(other, self)).then(self.is_whole.cmp(&other.is_whole))
    }
}

impl<'data> Table<'data> {
    fn read<R: ReadRef<'data>>(contents: &Contents<'_, 'data, R>, section: usize) -> crate::Result<Self> {
        let suffix = suffix(contents.image.sections()[section].name, "__ksymtab").unwrap_or_default();
        let references = contents.references(section)?;
        Ok(Self { section, suffix, len: 0, contents: Cow::Borrowed(contents.section(section)?), references })
    }

    fn is_zero(&self) -> bool {
        self.contents.iter().all(|&byte| byte == 0)
    }

    fn name<R: ReadRef<'data>>(
        &self,
        contents: &Contents<'_, 'data, R>,
        layout: Layout,
        index: usize,
    ) -> Option<&'data [u8]> {
        let name = self.string(contents, layout, index, 1)?;
        let is_name = !name.is_empty() && name.iter().all(|&byte| byte > b' ' && byte != 0x7f);
        is_name.then_some(name)
    }

    fn namespace<R: ReadRef<'data>>(
        &self,
        contents: &Contents<'_, 'data, R>,
        layout: Layout,
        index: usize,
    ) -> Result<Option<&'data [u8]>, ()> {
        if layout.words < 3 || self.pointer(contents, layout, index, 2) == Pointer::Null {
            return Ok(None);
        }
        let namespace = self.string(contents, layout, index, 2).ok_or(())?;
        Ok(Some(namespace).filter(|namespace| !namespace.is_empty()))
    }

    fn string<R: ReadRef<'data>>(
        &self,
        contents: &Contents<'_, 'data, R>,
        layout: Layout,
        index: usize,
        word: u8,
    ) -> Option<&'data [u8]> {
        let Pointer::To(place) = self.pointer(contents, layout, index, word) else { return None };
        (contents.image.sections()[place.section].name == STRINGS).then(|| contents.string(place)).flatten()
    }

    /// Where a pointer of an entry leads.
    fn pointer<R: ReadRef<'data>>(
        &self,
        contents: &Contents<'_, 'data, R>,
        layout: Layout,
        index: usize,
        word: u8,
    ) -> Pointer {
        let place = index * layout.size() + usize::from(word) * usize::from(layout.word);
        let stored = self.contents.get(place..).and_then(|bytes| contents.number(bytes, layout.word));
        let Some(stored) = stored else { return Pointer::Broken };
        if contents.image.is_relocatable() {
            // What stands in the second half is no part of this pointer: they are smaller.
            let is_two = layout.word == 8 && find(&self.references, place + 4).is_some();
            return match find(&self.references, place) {
                _ if is_two => Pointer::Broken,
                Some(reference) => contents.follow(reference, stored),
                None => Pointer::Null,
            };
        }
        match stored {
            0 => Pointer::Null,
            _ if layout.is_relative => {
                let place = contents.image.sections()[self.section].address.wrapping_add(place as u64);
                contents.at_address(place.wrapping_add_signed(i64::from(stored as u32 as i32)))
            }
            _ => contents.at_address(stored),
        }
    }
}

/// The reference that stands at `place`.
pub(super) fn find(references: &[Reference], place: usize) -> Option<&Reference> {
    let found = references.binary_search_by_key(&(place as u64), |reference| reference.place).ok()?;
    Some(&references[found])
}

/// Fills in the addresses that a kernel which can run anywhere gets only when it starts: arm64 before 4.19, for one.
fn fill_in<'data, R: ReadRef<'data>>(
    contents: &Contents<'_, 'data, R>,
    tables: &mut [Table<'data>],
    troubles: &mut Troubles,
) {
    let references = contents.relative_references().unwrap_or_else(|error| {
        troubles.add(error);
        Vec::new()
    });
    let word = if contents.image.is_64() { 8 } else { 4 };
    let of_section: FxHashMap<_, _> =
        tables.iter().enumerate().map(|(number, table)| (table.section, number)).collect();
    for reference in references {
        let Pointer::To(Place { section, offset }) = contents.at_address(reference.place) else { continue };
        let Some(&number) = of_section.get(&section) else { continue };
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        if let Some(place) = tables[number].contents.to_mut().get_mut(offset..) {
            contents.image.store(place, word, reference.addend as u64);
        }
    }
    if tables.iter().any(Table::is_zero) {
        troubles.add("__ksymtab: holds only zeros: what the kernel fills in when it starts is not in this file");
    }
}
