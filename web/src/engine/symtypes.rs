// SPDX-License-Identifier: GPL-2.0-only
//! The symtypes of a file: each worker collects those of its units, and one merges them. That is too much text for the page.

use std::collections::BTreeSet;

use super::Engine;
use super::protocol::{CollectSymtypes, MergeSymtypes, TakeSymtypes, Text, Trouble};

/// Text as symtypes files have them. A name is followed by a blank, and nothing that a name is made of sorts before that: the
/// order is that of the names, as the build has it.
pub(super) type Collection = BTreeSet<Vec<u8>>;

impl Engine {
    pub(super) fn collect_symtypes(&mut self, query: &CollectSymtypes) -> Result<(), Trouble> {
        let mut lines = Vec::new();
        let target = self.target(query.file)?;
        for unit in &query.units {
            let of_unit = target.units_at(unit.unit.start).and_then(|units| units.symtypes(unit, &target.exports));
            lines.extend(of_unit.map_err(|error| target.input.explain(error))?);
        }
        let lines = lines.iter().map(|(name, string)| [name, &b" "[..], string].concat());
        self.symtypes.entry(query.file).or_default().extend(lines);
        Ok(())
    }

    pub(super) fn take_symtypes(&mut self, query: TakeSymtypes) -> Text {
        let mut text = Vec::new();
        for line in self.symtypes.remove(&query.file).unwrap_or_default() {
            text.extend_from_slice(&line);
            text.push(b'\n');
        }
        Text(text)
    }
}

pub(super) fn merge(query: &MergeSymtypes) -> Text {
    let lines = query.collections.iter().flat_map(|lines| lines.0.split_inclusive(|&byte| byte == b'\n'));
    let merged: BTreeSet<&[u8]> = lines.collect();
    Text(merged.into_iter().collect::<Vec<_>>().concat())
}
