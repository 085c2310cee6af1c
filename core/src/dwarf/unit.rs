// SPDX-License-Identifier: GPL-2.0-only
//! A unit and the decoding of its entries.

use std::sync::{Arc, OnceLock};

use gimli::{DwForm, DwTag, Encoding, Reader as _, constants as dw};

use super::abbreviation::{Abbreviation, Abbreviations, Step, fixed_size};
use super::attributes::{Attr, Attributes, StringRef, Value};
use super::outline::Outline;
use super::{DebugInfo, DebugSection, DieOffset, Slice, dwarf_error};
use crate::{Error, Result};

/// A unit. What costs something to read is read when it is first asked for.
pub(crate) struct Unit<'a> {
    section: DebugSection,
    /// The section up to the end of the unit: offsets in it are offsets in the section.
    data: Slice<'a>,
    offset: usize,
    root: usize,
    encoding: Encoding,
    abbreviations_offset: usize,
    type_signature: Option<(u64, usize)>,
    abbreviations: OnceLock<Arc<Abbreviations>>,
    root_attributes: OnceLock<Attributes>,
    outline: OnceLock<Outline>,
    private_files: OnceLock<Vec<bool>>,
}

/// The start of an entry: what its abbreviation tells.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'u> {
    pub(crate) at: DieOffset,
    abbreviation: &'u Abbreviation,
    /// Offset of the attributes.
    attributes: usize,
}

impl Entry<'_> {
    pub(crate) fn tag(&self) -> DwTag {
        self.abbreviation.tag
    }

    pub(crate) fn has_children(&self) -> bool {
        self.abbreviation.has_children
    }
}

impl<'a> Unit<'a> {
    pub(super) fn new(section: DebugSection, data: Slice<'a>, header: &gimli::UnitHeader<Slice<'a>>) -> Self {
        let offset = header.offset().0;
        let end = offset.saturating_add(header.length_including_self()).min(data.len());
        let type_signature = match header.type_() {
            gimli::UnitType::Type { type_signature, type_offset } => {
                // Outside of the unit, it leads nowhere: an error when the type is referred to.
                let type_offset = offset.checked_add(type_offset.0).filter(|&type_offset| type_offset < end);
                Some((type_signature.0, type_offset.unwrap_or(NOWHERE)))
            }
            _ => None,
        };
        Self {
            section,
            data: data.range_to(..end),
            offset,
            root: offset.saturating_add(header.root_offset().0),
            encoding: header.encoding(),
            abbreviations_offset: header.debug_abbrev_offset().0,
            type_signature,
            abbreviations: OnceLock::new(),
            root_attributes: OnceLock::new(),
            outline: OnceLock::new(),
            private_files: OnceLock::new(),
        }
    }

    pub(crate) fn section(&self) -> DebugSection {
        self.section
    }

    /// Where its header starts.
    pub(crate) fn offset(&self) -> DieOffset {
        DieOffset::new(self.section, self.offset)
    }

    /// Where it ends.
    pub(crate) fn end(&self) -> DieOffset {
        DieOffset::new(self.section, self.data.len())
    }

    pub(super) fn contains(&self, at: DieOffset) -> bool {
        at >= self.offset() && at < self.end()
    }

    pub(super) fn type_signature(&self) -> Option<(u64, DieOffset)> {
        let (signature, offset) = self.type_signature?;
        Some((signature, DieOffset::new(self.section, offset)))
    }

    /// The DIE of the unit itself; `None` if the unit is empty.
    pub(crate) fn root<'u>(&'u self, debug_info: &DebugInfo<'a>) -> Result<Option<Entry<'u>>> {
        if self.root >= self.data.len() { Ok(None) } else { self.entry_at(debug_info, self.root) }
    }

    /// The DIE at `at`.
    pub(crate) fn entry<'u>(&'u self, debug_info: &DebugInfo<'a>, at: DieOffset) -> Result<Entry<'u>> {
        let entry = if at.offset() < self.root { None } else { self.entry_at(debug_info, at.offset())? };
        entry.ok_or_else(|| self.error(at.offset(), "a reference leads to no DIE"))
    }

    /// The DIE at an offset of the section; `None` for the null entry that ends a list of children.
    #[inline]
    pub(super) fn entry_at<'u>(&'u self, debug_info: &DebugInfo<'a>, at: usize) -> Result<Option<Entry<'u>>> {
        // Nearly every code takes one byte.
        let (code, attributes) = match self.data.slice().get(at) {
            Some(&code) if code < 0x80 => (u64::from(code), at + 1),
            _ => self.long_code(at)?,
        };
        if code == 0 {
            return Ok(None);
        }
        match self.abbreviations(debug_info)?.get(code) {
            Some(abbreviation) => Ok(Some(Entry { at: DieOffset::new(self.section, at), abbreviation, attributes })),
            None => Err(self.error(at, &format!("the abbreviation {code} does not exist"))),
        }
    }

    #[cold]
    fn long_code(&self, at: usize) -> Result<(u64, usize)> {
        // The end of the unit is the end of all lists in it.
        if at == self.data.len() {
            return Ok((0, at));
        }
        let mut data = self.reader(at)?;
        let code = data.read_uleb128().map_err(|error| self.read_error(at, error))?;
        Ok((code, self.position(data)))
    }

    /// Reads the attributes of `entry` that count; returns where they end.
    pub(crate) fn attributes(
        &self,
        debug_info: &DebugInfo<'a>,
        entry: Entry<'_>,
        attributes: &mut Attributes,
    ) -> Result<EntryEnd> {
        let mut data = self.reader(entry.attributes)?;
        match self.read_attributes(debug_info, entry.abbreviation, &mut data, attributes) {
            Ok(()) => Ok(EntryEnd(self.position(data))),
            Err(error) => Err(dwarf_error(entry.at, error)),
        }
    }

    fn read_attributes(
        &self,
        debug_info: &DebugInfo<'a>,
        abbreviation: &Abbreviation,
        data: &mut Slice<'a>,
        attributes: &mut Attributes,
    ) -> gimli::Result<()> {
        attributes.clear();
        for step in &abbreviation.read {
            match *step {
                Step::Bytes(count) => data.skip(count as usize)?,
                Step::Skip(form) => self.skip_form(data, form)?,
                Step::Constant(attr, size) => {
                    let constant = match size {
                        1 => data.read_u8()?.into(),
                        2 => data.read_u16()?.into(),
                        4 => data.read_u32()?.into(),
                        _ => data.read_u64()?,
                    };
                    attributes.set_number(attr, constant);
                }
                Step::Reference(attr) => {
                    let offset = self.offset.saturating_add(data.read_u32()? as usize);
                    attributes.set_number(attr, DieOffset::new(self.section, offset).to_bits());
                }
                Step::String(attr) => {
                    attributes.set_string(attr, StringRef::Str(data.read_offset(self.encoding.format)?));
                }
                Step::Implicit(attr, value) => attributes.set(attr, Value::Constant(value as u64)),
                Step::Read(attr, form) => {
                    let mut value = self.read_form(debug_info, data, form)?;
                    if attr == Attr::DataMemberLocation {
                        value = self.member_location(debug_info, form, value);
                    }
                    attributes.set(attr, value);
                }
            }
        }
        Ok(())
    }

    /// Passes over the attributes of `entry`.
    #[inline]
    pub(crate) fn skip_attributes(&self, entry: Entry<'_>) -> Result<EntryEnd> {
        match *entry.abbreviation.skip {
            [] => Ok(EntryEnd(entry.attributes)),
            // Whoever reads on notices if this is beyond the end.
            [Step::Bytes(count)] => Ok(EntryEnd(entry.attributes.saturating_add(count as usize))),
            _ => self.skip_attribute_by_attribute(entry),
        }
    }

    fn skip_attribute_by_attribute(&self, entry: Entry<'_>) -> Result<EntryEnd> {
        let mut data = self.reader(entry.attributes)?;
        for step in &entry.abbreviation.skip {
            let done = match *step {
                Step::Bytes(count) => data.skip(count as usize),
                Step::Skip(form) => self.skip_form(&mut data, form),
                // Steps that keep something are not among those that skip.
                _ => Ok(()),
            };
            done.map_err(|error| dwarf_error(entry.at, error))?;
        }
        Ok(EntryEnd(self.position(data)))
    }

    /// Iterates over the children of `entry`, whose attributes end at `end`.
    pub(crate) fn children<'u>(&'u self, entry: Entry<'_>, end: EntryEnd) -> Children<'u, 'a> {
        Children { unit: self, next: entry.has_children().then_some(end.0) }
    }

    /// Where the entry after `entry` and all that is below it starts, if the entry says so itself.
    pub(super) fn sibling(&self, entry: Entry<'_>) -> Result<Option<usize>> {
        let Some((skip, form)) = entry.abbreviation.sibling else { return Ok(None) };
        let mut data = self.reader(entry.attributes.saturating_add(skip as usize))?;
        let offset = match form {
            dw::DW_FORM_ref1 => data.read_u8().map(usize::from),
            dw::DW_FORM_ref2 => data.read_u16().map(usize::from),
            dw::DW_FORM_ref4 => data.read_u32().map(|offset| offset as usize),
            dw::DW_FORM_ref_udata => data.read_uleb128().map(|offset| offset as usize),
            _ => return Ok(None),
        };
        let sibling = self.offset.saturating_add(offset.map_err(|error| dwarf_error(entry.at, error))?);
        // A step back would never end.
        if sibling <= entry.at.offset() {
            return Err(self.error(entry.at.offset(), "DW_AT_sibling does not lead forward"));
        }
        Ok(Some(sibling))
    }

    /// Where the entry behind the null entry at `at` starts: at the end of the unit there need be none.
    pub(super) fn after_null(&self, at: usize) -> usize {
        if at < self.data.len() { at + 1 } else { at }
    }

    /// Where the entry after `entry` and all that is below it starts.
    fn after(&self, debug_info: &DebugInfo<'a>, entry: Entry<'_>) -> Result<usize> {
        if !entry.has_children() {
            return Ok(self.skip_attributes(entry)?.0);
        }
        if let Some(sibling) = self.sibling(entry)? {
            return Ok(sibling);
        }
        let mut at = self.skip_attributes(entry)?.0;
        let (mut depth, mut steps) = (1usize, 0);
        while depth > 0 {
            steps += 1;
            match self.entry_at(debug_info, at)? {
                None => {
                    depth -= 1;
                    at = self.after_null(at);
                }
                Some(entry) => match entry.has_children().then(|| self.sibling(entry)).transpose()?.flatten() {
                    Some(sibling) => at = sibling,
                    None => {
                        at = self.skip_attributes(entry)?.0;
                        depth += usize::from(entry.has_children());
                    }
                },
            }
        }
        debug_info.pass_over(steps, entry.at)?;
        Ok(at)
    }

    /// The bytes of a string, without the NUL.
    pub(crate) fn string(&self, debug_info: &DebugInfo<'a>, string: StringRef) -> Result<&'a [u8]> {
        let file = debug_info.file(self.section);
        let (mut section, offset) = match string {
            StringRef::Inline(offset) => (self.data, offset),
            StringRef::Str(offset) => (file.str, offset),
            StringRef::LineStr(offset) => (file.line_str, offset),
            StringRef::Index(index) => (file.str, self.str_offset(debug_info, index)?),
            StringRef::Supplementary(offset) => match &debug_info.supplementary {
                Some(supplementary) => (supplementary.str, offset),
                None => return Err(Error::NoSupplementary(self.offset())),
            },
        };
        section
            .skip(offset)
            .and_then(|()| section.read_null_terminated_slice())
            .map(|string| string.slice())
            .map_err(|_| self.error(self.offset, "a string lies outside of its section"))
    }

    /// Whether the definitions of the file with this number are private: its name ends in `.c`.
    ///
    /// As in the reference, a number that stands for no file is an error: the wrong guess would be a wrong version.
    pub(crate) fn is_private_file(&self, debug_info: &DebugInfo<'a>, file: u64) -> Result<bool> {
        let private_files = match self.private_files.get() {
            Some(files) => files,
            None => {
                let files = self.read_private_files(debug_info)?;
                self.private_files.get_or_init(|| files)
            }
        };
        let private = usize::try_from(file).ok().and_then(|file| private_files.get(file).copied());
        private.ok_or_else(|| self.error(self.root, &format!("its line table has no file {file}")))
    }

    /// Scopes and symbols of the unit.
    pub(crate) fn outline(&self, debug_info: &DebugInfo<'a>) -> Result<&Outline> {
        match self.outline.get() {
            Some(outline) => Ok(outline),
            None => {
                let outline = Outline::read(debug_info, self)?;
                Ok(self.outline.get_or_init(|| outline))
            }
        }
    }

    /// The name of the `.dwo` file that holds the unit's DIEs, if it is only a skeleton.
    pub(crate) fn split_dwarf_name(&self, debug_info: &DebugInfo<'a>) -> Result<Option<&'a [u8]>> {
        let name = self.root_attributes(debug_info)?.string(Attr::DwoName);
        name.map(|name| self.string(debug_info, name)).transpose()
    }

    fn read_private_files(&self, debug_info: &DebugInfo<'a>) -> Result<Vec<bool>> {
        let Some(offset) = self.root_attributes(debug_info)?.constant(Attr::StmtList) else { return Ok(Vec::new()) };
        let file = debug_info.file(self.section);
        let program = file
            .line
            .program(gimli::DebugLineOffset(offset as usize), self.encoding.address_size, None, None)
            .map_err(|error| self.error(self.root, &format!("its line table at {offset:#x}: {error}")))?;
        let header = program.header();
        let is_private = |entry: &gimli::FileEntry<Slice<'a>>| -> Result<bool> {
            let name = match entry.path_name() {
                gimli::AttributeValue::String(name) => return Ok(name.slice().ends_with(b".c")),
                gimli::AttributeValue::DebugStrRef(offset) => StringRef::Str(offset.0),
                gimli::AttributeValue::DebugLineStrRef(offset) => StringRef::LineStr(offset.0),
                gimli::AttributeValue::DebugStrOffsetsIndex(index) => StringRef::Index(index.0 as u64),
                gimli::AttributeValue::DebugStrRefSup(offset) => StringRef::Supplementary(offset.0),
                _ => return Ok(false),
            };
            Ok(self.string(debug_info, name)?.ends_with(b".c"))
        };
        // Up to DWARF 4, files count from one; 0 is no file.
        let no_file = (header.version() < 5).then_some(Ok(false));
        no_file.into_iter().chain(header.file_names().iter().map(is_private)).collect()
    }

    fn root_attributes(&self, debug_info: &DebugInfo<'a>) -> Result<&Attributes> {
        if let Some(attributes) = self.root_attributes.get() {
            return Ok(attributes);
        }
        let mut attributes = Attributes::default();
        if let Some(root) = self.root(debug_info)? {
            self.attributes(debug_info, root, &mut attributes)?;
        }
        Ok(self.root_attributes.get_or_init(|| attributes))
    }

    /// What the unit's part of `.debug_str_offsets` says of the string with this number.
    fn str_offset(&self, debug_info: &DebugInfo<'a>, index: u64) -> Result<usize> {
        let word = u64::from(self.encoding.format.word_size());
        // Without a base, the first table of the section is meant, behind its header.
        let base = self.root_attributes(debug_info)?.constant(Attr::StrOffsetsBase);
        let base = base.unwrap_or(if self.encoding.version < 5 { 0 } else { 2 * word });
        let mut table = debug_info.file(self.section).str_offsets;
        let at = index.checked_mul(word).and_then(|offset| offset.checked_add(base)).unwrap_or(u64::MAX);
        table
            .skip(usize::try_from(at).unwrap_or(usize::MAX))
            .and_then(|()| table.read_offset(self.encoding.format))
            .map_err(|_| self.error(self.offset, "the number of a string is too large"))
    }

    #[inline]
    fn abbreviations(&self, debug_info: &DebugInfo<'a>) -> Result<&Abbreviations> {
        match self.abbreviations.get() {
            Some(abbreviations) => Ok(abbreviations),
            None => self.read_abbreviations(debug_info),
        }
    }

    #[cold]
    fn read_abbreviations(&self, debug_info: &DebugInfo<'a>) -> Result<&Abbreviations> {
        let abbreviations = debug_info.abbreviations(self.offset(), self.abbreviations_offset, self.encoding)?;
        Ok(self.abbreviations.get_or_init(|| abbreviations))
    }

    fn skip_form(&self, data: &mut Slice<'a>, form: DwForm) -> gimli::Result<()> {
        if let Some(size) = fixed_size(form, self.encoding) {
            return data.skip(size as usize);
        }
        let length = match form {
            dw::DW_FORM_string => return data.read_null_terminated_slice().map(drop),
            dw::DW_FORM_block1 => data.read_u8()?.into(),
            dw::DW_FORM_block2 => data.read_u16()?.into(),
            dw::DW_FORM_block4 => data.read_u32()? as usize,
            dw::DW_FORM_block | dw::DW_FORM_exprloc => {
                usize::try_from(data.read_uleb128()?).map_err(|_| gimli::Error::UnsupportedOffset)?
            }
            dw::DW_FORM_sdata
            | dw::DW_FORM_udata
            | dw::DW_FORM_ref_udata
            | dw::DW_FORM_strx
            | dw::DW_FORM_GNU_str_index
            | dw::DW_FORM_addrx
            | dw::DW_FORM_GNU_addr_index
            | dw::DW_FORM_loclistx
            | dw::DW_FORM_rnglistx => return data.skip_leb128(),
            dw::DW_FORM_indirect => {
                let form = direct_form(data)?;
                return self.skip_form(data, form);
            }
            _ => return Err(gimli::Error::UnknownForm(form)),
        };
        data.skip(length)
    }

    fn read_form(&self, debug_info: &DebugInfo<'a>, data: &mut Slice<'a>, form: DwForm) -> gimli::Result<Value> {
        let format = self.encoding.format;
        Ok(match form {
            dw::DW_FORM_data1 => Value::Constant(data.read_u8()?.into()),
            dw::DW_FORM_data2 => Value::Constant(data.read_u16()?.into()),
            dw::DW_FORM_data4 => Value::Constant(data.read_u32()?.into()),
            dw::DW_FORM_data8 => Value::Constant(data.read_u64()?),
            dw::DW_FORM_udata => Value::Constant(data.read_uleb128()?),
            dw::DW_FORM_sdata => Value::Constant(data.read_sleb128()? as u64),
            dw::DW_FORM_sec_offset => Value::SectionOffset(data.read_offset(format)? as u64),
            dw::DW_FORM_flag => Value::Flag(data.read_u8()? != 0),
            dw::DW_FORM_flag_present => Value::Flag(true),
            dw::DW_FORM_ref1 => self.unit_reference(data.read_u8()?.into()),
            dw::DW_FORM_ref2 => self.unit_reference(data.read_u16()?.into()),
            dw::DW_FORM_ref4 => self.unit_reference(data.read_u32()?.into()),
            dw::DW_FORM_ref8 => self.unit_reference(data.read_u64()?),
            dw::DW_FORM_ref_udata => self.unit_reference(data.read_uleb128()?),
            dw::DW_FORM_ref_addr => {
                let offset = if self.encoding.version <= 2 {
                    data.read_address(self.encoding.address_size)?
                } else {
                    data.read_offset(format)? as u64
                };
                // A reference by offset from a type unit leads into .debug_info.
                let section = match self.section {
                    DebugSection::Types => DebugSection::Info,
                    section => section,
                };
                reference(section, offset)
            }
            dw::DW_FORM_ref_sup4 => reference(DebugSection::Supplementary, data.read_u32()?.into()),
            dw::DW_FORM_ref_sup8 => reference(DebugSection::Supplementary, data.read_u64()?),
            dw::DW_FORM_GNU_ref_alt => reference(DebugSection::Supplementary, data.read_offset(format)? as u64),
            dw::DW_FORM_ref_sig8 => {
                debug_info.type_by_signature(data.read_u64()?).map_or(Value::Other, Value::Reference)
            }
            dw::DW_FORM_string => {
                let start = self.position(*data);
                data.read_null_terminated_slice()?;
                Value::String(StringRef::Inline(start))
            }
            dw::DW_FORM_strp => Value::String(StringRef::Str(data.read_offset(format)?)),
            dw::DW_FORM_line_strp => Value::String(StringRef::LineStr(data.read_offset(format)?)),
            dw::DW_FORM_strp_sup | dw::DW_FORM_GNU_strp_alt => {
                Value::String(StringRef::Supplementary(data.read_offset(format)?))
            }
            dw::DW_FORM_strx1 => string_index(data.read_u8()?.into()),
            dw::DW_FORM_strx2 => string_index(data.read_u16()?.into()),
            dw::DW_FORM_strx3 => string_index(data.read_uint(3)?),
            dw::DW_FORM_strx4 => string_index(data.read_u32()?.into()),
            dw::DW_FORM_strx | dw::DW_FORM_GNU_str_index => string_index(data.read_uleb128()?),
            dw::DW_FORM_indirect => {
                let form = direct_form(data)?;
                self.read_form(debug_info, data, form)?
            }
            _ => {
                self.skip_form(data, form)?;
                Value::Other
            }
        })
    }

    /// Where a member is may also be said by a location list. What has the form of an offset of one counts as a
    /// constant if it lies within the section of location lists, as it does for libdw and so for the reference.
    fn member_location(&self, debug_info: &DebugInfo<'a>, form: DwForm, value: Value) -> Value {
        let sizes = debug_info.file(self.section).location_lists_sizes;
        match (form, value) {
            (dw::DW_FORM_data4 | dw::DW_FORM_data8, Value::Constant(offset)) if self.encoding.version < 4 => {
                if offset < sizes.loc { value } else { Value::Other }
            }
            (_, Value::SectionOffset(offset)) => {
                let size = if self.encoding.version < 5 { sizes.loc } else { sizes.loclists };
                if offset < size { Value::Constant(offset) } else { Value::Other }
            }
            _ => value,
        }
    }

    /// A reference within the unit.
    fn unit_reference(&self, offset: u64) -> Value {
        reference(self.section, offset.saturating_add(self.offset as u64))
    }

    #[inline]
    fn reader(&self, at: usize) -> Result<Slice<'a>> {
        if at > self.data.len() {
            return Err(self.error(at, "the unit ends before this entry does"));
        }
        Ok(self.data.range_from(at..))
    }

    /// The offset in the section that `data`, a rest of the unit, starts at.
    fn position(&self, data: Slice<'a>) -> usize {
        self.data.len() - data.len()
    }

    fn read_error(&self, at: usize, error: gimli::Error) -> Error {
        dwarf_error(DieOffset::new(self.section, at), error)
    }

    #[cold]
    fn error(&self, at: usize, reason: &str) -> Error {
        Error::Dwarf { at: DieOffset::new(self.section, at), reason: reason.to_owned() }
    }
}

/// Where the attributes of an entry end: its first child or what comes after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntryEnd(pub(super) usize);

/// The children of an entry.
pub(crate) struct Children<'u, 'a> {
    unit: &'u Unit<'a>,
    next: Option<usize>,
}

impl<'u, 'a> Children<'u, 'a> {
    /// The next child. The one before has to be left by [`Self::leave`] first.
    pub(crate) fn next(&mut self, debug_info: &DebugInfo<'a>) -> Result<Option<Entry<'u>>> {
        let Some(at) = self.next else { return Ok(None) };
        let child = self.unit.entry_at(debug_info, at)?;
        if child.is_none() {
            self.next = None;
        }
        Ok(child)
    }

    /// Goes on behind `child`. Its attributes end at `end`, if they were read.
    pub(crate) fn leave(&mut self, debug_info: &DebugInfo<'a>, child: Entry<'_>, end: Option<EntryEnd>) -> Result<()> {
        self.next = Some(match end {
            Some(end) if !child.has_children() => end.0,
            _ => self.unit.after(debug_info, child)?,
        });
        Ok(())
    }
}

/// The form that an attribute of `DW_FORM_indirect` has.
fn direct_form(data: &mut Slice<'_>) -> gimli::Result<DwForm> {
    let form = DwForm(data.read_uleb128_u16()?);
    // Again indirect would be a loop; a constant kept in the abbreviation cannot be meant.
    if matches!(form, dw::DW_FORM_indirect | dw::DW_FORM_implicit_const) {
        return Err(gimli::Error::UnknownForm(form));
    }
    Ok(form)
}

/// An offset that no section reaches.
const NOWHERE: usize = if usize::BITS > DieOffset::SECTION_SHIFT {
    usize::MAX >> (usize::BITS - DieOffset::SECTION_SHIFT)
} else {
    usize::MAX
};

fn reference(section: DebugSection, offset: u64) -> Value {
    match usize::try_from(offset) {
        Ok(small) if offset < 1 << DieOffset::SECTION_SHIFT => Value::Reference(DieOffset::new(section, small)),
        // Out of any section: kept as a reference that leads nowhere, which is an error when it is followed.
        _ => Value::Reference(DieOffset::new(section, NOWHERE)),
    }
}

fn string_index(index: u64) -> Value {
    Value::String(StringRef::Index(index))
}
