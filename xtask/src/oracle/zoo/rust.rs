// SPDX-License-Identifier: GPL-2.0-only
//! Random Rust: a `no_std` library of nested types, exported functions and statics.

use std::fmt::Write;

use fastrand::Rng;

use super::{Dice, SourceFile};

const SCALARS: &[&str] = &[
    "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "u128", "i128", "usize", "isize", "f32", "f64", "char",
    "bool", "()",
];

/// A library under construction.
struct Zoo<'a> {
    rng: &'a mut Rng,
    name: &'a str,
    /// Paths of the types that are defined so far.
    types: Vec<String>,
    traits: usize,
    /// What else than `repr(C)` the library's structures may be: packed ones and aligned ones do not mix.
    layout: &'static str,
    text: String,
    names: usize,
}

/// What every library begins with.
const PRELUDE: &str = "\
#![no_std]
#![allow(warnings)]
use core::cell::{Cell, UnsafeCell};
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::num::NonZeroU32;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, AtomicU64};
pub struct Pair<A, B> { pub first: A, pub second: B }
pub enum Tree<T: 'static> { Leaf(T), Node(&'static Tree<T>, &'static Tree<T>), Nothing }
#[inline(never)] fn call<F: Fn(u32) -> u32>(f: &F, x: u32) -> u32 { f(x) ^ 1 }
#[inline(never)] fn size<T>(x: &T) -> usize { core::mem::size_of::<T>() + (x as *const T as usize) }
";

/// Makes the file of a library.
pub(super) fn generate(name: &str, rng: &mut Rng) -> Vec<SourceFile> {
    let layout = rng.pick(&["#[repr(C, packed)] ", "#[repr(align(32))] "]);
    let mut zoo = Zoo { rng, name, types: Vec::new(), traits: 0, layout, text: PRELUDE.to_owned(), names: 0 };
    for _ in 0..zoo.rng.usize(1..=4) {
        zoo.module();
    }
    for _ in 0..zoo.rng.usize(3..=12) {
        zoo.export();
    }
    vec![SourceFile { name: format!("{name}.rs"), text: zoo.text }]
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

    fn module(&mut self) {
        let module = self.fresh("module");
        let nested = self.rng.percent(40);
        let path = if nested { format!("crate::{module}::inner") } else { format!("crate::{module}") };
        let open = if nested { "pub mod inner { use super::super::*;" } else { "use super::*;" };
        self.line(&format!("pub mod {module} {{ {open}"));
        for _ in 0..self.rng.usize(1..=6) {
            let name = self.fresh("Type");
            self.define(&name);
            self.types.push(format!("{path}::{name}"));
        }
        self.line(if nested { "} }" } else { "}" });
    }

    fn define(&mut self, name: &str) {
        let attribute = self.rng.pick(&["", "", "", "#[repr(C)] ", self.layout]);
        match self.rng.u32(0..10) {
            0..=3 => {
                let mut fields = String::new();
                for index in 0..self.rng.usize(0..=6) {
                    let ty = self.ty(3);
                    _ = write!(fields, "pub field{index}: {ty}, ");
                }
                // A structure may always hold itself behind a pointer.
                if self.rng.percent(30) {
                    _ = write!(fields, "pub next: Option<&'static {name}>, ");
                }
                self.line(&format!("{attribute}pub struct {name} {{ {fields}}}"));
            }
            4 => {
                let (first, second) = (self.ty(3), self.ty(2));
                self.line(&format!("{attribute}pub struct {name}(pub {first}, {second});"));
            }
            5 => {
                let (repr, last) = self.rng.pick(&[
                    ("u8", "255"),
                    ("i8", "-128"),
                    ("u32", "0xffff_ffff"),
                    ("i64", "-0x1234_5678_9abc"),
                    ("u64", "u64::MAX"),
                    ("isize", "-2"),
                ]);
                self.line(&format!("#[repr({repr})] pub enum {name} {{ First, Second = 7, Last = {last} }}"));
            }
            6 => {
                let repr = self.rng.pick(&["", "#[repr(C)] "]);
                let (first, second) = (self.ty(2), self.ty(2));
                self.line(&format!(
                    "{repr}pub union {name} {{ pub first: ManuallyDrop<{first}>, pub second: ManuallyDrop<{second}>, pub bits: u64 }}"
                ));
            }
            _ => self.define_enum(name),
        }
    }

    fn define_enum(&mut self, name: &str) {
        let mut variants = String::new();
        for index in 0..self.rng.usize(1..=5) {
            let ty = self.ty(2);
            match self.rng.u32(0..4) {
                0 => _ = write!(variants, "Variant{index}, "),
                1 => {
                    let second = self.ty(2);
                    _ = write!(variants, "Variant{index}({ty}, {second}), ");
                }
                2 => _ = write!(variants, "Variant{index} {{ inner: {ty}, link: *const {name} }}, "),
                _ => _ = write!(variants, "Variant{index}({ty}), "),
            }
        }
        let attribute = self.rng.pick(&["", "", "", "#[repr(u8)] ", "#[repr(C)] "]);
        self.line(&format!("{attribute}pub enum {name} {{ {variants}}}"));
    }

    /// A type without lifetime parameters, of any kind.
    fn ty(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.rng.pick(SCALARS).to_owned();
        }
        let inner = |zoo: &mut Self| zoo.ty(depth - 1);
        match self.rng.u32(0..34) {
            0..=4 => self.rng.pick(SCALARS).to_owned(),
            5..=11 => self.rng.choice(&self.types).cloned().unwrap_or_else(|| "u64".to_owned()),
            12 => format!("&'static {}", inner(self)),
            13 => format!("&'static mut {}", inner(self)),
            14 => format!("*const {}", inner(self)),
            15 => format!("*mut {}", inner(self)),
            16 => format!("[{}; {}]", inner(self), self.rng.u32(0..5)),
            17 => format!("&'static [{}]", inner(self)),
            18 => self.rng.pick(&["&'static str", "*const str", "*const [u8]"]).to_owned(),
            19 => format!("({}, {})", inner(self), inner(self)),
            20 => format!("Option<{}>", inner(self)),
            21 => format!("Result<{}, {}>", inner(self), inner(self)),
            22 => format!("fn({}, &{}) -> {}", inner(self), inner(self), inner(self)),
            23 => format!("unsafe extern \"C\" fn(*const {}, u32) -> {}", inner(self), inner(self)),
            24 => self.dynamic_trait(),
            25 => format!("Option<&'static {}>", inner(self)),
            26 => format!("Option<NonNull<{}>>", inner(self)),
            27 => format!("PhantomData<{}>", inner(self)),
            28 => format!("Cell<{}>", inner(self)),
            29 => format!("UnsafeCell<{}>", inner(self)),
            30 => format!("Pair<{}, {}>", inner(self), inner(self)),
            31 => format!("&'static Tree<{}>", inner(self)),
            32 => self.rng.pick(&["NonZeroU32", "Option<NonZeroU32>", "core::ops::Range<u8>"]).to_owned(),
            // Atomics are aligned, and so have no place in what is packed.
            _ if self.layout.contains("packed") => "core::task::Poll<u8>".to_owned(),
            _ => format!("(AtomicPtr<{}>, AtomicU64)", inner(self)),
        }
    }

    fn dynamic_trait(&mut self) -> String {
        match self.traits {
            0 => "&'static (dyn Fn(u32) -> u8 + Sync)".to_owned(),
            count => format!("*const dyn crate::Trait{}", self.rng.usize(0..count)),
        }
    }

    fn exported(&mut self) -> (String, String) {
        let stem = format!("{}_", self.name);
        let name = self.fresh(&stem);
        let attribute = self.rng.pick(&["#[no_mangle] ", "#[no_mangle] ", ""]).to_owned();
        (name, attribute)
    }

    fn export(&mut self) {
        let (name, attribute) = self.exported();
        match self.rng.u32(0..10) {
            0..=3 => {
                let convention = self.rng.pick(&["", "extern \"C\" "]);
                let mut parameters = String::new();
                for index in 0..self.rng.usize(0..=4) {
                    let ty = self.ty(3);
                    _ = write!(parameters, "p{index}: {ty}, ");
                }
                let result = self.ty(3);
                self.line(&format!("{attribute}pub {convention}fn {name}({parameters}) -> {result} {{ loop {{}} }}"));
            }
            4 | 5 => {
                let ty = self.ty(4);
                self.line(&format!("{attribute}pub static mut {name}: MaybeUninit<{ty}> = MaybeUninit::uninit();"));
            }
            6 => {
                // The same code twice, so that the compiler may keep one of them only.
                for half in ["a", "b"] {
                    let ty = self.ty(2);
                    self.line(&format!(
                        "{attribute}pub fn {name}_{half}(x: &{ty}) -> usize {{ (x as *const {ty} as usize) >> 5 }}"
                    ));
                }
            }
            7 => {
                let ty = self.ty(2);
                self.line(&format!(
                    "{attribute}pub fn {name}(x: &{ty}, y: u32) -> usize {{ size(x) + size(&x) + call(&|z| z * y, 4) as usize }}"
                ));
            }
            8 => {
                let (number, ty) = (self.traits, self.ty(2));
                self.traits += 1;
                self.line(&format!(
                    "pub trait Trait{number} {{ fn method(&self, x: &{ty}) -> u32; fn other(&self) {{}} }}"
                ));
                self.line(&format!("impl Trait{number} for u32 {{ fn method(&self, x: &{ty}) -> u32 {{ *self }} }}"));
                self.line(&format!("{attribute}pub fn {name}() -> &'static dyn Trait{number} {{ &5u32 }}"));
            }
            _ => {
                let value = self.rng.pick(&[
                    ("&str", "\"zoo\""),
                    ("[u16; 3]", "[1, 2, 3]"),
                    ("Option<&'static u8>", "None"),
                    ("fn(u32) -> u32", "core::convert::identity::<u32>"),
                    ("(char, i128)", "('z', -1)"),
                    ("&dyn Fn(u32) -> u32", "&|x| x"),
                ]);
                if value.0.starts_with("&dyn") {
                    let (ty, value) = ("&(dyn Fn(u32) -> u32 + Sync)", value.1);
                    self.line(&format!("{attribute}pub static {name}: {ty} = {value};"));
                } else {
                    self.line(&format!("{attribute}pub static {name}: {} = {};", value.0, value.1));
                }
            }
        }
    }
}
