// SPDX-License-Identifier: GPL-2.0-only
//! Which units mention a symbol: a look at their bytes, which costs little.
//!
//! A DIE has its name as an offset in a section of strings, as a number that stands for one, or as text. A unit in which none of
//! these bytes are has no DIE of that name. Where they are, they may be something else: the unit has to be asked.

use aho_corasick::Span;
use aho_corasick::packed::{self, Searcher};
use memchr::memmem;
use rustc_hash::FxHashMap;

use crate::dwarf::Sections;
use crate::kernel::facts::Export;
use crate::symbols::POINTER_PREFIX;

/// More names than that are not looked for at once.
pub(super) const MAX_NAMES: usize = u64::BITS as usize;

/// So many patterns are looked for in one go.
const PATTERNS_AT_ONCE: usize = 64;

/// More would take as long as to ask all units.
const MAX_PATTERNS: usize = 3 * PATTERNS_AT_ONCE;

/// Strings with their NUL that take no more than an offset are not put into a section of strings.
const SHORT: usize = 4;

/// Looks for names of exports and of their pointers.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    looks: Vec<Look>,
}

/// One look for some patterns.
#[derive(Debug)]
struct Look {
    searcher: Searcher,
    /// What each pattern tells.
    meanings: Vec<Mentioned>,
}

/// What is mentioned: a bit a name, in the order in which they were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mentioned {
    /// The names.
    pub(super) names: u64,
    /// Those of which there may be more: the address, or the name of the pointer.
    pub(super) closely: u64,
}

impl Mentioned {
    fn add(&mut self, other: Self) {
        self.names |= other.names;
        self.closely |= other.closely;
    }
}

/// Whether there may be pointers at all.
pub(super) fn has_pointers(sections: &Sections<'_>) -> bool {
    [sections.strings(), sections.line_strings()].iter().any(|strings| memmem::find(strings, POINTER_PREFIX).is_some())
}

impl Mentions {
    /// `None` where looking for so much, or for something that is everywhere, would not pay.
    pub(super) fn new(
        sections: &Sections<'_>,
        exports: &[&Export],
        address_size: u8,
        has_pointers: bool,
    ) -> Option<Self> {
        if exports.len() > MAX_NAMES {
            return None;
        }
        let mut patterns: FxHashMap<Vec<u8>, Mentioned> = FxHashMap::default();
        let mut add = |pattern: &[u8], mentioned| patterns.entry(pattern.to_vec()).or_default().add(mentioned);
        for (export, index) in exports.iter().zip(0..) {
            let name = Mentioned { names: 1 << index, closely: 0 };
            let closely = Mentioned { names: 1 << index, closely: 1 << index };
            let text = [&export.name, &b"\0"[..]].concat();
            let pointer = has_pointers.then(|| [POINTER_PREFIX, &text].concat());
            for (text, mentioned) in [(Some(&text), name), (pointer.as_ref(), closely)] {
                let Some(text) = text else { continue };
                let (lines, strings) = (sections.line_strings(), sections.strings());
                let mut is_text = true;
                for place in memmem::find_iter(lines, text).chain(memmem::find_iter(strings, text)).take(MAX_PATTERNS) {
                    add(&sections.word(place), mentioned);
                    is_text = false;
                }
                // A unit that has names by number says where its part of the numbers is, not which of them is where.
                for place in memmem::find_iter(strings, text).take(MAX_PATTERNS) {
                    for base in sections.bases_of_parts_with(sections.word(place)) {
                        add(&sections.word(base), closely);
                    }
                }
                if is_text || text.len() <= SHORT {
                    add(text, mentioned);
                }
            }
            if let Some(definition) = export.definition {
                let closely = Mentioned { names: 0, closely: 1 << index };
                let address = sections.address(definition.value, address_size);
                for list in sections.range_lists_with(&address) {
                    add(&sections.word(list), closely);
                }
                add(&address, closely);
            }
        }
        let mut patterns: Vec<_> = patterns.into_iter().collect();
        // What begins alike is met at one place, and the shorter one is noticed.
        patterns.sort_unstable_by(|(one, _), (other, _)| one.len().cmp(&other.len()).then_with(|| one.cmp(other)));
        for longer in 1..patterns.len() {
            let (shorter, longer) = patterns.split_at_mut(longer);
            for (pattern, mentioned) in shorter {
                if longer[0].0.starts_with(pattern) {
                    mentioned.add(longer[0].1);
                }
            }
        }
        if patterns.len() > MAX_PATTERNS {
            return None;
        }
        let looks = patterns.chunks(PATTERNS_AT_ONCE).map(|patterns| {
            let searcher =
                packed::Config::new().builder().extend(patterns.iter().map(|(pattern, _)| pattern)).build()?;
            Some(Look { searcher, meanings: patterns.iter().map(|(_, mentioned)| *mentioned).collect() })
        });
        Some(Self { looks: looks.collect::<Option<_>>()? })
    }

    /// What the bytes of a unit mention.
    pub(super) fn in_unit(&self, unit: &[u8]) -> Mentioned {
        let mut mentioned = Mentioned::default();
        for Look { searcher, meanings } in &self.looks {
            let mut at = 0;
            while let Some(found) = searcher.find_in(unit, Span { start: at, end: unit.len() }) {
                mentioned.add(meanings[found.pattern().as_usize()]);
                // Another one may overlap it.
                at = found.start() + 1;
            }
        }
        mentioned
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::facts::Definition;

    const NAME: u64 = 0b01;
    const OTHER: u64 = 0b10;

    #[track_caller]
    fn check(strings: &[u8], unit: &[u8], names: u64, closely: u64) {
        let definition = Definition { section: 1, value: 0x8877_6655_4433_2211, size: 1, is_function: None };
        let export = |name: &[u8], definition| Export {
            name: name.to_vec(),
            definition,
            gpl_only: false,
            namespace: None,
            recorded: None,
        };
        let (name, other) = (export(b"name", Some(definition)), export(b"up", None));
        let sections = Sections::of_strings(strings);
        let mentions = Mentions::new(&sections, &[&name, &other], 8, has_pointers(&sections)).expect("few patterns");
        assert_eq!(mentions.in_unit(unit), Mentioned { names, closely });
    }

    #[test]
    fn by_offsets_in_strings() {
        let strings = b"\0a_name\0name\0up\0__gendwarfksyms_ptr_name\0";
        check(strings, &[0; 32], 0, 0);
        check(strings, &[0, 8, 0, 0, 0, 0], NAME, 0);
        // Strings may share their ends.
        check(strings, &[0, 3, 0, 0, 0, 0], NAME, 0);
        // The end of a pointer's name, and all of it.
        check(strings, &[0, 36, 0, 0, 0, 0], NAME, 0);
        check(strings, &[0, 16, 0, 0, 0, 0], NAME, NAME);
        check(strings, &[13, 0, 0, 0, 8, 0, 0, 0], NAME | OTHER, 0);
    }

    #[test]
    fn by_text_and_address() {
        // Short ones are in the units themselves, and so are others if they are nowhere else.
        check(b"\0up\0", b"0000up\x00000name\x00000", NAME | OTHER, 0);
        check(b"\0name\0", b"0000000name\x0000000", 0, 0);
        check(b"\0name\0", &[1, 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88], NAME, NAME);
    }
}
