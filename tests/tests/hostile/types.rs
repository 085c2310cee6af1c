// SPDX-License-Identifier: GPL-2.0-only
//! Types that contain themselves, are nested deeply, or grow when they are written out.

use gimli::constants as dw;
use gimli::write::UnitEntryId;
use kabiscope::Error;
use kabiscope_tests::handmade::{EXPORT, Encoded, INT, Types};

use super::arena::{Question, check, check_limit, version_of};

/// What a text that is written out may take: core/src/dwarf has a limit of 64 MiB for small objects, and a growing text is
/// in memory twice while it is moved.
const TEXT: u64 = 4 * (64 << 20);

/// The same for dumps, whose limit is 256 MiB.
const DUMP: u64 = 4 * (256 << 20);

#[track_caller]
fn check_cycle(name: &str, object: Vec<u8>) {
    let versions = check(name, Question::about(object));
    assert!(matches!(versions, Err(Error::CyclicType(_))), "{name}: {versions:?}");
}

/// The string of such a type would have no end. The reference crashes.
#[test]
fn types_of_themselves() {
    for tag in [
        dw::DW_TAG_array_type,
        dw::DW_TAG_const_type,
        dw::DW_TAG_pointer_type,
        dw::DW_TAG_subroutine_type,
        dw::DW_TAG_typedef,
        dw::DW_TAG_volatile_type,
    ] {
        for length in [1, 2, 1000] {
            check_cycle(&format!("cycle of {length} × {tag}"), Types::cycle(tag, length));
        }
    }
}

#[test]
fn nameless_structure_within_itself() {
    for tag in [dw::DW_TAG_structure_type, dw::DW_TAG_union_type, dw::DW_TAG_class_type] {
        let mut types = Types::new();
        let structure = types.add(tag);
        types.add_member(structure, structure);
        check_cycle(&format!("{tag} with a member of itself"), types.object_of(structure));

        let mut types = Types::new();
        let structure = types.add(tag);
        let pointer = types.add_of(dw::DW_TAG_pointer_type, structure);
        types.add_member(structure, pointer);
        check_cycle(&format!("{tag} with a pointer to itself"), types.object_of(pointer));
    }
}

#[test]
fn function_type_as_its_own_parameter() {
    let mut types = Types::new();
    let function = types.add(dw::DW_TAG_subroutine_type);
    types.add_parameter(function, function);
    check_cycle("function type as its own parameter", types.object_of(function));
}

/// A name between makes it an ordinary type. The reference says the same.
#[test]
fn typedef_of_a_structure_of_the_typedef() {
    let mut types = Types::new();
    let (typedef, structure) = (types.add(dw::DW_TAG_typedef), types.add(dw::DW_TAG_structure_type));
    types.name(typedef, "T");
    types.name(structure, "S");
    types.set_type(typedef, structure);
    types.add_member(structure, typedef);
    let versions = check("typedef of a structure of the typedef", Question::about(types.object_of(typedef)));
    assert_eq!(versions, version_of("variable typedef_type T { structure_type S { member t#T } }"));
}

/// The reference crashes at 40,000 of them; for 20,000 it says the same.
#[test]
fn many_pointers() {
    const COUNT: usize = 200_000;
    let mut types = Types::new();
    let int = types.int();
    let pointer = (0..COUNT).fold(int, |of, _| types.add_of(dw::DW_TAG_pointer_type, of));
    let versions = check("many pointers", Question::about(types.object_of(pointer)));
    assert_eq!(
        versions,
        version_of(&format!("variable {}{INT}{}", "pointer_type { ".repeat(COUNT), " }".repeat(COUNT)))
    );
}

#[test]
fn structures_of_structures() {
    const COUNT: usize = 100_000;
    for named in [false, true] {
        let mut types = Types::new();
        let mut inner = types.int();
        let mut start = String::new();
        for number in 0..COUNT {
            let structure = types.add(dw::DW_TAG_structure_type);
            types.add_member(structure, inner);
            if named {
                types.name(structure, &number.to_string());
            }
            inner = structure;
        }
        for number in (0..COUNT).rev() {
            let name = if named { format!("{number} ") } else { String::new() };
            start += &format!("structure_type {name}{{ member ");
        }
        let versions = check("structures of structures", Question::about(types.object_of(inner)));
        assert_eq!(versions, version_of(&format!("variable {start}{INT}{}", " }".repeat(COUNT))), "named: {named}");
    }
}

/// A structure, described within so many others that its name takes half a megabyte, or within unions, which give it no name.
#[test]
fn deeply_nested_entries() {
    const DEPTH: u32 = 100_000;
    for (tag, sibling) in [
        (dw::DW_TAG_structure_type, false),
        (dw::DW_TAG_namespace, true),
        (dw::DW_TAG_union_type, false),
        (dw::DW_TAG_union_type, true),
        (dw::DW_TAG_subprogram, true),
        (dw::DW_TAG_enumeration_type, true),
    ] {
        let mut unit = Encoded::of_variable();
        let outer = [(dw::DW_AT_sibling, dw::DW_FORM_ref4), (dw::DW_AT_name, dw::DW_FORM_string)];
        unit.abbreviation(10, tag, true, if sibling { &outer } else { &outer[1..] });
        unit.abbreviation(11, dw::DW_TAG_structure_type, false, &[(dw::DW_AT_name, dw::DW_FORM_string)]);
        let size = if sibling { 8 } else { 4 };
        let end = unit.next_offset() + DEPTH * size + 4 + DEPTH;
        for depth in 0..DEPTH {
            let next = (end - depth).to_le_bytes();
            unit.entry(10, &[if sibling { &next } else { &[] }, b"in\0"]);
        }
        let structure = unit.entry(11, &[b"it\0"]);
        for _ in 0..DEPTH {
            unit.entry(0, &[]);
        }
        assert_eq!(unit.next_offset(), end);
        unit.variable(structure);
        unit.entry(0, &[]);
        let versions = check(&format!("deeply nested {tag}"), Question::about(unit.object()));
        let passes_its_name_on = matches!(tag, dw::DW_TAG_structure_type | dw::DW_TAG_namespace);
        let prefix = if passes_its_name_on { "in::".repeat(DEPTH as usize) } else { String::new() };
        assert_eq!(
            versions,
            version_of(&format!("variable structure_type {prefix}it {{ }}")),
            "{tag}, sibling: {sibling}"
        );
    }
}

/// Compilers nest them two or three deep. The reference accepts ten as well, and crashes at ten thousand.
#[test]
fn deeply_nested_variant_parts() {
    for (depth, accepted) in [(10, true), (10_000, false)] {
        let mut unit = Encoded::of_variable();
        unit.abbreviation(10, dw::DW_TAG_structure_type, true, &[]);
        unit.abbreviation(11, dw::DW_TAG_variant_part, true, &[]);
        unit.abbreviation(12, dw::DW_TAG_variant, true, &[]);
        unit.abbreviation(13, dw::DW_TAG_member, false, &[(dw::DW_AT_type, dw::DW_FORM_ref4)]);
        let int = unit.int();
        let structure = unit.entry(10, &[]);
        for _ in 0..depth {
            unit.entry(11, &[]);
        }
        unit.entry(12, &[]);
        unit.entry(13, &[&int.to_le_bytes()]);
        for _ in 0..depth + 2 {
            unit.entry(0, &[]);
        }
        unit.variable(structure);
        unit.entry(0, &[]);
        let versions = check("deeply nested variant parts", Question::about(unit.object()));
        if accepted {
            let (start, end) = ("variant_part { ".repeat(depth), " }".repeat(depth));
            let structure = format!("structure_type {{ {start}variant {{ member {INT} }}{end} }}");
            assert_eq!(versions, version_of(&format!("variable {structure}")));
        } else {
            assert!(matches!(versions, Err(Error::LimitExceeded { .. })), "{versions:?}");
        }
    }
}

/// Reading that takes too many steps may say so instead, but it ends.
#[track_caller]
fn check_ends(name: &str, object: Vec<u8>, string: &str) {
    let versions = check(name, Question::about(object));
    assert!(
        versions == version_of(string) || matches!(versions, Err(Error::LimitExceeded { .. })),
        "{name}: {versions:?}"
    );
}

/// No entry tells where the next one is that is not within it.
#[test]
fn structures_within_structures() {
    const DEPTH: u32 = 100_000;
    let mut unit = Encoded::of_variable();
    unit.abbreviation(10, dw::DW_TAG_structure_type, true, &[]);
    unit.abbreviation(11, dw::DW_TAG_member, false, &[(dw::DW_AT_type, dw::DW_FORM_ref4)]);
    let int = unit.int();
    let outermost = unit.next_offset();
    for depth in 1..=DEPTH {
        unit.entry(10, &[]);
        let inner = if depth == DEPTH { int } else { unit.next_offset() + 5 };
        unit.entry(11, &[&inner.to_le_bytes()]);
    }
    for _ in 0..DEPTH {
        unit.entry(0, &[]);
    }
    unit.variable(outermost);
    unit.entry(0, &[]);
    let (start, end) = ("structure_type { member ".repeat(DEPTH as usize), " }".repeat(DEPTH as usize));
    check_ends("structures within structures", unit.object(), &format!("variable {start}{INT}{end}"));
}

#[test]
fn types_behind_nested_scopes() {
    const COUNT: u32 = 100_000;
    let mut unit = Encoded::of_variable();
    unit.abbreviation(10, dw::DW_TAG_structure_type, true, &[]);
    unit.abbreviation(11, dw::DW_TAG_member, false, &[(dw::DW_AT_type, dw::DW_FORM_ref4)]);
    unit.abbreviation(12, dw::DW_TAG_base_type, false, &[(dw::DW_AT_name, dw::DW_FORM_string)]);
    for _ in 0..COUNT {
        unit.entry(10, &[]);
    }
    for _ in 1..COUNT {
        unit.entry(0, &[]);
    }
    let types: Vec<_> = (0..COUNT).map(|_| unit.entry(12, &[b"it\0"])).collect();
    unit.entry(0, &[]);
    let structure = unit.entry(10, &[]);
    for of in types {
        unit.entry(11, &[&of.to_le_bytes()]);
    }
    unit.entry(0, &[]);
    unit.variable(structure);
    unit.entry(0, &[]);
    let members = vec!["member base_type it"; COUNT as usize].join(" , ");
    check_ends("types behind nested scopes", unit.object(), &format!("variable structure_type {{ {members} }}"));
}

/// Each is a structure with two members of the one before.
fn doubled(types: &mut Types, levels: u32) -> UnitEntryId {
    let int = types.int();
    (0..levels).fold(int, |inner, _| {
        let structure = types.add(dw::DW_TAG_structure_type);
        types.add_member(structure, inner);
        types.add_member(structure, inner);
        structure
    })
}

/// A string of 2^40 words.
#[test]
fn doubled_again_and_again() {
    let mut types = Types::new();
    let structure = doubled(&mut types, 40);
    check_limit("doubled again and again", Question::about(types.object_of(structure)), TEXT);
}

/// A string that could just be, but not a thousand of them.
#[test]
fn many_large_types() {
    let mut types = Types::new();
    let large = doubled(&mut types, 18);
    let all = types.add(dw::DW_TAG_structure_type);
    for number in 0..1000 {
        let structure = types.add(dw::DW_TAG_structure_type);
        types.name(structure, &number.to_string());
        types.add_member(structure, large);
        types.add_member(all, structure);
    }
    check_limit("many large types", Question::about(types.object_of(all)), TEXT);
}

#[test]
fn many_large_symbols() {
    let mut types = Types::new();
    let large = doubled(&mut types, 18);
    let names: Vec<_> = (0..1000).map(|number| format!("{EXPORT}{number}")).collect();
    for name in &names {
        types.variable(name, large);
    }
    let question = Question { exports: names.join("\n").into_bytes().into(), ..Question::about(types.object()) };
    check_limit("many large symbols", question, TEXT);
}

/// One name, that many types have.
#[test]
fn long_names() {
    let mut types = Types::new();
    let name = types.add_name(&"n".repeat(100_000));
    let all = types.add(dw::DW_TAG_structure_type);
    for _ in 0..10_000 {
        let structure = types.add(dw::DW_TAG_structure_type);
        types.share_name(structure, name);
        types.add_member(all, structure);
    }
    check_limit("long names", Question::about(types.object_of(all)), TEXT);
}

/// The same in a chain of scopes.
#[test]
fn long_names_of_scopes() {
    let mut types = Types::new();
    let name = types.add_name(&"n".repeat(100_000));
    let all = types.add(dw::DW_TAG_structure_type);
    let mut scope = types.add(dw::DW_TAG_namespace);
    for _ in 0..500 {
        types.share_name(scope, name);
        let structure = types.add_below(scope, dw::DW_TAG_structure_type);
        types.name(structure, "it");
        types.add_member(all, structure);
        scope = types.add_below(scope, dw::DW_TAG_namespace);
    }
    check_limit("long names of scopes", Question::about(types.object_of(all)), TEXT);
}

/// Function types are dumped wherever they occur: these 2^40 times.
#[test]
fn endless_dump() {
    let mut types = Types::new();
    let int = types.int();
    let function = (0..40).fold(int, |inner, _| {
        let function = types.add(dw::DW_TAG_subroutine_type);
        types.add_parameter(function, inner);
        types.add_parameter(function, inner);
        function
    });
    let question = Question { dump: true, ..Question::about(types.object_of(function)) };
    check_limit("endless dump", question, DUMP);
}

/// A function type that is met again within each of its parameters is begun again each time.
#[test]
fn function_type_within_its_parameters() {
    let mut types = Types::new();
    let function = types.add(dw::DW_TAG_subroutine_type);
    for _ in 0..100_000 {
        let structure = types.add(dw::DW_TAG_structure_type);
        types.name(structure, "s");
        types.add_member(structure, function);
        types.add_parameter(function, structure);
    }
    check_limit("function type within its parameters", Question::about(types.object_of(function)), 0);
}

/// With --stable, a union is looked into.
#[test]
fn large_union_of_many_members() {
    const COUNT: usize = 100_000;
    let mut types = Types::new();
    let int = types.int();
    let union = types.add(dw::DW_TAG_union_type);
    for _ in 0..COUNT {
        // No member, and so of no interest.
        types.add_below(union, dw::DW_TAG_structure_type);
    }
    types.add_member(union, int);
    let structure = types.add(dw::DW_TAG_structure_type);
    types.name(structure, "s");
    for _ in 0..COUNT {
        types.add_member(structure, union);
    }
    let question = Question { stable: true, ..Question::about(types.object_of(structure)) };
    let versions = check("large union of many members", question);
    let members = vec![format!("member union_type {{ member {INT} }}"); COUNT].join(" , ");
    assert_eq!(versions, version_of(&format!("variable structure_type s {{ {members} }}")));
}
