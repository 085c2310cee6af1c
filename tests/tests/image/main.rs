// SPDX-License-Identifier: GPL-2.0-only
//! The vmlinux and the modules of a real kernel: versions that they record, and versions computed from their debugging
//! information, against those that their build computed object by object.
//!
//! They lie beside the project, in `../shared/kernel`, with the README that tells how the kernel was built.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use kabiscope::abi::Abi;
use kabiscope::abi::verify::{Verdict, Verification};
use kabiscope::dwarf::Sections;
use kabiscope::kernel::facts::Facts;
use kabiscope::kernel::symvers::{self, Entry};
use kabiscope::linked::{Speakers, Units, Wanted};
use kabiscope::object::Image;
use kabiscope::versions::Version;
use kabiscope_tests::command;
use kabiscope_tests::difference::Comparison;
use kabiscope_tests::kernel;
use kabiscope_tests::search;
use libtest_mimic::{Arguments, Failed, Trial};
use serde::de::DeserializeOwned;

/// Where the kernel is unpacked.
const FOLDER: &str = env!("CARGO_TARGET_TMPDIR");

/// As many versions of the vmlinux have to be found as issue and README promise.
const VMLINUX_EXPORTS: usize = 13_084;
const LEAST_EQUAL: usize = 12_990;

/// Exports of each module, by name.
type Symvers = BTreeMap<String, BTreeMap<String, Entry>>;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    if let (Some(symvers), Some(vmlinux), Some(modules), Some(objects)) = (
        kabiscope_tests::shared("kernel/Module.symvers"),
        kernel::vmlinux(FOLDER)?,
        kernel::modules(FOLDER)?,
        kernel::objects(FOLDER)?,
    ) {
        let symvers = Arc::new(read_symvers(&symvers)?);
        let modules = files(&modules, "ko")?;
        ensure!(modules.len() == 14, "{} modules", modules.len());
        for module in modules {
            let symvers = Arc::clone(&symvers);
            let name = module.file_name().unwrap_or_default().to_string_lossy().into_owned();
            trials.push(Trial::test(name, move || Ok(check_module(&module, &symvers)?.finish()?)));
        }
        let image = vmlinux.clone();
        trials.push(Trial::test("vmlinux", move || Ok(check_vmlinux(&image, &symvers["vmlinux"])?.finish()?)));
        let image = vmlinux.clone();
        trials.push(Trial::test("units_of_vmlinux_found_without_asking_all", move || check_search(&image)));
        trials.push(Trial::test("vmlinux_with_stand_ins", move || check_stand_ins(&vmlinux, &objects)));
    }
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

/// Of exports all over the vmlinux, units are found without asking all, and are the same as when all are asked.
fn check_search(vmlinux: &Path) -> Result<(), Failed> {
    /// Every so many exports: with each, most of the file is looked through.
    const EVERY: usize = 43;
    let bytes = fs::read(vmlinux)?;
    let image = Image::parse(&*bytes)?;
    let (facts, sections) = (Facts::read(&image)?, Sections::read(&image)?);
    let units = Units::new(&sections, None, facts.kind, None)?;
    let (wanted, mut speakers) = (Wanted::new(&facts.exports), Speakers::new(&facts.exports));
    for unit in units.ranges() {
        speakers.hear(&units.claims(unit, &wanted)?);
    }
    let plan = units.plan(speakers);
    let mut comparison = Comparison::default();
    let exports = (0..facts.exports.len() as u32).step_by(EVERY);
    let (asked, mut found) = (exports.len(), 0);
    for index in exports {
        let Some(one) = search::plan(&units, &facts.exports, index) else { continue };
        let same = |plan| search::without_other_definitions(plan, index);
        let name = String::from_utf8_lossy(&facts.exports[index as usize].name);
        comparison.require(same(one) == same(search::part_of(&plan, index)), format!("{name} is planned otherwise"));
        found += 1;
    }
    comparison.require(found * 100 >= asked * 95, format!("only {found} of {asked} units are found"));
    Ok(comparison.finish()?)
}

fn read_symvers(path: &Path) -> anyhow::Result<Symvers> {
    let mut modules = Symvers::new();
    for entry in symvers::parse(&fs::read(path)?)? {
        // A file itself tells the name that its module has in the kernel, not where it was built.
        let module = entry.module_name();
        let entry = Entry { module: module.clone(), ..entry };
        modules.entry(module).or_default().insert(entry.name.clone(), entry);
    }
    Ok(modules)
}

fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension() == Some(OsStr::new(extension)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// What the command prints as JSON.
fn json<T: DeserializeOwned>(arguments: &[&str], paths: &[&Path]) -> anyhow::Result<T> {
    let mut command = Command::new(command::kabiscope());
    let output = command.args(arguments).args(paths).output()?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).with_context(|| format!("{command:?}"))
}

fn abi(file: &Path) -> anyhow::Result<Abi> {
    json(&["list", "--format", "json", "--compute"], &[file])
}

/// That the file exports these symbols, and records these versions.
fn compare_recorded(comparison: &mut Comparison, abi: &Abi, expected: &BTreeMap<String, Entry>) {
    let lines =
        |entries: &mut dyn Iterator<Item = Entry>| entries.map(|entry| format!("{entry}\n")).collect::<String>();
    // The order of Module.symvers is that of the link; ours is that of the names.
    let expected = lines(&mut expected.values().cloned());
    let found = lines(&mut abi.symvers());
    comparison.part("recorded", expected.as_bytes(), found.as_bytes());
    comparison.require(abi.troubles.is_empty(), format!("troubles: {:?}", abi.troubles));
}

/// That every version that is computed is the recorded one, and that exactly `unknown` have none, and a reason for that.
fn compare_computed(comparison: &mut Comparison, abi: &Abi, unknown: &BTreeSet<&str>) {
    for export in &abi.exports {
        let name = &export.name;
        match export.computed {
            Some(computed) => {
                let recorded = export.recorded;
                comparison.require(Some(computed) == recorded, format!("{name}: {computed}, recorded {recorded:?}"));
                comparison.require(export.error.is_none(), format!("{name}: has a version, and {:?}", export.error));
                comparison.require(!unknown.contains(&**name), format!("{name}: cannot be known, but is {computed}"));
            }
            None => {
                comparison.require(export.error.is_some(), format!("{name}: has no version, and no reason why"));
                comparison.require(unknown.contains(&**name), format!("{name}: has no version: {:?}", export.error));
            }
        }
    }
}

fn check_module(path: &Path, symvers: &Symvers) -> anyhow::Result<Comparison> {
    let abi = abi(path)?;
    let module = abi.module.as_ref().context("it is a module")?;
    let mut comparison = Comparison::default();
    compare_recorded(&mut comparison, &abi, symvers.get(&module.name).unwrap_or(&BTreeMap::new()));
    compare_computed(&mut comparison, &abi, &BTreeSet::new());
    Ok(comparison)
}

fn check_vmlinux(path: &Path, symvers: &BTreeMap<String, Entry>) -> anyhow::Result<Comparison> {
    let abi = abi(path)?;
    let mut comparison = Comparison::default();
    comparison.require(symvers.len() == VMLINUX_EXPORTS, "Module.symvers is another one");
    compare_recorded(&mut comparison, &abi, symvers);
    compare_computed(&mut comparison, &abi, &assembly());
    let equal = abi.exports.iter().filter(|export| export.computed.is_some() && export.computed == export.recorded);
    let equal = equal.count();
    comparison.require(equal >= LEAST_EQUAL, format!("only {equal} versions are the recorded ones"));
    Ok(comparison)
}

/// Exports written in assembly.
fn assembly() -> BTreeSet<&'static str> {
    include_str!("assembly").lines().filter(|line| !line.starts_with('#')).collect()
}

/// With the objects that Kbuild compiles for assembly, what these tell is known as well, and nothing else changes.
fn check_stand_ins(vmlinux: &Path, objects: &Path) -> Result<(), Failed> {
    let stand_ins: Vec<_> =
        files(objects, "o")?.into_iter().filter(|path| path.to_string_lossy().ends_with(".gendwarfksyms.o")).collect();
    let mut told = BTreeSet::new();
    for stand_in in &stand_ins {
        told.extend(fs::read_to_string(stand_in.with_extension("exports"))?.lines().map(str::to_owned));
    }
    let mut arguments = vec!["verify", "--format", "json"];
    let paths =
        stand_ins.iter().map(|path| path.to_str().context("the path is UTF-8")).collect::<Result<Vec<_>, _>>()?;
    paths.iter().for_each(|path| arguments.extend(["--stand-in", path]));
    let verification: Verification = json(&arguments, &[vmlinux])?;

    let mut comparison = Comparison::default();
    let assembly = assembly();
    for symbol in &verification.symbols {
        let is_told = told.contains(&symbol.name) || !assembly.contains(&*symbol.name);
        let expected = if is_told { Verdict::Equal } else { Verdict::OnlyRecorded };
        comparison.require(symbol.verdict == expected, format!("{}: {:?}", symbol.name, symbol.verdict));
    }
    let version = |name: &str| -> Option<Version> {
        verification.symbols.iter().find(|symbol| symbol.name == name).and_then(|symbol| symbol.computed)
    };
    // As objects/arch/x86/lib/memcpy_64.gendwarfksyms.symvers has it.
    comparison.require(version("memcpy") == Some(Version(0xa53f_4e29)), format!("memcpy: {:?}", version("memcpy")));
    comparison.require(told.len() == 54, format!("{} exports have stand-ins", told.len()));
    Ok(comparison.finish()?)
}
