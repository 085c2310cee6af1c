// SPDX-License-Identifier: GPL-2.0-only
//! Objects, of kernels with `.export_symbol` and of those before; and files that are none of the kernel's, or only the debugging
//! information of one.

use kabiscope::Error;
use kabiscope::kernel::facts::{Facts, Kind};
use kabiscope::object::Image;
use object::elf;

use crate::handmade::{EXPORTS, File, I386, RISCV64, Recipe, Row, S390X, Target, Versions, X86_64, facts, rows};

fn row(name: &str, gpl_only: bool, namespace: Option<&str>, recorded: Option<u32>) -> Row {
    Row { name: name.to_owned(), gpl_only, namespace: namespace.map(str::to_owned), recorded }
}

/// An object with `.export_symbol`: a licence and a namespace at each symbol.
fn object(target: Target, exports: &[(&str, &[u8])]) -> File {
    let mut file = File::empty(target, false);
    let code = file.section(".text", &[0x90; 16]);
    let strings: Vec<u8> = exports.iter().flat_map(|(_, strings)| strings.iter().copied()).collect();
    let section = file.section(".export_symbol", &strings);
    let mut offset = 0;
    for (name, strings) in exports {
        file.symbol(name, code, 0, elf::STB_GLOBAL, elf::STT_FUNC);
        file.symbol(&format!("__export_symbol_{name}"), section, offset, elf::STB_LOCAL, elf::STT_NOTYPE);
        offset += strings.len() as u64;
    }
    file
}

#[test]
fn marked_exports() {
    for target in [X86_64, I386, S390X] {
        let mut file = object(target, &[("zeta", b"\0\0\0\0\0\0\0\0"), ("alpha", b"GPL\0NET\0\0\0\0\0\0\0\0\0")]);
        file.special("kfree", elf::SHN_UNDEF, 0, elf::STB_GLOBAL);
        file.special("__crc_zeta", elf::SHN_ABS, 77, elf::STB_GLOBAL);
        let facts = facts(&file.write());
        assert_eq!(facts.kind, Kind::Object);
        assert_eq!(rows(&facts), [row("alpha", true, Some("NET"), None), row("zeta", false, None, Some(77))]);
        assert_eq!(facts.imports.iter().map(|import| &*import.name).collect::<Vec<_>>(), [b"kfree"]);
        assert_eq!(facts.troubles, Vec::<String>::new());
    }
}

#[test]
fn damaged_marks() {
    let mut file = object(X86_64, &[("alpha", b"BSD\0\0"), ("beta", b"GPL\0N")]);
    // Not there, for where it would be is another section.
    let code = file.find(".text");
    file.symbol("__export_symbol_gamma", code, 0, elf::STB_LOCAL, elf::STT_NOTYPE);
    let facts = facts(&file.write());
    assert_eq!(rows(&facts), [row("alpha", true, None, None)]);
    let expected =
        [".export_symbol: exports with an unknown licence: alpha", ".export_symbol: exports without a licence: beta"];
    assert_eq!(facts.troubles, expected);
}

/// Before 6.5, an object has a section for each export, which the linker puts together.
#[test]
fn sections_of_single_exports() {
    for target in [X86_64, I386, RISCV64] {
        for versions in [Versions::None, Versions::Values, Versions::Distances] {
            let recipes =
                EXPORTS.map(|export| Recipe { exports: vec![export], versions, ..Recipe::new(target, false) });
            for recipe in recipes {
                let (name, gpl_only, ..) = recipe.exports[0];
                let class = if gpl_only { "_gpl" } else { "" };
                let mut file = recipe.build();
                file.section_mut("__ksymtab").name = format!("___ksymtab{class}+{name}");
                file.section_mut("__kflagstab").name = "unrelated".to_owned();
                if versions != Versions::None {
                    file.section_mut("__kcrctab").name = format!("___kcrctab{class}+{name}");
                }
                file.section_mut(".modinfo").contents.clear();
                let facts = facts(&file.write());
                assert_eq!(facts.kind, Kind::Object);
                assert_eq!(rows(&facts), recipe.expected(), "{recipe:?}");
                assert_eq!(facts.troubles, Vec::<String>::new(), "{recipe:?}");
            }
        }
    }
}

#[test]
fn other_files() {
    let mut file = File::empty(X86_64, true);
    file.section(".text", &[0x90; 16]);
    let bytes = file.write();
    let image = Image::parse(bytes.as_slice()).expect("an ELF file");
    assert_eq!(Facts::read(&image), Err(Error::NotKernel));
}

/// A kernel without modules exports nothing.
#[test]
fn kernel_without_exports() {
    let found = Recipe { exports: Vec::new(), ..Recipe::new(S390X, true) }.facts();
    assert_eq!((found.kind, found.release.as_deref()), (Kind::Vmlinux, Some("5.5.5-made")));
    assert_eq!(found.compiler.as_deref(), Some("gcc (Made 1) 12.2.0"));
    assert_eq!(found.architecture, "s390x");
}

#[test]
fn debug_files() {
    for is_linked in [true, false] {
        let mut file = Recipe::new(X86_64, is_linked).build();
        file.section(".debug_info", b"\0\0\0\0");
        let bytes = file.write();
        let image = Image::parse(bytes.as_slice()).expect("an ELF file");
        assert!(!image.is_debug_file());

        // As objcopy --only-keep-debug does.
        let mut file = Recipe::new(X86_64, is_linked).build();
        file.empty_sections();
        let bytes = file.write();
        let image = Image::parse(bytes.as_slice()).expect("an ELF file");
        assert!(image.is_debug_file());
        let facts = Facts::read(&image).expect("a kernel file");
        assert_eq!(rows(&facts), []);
        let expected = "this is a separate debug file: what it exports is in the file that it was split from";
        assert_eq!(facts.troubles[0], expected);
    }
}

#[test]
fn sections_of_an_image() {
    let mut file = File::empty(X86_64, true);
    file.section(".text", &[0x90; 16]);
    file.section(".BTF", &[0x9f, 0xeb, 1, 0]);
    file.section(".gnu_debuglink", b"vmlinux.debug\0\0\0\x78\x56\x34\x12");
    let bytes = file.write();
    let image = Image::parse(bytes.as_slice()).expect("an ELF file");
    assert!(image.has_btf() && image.has_section(".text") && !image.has_section(".data"));
    let link = image.debug_link().expect("it has one");
    assert_eq!((link.file, link.crc), (&b"vmlinux.debug"[..], 0x1234_5678));
    let (offset, size) = image.section_range(".BTF").expect("it is there");
    assert_eq!(&bytes[offset as usize..][..size as usize], [0x9f, 0xeb, 1, 0]);
    assert_eq!(image.section_range(".data"), None);
}
