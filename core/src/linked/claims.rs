// SPDX-License-Identifier: GPL-2.0-only
//! What one unit says of the exports of an image.

use std::ops::Range;

use gimli::constants as dw;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::dwarf::{Attr, Attributes, DebugInfo, DieOffset, Entry, Unit};
use crate::kernel::facts::Export;
use crate::symbols::POINTER_PREFIX;
use crate::{Error, Result};

/// The exports of an image, to be looked up by name.
#[derive(Debug)]
pub struct Wanted {
    by_name: FxHashMap<Box<[u8]>, WantedExport>,
}

#[derive(Debug, Clone, Copy)]
struct WantedExport {
    index: u32,
    /// Where the symbol table has it.
    address: Option<u64>,
}

/// What a unit says of the exports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The unit: its place in `.debug_info`.
    pub unit: Range<usize>,
    /// The language that it is written in.
    pub language: Language,
    /// In the order of the DIEs; a DIE of an assembler unit knows no type.
    pub claims: Vec<Claim>,
    /// What its object exports as well, but the image does not: the kernel was built with `CONFIG_TRIM_UNUSED_KSYMS`.
    pub trimmed: Vec<Vec<u8>>,
}

/// The languages whose units are not treated alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// C.
    C,
    /// C++.
    Cxx,
    /// Rust.
    Rust,
    /// Assembly.
    Assembly,
    /// Any other, or none given.
    Other,
}

/// What a DIE says of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Index of the export.
    pub export: u32,
    /// The DIE.
    pub at: DieOffset,
    /// What it says.
    pub kind: ClaimKind,
}

/// What a DIE can say of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimKind {
    /// It is declared here.
    Declares,
    /// It is defined here.
    Defines {
        /// Whether the DIE says where. One that does not may only be a copy that was inlined elsewhere.
        placed: bool,
        /// Whether that is where the symbol table has the export. In what is yet to be linked, any place will do.
        at_symbol: bool,
    },
    /// It is exported here, by a `__gendwarfksyms_ptr_` variable.
    Exports {
        /// Whether the variable points to a function.
        function: bool,
    },
}

impl Wanted {
    /// All of `exports`.
    pub fn new(exports: &[Export]) -> Self {
        let wanted = exports.iter().zip(0..).map(|(export, index)| {
            let address = export.definition.map(|definition| definition.value);
            (export.name.as_slice().into(), WantedExport { index, address })
        });
        Self { by_name: wanted.collect() }
    }

    fn find(&self, name: &[u8]) -> Option<WantedExport> {
        self.by_name.get(name).copied()
    }
}

impl Language {
    /// Of a unit.
    pub(super) fn of(root: &Attributes) -> Self {
        // Assigned after DWARF 5: dwarfstd.org/languages.html.
        const ASSEMBLY: gimli::DwLang = gimli::DwLang(0x31);
        const C23: gimli::DwLang = gimli::DwLang(0x3e);
        let code = root.constant(Attr::Language).and_then(|code| u16::try_from(code).ok());
        match gimli::DwLang(code.unwrap_or(0)) {
            dw::DW_LANG_C | dw::DW_LANG_C89 | dw::DW_LANG_C99 | dw::DW_LANG_C11 | dw::DW_LANG_C17 | C23 => Self::C,
            dw::DW_LANG_C_plus_plus
            | dw::DW_LANG_C_plus_plus_03
            | dw::DW_LANG_C_plus_plus_11
            | dw::DW_LANG_C_plus_plus_14
            | dw::DW_LANG_C_plus_plus_17
            | dw::DW_LANG_C_plus_plus_20 => Self::Cxx,
            dw::DW_LANG_Rust => Self::Rust,
            dw::DW_LANG_Mips_Assembler | ASSEMBLY => Self::Assembly,
            _ => Self::Other,
        }
    }

    /// Its name, `None` for [`Self::Other`].
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::C => "C",
            Self::Cxx => "C++",
            Self::Rust => "Rust",
            Self::Assembly => "assembly",
            Self::Other => return None,
        })
    }
}

/// What `units` say of the exports: one unit, or those of an object, which are at `range`. In a linked file, addresses tell what
/// is defined where.
pub(super) fn read<'a>(
    debug_info: &DebugInfo<'a>,
    units: &[&Unit<'a>],
    range: Range<usize>,
    wanted: &Wanted,
    is_linked: bool,
) -> Result<Claims> {
    let language = language(debug_info, units)?;
    let mut claims = Claims { unit: range, language, claims: Vec::new(), trimmed: Vec::new() };
    let mut attributes = Attributes::default();
    for &unit in units {
        if unit.root(debug_info)?.is_none() {
            return Err(Error::Dwarf { at: unit.offset(), reason: "the unit has no DIE".to_owned() });
        }
        let reader = Reader { debug_info, unit, wanted, is_linked };
        unit.each_symbol(debug_info, language == Language::C, |entry| {
            let claim = reader.claim(entry, &mut attributes, &mut claims.trimmed)?;
            claims.claims.extend(claim);
            Ok(())
        })?;
    }
    Ok(claims)
}

/// The language of `units`; they do not differ in it.
pub(super) fn language<'a>(debug_info: &DebugInfo<'a>, units: &[&Unit<'a>]) -> Result<Language> {
    let root = units.first().map(|unit| unit.root_details(debug_info)).transpose()?;
    Ok(root.map_or(Language::Other, |root| Language::of(&root)))
}

struct Reader<'r, 'a> {
    debug_info: &'r DebugInfo<'a>,
    unit: &'r Unit<'a>,
    wanted: &'r Wanted,
    is_linked: bool,
}

impl Reader<'_, '_> {
    fn claim(
        &self,
        entry: Entry<'_>,
        attributes: &mut Attributes,
        trimmed: &mut Vec<Vec<u8>>,
    ) -> Result<Option<Claim>> {
        self.unit.details(self.debug_info, entry, attributes)?;
        let at = entry.at;
        let (declares, placed) = (attributes.flag(Attr::Declaration), attributes.flag(Attr::Place));
        let place = attributes.place();
        // A definition may leave its name, and that it is external, to the declaration that it completes or, where the
        // function was inlined too, to what all of its instances share.
        let general = attributes.reference(Attr::Specification).or_else(|| attributes.reference(Attr::AbstractOrigin));
        if let Some(general) = general
            && attributes.string(Attr::LinkageName).is_none()
        {
            let unit = self.debug_info.unit_of(general)?;
            unit.details(self.debug_info, unit.entry(self.debug_info, general)?, attributes)?;
        }
        let name = attributes.string(Attr::LinkageName).or_else(|| attributes.string(Attr::Name));
        let Some(name) = name.map(|name| self.unit.string(self.debug_info, name)).transpose()? else { return Ok(None) };
        if let Some(WantedExport { index: export, address }) = self.wanted.find(name) {
            // What is not external only happens to have the name of an export of another unit; but mangled names are unique,
            // and Rust exports functions that are private in their crate, for others that inline their callers.
            let is_meant = attributes.flag(Attr::External) || attributes.string(Attr::LinkageName).is_some();
            let kind = || match declares {
                true => ClaimKind::Declares,
                false => {
                    let start = || self.unit.start(self.debug_info, place);
                    let is_there = || address.is_some_and(|address| start() == Some(address));
                    let at_symbol = placed && (!self.is_linked || is_there());
                    ClaimKind::Defines { placed, at_symbol }
                }
            };
            return Ok(is_meant.then(|| Claim { export, at, kind: kind() }));
        }
        let Some(exported) = name.strip_prefix(POINTER_PREFIX) else { return Ok(None) };
        let Some(pointer) = attributes.reference(Attr::Type) else { return Ok(None) };
        let Some(WantedExport { index: export, .. }) = self.wanted.find(exported) else {
            trimmed.push(exported.to_vec());
            return Ok(None);
        };
        let target = self.attributes_of(pointer, attributes)?.1;
        let target = target.map(|target| self.attributes_of(target, attributes)).transpose()?;
        let function = target.is_some_and(|(tag, _)| tag == dw::DW_TAG_subroutine_type);
        Ok(Some(Claim { export, at, kind: ClaimKind::Exports { function } }))
    }

    /// The tag of a type, and the type that it is made of.
    fn attributes_of(&self, at: DieOffset, attributes: &mut Attributes) -> Result<(gimli::DwTag, Option<DieOffset>)> {
        let unit = self.debug_info.unit_of(at)?;
        let entry = unit.entry(self.debug_info, at)?;
        unit.attributes(self.debug_info, entry, attributes)?;
        Ok((entry.tag(), attributes.reference(Attr::Type)))
    }
}
