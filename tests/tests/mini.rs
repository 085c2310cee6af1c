// SPDX-License-Identifier: GPL-2.0-only
//! The kernel and the modules of `tests/fixtures/image`: what is read from them, and computed unit by unit, against what their
//! build recorded, with versions from the reference.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::slice;
use std::sync::{Mutex, PoisonError};
use std::thread;

use kabiscope::abi::Abi;
use kabiscope::abi::load::{ProblemKind, Providers};
use kabiscope::dwarf::{self, Sections};
use kabiscope::kernel::facts::{Export, Facts, Kind};
use kabiscope::kernel::symvers::{self, Entry};
use kabiscope::linked::{self, Answers, Claims, Plan, PlannedUnit, Silence, Speakers, Units, Wanted};
use kabiscope::object::Image;
use kabiscope::versions::Version;
use kabiscope_tests::difference::Comparison;
use kabiscope_tests::search;

fn read(file: &str) -> Vec<u8> {
    fs::read(kabiscope_tests::fixtures().join("image").join(file)).expect(file)
}

/// What the build recorded, in the order of the names: the exports of the kernel, or of a module.
fn recorded(module: &str) -> Vec<Entry> {
    let mut entries = symvers::parse(&read("Module.symvers")).expect("modpost's format");
    entries.retain(|entry| entry.module_name() == module);
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    entries
}

/// A file, and what is read from it.
struct File {
    name: &'static str,
    bytes: Vec<u8>,
    facts: Facts,
}

impl File {
    fn open(name: &'static str) -> Self {
        let bytes = read(name);
        let facts = Facts::read(&image(&bytes)).expect("a kernel, a module or an object");
        assert_eq!(facts.troubles, [""; 0], "{name}");
        Self { name, bytes, facts }
    }

    fn sections(&self) -> Sections<'_> {
        Sections::read(&image(&self.bytes)).expect("it has debugging information")
    }

    fn abi(&self) -> Abi {
        Abi::new(self.name.to_owned(), &self.facts)
    }
}

fn image(bytes: &[u8]) -> Image<'_> {
    Image::parse(bytes).expect("an ELF file")
}

fn units<'s>(sections: &'s Sections<'s>, facts: &Facts) -> Units<'s> {
    Units::new(sections, None, facts.kind, None).expect("headers of units")
}

/// What all units say, and what follows from it.
fn plan(units: &Units<'_>, exports: &[Export]) -> Plan {
    let wanted = Wanted::new(exports);
    let mut speakers = Speakers::new(exports);
    for unit in units.ranges() {
        speakers.hear(&units.claims(unit, &wanted).expect("a unit"));
    }
    units.plan(speakers)
}

fn all_answers(units: &Units<'_>, plan: &Plan, exports: &[Export]) -> Vec<Answers> {
    let speaking = plan.units.iter().map(|planned| units.answers(planned, exports));
    let silent = plan.silent.iter().map(|(export, silence)| units.explain(*export, silence));
    speaking.chain(silent).collect()
}

/// The view of a file with everything computed.
fn compute(file: &File) -> (Abi, Plan) {
    let sections = file.sections();
    let units = units(&sections, &file.facts);
    let plan = plan(&units, &file.facts.exports);
    let mut abi = file.abi();
    for answers in all_answers(&units, &plan, &file.facts.exports) {
        abi.take(&answers);
    }
    (abi, plan)
}

/// Exports whose computed version is not the one recorded in `Module.symvers`: name, and what was computed.
fn differing<'a>(abi: &'a Abi, entries: &[Entry]) -> Vec<(&'a str, Option<Version>)> {
    let recorded: BTreeMap<&str, Version> = entries.iter().map(|entry| (entry.name.as_str(), entry.version)).collect();
    let exports = abi.exports.iter().map(|export| (export.name.as_str(), export.computed));
    exports.filter(|(name, computed)| *computed != recorded.get(name).copied()).collect()
}

fn export_index(exports: &[Export], name: &str) -> u32 {
    let index = exports.iter().position(|export| export.name == name.as_bytes());
    u32::try_from(index.expect("it is exported")).expect("there are few")
}

#[test]
fn facts_are_those_of_module_symvers() {
    for (file, module) in [("vmlinux", "vmlinux"), ("mini_a.ko", "mini_a"), ("mini_b.ko", "mini_b")] {
        let mut entries: Vec<Entry> = File::open(file).abi().symvers().collect();
        let recorded: Vec<Entry> = recorded(module);
        for (entry, recorded) in entries.iter_mut().zip(&recorded) {
            assert_eq!(entry.module, recorded.module_name(), "{file}: {}", entry.name);
            entry.module.clone_from(&recorded.module);
        }
        assert_eq!(entries, recorded, "{file}");
    }
}

/// An object's version of a symbol depends on which of its symbols share an address.
#[test]
fn an_export_without_a_symbol_silences_its_unit() {
    let file = File::open("mini_a.ko");
    let mut exports = file.facts.exports.clone();
    exports[0].definition = None;
    let sections = file.sections();
    let plan = plan(&units(&sections, &file.facts), &exports);
    assert_eq!(plan.units, []);
    assert_eq!(plan.silent, (0..5).map(|export| (export, Silence::Unplaced)).collect::<Vec<_>>());
}

/// What is found without asking all units is the same as when they are asked. In modules they always are.
#[test]
fn units_found_without_asking_all() {
    for (name, expected) in [("vmlinux", 31), ("mini_a.ko", 0), ("mini_b.ko", 0)] {
        let file = File::open(name);
        let sections = file.sections();
        let units = units(&sections, &file.facts);
        let exports = &file.facts.exports;
        let plan = plan(&units, exports);
        let mut count = 0;
        for index in 0..exports.len() as u32 {
            let Some(found) = search::plan(&units, exports, index) else { continue };
            let asked = search::part_of(&plan, index);
            let comparable = |plan| search::without_other_definitions(plan, index);
            assert_eq!(comparable(found), comparable(asked), "{name}, export {index}");
            count += 1;
        }
        assert_eq!(count, expected, "{name}");
    }
}

#[test]
fn files_say_what_they_are() {
    let vmlinux = File::open("vmlinux").facts;
    assert_eq!((vmlinux.kind, vmlinux.architecture.as_str()), (Kind::Vmlinux, "x86_64"));
    assert_eq!(vmlinux.release.as_deref(), Some("7.3.0-mini"));
    assert_eq!(vmlinux.build_id.map(|id| id.len()), Some(20));
    assert_eq!(vmlinux.exports.len(), 38);

    let facts = File::open("mini_b.ko").facts;
    let module = facts.module.expect("it is a module");
    assert_eq!((facts.kind, facts.release.as_deref()), (Kind::Module, Some("7.3.0-mini")));
    assert_eq!((module.name.as_str(), module.licence.as_deref()), ("mini_b", Some("GPL v2")));
    assert_eq!(module.vermagic.as_deref(), Some("7.3.0-mini SMP mod_unload modversions "));
    assert_eq!((module.depends, module.imported_namespaces), (vec!["mini_a".to_owned()], vec!["MINI_A".to_owned()]));
    assert!(!module.signed);
}

/// All but what is exported by assembly, of which nothing in the image tells the types; and that is silent, each for its
/// reason.
#[test]
fn the_kernel_has_the_versions_that_it_records() {
    let file = File::open("vmlinux");
    let (abi, plan) = compute(&file);
    let silent = [
        // Assembly with debugging information; the first is declared in C as well.
        ("__get_byte", "assembly, declared"),
        ("__put_byte", "assembly"),
        // Assembly without, declared in C or not. Of data, assembly with debugging information says nothing either.
        ("__return_thunk", "unmentioned"),
        ("clear_words", "only declared"),
        ("get_byte_count", "unmentioned"),
    ];
    let reasons = plan.silent.iter().map(|(export, silence)| {
        let reason = match silence {
            Silence::Assembly { declaration: Some(_), .. } => "assembly, declared",
            Silence::Assembly { declaration: None, .. } => "assembly",
            Silence::OnlyDeclared(_) => "only declared",
            Silence::Unmentioned => "unmentioned",
            Silence::Unheard => "unheard",
            Silence::Unplaced => "unplaced",
        };
        (abi.exports[*export as usize].name.as_str(), reason)
    });
    assert_eq!(reasons.collect::<Vec<_>>(), silent);
    assert_eq!(differing(&abi, &recorded("vmlinux")), silent.map(|(name, _)| (name, None)));
    for export in &abi.exports {
        assert_eq!(export.error.is_some(), export.computed.is_none(), "{}", export.name);
    }
}

#[test]
fn stand_ins_give_assembly_its_versions() {
    let file = File::open("vmlinux");
    let (mut abi, plan) = compute(&file);
    for name in ["objects/get_byte.gendwarfksyms.o", "objects/words.gendwarfksyms.o"] {
        let stand_in = File::open(name);
        let sections = stand_in.sections();
        let units = units(&sections, &stand_in.facts);
        for answers in linked::stand_in(&units, &file.facts.exports, &plan.silent).expect("a stand-in") {
            abi.take(&answers);
        }
    }
    assert_eq!(differing(&abi, &recorded("vmlinux")), []);
    assert_eq!(abi.exports.iter().find(|export| export.error.is_some()), None);
}

#[test]
fn a_module_has_the_versions_that_it_records() {
    let (abi, plan) = compute(&File::open("mini_a.ko"));
    assert_eq!(plan.silent, []);
    assert_eq!(differing(&abi, &recorded("mini_a")), []);
}

/// Two objects by themselves, as gendwarfksyms is asked about them.
#[test]
fn objects_have_the_versions_that_are_recorded_of_them() {
    for (name, exports) in [
        (
            "objects/task.o",
            &[
                "arch_show_registers",
                "boot_state",
                "const_current_task",
                "current_task",
                "task_for_each",
                "task_runqueue",
                "task_set_priority",
                "task_wake",
            ][..],
        ),
        ("objects/request.o", &["device_submit"]),
    ] {
        let file = File::open(name);
        assert_eq!(file.facts.kind, Kind::Object);
        let (abi, _) = compute(&file);
        let mut entries = recorded("vmlinux");
        entries.retain(|entry| exports.contains(&entry.name.as_str()));
        assert_eq!(abi.symvers().collect::<Vec<_>>(), entries, "{name}");
        assert_eq!(differing(&abi, &entries), [], "{name}");
    }
}

/// The units that speak are those whose objects exported: the symtypes of each are those of its object, and each version is
/// the CRC of its string.
#[test]
fn symtypes_are_those_of_the_objects() {
    let mut comparison = Comparison::default();
    let mut compared = Vec::new();
    for file in [File::open("vmlinux"), File::open("mini_a.ko")] {
        let sections = file.sections();
        let units = units(&sections, &file.facts);
        let exports = &file.facts.exports;
        for planned in &plan(&units, exports).units {
            let name = units.name(&planned.unit).expect("a unit").expect("it has a name");
            // Rust's compiler adds what part of the crate the unit is.
            let source = name.split_once("/@/").map_or(name.as_str(), |(source, _)| source);
            let path = Path::new("symtypes").join(source).with_extension("symtypes").display().to_string();
            let symtypes = units.symtypes(planned, exports).expect("types");
            let lines = symtypes.iter().map(|(name, string)| [name.as_slice(), b" ", string, b"\n"].concat());
            comparison.part(&path, &read(&path), &lines.collect::<Vec<_>>().concat());
            let mut behind = BTreeSet::new();
            for planned_export in &planned.exports {
                behind.extend(units.types_behind(planned, exports, planned_export.export).expect("types"));
                let string = units.expanded_string(planned, exports, planned_export.export).expect("types");
                let export = &exports[planned_export.export as usize];
                let crc = string.map(|string| Version(crc32fast::hash(&string)));
                assert_eq!(crc, export.recorded, "{}", String::from_utf8_lossy(&export.name));
            }
            // The rest are the exports themselves.
            let types = symtypes.into_iter().filter(|(name, _)| name.contains(&b'#'));
            assert_eq!(behind, types.collect(), "{path}");
            compared.push(path);
        }
    }
    comparison.finish().expect("no difference");
    assert_eq!(compared.len(), 13, "{compared:?}");
}

#[test]
fn where_exports_come_from() {
    let (abi, _) = compute(&File::open("vmlinux"));
    let found = |name: &str| {
        let export = abi.exports.iter().find(|export| export.name == name).expect("it is exported");
        let source = export.source.as_ref().expect("its source is known");
        let unit = export.unit.as_deref().unwrap_or_default();
        (unit.split("/@/").next().unwrap_or_default(), source.file.as_str(), source.line)
    };
    // Exported by another unit than the one that defines it.
    assert_eq!(found("pack"), ("lib/pack/pack_syms.c", "lib/pack/pack.c", 7));
    // Exported where a weak definition is, that gave way to another.
    assert_eq!(found("arch_show_registers").0, "kernel/task.c");
    // Other units have a static function and a static variable of these names.
    assert_eq!(found("task_wake").0, "kernel/task.c");
    assert_eq!(found("printk_lines").0, "kernel/printk.c");
    // Declared here, defined in assembly.
    assert_eq!(found("move_words").0, "lib/string.c");
    // Exported by a unit that declares them all as `extern int`.
    assert_eq!(found("rust_helper_get_current").0, "rust/helpers/helpers.c");
    assert_eq!(found("rust_device_limit").0, "rust/mini.rs");
}

#[test]
fn imports() {
    let versions: BTreeMap<String, Version> = symvers::parse(&read("Module.symvers"))
        .expect("modpost's format")
        .into_iter()
        .map(|entry| (entry.name, entry.version))
        .collect();
    let long_name = "_RNvMNtCs3gePf9MVP0d_4mini9ratelimitINtB2_9RateLimitmE22admit_one_more_message";
    for (file, names, weak) in [
        (
            "mini_a.ko",
            &["_printk", "debugger_mailbox", "device_register", "device_reset", "device_unregister", "module_layout"][..],
            &["debugger_mailbox"][..],
        ),
        (
            "mini_b.ko",
            &[long_name, "mini_a_collect", "mini_a_default", "mini_a_send", "mini_a_statistics", "module_layout"],
            &[],
        ),
    ] {
        let imports = File::open(file).abi().imports;
        assert_eq!(imports.iter().map(|import| import.name.as_str()).collect::<Vec<_>>(), names, "{file}");
        for import in imports {
            assert_eq!(import.recorded, versions.get(&import.name).copied(), "{file}: {}", import.name);
            assert_eq!(import.weak, weak.contains(&import.name.as_str()), "{file}: {}", import.name);
        }
    }
}

#[test]
fn modules_load_and_their_variants_do_not() {
    let files = ["vmlinux", "mini_a.ko"].map(|file| File::open(file).abi());
    let mut providers = Providers::default();
    files.iter().for_each(|abi| providers.add(abi));
    for (file, problems) in [
        ("mini_a.ko", &[][..]),
        ("mini_b.ko", &[]),
        ("mini_b-tampered.ko", &[("mini_a_send", ProblemKind::VersionDiffers)]),
        ("mini_b-without-namespace.ko", &[("mini_a_send", ProblemKind::Namespace)]),
        (
            "mini_b-proprietary.ko",
            &[
                (
                    "_RNvMNtCs3gePf9MVP0d_4mini9ratelimitINtB2_9RateLimitmE22admit_one_more_message",
                    ProblemKind::GplOnly,
                ),
                ("mini_a_send", ProblemKind::GplOnly),
                ("mini_a_statistics", ProblemKind::GplOnly),
            ],
        ),
    ] {
        let report = providers.check(&File::open(file).abi()).expect("it is a module");
        let of_imports = report.imports.iter();
        let found: Vec<_> = of_imports
            .flat_map(|import| import.problems.iter().map(|problem| (import.name.as_str(), problem.kind)))
            .collect();
        assert_eq!(found, problems, "{file}");
        assert_eq!(report.all_problems().count(), problems.len(), "{file}");
        assert_eq!(report.loads, problems.is_empty(), "{file}");
    }
}

/// Each unit by itself, as a page reads them that shares out a file among workers.
#[test]
fn units_read_one_by_one() {
    let file = File::open("vmlinux");
    let image = image(&file.bytes);
    let exports = &file.facts.exports;
    let sections = file.sections();
    let together = units(&sections, &file.facts);
    let wanted = Wanted::new(exports);
    let plan = plan(&together, exports);

    let mut speakers = Speakers::new(exports);
    let part = |unit: &Range<usize>| Sections::read_units(&image, unit.clone()).expect("the unit is there");
    for unit in together.ranges() {
        let part = part(unit);
        let alone = units(&part, &file.facts);
        assert_eq!(alone.ranges(), slice::from_ref(unit));
        let claims = alone.claims(unit, &wanted).expect("a unit");
        assert_eq!(claims, together.claims(unit, &wanted).expect("a unit"));
        speakers.hear(&claims);
    }
    assert_eq!(together.plan(speakers), plan);
    for planned in &plan.units {
        let part = part(&planned.unit);
        let alone = units(&part, &file.facts).answers(planned, exports);
        let expected = together.answers(planned, exports);
        assert_eq!(alone.unit, expected.unit);
        for (alone, expected) in alone.answers.iter().zip(&expected.answers) {
            assert_eq!((alone.export, &alone.computed), (expected.export, &expected.computed));
        }
        assert_eq!(alone.answers.len(), expected.answers.len());
    }
}

/// The file with another name for a section.
fn renamed(file: &[u8], name: &[u8], other: &[u8]) -> Vec<u8> {
    let at = file.windows(name.len()).position(|window| window == name).expect("there is such a section");
    [&file[..at], other, &file[at + name.len()..]].concat()
}

#[test]
fn units_can_be_shared_out_without_reading_them() {
    let file = File::open("vmlinux");
    let image = image(&file.bytes);
    let sections = file.sections();
    let units = units(&sections, &file.facts);
    // gcc and rustc list units without code as well.
    let starts: Vec<usize> = units.ranges().iter().map(|unit| unit.start).collect();
    assert_eq!(dwarf::unit_starts(&image).expect("address ranges"), starts);
    // Not every compiler writes that section.
    let without = renamed(&file.bytes, b".debug_aranges", b".debug_nothing");
    assert_eq!(dwarf::unit_starts(&self::image(&without)).expect("headers"), starts);
    let size = Sections::size_in_parts(&image).expect("it can be read in parts");
    assert_eq!(units.ranges().last().map(|last| last.end), Some(size));
    assert_eq!(starts.len(), 16);

    // A module is yet to be relocated.
    assert_eq!(Sections::size_in_parts(&self::image(&read("mini_a.ko"))), None);
}

#[test]
fn any_order_and_any_number_of_threads_give_the_same() {
    let file = File::open("vmlinux");
    let exports = &file.facts.exports;
    let sections = file.sections();
    let units = units(&sections, &file.facts);
    let serial_plan = plan(&units, exports);
    let serial = all_answers(&units, &serial_plan, exports);

    let wanted = Wanted::new(exports);
    let claims: Vec<Claims> = on_threads(units.ranges(), |unit| units.claims(unit, &wanted).expect("a unit"));
    let mut speakers = Speakers::new(exports);
    claims.iter().rev().for_each(|claims| speakers.hear(claims));
    let plan = units.plan(speakers);
    assert_eq!(plan, serial_plan);
    let mut answers: Vec<Answers> = on_threads(&plan.units, |planned: &PlannedUnit| units.answers(planned, exports));
    answers.sort_by_key(|answers| answers.unit.start);
    assert_eq!(answers, serial[..answers.len()]);
    assert_eq!(answers.len(), plan.units.len());
}

/// Results in the order in which they are done.
fn on_threads<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for items in items.chunks(items.len().div_ceil(4)) {
            let (results, f) = (&results, &f);
            scope.spawn(move || {
                for item in items.iter().rev() {
                    let result = f(item);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
                }
            });
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// A module as distributions ship it, with the debugging information in a file of its own.
#[test]
fn separate_debugging_information() {
    let whole = File::open("mini_a.ko");
    let stripped = File::open("split/mini_a.ko");
    assert_eq!(stripped.facts, whole.facts);
    assert_eq!(Sections::read(&image(&stripped.bytes)).err(), Some(kabiscope::Error::NoDebugInfo));

    let debug_file = read("split/mini_a.ko.debug");
    let debug_image = image(&debug_file);
    assert!(debug_image.is_debug_file());
    assert_eq!(debug_image.build_id(), stripped.facts.build_id.as_deref());
    let link = image(&stripped.bytes).debug_link().map(|link| (link.file, link.crc));
    assert_eq!(link, Some((b"mini_a.ko.debug".as_slice(), crc32fast::hash(&debug_file))));

    let sections = Sections::read(&debug_image).expect("it has debugging information");
    let of_debug_file = units(&sections, &stripped.facts);
    let sections = whole.sections();
    let of_whole = units(&sections, &whole.facts);
    let answers = |units: &Units<'_>| {
        let plan = plan(units, &whole.facts.exports);
        all_answers(units, &plan, &whole.facts.exports)
    };
    assert_eq!(answers(&of_debug_file), answers(&of_whole));
}

/// That the traps are laid: what would be computed by walking a unit for other exports than those of its object, or by
/// asking another unit that knows the symbol, is another version.
#[test]
fn other_units_and_other_exports_would_give_other_versions() {
    let file = File::open("vmlinux");
    let exports = &file.facts.exports;
    let sections = file.sections();
    let units = units(&sections, &file.facts);
    let plan = plan(&units, exports);
    let unit_called = |name: &str| {
        let called = |unit: &&Range<usize>| units.name(unit).expect("a unit").as_deref() == Some(name);
        units.ranges().iter().find(called).expect("there is such a unit").clone()
    };
    let ask = |unit: &str, names: &[&str]| {
        let unit = unit_called(unit);
        let speaker = plan.units.iter().flat_map(|planned| &planned.exports);
        let planned = names.iter().map(|name| {
            let export = export_index(exports, name);
            let mut planned = speaker.clone().find(|planned| planned.export == export).cloned().expect("it is planned");
            planned.is_defined = false;
            planned
        });
        let planned = PlannedUnit { unit, exports: planned.collect(), trimmed: Vec::new() };
        let answers = units.answers(&planned, exports).answers;
        let computed = answers.first().expect("one was asked for").computed.clone();
        computed.map(|computed| computed.version).expect("the unit knows it")
    };
    let recorded = |name: &str| exports[export_index(exports, name) as usize].recorded.expect("it is recorded");
    let check = |name: &str, right: &[(&str, &[&str])], wrong: &[(&str, &[&str])]| {
        for (unit, others) in right {
            assert_eq!(ask(unit, &[&[name], *others].concat()), recorded(name), "{name} of {unit}");
        }
        for (unit, others) in wrong {
            assert_ne!(ask(unit, &[&[name], *others].concat()), recorded(name), "{name} of {unit}");
        }
    };
    check("device_submit", &[("drivers/base/request.c", &[])], &[("drivers/base/request.c", &["device_reset"])]);
    // Its object exports device_forget() too, which was trimmed.
    check("device_retry", &[], &[("drivers/base/retry.c", &[])]);
    check("pack", &[("lib/pack/pack_syms.c", &[])], &[("lib/pack/pack.c", &[])]);
    check("arch_show_registers", &[("kernel/task.c", &[])], &[("arch/x86/kernel/registers.c", &[])]);
    check("rust_helper_get_current", &[("rust/helpers/helpers.c", &[])], &[("rust/exports.c", &[])]);
}
