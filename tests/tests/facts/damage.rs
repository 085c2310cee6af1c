// SPDX-License-Identifier: GPL-2.0-only
//! Damaged tables: what is wrong is told, with table and entry, and the rest is read.

use object::elf;

use crate::handmade::{File, I386, Layout, Licences, RISCV64, Recipe, Row, S390X, Versions, X86_64, facts, rows};

/// What is read after `damage`, and the troubles.
fn read(recipe: &Recipe, damage: impl FnOnce(&mut File)) -> (Vec<Row>, Vec<String>) {
    let mut file = recipe.build();
    damage(&mut file);
    let facts = facts(&file.write());
    (rows(&facts), facts.troubles)
}

/// What should be read, without some exports.
fn without(recipe: &Recipe, names: &[&str]) -> Vec<Row> {
    recipe.expected().into_iter().filter(|row| !names.contains(&&*row.name)).collect()
}

/// What should be read, without the versions of some exports.
fn unversioned(recipe: &Recipe, names: &[&str]) -> Vec<Row> {
    let mut rows = recipe.expected();
    for row in rows.iter_mut().filter(|row| names.contains(&&*row.name)) {
        row.recorded = None;
    }
    rows
}

fn stripped(recipe: Recipe) -> Recipe {
    Recipe { has_symbols: false, ..recipe }
}

#[test]
fn truncated_tables() {
    let recipe = stripped(Recipe::new(X86_64, true));
    let found = read(&recipe, |file| file.section_mut("__ksymtab").contents.truncate(4 * 12 + 7));
    let troubles = [
        "__ksymtab: its 55 bytes are no multiple of an entry's 12",
        "__kflagstab has 5 entries, __ksymtab 4",
        "__kcrctab has 5 entries, __ksymtab 4",
    ];
    assert_eq!(found, (without(&recipe, &["zeta"]), troubles.map(str::to_owned).into()));

    let found = read(&recipe, |file| file.section_mut("__kcrctab").contents.truncate(3 * 4 + 2));
    let troubles =
        ["__kcrctab has 3 entries, __ksymtab 5", "__kcrctab: versions that cannot be read: 3 (gamma_gpl), 4 (zeta)"];
    assert_eq!(found, (unversioned(&recipe, &["gamma_gpl", "zeta"]), troubles.map(str::to_owned).into()));

    // Without its flag, an export is not taken for one that everybody may use.
    let found = read(&recipe, |file| file.section_mut("__kflagstab").contents.truncate(4));
    let mut expected = recipe.expected();
    expected[4].gpl_only = true;
    assert_eq!(found, (expected, vec!["__kflagstab has 4 entries, __ksymtab 5".to_owned()]));
}

#[test]
fn entries_that_point_nowhere() {
    for target in [X86_64, I386, S390X] {
        let recipe = Recipe::new(target, true);
        let found = read(&recipe, |file| {
            let table = file.find("__ksymtab");
            file.store(table, 12, 0x7000_0000, 4);
            file.store(table, 2 * 12 + 4, 0x7000_0000, 4);
            file.store(table, 3 * 12 + 8, 0x7000_0000, 4);
        });
        let mut expected = without(&recipe, &["delta"]);
        expected[2].namespace = None;
        let troubles = [
            "__ksymtab: entries without a name: 2",
            "__ksymtab: entries whose namespace cannot be read: 3 (gamma_gpl)",
            "__ksymtab: entries whose symbol is nowhere: 1 (beta_gpl)",
        ];
        assert_eq!(found, (expected, troubles.map(str::to_owned).into()));
    }
}

#[test]
fn relocations_that_are_missing() {
    for target in [X86_64, I386, RISCV64] {
        let recipe = Recipe::new(target, false);
        let found = read(&recipe, |file| {
            file.section_mut("__ksymtab").forget_relocation(12);
            file.section_mut("__ksymtab").forget_relocation(2 * 12 + 4);
        });
        let troubles =
            ["__ksymtab: entries without a name: 2", "__ksymtab: entries whose symbol is nowhere: 1 (beta_gpl)"];
        assert_eq!(found, (without(&recipe, &["delta"]), troubles.map(str::to_owned).into()));
    }
}

#[test]
fn no_layout_fits() {
    let recipe = Recipe::new(X86_64, true);
    let (rows, troubles) = read(&recipe, |file| file.section_mut("__ksymtab").contents.fill(0xa5));
    assert_eq!(rows, []);
    let expected = "__ksymtab: its entries have none of the layouts that are known, so exports cannot be told";
    assert_eq!(troubles[0], expected);
}

#[test]
fn names_that_are_none() {
    let recipe = Recipe::new(X86_64, true);
    // The last name has no end, and another one has a blank.
    let found = read(&recipe, |file| {
        let strings = file.section_mut("__ksymtab_strings");
        let end = strings.contents.len() - 2;
        strings.contents.truncate(end);
        let place = strings.contents.windows(5).position(|name| name == b"delta").expect("it is there");
        strings.contents[place + 2] = b' ';
    });
    assert_eq!(found.0, without(&recipe, &["delta", "zeta"]));
    assert_eq!(found.1[0], "__ksymtab: entries without a name: 2, 4");
}

#[test]
fn exported_twice() {
    let recipe = Recipe::new(X86_64, true);
    let found = read(&recipe, |file| {
        let table = file.find("__ksymtab");
        let entry = file.section_mut("__ksymtab").contents[..12].to_vec();
        let distances: Vec<_> = entry.chunks(4).map(|word| u32::from_le_bytes(word.try_into().expect("4"))).collect();
        for (word, distance) in distances.into_iter().enumerate() {
            file.store(table, 12 + word * 4, distance.wrapping_sub(12).into(), 4);
        }
    });
    assert_eq!(found, (without(&recipe, &["beta_gpl"]), vec!["exported more than once: alpha".to_owned()]));
}

/// Where table and symbol do not agree, neither is believed.
#[test]
fn contradictory_versions() {
    for versions in [Versions::Values, Versions::Distances] {
        let recipe = Recipe { versions, ..Recipe::new(X86_64, true) };
        let found = read(&recipe, |file| {
            file.remove_symbol("__crc_alpha");
            file.special("__crc_alpha", elf::SHN_ABS, 5, elf::STB_GLOBAL);
        });
        let trouble = "__kcrctab: versions that contradict their __crc_ symbols: 0 (alpha) 0x11111111, 0x00000005";
        assert_eq!(found, (unversioned(&recipe, &["alpha"]), vec![trouble.to_owned()]), "{versions:?}");
    }
}

/// A version that a truncated table has lost is known by its symbol.
#[test]
fn versions_by_symbol() {
    let recipe = Recipe { versions: Versions::Values, licences: Licences::Tables, ..Recipe::new(X86_64, true) };
    let (rows, troubles) = read(&recipe, |file| file.section_mut("__kcrctab_gpl").contents.truncate(4));
    assert_eq!(rows, recipe.expected());
    let expected =
        ["__kcrctab_gpl has 1 entries, __ksymtab_gpl 2", "__kcrctab_gpl: versions that cannot be read: 1 (gamma_gpl)"];
    assert_eq!(troubles, expected);
}

#[test]
fn distances_to_versions_that_lead_nowhere() {
    for has_symbols in [true, false] {
        let recipe = Recipe { versions: Versions::Distances, has_symbols, ..Recipe::new(X86_64, true) };
        let found = read(&recipe, |file| {
            let table = file.find("__kcrctab");
            file.store(table, 4, 0x7000_0000, 4);
            file.remove_symbol("__crc_beta_gpl");
        });
        let trouble = "__kcrctab: versions that cannot be read: 1 (beta_gpl)";
        assert_eq!(found, (unversioned(&recipe, &["beta_gpl"]), vec![trouble.to_owned()]));
    }
}

/// A build that could not compute a version leaves its symbol undefined, and weak.
#[test]
fn versions_that_the_build_did_not_have() {
    let recipe = Recipe { versions: Versions::Values, ..Recipe::new(X86_64, false) };
    let found = read(&recipe, |file| file.undefine_symbol("__crc_delta"));
    assert_eq!(found, (unversioned(&recipe, &["delta"]), Vec::new()));
}

/// A symbol that is no part of the file, a table that is outside of it: the rest is read.
#[test]
fn headers_that_lie() {
    let recipe = Recipe { layout: Layout { distances: false, namespaces: true }, ..Recipe::new(X86_64, true) };
    let bytes = recipe.build().write();
    for section in ["__ksymtab", "__kcrctab", "__kflagstab", "__ksymtab_strings", ".rodata", ".strtab"] {
        for field in [24, 32] {
            let mut damaged = bytes.clone();
            let header = header(&bytes, section) + field;
            damaged[header..header + 8].copy_from_slice(&0x7fff_ffff_ffff_fff0u64.to_le_bytes());
            let facts = facts(&damaged);
            let is_told = facts.troubles.iter().any(|trouble| trouble.starts_with(&format!("section {section}:")));
            assert!(
                is_told || section == ".rodata" || section == "__ksymtab_strings",
                "{section}: {:?}",
                facts.troubles
            );
            assert!(!facts.troubles.is_empty() || section == ".rodata");
            let expected = if section.starts_with("__ksymtab") { 0 } else { recipe.exports.len() };
            assert_eq!(facts.exports.len(), expected, "{section}");
        }
    }
}

/// The offset of a section's header in a 64-bit little-endian file.
fn header(file: &[u8], name: &str) -> usize {
    use object::read::elf::{FileHeader as _, SectionHeader as _};
    let elf = elf::FileHeader64::<object::LittleEndian>::parse(file).expect("an ELF file");
    let sections = elf.sections(object::LittleEndian, file).expect("it has sections");
    let (index, section) = sections.section_by_name(object::LittleEndian, name.as_bytes()).expect("it is there");
    assert!(section.sh_size(object::LittleEndian) > 0);
    elf.e_shoff(object::LittleEndian) as usize + index.0 * 64
}

/// Names take no more memory than a file of that size can ask for, even where thousands end with the same long string.
#[test]
fn names_that_share_a_long_string() {
    let mut file = File::empty(X86_64, true);
    file.section("__ksymtab_strings", &[&[b'x'; 2000][..], b"\0"].concat());
    let table = file.section("__ksymtab", &[0; 4000 * 12]);
    let (from, to) = (file.section_mut("__ksymtab").address, file.section_mut("__ksymtab_strings").address);
    for entry in 0..4000 {
        let place = entry * 12 + 4;
        let name = to + entry as u64 % 2000;
        file.store(table, place, name.wrapping_sub(from + place as u64), 4);
    }
    let bytes = file.write();
    let facts = facts(&bytes);
    let size: usize = facts.exports.iter().map(|export| export.name.len()).sum();
    assert!(size > 0 && size <= bytes.len() * 4 + (1 << 20), "{size}");
    assert!(facts.troubles.iter().any(|trouble| trouble.contains("its names are longer than the file")));
}

/// However a file is damaged, reading it ends, and does not panic.
#[test]
fn random_damage() {
    let mut random = fastrand::Rng::with_seed(7);
    for (target, is_linked) in [(X86_64, true), (X86_64, false), (I386, false), (S390X, true)] {
        let bytes = Recipe { versions: Versions::Distances, ..Recipe::new(target, is_linked) }.build().write();
        for _ in 0..2000 {
            let mut damaged = bytes.clone();
            for _ in 0..random.usize(1..6) {
                let place = random.usize(0..damaged.len());
                damaged[place] = random.u8(..);
            }
            if let Ok(image) = kabiscope::object::Image::parse(damaged.as_slice()) {
                let _ = kabiscope::kernel::facts::Facts::read(&image);
            }
            damaged.truncate(random.usize(0..bytes.len()));
            if let Ok(image) = kabiscope::object::Image::parse(damaged.as_slice()) {
                let _ = kabiscope::kernel::facts::Facts::read(&image);
            }
        }
    }
}
