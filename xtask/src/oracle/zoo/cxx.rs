// SPDX-License-Identifier: GPL-2.0-only
//! Random C++: classes, namespaces and templates, some of which the reference refuses to describe.

use std::fmt::Write;

use fastrand::Rng;

use super::{Dice, SourceFile};

const SCALARS: &[&str] = &[
    "char",
    "bool",
    "short",
    "int",
    "unsigned",
    "long",
    "unsigned long long",
    "float",
    "double",
    "wchar_t",
    "char16_t",
];

/// A source under construction.
struct Zoo<'a> {
    rng: &'a mut Rng,
    name: &'a str,
    /// Qualified names of the types that are defined so far.
    types: Vec<String>,
    /// Those of them that another class may inherit from.
    bases: Vec<String>,
    text: String,
    names: usize,
}

/// Makes the files of a unit, the one to compile first.
pub(super) fn generate(name: &str, rng: &mut Rng) -> Vec<SourceFile> {
    let text = "template <typename T> struct Box { T value; Box *next; };\n".to_owned();
    let mut zoo = Zoo { rng, name, types: Vec::new(), bases: Vec::new(), text, names: 0 };
    for _ in 0..zoo.rng.usize(2..=6) {
        zoo.namespace();
    }
    // A class in a header is public, one in the source would be private only if that ended in `.c`.
    let header = std::mem::take(&mut zoo.text);
    let header_name = format!("{name}.hh");
    zoo.line(&format!("#include \"{header_name}\""));
    for _ in 0..zoo.rng.usize(3..=10) {
        zoo.export();
    }
    vec![SourceFile { name: format!("{name}.cc"), text: zoo.text }, SourceFile { name: header_name, text: header }]
}

impl Zoo<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn fresh(&mut self, stem: &str) -> String {
        self.names += 1;
        format!("{stem}{}", self.names)
    }

    fn namespace(&mut self) {
        let (open, prefix) = match self.rng.u32(0..5) {
            0 => ("namespace {", ""),
            1 => ("namespace outer {", "outer::"),
            2 => ("namespace outer { namespace inner {", "outer::inner::"),
            3 => ("namespace outer { namespace {", "outer::"),
            _ => ("", ""),
        };
        self.line(open);
        for _ in 0..self.rng.usize(1..=3) {
            let name = self.fresh("Type");
            self.define(&name, prefix);
        }
        self.line(&"}".repeat(open.matches('{').count()));
    }

    fn define(&mut self, name: &str, prefix: &str) {
        let keyword = self.rng.pick(&["struct", "class", "struct", "union"]);
        if self.rng.percent(15) {
            let underlying = self.rng.pick(&["", " : unsigned char", " : long long"]);
            self.line(&format!("enum class {name}{underlying} {{ First, Second = 5, Third = 100 }};"));
            self.types.push(format!("{prefix}{name}"));
            return;
        }
        let mut body = String::new();
        // What inherits has no place in a type string: the reference refuses it. So it does members of several kinds below.
        let base = match self.rng.choice(&self.bases) {
            Some(base) if keyword != "union" && self.rng.percent(4) => format!(" : public {base}"),
            _ => String::new(),
        };
        for _ in 0..self.rng.usize(0..=6) {
            let member = self.fresh("m");
            match self.rng.u32(0..40) {
                0..=4 if keyword != "union" => {
                    let access = self.rng.pick(&["public", "protected", "private"]);
                    _ = writeln!(body, "{access}:");
                }
                5..=9 => _ = writeln!(body, "\tint {member}(const {name} &other, long b = 3) const;"),
                10 if keyword != "union" => _ = writeln!(body, "\tvirtual void {member}(int);"),
                11 => _ = writeln!(body, "\tstatic int {member};"),
                12 => _ = writeln!(body, "\ttypedef {name} *{member}_t; {member}_t {member};"),
                13 => _ = writeln!(body, "\tint {name}::*{member};"),
                14..=16 => {
                    _ = writeln!(body, "\tstruct Nested_{member} {{ {name} *up; int n; }}; Nested_{member} *{member};");
                }
                17..=18 => _ = writeln!(body, "\tenum {{ A_{member}, B_{member} = 9 }} {member};"),
                19..=20 => _ = writeln!(body, "\tunsigned {member} : {};", self.rng.u32(1..=32)),
                21..=22 => _ = writeln!(body, "\tunion {{ int {member}; float f_{member}; }};"),
                _ => {
                    let ty = self.ty(2);
                    _ = writeln!(body, "\t{ty} {member};");
                }
            }
        }
        self.line(&format!("{keyword} {name}{base} {{\n{body}}};"));
        self.types.push(format!("{prefix}{name}"));
        if keyword != "union" {
            self.bases.push(format!("{prefix}{name}"));
        }
    }

    /// A type that can be written before a name; nothing that would need a constructor.
    fn ty(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.rng.pick(SCALARS).to_owned();
        }
        let named = self.rng.choice(&self.types).cloned().unwrap_or_else(|| "long".to_owned());
        match self.rng.u32(0..12) {
            0..=2 => self.rng.pick(SCALARS).to_owned(),
            3 | 4 => format!("{named} *"),
            5 => format!("{} const *", self.ty(depth - 1).trim_end_matches(" const")),
            6 => format!("Box<{}> *", self.ty(depth - 1)),
            7 => format!("Box<{} *>", self.ty(depth - 1)),
            8 => "decltype(nullptr)".to_owned(),
            9 => format!("volatile {named} *"),
            _ => "void *".to_owned(),
        }
    }

    fn exported(&mut self) -> String {
        let stem = format!("{}_", self.name);
        self.fresh(&stem)
    }

    fn export(&mut self) {
        let name = self.exported();
        let linkage = self.rng.pick(&["extern \"C\" ", "", ""]);
        match self.rng.u32(0..8) {
            0..=2 => {
                let ty = self.ty(3);
                // The braces make a definition of what `extern "C"` alone would only declare.
                self.line(&match linkage {
                    "" => format!("{ty} {name};"),
                    _ => format!("extern \"C\" {{ {ty} {name}; }}"),
                });
            }
            3..=5 => {
                let mut parameters = Vec::new();
                for index in 0..self.rng.usize(0..=4) {
                    let ty = self.ty(2);
                    let reference = self.rng.pick(&["", "", "&", "&&"]);
                    parameters.push(format!("{ty} {reference}p{index}"));
                }
                self.line(&format!("{linkage}int {name}({}) {{ return 3; }}", parameters.join(", ")));
            }
            6 => {
                let ty = self.ty(2);
                self.line(&format!("namespace exports {{ {ty} {name}; static int hidden_{name}; }}"));
                self.line(&format!("int *use_{name}() {{ return &exports::hidden_{name}; }}"));
            }
            _ => {
                let ty = self.ty(2);
                self.line(&format!("template <typename T> int generic_{name}(T *p) {{ return sizeof(*p); }}"));
                self.line(&format!("template int generic_{name}<{ty}>({ty} *);"));
            }
        }
    }
}
