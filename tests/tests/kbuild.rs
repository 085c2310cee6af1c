// SPDX-License-Identifier: GPL-2.0-only
//! Ours in a kernel's build: the kernel's own rules, in a small tree that has nothing else of the kernel.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use kabiscope_tests::command::gendwarfksyms;
use kabiscope_tests::root;
use tempfile::TempDir;
use walkdir::WalkDir;

/// What the reference says of the objects; see `tests/fixtures/kbuild/README.md`.
const VERSIONS: [(&str, &str); 2] = [
    ("fs/.open.o.cmd", "#SYMVER open_file 0x17fbb225\n#SYMVER open_files 0xbd03ed67\n"),
    ("lib/.copy.o.cmd", "#SYMVER copy_bytes 0xaa47b76e\n"),
];

/// Where Kbuild has its tool.
const TOOL: &str = "scripts/gendwarfksyms/gendwarfksyms";

/// A tree in which the kernel's own tool cannot be built: its source is not there.
struct Tree {
    folder: TempDir,
}

impl Tree {
    fn new() -> anyhow::Result<Self> {
        let tree = Self { folder: tempfile::tempdir()? };
        for part in ["linux-7.3.4", "stub"] {
            copy(&root().join("tests/fixtures/kbuild").join(part), tree.path())?;
        }
        for part in ["gendwarfksyms", "cache", "die", "dwarf", "kabi", "symbols", "types"] {
            tree.write(&format!("scripts/gendwarfksyms/{part}.c"), "#error \"not to be compiled\"\n")?;
        }
        tree.make("scripts/basic", &["KBUILD_HOSTCFLAGS=-Iscripts/include"])?;
        Ok(tree)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, file: &str, text: &str) -> anyhow::Result<()> {
        let file = self.path().join(file);
        fs::create_dir_all(file.parent().context("it is in a folder")?)?;
        Ok(fs::write(file, text)?)
    }

    fn read(&self, file: &str) -> anyhow::Result<String> {
        fs::read_to_string(self.path().join(file)).with_context(|| file.to_owned())
    }

    /// Has Kbuild build a folder, as the kernel's Makefile does, and gives what it prints.
    fn make(&self, folder: &str, variables: &[&str]) -> anyhow::Result<String> {
        let output = Command::new("make")
            .current_dir(self.path())
            .env_remove("MAKEFLAGS")
            .env("LC_ALL", "C")
            .args(["-f", "scripts/Makefile.build", &format!("obj={folder}")])
            .args(["srctree=.", "srcroot=.", "objtree=.", "CONFIG_SHELL=sh", "quiet=quiet_", "Q=@"])
            .args(["HOSTCC=cc", "CC=cc", "NM=nm", "AR=ar", "AWK=awk"])
            .args(["LINUXINCLUDE=-Iinclude", "KBUILD_CFLAGS=-gdwarf-5 -O2", "KBUILD_BUILTIN=y", "need-builtin=1"])
            .args(["CONFIG_MODVERSIONS=y", "CONFIG_ASM_MODVERSIONS=y", "CONFIG_GENDWARFKSYMS=y", "KBUILD_SYMTYPES=1"])
            .args(variables)
            .output()?;
        let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        ensure!(output.status.success(), "{text}");
        Ok(text)
    }

    /// Applies the patch series in its order.
    fn patch(&self) -> anyhow::Result<()> {
        let mut patches: Vec<PathBuf> = fs::read_dir(root().join("kbuild/patches"))?
            .map(|entry| Ok(entry?.path()))
            .collect::<anyhow::Result<_>>()?;
        patches.sort();
        ensure!(!patches.is_empty(), "there are no patches");
        for patch in patches {
            let output = Command::new("git").current_dir(self.path()).arg("apply").arg(&patch).output()?;
            ensure!(output.status.success(), "{}: {}", patch.display(), String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Builds sources in C, assembly and Rust, and checks the versions of what they export.
    fn check_versions(&self, variables: &[&str]) -> anyhow::Result<()> {
        for folder in ["fs", "lib", "rust"] {
            self.make(folder, variables)?;
        }
        for (file, expected) in VERSIONS {
            let kept = self.read(file)?;
            let mut versions: Vec<&str> =
                kept.split_inclusive('\n').filter(|line| line.starts_with("#SYMVER")).collect();
            versions.sort_unstable();
            assert_eq!(versions.concat(), expected, "{file}");
        }
        let rust = self.read("rust/.shapes.o.cmd")?;
        let version = rust.lines().find_map(|line| line.strip_prefix("#SYMVER shape_width ")).context("no version")?;
        assert_ne!(version, "0x00000000");
        assert!(!self.read("fs/.quiet.o.cmd")?.contains("#SYMVER"), "it exports nothing");
        for file in ["fs/open.symtypes", "lib/copy.symtypes", "rust/shapes.symtypes"] {
            assert!(!self.read(file)?.is_empty(), "{file}");
        }
        Ok(())
    }
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Whether there is a make; if not, says that the test is skipped.
fn make_is_there() -> bool {
    let found = Command::new("make").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        // Past the test harness, which shows nothing of a test that passes. That nobody may be listening is no failure.
        let _ = writeln!(std::io::stderr(), "skipped: there is no make");
    }
    found
}

#[test]
fn by_a_makefile_in_a_kernel_that_knows_nothing_of_it() -> anyhow::Result<()> {
    if !make_is_there() {
        return Ok(());
    }
    let tree = Tree::new()?;
    let makefile = format!("MAKEFILES={}", root().join("kbuild/gendwarfksyms.mk").display());
    let tool = format!("GENDWARFKSYMS={}", gendwarfksyms().display());
    let first = tree.make("scripts/gendwarfksyms", &[&makefile, &tool])?;
    assert!(first.contains("  COPY    scripts/gendwarfksyms/gendwarfksyms\n"), "{first}");
    assert_eq!(fs::read(tree.path().join(TOOL))?, fs::read(gendwarfksyms())?);
    tree.check_versions(&[&makefile, &tool])?;

    let again = tree.make("scripts/gendwarfksyms", &[&makefile, &tool])?;
    assert!(!again.contains("COPY"), "it is there: {again}");
    let other = tree.path().join("another");
    fs::write(&other, "another tool")?;
    tree.make("scripts/gendwarfksyms", &[&makefile, &format!("GENDWARFKSYMS={}", other.display())])?;
    assert_eq!(tree.read(TOOL)?, "another tool");

    let missing = tree.make("scripts/gendwarfksyms", &[&makefile, "GENDWARFKSYMS=/nowhere/gendwarfksyms"]);
    assert!(missing.is_err(), "a tool that is not there is an error");
    Ok(())
}

#[test]
fn by_the_patch_series_variable() -> anyhow::Result<()> {
    if !make_is_there() {
        return Ok(());
    }
    let tree = Tree::new()?;
    tree.patch()?;
    let tool = format!("GENDWARFKSYMS={}", gendwarfksyms().display());
    let first = tree.make("scripts/gendwarfksyms", &[&tool])?;
    assert!(first.contains("  COPY    scripts/gendwarfksyms/gendwarfksyms\n"), "{first}");
    assert_eq!(fs::read(tree.path().join(TOOL))?, fs::read(gendwarfksyms())?);
    tree.check_versions(&[&tool])?;

    let again = tree.make("scripts/gendwarfksyms", &[&tool])?;
    assert!(!again.contains("COPY"), "it is there: {again}");
    Ok(())
}

#[test]
fn without_libdw_the_series_says_what_to_do() -> anyhow::Result<()> {
    if !make_is_there() {
        return Ok(());
    }
    let tree = Tree::new()?;
    tree.patch()?;
    // In place of headers that are not there, some that are no good.
    tree.write("without/elfutils/libdwfl.h", "#error \"no libdw\"\n")?;
    let Err(error) = tree.make("scripts/gendwarfksyms", &["KBUILD_HOSTCFLAGS=-Iwithout"]) else {
        bail!("the kernel's tool was built without its source");
    };
    let error = error.to_string();
    assert!(error.contains("error: CONFIG_GENDWARFKSYMS needs libdw: please install libdw-dev"), "{error}");
    assert!(error.contains("GENDWARFKSYMS="), "{error}");
    assert!(!error.contains("not to be compiled"), "it is said before anything is compiled: {error}");
    Ok(())
}
