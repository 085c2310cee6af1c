// SPDX-License-Identifier: GPL-2.0-only
//! Running a gendwarfksyms, the reference or ours, and what it answers.

use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::Context;

/// What begins a message, as opposed to a dump.
const MESSAGES: [&str; 2] = ["warning: gendwarfksyms: ", "error: gendwarfksyms: "];

/// A gendwarfksyms.
#[derive(Clone, Copy)]
pub(crate) struct Tool<'a> {
    pub(crate) path: &'a Path,
}

/// What a gendwarfksyms says about an object, or about several at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answers {
    pub(crate) outcome: Outcome,
    /// `#SYMVER` lines, sorted: their order is free.
    pub(crate) versions: Vec<String>,
    pub(crate) symtypes: String,
    /// Lines of `--dump-versions`, sorted.
    pub(crate) expanded: Vec<String>,
    pub(crate) dies: String,
    /// Lines of `--dump-types`, in the order in which they came.
    pub(crate) types: Vec<String>,
    /// Warnings and errors, sorted.
    pub(crate) messages: Vec<String>,
}

/// How a gendwarfksyms ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Exit(i32),
    /// The number of the signal that ended it.
    Signal(i32),
}

/// One run of a gendwarfksyms.
struct Run {
    outcome: Outcome,
    stdout: String,
    messages: Vec<String>,
    dump: String,
}

impl Tool<'_> {
    /// Asks all there is to ask about objects; `scratch` is a folder that nothing else uses meanwhile.
    pub(crate) fn ask(
        self,
        objects: &[PathBuf],
        exports: &str,
        stable: bool,
        scratch: &Path,
    ) -> anyhow::Result<Answers> {
        let plain = self.ask_for_versions(objects, exports, stable, scratch)?;
        let stable: &[&str] = if stable { &["--stable"] } else { &[] };
        let with = |option| self.run(objects, exports, &[stable, &[option]].concat());
        let (dies, types) = (with("--dump-dies")?, with("--dump-types")?);
        Ok(Answers { dies: dies.dump, types: types.dump.lines().map(str::to_owned).collect(), ..plain })
    }

    /// Asks for versions and symtypes, and for no dump of DIEs and types, which takes the reference much longer.
    pub(crate) fn ask_for_versions(
        self,
        objects: &[PathBuf],
        exports: &str,
        stable: bool,
        scratch: &Path,
    ) -> anyhow::Result<Answers> {
        let symtypes = scratch.join("symtypes");
        fs::write(&symtypes, "")?;
        let symtypes_option = symtypes.display().to_string();
        let stable: &[&str] = if stable { &["--stable"] } else { &[] };
        let options = [stable, &["--dump-versions", "--symtypes", &symtypes_option]].concat();
        let run = self.run(objects, exports, &options)?;
        Ok(Answers {
            outcome: run.outcome,
            versions: sorted_lines(&run.stdout),
            symtypes: fs::read_to_string(&symtypes)?,
            expanded: sorted_lines(&run.dump),
            dies: String::new(),
            types: Vec::new(),
            messages: run.messages,
        })
    }

    fn run(self, objects: &[PathBuf], exports: &str, options: &[&str]) -> anyhow::Result<Run> {
        let mut child = Command::new(self.path)
            .args(options)
            .args(objects)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", self.path.display()))?;
        let mut stdin = child.stdin.take().context("the child's standard input is a pipe")?;
        // The list of exports is smaller than a pipe holds, so nothing waits here. A tool that ends before it has
        // read all of it breaks the pipe; how it ended tells why.
        _ = stdin.write_all(exports.as_bytes());
        drop(stdin);
        let output = child.wait_with_output()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        let is_message = |line: &&str| MESSAGES.iter().any(|prefix| line.starts_with(prefix));
        let mut messages: Vec<String> = stderr.lines().filter(is_message).map(str::to_owned).collect();
        messages.sort_unstable();
        Ok(Run {
            outcome: outcome(output.status),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            messages,
            dump: stderr.lines().filter(|line| !is_message(line)).flat_map(|line| [line, "\n"]).collect(),
        })
    }
}

fn outcome(status: ExitStatus) -> Outcome {
    match (status.code(), status.signal()) {
        (Some(code), _) => Outcome::Exit(code),
        (None, signal) => Outcome::Signal(signal.unwrap_or_default()),
    }
}

fn sorted_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}
