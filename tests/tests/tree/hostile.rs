// SPDX-License-Identifier: GPL-2.0-only
//! Types that refer to themselves, are nested deeply, grow when they are written out, or are no types at all. Nothing of that
//! may recurse, panic, or take for ever.

use std::thread;

use gimli::{LittleEndian, constants as dw};
use kabiscope::abi::tree::{self, Expansion, Item, Limits, TypeGraph, text};
use kabiscope::dwarf::{DebugInfo, DieOffset};
use kabiscope::types::SymbolRole;
use kabiscope_tests::handmade::{EXPORT, Types};
use object::{Object as _, ObjectSection as _};

use super::{fixture, with_debug_info, with_units};

/// What a browser's worker has at the least.
const STACK: usize = 256 << 10;

const LIMITS: Limits = Limits { depth: 100_000, nodes: 100_000 };

/// Calls `test` on a small stack.
fn on_small_stack<T: Send>(test: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, test);
        thread.expect("a thread").join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// All that can be asked of a DIE.
fn ask_all(debug_info: &DebugInfo<'_>, at: DieOffset) -> Option<Expansion> {
    let mut graph = TypeGraph::new(debug_info);
    graph.types_of(at);
    graph.path(at, &"struct nowhere".parse().expect("any text is a query"));
    for role in [SymbolRole::Function, SymbolRole::Variable] {
        if let Ok(symbol) = tree::describe_symbol(debug_info, at, role, EXPORT) {
            text::lines(&tree::expand(debug_info, symbol, Limits { depth: 2, nodes: 100 }));
        }
    }
    let root = tree::describe(debug_info, at).ok()?;
    let expansion = tree::expand(debug_info, root, LIMITS);
    text::lines(&expansion);
    let json = serde_json::to_string(&expansion).expect("it can be written");
    assert_eq!(serde_json::from_str::<Expansion>(&json).expect("it can be read"), expansion);
    Some(expansion)
}

/// The DIE at an offset of `.debug_info`.
fn die(offset: usize) -> DieOffset {
    serde_json::from_value(offset.into()).expect("a DIE is named by a number")
}

/// The expansion of the variable of an object that has one.
fn expand(object: &[u8]) -> Expansion {
    let variable = variable(object);
    on_small_stack(|| {
        with_units(object, |units| {
            with_debug_info(units, |debug_info, _| {
                ask_all(debug_info, variable);
                let variable = tree::describe_symbol(debug_info, variable, SymbolRole::Variable, EXPORT);
                tree::expand(debug_info, variable.expect("it can be read"), LIMITS)
            })
        })
    })
}

/// Where the variable is.
fn variable(object: &[u8]) -> DieOffset {
    let file = object::File::parse(object).expect("an ELF file");
    let section = |name| file.section_by_name(name).and_then(|section| section.data().ok()).expect("it is there");
    let info = gimli::DebugInfo::new(section(".debug_info"), LittleEndian);
    let unit = info.units().next().expect("it can be read").expect("a unit");
    let abbreviations = gimli::DebugAbbrev::new(section(".debug_abbrev"), LittleEndian);
    let abbreviations = unit.abbreviations(&abbreviations).expect("it can be read");
    let mut entries = unit.entries(&abbreviations);
    while let Some(entry) = entries.next_dfs().expect("it can be read") {
        if entry.tag() == dw::DW_TAG_variable {
            return die(entry.offset().to_debug_info_offset(&unit).expect("it is in .debug_info").0);
        }
    }
    panic!("there is no variable")
}

fn has_trouble(expansion: &Expansion) -> bool {
    let json = serde_json::to_value(expansion).expect("it can be written");
    let mut open = vec![&json];
    while let Some(value) = open.pop() {
        match value {
            serde_json::Value::Array(values) => open.extend(values),
            serde_json::Value::Object(fields) => {
                if fields.get("trouble").is_some_and(|trouble| !trouble.is_null()) || fields.contains_key("reason") {
                    return true;
                }
                open.extend(fields.values());
            }
            _ => {}
        }
    }
    false
}

#[test]
fn types_of_themselves() {
    for tag in [
        dw::DW_TAG_array_type,
        dw::DW_TAG_const_type,
        dw::DW_TAG_pointer_type,
        dw::DW_TAG_typedef,
        dw::DW_TAG_subroutine_type,
    ] {
        for length in [1, 2, 1000] {
            let expansion = expand(&Types::cycle(tag, length));
            assert!(has_trouble(&expansion) || tag == dw::DW_TAG_subroutine_type, "{length} × {tag}");
        }
    }
}

/// A chain that is no circle, but longer than any that a compiler writes.
#[test]
fn long_chains() {
    let mut types = Types::new();
    let int = types.int();
    let last = (0..100_000).fold(int, |of, _| types.add_of(dw::DW_TAG_pointer_type, of));
    assert!(has_trouble(&expand(&types.object_of(last))));
}

#[test]
fn nameless_structures_within_themselves() {
    for tag in [dw::DW_TAG_structure_type, dw::DW_TAG_union_type] {
        let mut types = Types::new();
        let structure = types.add(tag);
        types.add_member(structure, structure);
        expand(&types.object_of(structure));

        // Each is in the one before it twice: all together, more than could ever be counted.
        let mut types = Types::new();
        let int = types.int();
        let last = (0..100).fold(int, |of, _| {
            let structure = types.add(tag);
            types.add_member(structure, of);
            types.add_member(structure, of);
            structure
        });
        assert!(has_trouble(&expand(&types.object_of(last))));
    }
}

/// Structures with names, each in the next: as many levels as somebody asks for.
#[test]
fn deep_nesting() {
    let mut types = Types::new();
    let int = types.int();
    let last = (0..5_000).fold(int, |of, number| {
        let structure = types.add(dw::DW_TAG_structure_type);
        types.name(structure, &format!("level{number}"));
        types.add_member(structure, of);
        structure
    });
    assert_eq!(expand(&types.object_of(last)).nodes.len(), 5_001);
}

#[test]
fn deeply_nested_variants() {
    let mut types = Types::new();
    let int = types.int();
    let structure = types.add(dw::DW_TAG_structure_type);
    let mut inner = structure;
    for _ in 0..1_000 {
        let part = types.add_below(inner, dw::DW_TAG_variant_part);
        types.add_member(part, int);
        inner = types.add_below(part, dw::DW_TAG_variant);
    }
    assert!(has_trouble(&expand(&types.object_of(structure))));
}

/// Function types whose parameters are function types: each writes the one before it many times.
#[test]
fn growing_declarations() {
    let mut types = Types::new();
    let int = types.int();
    let last = (0..50).fold(int, |of, _| {
        let function = types.add_of(dw::DW_TAG_subroutine_type, int);
        let pointer = types.add_of(dw::DW_TAG_pointer_type, function);
        for _ in 0..50 {
            types.add_parameter(function, of);
        }
        pointer
    });
    let expansion = expand(&types.object_of(last));
    let Some(Item::Type(r#type)) = expansion.nodes[0].items.first() else { panic!("a variable has a type") };
    assert!(r#type.name.len() < 1 << 16 && r#type.name.ends_with('…'), "{} bytes", r#type.name.len());
}

/// A long name that many members have: together they take more than any source.
#[test]
fn growing_names() {
    let mut types = Types::new();
    let int = types.int();
    let name = types.add_name(&"n".repeat(1 << 20));
    let structure = types.add(dw::DW_TAG_structure_type);
    for _ in 0..1_000 {
        let member = types.add_below(structure, dw::DW_TAG_member);
        types.share_name(member, name);
        types.set_type(member, int);
    }
    assert!(has_trouble(&expand(&types.object_of(structure))));
}

/// Names that would do something to a terminal.
#[test]
fn names_that_are_no_text() {
    let mut types = Types::new();
    let int = types.int();
    let structure = types.add(dw::DW_TAG_structure_type);
    types.name(structure, "evil\x1b[2J\r\n");
    types.add_member(structure, int);
    let expansion = expand(&types.object_of(structure));
    for line in text::lines(&expansion) {
        assert!(!line.to_string().contains(char::is_control), "{line}");
    }
}

/// Whatever is at an offset: the middle of an entry, or no type.
#[test]
fn offsets_that_are_no_types() {
    for name in ["basics", "rust"] {
        let object = std::fs::read(fixture(name)).expect("the object can be read");
        with_units(&object, |units| {
            with_debug_info(units, |debug_info, range| {
                let shown = range.clone().chain([range.end + 1, usize::MAX >> 8]).filter_map(|offset| {
                    let root = tree::describe(debug_info, die(offset)).ok()?;
                    Some(text::lines(&tree::expand(debug_info, root, Limits { depth: 2, nodes: 20 })))
                });
                assert!(shown.count() > 20);
            });
        });
    }
}

/// Bytes of the entries or abbreviations that are other ones.
#[test]
fn damaged_entries() {
    let mut random = fastrand::Rng::with_seed(0x6b61_6269);
    for name in ["basics", "basics-powerpc", "rust"] {
        let intact = std::fs::read(fixture(name)).expect("the object can be read");
        let file = object::File::parse(&*intact).expect("an ELF file");
        let sections = [".debug_info", ".debug_abbrev"].map(|name| {
            let section = file.section_by_name(name).expect("it is there");
            section.file_range().expect("it has bytes")
        });
        for _ in 0..300 {
            let mut damaged = intact.clone();
            for _ in 0..random.usize(1..4) {
                let (start, size) = sections[random.usize(..2)];
                damaged[start as usize + random.usize(..size as usize)] = random.u8(..);
            }
            on_small_stack(|| {
                let image = kabiscope::object::Image::parse(&*damaged).expect("its headers are intact");
                let Ok(sections) = kabiscope::dwarf::Sections::read(&image) else { return };
                let Ok(debug_info) = DebugInfo::new(&sections, None) else { return };
                for _ in 0..20 {
                    let offset = random.usize(..2_000);
                    ask_all(&debug_info, die(offset));
                }
            });
        }
    }
}
