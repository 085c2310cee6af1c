// SPDX-License-Identifier: GPL-2.0-only
//! DIEs as an assembler takes them, each value in a form chosen at random.

use std::collections::BTreeMap;
use std::fmt::Write;

use fastrand::Rng;
use gimli::constants::*;

use super::super::Dice;
use super::{Die, Unit, Value};

/// The sections being written.
struct Assembly<'a> {
    rng: &'a mut Rng,
    info: String,
    abbreviations: String,
    /// The signatures of what type units are about, by label.
    signatures: BTreeMap<usize, usize>,
    /// How many abbreviations and how many strings were given a number so far.
    codes: usize,
    strings: usize,
}

/// The whole file.
pub(super) fn write(units: &[Unit], symbols: &str, rng: &mut Rng) -> String {
    let of_type_units = units.iter().enumerate().filter(|(_, unit)| unit.kind == DW_UT_type);
    let signatures = of_type_units.filter_map(|(index, unit)| Some((*unit.types.first()?, signature(index)))).collect();
    let mut assembly =
        Assembly { rng, info: String::new(), abbreviations: String::new(), signatures, codes: 0, strings: 0 };
    for (index, unit) in units.iter().enumerate() {
        assembly.unit(index, unit);
    }
    let Assembly { info, abbreviations, .. } = assembly;
    // The line table has one header and one source. In the sections of location lists are no lists: it is their size
    // that counts, where the offset of a list is taken for a number.
    format!(
        "\t.data\n{symbols}\t.text\n\t.file 1 \"zoo.h\"\n\t.file 2 \"zoo.c\"\n\t.loc 1 1\n\t.8byte 0\n\
         \t.section .debug_line,\"\",%progbits\n.Lline:\n\
         \t.section .debug_loc,\"\",%progbits\n\t.zero 100\n\
         \t.section .debug_loclists,\"\",%progbits\n\t.zero 50\n\
         \t.section .debug_str,\"MS\",%progbits,1\n\t.string \"first\"\n\
         \t.section .debug_abbrev,\"\",%progbits\n.Labbrev:\n{abbreviations}\t.byte 0\n\
         \t.section .debug_info,\"\",%progbits\n{info}"
    )
}

/// The signature of a type unit.
fn signature(unit: usize) -> usize {
    0x1000 + unit
}

impl Assembly<'_> {
    fn unit(&mut self, index: usize, unit: &Unit) {
        let out = &mut self.info;
        _ = writeln!(out, ".Lunit{index}:\n\t.4byte .Lend{index} - .Lstart{index}\n.Lstart{index}:");
        _ = writeln!(out, "\t.2byte {}", unit.version);
        match unit.version {
            5 => _ = writeln!(out, "\t.byte {}, 8\n\t.4byte .Labbrev", unit.kind.0),
            _ => _ = writeln!(out, "\t.4byte .Labbrev\n\t.byte 8"),
        }
        if unit.kind == DW_UT_type {
            let label =
                unit.types.first().copied().map_or("0".to_owned(), |label| format!(".Ldie{label} - .Lunit{index}"));
            _ = writeln!(out, "\t.8byte {}\n\t.4byte {label}", signature(index));
        }
        let tag = if unit.kind == DW_UT_partial {
            DW_TAG_partial_unit
        } else if unit.kind == DW_UT_type {
            DW_TAG_type_unit
        } else {
            DW_TAG_compile_unit
        };
        self.codes += 1;
        let code = self.codes;
        let form = if unit.version >= 4 { DW_FORM_sec_offset } else { DW_FORM_data4 };
        _ = writeln!(self.info, "\t.uleb128 {code}\n\t.4byte .Lline");
        _ = writeln!(
            self.abbreviations,
            "\t.uleb128 {code}, {}\n\t.byte 1\n\t.uleb128 {}, {}, 0, 0",
            tag.0, DW_AT_stmt_list.0, form.0
        );
        for die in &unit.dies {
            self.die(index, unit.version, die);
        }
        _ = writeln!(self.info, "\t.byte 0\n.Lend{index}:");
    }

    fn die(&mut self, unit: usize, version: u16, die: &Die) {
        self.codes += 1;
        let code = self.codes;
        _ = writeln!(self.info, ".Ldie{}:\n\t.uleb128 {code}", die.label);
        let children = u8::from(!die.children.is_empty());
        _ = writeln!(self.abbreviations, "\t.uleb128 {code}, {}\n\t.byte {children}", die.tag.0);
        for (attribute, value) in &die.attributes {
            self.attribute(unit, version, *attribute, value);
        }
        self.abbreviations += "\t.uleb128 0, 0\n";
        for child in &die.children {
            self.die(unit, version, child);
        }
        if children != 0 {
            self.info += "\t.byte 0\n";
        }
    }

    fn attribute(&mut self, unit: usize, version: u16, attribute: DwAt, value: &Value) {
        let newest = version >= 5;
        // The form, what it takes beside it, and the value.
        let (form, constant, text) = match value {
            Value::Constant(value) => self.constant(newest, *value),
            Value::Text(text) if self.rng.percent(80) => (DW_FORM_string, None, format!(".string \"{text}\"")),
            Value::Text(text) => {
                // A string of the string section, which a linker may merge with others.
                let place = format!(
                    "\t.pushsection .debug_str,\"MS\",%progbits,1\n.Lstring{0}:\n\t.string \"{text}\"\n\t.popsection\n",
                    self.strings
                );
                self.info += &place;
                let string = (DW_FORM_strp, None, format!(".4byte .Lstring{}", self.strings));
                self.strings += 1;
                string
            }
            Value::Flag(true) if version >= 4 && self.rng.bool() => (DW_FORM_flag_present, None, String::new()),
            Value::Flag(flag) => (DW_FORM_flag, None, format!(".byte {}", u8::from(*flag))),
            Value::Reference { unit: target, label } if *target == unit && self.rng.percent(90) => {
                match self.rng.bool() {
                    true => (DW_FORM_ref4, None, format!(".4byte .Ldie{label} - .Lunit{unit}")),
                    false => (DW_FORM_ref_udata, None, format!(".uleb128 .Ldie{label} - .Lunit{unit}")),
                }
            }
            Value::Reference { label, .. }
                if version >= 4 && self.signatures.contains_key(label) && self.rng.bool() =>
            {
                (DW_FORM_ref_sig8, None, format!(".8byte {}", self.signatures[label]))
            }
            // An address, and so as wide as one, until DWARF 3 said better.
            Value::Reference { label, .. } if version == 2 => (DW_FORM_ref_addr, None, format!(".8byte .Ldie{label}")),
            Value::Reference { label, .. } => (DW_FORM_ref_addr, None, format!(".4byte .Ldie{label}")),
            Value::Block(bytes) => {
                let list = bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
                let form = if version >= 4 && self.rng.bool() { DW_FORM_exprloc } else { DW_FORM_block };
                (form, None, format!(".uleb128 {}\n\t.byte {list}", bytes.len()))
            }
            Value::SectionOffset(offset) if version >= 4 => (DW_FORM_sec_offset, None, format!(".4byte {offset}")),
            Value::SectionOffset(offset) => (DW_FORM_data4, None, format!(".4byte {offset}")),
        };
        _ = writeln!(self.abbreviations, "\t.uleb128 {}, {}", attribute.0, form.0);
        if let Some(constant) = constant {
            _ = writeln!(self.abbreviations, "\t.sleb128 {constant}");
        }
        _ = writeln!(self.info, "\t{text}");
    }

    /// A form that holds the number, at random.
    fn constant(&mut self, newest: bool, value: i64) -> (DwForm, Option<i64>, String) {
        match self.rng.u32(0..7) {
            0 if (0..=0xff).contains(&value) => (DW_FORM_data1, None, format!(".byte {value}")),
            1 if (0..=0xffff).contains(&value) => (DW_FORM_data2, None, format!(".2byte {value}")),
            2 if (0..=0xffff_ffff).contains(&value) => (DW_FORM_data4, None, format!(".4byte {value}")),
            3 => (DW_FORM_data8, None, format!(".8byte {value}")),
            4 if newest => (DW_FORM_implicit_const, Some(value), String::new()),
            5 if value >= 0 => (DW_FORM_udata, None, format!(".uleb128 {value}")),
            _ => (DW_FORM_sdata, None, format!(".sleb128 {value}")),
        }
    }
}
