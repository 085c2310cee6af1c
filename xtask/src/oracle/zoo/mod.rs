// SPDX-License-Identifier: GPL-2.0-only
//! The type zoo: sources full of odd types, made from a seed.

mod c;
mod cxx;
mod dwarf;
mod rust;

use fastrand::Rng;

/// A language that the zoo speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    C,
    Cxx,
    Rust,
    /// DWARF itself, written out for an assembler.
    Dwarf,
}

/// One file of a translation unit.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The sources of one object file.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) language: Language,
    /// The file to compile comes first; others are included from it.
    pub(crate) files: Vec<SourceFile>,
}

impl Unit {
    /// Makes a unit whose exports begin with `name`; its types have names that other units use as well.
    pub(crate) fn generate(language: Language, name: &str, rng: &mut Rng) -> Self {
        let files = match language {
            Language::C => c::generate(name, rng),
            Language::Cxx => cxx::generate(name, rng),
            Language::Rust => rust::generate(name, rng),
            Language::Dwarf => dwarf::generate(name, rng),
        };
        Self { language, files }
    }
}

/// Rolling dice in the zoo's terms.
trait Dice {
    /// True in so many of a hundred cases.
    fn percent(&mut self, chance: u32) -> bool;
    /// One of the choices, of which there is at least one.
    fn pick<T: Copy>(&mut self, choices: &[T]) -> T;
}

impl Dice for Rng {
    fn percent(&mut self, chance: u32) -> bool {
        self.u32(0..100) < chance
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.usize(0..choices.len())]
    }
}
