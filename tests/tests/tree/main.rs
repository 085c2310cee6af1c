// SPDX-License-Identifier: GPL-2.0-only
//! What is shown of types: layouts against pahole's, prototypes against the sources, the ways to types against the reference's
//! symtypes, text against snapshots; and input that nobody would write.

#![allow(clippy::panic, reason = "this is how a test fails")]

mod hostile;
mod layouts;
mod paths;
mod prototypes;
mod text;

use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use kabiscope::abi::tree::{self, Node, TypeQuery};
use kabiscope::dwarf::{DebugInfo, Sections};
use kabiscope::kernel::facts::{Export, Kind};
use kabiscope::linked::{Computed, Speakers, Units, Wanted};
use kabiscope::object::Image;
use kabiscope_tests::fixtures;

/// The object of a fixture.
fn fixture(name: &str) -> PathBuf {
    fixtures().join(name).join("object.o")
}

/// Calls `ask` with the units of an object.
fn with_units<T>(object: &[u8], ask: impl FnOnce(&Units<'_>) -> T) -> T {
    let image = Image::parse(object).expect("an ELF file");
    let sections = Sections::read(&image).expect("debugging information");
    ask(&Units::new(&sections, None, Kind::Object, None).expect("units"))
}

/// Calls `ask` with the units of a fixture's object.
fn with_fixture<T>(name: &str, ask: impl FnOnce(&Units<'_>) -> T) -> T {
    with_units(&fs::read(fixture(name)).expect("the object can be read"), ask)
}

/// Calls `ask` with the debugging information of an object, and where its units are.
fn with_debug_info<T>(units: &Units<'_>, ask: impl FnOnce(&DebugInfo<'_>, &Range<usize>) -> T) -> T {
    let [object] = units.ranges() else { panic!("the units of an object count as one") };
    units.with_debug_info(object, |debug_info| Ok(ask(debug_info, object))).expect("it can be read")
}

/// An export of which nothing else is known.
fn export(name: &str) -> Export {
    let name = name.as_bytes().to_vec();
    Export { name, definition: None, gpl_only: false, namespace: None, recorded: None }
}

/// What describes the symbols `names`, but for those that nothing describes, such as aliases.
fn symbols<'n>(units: &Units<'_>, names: &[&'n str]) -> Vec<(&'n str, Computed)> {
    let exports: Vec<_> = names.iter().map(|name| export(name)).collect();
    let wanted = Wanted::new(&exports);
    let mut speakers = Speakers::new(&exports);
    for unit in units.ranges() {
        speakers.hear(&units.claims(unit, &wanted).expect("it can be read"));
    }
    let plan = units.plan(speakers);
    let answers = plan.units.iter().flat_map(|planned| units.answers(planned, &exports).answers);
    answers.filter_map(|answer| Some((names[answer.export as usize], answer.computed.ok()?))).collect()
}

/// What describes the symbol `name`.
fn symbol(units: &Units<'_>, name: &str) -> Computed {
    let [(_, symbol)] = symbols(units, &[name])[..] else { panic!("nothing describes {name}") };
    symbol
}

/// The type that is best for `query`.
fn find(debug_info: &DebugInfo<'_>, units: &Range<usize>, query: &str) -> Node {
    let query: TypeQuery = query.parse().expect("any text is a query");
    let found = tree::find_types(debug_info, units, &query).expect("it can be read");
    let first = found.first().unwrap_or_else(|| panic!("there is no {query:?}"));
    tree::describe(debug_info, first.die).expect("it can be read")
}
