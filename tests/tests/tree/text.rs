// SPDX-License-Identifier: GPL-2.0-only
//! The text of expansions, against snapshots. Places, sizes and holes in those of C are what pahole says (see `layouts`), those
//! in those of Rust what a program prints that takes the addresses of members. With `SNAPSHOTS=overwrite` they are made anew.

use std::path::Path;

use kabiscope::abi::tree::{self, Expansion, Limits, text};
use snapbox::{Data, assert_data_eq};

use super::{find, symbol, with_debug_info, with_fixture};

const LIMITS: Limits = Limits { depth: 8, nodes: 100 };

fn expand_type(fixture: &str, query: &str, limits: Limits) -> Expansion {
    with_fixture(fixture, |units| {
        with_debug_info(units, |debug_info, units| tree::expand(debug_info, find(debug_info, units, query), limits))
    })
}

fn expand_symbol(fixture: &str, name: &str, limits: Limits) -> Expansion {
    with_fixture(fixture, |units| {
        let symbol = symbol(units, name);
        with_debug_info(units, |debug_info, _| {
            let root = tree::describe_symbol(debug_info, symbol.at, symbol.role, name).expect("it can be read");
            tree::expand(debug_info, root, limits)
        })
    })
}

#[track_caller]
fn check(snapshot: &str, expansion: &Expansion) {
    let lines: Vec<_> = text::lines(expansion).iter().map(|line| format!("{line}\n")).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tree/snapshots").join(snapshot);
    assert_data_eq!(lines.concat(), Data::read_from(&path.with_extension("txt"), None).raw());
    for line in lines {
        assert_eq!(line.trim_end(), line.trim_end_matches('\n'), "no blanks at the end");
    }
    // What is shown can be taken to another process and shown there.
    let json = serde_json::to_string(expansion).expect("it can be written");
    assert_eq!(serde_json::from_str::<Expansion>(&json).expect("it can be read"), *expansion);
}

#[test]
fn of_types_of_c() {
    check("ship", &expand_type("basics", "struct ship", LIMITS));
    check("ship-on-powerpc", &expand_type("basics-powerpc", "struct ship", Limits { depth: 1, ..LIMITS }));
    check("cargo", &expand_type("basics", "enum cargo", LIMITS));
    check("mark", &expand_type("basics", "union mark", LIMITS));
    check("draught", &expand_type("basics", "typedef draught_t", LIMITS));
    check("crane", &expand_type("basics", "struct crane", LIMITS));
    check("idle", &expand_type("lost-comma", "struct idle", LIMITS));
}

#[test]
fn of_symbols_of_c() {
    check("moor", &expand_symbol("basics", "moor", LIMITS));
    check("moor-2", &expand_symbol("basics", "moor", Limits { depth: 2, ..LIMITS }));
    check("moor-1", &expand_symbol("basics", "moor", Limits { depth: 1, ..LIMITS }));
    check("moor-of-three-nodes", &expand_symbol("basics", "moor", Limits { nodes: 3, ..LIMITS }));
    check("signals", &expand_symbol("basics", "signals", LIMITS));
    check("flagship", &expand_symbol("basics", "flagship", Limits { depth: 2, ..LIMITS }));
}

#[test]
fn of_rust() {
    check("area", &expand_symbol("rust", "area", LIMITS));
    check("move_along", &expand_symbol("rust", "move_along", LIMITS));
    check("handlers", &expand_symbol("rust", "HANDLERS", Limits { depth: 2, ..LIMITS }));
    check("bits", &expand_type("rust", "union Bits", LIMITS));
}

/// Each piece has a role, for those who give it a colour.
#[test]
fn roles() {
    let lines = text::lines(&expand_type("basics", "struct crane", Limits { depth: 1, ..LIMITS }));
    let spans = |line: usize| -> Vec<_> {
        let spans = lines[line].spans.iter().filter(|span| !span.text.trim().is_empty());
        spans.map(|span| (span.role, span.text.trim())).collect()
    };
    use text::Role;
    let place = |offset, size| [(Role::Offset, offset), (Role::Size, size)];
    assert_eq!(
        spans(0),
        [
            place("0", "16").as_slice(),
            &[
                (Role::Keyword, "struct"),
                (Role::Name, "crane"),
                (Role::Plain, "{"),
                (Role::Comment, "/* basics.c:6"),
                (Role::Comment, ", private */")
            ]
        ]
        .concat()
    );
    assert_eq!(spans(2), [place("4", "4").as_slice(), &[(Role::Hole, "/* hole: 4 bytes */")]].concat());
    assert_eq!(
        spans(3),
        [
            place("8", "8").as_slice(),
            &[
                (Role::Keyword, "struct"),
                (Role::Type, "ship"),
                (Role::Plain, "*"),
                (Role::Name, "ship"),
                (Role::Plain, ";")
            ]
        ]
        .concat()
    );
}
