// SPDX-License-Identifier: GPL-2.0-only
//! Random DWARF, spelled out in assembly: what no compiler here says, but one might.

mod assembly;

use std::fmt::Write;

use fastrand::Rng;
use gimli::constants::*;

use super::{Dice, SourceFile};

/// A unit under construction.
struct Unit {
    version: u16,
    kind: DwUt,
    /// The DIEs below the unit's own.
    dies: Vec<Die>,
    /// What can be referred to as a type, by label.
    types: Vec<usize>,
}

struct Die {
    label: usize,
    tag: DwTag,
    attributes: Vec<(DwAt, Value)>,
    children: Vec<Die>,
}

/// The value of an attribute, in a form that is chosen when it is written.
enum Value {
    Constant(i64),
    Text(String),
    Flag(bool),
    /// A DIE in the unit of that index.
    Reference {
        unit: usize,
        label: usize,
    },
    /// An expression, or whatever the bytes are.
    Block(Vec<u8>),
    /// A form that stands for a number, but in a section of its own.
    SectionOffset(u32),
}

struct Zoo<'a> {
    rng: &'a mut Rng,
    name: &'a str,
    units: Vec<Unit>,
    labels: usize,
    exports: usize,
    /// The symbols, in assembly.
    symbols: String,
}

/// Makes the file of an object.
pub(super) fn generate(name: &str, rng: &mut Rng) -> Vec<SourceFile> {
    let mut zoo = Zoo { rng, name, units: Vec::new(), labels: 0, exports: 0, symbols: String::new() };
    for _ in 0..zoo.rng.usize(1..=3) {
        let version = zoo.rng.pick(&[2, 3, 4, 4, 5, 5, 5]);
        let kind = match zoo.rng.u32(0..6) {
            0 if version >= 5 => DW_UT_partial,
            1 if version >= 5 => DW_UT_type,
            _ => DW_UT_compile,
        };
        zoo.units.push(Unit { version, kind, dies: Vec::new(), types: Vec::new() });
    }
    for _ in 0..zoo.rng.usize(6..=30) {
        let unit = zoo.rng.usize(0..zoo.units.len());
        zoo.add_type(unit);
    }
    for _ in 0..zoo.rng.usize(2..=10) {
        let unit = zoo.rng.usize(0..zoo.units.len());
        zoo.add_symbol(unit);
    }
    vec![SourceFile { name: format!("{name}.s"), text: assembly::write(&zoo.units, &zoo.symbols, zoo.rng) }]
}

impl Zoo<'_> {
    fn die(&mut self, tag: DwTag) -> Die {
        self.labels += 1;
        Die { label: self.labels, tag, attributes: Vec::new(), children: Vec::new() }
    }

    /// Few names, so that they come again.
    fn named(&mut self, die: &mut Die, stem: &str) {
        let name = format!("{stem}{}", self.rng.u32(0..6));
        die.attributes.push((DW_AT_name, Value::Text(name)));
    }

    /// With a certain chance, a number as an attribute: nearly always a number.
    fn number(&mut self, die: &mut Die, attribute: DwAt, chance: u32) {
        if !self.rng.percent(chance) {
            return;
        }
        let value = match self.rng.u32(0..40) {
            0 => Value::Block(vec![DW_OP_plus_uconst.0, 8]),
            1 => Value::SectionOffset(self.rng.u32(0..200)),
            2 => Value::Constant(self.rng.i64(..)),
            3 => Value::Constant(-self.rng.i64(1..300)),
            4 => Value::Text("number".to_owned()),
            _ => Value::Constant(self.rng.i64(0..100)),
        };
        die.attributes.push((attribute, value));
    }

    /// Mostly, the type of a DIE in the unit: any one that there is so far, of that unit or another.
    fn typed(&mut self, die: &mut Die, unit: usize) {
        let unit = if self.rng.percent(75) { unit } else { self.rng.usize(0..self.units.len()) };
        let Some(label) = self.rng.choice(&self.units[unit].types).copied() else { return };
        if self.rng.percent(92) {
            die.attributes.push((DW_AT_type, Value::Reference { unit, label }));
        }
    }

    /// Where a type is declared: public, private, or nowhere.
    fn declared(&mut self, die: &mut Die) {
        if self.rng.percent(30) {
            // The files of the line table: one header, one source.
            die.attributes.push((DW_AT_decl_file, Value::Constant(self.rng.i64(1..=2))));
        }
        if self.rng.percent(8) {
            die.attributes.push((DW_AT_declaration, Value::Flag(self.rng.percent(80))));
        }
    }

    fn add_type(&mut self, unit: usize) {
        let die = match self.rng.u32(0..20) {
            0..=3 => self.base(),
            4..=7 => self.modifier(unit),
            8..=12 => self.aggregate(unit),
            13 | 14 => self.enumeration(),
            15 => self.array(unit),
            16 | 17 => self.subroutine(unit),
            18 => self.variants(unit),
            _ => self.recursion(unit),
        };
        self.units[unit].types.push(die.label);
        let die = self.wrapped(die);
        self.units[unit].dies.push(die);
    }

    /// The DIE within others that may or may not give it a longer name.
    fn wrapped(&mut self, mut die: Die) -> Die {
        let within = [
            DW_TAG_namespace,
            DW_TAG_namespace,
            DW_TAG_structure_type,
            DW_TAG_union_type,
            DW_TAG_subprogram,
            DW_TAG_lexical_block,
            DW_TAG_class_type,
            DW_TAG_enumeration_type,
        ];
        while self.rng.percent(25) {
            let tag = self.rng.pick(&within);
            let mut outer = self.die(tag);
            if self.rng.percent(70) {
                self.named(&mut outer, "outer");
            }
            outer.children.push(die);
            die = outer;
        }
        die
    }

    fn base(&mut self) -> Die {
        let mut die = self.die(DW_TAG_base_type);
        self.named(&mut die, "base");
        self.number(&mut die, DW_AT_byte_size, 90);
        self.number(&mut die, DW_AT_encoding, 90);
        self.number(&mut die, DW_AT_alignment, 10);
        die
    }

    fn modifier(&mut self, unit: usize) -> Die {
        let tag = self.rng.pick(&[
            DW_TAG_pointer_type,
            DW_TAG_pointer_type,
            DW_TAG_typedef,
            DW_TAG_typedef,
            DW_TAG_const_type,
            DW_TAG_volatile_type,
            DW_TAG_restrict_type,
            DW_TAG_atomic_type,
            DW_TAG_reference_type,
            DW_TAG_rvalue_reference_type,
            DW_TAG_packed_type,
            DW_TAG_shared_type,
            DW_TAG_immutable_type,
            DW_TAG_template_type_parameter,
        ]);
        let mut die = self.die(tag);
        if self.rng.percent(if tag == DW_TAG_typedef { 95 } else { 15 }) {
            self.named(&mut die, "def");
        }
        self.typed(&mut die, unit);
        self.number(&mut die, DW_AT_byte_size, 40);
        self.number(&mut die, DW_AT_alignment, 5);
        die
    }

    fn aggregate(&mut self, unit: usize) -> Die {
        let tag = self.rng.pick(&[DW_TAG_structure_type, DW_TAG_structure_type, DW_TAG_union_type, DW_TAG_class_type]);
        let mut die = self.die(tag);
        if self.rng.percent(75) {
            self.named(&mut die, "tag");
        }
        self.number(&mut die, DW_AT_byte_size, 90);
        self.number(&mut die, DW_AT_alignment, 10);
        self.declared(&mut die);
        for _ in 0..self.rng.usize(0..=5) {
            let child = match self.rng.u32(0..60) {
                0..=3 => self.subprogram_within(unit),
                4 | 5 => self.modifier_within(unit, DW_TAG_template_type_parameter),
                6 => self.enumeration(),
                // What the reference refuses in a structure.
                7 => {
                    let tag = self.rng.pick(&[DW_TAG_inheritance, DW_TAG_variable, DW_TAG_typedef]);
                    self.modifier_within(unit, tag)
                }
                _ => self.member(unit),
            };
            die.children.push(child);
        }
        die
    }

    fn member(&mut self, unit: usize) -> Die {
        let mut die = self.die(DW_TAG_member);
        if self.rng.percent(85) {
            let stem = match self.rng.u32(0..20) {
                0 => "__kabi_reserved",
                1 => "__kabi_ignored",
                2 => "__kabi_renamed",
                _ => "member",
            };
            self.named(&mut die, stem);
        }
        self.typed(&mut die, unit);
        self.number(&mut die, DW_AT_data_member_location, 80);
        self.number(&mut die, DW_AT_bit_size, 10);
        self.number(&mut die, DW_AT_data_bit_offset, 10);
        self.number(&mut die, DW_AT_accessibility, 10);
        die
    }

    fn subprogram_within(&mut self, unit: usize) -> Die {
        let mut die = self.die(DW_TAG_subprogram);
        self.named(&mut die, "method");
        let parameter = self.parameter(unit);
        die.children.push(parameter);
        die
    }

    fn modifier_within(&mut self, unit: usize, tag: DwTag) -> Die {
        let mut die = self.die(tag);
        self.named(&mut die, "within");
        self.typed(&mut die, unit);
        die
    }

    fn enumeration(&mut self) -> Die {
        let mut die = self.die(DW_TAG_enumeration_type);
        if self.rng.percent(80) {
            self.named(&mut die, "tag");
        }
        self.number(&mut die, DW_AT_byte_size, 90);
        self.declared(&mut die);
        for _ in 0..self.rng.usize(0..=4) {
            let mut enumerator = self.die(DW_TAG_enumerator);
            self.named(&mut enumerator, "ENUMERATOR");
            self.number(&mut enumerator, DW_AT_const_value, 95);
            die.children.push(enumerator);
        }
        die
    }

    fn array(&mut self, unit: usize) -> Die {
        let mut die = self.die(DW_TAG_array_type);
        self.typed(&mut die, unit);
        self.number(&mut die, DW_AT_byte_size, 20);
        for _ in 0..self.rng.usize(0..=3) {
            let mut range = self.die(DW_TAG_subrange_type);
            self.number(&mut range, DW_AT_count, 30);
            self.number(&mut range, DW_AT_upper_bound, 60);
            die.children.push(range);
        }
        die
    }

    fn subroutine(&mut self, unit: usize) -> Die {
        let mut die = self.die(DW_TAG_subroutine_type);
        self.typed(&mut die, unit);
        self.parameters(&mut die, unit);
        die
    }

    fn parameters(&mut self, die: &mut Die, unit: usize) {
        for _ in 0..self.rng.usize(0..=4) {
            let parameter = match self.rng.u32(0..12) {
                0 => self.die(DW_TAG_unspecified_parameters),
                _ => self.parameter(unit),
            };
            die.children.push(parameter);
        }
    }

    fn parameter(&mut self, unit: usize) -> Die {
        let mut die = self.die(DW_TAG_formal_parameter);
        if self.rng.percent(60) {
            self.named(&mut die, "parameter");
        }
        self.typed(&mut die, unit);
        die
    }

    /// A structure with variants, as Rust's enumerations have them.
    fn variants(&mut self, unit: usize) -> Die {
        let mut die = self.aggregate(unit);
        let mut part = self.die(DW_TAG_variant_part);
        if self.rng.bool() {
            let member = self.member(unit);
            part.children.push(member);
        }
        for _ in 0..self.rng.usize(0..=3) {
            let mut variant = self.die(DW_TAG_variant);
            self.number(&mut variant, DW_AT_discr_value, 80);
            for _ in 0..self.rng.usize(0..=2) {
                let member = self.member(unit);
                variant.children.push(member);
            }
            part.children.push(variant);
        }
        die.children.push(part);
        die
    }

    /// A structure that leads back to itself, over a pointer, perhaps over a function's later parameter.
    fn recursion(&mut self, unit: usize) -> Die {
        let mut structure = self.die(DW_TAG_structure_type);
        let name = format!("recursive{}", self.rng.u32(0..3));
        structure.attributes.push((DW_AT_name, Value::Text(name)));
        let mut pointer = self.die(DW_TAG_pointer_type);
        pointer.attributes.push((DW_AT_type, Value::Reference { unit, label: structure.label }));
        let mut target = pointer.label;
        self.units[unit].dies.push(pointer);
        if self.rng.percent(60) {
            let mut function = self.die(DW_TAG_subroutine_type);
            self.parameters(&mut function, unit);
            let mut last = self.die(DW_TAG_formal_parameter);
            last.attributes.push((DW_AT_type, Value::Reference { unit, label: target }));
            function.children.push(last);
            target = function.label;
            self.units[unit].dies.push(function);
        }
        for label in [None, Some(target)] {
            let mut member = self.member(unit);
            if let Some(label) = label {
                member.attributes.retain(|(attribute, _)| *attribute != DW_AT_type);
                member.attributes.push((DW_AT_type, Value::Reference { unit, label }));
            }
            structure.children.push(member);
        }
        structure
    }

    fn export(&mut self) -> String {
        self.exports += 1;
        format!("{}_{}", self.name, self.exports)
    }

    fn add_symbol(&mut self, unit: usize) {
        let name = self.export();
        let tag = self.rng.pick(&[DW_TAG_variable, DW_TAG_subprogram]);
        let mut die = self.die(tag);
        self.typed(&mut die, unit);
        if tag == DW_TAG_subprogram {
            self.parameters(&mut die, unit);
        }
        let label = die.label;
        let mut others = Vec::new();
        match self.rng.u32(0..12) {
            0 => {
                die.attributes.push((DW_AT_linkage_name, Value::Text(name.clone())));
                self.named(&mut die, "short");
            }
            // The name and the type stand elsewhere.
            1 | 2 => {
                die.attributes.push((DW_AT_name, Value::Text(name.clone())));
                let attribute = self.rng.pick(&[DW_AT_abstract_origin, DW_AT_abstract_origin, DW_AT_specification]);
                let tag = self.rng.pick(&[tag, tag, tag, DW_TAG_variable]);
                let mut instance = self.die(tag);
                instance.attributes.push((attribute, Value::Reference { unit, label }));
                if self.rng.percent(20) {
                    instance.attributes.push((DW_AT_name, Value::Text(self.export())));
                }
                others.push(instance);
            }
            // Only a pointer tells the type.
            3 | 4 => {
                let mut pointer = self.die(DW_TAG_pointer_type);
                self.typed(&mut pointer, unit);
                die.tag = DW_TAG_variable;
                die.children.clear();
                die.attributes = vec![
                    (DW_AT_name, Value::Text(format!("__gendwarfksyms_ptr_{name}"))),
                    (DW_AT_type, Value::Reference { unit, label: pointer.label }),
                ];
                others.push(pointer);
            }
            _ => die.attributes.push((DW_AT_name, Value::Text(name.clone()))),
        }
        if self.rng.percent(10) {
            die.attributes.push((DW_AT_declaration, Value::Flag(true)));
        }
        // Either may come first.
        others.push(die);
        self.rng.shuffle(&mut others);
        for die in others {
            let die = if self.rng.percent(80) { die } else { self.wrapped(die) };
            self.units[unit].dies.push(die);
        }
        if self.rng.percent(90) {
            _ = writeln!(self.symbols, ".globl {name}\n{name}:");
            // Or the next symbol has the same address.
            if self.rng.percent(90) {
                self.symbols += "\t.8byte 0\n";
            }
        }
    }
}
