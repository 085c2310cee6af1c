// SPDX-License-Identifier: GPL-2.0-only
//! Linked kernels and modules, damaged: what can be read is read, and no damage leads to another version than before where it
//! can be told from what is intact.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::process::Command;
use std::sync::LazyLock;

use fastrand::Rng;
use gimli::constants as dw;
use kabiscope::abi::{Abi, Export};
use kabiscope::dwarf::Sections;
use kabiscope::kernel::facts::{self, Facts, Kind};
use kabiscope::linked::Units;
use kabiscope::object::Image;
use kabiscope_tests::command;
use kabiscope_tests::handmade::{EXPORT, Encoded, Types};
use object::elf;
use object::{Object as _, ObjectSection as _};

use super::arena::{allowed_memory, answers, watched};
use super::layout::{Field, Layout, place};

/// An intact file.
struct Subject {
    name: String,
    file: Vec<u8>,
    layout: Layout,
    /// What it has.
    intact: View,
}

/// What is read from a file: its exports by name, and what is wrong with it.
type View = kabiscope::Result<Abi>;

/// A kernel with units in C and Rust, a module, an object, and where there is one, a module of a real kernel.
static SUBJECTS: LazyLock<Vec<Subject>> = LazyLock::new(|| {
    let read = |name: &str| {
        let path = kabiscope_tests::fixtures().join("image").join(name);
        Subject::new(name, fs::read(path).expect("the fixture is there"))
    };
    let mut subjects: Vec<_> = ["vmlinux", "mini_a.ko", "objects/task.o"].map(read).into();
    let real = kabiscope_tests::kernel::modules(env!("CARGO_TARGET_TMPDIR")).expect("the modules can be unpacked");
    subjects.extend(real.map(|folder| {
        let path = folder.join("lib/zlib_deflate/zlib_deflate.ko");
        Subject::new("zlib_deflate.ko", fs::read(path).expect("the module is there"))
    }));
    subjects
});

impl Subject {
    fn new(name: &str, file: Vec<u8>) -> Self {
        let intact = read(&file);
        let abi = intact.as_ref().expect("it is intact");
        assert!(abi.exports.iter().any(|export| export.computed.is_some()), "{name} has no version to lose");
        Self { name: name.to_owned(), layout: Layout::of(&file), file, intact }
    }

    /// Reads `file`, a damaged form of this one.
    #[track_caller]
    fn read(&self, file: Vec<u8>, name: &str) -> View {
        let size = file.len();
        let (view, memory) = watched(name, move || read(&file));
        assert!(memory <= allowed_memory(size), "{name}: {memory} bytes of memory for {size} bytes of input");
        view
    }

    /// Reads a damaged form of this, and checks that it has no other versions.
    #[track_caller]
    fn check(&self, file: Vec<u8>, name: &str) -> View {
        let view = self.read(file, name);
        if let Ok(damaged) = &view {
            let intact = self.exports();
            for export in &damaged.exports {
                let before = intact.get(export.name.as_str());
                let has = |version: fn(&Export) -> _| before.and_then(|before| version(before));
                if export.computed.is_some() {
                    assert_eq!(export.computed, has(|export| export.computed), "{name}: {}", export.name);
                } else {
                    assert!(export.error.is_some(), "{name}: {} has neither a version nor a reason", export.name);
                }
                if export.recorded.is_some() {
                    assert_eq!(export.recorded, has(|export| export.recorded), "{name}: {} records", export.name);
                }
            }
        }
        view
    }

    fn exports(&self) -> BTreeMap<&str, &Export> {
        let intact = self.intact.as_ref().expect("it is intact");
        intact.exports.iter().map(|export| (&*export.name, export)).collect()
    }

    /// The contents of a section, in the file.
    fn section(&self, name: &str) -> Option<Range<usize>> {
        let file = object::File::parse(&*self.file).expect("it is intact");
        let (start, size) = file.section_by_name(name)?.file_range()?;
        Some(start as usize..(start + size) as usize)
    }
}

/// All that is asked of a file: facts, and what its units answer.
fn read(file: &[u8]) -> View {
    let image = Image::parse(file)?;
    let facts = Facts::read(&image)?;
    let mut abi = Abi::new("damaged".to_owned(), &facts);
    if let Err(error) = compute(&image, &facts, &mut abi) {
        for export in &mut abi.exports {
            export.error = Some(error.to_string());
        }
    }
    Ok(abi)
}

fn compute(image: &Image<'_>, facts: &Facts, abi: &mut Abi) -> kabiscope::Result<()> {
    let sections = Sections::read(image)?;
    let units = Units::new(&sections, None, facts.kind, None)?;
    let (answers, errors) = answers(image, &units, &facts.exports);
    answers.iter().for_each(|answers| abi.take(answers));
    abi.troubles.extend(errors.iter().map(ToString::to_string));
    Ok(())
}

/// Damages each subject with each of `count` seeds, and reads it.
#[track_caller]
fn damage(kind: &str, count: u64, damage: impl Fn(&mut Rng, &Subject, &mut Vec<u8>)) {
    for subject in &*SUBJECTS {
        for seed in 0..count {
            let mut file = subject.file.clone();
            damage(&mut Rng::with_seed(seed), subject, &mut file);
            // What was changed may be the types themselves; that it is read at all is what counts.
            let _ = subject.read(file, &format!("{kind}, seed {seed} of {}", subject.name));
        }
    }
}

#[test]
fn truncated() {
    for subject in &*SUBJECTS {
        for length in subject.layout.lengths(&subject.file) {
            let _ = subject.check(subject.file[..length].to_vec(), &format!("{}, {length} bytes", subject.name));
        }
    }
}

/// The same where the section headers stand in front, so that what is missing is noticed late.
#[test]
fn truncated_behind_the_headers() {
    for subject in &*SUBJECTS {
        let moved = subject.layout.with_headers_in_front(&subject.file);
        let name = format!("{}, with its headers in front", subject.name);
        assert_eq!(subject.read(moved.clone(), &name), subject.intact, "{name}");
        for length in Layout::of(&moved).lengths(&moved) {
            let _ = subject.check(moved[..length].to_vec(), &format!("{name}, {length} bytes"));
        }
    }
}

/// Each section in turn ends too early, or is not there.
#[test]
fn sections_cut_short() {
    for subject in &*SUBJECTS {
        let layout = &subject.layout;
        for number in 1..layout.sections {
            let header = layout.header(number);
            let size = layout.read(&subject.file, header, Field::SIZE);
            // With fewer relocations a file is as valid, but tells something else: it only has to be read.
            let relocates = layout.read(&subject.file, header, Field::TYPE) == u64::from(elf::SHT_RELA.0);
            let check = |file, name: &str| match relocates {
                true => drop(subject.read(file, name)),
                false => drop(subject.check(file, name)),
            };
            for less in [1, 4, 12, size / 2, size.saturating_sub(1), size] {
                let mut file = subject.file.clone();
                layout.write(&mut file, header, Field::SIZE, size.saturating_sub(less));
                check(file, &format!("{}, section {number} without {less} bytes", subject.name));
            }
            let mut file = subject.file.clone();
            // SHT_NULL: a section that is not in use.
            layout.write(&mut file, header, Field::TYPE, 0);
            check(file, &format!("{}, without section {number}", subject.name));
        }
    }
}

/// Entries of export tables that point elsewhere, or nowhere. The others are read as before, with their versions.
#[test]
fn entries_that_point_nowhere() {
    let subject = &SUBJECTS[0];
    let table = subject.section("__ksymtab").expect("a kernel has exports");
    let before = subject.exports();
    // Symbol, name, namespace.
    const ENTRY: usize = 12;
    for (number, entry) in table.clone().step_by(ENTRY).enumerate() {
        for field in [0, 4, 8] {
            for distance in [0, i32::MIN, i32::MAX, -1, 0x1000_0000] {
                let mut file = subject.file.clone();
                file[entry + field..entry + field + 4].copy_from_slice(&distance.to_le_bytes());
                let name = format!("entry {number}, field {field}, distance {distance}");
                let damaged = subject.check(file, &name).expect("all else is intact");
                let kept = damaged.exports.iter().filter(|export| before.contains_key(&*export.name)).count();
                assert!(kept + 1 >= before.len(), "{name}: {kept} of {} exports are left", before.len());
                let lost = before.values().filter(|before| {
                    let after = damaged.exports.iter().find(|export| export.name == before.name);
                    before.computed.is_some() && after.is_none_or(|after| after.computed.is_none())
                });
                let lost: Vec<_> = lost.map(|export| &export.name).collect();
                // The one, and one that was folded with it and has no DIE of its own.
                assert!(lost.len() <= 2, "{name}: {lost:?} have no version");
            }
        }
    }
}

/// Units that end elsewhere than their headers say.
#[test]
fn unit_lengths_that_lie() {
    for subject in &*SUBJECTS {
        let debug_info = subject.section(".debug_info").expect("it has debugging information");
        let mut at = debug_info.start;
        while at < debug_info.end {
            let length = u32::from_le_bytes(subject.file[at..at + 4].try_into().expect("four bytes"));
            for lie in [0, 1, length - 1, length + 1, length / 2, length + 100, 0xffff_fff0, u32::MAX, i32::MAX as u32]
            {
                let mut file = subject.file.clone();
                file[at..at + 4].copy_from_slice(&lie.to_le_bytes());
                let _ = subject.check(file, &format!("{}, the unit at {at:#x} has length {lie}", subject.name));
            }
            at += 4 + length as usize;
        }
    }
}

/// A unit that cannot be read takes nothing with it but its own exports, and another unit does not speak for these.
#[test]
fn unreadable_units() {
    for subject in &*SUBJECTS {
        let debug_info = subject.section(".debug_info").expect("it has debugging information");
        let mut at = debug_info.start;
        while at < debug_info.end {
            let length = u32::from_le_bytes(subject.file[at..at + 4].try_into().expect("four bytes"));
            // In DWARF 5: length, version, type, size of addresses, offset of abbreviations.
            assert_eq!(subject.file[at + 4..at + 6], [5, 0], "{}", subject.name);
            let changes: [(&str, Range<usize>, &[u8]); 3] = [
                ("abbreviations beyond their section", at + 8..at + 12, &[0xff; 4]),
                ("an unknown abbreviation", at + 12..at + 14, &[0xff, 0x7f]),
                ("no entries", at + 12..at + 13, &[0]),
            ];
            for (what, place, bytes) in changes {
                let mut file = subject.file.clone();
                file[place].copy_from_slice(bytes);
                let _ = subject.check(file, &format!("{}, the unit at {at:#x} has {what}", subject.name));
            }
            at += 4 + length as usize;
        }
    }
}

#[test]
fn flipped_bits_of_headers() {
    damage("flipped bits of headers", 500, |rng, subject, file| {
        for _ in 0..1 << rng.u32(0..3) {
            let layout = &subject.layout;
            let headers = layout.headers..layout.header(layout.sections);
            let at = place(rng, &[0..64, headers]);
            file[at] ^= 1 << rng.u32(0..8);
        }
    });
}

#[test]
fn lying_section_headers() {
    damage("lying section headers", 500, |rng, subject, file| {
        let layout = &subject.layout;
        for _ in 0..rng.u32(1..4) {
            let section = layout.header(rng.usize(..layout.sections));
            let field = *rng.choice(&Field::OF_SECTION).expect("there are fields");
            let new = layout.edge(rng, file);
            layout.write(file, section, field, new);
        }
    });
}

/// In the tables of exports, imports and symbols, and in `.modinfo`.
#[test]
fn flipped_bits_of_tables() {
    const TABLES: [&str; 12] = [
        "__ksymtab",
        "__kcrctab",
        "__kflagstab",
        "__ksymtab_strings",
        "__versions",
        "__version_ext_crcs",
        "__version_ext_names",
        ".modinfo",
        ".gnu.linkonce.this_module",
        ".rela__ksymtab",
        ".symtab",
        ".strtab",
    ];
    damage("flipped bits of tables", 500, |rng, subject, file| {
        let tables: Vec<_> = TABLES.into_iter().filter_map(|name| subject.section(name)).collect();
        for _ in 0..1 << rng.u32(0..5) {
            let at = place(rng, &tables);
            file[at] ^= 1 << rng.u32(0..8);
        }
    });
}

#[test]
fn flipped_bits_of_debug_sections() {
    damage("flipped bits of debug sections", 1000, |rng, subject, file| {
        for _ in 0..1 << rng.u32(0..6) {
            let at = place(rng, &subject.layout.debug_contents);
            file[at] ^= 1 << rng.u32(0..8);
        }
    });
}

/// The command says that a debug file belongs to another build, and computes nothing from it.
#[test]
fn debug_file_of_another_build() {
    let folder = kabiscope_tests::fixtures().join("image");
    let mut command = Command::new(command::kabiscope());
    command.args(["list", "--format", "json", "--compute", "--debug-file"]);
    command.arg(folder.join("vmlinux")).arg(folder.join("split/mini_a.ko"));
    let output = command.output().expect("the command runs");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("another build"), "{message}");
    let abi: Abi = serde_json::from_slice(&output.stdout).expect("what the file records is printed nevertheless");
    assert!(!abi.exports.is_empty());
    for export in abi.exports {
        assert!(export.computed.is_none() && export.error.is_some() && export.recorded.is_some(), "{}", export.name);
    }
}

/// What a linked image with this unit answers for [`EXPORT`].
fn answer(name: &str, object: Vec<u8>) -> Result<(), String> {
    let size = object.len();
    let (answer, memory) = watched(name, move || {
        let image = Image::parse(&*object)?;
        let sections = Sections::read(&image)?;
        let units = Units::new(&sections, None, Kind::Vmlinux, None)?;
        let export = facts::Export {
            name: EXPORT.as_bytes().to_vec(),
            definition: Some(facts::Definition { section: 1, value: 0, size: 8, is_function: Some(false) }),
            gpl_only: false,
            namespace: None,
            recorded: None,
        };
        let (answers, errors) = answers(&image, &units, &[export]);
        assert!(errors.is_empty() || answers.iter().all(|answers| answers.answers[0].computed.is_err()));
        let mut answers = answers.into_iter().flat_map(|answers| answers.answers);
        Ok::<_, kabiscope::Error>(answers.next().map(|answer| answer.computed.map(drop)))
    });
    assert!(memory <= allowed_memory(size), "{name}: {memory} bytes of memory for {size} bytes of input");
    match answer {
        Ok(answer) => answer.unwrap_or_else(|| Err("no answer".to_owned())),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn types_of_themselves() {
    for tag in [dw::DW_TAG_typedef, dw::DW_TAG_const_type, dw::DW_TAG_pointer_type, dw::DW_TAG_array_type] {
        for length in [1, 2, 1000] {
            let name = format!("cycle of {length} × {tag}");
            assert!(answer(&name, Types::cycle(tag, length)).is_err(), "{name}");
        }
    }
    // By name there is an end to it.
    let mut types = Types::new();
    let structure = types.add(dw::DW_TAG_structure_type);
    types.name(structure, "list");
    let pointer = types.add_of(dw::DW_TAG_pointer_type, structure);
    types.add_member(structure, pointer);
    assert_eq!(answer("a list", types.object_of(structure)), Ok(()));
}

/// Functions, which are passed over, and their siblings elsewhere: before them, at themselves, outside.
#[test]
fn siblings_in_circles() {
    let unit = |sibling: u32| {
        let mut unit = Encoded::of_variable();
        unit.abbreviation(10, dw::DW_TAG_subprogram, true, &[(dw::DW_AT_sibling, dw::DW_FORM_ref4)]);
        unit.abbreviation(11, dw::DW_TAG_lexical_block, false, &[]);
        let int = unit.int();
        let first = unit.entry(10, &[&sibling.to_le_bytes()]);
        unit.entry(11, &[]);
        unit.entry(0, &[]);
        let next = unit.next_offset();
        unit.variable(int);
        unit.entry(0, &[]);
        (unit.object(), first, next)
    };
    let (_, first, next) = unit(0);
    assert_eq!(answer("the next entry", unit(next).0), Ok(()));
    for sibling in [0, 1, Encoded::HEADER, first - 1, first, next + 100, u32::MAX] {
        let name = format!("sibling at {sibling:#x}");
        assert!(answer(&name, unit(sibling).0).is_err(), "{name}");
    }
}
