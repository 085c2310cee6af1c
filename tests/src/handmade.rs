// SPDX-License-Identifier: GPL-2.0-only
//! Objects that no compiler would write.

use gimli::write::{
    AttributeValue, Dwarf, EndianVec, LineProgram, Sections, StringId, UnitEntryId, UnitId, Writer as _,
};
use gimli::{DwAt, DwForm, DwTag, Encoding, Format, LittleEndian, constants as dw};
use object::write::Object;
use object::{Architecture, BinaryFormat, Endianness, SectionKind};

/// The exported variable of the objects made here.
pub const EXPORT: &str = "victim";

/// The string of [`Types::int`].
pub const INT: &str = "base_type int byte_size(4) encoding(5)";

/// An object file with these sections and nothing else.
pub fn object(sections: &[(&str, &[u8])]) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    for (name, contents) in sections {
        let section = object.add_section(Vec::new(), name.as_bytes().to_vec(), SectionKind::Debug);
        object.append_section_data(section, contents, 1);
    }
    object.write().expect("the object can be written")
}

/// A unit of types that are added one by one, and that refer to each other at will.
pub struct Types {
    dwarf: Dwarf,
    unit: UnitId,
}

impl Types {
    /// No types yet.
    #[allow(clippy::new_without_default, reason = "one way to make it is enough")]
    pub fn new() -> Self {
        let mut dwarf = Dwarf::new();
        let encoding = Encoding { address_size: 8, format: Format::Dwarf32, version: 5 };
        let unit = dwarf.units.add(gimli::write::Unit::new(encoding, LineProgram::none()));
        Self { dwarf, unit }
    }

    /// Adds a type.
    pub fn add(&mut self, tag: DwTag) -> UnitEntryId {
        self.add_below(self.root(), tag)
    }

    /// Adds a type within another, or a member.
    pub fn add_below(&mut self, parent: UnitEntryId, tag: DwTag) -> UnitEntryId {
        self.dwarf.units.get_mut(self.unit).add(parent, tag)
    }

    /// Adds a type of another one.
    pub fn add_of(&mut self, tag: DwTag, of: UnitEntryId) -> UnitEntryId {
        let entry = self.add(tag);
        self.set_type(entry, of);
        entry
    }

    /// Adds a nameless member of this type.
    pub fn add_member(&mut self, parent: UnitEntryId, of: UnitEntryId) {
        let member = self.add_below(parent, dw::DW_TAG_member);
        self.set_type(member, of);
    }

    /// Adds a nameless parameter of this type.
    pub fn add_parameter(&mut self, parent: UnitEntryId, of: UnitEntryId) {
        let parameter = self.add_below(parent, dw::DW_TAG_formal_parameter);
        self.set_type(parameter, of);
    }

    /// Lets a type be one of another, or of itself.
    pub fn set_type(&mut self, entry: UnitEntryId, of: UnitEntryId) {
        self.set(entry, dw::DW_AT_type, AttributeValue::UnitRef(of));
    }

    /// Adds `int`.
    pub fn int(&mut self) -> UnitEntryId {
        let entry = self.add(dw::DW_TAG_base_type);
        self.name(entry, "int");
        self.set(entry, dw::DW_AT_byte_size, AttributeValue::Data1(4));
        self.set(entry, dw::DW_AT_encoding, AttributeValue::Encoding(dw::DW_ATE_signed));
        entry
    }

    /// Gives an entry a name.
    pub fn name(&mut self, entry: UnitEntryId, name: &str) {
        self.set(entry, dw::DW_AT_name, AttributeValue::String(name.into()));
    }

    /// Adds a name that entries can share.
    pub fn add_name(&mut self, name: &str) -> StringId {
        self.dwarf.strings.add(name)
    }

    /// Gives an entry a name that it shares with others.
    pub fn share_name(&mut self, entry: UnitEntryId, name: StringId) {
        self.set(entry, dw::DW_AT_name, AttributeValue::StringRef(name));
    }

    fn set(&mut self, entry: UnitEntryId, name: DwAt, value: AttributeValue) {
        self.dwarf.units.get_mut(self.unit).get_mut(entry).set(name, value);
    }

    /// Adds a variable.
    pub fn variable(&mut self, name: &str, of: UnitEntryId) {
        let variable = self.add_of(dw::DW_TAG_variable, of);
        self.name(variable, name);
        self.set(variable, dw::DW_AT_external, AttributeValue::FlagPresent);
    }

    /// An object where [`EXPORT`] is of a type of itself, by way of so many types with this tag.
    pub fn cycle(tag: DwTag, length: usize) -> Vec<u8> {
        let mut types = Self::new();
        let first = types.add(tag);
        let last = (1..length).fold(first, |of, _| types.add_of(tag, of));
        types.set_type(first, last);
        types.object_of(last)
    }

    /// The object, where [`EXPORT`] is a variable of this type.
    pub fn object_of(mut self, of: UnitEntryId) -> Vec<u8> {
        self.variable(EXPORT, of);
        self.object()
    }

    /// The object.
    pub fn object(mut self) -> Vec<u8> {
        let mut sections = Sections::new(EndianVec::new(LittleEndian));
        self.dwarf.write(&mut sections).expect("the DWARF can be written");
        let [info, abbreviations, strings] =
            [sections.debug_info.slice(), sections.debug_abbrev.slice(), sections.debug_str.slice()];
        object(&[(".debug_info", info), (".debug_abbrev", abbreviations), (".debug_str", strings)])
    }

    fn root(&self) -> UnitEntryId {
        self.dwarf.units.get(self.unit).root()
    }
}

/// A unit that is encoded by hand, right or wrong: DWARF 5, 32-bit, little-endian.
pub struct Encoded {
    /// The version that its header has.
    pub version: u16,
    /// Added to the length that its header has.
    pub extra_length: u32,
    abbreviations: EndianVec<LittleEndian>,
    entries: EndianVec<LittleEndian>,
}

impl Encoded {
    /// Length of the header: the offset of the first entry.
    pub const HEADER: u32 = 12;

    const ROOT: u64 = 1;
    const INT: u64 = 2;
    const VARIABLE: u64 = 3;

    /// A unit with neither abbreviations nor entries.
    pub fn empty() -> Self {
        let [abbreviations, entries] = [EndianVec::new(LittleEndian), EndianVec::new(LittleEndian)];
        Self { version: 5, extra_length: 0, abbreviations, entries }
    }

    /// A unit with the beginnings of [`EXPORT`] as a variable: abbreviations of its own, 1 to 3, and a root that has
    /// children.
    pub fn of_variable() -> Self {
        let (name, byte) = ((dw::DW_AT_name, dw::DW_FORM_string), dw::DW_FORM_data1);
        let mut unit = Self::empty();
        unit.abbreviation(Self::ROOT, dw::DW_TAG_compile_unit, true, &[]);
        let attributes = [name, (dw::DW_AT_byte_size, byte), (dw::DW_AT_encoding, byte)];
        unit.abbreviation(Self::INT, dw::DW_TAG_base_type, false, &attributes);
        let external = (dw::DW_AT_external, dw::DW_FORM_flag_present);
        let attributes = [name, external, (dw::DW_AT_type, dw::DW_FORM_ref4)];
        unit.abbreviation(Self::VARIABLE, dw::DW_TAG_variable, false, &attributes);
        unit.entry(Self::ROOT, &[]);
        unit
    }

    /// `int victim;`
    pub fn of_int() -> Self {
        let mut unit = Self::of_variable();
        let int = unit.int();
        unit.variable(int);
        unit.entry(0, &[]);
        unit
    }

    /// Adds `int`, whose string is [`INT`]; returns its offset.
    pub fn int(&mut self) -> u32 {
        self.entry(Self::INT, &[b"int\0", &[4, dw::DW_ATE_signed.0]])
    }

    /// Adds [`EXPORT`], of the type at this offset.
    pub fn variable(&mut self, of: u32) {
        self.entry(Self::VARIABLE, &[EXPORT.as_bytes(), b"\0", &of.to_le_bytes()]);
    }

    /// Defines an abbreviation.
    pub fn abbreviation(&mut self, code: u64, tag: DwTag, children: bool, attributes: &[(DwAt, DwForm)]) {
        let attributes = attributes.iter().map(|(name, form)| (name.0, form.0)).chain([(0, 0)]);
        let numbers = [tag.0, children.into()].into_iter().chain(attributes.flat_map(|(name, form)| [name, form]));
        for number in [code].into_iter().chain(numbers.map(u64::from)) {
            self.abbreviations.write_uleb128(number).expect("memory can be written");
        }
    }

    /// Adds an entry with the bytes of its attributes; returns its offset. The code 0 ends a list of children.
    pub fn entry(&mut self, code: u64, attributes: &[&[u8]]) -> u32 {
        let offset = self.next_offset();
        self.entries.write_uleb128(code).expect("memory can be written");
        for attribute in attributes {
            self.entries.write(attribute).expect("memory can be written");
        }
        offset
    }

    /// Offset of the entry that is added next.
    pub fn next_offset(&self) -> u32 {
        Self::HEADER + u32::try_from(self.entries.len()).expect("no unit here is that large")
    }

    /// The object.
    pub fn object(&self) -> Vec<u8> {
        let (info, abbreviations) = self.sections();
        object(&[(".debug_info", &info), (".debug_abbrev", &abbreviations)])
    }

    /// `.debug_info` and `.debug_abbrev`.
    pub fn sections(&self) -> (Vec<u8>, Vec<u8>) {
        let length = (self.next_offset() - 4).wrapping_add(self.extra_length);
        let mut info = length.to_le_bytes().to_vec();
        info.extend_from_slice(&self.version.to_le_bytes());
        info.extend_from_slice(&[dw::DW_UT_compile.0, 8, 0, 0, 0, 0]);
        info.extend_from_slice(self.entries.slice());
        (info, [self.abbreviations.slice(), &[0]].concat())
    }
}
