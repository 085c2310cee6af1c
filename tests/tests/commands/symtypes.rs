// SPDX-License-Identifier: GPL-2.0-only
//! `kabiscope symtypes`, against what the reference wrote for each object.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use snapbox::str;

use super::{image, kabiscope};

/// What the reference wrote for an object.
fn expected(name: &str) -> Vec<u8> {
    fs::read(image().join("symtypes").join(name)).expect("the fixture has it")
}

#[test]
fn one_unit() {
    for unit in ["kernel/task.c", "task.c"] {
        let output = kabiscope(&format!("symtypes --unit {unit} vmlinux")).assert().code(0).stderr_eq("");
        assert_eq!(output.get_output().stdout, expected("kernel/task.symtypes"));
    }
    let output = kabiscope("symtypes objects/task.o").assert().code(0).stderr_eq("");
    assert_eq!(output.get_output().stdout, expected("kernel/task.symtypes"));
}

/// Each beside its object, whatever that comes from in the image.
#[test]
fn each_unit() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = format!("{}/symtypes/", folder.path().display());
    kabiscope(&format!("symtypes vmlinux -o {target}")).assert().code(0).stdout_eq("").stderr_eq("");
    kabiscope(&format!("symtypes mini_a.ko -o {target}")).assert().code(0).stdout_eq("").stderr_eq("");
    let mut compared = 0;
    compare_below(&image().join("symtypes"), Path::new(&target), &mut compared);
    assert!(compared > 10, "only {compared}");
}

fn compare_below(expected: &Path, found: &Path, compared: &mut usize) {
    for entry in fs::read_dir(expected).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        if entry.path().is_dir() {
            compare_below(&entry.path(), &found.join(name), compared);
            continue;
        }
        let is_elsewhere = {
            let name = name.to_string_lossy();
            // Stand-ins are not linked, and of Rust, units have other names than objects.
            name.ends_with(".gendwarfksyms.symtypes") || name.starts_with("mini")
        };
        if !is_elsewhere {
            let expected = fs::read_to_string(entry.path()).expect("text");
            assert_eq!(fs::read_to_string(found.join(&name)).expect("it was written"), expected, "{name:?}");
            *compared += 1;
        }
    }
}

/// Of all units, each line once, in order.
#[test]
fn merged() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("vmlinux.symtypes");
    kabiscope(&format!("symtypes vmlinux -o {}", target.display())).assert().code(0).stdout_eq("").stderr_eq("");
    let written = fs::read_to_string(target).expect("it was written");
    let printed = kabiscope("symtypes vmlinux").assert().code(0).stderr_eq("");
    assert_eq!(String::from_utf8_lossy(&printed.get_output().stdout), written);
    let lines: Vec<_> = written.lines().collect();
    let sorted: BTreeSet<_> = lines.iter().copied().collect();
    assert!(lines.iter().eq(&sorted), "they are not sorted, or some are there twice");
    for unit in ["kernel/task.symtypes", "drivers/base/bus.symtypes", "rust/mini.symtypes"] {
        let expected = String::from_utf8(expected(unit)).expect("text");
        assert!(expected.lines().all(|line| sorted.contains(line)), "{unit}");
    }
}

#[test]
fn trouble() {
    kabiscope("symtypes --unit nothing.c vmlinux").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: kabiscope: vmlinux: no unit of the name nothing.c exports anything
hint: kabiscope list --format json tells the unit of each export

"#]]);
    kabiscope("symtypes -o vmlinux/x mini_a.ko").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: kabiscope: vmlinux/x: File exists

"#]]);
    kabiscope("symtypes missing").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: kabiscope: missing: No such file or directory

"#]]);
}
