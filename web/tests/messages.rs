// SPDX-License-Identifier: GPL-2.0-only
//! What goes between page and workers arrives as it was sent: for a real module, everything that can be told of it.
#![cfg(not(target_arch = "wasm32"))]

use std::fmt::Debug;
use std::fs;

use kabiscope::Result;
use kabiscope::abi::Abi;
use kabiscope::abi::tree::{self, TypeGraph, TypeQuery};
use kabiscope::dwarf::Sections;
use kabiscope::kernel::facts::Facts;
use kabiscope::linked::{Speakers, Units, Wanted};
use kabiscope::object::Image;
use kabiscope_web::engine::protocol::{InJson, Packed};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[track_caller]
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(sent: &T) {
    let arrived = Packed::new(sent).unpack::<T>();
    assert_eq!(arrived.as_ref(), Ok(sent));
}

#[test]
fn everything_of_a_module() -> Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/image/mini_a.ko");
    let file = fs::read(path).expect("the fixture is there");
    let image = Image::parse(&*file)?;
    let facts = Facts::read(&image)?;
    check(&Abi::new("mini_a.ko".to_owned(), &facts));
    check(&facts.exports);

    let sections = Sections::read(&image)?;
    let units = Units::new(&sections, None, facts.kind, None)?;
    let wanted = Wanted::new(&facts.exports);
    let claims = units.ranges().iter().map(|unit| units.claims(unit, &wanted)).collect::<Result<Vec<_>>>()?;
    check(&claims);
    let mut speakers = Speakers::new(&facts.exports);
    claims.iter().for_each(|claims| speakers.hear(claims));
    let plan = units.plan(speakers);
    assert!(!plan.units.is_empty());
    check(&plan);

    for unit in &plan.units {
        let answers = units.answers(unit, &facts.exports);
        check(&answers);
        for answer in &answers.answers {
            let computed = answer.computed.as_ref().expect("all of this module have versions");
            let name = String::from_utf8_lossy(&facts.exports[answer.export as usize].name);
            units.with_debug_info(&unit.unit, |debug_info| {
                let node = tree::describe_symbol(debug_info, computed.at, computed.role, &name)?;
                check(&InJson(node));
                let mut graph = TypeGraph::new(debug_info);
                for name in graph.types_of(computed.at) {
                    let Ok(query) = name.parse::<TypeQuery>();
                    check(&graph.path(computed.at, &query));
                    let types = tree::find_types(debug_info, &unit.unit, &query)?;
                    check(&types);
                    for found in types {
                        check(&InJson(tree::describe(debug_info, found.die)?));
                    }
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}
