// SPDX-License-Identifier: GPL-2.0-only
//! Random types to use: of members, variables, parameters.

use super::super::Dice;
use super::Zoo;
use super::ty::{Kind, Ty};

const SCALARS: &[&str] = &[
    "char",
    "signed char",
    "unsigned char",
    "short",
    "unsigned short",
    "int",
    "unsigned int",
    "long",
    "unsigned long",
    "long long",
    "unsigned long long",
    "_Bool",
    "float",
    "double",
    "long double",
    "_Complex float",
    "_Complex double",
    "WIDE",
    "unsigned WIDE",
];

/// Bytes beyond which nothing is put into anything else by value.
const LARGE: u64 = 4096;

impl Zoo<'_> {
    /// A type that an object can have.
    pub(super) fn object(&mut self, depth: u32) -> Ty {
        let ty = match self.rng.u32(0..100) {
            0..=29 => Ty::scalar(self.rng.pick(SCALARS)),
            30..=44 => self.defined_tag(),
            45..=54 => self.defined_typedef(),
            55..=62 if depth > 0 => {
                let of = self.object(depth - 1);
                let length = self.rng.u64(1..=5);
                Ty::array(of, length)
            }
            63..=70 if !self.handlers.is_empty() => Ty::pointer(self.handler()),
            71..=75 if depth > 0 => Ty::pointer(self.function(depth - 1)),
            76..=79 if depth > 0 => self.vector(),
            _ if depth > 0 => self.pointer(depth),
            _ => Ty::scalar("void *"),
        };
        if ty.size() > LARGE {
            return Ty::pointer(ty);
        }
        if self.rng.percent(12) { self.qualified(ty) } else { ty }
    }

    fn vector(&mut self) -> Ty {
        let element = self.rng.pick(&["int", "unsigned char", "float", "long long"]);
        let name = self.fresh("vector");
        // Only a typedef can carry the attribute wherever a type may stand.
        self.line(&format!("typedef {element} {name} __attribute__((vector_size(16)));"));
        Ty::scalar(name)
    }

    fn pointer(&mut self, depth: u32) -> Ty {
        let to = self.pointee(depth - 1);
        let qualifiers = match self.rng.u32(0..20) {
            0 => "const",
            1 => "volatile",
            2 => "const volatile",
            3 if to.kind() != Kind::Function => "restrict",
            _ => "",
        };
        Ty::Pointer { to: Box::new(to), qualifiers }
    }

    /// Anything that a pointer may point to.
    fn pointee(&mut self, depth: u32) -> Ty {
        let ty = match self.rng.u32(0..100) {
            0..=14 => Ty::incomplete("void"),
            15..=54 => self.any_tag(),
            55..=64 => self.any_typedef(),
            65..=74 => return self.function(depth),
            75..=79 if !self.handlers.is_empty() => return self.handler(),
            80..=82 => Ty::Specifier { text: "__builtin_va_list".to_owned(), kind: Kind::Array, size: 24 },
            _ => self.object(depth),
        };
        if ty.kind() != Kind::Function && self.rng.percent(20) { self.qualified(ty) } else { ty }
    }

    fn qualified(&mut self, ty: Ty) -> Ty {
        if ty.kind() == Kind::Scalar && self.rng.percent(20) && is_plain(&ty) {
            let size = ty.size();
            return Ty::Specifier { text: format!("_Atomic({})", ty.declare("")), kind: Kind::Scalar, size };
        }
        let qualifiers = self.rng.pick(&["const", "const", "volatile", "const volatile"]);
        match ty {
            Ty::Pointer { to, .. } => Ty::Pointer { to, qualifiers },
            Ty::Specifier { .. } => Ty::Qualified { qualifiers, of: Box::new(ty) },
            other => other,
        }
    }

    /// A function type.
    pub(super) fn function(&mut self, depth: u32) -> Ty {
        let result = self.result(depth);
        let parameters = self.parameters(depth, false);
        Ty::function(result, parameters)
    }

    /// A type that a function may return.
    pub(super) fn result(&mut self, depth: u32) -> Ty {
        if self.rng.percent(30) {
            return Ty::incomplete("void");
        }
        let ty = self.object(depth.min(2));
        match ty.kind() {
            Kind::Scalar | Kind::Aggregate if ty.size() <= 256 => ty,
            _ => Ty::pointer(ty),
        }
    }

    /// What stands in the parentheses of a function; a definition has to name its parameters.
    pub(super) fn parameters(&mut self, depth: u32, definition: bool) -> String {
        let depth = depth.min(2);
        let count = self.rng.usize(0..=5);
        if count == 0 {
            return if definition { "void" } else { self.rng.pick(&["void", ""]) }.to_owned();
        }
        let mut list = Vec::new();
        for index in 0..count {
            let name = if definition || self.rng.percent(40) { format!("p{index}") } else { String::new() };
            list.push(self.parameter(depth, &name));
        }
        if definition && self.rng.percent(10) {
            list.push("int n".to_owned());
            list.push(self.rng.pick(&["int a[n]", "char (*a)[n]", "long a[n][n + 1]"]).to_owned());
        }
        if self.rng.percent(10) {
            list.push("...".to_owned());
        }
        list.join(", ")
    }

    fn parameter(&mut self, depth: u32, name: &str) -> String {
        match self.rng.u32(0..30) {
            0 => format!("int {name}[static 3]"),
            1 => format!("long {name}[const 2]"),
            2 => self.function(depth).declare(if name.is_empty() { "(*)" } else { name }),
            _ => {
                let ty = self.object(depth);
                if ty.size() > 256 { Ty::pointer(ty).declare(name) } else { ty.declare(name) }
            }
        }
    }
}

/// Whether `_Atomic(…)` accepts the type: neither qualified nor atomic already.
fn is_plain(ty: &Ty) -> bool {
    match ty {
        Ty::Specifier { text, .. } => SCALARS.contains(&text.as_str()),
        Ty::Pointer { qualifiers, .. } => qualifiers.is_empty(),
        _ => false,
    }
}
