// SPDX-License-Identifier: GPL-2.0-only
//! A unit and the decoding of its entries.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use gimli::{DwForm, DwTag, Encoding, Reader as _, RunTimeEndian, constants as dw};

use super::abbreviation::{Abbreviation, Abbreviations, Step, Steps, fixed_size};
use super::attributes::{Attr, Attributes, Place, StringRef, Value};
use super::outline::{Outline, passes_prefix};
use super::{DebugInfo, DebugSection, DieOffset, Slice, dwarf_error};
use crate::{Error, Result};

/// A unit. What costs something to read is read when it is first asked for.
pub(crate) struct Unit<'a> {
    section: DebugSection,
    /// The unit, with its header.
    data: Slice<'a>,
    /// Where it starts in the section. All offsets here are offsets in the section.
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

type LineProgram<'a> = gimli::IncompleteLineProgram<Slice<'a>>;

/// The files that a unit's DIEs refer to by number. Their paths are as the compiler was given them, but relative to where it ran
/// if they are below that.
pub(crate) struct Files<'a> {
    program: Option<LineProgram<'a>>,
    compiled_in: &'a [u8],
}

/// The start of an entry: what its abbreviation tells.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'u> {
    pub(crate) at: DieOffset,
    abbreviation: &'u Abbreviation,
    /// The table that it is of.
    table: &'u Abbreviations,
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
    /// A unit of `part`, which starts at `part_start` of the section.
    pub(super) fn new(
        section: DebugSection,
        part: Slice<'a>,
        part_start: usize,
        header: &gimli::UnitHeader<Slice<'a>>,
    ) -> Self {
        let in_part = header.offset().0;
        let data = part.range(in_part..in_part.saturating_add(header.length_including_self()).min(part.len()));
        let offset = part_start.saturating_add(in_part);
        let end = offset.saturating_add(data.len());
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
            data,
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
        DieOffset::new(self.section, self.end_offset())
    }

    /// Its place in the section.
    pub(crate) fn range(&self) -> Range<usize> {
        self.offset..self.end_offset()
    }

    fn end_offset(&self) -> usize {
        self.offset + self.data.len()
    }

    /// The size of a pointer in bytes.
    pub(crate) fn address_size(&self) -> u8 {
        self.encoding.address_size
    }

    pub(crate) fn is_big_endian(&self) -> bool {
        self.data.endian() == RunTimeEndian::Big
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
        if self.root >= self.end_offset() { Ok(None) } else { self.entry_at(debug_info, self.root) }
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
        let (code, attributes) = match self.data.slice().get(at.wrapping_sub(self.offset)) {
            Some(&code) if code < 0x80 => (u64::from(code), at + 1),
            _ => self.long_code(at)?,
        };
        if code == 0 {
            return Ok(None);
        }
        let table = self.abbreviations(debug_info)?;
        match table.get(code) {
            Some(abbreviation) => {
                Ok(Some(Entry { at: DieOffset::new(self.section, at), abbreviation, table, attributes }))
            }
            None => Err(self.error(at, &format!("the abbreviation {code} does not exist"))),
        }
    }

    #[cold]
    fn long_code(&self, at: usize) -> Result<(u64, usize)> {
        // The end of the unit is the end of all lists in it.
        if at == self.end_offset() {
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
        self.take_steps(debug_info, entry, entry.abbreviation.read, attributes)
    }

    /// Reads what is told of a symbol, a type or a unit beside what counts for a version.
    pub(crate) fn details(
        &self,
        debug_info: &DebugInfo<'a>,
        entry: Entry<'_>,
        attributes: &mut Attributes,
    ) -> Result<EntryEnd> {
        self.take_steps(debug_info, entry, entry.abbreviation.detail, attributes)
    }

    /// Reads attributes of `entry` by some of its abbreviation's steps; returns where they end.
    #[inline]
    fn take_steps(
        &self,
        debug_info: &DebugInfo<'a>,
        entry: Entry<'_>,
        steps: Steps,
        attributes: &mut Attributes,
    ) -> Result<EntryEnd> {
        let mut data = self.reader(entry.attributes)?;
        match self.read_attributes(debug_info, entry.table.steps(steps), &mut data, attributes) {
            Ok(()) => Ok(EntryEnd(self.position(data))),
            Err(error) => Err(dwarf_error(entry.at, error)),
        }
    }

    fn read_attributes(
        &self,
        debug_info: &DebugInfo<'a>,
        steps: &[Step],
        data: &mut Slice<'a>,
        attributes: &mut Attributes,
    ) -> gimli::Result<()> {
        attributes.clear();
        for step in steps {
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
                Step::Present(attr) => attributes.set(attr, Value::Flag(true)),
                Step::Implicit(attr, value) => attributes.set(attr, Value::Constant(value as u64)),
                Step::MemberOffset(form) => {
                    if let Some(offset) = self.read_member_offset(debug_info, data, form)? {
                        attributes.set_number(Attr::DataMemberLocation, offset);
                    }
                }
                Step::Location(form) => {
                    if let Some(address) = self.read_location(debug_info, data, form)? {
                        attributes.set_number(Attr::Address, address);
                    }
                }
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
        match *entry.table.steps(entry.abbreviation.skip) {
            [] => Ok(EntryEnd(entry.attributes)),
            // Whoever reads on notices if this is beyond the end.
            [Step::Bytes(count)] => Ok(EntryEnd(entry.attributes.saturating_add(count as usize))),
            _ => self.skip_attribute_by_attribute(entry),
        }
    }

    fn skip_attribute_by_attribute(&self, entry: Entry<'_>) -> Result<EntryEnd> {
        let mut data = self.reader(entry.attributes)?;
        for step in entry.table.steps(entry.abbreviation.skip) {
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
        if at < self.end_offset() { at + 1 } else { at }
    }

    /// Calls `found` for each function and variable that can be an exported symbol: those of the unit itself and, at any
    /// depth, of namespaces, classes and structures. With `c`, structures are passed over: in C they hold no such thing.
    pub(crate) fn each_symbol(
        &self,
        debug_info: &DebugInfo<'a>,
        c: bool,
        mut found: impl FnMut(Entry<'_>) -> Result<()>,
    ) -> Result<()> {
        let Some(root) = self.root(debug_info)?.filter(Entry::has_children) else { return Ok(()) };
        let mut at = self.skip_attributes(root)?.0;
        let mut depth = 1usize;
        while depth > 0 {
            let Some(entry) = self.entry_at(debug_info, at)? else {
                depth -= 1;
                at = self.after_null(at);
                continue;
            };
            if entry.tag() == dw::DW_TAG_variable
                || entry.tag() == dw::DW_TAG_subprogram && entry.abbreviation.may_be_external
            {
                found(entry)?;
            }
            if entry.has_children() && passes_prefix(entry.tag()) && !c {
                depth += 1;
                at = self.skip_attributes(entry)?.0;
            } else {
                at = self.after(debug_info, entry)?;
            }
        }
        Ok(())
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
            StringRef::Inline(offset) => (self.data, offset.wrapping_sub(self.offset)),
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
        let Some(program) = self.line_program(debug_info)? else { return Ok(Vec::new()) };
        let header = program.header();
        let is_private = |entry: &gimli::FileEntry<Slice<'a>>| -> Result<bool> {
            Ok(self.line_string(debug_info, entry.path_name())?.is_some_and(|name| name.ends_with(b".c")))
        };
        // Up to DWARF 4, files count from one; 0 is no file.
        let no_file = (header.version() < 5).then_some(Ok(false));
        no_file.into_iter().chain(header.file_names().iter().map(is_private)).collect()
    }

    /// The files that the unit's DIEs refer to by number.
    pub(crate) fn files(&self, debug_info: &DebugInfo<'a>) -> Result<Files<'a>> {
        let compiled_in = self.root_details(debug_info)?.string(Attr::CompDir);
        let compiled_in = compiled_in.map(|name| self.string(debug_info, name)).transpose()?.unwrap_or_default();
        Ok(Files { program: self.line_program(debug_info)?, compiled_in })
    }

    /// The path of the file with this number, see [`Files`]; `None` for a number that stands for no file.
    pub(crate) fn file_path(
        &self,
        debug_info: &DebugInfo<'a>,
        files: &Files<'a>,
        file: u64,
    ) -> Result<Option<Vec<u8>>> {
        let Some(header) = files.program.as_ref().map(gimli::IncompleteLineProgram::header) else { return Ok(None) };
        let Some(entry) = header.file(file) else { return Ok(None) };
        let name = self.line_string(debug_info, entry.path_name())?.unwrap_or_default();
        // Directory 0 is the one that the compiler ran in.
        let directory = match entry.directory_index() {
            0 => None,
            index => {
                header.directory(index).map(|directory| self.line_string(debug_info, directory)).transpose()?.flatten()
            }
        };
        let path = match directory {
            Some(directory) if !name.starts_with(b"/") => [directory, b"/", name].concat(),
            _ => name.to_vec(),
        };
        let below = path.strip_prefix(files.compiled_in).and_then(|path| path.strip_prefix(b"/"));
        let path = below.filter(|_| !files.compiled_in.is_empty()).unwrap_or(&path);
        Ok(Some(path.strip_prefix(b"./").unwrap_or(path).to_vec()))
    }

    fn line_program(&self, debug_info: &DebugInfo<'a>) -> Result<Option<LineProgram<'a>>> {
        let Some(offset) = self.root_attributes(debug_info)?.constant(Attr::StmtList) else { return Ok(None) };
        let line = &debug_info.file(self.section).line;
        let program = line.program(gimli::DebugLineOffset(offset as usize), self.encoding.address_size, None, None);
        program.map(Some).map_err(|error| self.error(self.root, &format!("its line table at {offset:#x}: {error}")))
    }

    /// A name in the header of the line table.
    fn line_string(
        &self,
        debug_info: &DebugInfo<'a>,
        name: gimli::AttributeValue<Slice<'a>>,
    ) -> Result<Option<&'a [u8]>> {
        let name = match name {
            gimli::AttributeValue::String(name) => return Ok(Some(name.slice())),
            gimli::AttributeValue::DebugStrRef(offset) => StringRef::Str(offset.0),
            gimli::AttributeValue::DebugLineStrRef(offset) => StringRef::LineStr(offset.0),
            gimli::AttributeValue::DebugStrOffsetsIndex(index) => StringRef::Index(index.0 as u64),
            gimli::AttributeValue::DebugStrRefSup(offset) => StringRef::Supplementary(offset.0),
            _ => return Ok(None),
        };
        self.string(debug_info, name).map(Some)
    }

    /// What the unit's root tells of the unit.
    pub(crate) fn root_details(&self, debug_info: &DebugInfo<'a>) -> Result<Attributes> {
        let mut attributes = Attributes::default();
        if let Some(root) = self.root(debug_info)? {
            self.details(debug_info, root, &mut attributes)?;
        }
        Ok(attributes)
    }

    /// The same, with no other abbreviation read than that of the root: for those who want nothing else of the unit.
    pub(crate) fn root_details_alone(&self, debug_info: &DebugInfo<'a>) -> Result<Attributes> {
        let mut attributes = Attributes::default();
        let mut data = self.reader(self.root)?;
        let code = data.read_uleb128().map_err(|error| self.read_error(self.root, error))?;
        let abbreviations = debug_info.file(self.section).abbrev;
        let table = Abbreviations::parse_one(abbreviations, self.abbreviations_offset, self.encoding, code)
            .map_err(|error| self.read_error(self.root, error))?;
        if let Some(abbreviation) = table.get(code) {
            let at = DieOffset::new(self.section, self.root);
            let root = Entry { at, abbreviation, table: &table, attributes: self.position(data) };
            self.details(debug_info, root, &mut attributes)?;
        }
        Ok(attributes)
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

    /// Whether DIEs of the unit may refer to DIEs of other units.
    pub(crate) fn refers_outside(&self, debug_info: &DebugInfo<'a>) -> Result<bool> {
        Ok(self.abbreviations(debug_info)?.refers_outside)
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
            dw::DW_FORM_addr => Value::Address(data.read_address(self.encoding.address_size)?),
            dw::DW_FORM_addrx1 => self.address(debug_info, data.read_u8()?.into()),
            dw::DW_FORM_addrx2 => self.address(debug_info, data.read_u16()?.into()),
            dw::DW_FORM_addrx3 => self.address(debug_info, data.read_uint(3)?),
            dw::DW_FORM_addrx4 => self.address(debug_info, data.read_u32()?.into()),
            dw::DW_FORM_addrx | dw::DW_FORM_GNU_addr_index => self.address(debug_info, data.read_uleb128()?),
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

    /// Where a member is, for people: unlike for a version, a constant counts whatever its form, and so does the expression
    /// that DWARF 2 has in its place. `None` if only a running program could tell.
    fn read_member_offset(
        &self,
        debug_info: &DebugInfo<'a>,
        data: &mut Slice<'a>,
        form: DwForm,
    ) -> gimli::Result<Option<u64>> {
        let start = *data;
        match self.read_form(debug_info, data, form)? {
            Value::Constant(offset) | Value::SectionOffset(offset) => return Ok(Some(offset)),
            _ => {}
        }
        Ok(match self.only_operation(start, form)? {
            Some(gimli::Operation::PlusConstant { value }) => Some(value),
            _ => None,
        })
    }

    /// Where a variable is; `None` if only a running program could tell.
    fn read_location(
        &self,
        debug_info: &DebugInfo<'a>,
        data: &mut Slice<'a>,
        form: DwForm,
    ) -> gimli::Result<Option<u64>> {
        let start = *data;
        self.skip_form(data, form)?;
        let address = match self.only_operation(start, form)? {
            Some(gimli::Operation::Address { address }) => Value::Address(address),
            Some(gimli::Operation::AddressIndex { index }) => self.address(debug_info, index.0 as u64),
            _ => Value::Other,
        };
        Ok(if let Value::Address(address) = address { Some(address) } else { None })
    }

    /// The operation of an expression that has just one, at the start of `data`; `None` if it is none of these forms.
    fn only_operation(&self, mut data: Slice<'a>, form: DwForm) -> gimli::Result<Option<gimli::Operation<Slice<'a>>>> {
        let length = match form {
            dw::DW_FORM_block1 => data.read_u8()?.into(),
            dw::DW_FORM_block2 => data.read_u16()?.into(),
            dw::DW_FORM_block4 => data.read_u32()? as usize,
            dw::DW_FORM_block | dw::DW_FORM_exprloc => data.read_uleb128()? as usize,
            _ => return Ok(None),
        };
        let mut operations = gimli::Expression(data.split(length)?).operations(self.encoding);
        Ok(match (operations.next(), operations.next()) {
            (Ok(Some(operation)), Ok(None)) => Some(operation),
            _ => None,
        })
    }

    /// The address with this number in the unit's part of `.debug_addr`.
    fn address(&self, debug_info: &DebugInfo<'a>, index: u64) -> Value {
        let base = self.root_attributes(debug_info).ok().and_then(|root| root.constant(Attr::AddrBase));
        let address = base.and_then(|base| {
            let base = gimli::DebugAddrBase(usize::try_from(base).ok()?);
            let index = gimli::DebugAddrIndex(usize::try_from(index).ok()?);
            debug_info.file(self.section).addr.get_address(self.encoding.address_size, base, index).ok()
        });
        address.map_or(Value::Other, Value::Address)
    }

    /// The first address of a place.
    pub(crate) fn start(&self, debug_info: &DebugInfo<'a>, place: Place) -> Option<u64> {
        let ranges = match place {
            Place::Address(address) => return Some(address),
            // Of a function that was split into parts, the one that is called comes first.
            Place::Ranges(offset) => gimli::RangeListsOffset(usize::try_from(offset).ok()?),
            Place::Unknown => return None,
        };
        let root = self.root_details(debug_info).ok()?;
        let base = root.constant(Attr::Address).unwrap_or(0);
        let addr_base = gimli::DebugAddrBase(root.constant(Attr::AddrBase).unwrap_or(0) as usize);
        let file = debug_info.file(self.section);
        let mut ranges = file.range_lists.ranges(ranges, self.encoding, base, &file.addr, addr_base).ok()?;
        Some(ranges.next().ok()??.begin)
    }

    /// A reference within the unit.
    fn unit_reference(&self, offset: u64) -> Value {
        reference(self.section, offset.saturating_add(self.offset as u64))
    }

    #[inline]
    fn reader(&self, at: usize) -> Result<Slice<'a>> {
        let in_unit = at.wrapping_sub(self.offset);
        if in_unit > self.data.len() {
            return Err(self.error(at, "the unit ends before this entry does"));
        }
        Ok(self.data.range_from(in_unit..))
    }

    /// The offset in the section that `data`, a rest of the unit, starts at.
    fn position(&self, data: Slice<'a>) -> usize {
        self.offset + (self.data.len() - data.len())
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
