// SPDX-License-Identifier: GPL-2.0-only
//! Real objects, changed here and there within their sections: most of what comes out is read to a good part.

#![no_main]

use std::ops::Range;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use kabiscope_fuzz::{Options, SEEDS, read};
use libfuzzer_sys::fuzz_target;
use object::{Object as _, ObjectSection as _};

/// An object to change, and how.
#[derive(Debug, Arbitrary)]
struct Input<'i> {
    seed: u8,
    changes: Vec<Change<'i>>,
    options: Options,
}

/// Other bytes at a place in a section.
#[derive(Debug, Arbitrary)]
struct Change<'i> {
    section: u8,
    offset: u16,
    bytes: &'i [u8],
}

/// Where the contents of each object's sections are.
static SECTIONS: LazyLock<Vec<Vec<Range<usize>>>> =
    LazyLock::new(|| SEEDS.iter().map(|seed| sections(seed.object)).collect());

fn sections(object: &[u8]) -> Vec<Range<usize>> {
    let file = object::File::parse(object).expect("the fixtures are intact");
    let contents = file.sections().filter_map(|section| section.file_range());
    contents.map(|(start, size)| start as usize..(start + size) as usize).filter(|range| !range.is_empty()).collect()
}

fuzz_target!(|input: Input<'_>| {
    let number = usize::from(input.seed) % SEEDS.len();
    let (seed, sections) = (SEEDS[number], &SECTIONS[number]);
    let mut object = seed.object.to_vec();
    for change in &input.changes {
        let section = &mut object[sections[usize::from(change.section) % sections.len()].clone()];
        let place = usize::from(change.offset) % section.len();
        for (old, new) in section[place..].iter_mut().zip(change.bytes) {
            *old = *new;
        }
    }
    read(&object, seed.exports, input.options);
});
