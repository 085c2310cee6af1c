// SPDX-License-Identifier: GPL-2.0-only
//! Units and entries whose encoding breaks the rules of DWARF.

use gimli::constants as dw;
use kabiscope::Error;
use kabiscope::versions::Version;
use kabiscope_tests::handmade::{self, EXPORT, Encoded, INT};

use super::arena::{Question, allowed_memory, check, check_limit, version_of};

#[track_caller]
fn check_malformed(name: &str, object: Vec<u8>) {
    let versions = check(name, Question::about(object));
    assert!(matches!(versions, Err(Error::Dwarf { .. })), "{name}: {versions:?}");
}

#[track_caller]
fn check_string(name: &str, object: Vec<u8>, string: &str) {
    assert_eq!(check(name, Question::about(object)), version_of(string), "{name}");
}

/// What all the others are made from. The reference gives the same version.
#[test]
fn nothing_wrong() {
    let versions = check("nothing wrong", Question::about(Encoded::of_int().object()));
    assert_eq!(versions, Ok(vec![Some(Version(0x7ec4_72ba))]));
    assert_eq!(versions, version_of(&format!("variable {INT}")));
}

#[test]
fn unit_headers() {
    let mut unit = Encoded::of_int();
    for version in [0, 1, 6, u16::MAX] {
        unit.version = version;
        check_malformed(&format!("version {version}"), unit.object());
    }
    let mut unit = Encoded::of_int();
    // Too long by one byte or gigabytes, too short by one byte or all but one.
    for extra_length in [1, 0x7000_0000, u32::MAX, 0u32.wrapping_sub(28)] {
        unit.extra_length = extra_length;
        check_malformed(&format!("{extra_length:#x} bytes more"), unit.object());
    }
}

/// In 64-bit DWARF, these numbers can be anything.
#[test]
fn offsets_of_abbreviations() {
    for offset in [100, 1 << 60, u64::MAX] {
        check_malformed(&format!("abbreviations at {offset:#x}"), object_of_type_units(offset, 0x28));
    }
}

/// A type unit without the type that it is for. Void would be a guess.
#[test]
fn offsets_of_types() {
    for offset in [0, 100, 1 << 60, u64::MAX] {
        check_malformed(&format!("type at {offset:#x}"), object_of_type_units(0, offset));
    }
}

/// Two type units, of which the second has the export, and where abbreviations and type are said to be at these offsets.
fn object_of_type_units(abbreviations: u64, of: u64) -> Vec<u8> {
    let mut unit = Encoded::of_variable();
    unit.abbreviation(
        10,
        dw::DW_TAG_variable,
        false,
        &[(dw::DW_AT_name, dw::DW_FORM_string), (dw::DW_AT_type, dw::DW_FORM_ref_sig8)],
    );
    let mut info = Vec::new();
    for signature in [7u64, 8] {
        let entries = [&[1, 10][..], EXPORT.as_bytes(), &[0], &signature.to_le_bytes(), &[0]].concat();
        let header = [
            &[5, 0, dw::DW_UT_type.0, 8][..],
            &abbreviations.to_le_bytes(),
            &signature.to_le_bytes(),
            &of.to_le_bytes(),
        ]
        .concat();
        info.extend_from_slice(&[0xff; 4]);
        info.extend_from_slice(&((header.len() + entries.len()) as u64).to_le_bytes());
        info.extend(header);
        info.extend(entries);
    }
    handmade::object(&[(".debug_info", &info), (".debug_abbrev", &unit.sections().1)])
}

#[test]
fn references_that_lead_nowhere() {
    let unit = |of| {
        let mut unit = Encoded::of_variable();
        unit.int();
        unit.variable(of);
        unit.entry(0, &[]);
        unit
    };
    let end = unit(0).next_offset();
    // The unit's header, the middle of an entry, the null entry, and beyond.
    for of in [0, Encoded::HEADER - 1, Encoded::HEADER + 3, end - 1, end, 1000, u32::MAX] {
        check_malformed(&format!("reference to {of:#x}"), unit(of).object());
    }
}

/// Entries that should tell where the next one is.
#[test]
fn siblings_elsewhere() {
    let unit = |sibling: u32| {
        let mut unit = Encoded::of_variable();
        let attributes = [(dw::DW_AT_sibling, dw::DW_FORM_ref4)];
        unit.abbreviation(10, dw::DW_TAG_union_type, true, &attributes);
        unit.abbreviation(11, dw::DW_TAG_member, false, &[(dw::DW_AT_type, dw::DW_FORM_ref4)]);
        let int = unit.int();
        let union = unit.entry(10, &[&sibling.to_le_bytes()]);
        unit.entry(11, &[&int.to_le_bytes()]);
        unit.entry(0, &[]);
        let next = unit.next_offset();
        unit.variable(union);
        unit.entry(0, &[]);
        (unit, union, next)
    };
    let (_, union, next) = unit(0);
    check_string("the next entry", unit(next).0.object(), &format!("variable union_type {{ member {INT} }}"));
    for sibling in [0, Encoded::HEADER, union - 1, union, next + 100, u32::MAX] {
        check_malformed(&format!("sibling at {sibling:#x}"), unit(sibling).0.object());
    }
    // The number itself, and the children: what is read there ends before the variable. The reference says the same.
    for sibling in [union + 2, union + 5] {
        let versions = check("sibling within", Question::about(unit(sibling).0.object()));
        assert_eq!(versions, Ok(vec![None]), "sibling at {sibling:#x}");
    }
}

#[test]
fn indirect_forms() {
    let int = Encoded::of_variable().next_offset();
    let unit = |form: &[u8]| {
        let mut unit = Encoded::of_variable();
        let attributes = [(dw::DW_AT_name, dw::DW_FORM_string), (dw::DW_AT_type, dw::DW_FORM_indirect)];
        unit.abbreviation(10, dw::DW_TAG_variable, false, &attributes);
        unit.int();
        unit.entry(10, &[EXPORT.as_bytes(), b"\0", form, &int.to_le_bytes()]);
        unit.entry(0, &[]);
        unit.object()
    };
    let [reference, indirect, constant] =
        [dw::DW_FORM_ref4, dw::DW_FORM_indirect, dw::DW_FORM_implicit_const].map(|form| form.0 as u8);
    check_string("indirect", unit(&[reference]), &format!("variable {INT}"));
    check_malformed("indirect again", unit(&[indirect, reference]));
    check_malformed("for ever indirect", unit(&[indirect; 10_000]));
    check_malformed("a constant of the abbreviation", unit(&[constant]));
    check_malformed("a form of 70 bits", unit(&[0xff; 10]));
    check_malformed("an unknown form", unit(&[0x7f]));
}

#[test]
fn abbreviations() {
    let variable = [(dw::DW_AT_name, dw::DW_FORM_string), (dw::DW_AT_type, dw::DW_FORM_ref4)];
    let unit = |used: u64, defined: &[u64]| {
        let mut unit = Encoded::of_variable();
        for &code in defined {
            unit.abbreviation(code, dw::DW_TAG_variable, false, &variable);
        }
        let int = unit.int();
        unit.entry(used, &[EXPORT.as_bytes(), b"\0", &int.to_le_bytes()]);
        unit.entry(0, &[]);
        unit.object()
    };
    let int = format!("variable {INT}");
    check_string("a gap in the codes", unit(1000, &[1000]), &int);
    // The reference has no place for such a number.
    check_string("the largest code", unit(u64::MAX, &[u64::MAX]), &int);
    check_malformed("a code without abbreviation", unit(1000, &[1001]));
    check_malformed("a code with two abbreviations", unit(10, &[10, 10]));
    check_malformed("a dense code with two abbreviations", unit(4, &[4, 5, 4]));
}

#[test]
fn unknown_forms() {
    let unit = |used: bool| {
        let mut unit = Encoded::of_variable();
        unit.abbreviation(10, dw::DW_TAG_subprogram, false, &[(dw::DW_AT_description, gimli::DwForm(0x77))]);
        let int = unit.int();
        if used {
            unit.entry(10, &[]);
        }
        unit.variable(int);
        unit.entry(0, &[]);
        unit.object()
    };
    check_string("an unknown form in the abbreviations", unit(false), &format!("variable {INT}"));
    check_malformed("an unknown form", unit(true));
}

#[test]
fn endless_name() {
    let mut unit = Encoded::of_variable();
    unit.int();
    unit.entry(3, &[EXPORT.as_bytes()]);
    check_malformed("endless name", unit.object());
}

/// The reference takes the end of a unit for the end of whatever is open there.
#[test]
fn missing_null_entries() {
    let mut unit = Encoded::of_variable();
    let int = unit.int();
    unit.variable(int);
    check_string("entries of the unit", unit.object(), &format!("variable {INT}"));

    let mut unit = Encoded::of_variable();
    unit.abbreviation(10, dw::DW_TAG_structure_type, true, &[]);
    unit.abbreviation(11, dw::DW_TAG_member, false, &[(dw::DW_AT_type, dw::DW_FORM_ref4)]);
    let int = unit.int();
    unit.variable(unit.next_offset() + 12);
    unit.entry(10, &[]);
    check_string("children of a structure", unit.object(), "variable structure_type { }");
    unit.entry(11, &[&int.to_le_bytes()]);
    let string = format!("variable structure_type {{ member {INT} }}");
    check_string("members of a structure", unit.object(), &string);
    unit.entry(0, &[]);
    check_string("entries behind a structure", unit.object(), &string);
}

/// The reference fails as well (no debugging information).
#[test]
fn unit_without_an_entry() {
    check_malformed("unit without an entry", Encoded::empty().object());
}

#[test]
fn unit_without_children() {
    let versions = check("unit without children", Question::about(Encoded::of_variable().object()));
    assert_eq!(versions, Ok(vec![None]));
}

/// Each unit begins to read its abbreviations at another place of the same table.
#[test]
fn overlapping_abbreviations() {
    const COUNT: u16 = 5_000;
    let mut abbreviations = Vec::new();
    let mut info = Vec::new();
    for number in 0..COUNT {
        // A code of two bytes.
        let code = [number as u8 | 0x80, (number >> 7) as u8];
        let offset = u32::try_from(abbreviations.len()).expect("the table is small").to_le_bytes();
        let unit = [&[5, 0, dw::DW_UT_compile.0, 8][..], &offset, &code].concat();
        info.extend_from_slice(&(unit.len() as u32).to_le_bytes());
        info.extend(unit);
        abbreviations.extend_from_slice(&code);
        abbreviations.extend_from_slice(&[dw::DW_TAG_compile_unit.0 as u8, 0, 0, 0]);
    }
    abbreviations.push(0);
    let object = handmade::object(&[(".debug_info", &info), (".debug_abbrev", &abbreviations)]);
    // Some overlap is accepted, for tables have been shared in strange ways.
    let memory = 16 * allowed_memory(object.len());
    check_limit("overlapping abbreviations", Question::about(object), memory);
}
