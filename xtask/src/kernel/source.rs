// SPDX-License-Identifier: GPL-2.0-only
//! The kernel's source: Debian's package, unpacked once; copies of it are trees of hard links.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::kernel_source::Package;

/// A kernel's source tree.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// The package that it comes from, with its version.
    pub(super) package: String,
}

impl Source {
    /// Unpacks the source into `folder`, if it is not there.
    pub(super) fn find(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("linux");
        // Written last, so that it says that all before it worked.
        let stamp = folder.join("package");
        if !(path.is_dir() && stamp.is_file()) {
            let package = fetch(folder, &path).context("cannot fetch the kernel's source package")?;
            fs::write(&stamp, package)?;
        }
        Ok(Self { path, package: fs::read_to_string(stamp)?.trim().to_owned() })
    }

    /// A copy of its own, to which patches can be applied: new each time.
    pub(super) fn copy(&self, name: &str) -> anyhow::Result<Self> {
        let sh = Shell::new()?;
        let path = self.path.with_file_name(name);
        sh.remove_path(&path)?;
        let from = &self.path;
        cmd!(sh, "cp --archive --link {from} {path}").quiet().run()?;
        Ok(Self { path, package: self.package.clone() })
    }

    /// Applies a patch; with `--reverse`, takes it back.
    pub(super) fn apply(&self, patch: &Path, options: &[&str]) -> anyhow::Result<()> {
        let sh = Shell::new()?;
        sh.change_dir(&self.path);
        // The tree is no repository, and lies in one that is none of its business. git replaces files, it does not write
        // into them, so that trees which share them by hard links stay as they are.
        let above = self.path.parent().context("it lies in a folder")?;
        cmd!(sh, "git apply {options...} {patch}").env("GIT_CEILING_DIRECTORIES", above).quiet().run()?;
        Ok(())
    }
}

/// Fetches the package and unpacks it; tells its name and version.
fn fetch(folder: &Path, path: &Path) -> anyhow::Result<String> {
    const UNPACKING: &str = "unpacking";
    let sh = Shell::new()?;
    sh.create_dir(folder)?;
    sh.change_dir(folder);
    let package = Package::download(&sh)?;
    sh.remove_path(UNPACKING)?;
    sh.create_dir(UNPACKING)?;
    let package = package.unpack(&sh, UNPACKING, &[])?;
    sh.remove_path(path)?;
    fs::rename(folder.join(UNPACKING), path)?;
    Ok(package)
}
