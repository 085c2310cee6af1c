// SPDX-License-Identifier: GPL-2.0-only
//! What a user sees when something is wrong: the message, the file it is about, the way out, and the exit status.
//!
//! Where the reference (gendwarfksyms of Linux 7.3) has a message of its own for a command line, it is this one. About
//! objects it says less.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process;

use gimli::constants as dw;
use kabiscope_tests::command::gendwarfksyms;
use kabiscope_tests::handmade::{self, EXPORT, Encoded, Types};
use snapbox::cmd::{Command, OutputAssert};
use snapbox::{IntoData, str};
use tempfile::TempDir;

/// A folder with files to run the command on.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder can be made"))
    }

    /// A folder with a single file.
    fn with(name: &str, contents: &[u8]) -> Self {
        let folder = Self::new();
        folder.add(name, contents);
        folder
    }

    fn add(&self, name: &str, contents: &[u8]) {
        fs::write(self.path().join(name), contents).expect("a file can be written");
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs the command in the folder.
    fn run(&self, arguments: &str, exports: &str) -> OutputAssert {
        let mut command = process::Command::new(gendwarfksyms());
        command.arg0("gendwarfksyms").args(arguments.split_whitespace()).current_dir(self.path());
        Command::from_std(command).stdin(exports).assert()
    }
}

/// The object and the list of exports of a fixture.
fn fixture(name: &str) -> (Vec<u8>, String) {
    let folder = kabiscope_tests::fixtures().join(name);
    let object = fs::read(folder.join("object.o")).expect("a fixture has an object");
    let exports = fs::read_to_string(folder.join("exports")).expect("a fixture has exports");
    (object, exports)
}

/// Reads a file called `object.o` for one export: nothing but this message comes, and status 1.
#[track_caller]
fn check_object(contents: &[u8], message: impl IntoData) {
    check_object_with("object.o", contents, message);
}

#[track_caller]
fn check_object_with(arguments: &str, contents: &[u8], message: impl IntoData) {
    let folder = Folder::with("object.o", contents);
    folder.run(arguments, EXPORT).code(1).stdout_eq("").stderr_eq(message.into_data().raw());
}

/// Runs a command line in an empty folder: nothing but this message comes, and status 1.
#[track_caller]
fn check_arguments(arguments: &str, message: impl IntoData) {
    Folder::new().run(arguments, EXPORT).code(1).stdout_eq("").stderr_eq(message.into_data().raw());
}

// Command lines.

/// As the reference prints it.
const USAGE: &str = "\
Usage: gendwarfksyms [options] elf-object-file ... < symbol-list

Options:
  -d, --debug          Print debugging information
      --dump-dies      Dump DWARF DIE contents
      --dump-die-map   Print debugging information about die_map changes
      --dump-types     Dump type strings
      --dump-versions  Dump expanded type strings used for symbol versions
  -s, --stable         Support kABI stability features
  -T, --symtypes file  Write a symtypes file
  -h, --help           Print this message

";

#[test]
fn help() {
    for option in ["--help", "-h", "--he", "-sh --nope"] {
        Folder::new().run(option, "").code(0).stdout_eq("").stderr_eq(USAGE.raw());
    }
}

#[test]
fn no_object() {
    check_arguments("--stable", format!("{USAGE}error: gendwarfksyms: main: no input files?\n"));
}

/// The messages are the reference's, and so those of the C library.
#[test]
fn wrong_options() {
    for (arguments, message) in [
        ("--nope object.o", "unrecognized option '--nope'"),
        ("-sx object.o", "invalid option -- 'x'"),
        (
            "--dump object.o",
            "option '--dump' is ambiguous; possibilities: '--dump-dies' '--dump-die-map' '--dump-types' '--dump-versions'",
        ),
        ("object.o -T", "option requires an argument -- 'T'"),
        ("object.o --symtypes", "option '--symtypes' requires an argument"),
        ("--stable=yes object.o", "option '--stable' doesn't allow an argument"),
    ] {
        check_arguments(arguments, format!("gendwarfksyms: {message}\n{USAGE}"));
    }
}

#[test]
fn missing_object() {
    check_arguments(
        "missing.o",
        str![[r#"
error: gendwarfksyms: main: open failed for 'missing.o': No such file or directory

"#]],
    );
}

#[test]
fn folder_for_an_object() {
    check_arguments(
        ".",
        str![[r#"
error: gendwarfksyms: main: open failed for '.': Is a directory

"#]],
    );
}

#[test]
fn symtypes_that_cannot_be_written() {
    let (object, exports) = fixture("basics");
    let folder = Folder::with("object.o", &object);
    folder.run("-T missing/symtypes object.o", &exports).code(1).stdout_eq("").stderr_eq(str![[r#"
error: gendwarfksyms: main: fopen failed for 'missing/symtypes': No such file or directory

"#]]);
}

#[test]
fn folder_for_symtypes() {
    let (object, exports) = fixture("basics");
    let folder = Folder::with("object.o", &object);
    folder.run("--symtypes . object.o", &exports).code(1).stdout_eq("").stderr_eq(str![[r#"
error: gendwarfksyms: main: fopen failed for '.': Is a directory

"#]]);
}

// Lists of exports.

#[test]
fn list_with_an_empty_line() {
    let folder = Folder::with("object.o", &fixture("basics").0);
    folder.run("object.o", "one\n\ntwo\n").code(1).stdout_eq("").stderr_eq(str![[r#"
error: gendwarfksyms: symbol_read_exports: malformed input line: line 2 of the symbol list has no symbol name
hint: give one exported symbol a line on standard input

"#]]);
}

#[test]
fn list_with_a_blank_line() {
    let folder = Folder::with("object.o", &fixture("basics").0);
    folder.run("object.o", "one\ntwo\n \t\n").code(1).stdout_eq("").stderr_eq(str![[r#"
error: gendwarfksyms: symbol_read_exports: malformed input line: line 3 of the symbol list has no symbol name
hint: give one exported symbol a line on standard input

"#]]);
}

/// Kbuild calls the tool for objects that export nothing too. Nothing is even opened then.
#[test]
fn empty_list() {
    Folder::new().run("-T missing/symtypes missing.o", "").code(0).stdout_eq("").stderr_eq("");
}

/// As in the reference, whatever is behind the first word of a line is of no interest, and a name counts once.
#[test]
fn list_with_more_than_names() {
    let folder = Folder::with("object.o", &Encoded::of_int().object());
    folder
        .run("object.o", &format!("  {EXPORT} and more\r\n{EXPORT}\n\tmissing\r"))
        .code(0)
        .stdout_eq(str![[r#"
#SYMVER victim 0x7ec472ba
#SYMVER missing 0x00000000

"#]])
        .stderr_eq(str![[r#"
warning: gendwarfksyms: symbol_print_versions: no information for symbol missing

"#]]);
}

// Files that are no objects.

#[test]
fn text() {
    check_object(
        b"int main(void) { return 0; }\n",
        str![[r#"
error: gendwarfksyms: object.o: not an ELF file
hint: give an object file (.o) as the compiler wrote it, not an archive, a source or a compressed file

"#]],
    );
}

#[test]
fn empty_file() {
    check_object(
        b"",
        str![[r#"
error: gendwarfksyms: object.o: not an ELF file
hint: give an object file (.o) as the compiler wrote it, not an archive, a source or a compressed file

"#]],
    );
}

#[test]
fn archive() {
    check_object(
        b"!<arch>\nobject.o/       0           0     0     644     4         `\n\x7fELF",
        str![[r#"
error: gendwarfksyms: object.o: not an ELF file
hint: give an object file (.o) as the compiler wrote it, not an archive, a source or a compressed file

"#]],
    );
}

#[test]
fn compressed_file() {
    check_object(
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
        str![[r#"
error: gendwarfksyms: object.o: not an ELF file
hint: give an object file (.o) as the compiler wrote it, not an archive, a source or a compressed file

"#]],
    );
}

#[test]
fn bitcode() {
    check_object(
        b"BC\xc0\xde\x35\x14\0\0",
        str![[r#"
error: gendwarfksyms: object.o: LLVM bitcode, not an ELF object
hint: with LTO, symbol versions are computed from the linked vmlinux.o or module object, or build without LTO

"#]],
    );
}

#[test]
fn bitcode_in_a_wrapper() {
    check_object(
        b"\xde\xc0\x17\x0b\0\0\0\0\x14\0\0\0",
        str![[r#"
error: gendwarfksyms: object.o: LLVM bitcode, not an ELF object
hint: with LTO, symbol versions are computed from the linked vmlinux.o or module object, or build without LTO

"#]],
    );
}

// Objects that cannot be read.

#[test]
fn truncated_object() {
    let (object, _) = fixture("basics");
    check_object(
        &object[..object.len() / 2],
        str![[r#"
error: gendwarfksyms: object.o: malformed ELF file: Invalid ELF section header offset/size/alignment
hint: the file may be truncated or still being written: build it again

"#]],
    );
}

#[test]
fn header_only() {
    let (object, _) = fixture("basics");
    check_object(
        &object[..20],
        str![[r#"
error: gendwarfksyms: object.o: malformed ELF file: Invalid ELF header size or alignment
hint: the file may be truncated or still being written: build it again

"#]],
    );
}

#[test]
fn no_debug_info() {
    check_object(
        &handmade::object(&[(".text", b"")]),
        str![[r#"
error: gendwarfksyms: object.o: no debugging information
hint: compile with -g (CONFIG_DEBUG_INFO), and do not strip the object

"#]],
    );
}

#[test]
fn split_dwarf() {
    let mut unit = Encoded::empty();
    let name = [(dw::DW_AT_dwo_name, dw::DW_FORM_string)];
    unit.abbreviation(1, dw::DW_TAG_skeleton_unit, false, &name);
    unit.entry(1, &[b"object.dwo\0"]);
    check_object(
        &unit.object(),
        str![[r#"
error: gendwarfksyms: object.o: the debugging information is split off into object.dwo
hint: compile without -gsplit-dwarf (CONFIG_DEBUG_INFO_SPLIT)

"#]],
    );
}

#[test]
fn other_architecture() {
    let (mut object, _) = fixture("basics");
    // e_machine: EM_AVR, which no kernel runs on.
    object[18..20].copy_from_slice(&83u16.to_le_bytes());
    check_object(
        &object,
        str![[r#"
error: gendwarfksyms: object.o: section .debug_info, offset 0x8: relocation type 10 of machine 83 is not known here
hint: the file may be damaged; if it is not, please report it with the compiler's name and version

"#]],
    );
}

#[test]
fn unknown_dwarf_version() {
    let mut unit = Encoded::empty();
    unit.version = 6;
    check_object(
        &unit.object(),
        str![[r#"
error: gendwarfksyms: object.o: malformed DWARF at 0x0: unknown DWARF version: 6
hint: the debugging information is damaged, or a compiler wrote something new: check it with llvm-dwarfdump --verify

"#]],
    );
}

#[test]
fn missing_supplementary_file() {
    let mut unit = Encoded::empty();
    unit.abbreviation(1, dw::DW_TAG_compile_unit, false, &[]);
    unit.entry(1, &[]);
    let (info, abbreviations) = unit.sections();
    let link = [&b"common.debug\0"[..], &[0; 20]].concat();
    let sections = [(".debug_info", &*info), (".debug_abbrev", &abbreviations), (".gnu_debugaltlink", &link)];
    check_object(
        &handmade::object(&sections),
        str![[r#"
error: gendwarfksyms: object.o: its supplementary file 'common.debug' cannot be opened: No such file or directory
hint: run dwz without -m, or keep the supplementary file at the path that it names

"#]],
    );
}

/// Inheritance, for one, has no place in a version.
#[test]
fn class_of_cxx() {
    let mut types = Types::new();
    let class = types.add(dw::DW_TAG_class_type);
    types.name(class, "derived");
    types.add_below(class, dw::DW_TAG_inheritance);
    check_object(
        &types.object_of(class),
        str![[r#"
error: gendwarfksyms: object.o: DIE at 0x16: unexpected DW_TAG_inheritance in a structure
hint: only C and Rust types, and the plain data of C++, have a version; export something simpler

"#]],
    );
}

#[test]
fn type_of_itself() {
    let mut types = Types::new();
    let pointer = types.add(dw::DW_TAG_pointer_type);
    types.set_type(pointer, pointer);
    check_object(
        &types.object_of(pointer),
        str![[r#"
error: gendwarfksyms: object.o: DIE at 0xd: the type contains itself
hint: the debugging information is damaged, or a compiler wrote something new: check it with llvm-dwarfdump --verify

"#]],
    );
}

#[test]
fn symbol_pointer_that_is_none() {
    let mut types = Types::new();
    let int = types.int();
    types.variable(&format!("__gendwarfksyms_ptr_{EXPORT}"), int);
    check_object(
        &types.object(),
        str![[r#"
error: gendwarfksyms: object.o: DIE at 0x14: symbol pointer of victim is not a pointer to a type
hint: declare it as: static typeof(sym) *__gendwarfksyms_ptr_sym = &sym;

"#]],
    );
}

// kABI rules.

#[test]
fn unknown_kabi_rule() {
    check_kabi_rules(
        b"1\0rename\0s#old\0new\0",
        str![[r#"
error: gendwarfksyms: object.o: kABI rules: type 'rename' is not known
hint: see the KABI_RULE macros in the kernel's Documentation/kbuild/gendwarfksyms.rst

"#]],
    );
}

#[test]
fn kabi_rules_of_another_version() {
    check_kabi_rules(
        b"2\0declonly\0s\0\0",
        str![[r#"
error: gendwarfksyms: object.o: kABI rules: version '2' is not known
hint: see the KABI_RULE macros in the kernel's Documentation/kbuild/gendwarfksyms.rst

"#]],
    );
}

#[test]
fn unfinished_kabi_rule() {
    check_kabi_rules(
        b"1\0declonly\0s\0",
        str![[r#"
error: gendwarfksyms: object.o: kABI rules: the section ends within a rule
hint: see the KABI_RULE macros in the kernel's Documentation/kbuild/gendwarfksyms.rst

"#]],
    );
}

#[test]
fn kabi_rule_with_an_unknown_type() {
    check_kabi_rules(
        b"1\0type_string\0victim\0variable s#missing\0",
        str![[r#"
error: gendwarfksyms: object.o: type string of victim: unknown type s#missing
hint: let a type_string rule name only types that an export uses or another rule defines

"#]],
    );
}

#[test]
fn kabi_rule_with_half_a_reference() {
    check_kabi_rules(
        b"1\0type_string\0victim\0variable s#'half\0",
        str![[r#"
error: gendwarfksyms: object.o: kABI rules: unterminated reference in the type string of 'victim': variable s#'half
hint: see the KABI_RULE macros in the kernel's Documentation/kbuild/gendwarfksyms.rst

"#]],
    );
}

/// Nothing of this matters without `--stable`.
#[test]
fn kabi_rules_that_are_not_asked_for() {
    let folder = Folder::with("object.o", &object_with_kabi_rules(b"nonsense"));
    folder
        .run("object.o", EXPORT)
        .code(0)
        .stdout_eq(str![[r#"
#SYMVER victim 0x7ec472ba

"#]])
        .stderr_eq("");
}

#[test]
fn data_behind_the_kabi_rules() {
    let folder = Folder::with("object.o", &object_with_kabi_rules(b"1\0declonly\0s\0\0\0\0\0"));
    folder
        .run("--stable object.o", EXPORT)
        .code(0)
        .stdout_eq(str![[r#"
#SYMVER victim 0x7ec472ba

"#]])
        .stderr_eq(str![[r#"
warning: gendwarfksyms: kabi_read_rules: unexpected data at the end of the kABI rules section

"#]]);
}

#[track_caller]
fn check_kabi_rules(rules: &[u8], message: impl IntoData) {
    check_object_with("--stable object.o", &object_with_kabi_rules(rules), message);
}

fn object_with_kabi_rules(rules: &[u8]) -> Vec<u8> {
    let (info, abbreviations) = Encoded::of_int().sections();
    handmade::object(&[
        (".debug_info", &info),
        (".debug_abbrev", &abbreviations),
        (".discard.gendwarfksyms.kabi_rules", rules),
    ])
}

// Several objects.

/// An object that cannot be read spoils the versions of those before it as well.
#[test]
fn second_object() {
    let folder = Folder::with("first.o", &Encoded::of_int().object());
    folder.add("second.o", b"nonsense");
    folder.run("first.o second.o", EXPORT).code(1).stdout_eq("").stderr_eq(str![[r#"
error: gendwarfksyms: second.o: not an ELF file
hint: give an object file (.o) as the compiler wrote it, not an archive, a source or a compressed file

"#]]);
}

/// A name that several objects define. The reference warns of each alias, too.
#[test]
fn second_definition() {
    let (object, exports) = fixture("aliases");
    let folder = Folder::with("first.o", &object);
    folder.add("second.o", &fixture("joined").0);
    folder
        .run("first.o second.o", &exports)
        .code(0)
        .stdout_eq(str![[r#"
#SYMVER clamp 0x639a0c22
#SYMVER clamp_twice 0x09390960
#SYMVER depart 0x8e624b82
#SYMVER lamp 0xf296206e
#SYMVER lantern 0xf296206e
#SYMVER leave 0x8e624b82
#SYMVER no_such_symbol 0x00000000
#SYMVER sail 0x8e624b82

"#]])
        .stderr_eq(str![[r#"
warning: gendwarfksyms: set_symbol_addr: multiple addresses for symbol lamp?
warning: gendwarfksyms: set_symbol_addr: multiple addresses for symbol lantern?
warning: gendwarfksyms: set_symbol_addr: multiple addresses for symbol lantern?
warning: gendwarfksyms: set_symbol_addr: multiple addresses for symbol lamp?
warning: gendwarfksyms: symbol_print_versions: no information for symbol no_such_symbol

"#]]);
}
