// SPDX-License-Identifier: GPL-2.0-only
//! Abbreviations, compiled into steps: skip so many bytes, skip or keep an attribute.

use gimli::{DwForm, DwTag, Encoding, Reader as _, constants as dw};

use super::Slice;
use super::attributes::Attr;

/// The abbreviations of a unit.
#[derive(Debug, Default)]
pub(crate) struct Abbreviations {
    /// Codes count from one without a gap in all that compilers write.
    dense: Vec<Abbreviation>,
    sparse: std::collections::BTreeMap<u64, Abbreviation>,
    /// The steps of all abbreviations: an image has thousands of tables, and most are read for a few entries.
    steps: Vec<Step>,
    /// Whether an entry may refer to other units.
    pub(super) refers_outside: bool,
}

/// What an entry with this abbreviation looks like.
#[derive(Debug)]
pub(crate) struct Abbreviation {
    pub(crate) tag: DwTag,
    pub(crate) has_children: bool,
    /// To read the attributes that count.
    pub(super) read: Steps,
    /// To read those that are told of symbols, types and units as well.
    pub(super) detail: Steps,
    /// To pass over all of them.
    pub(super) skip: Steps,
    /// Where the reference to the next sibling stands, if everything before it has a fixed size.
    pub(super) sibling: Option<(u32, DwForm)>,
    /// Whether a function like this may be known outside of its unit. Most are inline functions of headers, and are not.
    pub(super) may_be_external: bool,
}

/// A piece of a table's steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steps {
    start: usize,
    end: usize,
}

/// The commonest attributes have steps of their own, so that reading them takes no look at the form.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Passes over so many bytes.
    Bytes(u32),
    /// Passes over an attribute whose size its value tells.
    Skip(DwForm),
    /// Keeps a constant of so many bytes.
    Constant(Attr, u8),
    /// Keeps a reference within the unit, of four bytes.
    Reference(Attr),
    /// Keeps the offset of a string in `.debug_str`.
    String(Attr),
    /// Keeps an attribute whose value is in the abbreviation.
    Implicit(Attr, i64),
    /// Notes that there is an attribute; its value is passed over by other steps.
    Present(Attr),
    /// Keeps where a member is, be it a constant or an expression, see `Unit::read_member_offset`.
    MemberOffset(DwForm),
    /// Keeps where a variable is, if it is at an address.
    Location(DwForm),
    /// Keeps any other attribute.
    Read(Attr, DwForm),
}

impl Step {
    fn read(attr: Attr, form: DwForm) -> Self {
        match form {
            // Whether this is a constant depends on more, see `Unit::member_location`.
            _ if attr == Attr::DataMemberLocation && matches!(form, dw::DW_FORM_data4 | dw::DW_FORM_data8) => {
                Self::Read(attr, form)
            }
            dw::DW_FORM_data1 if attr.is_constant() => Self::Constant(attr, 1),
            dw::DW_FORM_data2 if attr.is_constant() => Self::Constant(attr, 2),
            dw::DW_FORM_data4 if attr.is_constant() => Self::Constant(attr, 4),
            dw::DW_FORM_data8 if attr.is_constant() => Self::Constant(attr, 8),
            dw::DW_FORM_ref4 if attr.is_reference() => Self::Reference(attr),
            dw::DW_FORM_strp if attr.is_string() => Self::String(attr),
            _ => Self::Read(attr, form),
        }
    }
}

impl Abbreviations {
    /// Reads the table at `offset` of `.debug_abbrev`; returns its size in bytes too.
    pub(super) fn parse(mut section: Slice<'_>, offset: usize, encoding: Encoding) -> gimli::Result<(Self, usize)> {
        section.skip(offset)?;
        let size = section.len();
        let mut table = Self::default();
        let mut compiler = Compiler::default();
        loop {
            let code = section.read_uleb128()?;
            if code == 0 {
                return Ok((table, size - section.len()));
            }
            let abbreviation = table.compile(&mut section, encoding, &mut compiler)?;
            if code == table.dense.len() as u64 + 1 {
                table.dense.push(abbreviation);
            } else if table.get(code).is_some() {
                return Err(gimli::Error::DuplicateAbbreviationCode(code));
            } else {
                table.sparse.insert(code, abbreviation);
            }
        }
    }

    /// Reads only the abbreviation with this code of the table at `offset`; a table without it is empty.
    pub(super) fn parse_one(
        mut section: Slice<'_>,
        offset: usize,
        encoding: Encoding,
        wanted: u64,
    ) -> gimli::Result<Self> {
        section.skip(offset)?;
        let mut table = Self::default();
        loop {
            match section.read_uleb128()? {
                0 => return Ok(table),
                code if code == wanted => {
                    let abbreviation = table.compile(&mut section, encoding, &mut Compiler::default())?;
                    table.sparse.insert(code, abbreviation);
                    return Ok(table);
                }
                _ => skip_abbreviation(&mut section)?,
            }
        }
    }

    fn compile(
        &mut self,
        section: &mut Slice<'_>,
        encoding: Encoding,
        Compiler { read, detail, skip }: &mut Compiler,
    ) -> gimli::Result<Abbreviation> {
        let tag = DwTag(section.read_uleb128_u16()?);
        let has_children = section.read_u8()? != dw::DW_CHILDREN_no.0;
        let (mut sibling, mut may_be_external) = (None, false);
        loop {
            let name = gimli::DwAt(section.read_uleb128_u16()?);
            let form = DwForm(section.read_uleb128_u16()?);
            if name.0 == 0 && form.0 == 0 {
                break;
            }
            let (of_type, of_detail) = (Attr::of_type(name), Attr::of_detail(name));
            // By itself, by a mangled name, or by what another entry says.
            may_be_external |= matches!(
                of_detail,
                Some(Attr::External | Attr::LinkageName | Attr::Specification | Attr::AbstractOrigin)
            );
            if form == dw::DW_FORM_implicit_const {
                let value = section.read_sleb128()?;
                read.extend(of_type.map(|attr| Step::Implicit(attr, value)));
                detail.extend(of_detail.map(|attr| Step::Implicit(attr, value)));
                continue;
            }
            self.refers_outside |= refers_outside_of_unit(form);
            if name == dw::DW_AT_sibling {
                sibling = match skip[..] {
                    [] => Some((0, form)),
                    [Step::Bytes(count)] => Some((count, form)),
                    _ => None,
                };
            }
            push_skip(skip, form, encoding);
            push_read(read, of_type, form, encoding);
            match of_detail {
                Some(attr @ (Attr::Address | Attr::Ranges)) => {
                    detail.push(Step::Present(Attr::Place));
                    let is_expression = name == dw::DW_AT_location;
                    detail.push(if is_expression { Step::Location(form) } else { Step::read(attr, form) });
                }
                Some(Attr::DataMemberLocation) => detail.push(Step::MemberOffset(form)),
                _ => push_read(detail, of_detail, form, encoding),
            }
        }
        let [read, detail, skip] = [read, detail, skip].map(|steps| self.keep(steps));
        Ok(Abbreviation { tag, has_children, read, detail, skip, sibling, may_be_external })
    }

    fn keep(&mut self, steps: &mut Vec<Step>) -> Steps {
        let start = self.steps.len();
        self.steps.append(steps);
        Steps { start, end: self.steps.len() }
    }

    pub(super) fn steps(&self, steps: Steps) -> &[Step] {
        &self.steps[steps.start..steps.end]
    }

    pub(super) fn get(&self, code: u64) -> Option<&Abbreviation> {
        let index = usize::try_from(code.wrapping_sub(1)).ok();
        index.and_then(|index| self.dense.get(index)).or_else(|| self.sparse.get(&code))
    }
}

/// Passes over an abbreviation, from its tag on.
fn skip_abbreviation(section: &mut Slice<'_>) -> gimli::Result<()> {
    section.skip_leb128()?;
    section.skip(1)?;
    loop {
        let (name, form) = (section.read_uleb128()?, section.read_uleb128()?);
        if (name, form) == (0, 0) {
            return Ok(());
        }
        if form == u64::from(dw::DW_FORM_implicit_const.0) {
            section.skip_leb128()?;
        }
    }
}

/// The steps of the abbreviation that is being compiled.
#[derive(Default)]
struct Compiler {
    read: Vec<Step>,
    detail: Vec<Step>,
    skip: Vec<Step>,
}

/// Adds a step that keeps an attribute, or one over it.
fn push_read(steps: &mut Vec<Step>, attr: Option<Attr>, form: DwForm, encoding: Encoding) {
    match attr {
        Some(attr) => steps.push(Step::read(attr, form)),
        None => push_skip(steps, form, encoding),
    }
}

/// Adds a step over an attribute, joined with the one before where both have a fixed size.
fn push_skip(steps: &mut Vec<Step>, form: DwForm, encoding: Encoding) {
    match (fixed_size(form, encoding), steps.last_mut()) {
        (Some(0), _) => {}
        (Some(size), Some(Step::Bytes(count))) => *count += size,
        (Some(size), _) => steps.push(Step::Bytes(size)),
        (None, _) => steps.push(Step::Skip(form)),
    }
}

/// Whether an attribute of this form may lead to another unit.
fn refers_outside_of_unit(form: DwForm) -> bool {
    matches!(
        form,
        dw::DW_FORM_ref_addr
            | dw::DW_FORM_ref_sig8
            | dw::DW_FORM_ref_sup4
            | dw::DW_FORM_ref_sup8
            | dw::DW_FORM_GNU_ref_alt
            | dw::DW_FORM_indirect
    )
}

/// The size of an attribute in bytes, where the form alone tells it.
pub(super) fn fixed_size(form: DwForm, encoding: Encoding) -> Option<u32> {
    Some(match form {
        dw::DW_FORM_flag_present | dw::DW_FORM_implicit_const => 0,
        dw::DW_FORM_data1 | dw::DW_FORM_flag | dw::DW_FORM_ref1 | dw::DW_FORM_strx1 | dw::DW_FORM_addrx1 => 1,
        dw::DW_FORM_data2 | dw::DW_FORM_ref2 | dw::DW_FORM_strx2 | dw::DW_FORM_addrx2 => 2,
        dw::DW_FORM_strx3 | dw::DW_FORM_addrx3 => 3,
        dw::DW_FORM_data4 | dw::DW_FORM_ref4 | dw::DW_FORM_ref_sup4 | dw::DW_FORM_strx4 | dw::DW_FORM_addrx4 => 4,
        dw::DW_FORM_data8 | dw::DW_FORM_ref8 | dw::DW_FORM_ref_sup8 | dw::DW_FORM_ref_sig8 => 8,
        dw::DW_FORM_data16 => 16,
        dw::DW_FORM_addr => u32::from(encoding.address_size),
        // DWARF 2 gave it the size of an address.
        dw::DW_FORM_ref_addr if encoding.version <= 2 => u32::from(encoding.address_size),
        dw::DW_FORM_ref_addr
        | dw::DW_FORM_sec_offset
        | dw::DW_FORM_strp
        | dw::DW_FORM_strp_sup
        | dw::DW_FORM_line_strp
        | dw::DW_FORM_GNU_ref_alt
        | dw::DW_FORM_GNU_strp_alt => u32::from(encoding.format.word_size()),
        _ => return None,
    })
}
