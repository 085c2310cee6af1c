// SPDX-License-Identifier: GPL-2.0-only
//! The units of a file are asked here, on all threads.

use std::cmp::Reverse;

use kabiscope::kernel::facts::Export;
use kabiscope::linked::{Answers, Plan, PlannedUnit, Progress, Speakers, Units, Wanted};
use rayon::prelude::*;

use crate::console::Console;
use crate::image::KernelFile;

/// The units of a file, and which of them speaks for which export.
pub(crate) struct Heard<'s, 'f> {
    pub(crate) units: Units<'s>,
    pub(crate) plan: Plan,
    /// Units that could not be read.
    pub(crate) troubles: Vec<String>,
    pub(crate) exports: &'f [Export],
}

impl<'s, 'f> Heard<'s, 'f> {
    /// Asks every unit what it knows of the exports of `file`.
    pub(crate) fn new(units: Units<'s>, file: &'f KernelFile, console: &Console) -> Self {
        let exports = &*file.facts.exports;
        let wanted = Wanted::new(exports);
        let phase = console.phase("looking for symbols", units.ranges().len());
        let ask = |unit| {
            let claims = units.claims(unit, &wanted).map_err(|error| format!("unit at {:#x}: {error}", unit.start));
            phase.step();
            claims
        };
        let claims: Vec<_> = units.ranges().par_iter().map(ask).collect();
        drop(phase);
        let mut speakers = Speakers::new(exports);
        let mut troubles = Vec::new();
        for claims in claims {
            match claims {
                Ok(claims) => speakers.hear(&claims),
                Err(error) => {
                    speakers.miss();
                    troubles.push(error);
                }
            }
        }
        let mut plan = units.plan(speakers);
        troubles.extend(file.locate_trimmed(&mut plan).err());
        Self { units, plan, troubles, exports }
    }

    /// The same, but of one export, by index: few units are asked where these are enough.
    pub(crate) fn of_export(units: Units<'s>, file: &'f KernelFile, export: u32, console: &Console) -> Self {
        match search(&units, file, export, console) {
            Some(mut plan) => {
                let troubles = file.locate_trimmed(&mut plan).err().into_iter().collect();
                Self { units, plan, troubles, exports: &file.facts.exports }
            }
            None => Self::new(units, file, console),
        }
    }

    /// Answers for the exports that are `wanted`, by index, and for others where these come along.
    pub(crate) fn answers(&self, wanted: impl Fn(u32) -> bool, console: &Console) -> Vec<Answers> {
        let silent = self.plan.silent.iter().filter(|(export, _)| wanted(*export));
        let mut answers: Vec<_> = silent.map(|(export, silence)| self.units.explain(*export, silence)).collect();
        let is_wanted = |unit: &PlannedUnit| unit.exports.iter().any(|planned| wanted(planned.export));
        answers.extend(self.each_unit(
            "computing versions",
            is_wanted,
            |unit| self.units.answers(unit, self.exports),
            console,
        ));
        answers
    }

    /// What `f` makes of the units that are `wanted`, in their order.
    pub(crate) fn each_unit<T: Send>(
        &self,
        phase: &'static str,
        wanted: impl Fn(&PlannedUnit) -> bool,
        f: impl Fn(&PlannedUnit) -> T + Sync,
        console: &Console,
    ) -> Vec<T> {
        let mut units: Vec<_> = self.plan.units.iter().filter(|unit| wanted(unit)).enumerate().collect();
        // The largest first: one that is begun last would keep all others waiting.
        units.sort_by_key(|(_, unit)| Reverse(unit.unit.len()));
        let phase = console.phase(phase, units.len());
        let ask = |(index, unit)| {
            let made = f(unit);
            phase.step();
            (index, made)
        };
        let mut made: Vec<(usize, T)> = units.into_par_iter().with_max_len(1).map(ask).collect();
        made.sort_unstable_by_key(|(index, _)| *index);
        made.into_iter().map(|(_, made)| made).collect()
    }
}

/// The plan for one export, if it can be made without asking all units. Units that cannot be read are left to asking all.
fn search(units: &Units<'_>, file: &KernelFile, export: u32, console: &Console) -> Option<Plan> {
    let _phase = console.phase("looking for the unit", 0);
    let mut search = units.search(&file.facts.exports, export)?;
    loop {
        let looks: Vec<_> = units.ranges().par_iter().map(|unit| search.look(unit)).collect();
        let asked = search.whom_to_ask(&looks);
        let claims: Option<Vec<_>> = asked.par_iter().map(|unit| search.ask(unit).ok().flatten()).collect();
        match search.hear(claims?) {
            Progress::Found(plan) => return Some(plan),
            Progress::Unfinished => {}
            Progress::Hopeless => return None,
        }
    }
}
