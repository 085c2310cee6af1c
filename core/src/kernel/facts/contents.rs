// SPDX-License-Identifier: GPL-2.0-only
//! What the sections of an image hold, and where pointers in them lead.

use std::cell::{Cell, OnceCell};

use object::{ReadRef, elf};

use crate::object::{Image, Reference, SectionHeader, Symbols};
use crate::{Error, Result};

/// The longest string that is taken for one. The kernel's longest name has 512 bytes (`KSYM_NAME_LEN`); of namespaces, a list
/// of modules may be longer.
const LONGEST_STRING: usize = 2048;

/// The sections of an image, each read at most once and in one piece.
pub(super) struct Contents<'i, 'data, R: ReadRef<'data>> {
    pub(super) image: &'i Image<'data, R>,
    pub(super) symbols: Symbols<'data, R>,
    /// Of a linked file: the allocated sections, in the order of their addresses.
    by_address: Vec<(u64, usize)>,
    /// Whether this is a linked file that can run at any address, in which addresses may be missing until it starts.
    pub(super) is_filled_in_at_start: bool,
    read: Vec<OnceCell<Result<&'data [u8]>>>,
    /// How many bytes may yet be read. Headers may lie: many sections can be one and the same large piece of the file.
    left: Cell<u64>,
}

/// A place in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) section: usize,
    pub(super) offset: u64,
}

/// Where a pointer leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pointer {
    /// Nothing was stored.
    Null,
    /// Into a section.
    To(Place),
    /// It is a plain number, or an address that no section has.
    Number(u64),
    /// To a symbol of another file.
    Undefined,
    /// What it refers to does not exist.
    Broken,
}

impl<'i, 'data, R: ReadRef<'data>> Contents<'i, 'data, R> {
    pub(super) fn new(image: &'i Image<'data, R>, symbols: Symbols<'data, R>) -> Self {
        let sections = image.sections();
        let is_located = |section: &SectionHeader<'_>| section.is_allocated() && section.size > 0;
        let located = sections.iter().enumerate().filter(|(_, section)| !image.is_relocatable() && is_located(section));
        let mut by_address: Vec<_> = located.map(|(index, section)| (section.address, index)).collect();
        by_address.sort_unstable();
        let is_of_start = |section: &SectionHeader<'_>| section.is_allocated() && section.kind == elf::SHT_RELA;
        Self {
            image,
            symbols,
            by_address,
            is_filled_in_at_start: !image.is_relocatable() && sections.iter().any(is_of_start),
            read: sections.iter().map(|_| OnceCell::new()).collect(),
            left: Cell::new(image.len().saturating_mul(2)),
        }
    }

    /// The contents of a section.
    pub(super) fn section(&self, index: usize) -> Result<&'data [u8]> {
        let Some(cell) = self.read.get(index) else { return Ok(&[]) };
        let read = || {
            self.spend(index, self.image.sections()[index].size)?;
            self.image.contents(index)
        };
        cell.get_or_init(read).clone()
    }

    /// The contents of the section called `name`; `None` if there is none that has contents.
    pub(super) fn named(&self, name: &str) -> Result<Option<&'data [u8]>> {
        self.find(name).map(|index| self.section(index)).transpose()
    }

    /// The index of the section called `name` that has contents.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let is_it = |section: &SectionHeader<'_>| section.name == name.as_bytes() && section.has_contents();
        self.image.sections().iter().position(is_it)
    }

    /// What the places in a section refer to, in their order, if the file is yet to be linked.
    pub(super) fn references(&self, section: usize) -> Result<Vec<Reference>> {
        if !self.image.is_relocatable() {
            return Ok(Vec::new());
        }
        let references = self.image.references(section, self.most_references())?;
        self.spend(section, (references.len() * size_of::<Reference>()) as u64)?;
        Ok(references)
    }

    /// What a linked file leaves to be filled in when it starts.
    pub(super) fn relative_references(&self) -> Result<Vec<Reference>> {
        self.image.relative_references(self.most_references())
    }

    fn most_references(&self) -> usize {
        usize::try_from(self.left.get()).unwrap_or(usize::MAX) / size_of::<Reference>()
    }

    fn spend(&self, section: usize, size: u64) -> Result<()> {
        let left = self.left.get().checked_sub(size).ok_or_else(|| Error::Section {
            section: self.image.section_name(section).into_owned(),
            reason: "with it, the sections are larger than the file".to_owned(),
        })?;
        self.left.set(left);
        Ok(())
    }

    /// A number of so many bytes at the start of `bytes`.
    pub(super) fn number(&self, bytes: &[u8], size: u8) -> Option<u64> {
        self.image.number(bytes, size)
    }

    /// Where an address of a linked file leads.
    pub(super) fn at_address(&self, address: u64) -> Pointer {
        // Addresses of 32-bit files wrap around.
        let address = if self.image.is_64() { address } else { address & u64::from(u32::MAX) };
        let next = self.by_address.partition_point(|&(start, _)| start <= address);
        let found = next.checked_sub(1).map(|found| self.by_address[found]);
        match found {
            Some((start, section)) if address - start < self.image.sections()[section].size => {
                Pointer::To(Place { section, offset: address - start })
            }
            _ => Pointer::Number(address),
        }
    }

    /// Where a reference leads, with what stands in its place.
    pub(super) fn follow(&self, reference: &Reference, stored: u64) -> Pointer {
        let Some(symbol) = self.symbols.get(reference.symbol as usize) else { return Pointer::Broken };
        let stored = if reference.adds_contents { stored } else { 0 };
        let value = symbol.address.value.wrapping_add_signed(reference.addend).wrapping_add(stored);
        if symbol.is_undefined() {
            Pointer::Undefined
        } else if symbol.is_absolute() {
            Pointer::Number(value)
        } else if (symbol.address.section as usize) < self.image.sections().len() {
            Pointer::To(Place { section: symbol.address.section as usize, offset: value })
        } else {
            Pointer::Broken
        }
    }

    /// Whether a section has so many bytes at a place.
    pub(super) fn has_bytes(&self, place: Place, size: u64) -> bool {
        let section = &self.image.sections()[place.section];
        section.has_contents() && place.offset.checked_add(size).is_some_and(|end| end <= section.size)
    }

    /// The bytes from a place to the end of its section.
    pub(super) fn bytes(&self, place: Place) -> Option<&'data [u8]> {
        let contents = self.section(place.section).ok()?;
        contents.get(usize::try_from(place.offset).ok()?..)
    }

    /// The string at a place.
    pub(super) fn string(&self, place: Place) -> Option<&'data [u8]> {
        let bytes = self.bytes(place)?;
        let bytes = bytes.get(..LONGEST_STRING).unwrap_or(bytes);
        memchr::memchr(0, bytes).map(|end| &bytes[..end])
    }
}
