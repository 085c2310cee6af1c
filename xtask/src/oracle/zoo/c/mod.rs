// SPDX-License-Identifier: GPL-2.0-only
//! Random C: a header of types, and a source that exports functions and variables made of them.

mod exports;
mod kabi;
mod tags;
mod ty;
mod types;

use fastrand::Rng;

use super::{Dice, SourceFile};
use tags::Tag;
use ty::Ty;

/// A zoo under construction.
struct Zoo<'a> {
    rng: &'a mut Rng,
    /// What the names of this unit's exports begin with.
    name: &'a str,
    /// Structures, unions and enumerations, those without a definition included.
    tags: Vec<Tag>,
    typedefs: Vec<Ty>,
    /// Function types that several structures share, so that the walk meets them again within themselves.
    handlers: Vec<Ty>,
    /// Whether there are `__kabi_` members and kABI rules.
    kabi: bool,
    /// The file that is being written.
    text: String,
    /// How many names were given so far.
    names: usize,
}

/// What both files begin with.
const PRELUDE: &str = "\
#ifdef __SIZEOF_INT128__
#define WIDE __int128
#else
#define WIDE long long
#endif
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define RULE(type, target, value) \\
\tstatic const char PASTE(kabi_rule_, __COUNTER__)[] \\
\t__attribute__((used, aligned(1), section(\".discard.gendwarfksyms.kabi_rules\"))) = \\
\t\"1\\0\" type \"\\0\" target \"\\0\" value
#define EXPORT_PTR(symbol) static __typeof__(symbol) *PASTE(__gendwarfksyms_ptr_, symbol) \\
\t__attribute__((used, section(\".discard.gendwarfksyms\"))) = &symbol
";

/// Makes the files of a unit, the one to compile first.
pub(super) fn generate(name: &str, rng: &mut Rng) -> Vec<SourceFile> {
    let kabi = rng.percent(40);
    let mut zoo = Zoo {
        rng,
        name,
        tags: Vec::new(),
        typedefs: Vec::new(),
        handlers: Vec::new(),
        kabi,
        text: PRELUDE.to_owned(),
        names: 0,
    };

    zoo.declare_tags();
    zoo.declare_handlers();
    // What the header defines is public, what the source defines is private and never expanded.
    let in_header = zoo.tags.len() * zoo.rng.usize(5..=10) / 10;
    zoo.define_tags(0..in_header);
    if zoo.rng.percent(15) {
        zoo.switch_file();
    }
    let header = std::mem::take(&mut zoo.text);

    let header_name = format!("{name}.h");
    zoo.line(&format!("#include \"{header_name}\""));
    zoo.define_tags(in_header..zoo.tags.len());
    zoo.export();
    if zoo.kabi {
        zoo.rules();
    }

    vec![SourceFile { name: format!("{name}.c"), text: zoo.text }, SourceFile { name: header_name, text: header }]
}

impl Zoo<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A name that nothing else in this unit has.
    fn fresh(&mut self, stem: &str) -> String {
        self.names += 1;
        format!("{stem}{}", self.names)
    }

    /// Claims that the next lines come from another file: what ends in `.c` is private, wherever it lies.
    fn switch_file(&mut self) {
        let file = self.rng.pick(&["inner/part.h", "part.c", "dir.c/part.h", "part.C", "../part.inc"]);
        self.line(&format!("#line 1 \"{file}\""));
    }
}
