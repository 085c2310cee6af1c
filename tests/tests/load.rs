// SPDX-License-Identifier: GPL-2.0-only
//! Would the modules of a real kernel load into it? They do; and not once something is changed.
//!
//! They lie beside the project, in `../shared/kernel`, with the README that tells how the kernel was built.

use std::fs;
use std::sync::LazyLock;

use kabiscope::abi::Abi;
use kabiscope::abi::load::{Access, Import, LoadReport, ProblemKind, Providers, VersionCheck};
use kabiscope::kernel::facts::Facts;
use kabiscope::kernel::symvers::{self, Entry};
use kabiscope::object::Image;
use kabiscope::object::packed::{self, Content};
use kabiscope::versions::Version;
use kabiscope_tests::kernel;
use walkdir::WalkDir;

fn read(file: &str, data: &[u8]) -> Abi {
    let image = Image::parse(data).expect("an ELF file");
    Abi::new(file.to_owned(), &Facts::read(&image).expect("a kernel's file"))
}

/// The modules, and what the build of their kernel recorded of all exports.
static MODULES: LazyLock<Option<(Vec<Abi>, Vec<Entry>)>> = LazyLock::new(read_modules);

fn read_modules() -> Option<(Vec<Abi>, Vec<Entry>)> {
    let text = fs::read(kabiscope_tests::shared("kernel/Module.symvers")?).expect("it can be read");
    let folder = kernel::modules(env!("CARGO_TARGET_TMPDIR")).expect("they can be unpacked")?;
    let paths = WalkDir::new(folder).sort_by_file_name().into_iter().map(|entry| entry.expect("a folder").into_path());
    let modules = paths.filter(|path| path.extension().is_some_and(|extension| extension == "ko"));
    let modules = modules.map(|path| read(&path.display().to_string(), &fs::read(&path).expect("it can be read")));
    let modules: Vec<_> = modules.collect();
    assert_eq!(modules.len(), 14);
    Some((modules, symvers::parse(&text).expect("it can be read")))
}

fn check(module: &Abi, entries: &[Entry]) -> LoadReport {
    let mut providers = Providers::default();
    providers.add_symvers("Module.symvers", entries);
    providers.check(module).expect("it is a module")
}

fn find<'m>(modules: &'m [Abi], name: &str) -> &'m Abi {
    modules
        .iter()
        .find(|abi| abi.module.as_ref().is_some_and(|module| module.name == name))
        .expect("the archive has it")
}

#[test]
fn into_their_own_kernel() {
    let Some((modules, entries)) = &*MODULES else { return };
    for module in modules {
        let report = check(module, entries);
        assert_eq!(report.all_problems().next(), None, "{}", module.file);
        assert!(report.loads);
        let layout = report.module_layout.expect("every module has it");
        assert_eq!(layout.version, Some(VersionCheck::Equal));
        assert!(report.imports.iter().all(|import| import.version == Some(VersionCheck::Equal)), "{}", module.file);
        assert_eq!(report.imports.len() + 1, module.imports.len());
    }
    // What these modules are here for: long names, and a namespace.
    let rust = check(find(modules, "rust_print"), entries);
    assert!(rust.imports.iter().any(|import| import.demangled.is_some() && import.name.len() > 55));
    let efivarfs = check(find(modules, "efivarfs"), entries);
    let in_namespace = efivarfs.imports.iter().filter(|import| import.access == Some(Access::Imported));
    assert!(in_namespace.clone().count() > 0);
    assert!(in_namespace.clone().all(|import| import.namespace.as_deref() == Some("EFIVAR")));
}

/// The kernel itself says the same as the list of its build, but for its release.
#[test]
fn into_the_image_of_their_kernel() {
    let Some((modules, entries)) = &*MODULES else { return };
    let Some(path) = kernel::vmlinux(env!("CARGO_TARGET_TMPDIR")).expect("it can be unpacked") else { return };
    let vmlinux = read("vmlinux", &fs::read(path).expect("it can be read"));
    let mut providers = Providers::default();
    providers.add(&vmlinux);
    providers.add_symvers("Module.symvers", entries);
    for module in modules {
        let report = providers.check(module).expect("it is a module");
        assert_eq!(report.all_problems().next(), None, "{}", module.file);
        assert!(report.loads);
        assert_eq!(report.kernel.and_then(|kernel| kernel.release).as_deref(), Some("7.3.4"));
        let of_kernel =
            |import: &&Import| import.provider.as_ref().is_some_and(|provider| provider.module == "vmlinux");
        for import in report.imports.iter().filter(of_kernel) {
            assert_eq!(import.provider.as_ref().map(|provider| provider.file.as_str()), Some("vmlinux"));
        }
    }
}

#[test]
fn into_a_changed_kernel() {
    let Some((modules, entries)) = &*MODULES else { return };
    let rust_print = find(modules, "rust_print");
    let change = |name: &str, change: &dyn Fn(&mut Entry)| {
        let mut entries = entries.clone();
        change(entries.iter_mut().find(|entry| entry.name == name).expect("it is exported"));
        let report = check(rust_print, &entries);
        let problems: Vec<_> = report.all_problems().map(|problem| (problem.kind, problem.message.clone())).collect();
        assert!(!report.loads);
        problems
    };
    for import in &rust_print.imports {
        let name = &import.name;
        let other = change(name, &|entry| entry.version.0 ^= 1);
        let message = format!("rust_print: disagrees about version of symbol {name}");
        assert_eq!(other, [(ProblemKind::VersionDiffers, message)]);
    }
    let name = &rust_print.imports.iter().find(|import| import.demangled.is_some()).expect("a name of Rust's").name;
    let missing = change(name, &|entry| "another".clone_into(&mut entry.name));
    assert_eq!(missing, [(ProblemKind::UnknownSymbol, format!("rust_print: Unknown symbol {name} (err -2)"))]);
    let namespace = change(name, &|entry| entry.namespace = Some("RUST".to_owned()));
    let message = format!("rust_print: module uses symbol ({name}) from namespace RUST, but does not import it.");
    assert_eq!(namespace, [(ProblemKind::Namespace, message)]);
}

#[test]
fn changed_modules() {
    let Some((modules, entries)) = &*MODULES else { return };
    let mut closed = find(modules, "rust_minimal").clone();
    closed.module.as_mut().expect("it is a module").licence = Some("Proprietary".to_owned());
    let report = check(&closed, entries);
    let gpl_only = |name: &str| entries.iter().any(|entry| entry.name == name && entry.gpl_only);
    for import in &report.imports {
        let kinds: Vec<_> = import.problems.iter().map(|problem| problem.kind).collect();
        assert_eq!(kinds, if gpl_only(&import.name) { &[ProblemKind::GplOnly][..] } else { &[] }, "{}", import.name);
    }
    assert!(!report.loads);

    let mut bare = find(modules, "efivarfs").clone();
    bare.imports.iter_mut().for_each(|import| import.recorded = None);
    let kinds: Vec<_> = check(&bare, entries).all_problems().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::NoVersions]);
    // A kernel without versions does not ask for them.
    let zeros: Vec<_> = entries.iter().map(|entry| Entry { version: Version(0), ..entry.clone() }).collect();
    assert!(check(&bare, &zeros).loads);
}

/// What is written is what was read, byte for byte.
#[test]
fn symvers_of_a_kernel() {
    let Some(path) = kabiscope_tests::shared("kernel/Module.symvers") else { return };
    let text = fs::read(path).expect("it can be read");
    assert_eq!(packed::unpack(&text), Ok(Content::Symvers(text.as_slice().into())));
    let entries = symvers::parse(&text).expect("it can be read");
    assert_eq!(entries.len(), 13_529);
    let written: String = entries.iter().map(|entry| format!("{entry}\n")).collect();
    assert_eq!(written.as_bytes(), text);
}
