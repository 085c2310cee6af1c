// SPDX-License-Identifier: GPL-2.0-only
//! A kernel file: what it says of itself, and the units of its debugging information, wherever that is.

use std::path::Path;

use kabiscope::Result;
use kabiscope::cli::kabiscope::Dwarf;
use kabiscope::dwarf::Sections;
use kabiscope::kernel::KabiRules;
use kabiscope::kernel::facts::{Facts, Kind};
use kabiscope::linked::{Plan, Units};
use kabiscope::object::Image;

use crate::console::Console;
use crate::failure::Trouble;
use crate::input::{DebugFiles, Input};
use crate::units::Heard;

/// A vmlinux, module or object.
pub(crate) struct KernelFile {
    input: Input,
    pub(crate) facts: Facts,
}

impl KernelFile {
    /// Reads what the file at `path` says of itself.
    pub(crate) fn open(path: &Path, console: &Console) -> Result<Self, Trouble> {
        let _phase = console.phase("reading tables", 0);
        Self::of(Input::open(path)?)
    }

    pub(crate) fn of(input: Input) -> Result<Self, Trouble> {
        let facts = Image::parse(input.bytes()).and_then(|image| Facts::read(&image));
        let facts = facts.map_err(|error| Trouble::with(input.path(), &error))?;
        Ok(Self { input, facts })
    }

    /// What is wrong with the file.
    pub(crate) fn trouble(&self, error: &kabiscope::Error) -> Trouble {
        Trouble::with(self.input.path(), error)
    }

    /// Says what of the file, and of its units, could not be read.
    pub(crate) fn say_troubles(&self, heard: &Heard<'_, '_>, console: &Console) {
        for trouble in self.facts.troubles.iter().chain(&heard.troubles) {
            console.error(&Trouble::new(self.input.path().display(), trouble));
        }
    }

    /// Looks in the symbol table for what units export and the file does not.
    pub(crate) fn locate_trimmed(&self, plan: &mut Plan) -> Result<(), String> {
        let located =
            Image::parse(self.input.bytes()).and_then(|image| plan.locate_trimmed(&image, &self.facts.exports));
        located.map_err(|error| error.to_string())
    }

    /// Calls `f` with the units of the file's debugging information.
    pub(crate) fn with_units<T>(
        &self,
        dwarf: &Dwarf,
        console: &Console,
        f: impl FnOnce(Units<'_>) -> Result<T>,
    ) -> Result<T, Trouble> {
        let phase = console.phase("opening sections", 0);
        let files = DebugFiles::find(&self.input, dwarf.debug_file.as_deref())?;
        let read = |bytes| Sections::read(&Image::parse(bytes)?);
        let with_units = || {
            let sections = read(files.debug(&self.input))?;
            let supplementary = files.supplementary().map(read).transpose()?;
            let units = Units::new(&sections, supplementary.as_ref(), self.facts.kind, self.rules(dwarf)?)?;
            drop(phase);
            f(units)
        };
        with_units().map_err(|error| self.trouble(&error))
    }

    /// The kABI rules, if they are to have effect. Only objects have any.
    fn rules(&self, dwarf: &Dwarf) -> Result<Option<KabiRules>> {
        let rules = match self.facts.kind {
            _ if !dwarf.stable => return Ok(None),
            Kind::Object => KabiRules::read(&Image::parse(self.input.bytes())?)?,
            Kind::Vmlinux | Kind::Module => KabiRules::default(),
        };
        Ok(Some(rules))
    }
}
