// SPDX-License-Identifier: GPL-2.0-only
//! The search for the unit that speaks for a symbol, against what is decided when all units are asked.

use kabiscope::kernel::facts::Export;
use kabiscope::linked::{Plan, PlannedUnit, Progress, Units};

/// The plan for an export, if it is found without asking all units.
pub fn plan(units: &Units<'_>, exports: &[Export], export: u32) -> Option<Plan> {
    let mut search = units.search(exports, export)?;
    loop {
        let looks: Vec<_> = units.ranges().iter().map(|unit| search.look(unit)).collect();
        let asked = search.whom_to_ask(&looks);
        let claims: Option<Vec<_>> = asked.iter().map(|unit| search.ask(unit).ok().flatten()).collect();
        match search.hear(claims?) {
            Progress::Found(plan) => return Some(plan),
            Progress::Unfinished => {}
            Progress::Hopeless => return None,
        }
    }
}

/// What a plan for all exports has of one: its unit with all exports of that, or why no unit speaks for it.
pub fn part_of(plan: &Plan, export: u32) -> Plan {
    let mut part = plan.clone();
    part.units.retain(|unit| unit.exports.iter().any(|planned| planned.export == export));
    part.silent.retain(|(silent, _)| *silent == export);
    part
}

/// The plan without where the other exports of the unit are defined that it does not define itself: this is not looked for.
pub fn without_other_definitions(mut plan: Plan, export: u32) -> Plan {
    for PlannedUnit { unit, exports, .. } in &mut plan.units {
        for planned in exports.iter_mut().filter(|planned| planned.export != export) {
            planned.definition.take_if(|definition| definition.unit != *unit);
        }
    }
    plan
}
