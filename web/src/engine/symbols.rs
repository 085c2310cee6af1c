// SPDX-License-Identifier: GPL-2.0-only
//! Symbols: who speaks for them, their versions, and what these are made from.

use kabiscope::Result;
use kabiscope::abi::tree;
use kabiscope::linked::{Answers, PlannedUnit, Silence, Units};

use super::debug::Target;
use super::protocol::{
    Compute, Decide, Decided, DescribeSymbol, Described, Found, Hash, Hashed, Hear, InJson, LookForSymbols, Trouble,
};
use super::{Engine, unknown_file};

impl Engine {
    pub(super) fn look_for_symbols(&self, query: &LookForSymbols) -> Result<Found, Trouble> {
        let target = self.target(query.file)?;
        if !target.stands_alone(query.part.start) {
            // What the browser could not read, it does not read any better as a whole.
            return target.input.failure().map_or(Ok(Found::NeedsWhole), Err);
        }
        let units = target.units_at(query.part.start).map_err(|error| target.input.explain(error))?;
        let (mut claims, mut troubles) = (Vec::new(), Vec::new());
        for unit in units.ranges().iter().filter(|unit| query.part.contains(&unit.start)) {
            match units.claims(unit, &target.wanted) {
                Ok(claimed) => claims.push(claimed),
                Err(error) => troubles.push(format!("unit at {:#x}: {error}", unit.start)),
            }
        }
        Ok(Found::Claims(claims, troubles))
    }

    pub(super) fn hear(&mut self, query: &Hear) -> Result<(), Trouble> {
        let target = self.targets.get_mut(&query.file).ok_or_else(unknown_file)?;
        let speakers = target.speakers.as_mut().ok_or_else(decided)?;
        query.claims.iter().for_each(|claims| speakers.hear(claims));
        if query.any_missed {
            speakers.miss();
        }
        Ok(())
    }

    pub(super) fn decide(&mut self, query: Decide) -> Result<Decided, Trouble> {
        let target = self.targets.get_mut(&query.file).ok_or_else(unknown_file)?;
        let speakers = target.speakers.take().ok_or_else(decided)?;
        let units = target.units_at(0).map_err(|error| target.input.explain(error))?;
        let mut plan = units.plan(speakers);
        let of_itself = self.inputs.get(&query.file).ok_or_else(unknown_file)?;
        let located = plan.locate_trimmed(&of_itself.image, &target.exports);
        Ok(Decided { plan, trouble: located.err().map(|error| error.to_string()) })
    }

    pub(super) fn compute(&self, query: &Compute) -> Result<Vec<Answers>, Trouble> {
        let target = self.target(query.file)?;
        let answers = query.units.iter().map(|unit| target.answers(unit));
        let explanations = query.silent.iter().map(|(export, silence)| target.explanation(*export, silence));
        answers.chain(explanations).collect::<Result<_>>().map_err(|error| target.input.explain(error))
    }

    pub(super) fn describe_symbol(&self, query: &DescribeSymbol) -> Result<Described, Trouble> {
        let DescribeSymbol { file, symbol, name } = query;
        let target = self.target(*file)?;
        let described = target.units_at(symbol.unit.start).and_then(|units| {
            let node = units.with_debug_info(&symbol.unit, |debug_info| {
                tree::describe_symbol(debug_info, symbol.at, symbol.role, name)
            })?;
            Ok(Described { node: InJson(node), unit: units.name(&symbol.unit)? })
        });
        described.map_err(|error| target.input.explain(error))
    }

    pub(super) fn hash(&self, query: &Hash) -> Result<Option<Hashed>, Trouble> {
        let Hash { file, unit, export } = query;
        let target = self.target(*file)?;
        let hashed = target.units_at(unit.unit.start).and_then(|units| {
            let Some(string) = units.expanded_string(unit, &target.exports, *export)? else { return Ok(None) };
            let parts = units.types_behind(unit, &target.exports, *export)?;
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            let parts = parts.into_iter().map(|(name, string)| (text(name), text(string)));
            Ok(Some(Hashed { string: text(string), parts: parts.collect() }))
        });
        hashed.map_err(|error| target.input.explain(error))
    }
}

fn decided() -> Trouble {
    Trouble::new("it is decided already which unit speaks for which symbol")
}

impl Target {
    /// Whether the units of a part are where they are said to be, and refer to no others, or all are at hand.
    fn stands_alone(&self, part: usize) -> bool {
        self.is_whole() || self.units_at(part).and_then(Units::refer_to_others).is_ok_and(|refer| !refer)
    }

    fn answers(&self, unit: &PlannedUnit) -> Result<Answers> {
        let mut answers = self.units_at(unit.unit.start)?.answers(unit, &self.exports);
        for (planned, answer) in unit.exports.iter().zip(&mut answers.answers) {
            let Some(place) = &planned.definition else { continue };
            if !self.are_read_together(place.unit.start, unit.unit.start) {
                let source = self.units_at(place.unit.start)?.source(place);
                answer.source = source.or(answer.source.take());
            }
        }
        Ok(answers)
    }

    fn explanation(&self, export: u32, silence: &Silence) -> Result<Answers> {
        let units = self.units_at(silence.place().map_or(0, |place| place.unit.start))?;
        Ok(units.explain(export, silence))
    }
}
