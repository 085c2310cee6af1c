// SPDX-License-Identifier: GPL-2.0-only
//! `kabiscope verify`.

use kabiscope::abi::verify::{Counts, Verification};
use snapbox::str;

use super::{image, kabiscope, kabiscope_in};

#[test]
fn module() {
    kabiscope("verify mini_a.ko").assert().code(0).stdout_eq("").stderr_eq(str![[r#"
mini_a.ko: 5 exported: 5 equal, 0 different

"#]]);
}

/// What is written in assembly is no difference.
#[test]
fn kernel() {
    kabiscope("verify --verbose vmlinux").assert().code(0).stdout_eq(str![[r#"
vmlinux: __get_byte: recorded 0xa0483d4e, not computed: written in assembly: its version was computed from a stand-in object, which is no part of the image
vmlinux: __put_byte: recorded 0x74a042b0, not computed: written in assembly: its version was computed from a stand-in object, which is no part of the image
vmlinux: __return_thunk: recorded 0xd272d446, not computed: the debugging information does not mention it
vmlinux: clear_words: recorded 0x54c900e7, not computed: only declared in C or Rust: it comes from assembly or the linker script, and so does its version from a stand-in object, which is no part of the image
vmlinux: get_byte_count: recorded 0x22744730, not computed: the debugging information does not mention it

"#]]).stderr_eq(str![[r#"
vmlinux: 38 exported: 33 equal, 0 different, 5 not computed
      2  written in assembly: its version was computed from a stand-in object, which is no part of the image
      2  the debugging information does not mention it
      1  only declared in C or Rust: it comes from assembly or the linker script, and so does its version from a stand-in object, which is no part of the image

"#]]);
}

#[test]
fn stand_ins() {
    for stand_ins in
        ["--stand-in objects", "--stand-in objects/words.gendwarfksyms.o --stand-in objects/get_byte.gendwarfksyms.o"]
    {
        kabiscope(&format!("verify -v {stand_ins} vmlinux")).assert().code(0).stdout_eq("").stderr_eq(str![[r#"
vmlinux: 38 exported: 38 equal, 0 different

"#]]);
    }
}

/// With another version recorded than comes from the types.
#[test]
fn difference() {
    let mut module = std::fs::read(image().join("mini_a.ko")).expect("the fixture has it");
    let recorded = 0x94ca_f31c_u32.to_le_bytes();
    let places: Vec<_> = (0..module.len() - 3).filter(|&at| module[at..at + 4] == recorded).collect();
    assert_eq!(places.len(), 1, "the version of mini_a_open is there once");
    module[places[0]] ^= 0xff;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("mini_a.ko"), module).expect("a file");
    kabiscope_in(folder.path(), ["verify", "mini_a.ko"])
        .assert()
        .code(1)
        .stdout_eq(str![[r#"
mini_a.ko: mini_a_open: recorded 0x94caf3e3, computed 0x94caf31c (drivers/mini/core.c)

"#]])
        .stderr_eq(str![[r#"
mini_a.ko: 5 exported: 4 equal, 1 different
hint: if it was built with stability features (KBUILD_GENDWARFKSYMS_STABLE), use --stable

"#]]);
    let only_other = ["verify", "-n", "mini_a_send", "mini_a.ko"];
    kabiscope_in(folder.path(), only_other).assert().code(0).stdout_eq("").stderr_eq(str![[r#"
mini_a.ko: 1 exported: 1 equal, 0 different

"#]]);
}

#[test]
fn json() {
    let output = kabiscope("verify --format json . --stand-in objects").assert().code(0).stderr_eq("");
    let all: Vec<Verification> = serde_json::from_slice(&output.get_output().stdout).expect("the documented schema");
    let of = |file: &str| all.iter().find(|one| one.file == file).map(|one| one.counts);
    let is_complete =
        |counts: Counts| counts.equal > 30 && counts == Counts { equal: counts.equal, ..Counts::default() };
    assert!(of("./vmlinux").is_some_and(is_complete), "{:?}", of("./vmlinux"));
    assert_eq!(of("./split/mini_a.ko"), Some(Counts { equal: 5, ..Counts::default() }));
    assert_eq!(of("./mini_b.ko"), Some(Counts::default()));
}

#[test]
fn nothing_recorded() {
    kabiscope("verify objects/task.o").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: kabiscope: objects/task.o: no versions are recorded for what it exports
hint: a kernel records them if it is built with CONFIG_MODVERSIONS; objects never do

"#]]);
}

#[test]
fn no_debugging_information() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(image().join("split/mini_a.ko"), folder.path().join("mini_a.ko")).expect("a copy");
    kabiscope_in(folder.path(), ["verify", "mini_a.ko"]).assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: kabiscope: mini_a.ko: no debugging information
hint: install it, as /usr/lib/debug/.build-id/f7/d300e5d66737072c456840443dac4ff6718d90.debug, or give it by --debug-file
mini_a.ko: 5 exported: 0 equal, 0 different, 5 not computed
      5  no debugging information

"#]]);
}

#[test]
fn stand_in_that_is_none() {
    kabiscope("verify -q --stand-in made.json --stand-in split mini_a.ko").assert().code(2).stdout_eq("").stderr_eq(
        str![[r#"
error: kabiscope: made.json: it is text
hint: give a vmlinux, a module, an object or Module.symvers, plain or compressed
error: kabiscope: split: no stand-in (*.gendwarfksyms.o) is in this folder

"#]],
    );
}
