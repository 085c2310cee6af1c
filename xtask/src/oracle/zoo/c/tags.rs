// SPDX-License-Identifier: GPL-2.0-only
//! Structures, unions, enumerations and typedefs.

use std::ops::Range;

use super::super::Dice;
use super::Zoo;
use super::ty::{Kind, Ty};

/// A structure, union or enumeration with a name.
pub(super) struct Tag {
    pub(super) keyword: &'static str,
    pub(super) name: String,
    pub(super) state: State,
    pub(super) enumerators: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Never defined.
    Opaque,
    /// Defined later on.
    Pending,
    Complete {
        size: u64,
    },
}

impl Tag {
    fn ty(&self) -> Ty {
        let text = format!("{} {}", self.keyword, self.name);
        match self.state {
            State::Complete { size } => {
                let kind = if self.keyword == "enum" { Kind::Scalar } else { Kind::Aggregate };
                Ty::Specifier { text, kind, size }
            }
            State::Opaque | State::Pending => Ty::incomplete(text),
        }
    }
}

impl Zoo<'_> {
    /// Names all tags, and declares them, in a random order.
    pub(super) fn declare_tags(&mut self) {
        let count = self.rng.usize(5..=20);
        for index in 0..count {
            let keyword = self.rng.pick(&["struct", "struct", "struct", "union", "enum"]);
            let state = if self.rng.percent(12) { State::Opaque } else { State::Pending };
            let name = format!("tag{index}");
            self.tags.push(Tag { keyword, name, state, enumerators: Vec::new() });
        }
        let mut order: Vec<usize> = (0..count).collect();
        self.rng.shuffle(&mut order);
        for index in order {
            let declaration = self.tags[index].ty().declare("");
            self.line(&format!("{declaration};"));
        }
    }

    /// Function types whose later parameters lead to structures that hold the same function type.
    pub(super) fn declare_handlers(&mut self) {
        for _ in 0..self.rng.usize(0..=3) {
            let count = self.rng.usize(2..=4);
            let parameters: Vec<String> = (0..count)
                .map(|_| if self.rng.percent(75) { Ty::pointer(self.any_tag()) } else { Ty::scalar("int") })
                .map(|ty| ty.declare(""))
                .collect();
            let result = if self.rng.percent(50) { Ty::scalar("int") } else { Ty::pointer(self.any_tag()) };
            self.handlers.push(Ty::function(result, parameters.join(", ")));
        }
    }

    pub(super) fn handler(&mut self) -> Ty {
        let index = self.rng.usize(0..self.handlers.len());
        self.handlers[index].clone()
    }

    /// Defines the tags of the range, in a random order, and typedefs between them.
    pub(super) fn define_tags(&mut self, range: Range<usize>) {
        let mut order: Vec<usize> = range.collect();
        self.rng.shuffle(&mut order);
        for index in order {
            if self.rng.percent(40) {
                self.define_typedef();
            }
            if self.tags[index].state == State::Opaque {
                continue;
            }
            if self.rng.percent(4) {
                self.switch_file();
            }
            if self.tags[index].keyword == "enum" {
                self.define_enumeration(index);
            } else {
                self.define_aggregate(index);
            }
        }
    }

    fn define_typedef(&mut self) {
        let name = self.fresh("def");
        let (ty, kind) = match self.rng.u32(0..10) {
            0..=3 => {
                let ty = self.any_tag();
                let kind = ty.kind();
                (ty, kind)
            }
            4 => (self.function(2), Kind::Function),
            5 => (Ty::incomplete("void"), Kind::Incomplete),
            _ => {
                let ty = self.object(2);
                let kind = ty.kind();
                (ty, kind)
            }
        };
        self.line(&format!("typedef {};", ty.declare(&name)));
        self.typedefs.push(Ty::Specifier { text: name, kind, size: ty.size() });
        // A typedef may well bear the name of a tag.
        if let State::Pending | State::Complete { .. } = self.tags[0].state
            && self.rng.percent(10)
            && !self.typedefs.iter().any(|ty| ty.declare("") == self.tags[0].name)
        {
            let (of, name) = (self.tags[0].ty(), self.tags[0].name.clone());
            self.line(&format!("typedef {};", of.declare(&name)));
            self.typedefs.push(Ty::Specifier { text: name, kind: Kind::Incomplete, size: 0 });
        }
    }

    fn define_enumeration(&mut self, index: usize) {
        let name = self.tags[index].name.clone();
        let mut list = Vec::new();
        // Of one sign only are values beyond 32 bits, or nothing could hold them all.
        let signed = self.rng.bool();
        for number in 0..self.rng.usize(1..=6) {
            let enumerator = format!("E_{name}_{number}");
            let value = match (self.rng.u32(0..14), signed) {
                (0, true) => " = -1",
                (1, true) => " = -2147483647",
                (2, true) => " = -0x123456789abLL",
                (3, true) => " = 0x7ffffffffffffff0LL",
                (0, false) => " = 0xfffffff0u",
                (1, false) => " = 0xfffffffffffffff0ull",
                (2, false) => " = 0x8000000000000000ull",
                (4, _) => " = 'z'",
                (5, _) => " = 7",
                (6, _) => " = 255",
                _ => "",
            };
            list.push(format!("\t{enumerator}{value},"));
            self.tags[index].enumerators.push(enumerator);
        }
        let attribute = if self.rng.percent(10) { " __attribute__((packed))" } else { "" };
        self.line(&format!("enum {name} {{\n{}\n}}{attribute};", list.join("\n")));
        self.tags[index].state = State::Complete { size: 8 };
    }

    fn define_aggregate(&mut self, index: usize) {
        let keyword = self.tags[index].keyword;
        let (body, size) = self.body(2, keyword == "union", true);
        let attributes = match self.rng.u32(0..12) {
            0 => " __attribute__((packed))",
            1 => " __attribute__((aligned(32)))",
            2 => " __attribute__((packed, aligned(4)))",
            _ => "",
        };
        let name = self.tags[index].name.clone();
        self.line(&format!("{keyword} {name} {{\n{body}}}{attributes};"));
        self.tags[index].state = State::Complete { size };
    }

    /// The members of a structure or union, and their size; `open` allows an array without an end.
    fn body(&mut self, depth: u32, union: bool, open: bool) -> (String, u64) {
        let mut body = String::new();
        let mut size = 32;
        let count = self.rng.usize(0..=7);
        for _ in 0..count {
            if self.kabi && self.rng.percent(25) {
                body += &self.kabi_member(union);
                size += 64;
            }
            let (member, bytes) = self.member(depth);
            body += &member;
            size += bytes;
        }
        if open && !union && count > 0 && self.rng.percent(6) {
            let ty = self.rng.pick(&["char", "int", "void *", "struct { int unnamed; }"]);
            body += &format!("\tint before_open;\n\t{ty} open[];\n");
            // Too large to be put into anything else: not every compiler takes an open structure there.
            size = u64::MAX;
        }
        (body, size)
    }

    fn member(&mut self, depth: u32) -> (String, u64) {
        let name = self.fresh("m");
        match self.rng.u32(0..100) {
            0..=11 => (self.bit_field(&name), 8),
            12..=22 if depth > 0 => {
                let keyword = self.rng.pick(&["struct", "union"]);
                let (body, size) = self.body(depth - 1, keyword == "union", false);
                let declarator = match self.rng.u32(0..6) {
                    0 => name,
                    1 => format!("*{name}"),
                    2 => format!("{name}[2]"),
                    3 => format!("*(*{name})(int, char *)"),
                    // Without a name the members count as the outer structure's own.
                    _ => String::new(),
                };
                (format!("\t{keyword} {{\n{body}\t}} {declarator};\n"), size * 2)
            }
            23..=26 => (format!("\tenum {{ A_{name}, B_{name} = {} }} {name};\n", self.rng.i32(-9..99)), 4),
            27..=28 => (format!("\tlong {name}[0];\n"), 0),
            29..=42 if !self.handlers.is_empty() => {
                let pointer = Ty::pointer(self.handler());
                let ty = if self.rng.percent(20) { Ty::array(pointer, 3) } else { pointer };
                (format!("\t{};\n", ty.declare(&name)), ty.size())
            }
            43..=58 => (format!("\t{};\n", Ty::pointer(self.any_tag()).declare(&name)), 8),
            _ => {
                let ty = self.object(3);
                let attribute = match self.rng.u32(0..20) {
                    0 => " __attribute__((aligned(16)))",
                    1 => " __attribute__((packed))",
                    _ => "",
                };
                (format!("\t{}{attribute};\n", ty.declare(&name)), ty.size())
            }
        }
    }

    fn bit_field(&mut self, name: &str) -> String {
        match self.rng.u32(0..10) {
            0 => "\tint : 0;\n".to_owned(),
            1 => format!("\tunsigned int : {};\n", self.rng.u32(1..=32)),
            2 => format!("\t_Bool {name} : 1;\n"),
            3 => format!("\tunsigned long long {name} : {};\n", self.rng.u32(1..=64)),
            4 => format!("\tsigned char {name} : {};\n", self.rng.u32(1..=8)),
            5 => format!("\tconst short {name} : {};\n", self.rng.u32(1..=16)),
            6 => format!("\tlong long {name} : {};\n", self.rng.u32(1..=64)),
            _ => {
                let ty = self.rng.pick(&["int", "unsigned int"]);
                format!("\t{ty} {name} : {};\n", self.rng.u32(1..=32))
            }
        }
    }

    /// Any tag, whatever is known of it so far.
    pub(super) fn any_tag(&mut self) -> Ty {
        let index = self.rng.usize(0..self.tags.len());
        self.tags[index].ty()
    }

    /// A tag that can be used by value, or an `int` where there is none yet.
    pub(super) fn defined_tag(&mut self) -> Ty {
        let complete: Vec<Ty> =
            self.tags.iter().map(Tag::ty).filter(|ty| ty.kind() != Kind::Incomplete && ty.size() != u64::MAX).collect();
        self.rng.choice(complete).unwrap_or_else(|| Ty::scalar("int"))
    }

    pub(super) fn any_typedef(&mut self) -> Ty {
        self.rng.choice(&self.typedefs).cloned().unwrap_or_else(|| Ty::incomplete("void"))
    }

    /// A typedef of something with a size.
    pub(super) fn defined_typedef(&mut self) -> Ty {
        let defined = |ty: &&Ty| !matches!(ty.kind(), Kind::Incomplete | Kind::Function) && ty.size() != u64::MAX;
        let defined: Vec<Ty> = self.typedefs.iter().filter(defined).cloned().collect();
        self.rng.choice(defined).unwrap_or_else(|| Ty::scalar("long"))
    }
}
