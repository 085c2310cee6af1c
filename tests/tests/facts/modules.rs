// SPDX-License-Identifier: GPL-2.0-only
//! What a module says of itself, and what it needs.

use kabiscope::kernel::facts::{Facts, Kind, Module};
use object::elf;

use crate::handmade::{File, I386, PPC, PPC64, RISCV64, Recipe, S390X, Target, X86_64, facts};

/// The imports: name, recorded version, weak.
fn imports(facts: &Facts) -> Vec<(String, Option<u32>, bool)> {
    let imports = facts.imports.iter().map(|import| {
        let name = String::from_utf8_lossy(&import.name).into_owned();
        (name, import.recorded.map(|version| version.0), import.weak)
    });
    imports.collect()
}

/// `__versions` with these entries.
fn versions(target: Target, entries: &[(&str, u32)]) -> Vec<u8> {
    use object::Endian as _;
    let mut bytes = Vec::new();
    for (name, version) in entries {
        let end = bytes.len() + 64;
        if target.is_64 {
            bytes.extend_from_slice(&target.endian.write_u64(u64::from(*version)));
        } else {
            bytes.extend_from_slice(&target.endian.write_u32(*version));
        }
        bytes.extend_from_slice(name.as_bytes());
        bytes.resize(end, 0);
    }
    bytes
}

/// A module with undefined symbols.
fn module(target: Target, undefined: &[(&str, elf::SymbolBind)]) -> File {
    let mut file = Recipe { exports: Vec::new(), ..Recipe::new(target, false) }.build();
    for (name, binding) in undefined {
        file.special(name, elf::SHN_UNDEF, 0, *binding);
    }
    file
}

const NEEDED: [(&str, elf::SymbolBind); 2] = [("printk", elf::STB_GLOBAL), ("maybe", elf::STB_WEAK)];

#[test]
fn imports_and_versions() {
    for target in [X86_64, I386, S390X, PPC] {
        let mut file = module(target, &NEEDED);
        file.section("__versions", &versions(target, &[("module_layout", 0xff00_0001), ("printk", 5)]));
        let facts = facts(&file.write());
        let expected = [("maybe", None, true), ("module_layout", Some(0xff00_0001), false), ("printk", Some(5), false)];
        assert_eq!(imports(&facts), expected.map(|(name, version, weak)| (name.to_owned(), version, weak)));
        assert_eq!(facts.troubles, Vec::<String>::new());
    }
}

/// `CONFIG_EXTENDED_MODVERSIONS`: names of any length, in two sections; the short ones are in `__versions` as well.
#[test]
fn long_names() {
    let long = format!("_RNvC{}", "x".repeat(300));
    for target in [X86_64, PPC] {
        use object::Endian as _;
        let mut file = module(target, &[(&long, elf::STB_GLOBAL), ("printk", elf::STB_GLOBAL)]);
        file.section("__versions", &versions(target, &[("printk", 5)]));
        let crcs = [0x8765_4321, 5].map(|version| target.endian.write_u32(version));
        file.section("__version_ext_crcs", crcs.as_flattened());
        file.section("__version_ext_names", format!("{long}\0printk\0\0").as_bytes());
        let facts = facts(&file.write());
        let expected = [(long.clone(), Some(0x8765_4321), false), ("printk".to_owned(), Some(5), false)];
        assert_eq!(imports(&facts), expected);
        assert_eq!(facts.troubles, Vec::<String>::new());
    }
}

/// What the linker or the loader provides is no import (modpost's `ignore_undef_symbol`), and of the first ABI of 64-bit
/// PowerPC, the dot of a function's code is no part of its name.
#[test]
fn what_is_no_import() {
    let names = ["_GLOBAL_OFFSET_TABLE_", "__this_module", "__start_notes", "__stop_notes", "printk"];
    let file = module(X86_64, &names.map(|name| (name, elf::STB_GLOBAL)));
    assert_eq!(imports(&facts(&file.write())), [("printk".to_owned(), None, false)]);

    let mut file = module(PPC64, &["_restgpr0_14", ".TOC.", ".printk"].map(|name| (name, elf::STB_GLOBAL)));
    file.section("__versions", &versions(PPC64, &[("printk", 9)]));
    assert_eq!(imports(&facts(&file.write())), [("printk".to_owned(), Some(9), false)]);
}

#[test]
fn modinfo() {
    let mut file = module(RISCV64, &[]);
    let info = "name=made_up\0license=Dual BSD/GPL\0license=none\0depends=usb-core,,scsi_mod\0import_ns=NET\0\0\0\
                import_ns=USB STORAGE\0odd\0vermagic=6.9.1 SMP mod_unload riscv\0";
    file.section_mut(".modinfo").contents = info.as_bytes().to_vec();
    let mut bytes = file.write();
    let found = facts(&bytes);
    let pairs = [
        ("name", "made_up"),
        ("license", "Dual BSD/GPL"),
        ("license", "none"),
        ("depends", "usb-core,,scsi_mod"),
        ("import_ns", "NET"),
        ("import_ns", "USB STORAGE"),
        ("odd", ""),
        ("vermagic", "6.9.1 SMP mod_unload riscv"),
    ];
    let expected = Module {
        name: "made_up".to_owned(),
        vermagic: Some("6.9.1 SMP mod_unload riscv".to_owned()),
        licence: Some("Dual BSD/GPL".to_owned()),
        depends: vec!["usb-core".to_owned(), "scsi_mod".to_owned()],
        imported_namespaces: vec!["NET".to_owned(), "USB STORAGE".to_owned()],
        signed: false,
        info: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
    };
    assert_eq!(found.module, Some(expected));
    assert_eq!(found.release.as_deref(), Some("6.9.1"));
    assert_eq!(found.architecture, "riscv64");

    bytes.extend_from_slice(b"\x30\x82 some signature\0\0\x02\0\0\0\0\0~Module signature appended~\n");
    assert!(facts(&bytes).module.expect("it is a module").signed);
}

/// In older kernels, the name is in `struct module` alone.
#[test]
fn name_in_the_structure() {
    for (target, offset) in [(X86_64, 24), (PPC, 12)] {
        let mut file = module(target, &[]);
        file.section_mut(".modinfo").contents = b"license=GPL\0vermagic=4.9.0 SMP \0".to_vec();
        let mut structure = vec![0; 0x180];
        structure[offset..offset + 7].copy_from_slice(b"old_one");
        file.section(".gnu.linkonce.this_module", &structure);
        let found = facts(&file.write());
        assert_eq!(found.module.expect("it is a module").name, "old_one");
    }
}

#[test]
fn a_module_before_it_is_linked_to_the_end() {
    let mut file = module(X86_64, &[]);
    file.section_mut(".modinfo").contents = b"license=GPL\0".to_vec();
    let found = facts(&file.write());
    assert_eq!((found.kind, found.module, found.release), (Kind::Object, None, None));
}

#[test]
fn damaged_versions() {
    let mut file = module(X86_64, &NEEDED);
    let mut entries = versions(X86_64, &[("printk", 5), ("", 6), ("kfree", 7)]);
    entries.truncate(64 * 3 - 10);
    file.section("__versions", &entries);
    file.section("__version_ext_crcs", &[1, 0, 0, 0, 2, 0, 0, 0, 3, 0]);
    file.section("__version_ext_names", b"printk\0kmalloc\0memset\0");
    let found = facts(&file.write());
    let expected = [("kmalloc", Some(2), false), ("maybe", None, true), ("printk", None, false)];
    assert_eq!(imports(&found), expected.map(|(name, version, weak)| (name.to_owned(), version, weak)));
    assert_eq!(
        found.troubles,
        [
            "__versions: its 182 bytes are no multiple of an entry's 64",
            "__versions: entries without a name: 1",
            "__version_ext_crcs has 2 entries, __version_ext_names 3",
            "imports with two versions: printk",
        ]
    );
}
