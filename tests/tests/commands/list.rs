// SPDX-License-Identifier: GPL-2.0-only
//! `kabiscope list`.

use std::collections::BTreeSet;
use std::fs;

use kabiscope::abi::Abi;
use snapbox::str;

use super::{image, kabiscope, kabiscope_in};

#[test]
fn table() {
    kabiscope("list mini_a.ko")
        .assert()
        .code(0)
        .stdout_eq(str![[r#"
RECORDED    KIND      LICENCE  NAMESPACE      NAME
0xd1a5efe1  function  -        -              mini_a_collect
0xbdfe4694  variable  -        -              mini_a_default
0x94caf31c  function  GPL      MINI_A         mini_a_open
0xf0a22f77  function  GPL      MINI_A         mini_a_send
0x2689ee34  function  GPL      module:mini_b  mini_a_statistics

"#]])
        .stderr_eq(str![[r#"
mini_a.ko: module of Linux 7.3.0-mini for x86_64: 5 exported, 5 with a recorded version, 0 with a computed one

"#]]);
}

#[test]
fn computed_beside_recorded() {
    kabiscope("list --compute -n mini_a_* -n device_reset -n __get_byte vmlinux mini_a.ko")
        .assert()
        .code(0)
        .stdout_eq(str![[r#"
RECORDED    COMPUTED    KIND      LICENCE  NAMESPACE      MODULE   NAME
0xa0483d4e  -           function  -        -              vmlinux  __get_byte
0x7dfbfc10  0x7dfbfc10  function  GPL      MINI_DEVICES   vmlinux  device_reset
0xd1a5efe1  0xd1a5efe1  function  -        -              mini_a   mini_a_collect
0xbdfe4694  0xbdfe4694  variable  -        -              mini_a   mini_a_default
0x94caf31c  0x94caf31c  function  GPL      MINI_A         mini_a   mini_a_open
0xf0a22f77  0xf0a22f77  function  GPL      MINI_A         mini_a   mini_a_send
0x2689ee34  0x2689ee34  function  GPL      module:mini_b  mini_a   mini_a_statistics

"#]])
        .stderr_eq(str![[r#"
vmlinux: kernel of Linux 7.3.0-mini for x86_64: 2 exported, 2 with a recorded version, 1 with a computed one
mini_a.ko: module of Linux 7.3.0-mini for x86_64: 5 exported, 5 with a recorded version, 5 with a computed one

"#]]);
}

/// Where no versions are recorded, they are computed.
#[test]
fn object() {
    kabiscope("list objects/task.o")
        .assert()
        .code(0)
        .stdout_eq(str![[r#"
COMPUTED    KIND      LICENCE  NAMESPACE             NAME
0x3b7b467c  function  -        -                     arch_show_registers
0xd951d9e4  variable  GPL      -                     boot_state
0x874f4384  variable  -        -                     const_current_task
0xbf416a0b  variable  -        -                     current_task
0x6e015b29  function  -        -                     task_for_each
0x1fa96994  function  GPL      -                     task_runqueue
0xb2781021  function  GPL      module:mini_b,mini-c  task_set_priority
0xfec8cecd  function  -        -                     task_wake

"#]])
        .stderr_eq(str![[r#"
objects/task.o: object for x86_64: 8 exported, 0 with a recorded version, 8 with a computed one

"#]]);
}

#[test]
fn names_of_rust() {
    kabiscope("list --name mini::time::* vmlinux").assert().code(0).stdout_eq(str![[r#"
RECORDED    KIND      LICENCE  NAME
0x512bb8b7  variable  GPL      _RNvNtCs3gePf9MVP0d_4mini4time10RESOLUTION  mini::time::RESOLUTION
0x78323392  function  GPL      _RNvNtCs3gePf9MVP0d_4mini4time11nanoseconds  mini::time::nanoseconds
0x78323392  function  GPL      _RNvNtCs3gePf9MVP0d_4mini4time5ticks  mini::time::ticks

"#]]);
}

#[test]
fn regular_expressions() {
    kabiscope("list --quiet -e ^task_[rs] -e printk$ vmlinux")
        .assert()
        .code(0)
        .stdout_eq(str![[r#"
RECORDED    KIND      LICENCE  NAMESPACE             NAME
0xc06e5c94  function  -        -                     _printk
0x1fa96994  function  GPL      -                     task_runqueue
0xb2781021  function  GPL      module:mini_b,mini-c  task_set_priority

"#]])
        .stderr_eq("");
}

#[test]
fn nothing_matches() {
    kabiscope("list -n nothing vmlinux mini_a.ko").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: kabiscope: list: no exported symbol matches

"#]]);
}

/// The lines of modpost, but for their order, and that an image does not tell in which folder a module was built.
#[test]
fn module_symvers() {
    let output = kabiscope("list --format symvers vmlinux mini_a.ko").assert().code(0).stderr_eq("");
    let printed: BTreeSet<_> = lines(&output.get_output().stdout);
    let built = fs::read_to_string(image().join("Module.symvers")).expect("the fixture has one");
    assert_eq!(printed, lines(built.replace("drivers/mini/", "").as_bytes()));
}

fn lines(text: &[u8]) -> BTreeSet<String> {
    String::from_utf8_lossy(text).lines().map(str::to_owned).collect()
}

#[test]
fn symver_lines() {
    kabiscope("list --format symver -n task_* -n __put_byte vmlinux")
        .assert()
        .code(0)
        .stdout_eq(str![[r#"
#SYMVER task_for_each 0x6e015b29
#SYMVER task_runqueue 0x1fa96994
#SYMVER task_set_priority 0xb2781021
#SYMVER task_wake 0xfec8cecd

"#]])
        .stderr_eq(str![[r#"
warning: kabiscope: vmlinux: 1 of 5 symbols have no computed version and are left out
hint: --format json tells why

"#]]);
}

#[test]
fn symver_lines_are_computed() {
    kabiscope("list --format symver --no-compute vmlinux").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: kabiscope: --no-compute: #SYMVER lines hold computed versions
hint: use --format symvers for recorded ones

"#]]);
}

#[test]
fn json_of_one_file() {
    kabiscope("list --format json -n device_reset vmlinux")
        .assert()
        .code(0)
        .stdout_eq(str![[r#"
{
  "schema": 1,
  "file": "vmlinux",
  "kind": "vmlinux",
  "architecture": "x86_64",
  "release": "7.3.0-mini",
  "vermagic": null,
  "build_id": "7c835e44224106a0f80f383fd33e22e2cf6af273",
  "compiler": "gcc (GCC) 12.2.0",
  "module": null,
  "exports": [
    {
      "name": "device_reset",
      "demangled": null,
      "kind": "function",
      "licence": "GPL",
      "namespace": "MINI_DEVICES",
      "module": "vmlinux",
      "computed": "0x7dfbfc10",
      "recorded": "0x7dfbfc10",
      "language": "C",
      "source": {
        "file": "drivers/base/device.c",
        "line": 35
      },
      "unit": "drivers/base/device.c",
      "error": null
    }
  ],
  "imports": [],
  "troubles": []
}

"#]])
        .stderr_eq("");
}

#[test]
fn json_of_several_files() {
    let output = kabiscope("list --format json --no-compute vmlinux mini_a.ko mini_b.ko").assert().code(0);
    let abis: Vec<Abi> = serde_json::from_slice(&output.get_output().stdout).expect("the documented schema");
    let files: Vec<_> = abis.iter().map(|abi| (&*abi.file, !abi.exports.is_empty(), !abi.imports.is_empty())).collect();
    assert_eq!(files, [("vmlinux", true, false), ("mini_a.ko", true, true), ("mini_b.ko", false, true)]);
    assert!(abis.iter().flat_map(|abi| &abi.exports).all(|export| export.computed.is_none()));
}

/// A folder stands for the kernels and modules in it, and for a list of files even if there is but one.
#[test]
fn folder() {
    let output = kabiscope("list --format json --no-compute split").assert().code(0);
    let abis: Vec<Abi> = serde_json::from_slice(&output.get_output().stdout).expect("the documented schema");
    let files: Vec<_> = abis.iter().map(|abi| &*abi.file).collect();
    assert_eq!(files, ["split/mini_a.ko"]);
}

#[test]
fn separate_debug_file() {
    for debug_file in ["", " --debug-file split/mini_a.ko.debug", " --debug-file split"] {
        kabiscope(&format!("list --compute --quiet -n mini_a_open split/mini_a.ko{debug_file}"))
            .assert()
            .code(0)
            .stdout_eq(str![[r#"
RECORDED    COMPUTED    KIND      LICENCE  NAMESPACE  NAME
0x94caf31c  0x94caf31c  function  GPL      MINI_A     mini_a_open

"#]])
            .stderr_eq("");
    }
}

/// That nothing can be computed is an error only if it was asked for.
#[test]
fn no_debugging_information() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(image().join("split/mini_a.ko"), folder.path().join("mini_a.ko")).expect("a copy");
    let list = |arguments: &[&str]| {
        let arguments = [&["list", "-q", "-n", "mini_a_open", "mini_a.ko"], arguments].concat();
        kabiscope_in(folder.path(), arguments).assert()
    };
    list(&["--compute"]).code(2).stdout_eq(str![[r#"
RECORDED    KIND      LICENCE  NAMESPACE  NAME
0x94caf31c  function  GPL      MINI_A     mini_a_open

"#]]).stderr_eq(str![[r#"
error: kabiscope: mini_a.ko: no debugging information
hint: install it, as /usr/lib/debug/.build-id/f7/d300e5d66737072c456840443dac4ff6718d90.debug, or give it by --debug-file

"#]]);
    let output = list(&["--format", "json"]).code(0).stderr_eq("");
    let abi: Abi = serde_json::from_slice(&output.get_output().stdout).expect("the documented schema");
    let errors: Vec<_> = abi.exports.iter().map(|export| export.error.as_deref()).collect();
    assert_eq!(errors, [Some("no debugging information")]);
}

/// What can be read is shown, whatever else is wrong.
#[test]
fn some_files_are_none() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(image().join("mini_a.ko"), folder.path().join("mini_a.ko")).expect("a copy");
    fs::write(folder.path().join("text"), "text\n").expect("a file");
    kabiscope_in(folder.path(), ["list", "-q", "-n", "*_open", "text", "missing", "mini_a.ko", "."])
        .assert()
        .code(2)
        .stdout_eq(str![[r#"
RECORDED    KIND      LICENCE  NAMESPACE  MODULE  NAME
0x94caf31c  function  GPL      MINI_A     mini_a  mini_a_open
0x94caf31c  function  GPL      MINI_A     mini_a  mini_a_open

"#]])
        .stderr_eq(str![[r#"
error: kabiscope: text: it is text
hint: give a vmlinux, a module, an object or Module.symvers, plain or compressed
error: kabiscope: missing: No such file or directory

"#]]);
}

#[test]
fn folder_with_nothing_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    kabiscope_in(folder.path(), ["list", "."]).assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: kabiscope: .: no kernel or module is in this folder

"#]]);
}

/// Cut off within its debugging information: what is before that is shown.
#[test]
fn truncated_file() {
    let mut module = fs::read(image().join("mini_a.ko")).expect("the fixture has it");
    module.truncate(module.len() / 2);
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("mini_a.ko"), module).expect("a file");
    kabiscope_in(folder.path(), ["list", "mini_a.ko"]).assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: kabiscope: mini_a.ko: malformed ELF file: Invalid ELF section header offset/size/alignment
hint: the file may be truncated or still being written: build it again

"#]]);
}
