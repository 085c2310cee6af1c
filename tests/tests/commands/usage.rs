// SPDX-License-Identifier: GPL-2.0-only
//! Command lines, and what goes for all commands.

use std::fs::File;
use std::io;
use std::process::{Command, Stdio};

use snapbox::str;

use super::{image, kabiscope};

#[test]
fn help() {
    kabiscope("-h")
        .assert()
        .code(0)
        .stdout_eq(str![[r#"
Symbol versions of Linux kernels and modules

Usage: kabiscope [OPTIONS] <COMMAND>

Commands:
  list         List exported symbols with their versions
  show         Show a symbol or a type: its prototype, its version, and its expansion as a tree
  verify       Compare the versions that files record with those computed from their debugging
               information
  symtypes     Write the symtypes of every unit
  imports      Tell whether modules would load
  completions  Print a script that lets a shell complete this command's arguments
  help         Print this message or the help of the given subcommand(s)

Options:
  -h, --help     Print help (see more with '--help')
  -V, --version  Print version

Common options:
      --color <WHEN>  When to use colour [default: auto] [possible values: auto, always, never]
  -j, --jobs <N>      How many threads compute; by default as many as there are cores
  -q, --quiet         Print no progress, no warnings and no summaries: only what was asked for, and
                      errors
      --timings       Print to standard error how long each phase took

Exit status:
  0  all is well
  1  versions differ (verify), or a module would not load (imports)
  2  trouble: a file cannot be read or has not what is asked for, or the command line is wrong

"#]])
        .stderr_eq("");
    kabiscope("help imports")
        .assert()
        .code(0)
        .stdout_eq(str![[r#"
Tell whether modules would load

For each symbol that a module needs: whether it is exported, under the version that the module was
built against, in a namespace that the module imports, and under a licence that the module has.

Usage: kabiscope imports [OPTIONS] <MODULE>... --against <FILE>...

Arguments:
  <MODULE>...
          Modules, and folders of them

Options:
      --against <FILE>...
          What they would be loaded into: a vmlinux, modules, folders of them, Module.symvers files

      --problems
          List only the imports that keep a module from loading

      --format <FORMAT>
          How to print the result

          Possible values:
          - text: Text for people
          - json: JSON for programs
          
          [default: text]

  -h, --help
          Print help (see a summary with '-h')

Which symbols:
  -n, --name <GLOB>
          Only symbols whose name matches this shell pattern; several add up
          
          `*`, `?`, `[a-z]` and `{a,b}` have their usual meaning. The pattern has to match all of
          the name as the linker knows it, or all of the name as the source has it (`*::Mutex::*`).

  -e, --regex <REGEX>
          Only symbols whose name contains a match of this regular expression; several add up

Common options:
      --color <WHEN>
          When to use colour
          
          `auto` means: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb speaks against it.
          CLICOLOR_FORCE=1 speaks for it anywhere.
          
          [default: auto]
          [possible values: auto, always, never]

  -j, --jobs <N>
          How many threads compute; by default as many as there are cores

  -q, --quiet
          Print no progress, no warnings and no summaries: only what was asked for, and errors

      --timings
          Print to standard error how long each phase took

Examples:
  # would this module load into this kernel?
  kabiscope imports driver.ko --against vmlinux
  # which of these would not, and why
  kabiscope imports --problems updates/ --against vmlinux /lib/modules/$(uname -r)
  # without the kernel itself
  kabiscope imports driver.ko --against Module.symvers

"#]])
        .stderr_eq("");
}

#[test]
fn wrong_command_lines() {
    kabiscope("lst").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: unrecognized subcommand 'lst'

  tip: a similar subcommand exists: 'list'

Usage: kabiscope [OPTIONS] <COMMAND>

For more information, try '--help'.

"#]]);
    kabiscope("list").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: the following required arguments were not provided:
  <FILE>...

Usage: kabiscope list <FILE>...

For more information, try '--help'.

"#]]);
    kabiscope("list -e ( vmlinux").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value '(' for '--regex <REGEX>': regex parse error:
    (
    ^
error: unclosed group

For more information, try '--help'.

"#]]);
    kabiscope("list -n [ vmlinux").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value '[' for '--name <GLOB>': error parsing glob '[': unclosed character class; missing ']'

For more information, try '--help'.

"#]]);
    kabiscope("list -j 0 vmlinux").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value '0' for '--jobs <N>': number would be zero for non-zero type

For more information, try '--help'.

"#]]);
    kabiscope("imports --against vmlinux mini_b.ko").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: the following required arguments were not provided:
  <MODULE>...

Usage: kabiscope imports [OPTIONS] <MODULE>... --against <FILE>...

For more information, try '--help'.

"#]]);
    kabiscope("show --raw --depth 2 vmlinux pack").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: the argument '--raw' cannot be used with '--depth <N>'

Usage: kabiscope show --raw <FILE> <NAME>

For more information, try '--help'.

"#]]);
}

#[test]
fn completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = kabiscope(&format!("completions {shell}")).assert().code(0).stderr_eq("");
        let script = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
        for word in ["kabiscope", "symtypes", "stand-in", "no-compute"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

/// Escape sequences come only where they are wanted.
#[test]
fn colour() {
    let has_colour = |arguments: &str, variable: Option<&str>| {
        let command = variable.into_iter().fold(kabiscope(arguments), |command, name| command.env(name, "1"));
        let output = command.output().expect("it runs");
        [output.stdout, output.stderr].map(|stream| stream.contains(&0x1b))
    };
    // A tree has colours, and so has a message.
    assert_eq!(has_colour("show vmlinux pack", None), [false, false]);
    assert_eq!(has_colour("show --color always vmlinux pack", None), [true, false]);
    assert_eq!(has_colour("--color never show vmlinux pack", Some("CLICOLOR_FORCE")), [false, false]);
    assert_eq!(has_colour("show vmlinux pack", Some("CLICOLOR_FORCE")), [true, false]);
    assert_eq!(has_colour("list missing --color always", None), [false, true]);
    assert_eq!(has_colour("list missing", Some("NO_COLOR")), [false, false]);
}

#[test]
fn timings() {
    let output = kabiscope("list --compute --quiet --timings vmlinux").assert().code(0);
    let timings = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    let phases: Vec<_> = timings.lines().map(|line| line.split("  ").next().unwrap_or_default()).collect();
    assert_eq!(phases, ["reading tables", "opening sections", "looking for symbols", "computing versions", "total"]);
}

#[test]
fn threads() {
    let output = |jobs: &str| {
        let command = kabiscope(&format!("list --format json -j {jobs} vmlinux mini_a.ko mini_b.ko"));
        command.assert().code(0).get_output().stdout.clone()
    };
    assert!(output("1") == output("3"), "the output depends on how many threads there are");
}

/// Who reads only the beginning has seen enough: that is no error.
#[test]
fn nobody_reads() -> io::Result<()> {
    let (reader, writer) = io::pipe()?;
    drop(reader);
    let mut command = Command::new(kabiscope_tests::command::kabiscope());
    let output = command.args(["list", "-q", "vmlinux"]).current_dir(image()).stdout(writer).stderr(Stdio::piped());
    let output = output.output()?;
    assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stderr)), (Some(0), ""));
    Ok(())
}

#[test]
fn nowhere_to_write() -> io::Result<()> {
    let mut command = Command::new(kabiscope_tests::command::kabiscope());
    command.args(["list", "-q", "vmlinux"]).current_dir(image()).stdout(File::create("/dev/full")?);
    let output = command.output()?;
    assert_eq!(output.status.code(), Some(2));
    snapbox::assert_data_eq!(
        String::from_utf8_lossy(&output.stderr).into_owned(),
        str![[r#"
error: kabiscope: standard output: No space left on device

"#]]
    );
    Ok(())
}
