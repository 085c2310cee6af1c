// SPDX-License-Identifier: GPL-2.0-only
//! Exports and their versions in all layouts of all times, on machines of either size and byte order.

use kabiscope::kernel::facts::Kind;
use object::elf;

use crate::handmade::{
    AARCH64, EXPORTS, I386, Layout, Licences, PPC, RISCV64, Recipe, Row, S390X, Target, VERMAGIC, Versions, X86_64,
    facts, rows,
};

const TARGETS: [Target; 6] = [X86_64, I386, S390X, PPC, RISCV64, AARCH64];

const LAYOUTS: [Layout; 4] = [
    Layout { distances: true, namespaces: true },
    Layout { distances: true, namespaces: false },
    Layout { distances: false, namespaces: true },
    Layout { distances: false, namespaces: false },
];

#[track_caller]
fn check(recipe: &Recipe) {
    let facts = recipe.facts();
    assert_eq!(facts.troubles, Vec::<String>::new(), "{recipe:?}");
    assert_eq!(rows(&facts), recipe.expected(), "{recipe:?}");
    assert_eq!(facts.kind, if recipe.is_linked { Kind::Vmlinux } else { Kind::Module });
    assert_eq!(facts.release.as_deref(), Some("5.5.5-made"));
    // A kernel does not tell it but by its symbol table.
    let vermagic = (recipe.is_linked && recipe.has_symbols).then_some(VERMAGIC);
    assert_eq!(facts.vermagic.as_deref(), vermagic);
    let is_defined = recipe.has_symbols || !recipe.is_linked;
    assert!(facts.exports.iter().all(|export| export.definition.is_some() == is_defined));
}

/// Every combination that a kernel ever had, and more.
#[test]
fn all_layouts() {
    for target in TARGETS {
        for (is_linked, has_symbols) in [(true, true), (true, false), (false, true)] {
            for layout in LAYOUTS {
                for licences in [Licences::Flags, Licences::Tables] {
                    let versions = [Versions::None, Versions::Table, Versions::Values, Versions::Distances];
                    let wide = target.is_64.then_some(Versions::WideValues);
                    for versions in versions.into_iter().chain(wide) {
                        let recipe =
                            Recipe { layout, licences, versions, has_symbols, ..Recipe::new(target, is_linked) };
                        check(&recipe);
                    }
                }
            }
        }
    }
}

/// In modules, tables are small: what is told apart by numbers must be so with few entries too, and where each has a namespace.
#[test]
fn small_tables() {
    for target in TARGETS {
        for layout in LAYOUTS {
            for count in 1..8 {
                let names = ["a", "b", "c", "d", "e", "f", "g"];
                let exports = names.into_iter().take(count).map(|name| (name, true, "NS", 7)).collect();
                check(&Recipe { layout, exports, ..Recipe::new(target, false) });
            }
        }
    }
}

#[test]
fn no_exports() {
    check(&Recipe { exports: Vec::new(), ..Recipe::new(X86_64, false) });
}

/// arm64 before 4.19: the addresses are in `.rela.dyn`.
#[test]
fn addresses_that_are_filled_in_at_start() {
    let layout = Layout { distances: false, namespaces: false };
    let recipe = Recipe { layout, versions: Versions::Values, ..Recipe::new(AARCH64, true) };
    let mut file = recipe.build();
    file.relocate_at_start("__ksymtab", elf::R_AARCH64_RELATIVE);
    let found = facts(&file.write());
    assert_eq!(found.troubles, Vec::<String>::new());
    assert_eq!(rows(&found), recipe.expected());

    let mut file = recipe.build();
    file.section_mut("__ksymtab").contents.fill(0);
    let found = facts(&file.write());
    assert_eq!(rows(&found), []);
    let expected = "__ksymtab: holds only zeros: what the kernel fills in when it starts is not in this file";
    assert_eq!(found.troubles[0], expected);
}

/// Of `_gpl_future`, the kernel only warned.
#[test]
fn tables_of_old() {
    for (name, gpl_only) in
        [("_gpl_future", false), ("_unused", false), ("_unused_gpl", true), ("_gpl", true), ("", false)]
    {
        let mut recipe = Recipe { licences: Licences::Tables, ..Recipe::new(X86_64, true) };
        recipe.exports.retain(|export| !export.1);
        let mut file = recipe.build();
        for section in ["__ksymtab", "__kcrctab"] {
            file.section_mut(section).name = format!("{section}{name}");
        }
        let expected: Vec<_> = recipe.expected().into_iter().map(|row| Row { gpl_only, ..row }).collect();
        assert_eq!(rows(&facts(&file.write())), expected, "{name}");
    }
}

/// The first kernels with namespaces have no empty string for an export without one: nothing stands in its place.
#[test]
fn no_namespace_is_nothing() {
    for is_linked in [true, false] {
        let recipe = Recipe::new(X86_64, is_linked);
        let mut file = recipe.build();
        let table = file.section_mut("__ksymtab");
        for entry in [0, 1, 4] {
            let place = entry * 12 + 8;
            table.contents[place..place + 4].fill(0);
            table.forget_relocation(place as u64);
        }
        let facts = facts(&file.write());
        assert_eq!(facts.troubles, Vec::<String>::new());
        assert_eq!(rows(&facts), recipe.expected());
    }
}

/// A namespace is what the developers like; since 6.16 a list of modules, for one.
#[test]
fn namespaces_are_plain_text() {
    let exports = vec![("kvm_x", true, "module:kvm,kvm-amd,kvm-*", 1), ("usb_y", true, "USB STORAGE", 2)];
    check(&Recipe { exports, ..Recipe::new(X86_64, true) });
}

#[test]
fn definitions() {
    let mut file = Recipe::new(X86_64, true).build();
    let code = file.find(".text");
    // Local names are no exports, and the first entry of a name is its own.
    file.symbol("alpha", code, 3, elf::STB_LOCAL, elf::STT_OBJECT);
    file.remove_symbol("zeta");
    file.symbol("zeta", code, 0x40, elf::STB_WEAK, elf::STT_OBJECT);
    let facts = facts(&file.write());
    let definitions = facts.exports.iter().map(|export| {
        let definition = export.definition.expect("it is defined");
        (String::from_utf8_lossy(&export.name).into_owned(), definition.value, definition.is_function == Some(true))
    });
    let expected = EXPORTS.iter().zip((0xffff_ffff_8100_0000..).step_by(16));
    let expected: Vec<_> = expected.map(|(export, value)| (export.0.to_owned(), value, export.0 != "zeta")).collect();
    assert_eq!(definitions.collect::<Vec<_>>(), expected);
    assert_eq!(facts.troubles, Vec::<String>::new());
}
