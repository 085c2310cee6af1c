// SPDX-License-Identifier: GPL-2.0-only
//! All versions of a build computed once more, one object at a time as Kbuild does: by another tool, or to see what it takes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use wait4::Wait4;

use super::compare;

/// What was computed, always the same versions as in the build; and the CPU time of all.
#[derive(Default)]
pub(super) struct Recomputed {
    pub(super) objects: usize,
    pub(super) versions: usize,
    pub(super) cpu: Duration,
}

/// Whether only versions are computed, or the symtypes files compared as well.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Types {
    Ignored,
    Compared,
}

/// Has a gendwarfksyms compute all versions of a build, and checks that they are the same.
pub(super) fn by_gendwarfksyms(tree: &Path, tool: &Path, types: Types) -> anyhow::Result<Recomputed> {
    let mut all = Recomputed::default();
    let scratch = tempfile::tempdir_in(tree)?;
    let (exports, symtypes) = (scratch.path().join("exports"), scratch.path().join("symtypes"));
    for (object, versions) in compare::versions_by_object(tree)? {
        // Where the source is assembly, another object has the types.
        let stand_in = object.with_extension("gendwarfksyms.o");
        let file = if stand_in.is_file() { stand_in } else { object.clone() };
        fs::write(&exports, versions.keys().flat_map(|name| [name, "\n"]).collect::<String>())?;
        let mut command = Command::new(tool);
        if types == Types::Compared {
            command.arg("--symtypes").arg(&symtypes);
        }
        command.arg(&file).stdin(File::open(&exports)?);
        all.add(&mut command, &versions)?;
        if types == Types::Compared {
            let kept = object.with_extension("symtypes");
            let kept_types = fs::read(&kept).with_context(|| format!("no {}", kept.display()))?;
            ensure!(fs::read(&symtypes)? == kept_types, "{} differs", kept.display());
        }
    }
    ensure!(all.versions > 0, "there are no versions in {}", tree.display());
    Ok(all)
}

impl Recomputed {
    /// Runs a command that prints these versions.
    pub(super) fn add(&mut self, command: &mut Command, expected: &BTreeMap<String, String>) -> anyhow::Result<()> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut output = String::new();
        child.stdout.take().context("its output is a pipe")?.read_to_string(&mut output)?;
        let ended = child.wait4()?;
        ensure!(ended.status.success(), "{}: {command:?}", ended.status);
        let versions = compare::versions(&output);
        ensure!(versions == *expected, "other versions than in the build: {command:?}");
        self.objects += 1;
        self.versions += versions.len();
        self.cpu += ended.rusage.utime + ended.rusage.stime;
        Ok(())
    }
}
