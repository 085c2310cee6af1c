// SPDX-License-Identifier: GPL-2.0-only
//! Types: what they consist of, where they are, and what depends on them.

use std::ops::Range;

use kabiscope::Result;
use kabiscope::abi::tree::{self, Node, Opaque, Step, TypeGraph, TypeQuery};
use kabiscope::linked::{PlannedUnit, Units};

use super::Engine;
use super::debug::Target;
use super::protocol::{DescribeType, FindPath, FindType, FindUsers, InJson, Trouble};

impl Engine {
    pub(super) fn describe_type(&self, query: DescribeType) -> Result<InJson<Node>, Trouble> {
        let target = self.target(query.file)?;
        let unit = query.at.unit.in_info().unwrap_or(0);
        let node = target
            .units_at(unit)
            .and_then(|units| units.with_die(query.at.die, |debug_info| tree::describe(debug_info, query.at.die)));
        node.map(InJson).map_err(|error| target.input.explain(error))
    }

    pub(super) fn find_type(&self, query: &FindType) -> Result<Option<InJson<Node>>, Trouble> {
        let target = self.target(query.file)?;
        let units = target.units_at(query.part.start).map_err(|error| target.input.explain(error))?;
        let Ok(wanted) = query.name.parse::<TypeQuery>();
        let in_part = units.ranges().iter().filter(|unit| query.part.contains(&unit.start));
        // A unit that cannot be read is none that tells of it.
        let mut found = in_part.filter_map(|unit| find_in(units, unit, &wanted, query.declarations).ok().flatten());
        Ok(found.next().map(InJson))
    }

    pub(super) fn find_users(&self, query: &FindUsers) -> Result<Vec<u32>, Trouble> {
        let target = self.target(query.file)?;
        let Ok(wanted) = query.r#type.parse::<TypeQuery>();
        let users = query.units.iter().map(|unit| target.users(unit, &wanted)).collect::<Result<Vec<_>>>();
        Ok(users.map_err(|error| target.input.explain(error))?.concat())
    }

    pub(super) fn find_path(&self, query: &FindPath) -> Result<Vec<Step>, Trouble> {
        let target = self.target(query.file)?;
        let Ok(wanted) = query.r#type.parse::<TypeQuery>();
        let FindPath { symbol, .. } = query;
        let path = target.units_at(symbol.unit.start).and_then(|units| {
            units.with_debug_info(&symbol.unit, |debug_info| Ok(TypeGraph::new(debug_info).path(symbol.at, &wanted)))
        });
        path.map(Option::unwrap_or_default).map_err(|error| target.input.explain(error))
    }
}

/// The type, if a unit defines it, or only declares it and that will do.
fn find_in(units: &Units<'_>, unit: &Range<usize>, wanted: &TypeQuery, declarations: bool) -> Result<Option<Node>> {
    units.with_debug_info(unit, |debug_info| {
        let found = tree::find_types(debug_info, unit, wanted)?;
        let Some(best) = found.first() else { return Ok(None) };
        let node = tree::describe(debug_info, best.die)?;
        Ok((declarations || node.opaque != Some(Opaque::DeclaredOnly)).then_some(node))
    })
}

impl Target {
    /// Those exports of a unit that depend on a type.
    fn users(&self, unit: &PlannedUnit, wanted: &TypeQuery) -> Result<Vec<u32>> {
        let units = self.units_at(unit.unit.start)?;
        let is_known = units.with_debug_info(&unit.unit, |debug_info| {
            Ok(!tree::find_types(debug_info, &unit.unit, wanted)?.is_empty())
        })?;
        if !is_known {
            return Ok(Vec::new());
        }
        let answers = units.answers(unit, &self.exports).answers;
        let computed: Vec<_> =
            answers.iter().filter_map(|answer| Some((answer.export, answer.computed.as_ref().ok()?.at))).collect();
        let dies: Vec<_> = computed.iter().map(|(_, at)| *at).collect();
        let users =
            units.with_debug_info(&unit.unit, |debug_info| Ok(TypeGraph::new(debug_info).users(&dies, wanted)))?;
        Ok(computed.iter().filter(|(_, at)| users.contains(at)).map(|(export, _)| *export).collect())
    }
}
