// SPDX-License-Identifier: GPL-2.0-only

use super::*;
use crate::abi::tests::empty;
use crate::abi::{self, Export};

fn kernel(exports: &[Export]) -> Abi {
    let exports = exports.iter().map(|export| Export { module: Some(VMLINUX.to_owned()), ..export.clone() }).collect();
    Abi { file: "vmlinux".to_owned(), module: None, exports, ..empty(Kind::Vmlinux) }
}

fn module(name: &str, licence: Option<&str>, imports: &[abi::Import]) -> Abi {
    let facts = facts::Module {
        name: name.to_owned(),
        vermagic: Some("7.3.4 SMP mod_unload modversions ".to_owned()),
        licence: licence.map(str::to_owned),
        imported_namespaces: vec!["CRYPTO".to_owned()],
        ..facts::Module::default()
    };
    Abi { file: format!("{name}.ko"), module: Some(facts), imports: imports.to_vec(), ..empty(Kind::Module) }
}

fn with_facts(module: Abi, change: impl FnOnce(&mut facts::Module)) -> Abi {
    let mut facts = module.module.expect("it is a module");
    change(&mut facts);
    Abi { module: Some(facts), ..module }
}

fn export(name: &str, version: u32) -> Export {
    Export { name: name.to_owned(), recorded: Some(Version(version)), ..Export::default() }
}

fn gpl_only(name: &str, version: u32) -> Export {
    Export { licence: Some("GPL".to_owned()), ..export(name, version) }
}

fn without_version(export: Export) -> Export {
    Export { recorded: None, ..export }
}

fn import(name: &str, version: u32) -> abi::Import {
    abi::Import { name: name.to_owned(), demangled: None, recorded: Some(Version(version)), weak: false }
}

fn unversioned(name: &str) -> abi::Import {
    abi::Import { recorded: None, ..import(name, 0) }
}

fn weak(import: abi::Import) -> abi::Import {
    abi::Import { weak: true, ..import }
}

fn report(module: &Abi, providers: &[&Abi]) -> LoadReport {
    let mut all = Providers::default();
    for abi in providers {
        all.add(abi);
    }
    all.check(module).expect("it is a module")
}

/// Problems as lines: the kernel's words, with a `!` in front of those that it refuses the module for.
#[track_caller]
fn check(module: &Abi, providers: &[&Abi], expect: &[&str]) -> LoadReport {
    let report = report(module, providers);
    let line = |problem: &Problem| format!("{}{}", if problem.refusal { "!" } else { "" }, problem.message);
    assert_eq!(report.all_problems().map(line).collect::<Vec<_>>(), expect);
    assert_eq!(report.loads, !expect.iter().any(|line| line.starts_with('!')));
    report
}

const GPL: Option<&str> = Some("GPL");

#[test]
fn all_is_well() {
    let kernel = kernel(&[export("module_layout", 1), export("printk", 2)]);
    let module = module("m", GPL, &[import("module_layout", 1), import("printk", 2)]);
    let report = check(&module, &[&kernel], &[]);
    assert_eq!(report.vermagic.verdict, Vermagic::ReleaseOnly);
    assert_eq!(report.module_layout.expect("it has one").version, Some(VersionCheck::Equal));
    let [printk] = report.imports.as_slice() else { unreachable!("one import") };
    assert_eq!(printk.version, Some(VersionCheck::Equal));
    let provider = Provider { file: "vmlinux".to_owned(), module: "vmlinux".to_owned() };
    assert_eq!(printk.provider, Some(provider));
    assert_eq!(Providers::default().check(&kernel), None);
}

#[test]
fn versions() {
    let kernel = kernel(&[export("module_layout", 1), export("a", 2), without_version(export("b", 0))]);
    let check = |imports: &[abi::Import], expect: &[&str]| check(&module("m", GPL, imports), &[&kernel], expect);
    check(&[import("a", 3)], &["!m: disagrees about version of symbol a"]);
    // A module can do without a weak symbol, not with another one.
    check(&[weak(import("a", 3))], &["!m: disagrees about version of symbol a"]);
    check(&[import("module_layout", 3)], &["!m: disagrees about version of symbol module_layout"]);
    let report = check(&[import("b", 3), unversioned("b")], &[]);
    assert_eq!(report.imports[0].version, Some(VersionCheck::NotInProvider));
    check(&[import("module_layout", 1), unversioned("a")], &["!m: no symbol version for a"]);
    let long = import(&"l".repeat(60), 1);
    check(&[weak(long), unversioned("a")], &["m: no extended symbol version for a"]);
    check(&[unversioned("a")], &["!m: no symbol version for module_layout"]);
}

#[test]
fn a_kernel_without_versions() {
    let kernel = kernel(&[without_version(export("a", 0))]);
    let exporting = Abi { exports: kernel.exports.clone(), ..module("m", GPL, &[]) };
    check(&module("m", GPL, &[import("module_layout", 1), import("a", 3)]), &[&kernel], &[]);
    check(&module("m", GPL, &[unversioned("a")]), &[&kernel], &[]);
    check(&exporting, &[], &[]);
}

#[test]
fn exports() {
    let kernel = kernel(&[export("module_layout", 1), export("a", 2)]);
    let with = |exports: Vec<Export>| Abi { exports, ..module("m", GPL, &[import("a", 2)]) };
    check(&with(vec![export("b", 1)]), &[&kernel], &[]);
    check(&with(vec![without_version(export("b", 1))]), &[&kernel], &["!m: no versions for exported symbols"]);
    check(&with(vec![export("a", 2)]), &[&kernel], &["!m: exports duplicate symbol a (owned by kernel)"]);
    let other = Abi { exports: vec![export("b", 1)], ..module("other", GPL, &[]) };
    let module = with(vec![export("b", 1)]);
    check(&module, &[&kernel, &other], &["!m: exports duplicate symbol b (owned by other)"]);
    // The module itself may be among what was given.
    check(&module, &[&kernel, &module], &[]);
}

#[test]
fn unknown_symbols() {
    let kernel = kernel(&[export("a", 2)]);
    let mut needy = module("m", GPL, &[import("missing", 1), weak(import("weak", 1))]);
    let note = |report: LoadReport| report.imports[0].problems[0].note.clone();
    let report = check(&needy, &[&kernel], &["!m: Unknown symbol missing (err -2)"]);
    assert_eq!((report.imports[1].provider.clone(), note(report)), (None, None));
    let report = check(&needy, &[], &["!m: Unknown symbol missing (err -2)"]);
    assert_eq!(note(report).as_deref(), Some("no kernel was given to look for it in"));
    needy = with_facts(needy, |facts| facts.depends = vec!["kvm".to_owned(), "kvm-intel".to_owned()]);
    let kvm = module("kvm", GPL, &[]);
    let report = check(&needy, &[&kernel, &kvm], &["!m: Unknown symbol missing (err -2)"]);
    assert_eq!(report.depends.iter().map(|one| one.given).collect::<Vec<_>>(), [true, false]);
    let expect = "it may be in what the module depends on and was not given: kvm-intel";
    assert_eq!(note(report).as_deref(), Some(expect));
}

#[test]
fn licences() {
    let kernel = kernel(&[gpl_only("g", 1), export("a", 2)]);
    check(&module("m", Some("Dual MIT/GPL"), &[import("a", 2), import("g", 1)]), &[&kernel], &[]);
    for (name, licence, declared) in
        [("m", Some("Proprietary"), "Proprietary"), ("m", None, "unspecified"), ("lve", GPL, "GPL")]
    {
        let message = format!("!{name}: Unknown symbol g (err -2)");
        let report = check(&module(name, licence, &[import("a", 2), import("g", 1)]), &[&kernel], &[&message]);
        let problem = &report.imports[1].problems[0];
        assert_eq!(problem.kind, ProblemKind::GplOnly);
        let note = format!("vmlinux exports it GPL-only, and the module's licence is '{declared}'");
        assert_eq!(problem.note, Some(note));
        check(&module(name, licence, &[import("a", 2), weak(import("g", 1))]), &[&kernel], &[]);
    }
}

#[test]
fn proprietary_providers() {
    let kernel = kernel(&[gpl_only("g", 1), export("a", 2)]);
    let owner = Abi { exports: vec![export("p", 1)], ..module("closed", Some("Proprietary"), &[]) };
    let check = |licence, imports: &[abi::Import], expect: &[&str]| {
        check(&module("m", licence, imports), &[&kernel, &owner], expect);
    };
    let warning = "m: module uses symbols p from proprietary module closed, inheriting taint.";
    check(GPL, &[import("a", 2), import("p", 1)], &[warning]);
    let refusal = "!m: module using GPL-only symbols uses symbols p from proprietary module closed.";
    check(GPL, &[import("g", 1), import("p", 1)], &[refusal]);
    check(Some("MIT"), &[import("a", 2), import("p", 1)], &[]);
}

#[test]
fn namespaces() {
    let in_namespace = |namespace: &str| Export { namespace: Some(namespace.to_owned()), ..export("a", 2) };
    for (namespace, access) in [
        ("CRYPTO", Access::Imported),
        ("USB", Access::NotImported),
        ("module:kvm,kvm-*", Access::Granted),
        ("module:kvm", Access::NotGranted),
    ] {
        let message = format!("!kvm_amd: module uses symbol (a) from namespace {namespace}, but does not import it.");
        let expect = match access {
            Access::Imported | Access::Granted => &[][..],
            Access::NotImported | Access::NotGranted => &[message.as_str()],
        };
        let report = check(&module("kvm_amd", GPL, &[import("a", 2)]), &[&kernel(&[in_namespace(namespace)])], expect);
        assert_eq!(report.imports[0].access, Some(access), "{namespace}");
    }
}

#[test]
fn version_magic() {
    let kernel = kernel(&[export("module_layout", 1), export("a", 2)]);
    let of_kernel = module("other", GPL, &[]);
    let with = |vermagic: Option<&str>, imports: &[abi::Import]| {
        with_facts(module("m", GPL, imports), |facts| facts.vermagic = vermagic.map(str::to_owned))
    };
    let preempt = with(Some("7.3.4 SMP preempt mod_unload modversions "), &[import("a", 2)]);
    let message = "!m: version magic '7.3.4 SMP preempt mod_unload modversions ' should be \
                   '7.3.4 SMP mod_unload modversions '";
    let report = check(&preempt, &[&kernel, &of_kernel], &[message]);
    assert_eq!((report.vermagic.only_module, report.vermagic.only_kernel), (vec!["preempt".to_owned()], vec![]));
    assert_eq!(check(&preempt, &[&kernel], &[]).vermagic.verdict, Vermagic::ReleaseOnly);
    check(&with(Some("7.3.5 SMP mod_unload modversions "), &[import("a", 2)]), &[&kernel, &of_kernel], &[]);
    // The kernel's own word comes first.
    let vermagic = Some("7.3.4 SMP preempt mod_unload modversions ".to_owned());
    let report = check(&preempt, &[&of_kernel, &Abi { vermagic, ..kernel.clone() }], &[]);
    assert_eq!(report.vermagic.verdict, Vermagic::Equal);
    // Without versions, the release counts.
    let older = with(Some("7.3.3 SMP mod_unload "), &[]);
    let messages =
        ["!m: version magic '7.3.3 SMP mod_unload ' should be '7.3.4'", "!m: no symbol version for module_layout"];
    check(&older, &[&kernel], &messages);
    check(&with(None, &[import("a", 2)]), &[&kernel], &["!m: bad vermagic"]);
    // What was built for another kernel tells nothing of this one.
    let report = check(&preempt, &[&kernel, &Abi { file: "o.ko".to_owned(), ..older }], &[]);
    assert_eq!(report.vermagic.kernel.as_deref(), Some("7.3.4"));
}

#[test]
fn architecture() {
    let kernel = Abi { architecture: "aarch64".to_owned(), ..kernel(&[export("a", 2)]) };
    let report = check(&module("m", GPL, &[import("a", 2)]), &[&kernel], &["!m: Invalid architecture in ELF header"]);
    assert_eq!(report.problems[0].note.as_deref(), Some("it is for x86_64, the kernel for aarch64"));
}

#[test]
fn lists_of_symbol_versions() {
    let text = "0x00000001\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t\n\
                0x00000002\ta\tvmlinux\tEXPORT_SYMBOL\tUSB\n\
                0x00000003\tb\tarch/x86/kvm/kvm-intel\tEXPORT_SYMBOL_GPL\t\n\
                0x00000004\town\tdrivers/m\tEXPORT_SYMBOL\t\n";
    let entries = symvers::parse(text.as_bytes()).expect("a list");
    let imports = [import("a", 3), import("b", 3)];
    let module = Abi { exports: vec![export("own", 4)], ..module("m", GPL, &imports) };
    let check = |providers: &Providers<'_>, expect: &[&str]| {
        let report = providers.check(&module).expect("it is a module");
        assert_eq!(report.all_problems().map(|problem| problem.message.as_str()).collect::<Vec<_>>(), expect);
        report
    };
    let mut providers = Providers::default();
    providers.add_symvers("Module.symvers", &entries);
    let expect = [
        "m: disagrees about version of symbol a",
        "m: module uses symbol (a) from namespace USB, but does not import it.",
    ];
    let report = check(&providers, &expect);
    assert_eq!(report.kernel.map(|kernel| (kernel.file, kernel.release)), Some(("Module.symvers".to_owned(), None)));
    let provider = Provider { file: "Module.symvers".to_owned(), module: "kvm_intel".to_owned() };
    assert_eq!(report.imports[1].provider, Some(provider));

    // A kernel's own word counts more than the list's, whichever comes first.
    let kernel = kernel(&[export("a", 3)]);
    providers.add(&kernel);
    let report = check(&providers, &[]);
    assert_eq!(report.kernel.map(|kernel| kernel.file).as_deref(), Some("vmlinux"));

    let zeros: Vec<_> = entries.iter().map(|one| symvers::Entry { version: Version(0), ..one.clone() }).collect();
    let mut providers = Providers::default();
    providers.add_symvers("Module.symvers", &zeros);
    let report = check(&providers, &[expect[1]]);
    assert_eq!(report.imports[1].version, Some(VersionCheck::NotInProvider));
}
