// SPDX-License-Identifier: GPL-2.0-only
//! Runs of the command.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use anyhow::Context as _;
use escargot::{CargoBuild, CargoRun};

/// The drop-in for Kbuild, built as the tests are.
///
/// # Panics
/// If it does not build.
pub fn gendwarfksyms() -> &'static Path {
    static BUILT: LazyLock<CargoRun> = LazyLock::new(|| build("gendwarfksyms"));
    BUILT.path()
}

/// The command for people, built as the tests are.
///
/// # Panics
/// If it does not build.
pub fn kabiscope() -> &'static Path {
    static BUILT: LazyLock<CargoRun> = LazyLock::new(|| build("kabiscope"));
    BUILT.path()
}

fn build(name: &str) -> CargoRun {
    let build = CargoBuild::new().manifest_path(crate::root().join("Cargo.toml")).package("kabiscope").bin(name);
    build.current_release().run().expect("the command builds")
}

/// What a run of the command on one object leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The exit status; `None` if a signal ended it.
    pub exit: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// The symtypes file.
    pub symtypes: Vec<u8>,
    /// `warning:` lines of standard error.
    pub warnings: Vec<u8>,
    /// `error:` and `hint:` lines of standard error.
    pub errors: Vec<u8>,
    /// All else on standard error.
    pub dump: Vec<u8>,
}

impl Run {
    /// Runs the command on `object`, with the list in the file `exports` on standard input and a symtypes file to write.
    ///
    /// # Errors
    /// If it cannot be run at all.
    pub fn new<'o>(object: &Path, exports: &Path, options: impl IntoIterator<Item = &'o str>) -> anyhow::Result<Self> {
        let scratch = tempfile::tempdir()?;
        let symtypes = scratch.path().join("symtypes");
        let mut command = Command::new(gendwarfksyms());
        command.args(options).arg("--symtypes").arg(&symtypes).arg(object);
        command.stdin(File::open(exports).with_context(|| exports.display().to_string())?);
        let output = command.output()?;
        let mut run = Self {
            exit: output.status.code(),
            stdout: output.stdout,
            symtypes: fs::read(&symtypes)?,
            warnings: Vec::new(),
            errors: Vec::new(),
            dump: Vec::new(),
        };
        for line in output.stderr.split_inclusive(|&byte| byte == b'\n') {
            let lines = if line.starts_with(b"warning: ") {
                &mut run.warnings
            } else if line.starts_with(b"error: ") || line.starts_with(b"hint: ") {
                &mut run.errors
            } else {
                &mut run.dump
            };
            lines.extend_from_slice(line);
        }
        Ok(run)
    }
}

/// Sorts lines bytewise.
pub fn sorted(lines: &[u8]) -> Vec<u8> {
    let mut sorted: Vec<_> = lines.split_inclusive(|&byte| byte == b'\n').collect();
    sorted.sort_unstable();
    sorted.concat()
}
