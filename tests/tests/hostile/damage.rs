// SPDX-License-Identifier: GPL-2.0-only
//! Real objects, damaged: cut short, bits and bytes changed, headers and numbers that lie.
//!
//! Everything is made from a seed, which a failure reports, so that it can be made again.

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use fastrand::Rng;
use kabiscope::versions::Version;
use kabiscope_tests::case::Case;
use object::elf;
use object::{CompressionFormat, Object as _, ObjectSection as _};

use super::arena::{Outcome, Question, allowed_memory};
use super::layout::{Field, Layout, place};

/// An intact object with its exports.
struct Subject {
    name: String,
    object: Vec<u8>,
    exports: Arc<[u8]>,
    layout: Layout,
}

/// Groups of objects. Each has seeds of its own, so that a seed means the same where there are only the fixtures.
static GROUPS: LazyLock<Vec<(&'static str, Vec<Subject>)>> = LazyLock::new(|| {
    let mut groups = vec![("fixtures", subjects(&kabiscope_tests::fixtures()))];
    groups.extend(kabiscope_tests::shared("corpus/cases").map(|folder| ("shared", subjects(&folder))));
    groups
});

fn subjects(folder: &Path) -> Vec<Subject> {
    let cases = Case::all(folder).expect("the cases can be read");
    cases.iter().map(Subject::new).collect()
}

fn all_subjects() -> impl Iterator<Item = &'static Subject> {
    GROUPS.iter().flat_map(|(_, subjects)| subjects)
}

impl Subject {
    fn new(case: &Case) -> Self {
        let object = fs::read(case.object()).expect("a case has an object");
        let exports = fs::read(case.exports()).expect("a case has exports");
        let layout = Layout::of(&object);
        Self { name: case.name.clone(), object, exports: exports.into(), layout }
    }

    /// Asks about `object`, a damaged form of this one.
    #[track_caller]
    fn ask(&self, object: Vec<u8>, stable: bool, dump: bool, name: &str) -> Outcome {
        let size = object.len();
        let allowed = allowed_memory(size) + expansion(&object) * size as u64;
        let outcome = Question { object, exports: Arc::clone(&self.exports), stable, dump }.ask(name);
        assert!(outcome.memory <= allowed, "{name}: {} bytes of memory for {size} bytes of input", outcome.memory);
        outcome
    }

    fn versions(&self) -> Option<Vec<Option<Version>>> {
        let intact = self.ask(self.object.clone(), false, false, &self.name);
        intact.versions.ok()
    }
}

/// By how much the sections of a file can grow when they are decompressed: what deflate and zstd achieve at the most.
fn expansion(object: &[u8]) -> u64 {
    let Ok(file) = object::File::parse(object) else { return 0 };
    let formats = file.sections().filter_map(|section| section.compressed_file_range().ok()).map(|range| range.format);
    formats.fold(0, |most, format| match format {
        CompressionFormat::None => most,
        CompressionFormat::Zlib => most.max(1032),
        _ => 32 << 10,
    })
}

/// Damages objects of each group, one for each of `count` seeds, and reads them.
#[track_caller]
fn damage(kind: &str, count: u64, damage: impl Fn(&mut Rng, &Subject, &mut Vec<u8>)) {
    for (group, subjects) in &*GROUPS {
        for seed in 0..count {
            let mut rng = Rng::with_seed(seed);
            let subject = rng.choice(subjects).expect("there are objects");
            let mut object = subject.object.clone();
            damage(&mut rng, subject, &mut object);
            let (stable, dump) = (rng.bool(), rng.bool());
            subject.ask(object, stable, dump, &format!("{kind}, seed {seed} of the {group} ({})", subject.name));
        }
    }
}

#[test]
fn flipped_bits() {
    damage("flipped bits", 10_000, |rng, _, object| {
        for _ in 0..1 << rng.u32(0..6) {
            let at = rng.usize(..object.len());
            object[at] ^= 1 << rng.u32(0..8);
        }
    });
}

#[test]
fn flipped_bits_of_debug_sections() {
    damage("flipped bits of debug sections", 10_000, |rng, subject, object| {
        for _ in 0..1 << rng.u32(0..6) {
            let at = place(rng, &subject.layout.debug_contents);
            object[at] ^= 1 << rng.u32(0..8);
        }
    });
}

#[test]
fn overwritten_bytes() {
    damage("overwritten bytes", 5_000, |rng, _, object| {
        for _ in 0..rng.u32(1..8) {
            let start = rng.usize(..object.len());
            let end = (start + rng.usize(1..64)).min(object.len());
            match rng.u8(0..4) {
                0 => object[start..end].fill(0),
                1 => object[start..end].fill(0xff),
                2 => rng.fill(&mut object[start..end]),
                _ => {
                    let from = rng.usize(..=object.len() - (end - start));
                    object.copy_within(from..from + (end - start), start);
                }
            }
        }
    });
}

/// LEB128 numbers of any length that are all zeros, or as large as they can be; some have no end.
#[test]
fn numbers_of_debug_sections() {
    damage("numbers of debug sections", 10_000, |rng, subject, object| {
        for _ in 0..rng.u32(1..5) {
            let start = place(rng, &subject.layout.debug_contents);
            let end = (start + rng.usize(1..=11)).min(object.len());
            let (all, last) = if rng.bool() { (0x80, 0x00) } else { (0xff, 0x7f) };
            object[start..end].fill(all);
            if rng.u8(..8) > 0 {
                object[end - 1] = last;
            }
        }
    });
}

#[test]
fn lying_section_headers() {
    damage("lying section headers", 10_000, |rng, subject, object| {
        let layout = &subject.layout;
        for _ in 0..rng.u32(1..4) {
            let section = layout.header(rng.usize(..layout.sections));
            let field = *rng.choice(&Field::OF_SECTION).expect("there are fields");
            let old = layout.read(object, section, field);
            let new = match rng.u8(0..4) {
                // What another section has in its place.
                0 => layout.read(object, layout.header(rng.usize(..layout.sections)), field),
                1 => old.wrapping_add(rng.u64(..16)).wrapping_sub(8),
                2 => rng.u64(..2 * layout.sections as u64),
                _ => subject.layout.edge(rng, &subject.object),
            };
            layout.write(object, section, field, new);
        }
    });
}

#[test]
fn lying_file_headers() {
    damage("lying file headers", 5_000, |rng, subject, object| {
        for _ in 0..rng.u32(1..3) {
            if rng.u8(..4) == 0 {
                // Class, byte order and the like.
                object[rng.usize(4..16)] = rng.u8(..4);
            }
            let field = *rng.choice(&Field::OF_FILE).expect("there are fields");
            let value = if rng.bool() { subject.layout.edge(rng, &subject.object) } else { rng.u64(..300) };
            subject.layout.write(object, 0, field, value);
        }
    });
}

#[test]
fn exchanged_sections() {
    damage("exchanged sections", 3_000, |rng, subject, object| {
        let layout = &subject.layout;
        let size = layout.header_size();
        let [a, b] = [(); 2].map(|()| layout.header(rng.usize(..layout.sections)));
        if rng.bool() {
            // All but the name.
            let b_header = object[b + 4..b + size].to_vec();
            object.copy_within(a + 4..a + size, b + 4);
            object[a + 4..a + size].copy_from_slice(&b_header);
        } else {
            let [in_a, in_b] = [a, b].map(|header| layout.read(object, header, Field::OFFSET));
            layout.write(object, a, Field::OFFSET, in_b);
            layout.write(object, b, Field::OFFSET, in_a);
        }
    });
}

/// Debug sections mean nothing without their relocations. They are never left out in silence.
#[test]
fn relocations_of_another_symbol_table() {
    for subject in all_subjects() {
        let (layout, intact) = (&subject.layout, subject.versions());
        for number in 0..layout.sections {
            let section = layout.header(number);
            let kind = layout.read(&subject.object, section, Field::TYPE);
            if kind != u64::from(elf::SHT_RELA.0) && kind != u64::from(elf::SHT_REL.0) {
                continue;
            }
            for link in [0, 1, layout.sections as u64] {
                let mut object = subject.object.clone();
                layout.write(&mut object, section, Field::LINK, link);
                let name = format!("{}, section {number} linked to {link}", subject.name);
                check_versions(subject, object, intact.as_deref(), &name);
            }
        }
    }
}

/// A file that was cut short gives an error, or, if nothing of it is missing that counts, the versions of the whole file.
#[test]
fn truncated() {
    for subject in all_subjects() {
        let intact = subject.versions();
        for length in subject.layout.lengths(&subject.object) {
            let object = subject.object[..length].to_vec();
            check_versions(subject, object, intact.as_deref(), &format!("{}, {length} bytes", subject.name));
        }
    }
}

/// The same where the section headers stand in front, so that what is missing is noticed late.
#[test]
fn truncated_behind_the_headers() {
    for subject in all_subjects() {
        let intact = subject.versions();
        let moved = subject.layout.with_headers_in_front(&subject.object);
        let name = format!("{}, with its headers in front", subject.name);
        let whole = subject.ask(moved.clone(), false, false, &name).versions.ok();
        assert_eq!(whole, intact, "{name}");
        for length in Layout::of(&moved).lengths(&moved) {
            let name = format!("{name}, {length} bytes");
            check_versions(subject, moved[..length].to_vec(), intact.as_deref(), &name);
        }
    }
}

/// That a damaged object gives an error or the versions that it had before.
#[track_caller]
fn check_versions(subject: &Subject, object: Vec<u8>, intact: Option<&[Option<Version>]>, name: &str) {
    if let Ok(versions) = subject.ask(object, false, false, name).versions {
        assert_eq!(Some(&*versions), intact, "{name}");
    }
}
