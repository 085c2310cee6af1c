// SPDX-License-Identifier: GPL-2.0-only
//! Objects of a real kernel, against the versions and symtypes that its build recorded.
//!
//! The objects lie beside the project, in `../shared/kernel`, with the README that tells how the kernel was built.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kabiscope_tests::command::{Run, sorted};
use kabiscope_tests::difference::Comparison;
use libtest_mimic::{Arguments, Failed, Trial};
use lzma_rust2::XzReader;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::from_args();
    let Some(archive) = kabiscope_tests::shared("kernel/objects.tar.xz") else {
        return Ok(libtest_mimic::run(&arguments, Vec::new()).exit_code());
    };
    let folder = tempfile::tempdir()?;
    tar::Archive::new(XzReader::new(File::open(archive)?, true)).unpack(folder.path())?;
    let mut objects = Vec::new();
    find_objects(folder.path(), &mut objects)?;
    objects.sort();
    anyhow::ensure!(!objects.is_empty(), "the archive holds no objects");
    let trials = objects.into_iter().map(|object| {
        let name = object.strip_prefix(folder.path()).unwrap_or(&object).display().to_string();
        Trial::test(name, move || check(&object))
    });
    Ok(libtest_mimic::run(&arguments, trials.collect()).exit_code())
}

fn find_objects(folder: &Path, objects: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_objects(&path, objects)?;
        } else if path.extension().is_some_and(|extension| extension == "o") {
            objects.push(path);
        }
    }
    Ok(())
}

fn check(object: &Path) -> Result<(), Failed> {
    let beside = |extension| object.with_extension(extension);
    let run = Run::new(object, &beside("exports"), [])?;
    let mut comparison = Comparison::default();
    comparison.require(run.exit == Some(0), format!("exit status {:?}", run.exit));
    comparison.part("symvers", &fs::read(beside("symvers"))?, &sorted(&run.stdout));
    comparison.part("symtypes", &fs::read(beside("symtypes"))?, &run.symtypes);
    comparison.part("errors", b"", &run.errors);
    Ok(comparison.finish()?)
}
