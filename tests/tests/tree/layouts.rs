// SPDX-License-Identifier: GPL-2.0-only
//! Places, sizes, holes and padding, against those that pahole says: see tests/fixtures/layouts/README.md.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kabiscope::abi::tree::{Item, Member, Node};
use kabiscope_tests::fixtures;

use super::{find, fixture, with_debug_info, with_fixture, with_units};

/// What there is to say of a structure's layout.
#[derive(Debug, Default, PartialEq, Eq)]
struct Layout {
    /// Of a structure; pahole does not tell that of a union.
    size: Option<u64>,
    /// Members without a body of their own, in their order.
    members: Vec<Place>,
    /// Members with one, in the order of their places.
    bodies: Vec<Place>,
    /// Enumerators of enumerations in it.
    enumerators: Vec<String>,
    hole_bits: u64,
    padding_bits: u64,
}

/// Offset, first bit, and size.
type Place = (u64, Option<u64>, u64);

/// Reads what pahole printed.
fn by_pahole(text: &str) -> BTreeMap<String, Layout> {
    let mut layouts = BTreeMap::<_, Layout>::new();
    let mut current = None;
    for line in text.lines().filter(|line| !line.is_empty()) {
        if !line.starts_with('\t') {
            current = line.strip_suffix(" {").map(|name| layouts.entry(name.to_owned()).or_default());
        } else if let Some(layout) = &mut current {
            layout.read(line.trim());
        }
    }
    layouts.values_mut().for_each(|layout| layout.bodies.sort_unstable());
    layouts
}

impl Layout {
    fn read(&mut self, line: &str) {
        let number = |text: &str| text.split([' ', ',']).next().and_then(|number| number.parse::<u64>().ok());
        let after = |what: &str| line.split_once(what).and_then(|(_, rest)| number(rest));
        if let Some(size) = after("/* size: ") {
            self.size = Some(size);
        } else if let Some(hole) = after("/* XXX ") {
            self.hole_bits += if line.contains(" bit") { hole } else { hole * 8 };
        } else if let Some(padding) = after("/* padding: ") {
            self.padding_bits += padding * 8;
        } else if let Some(padding) = after("/* bit_padding: ") {
            self.padding_bits += padding;
        } else if let Some((code, place)) =
            line.split_once("/*").and_then(|(code, place)| Some((code, place_of(place)?)))
        {
            let list = if code.starts_with('}') { &mut self.bodies } else { &mut self.members };
            list.push(place);
        } else if let Some((name, value)) = line.strip_suffix(',').and_then(|line| line.split_once('=')) {
            self.enumerators.push(format!("{} = {}", name.trim(), value.trim()));
        }
    }

    fn of(node: &Node) -> Self {
        let mut layout = Self { size: node.size, ..Self::default() };
        layout.add(&node.items, true);
        layout.bodies.sort_unstable();
        layout
    }

    fn add(&mut self, items: &[Item], is_outermost: bool) {
        for item in items {
            match item {
                Item::Member(member) => {
                    let place = place(member).expect("its place is known");
                    match &member.body {
                        None => self.members.push(place),
                        Some(body) => {
                            self.bodies.push(place);
                            self.add(body, false);
                        }
                    }
                }
                Item::Enumerator { name, value } => {
                    self.enumerators.push(format!("{name} = {}", value.expect("a value")));
                }
                Item::Hole(gap) => self.hole_bits += gap.bits,
                // Of what is within, pahole tells no padding.
                Item::Padding(gap) => self.padding_bits += if is_outermost { gap.bits } else { 0 },
                item => panic!("{item:?} in a structure of C"),
            }
        }
    }
}

/// `12: 3  4 */`, or without the bit.
fn place_of(comment: &str) -> Option<Place> {
    let comment = comment.strip_suffix("*/")?.trim();
    let (offset, rest) = comment.split_once([':', ' '])?;
    let (bit, size) = match comment.contains(':') {
        true => rest.trim().split_once(' ').map(|(bit, size)| (bit.parse().ok(), size))?,
        false => (None, rest),
    };
    Some((offset.parse().ok()?, bit, size.trim().parse().ok()?))
}

fn place(member: &Member) -> Option<Place> {
    Some((member.offset?, member.bits.map(|bits| bits.offset), member.size?))
}

#[track_caller]
fn check(object: &Path, pahole: &Path) {
    let expected = by_pahole(&fs::read_to_string(pahole).expect("pahole's output can be read"));
    assert!(expected.len() > 2, "{}: {} structures", pahole.display(), expected.len());
    with_units(&fs::read(object).expect("the object can be read"), |units| {
        with_debug_info(units, |debug_info, units| {
            for (name, expected) in expected {
                let node = find(debug_info, units, &name);
                assert_eq!((&node.name, &node.trouble), (&name, &None));
                let mut layout = Layout::of(&node);
                layout.size = layout.size.filter(|_| expected.size.is_some());
                assert_eq!(layout, expected, "{name} in {}", object.display());
            }
        });
    });
}

#[test]
fn of_all_kinds() {
    let folder = fixtures().join("layouts");
    for name in ["gcc-dwarf2", "gcc-dwarf5", "powerpc-dwarf2", "s390x-dwarf4"] {
        check(&folder.join(name).with_extension("o"), &folder.join(name).with_extension("pahole"));
    }
}

#[test]
fn of_other_fixtures() {
    let folder = fixtures().join("layouts");
    for name in [
        "basics",
        "basics-arm",
        "basics-mips",
        "basics-powerpc",
        "basics-riscv64",
        "basics-s390x",
        "kabi",
        "lost-comma",
    ] {
        check(&fixture(name), &folder.join(name).with_extension("pahole"));
    }
}

/// What pahole is no help with: see the README there.
#[test]
fn of_clang() {
    let layouts = |object: &Path| {
        with_units(&fs::read(object).expect("the object can be read"), |units| {
            with_debug_info(units, |debug_info, units| {
                ["berthing", "tides", "signal", "manifest", "watch"]
                    .map(|name| Layout::of(&find(debug_info, units, &format!("struct {name}"))))
            })
        })
    };
    let folder = fixtures().join("layouts");
    assert_eq!(layouts(&folder.join("clang-dwarf4.o")), layouts(&folder.join("gcc-dwarf5.o")));
}

/// Sections, formats and compilers that say the same in other ways.
#[test]
fn said_in_other_ways() {
    let ship = |name| {
        with_fixture(name, |units| {
            with_debug_info(units, |debug_info, units| Layout::of(&find(debug_info, units, "struct ship")))
        })
    };
    for name in ["basics-clang", "basics-dwarf64", "basics-zlib", "dwz", "joined"] {
        assert_eq!(ship(name), ship("basics"), "{name}");
    }
}
