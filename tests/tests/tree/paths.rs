// SPDX-License-Identifier: GPL-2.0-only
//! Which types a symbol depends on, against the references in the reference's symtypes, and by which way each gets in.

use std::collections::{BTreeMap, BTreeSet};

use kabiscope::abi::tree::{TypeGraph, Via};
use kabiscope_tests::case::{Case, Mode};
use kabiscope_tests::fixtures;

use super::{symbol, symbols, with_debug_info, with_fixture};

/// The references in a type string: `s#ship`, `s#'core::option::Option<(u8, u32)>'`.
fn references(string: &str) -> impl Iterator<Item = &str> {
    string.match_indices('#').filter_map(|(at, _)| {
        let start = at.checked_sub(1).filter(|&start| "sute".contains(&string[start..at]))?;
        let rest = &string[at + 1..];
        let length = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.find('\'')? + 2,
            None => rest.find(' ').unwrap_or(rest.len()),
        };
        Some(&string[start..at + 1 + length])
    })
}

/// All types that `symbol` refers to, directly or through others.
fn closure(symtypes: &BTreeMap<&str, &str>, symbol: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![symbol];
    while let Some(name) = open.pop() {
        let string = symtypes.get(name).unwrap_or_else(|| panic!("symtypes has no {name}"));
        open.extend(references(string).filter(|reference| found.insert((*reference).to_owned())));
    }
    found.into_iter().collect()
}

#[test]
fn types_of_symbols() {
    let mut checked = 0;
    // The reference does not find type units, and does not know the machine of the others.
    for case in Case::all(&fixtures()).expect("fixtures").iter().filter(|case| case.name != "basics-type-units") {
        let answers = case.answers(Mode::Plain).expect("the reference's answers");
        let Some(symtypes) = answers.symtypes else { continue };
        let symtypes = String::from_utf8(symtypes).expect("text");
        let symtypes: BTreeMap<_, _> = symtypes.lines().filter_map(|line| split_line(line)).collect();
        let names: Vec<_> = symtypes.keys().copied().filter(|name| !name.contains('#')).collect();
        with_fixture(&case.name, |units| {
            let symbols = symbols(units, &names);
            with_debug_info(units, |debug_info, _| {
                let mut graph = TypeGraph::new(debug_info);
                let dies: Vec<_> = symbols.iter().map(|(_, symbol)| symbol.at).collect();
                let mut users = BTreeMap::<_, BTreeSet<_>>::new();
                for (name, symbol) in symbols {
                    let expected = closure(&symtypes, name);
                    assert_eq!(graph.types_of(symbol.at), expected, "{name} of {}", case.name);
                    for expected in expected {
                        let path = graph.path(symbol.at, &expected.parse().expect("any text is a query"));
                        assert!(path.is_some_and(|path| !path.is_empty()), "{name} of {}: {expected}", case.name);
                        users.entry(expected).or_default().insert(symbol.at);
                    }
                    checked += 1;
                }
                for (name, expected) in users {
                    let found = graph.users(&dies, &name.parse().expect("any text is a query"));
                    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected, "{name} of {}", case.name);
                }
            });
        });
    }
    assert!(checked > 100, "{checked} symbols");
}

/// Name and string; a name with spaces is in quotes.
fn split_line(line: &str) -> Option<(&str, &str)> {
    let end = match line.split_once("#'") {
        Some((kind, rest)) if kind.len() == 1 => rest.find("' ")? + 4,
        _ => line.find(' ')?,
    };
    Some((&line[..end], &line[end + 1..]))
}

#[track_caller]
fn check(fixture: &str, symbol: &str, query: &str, expected: &[(Via, Option<&str>, &str)]) {
    with_fixture(fixture, |units| {
        let at = self::symbol(units, symbol).at;
        with_debug_info(units, |debug_info, _| {
            let query = query.parse().expect("any text is a query");
            let path = TypeGraph::new(debug_info).path(at, &query).unwrap_or_default();
            let path: Vec<_> =
                path.iter().map(|step| (step.via, step.name.as_deref(), step.r#type.name.as_str())).collect();
            assert_eq!(path, expected, "{symbol} of {fixture}");
        });
    });
}

#[test]
fn shortest_ways() {
    let ship = (Via::Parameter, Some("ship"), "struct ship *restrict");
    check("basics", "moor", "struct ship", &[ship]);
    check("basics", "moor", "s#berth", &[(Via::Parameter, Some("berth"), "struct berth *")]);
    check("basics", "moor", "tonnes_t", &[ship, (Via::Member, Some("tonnes"), "tonnes_t")]);
    check(
        "basics",
        "moor",
        "union mark",
        &[
            ship,
            (Via::Member, Some("due"), "struct {...}"),
            (Via::Member, None, "union {...}"),
            (Via::Member, Some("mark"), "union mark"),
        ],
    );
    check(
        "basics",
        "find_quay",
        "enum cargo",
        &[
            (Via::Result, None, "struct berth *"),
            (Via::Member, Some("ship"), "struct ship *"),
            (Via::Member, Some("cargo"), "enum cargo"),
        ],
    );
    check(
        "basics",
        "limits",
        "t#tonnes_t",
        &[(Via::Variable, Some("limits"), "const draught_t [4]"), (Via::Typedef, Some("draught_t"), "tonnes_t")],
    );
    check(
        "rust",
        "move_along",
        "Point",
        &[
            (Via::Result, None, "core::result::Result<shapes::geometry::Point, (shapes::geometry::Axis, i128)>"),
            (
                Via::Member,
                Some("Ok"),
                "core::result::Result<shapes::geometry::Point, (shapes::geometry::Axis, i128)>::Ok",
            ),
            (Via::Member, Some("__0"), "shapes::geometry::Point"),
        ],
    );
}

/// Versions do not depend on what is in a private type, nor on a type that is not there.
#[test]
fn no_way() {
    check("basics", "crane", "struct ship", &[]);
    check("basics", "moor", "struct tugboat", &[]);
    check("basics", "moor", "union ship", &[]);
}
