// SPDX-License-Identifier: GPL-2.0-only
//! What keeps a kABI stable: members with reserved names, and rules.

use super::super::Dice;
use super::Zoo;
use super::ty::Ty;

impl Zoo<'_> {
    /// A member of a structure or union with a name that `--stable` gives a meaning.
    pub(super) fn kabi_member(&mut self, in_union: bool) -> String {
        let name = self.fresh("k");
        let reserved = self.rng.pick(&["unsigned long", "void *", "long long", "int"]);
        let now = self.object(1).declare(&name);
        let special = match self.rng.u32(0..9) {
            0..=3 => format!("{reserved} __kabi_reserved_{name};"),
            4 => format!("{reserved} __kabi_reserved_{name}[2];"),
            5..=6 => format!("char __kabi_ignored_{name};"),
            7 => format!("{reserved} __kabi_renamed_{name};"),
            // Means nothing, but begins alike.
            _ => format!("{reserved} __kabi_{name};"),
        };
        // Within a union the reserved member may stand on its own.
        if self.rng.percent(if in_union { 40 } else { 15 }) {
            return format!("\t{special}\n");
        }
        let structure = match self.rng.u32(0..4) {
            0 => format!("struct {{ {special} int more_{name}; }};"),
            1 => format!("struct {{ int more_{name}; {special} }};"),
            _ => special,
        };
        let members = match self.rng.u32(0..8) {
            0..=2 => format!("{structure} {now};"),
            3..=5 => format!("{now}; {structure}"),
            // The third member is one too far to be seen.
            6 => format!("{now}; int other_{name}; {structure}"),
            _ => structure,
        };
        let declarator = match self.rng.u32(0..8) {
            0 => format!("outer_{name}"),
            1 => format!("*outer_{name}"),
            2 => format!("outer_{name}[2]"),
            _ => String::new(),
        };
        match self.rng.u32(0..8) {
            0 => format!("\tconst union {{ {members} }} {declarator};\n"),
            1 => format!("\tunion {{ union {{ {members} }} inner_{name}; int beside_{name}; }} {declarator};\n"),
            2 => format!("\tstruct {{ union {{ {members} }}; int beside_{name}; }} {declarator};\n"),
            // Of a union with a name of its own only the first use finds it not made yet.
            3 => {
                self.line(&format!("union named_{name} {{ {members} }};"));
                let ty = Ty::incomplete(format!("union named_{name}"));
                format!("\t{0} first_{name}; {0} second_{name};\n", ty.declare(""))
            }
            4 => {
                self.line(&format!("typedef union {{ {members} }} union_{name};"));
                format!("\tunion_{name} typed_{name};\n")
            }
            5 => format!("\tint (*call_{name})(union {{ {members} }} *, int);\n"),
            _ => format!("\tunion {{ {members} }} {declarator};\n"),
        }
    }

    /// A few rules, for what there is and for what there is not.
    pub(super) fn rules(&mut self) {
        for _ in 0..self.rng.usize(0..=6) {
            let index = self.rng.usize(0..self.tags.len());
            let (keyword, name) = (self.tags[index].keyword, self.tags[index].name.clone());
            let letter = &keyword[..1];
            let enumerator = self.rng.choice(&self.tags[index].enumerators).cloned().unwrap_or("none".to_owned());
            let (rule, target, value) = match self.rng.u32(0..100) {
                0..=19 => ("declonly", name, String::new()),
                20..=34 => ("byte_size", name, self.number()),
                35..=54 => ("enumerator_ignore", format!("{name} {enumerator}"), String::new()),
                55..=74 => ("enumerator_value", format!("{name} {enumerator}"), self.number()),
                75..=96 => ("type_string", format!("{letter}#{name}"), self.type_string()),
                97 => ("type_string", format!("{letter}#{name}"), "s#".to_owned()),
                98 => ("byte_size", name, "twelve".to_owned()),
                _ => ("no_such_rule", name, String::new()),
            };
            self.line(&format!("RULE(\"{rule}\", \"{target}\", \"{value}\");"));
        }
    }

    fn number(&mut self) -> String {
        match self.rng.u32(0..6) {
            0 => "0".to_owned(),
            1 => "18446744073709551615".to_owned(),
            2 => "-3".to_owned(),
            _ => self.rng.u32(0..9999).to_string(),
        }
    }

    /// A type string that may refer to other types, a made-up one among them, for which there is a rule as well.
    fn type_string(&mut self) -> String {
        let reference = match self.rng.u32(0..4) {
            0 => "s#'made up'".to_owned(),
            1 => {
                let index = self.rng.usize(0..self.tags.len());
                format!("{}#{}", &self.tags[index].keyword[..1], self.tags[index].name)
            }
            _ => return "structure_type replaced { } byte_size(8)".to_owned(),
        };
        self.line("RULE(\"type_string\", \"s#'made up'\", \"structure_type made up { }\");");
        format!("structure_type replaced {{ member {reference} m }} byte_size(8)")
    }
}
