// SPDX-License-Identifier: GPL-2.0-only
//! The objects to measure.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use walkdir::WalkDir;
use xshell::cmd;

use crate::project;

/// Tells `core/benches` where the objects of a real kernel are.
pub(super) const FOLDER_VARIABLE: &str = "KABISCOPE_KERNEL_OBJECTS";

/// An object file and the list of the symbols it exports.
pub(super) struct Object {
    /// The path within the corpus.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) exports: PathBuf,
}

/// A folder with the objects of the real kernel that lie beside the project; `None` where they do not.
pub(super) fn real_kernel() -> anyhow::Result<Option<PathBuf>> {
    let archive = project::root().join("../shared/kernel/objects.tar.xz");
    if !archive.exists() {
        return Ok(None);
    }
    let sh = project::shell()?;
    let folder = project::target_dir().join("bench");
    let objects = folder.join("objects");
    sh.create_dir(&folder)?;
    sh.remove_path(&objects)?;
    // By the command: what this process took to unpack it would count as the first peak of each tool it measures.
    cmd!(sh, "tar --extract --xz --file {archive} --directory {folder} objects").quiet().run()?;
    Ok(Some(objects))
}

/// The vmlinux of that kernel; `None` where it is not there.
pub(super) fn real_vmlinux() -> anyhow::Result<Option<PathBuf>> {
    let packed = project::root().join("../shared/kernel/vmlinux.xz");
    if !packed.exists() {
        return Ok(None);
    }
    let sh = project::shell()?;
    let folder = project::target_dir().join("bench");
    let vmlinux = folder.join("vmlinux");
    sh.create_dir(&folder)?;
    cmd!(sh, "sh -c 'xz --decompress --stdout \"$0\" > \"$1\"' {packed} {vmlinux}").quiet().run()?;
    Ok(Some(vmlinux))
}

/// Every `NAME.o` with a `NAME.exports` beside it, at any depth, in the order of their names.
pub(super) fn in_folder(folder: &Path) -> anyhow::Result<Vec<Object>> {
    let mut objects = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let path = entry?.into_path();
        let exports = path.with_extension("exports");
        if path.extension().is_some_and(|extension| extension == "o") && exports.exists() {
            let name = path.strip_prefix(folder)?.display().to_string();
            objects.push(Object { name, path, exports });
        }
    }
    ensure!(!objects.is_empty(), "no NAME.o with a NAME.exports beside it in {}", folder.display());
    Ok(objects)
}
