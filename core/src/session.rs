// SPDX-License-Identifier: GPL-2.0-only
//! What Kbuild asks of `gendwarfksyms`: the versions of a list of exports, from one object or several.

use crate::dwarf::{DebugInfo, Sections};
use crate::kernel::{Definition, Export, ExportId, ExportList, KabiRules};
use crate::object::Image;
use crate::object_types::ObjectTypes;
use crate::symbols::{self, Matched};
use crate::types::{DieDump, Dump, Graph};
use crate::versions::Version;
use crate::{Error, Result};

/// A list of exports, and what the objects read so far say of them.
#[derive(Debug)]
pub struct Session {
    exports: ExportList,
    matched: Matched,
    versions: Vec<Option<Version>>,
    stable: bool,
}

/// Hears what happens while an object is read.
pub trait Observer {
    /// What the walks are shown to.
    type Dump: Dump;

    /// Where the next walk is to be shown.
    fn dump(&mut self) -> &mut Self::Dump;
    /// The object defines an export.
    fn address(&mut self, export: &Export, definition: Definition);
    /// The kABI rules go on with something too short to be a rule.
    fn trailing_rule_data(&mut self);
    /// The walk of an export begins.
    fn symbol(&mut self, export: &Export);
}

/// Nothing but the dump is wanted.
impl Observer for DieDump {
    type Dump = Self;

    fn dump(&mut self) -> &mut Self {
        self
    }
    fn address(&mut self, _: &Export, _: Definition) {}
    fn trailing_rule_data(&mut self) {}
    fn symbol(&mut self, _: &Export) {}
}

impl Session {
    /// A session for `exports`. If `stable`, kABI rules and `__kabi_` members have effect.
    pub fn new(exports: ExportList, stable: bool) -> Self {
        Self { matched: Matched::none(&exports), versions: vec![None; exports.len()], exports, stable }
    }

    /// The exports that versions are wanted for.
    pub fn exports(&self) -> &ExportList {
        &self.exports
    }

    /// The version of an export; `None` if no object has told anything about it.
    pub fn version(&self, export: ExportId) -> Option<Version> {
        self.versions[export.index()]
    }

    /// Reads an object, and the supplementary file that its DWARF refers to if it has one.
    ///
    /// # Errors
    /// Whatever is wrong with the object, as far as it concerns the exports. No version of this object is kept then.
    pub fn read_object(
        &mut self,
        object: &[u8],
        supplementary: Option<&[u8]>,
        observer: &mut impl Observer,
    ) -> Result<ObjectTypes> {
        let image = Image::parse(object)?;
        self.exports.read_addresses(&image, |export, definition| observer.address(export, definition))?;
        let sections = Sections::read(&image)?;
        let supplementary = supplementary.map(|data| read_supplementary(&image, data)).transpose()?;
        let debug_info = DebugInfo::new(&sections, supplementary.as_ref())?;
        if let Some(name) = debug_info.split_dwarf_name()? {
            return Err(Error::SplitDwarf(name));
        }
        let rules = self.read_rules(&image)?;
        if rules.as_ref().is_some_and(KabiRules::has_trailing_data) {
            observer.trailing_rule_data();
        }
        let found = symbols::find(&debug_info, &self.exports, &mut self.matched)?;
        let mut graph = Graph::new(&debug_info, rules.as_ref(), observer.dump().needs_line_breaks());
        let types = ObjectTypes::read(&mut graph, &self.exports, &found, observer)?;
        for symbol in types.symbols() {
            for name in &symbol.names {
                self.versions[name.index()] = Some(symbol.version);
            }
        }
        Ok(types)
    }

    fn read_rules(&self, image: &Image<'_>) -> Result<Option<KabiRules>> {
        if !self.stable {
            return Ok(None);
        }
        KabiRules::read(image).map(Some)
    }
}

fn read_supplementary<'s>(image: &Image<'_>, data: &'s [u8]) -> Result<Sections<'s>> {
    let supplementary = Image::parse(data)?;
    match image.supplementary_file() {
        Some(link) if !link.matches(&supplementary) => Err(Error::OtherSupplementary),
        _ => Sections::read(&supplementary),
    }
}
