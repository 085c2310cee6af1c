// SPDX-License-Identifier: GPL-2.0-only
//! The attributes that count for a version, and their values.

use gimli::{DwAt, constants as dw};

use super::DieOffset;

/// An attribute that is kept when an entry is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Attr {
    // References to DIEs.
    Type,
    AbstractOrigin,
    Specification,
    // Unsigned constants. A location expression in their place counts as absent.
    Accessibility,
    Alignment,
    BitOffset,
    BitSize,
    ByteSize,
    ConstValue,
    Count,
    DataBitOffset,
    DataMemberLocation,
    DeclFile,
    DeclLine,
    DiscrValue,
    Encoding,
    Language,
    UpperBound,
    /// Where its code or data is, if it is an address that is said.
    Address,
    // Flags.
    Declaration,
    External,
    /// The entry says where its code or data is, or what its value is.
    Place,
    Prototyped,
    // Offsets into other sections; all but the first of a unit's root.
    Ranges,
    AddrBase,
    StmtList,
    StrOffsetsBase,
    // Strings; last, see `Attr::string_index`.
    Name,
    LinkageName,
    DwoName,
    CompDir,
    Producer,
}

impl Attr {
    const FIRST_STRING: usize = Self::Name as usize;
    const STRINGS: usize = 5;

    /// Those that types are made of.
    pub(super) fn of_type(name: DwAt) -> Option<Self> {
        Some(match name {
            dw::DW_AT_type => Self::Type,
            dw::DW_AT_abstract_origin => Self::AbstractOrigin,
            dw::DW_AT_accessibility => Self::Accessibility,
            dw::DW_AT_addr_base | dw::DW_AT_GNU_addr_base => Self::AddrBase,
            dw::DW_AT_alignment => Self::Alignment,
            dw::DW_AT_bit_size => Self::BitSize,
            dw::DW_AT_byte_size => Self::ByteSize,
            dw::DW_AT_const_value => Self::ConstValue,
            dw::DW_AT_count => Self::Count,
            dw::DW_AT_data_bit_offset => Self::DataBitOffset,
            dw::DW_AT_data_member_location => Self::DataMemberLocation,
            dw::DW_AT_decl_file => Self::DeclFile,
            dw::DW_AT_declaration => Self::Declaration,
            dw::DW_AT_discr_value => Self::DiscrValue,
            dw::DW_AT_encoding => Self::Encoding,
            dw::DW_AT_linkage_name => Self::LinkageName,
            dw::DW_AT_name => Self::Name,
            dw::DW_AT_stmt_list => Self::StmtList,
            dw::DW_AT_str_offsets_base => Self::StrOffsetsBase,
            dw::DW_AT_upper_bound => Self::UpperBound,
            dw::DW_AT_dwo_name | dw::DW_AT_GNU_dwo_name => Self::DwoName,
            _ => return None,
        })
    }

    /// Those, and what else is told of a symbol, a type or a unit.
    pub(super) fn of_detail(name: DwAt) -> Option<Self> {
        Some(match name {
            dw::DW_AT_bit_offset => Self::BitOffset,
            dw::DW_AT_comp_dir => Self::CompDir,
            dw::DW_AT_decl_line => Self::DeclLine,
            dw::DW_AT_external => Self::External,
            dw::DW_AT_language => Self::Language,
            dw::DW_AT_low_pc | dw::DW_AT_location => Self::Address,
            dw::DW_AT_producer => Self::Producer,
            dw::DW_AT_prototyped => Self::Prototyped,
            dw::DW_AT_ranges => Self::Ranges,
            dw::DW_AT_specification => Self::Specification,
            _ => return Self::of_type(name),
        })
    }

    fn string_index(self) -> Option<usize> {
        (self as usize).checked_sub(Self::FIRST_STRING)
    }

    pub(super) fn is_string(self) -> bool {
        self.string_index().is_some()
    }

    pub(super) fn is_reference(self) -> bool {
        matches!(self, Self::Type | Self::AbstractOrigin | Self::Specification)
    }

    fn is_flag(self) -> bool {
        matches!(self, Self::Declaration | Self::External | Self::Place | Self::Prototyped)
    }

    fn is_section_offset(self) -> bool {
        matches!(self, Self::Ranges | Self::AddrBase | Self::StmtList | Self::StrOffsetsBase)
    }

    /// Sections' offsets are constants up to DWARF 3.
    pub(super) fn is_constant(self) -> bool {
        !self.is_string() && !self.is_reference() && !self.is_flag() && self != Self::Address
    }
}

/// Where a string is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StringRef {
    /// At this offset of the section that the entry is in.
    Inline(usize),
    /// At this offset of `.debug_str`.
    Str(usize),
    /// At this offset of `.debug_line_str`.
    LineStr(usize),
    /// The entry of this number in the unit's part of `.debug_str_offsets`.
    Index(u64),
    /// At this offset of the supplementary file's `.debug_str`.
    Supplementary(usize),
}

/// The value of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// An unsigned constant; a signed one in two's complement.
    Constant(u64),
    /// An offset into another section; of no interest where a constant is expected.
    SectionOffset(u64),
    Flag(bool),
    Reference(DieOffset),
    String(StringRef),
    Address(u64),
    /// Anything else: blocks, location expressions, references that lead nowhere.
    Other,
}

/// Where the code or data is that an entry describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It begins here.
    Address(u64),
    /// At this offset of the range lists.
    Ranges(u64),
    /// Not said, or only a running program could tell.
    Unknown,
}

/// The attributes of one entry. Made once and filled again and again.
#[derive(Debug)]
pub(crate) struct Attributes {
    /// A bit an [`Attr`].
    present: u32,
    numbers: [u64; Attr::FIRST_STRING],
    strings: [StringRef; Attr::STRINGS],
}

impl Default for Attributes {
    fn default() -> Self {
        Self { present: 0, numbers: [0; Attr::FIRST_STRING], strings: [StringRef::Inline(0); Attr::STRINGS] }
    }
}

impl Attributes {
    pub(super) fn clear(&mut self) {
        self.present = 0;
    }

    /// Notes `value`, unless it is of a class that `attr` does not have.
    pub(super) fn set(&mut self, attr: Attr, value: Value) {
        match value {
            Value::Reference(die) if attr.is_reference() => self.set_number(attr, die.to_bits()),
            Value::Constant(constant) if attr.is_constant() => self.set_number(attr, constant),
            Value::SectionOffset(offset) if attr.is_section_offset() => self.set_number(attr, offset),
            Value::Address(address) if attr == Attr::Address => self.set_number(attr, address),
            Value::Flag(flag) if attr.is_flag() => self.set_number(attr, u64::from(flag)),
            Value::String(string) if attr.is_string() => self.set_string(attr, string),
            _ => {}
        }
    }

    #[inline]
    pub(super) fn set_number(&mut self, attr: Attr, number: u64) {
        if let Some(place) = self.numbers.get_mut(attr as usize) {
            *place = number;
            self.present |= 1 << attr as u32;
        }
    }

    #[inline]
    pub(super) fn set_string(&mut self, attr: Attr, string: StringRef) {
        if let Some(index) = attr.string_index() {
            self.strings[index] = string;
            self.present |= 1 << attr as u32;
        }
    }

    fn has(&self, attr: Attr) -> bool {
        self.present & (1 << attr as u32) != 0
    }

    /// A constant, or `None` if the entry has none.
    pub(crate) fn constant(&self, attr: Attr) -> Option<u64> {
        self.has(attr).then(|| self.numbers[attr as usize])
    }

    /// A flag; false where it is absent.
    pub(crate) fn flag(&self, attr: Attr) -> bool {
        self.constant(attr).is_some_and(|value| value != 0)
    }

    /// A reference to a DIE.
    pub(crate) fn reference(&self, attr: Attr) -> Option<DieOffset> {
        self.constant(attr).map(DieOffset)
    }

    /// Where that is which the entry describes.
    pub(crate) fn place(&self) -> Place {
        let ranges = || self.constant(Attr::Ranges).map(Place::Ranges);
        self.constant(Attr::Address).map(Place::Address).or_else(ranges).unwrap_or(Place::Unknown)
    }

    /// A string.
    pub(crate) fn string(&self, attr: Attr) -> Option<StringRef> {
        let index = attr.string_index()?;
        self.has(attr).then(|| self.strings[index])
    }
}
