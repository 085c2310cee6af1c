// SPDX-License-Identifier: GPL-2.0-only
//! Views of files, with versions computed where they are wanted.

use std::path::{Path, PathBuf};

use kabiscope::abi::{Abi, Export};
use kabiscope::cli::kabiscope::Dwarf;
use kabiscope::linked::{self, Answers};
use rayon::prelude::*;

use crate::console::Console;
use crate::failure::Trouble;
use crate::files::Files;
use crate::filter::Filter;
use crate::image::KernelFile;
use crate::progress::Phase;
use crate::units::Heard;

/// What is to be known of files.
pub(crate) struct Analysis<'a> {
    pub(crate) compute: Compute,
    pub(crate) filter: &'a Filter,
    pub(crate) dwarf: &'a Dwarf,
    /// Objects that tell the types of exports written in assembly.
    pub(crate) stand_ins: &'a [KernelFile],
    pub(crate) console: &'a Console,
}

/// Whether versions are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compute {
    /// They are not.
    Never,
    /// Of a file that records none, if it has debugging information.
    IfNoneRecorded,
    /// Of a file that has debugging information.
    IfPossible,
    /// Of every file: one that has no debugging information is in error.
    Always,
}

impl Analysis<'_> {
    /// Views of all files that can be read, of only the symbols that are asked for. What is wrong is said.
    pub(crate) fn read(&self, files: &Files) -> Vec<Abi> {
        let phase = (files.paths.len() > 1).then(|| self.console.phase("reading files", files.paths.len()));
        let read_file = |path: &PathBuf| {
            let read = self.read_file(path);
            phase.iter().for_each(Phase::step);
            read
        };
        let read: Vec<_> = files.paths.par_iter().map(read_file).collect();
        drop(phase);
        let mut abis = Vec::new();
        for (path, read) in files.paths.iter().zip(read) {
            match read {
                Ok((mut abi, not_computed)) => {
                    for trouble in &abi.troubles {
                        self.console.error(&Trouble::new(path.display(), trouble));
                    }
                    match not_computed {
                        Some(trouble) if self.compute == Compute::Always => self.console.error(&trouble),
                        Some(trouble) => self.console.warning(&trouble),
                        None => {}
                    }
                    abi.exports.retain(|export| self.is_wanted(export));
                    abi.imports.retain(|import| self.filter.matches(&import.name, import.demangled.as_deref()));
                    abis.push(abi);
                }
                Err(trouble) => self.console.error(&trouble),
            }
        }
        abis
    }

    /// The view of a file, and why its versions could not be computed if they were to be.
    fn read_file(&self, path: &Path) -> Result<(Abi, Option<Trouble>), Trouble> {
        let file = KernelFile::open(path, self.console)?;
        let mut abi = Abi::new(path.display().to_string(), &file.facts);
        if !self.computes(&abi) {
            return Ok((abi, None));
        }
        let computed = file.with_units(self.dwarf, self.console, |units| {
            let heard = Heard::new(units, &file, self.console);
            self.compute(&mut abi, &heard);
            Ok(())
        });
        if let Err(trouble) = &computed {
            for export in &mut abi.exports {
                export.error = Some(trouble.text.clone());
            }
        }
        Ok((abi, computed.err()))
    }

    fn computes(&self, abi: &Abi) -> bool {
        let by_choice = match self.compute {
            Compute::Never => false,
            Compute::IfNoneRecorded => abi.exports.iter().all(|export| export.recorded.is_none()),
            Compute::IfPossible | Compute::Always => true,
        };
        by_choice && abi.exports.iter().any(|export| self.is_wanted(export))
    }

    fn is_wanted(&self, export: &Export) -> bool {
        self.filter.matches(&export.name, export.demangled.as_deref())
    }

    fn compute(&self, abi: &mut Abi, heard: &Heard<'_, '_>) {
        let wanted: Vec<bool> = abi.exports.iter().map(|export| self.is_wanted(export)).collect();
        let is_wanted = |export: u32| wanted.get(export as usize).is_some_and(|wanted| *wanted);
        for answers in heard.answers(is_wanted, self.console) {
            abi.take(&answers);
        }
        for stand_in in self.stand_ins {
            match self.ask(stand_in, heard) {
                Ok(answers) => answers.iter().for_each(|answers| abi.take(answers)),
                Err(trouble) => self.console.error(&trouble),
            }
        }
        abi.troubles.extend(heard.troubles.iter().cloned());
    }

    /// What a stand-in answers for exports that are silent in the image.
    fn ask(&self, stand_in: &KernelFile, heard: &Heard<'_, '_>) -> Result<Vec<Answers>, Trouble> {
        let dwarf = Dwarf { debug_file: None, ..self.dwarf.clone() };
        stand_in.with_units(&dwarf, self.console, |units| linked::stand_in(&units, heard.exports, &heard.plan.silent))
    }
}
