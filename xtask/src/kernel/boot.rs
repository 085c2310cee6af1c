// SPDX-License-Identifier: GPL-2.0-only
//! Boots the kernel under qemu: do its modules load, is a tampered one refused, as `kabiscope imports` said?

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use kabiscope::abi::load::{LoadReport, ProblemKind};
use xshell::Shell;

use super::initramfs::Initramfs;
use super::tree::Tree;
use super::{console, tamper};

/// Seconds that the whole session may take: emulated, on a machine that has other things to do.
const PATIENCE: &str = "2400";

/// Megabytes of memory for the kernel; the selftest wants some gigabytes, and is content with less on one processor.
const MEMORY: &str = "2048";

/// The selftest's parts, and how often each is to run. The script recommends 10 times for 0005 and 0006, 5 for 0007, and 150
/// for 0008 and 0009, which load one module from dozens of threads: nothing that an emulator does in minutes.
const SELFTEST: [(&str, u32); 13] = [
    ("0001", 3),
    ("0002", 3),
    ("0003", 1),
    ("0004", 1),
    ("0005", 2),
    ("0006", 2),
    ("0007", 1),
    ("0008", 1),
    ("0009", 1),
    ("0010", 1),
    ("0011", 1),
    ("0012", 1),
    ("0013", 1),
];

/// A module, what was predicted of it, and what was predicted of it with one version changed.
struct Candidate {
    name: String,
    report: LoadReport,
    /// The symbol whose version was changed.
    symbol: String,
    tampered: LoadReport,
}

/// Predicts, boots, compares, and tells what came of it in a line.
pub(super) fn run(tree: &Tree<'_>, selftest: &Path, kabiscope: &Path) -> anyhow::Result<String> {
    let folder = tree.path.with_extension("boot");
    Shell::new()?.remove_path(&folder)?;
    fs::create_dir_all(folder.join("tampered"))?;

    let root = folder.join("root");
    tree.run(&["modules_install", &format!("INSTALL_MOD_PATH={}", root.display()), "INSTALL_MOD_STRIP=1"])?;
    let installed = root.join("lib/modules").join(tree.release()?);
    let vmlinux = tree.path.join("vmlinux");
    let mut candidates = predict(kabiscope, &vmlinux, &installed, &folder.join("tampered"))?;
    in_order_of_dependencies(&mut candidates);

    let names: String = candidates.iter().flat_map(|candidate| [candidate.name.as_str(), "\n"]).collect();
    fs::write(folder.join("modules"), names)?;
    fs::write(folder.join("tests"), SELFTEST.map(|(id, times)| format!("{id} {times}\n")).concat())?;
    fs::write(folder.join("init"), include_str!("guest/init"))?;
    let mut archive = Initramfs::new()?;
    archive.file("/init", &folder.join("init"), true)?;
    archive.file("/modules", &folder.join("modules"), false)?;
    archive.files("/tampered", &folder.join("tampered"))?;
    archive.files("/lib/modules", &root.join("lib/modules"))?;
    archive.file("/selftest/kmod.sh", &selftest.join("kmod.sh"), true)?;
    archive.file("/selftest/config", &selftest.join("config"), false)?;
    archive.file("/selftest/tests", &folder.join("tests"), false)?;
    let initramfs = folder.join("initramfs.cpio.gz");
    archive.write(&tree.path.join("usr/gen_init_cpio"), &initramfs)?;

    println!("booting under qemu");
    let log = folder.join("console.log");
    let kernel = tree.path.join("arch/x86/boot/bzImage");
    emulate(&kernel, &initramfs, &log)?;
    let console = console::Session::parse(&fs::read_to_string(&log)?);
    judge(&candidates, &console).with_context(|| format!("see {}", log.display()))?;
    for console::Selftest { id, times, status, seconds } in &console.selftest {
        let outcome = if *status == 0 { "passed" } else { "FAILED" };
        println!("  kmod selftest {id}, {times} times: {outcome} in {seconds} s");
    }
    let passed = console.selftest.iter().filter(|test| test.status == 0).count();
    ensure!(passed == SELFTEST.len(), "{passed} of {} selftests passed; see {}", SELFTEST.len(), log.display());
    let imports: usize = candidates.iter().map(|candidate| candidate.report.imports.len()).sum();
    Ok(format!(
        "as predicted: {0} modules with {imports} imports loaded, {0} tampered ones refused; {passed} kmod selftests passed",
        candidates.len(),
    ))
}

/// Asks kabiscope of every module, as it is and with one version changed, whether it would load. Every one of them should as
/// it is, by each symbol; and with the change should not, for nothing but that.
fn predict(kabiscope: &Path, vmlinux: &Path, installed: &Path, tampered: &Path) -> anyhow::Result<Vec<Candidate>> {
    let mut candidates = Vec::new();
    for report in ask(kabiscope, installed, &[vmlinux, installed])? {
        ensure!(report.loads, "kabiscope says that {} would not load", report.module);
        if let Some(problem) = report.all_problems().next() {
            bail!("kabiscope warns of a fresh build: {}", problem.message);
        }
        let symbol = symbol_to_change(&report).with_context(|| format!("{} has no versions", report.module))?;
        let mut module = fs::read(&report.file)?;
        tamper::change_version(&mut module, &symbol)?;
        fs::write(tampered.join(&report.module).with_extension("ko"), module)?;
        candidates.push((report, symbol));
    }
    let of_tampered = ask(kabiscope, tampered, &[vmlinux, installed])?;
    let mut of_tampered: BTreeMap<_, _> =
        of_tampered.into_iter().map(|report| (report.module.clone(), report)).collect();
    ensure!(of_tampered.len() == candidates.len(), "some modules share a name");
    let predicted = candidates.into_iter().map(|(report, symbol)| {
        let name = report.module.clone();
        let tampered = of_tampered.remove(&name).with_context(|| format!("no report of the tampered {name}"))?;
        let kinds: Vec<_> = tampered.all_problems().map(|problem| problem.kind).collect();
        ensure!(
            !tampered.loads && kinds == [ProblemKind::VersionDiffers],
            "of {name} with another version of {symbol}, kabiscope says {kinds:?}"
        );
        Ok(Candidate { name, report, symbol, tampered })
    });
    predicted.collect()
}

/// Runs `kabiscope imports`. Its exit status is in what it prints.
fn ask(kabiscope: &Path, modules: &Path, against: &[&Path]) -> anyhow::Result<Vec<LoadReport>> {
    let output = Command::new(kabiscope)
        .args(["imports", "--format", "json"])
        .arg(modules)
        .arg("--against")
        .args(against)
        .output()?;
    ensure!(output.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A symbol of another module, if it needs one; else the longest name, which tells most of how long names are recorded.
fn symbol_to_change(report: &LoadReport) -> Option<String> {
    let needed = report.imports.iter().filter(|import| import.wanted.is_some());
    let is_of_module = |import: &&kabiscope::abi::load::Import| {
        import.provider.as_ref().is_some_and(|provider| provider.module != kabiscope::abi::VMLINUX)
    };
    let chosen = needed.clone().find(is_of_module).or_else(|| needed.max_by_key(|import| import.name.len()));
    chosen.or(report.module_layout.as_ref()).map(|import| import.name.clone())
}

/// Each module after those that it depends on.
fn in_order_of_dependencies(candidates: &mut [Candidate]) {
    fn depth(name: &str, depends: &BTreeMap<String, Vec<String>>) -> usize {
        let below = depends.get(name).into_iter().flatten();
        below.map(|name| depth(name, depends) + 1).max().unwrap_or_default()
    }
    // modpost refuses modules that depend on each other.
    let depends: BTreeMap<String, Vec<String>> = candidates
        .iter()
        .map(|candidate| {
            let depends = candidate.report.depends.iter().map(|dependency| dependency.name.replace('-', "_"));
            (candidate.name.clone(), depends.collect())
        })
        .collect();
    candidates.sort_by_cached_key(|candidate| (depth(&candidate.name, &depends), candidate.name.clone()));
}

fn emulate(kernel: &Path, initramfs: &Path, log: &Path) -> anyhow::Result<()> {
    // Software emulation alone: it is the same everywhere, and needs no rights.
    let machine = ["-accel", "tcg", "-cpu", "max", "-m", MEMORY, "-nographic", "-no-reboot"];
    let append = "console=ttyS0 panic=-1";
    let output = File::create(log)?;
    let mut qemu = Command::new("timeout");
    qemu.args([PATIENCE, "qemu-system-x86_64"]).args(machine);
    qemu.arg("-kernel").arg(kernel).arg("-initrd").arg(initramfs).args(["-append", append]);
    let status = qemu.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).status()?;
    ensure!(status.success(), "qemu: {status}; its output is in {}", log.display());
    Ok(())
}

/// Compares what happened with what was predicted.
fn judge(candidates: &[Candidate], console: &console::Session) -> anyhow::Result<()> {
    ensure!(console.ended, "the session came to no end");
    let mut surprises = Vec::new();
    for Candidate { name, symbol, tampered, .. } in candidates {
        for step in ["loaded", "unloaded", "again"] {
            if console.status(step, name) != Some(0) {
                surprises.push(format!("{name} was not {step}"));
            }
        }
        if console.status("tampered", name).is_none_or(|status| status == 0) {
            surprises.push(format!("{name} was not refused with another version of {symbol}"));
        }
        for problem in tampered.all_problems() {
            if !console.says(&problem.message) {
                surprises.push(format!("the kernel never said: {}", problem.message));
            }
        }
    }
    ensure!(surprises.is_empty(), "not as predicted:\n{}", surprises.join("\n"));
    Ok(())
}
