// SPDX-License-Identifier: GPL-2.0-only
//! A real kernel of a distribution, with all its debug information: the vmlinux of Debian's cloud kernel.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use xshell::cmd;

use crate::debian::{self, Archive};
use crate::project;

/// The kernel to use where none is named. The package has the debug information of a small kernel, as kernels go.
const PACKAGE: &str = r"^linux-image-7[.0-9]+\+.*-cloud-amd64-dbg$";

/// A vmlinux, and what it is called.
pub(crate) struct KernelImage {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
}

/// The file that is named, or else Debian's; the first time, fetches that.
pub(crate) fn find(named: Option<&Path>) -> anyhow::Result<KernelImage> {
    if let Some(path) = named {
        let path = path.canonicalize().with_context(|| format!("no file {}", path.display()))?;
        return Ok(KernelImage { name: path.display().to_string(), path });
    }
    let folder = project::target_dir().join("kernel-image");
    let path = folder.join("vmlinux");
    // Written last, so that it says that all before it worked.
    let stamp = folder.join("package");
    if !(path.is_file() && stamp.is_file()) {
        let package = fetch(&folder).context("cannot fetch Debian's kernel; another vmlinux can be named")?;
        fs::write(&stamp, package)?;
    }
    Ok(KernelImage { path, name: format!("vmlinux of Debian's {}", fs::read_to_string(stamp)?.trim()) })
}

/// Fetches Debian's kernel into `folder` and tells the package.
fn fetch(folder: &Path) -> anyhow::Result<String> {
    let sh = project::shell()?;
    sh.create_dir(folder)?;
    sh.change_dir(folder);
    println!("looking for the kernel's package");
    let archive = Archive::update(&sh, &["trixie-backports"])?;
    let packages = archive.search(PACKAGE)?;
    let package =
        packages.into_iter().max_by_key(|package| debian::numbers(package)).context("there is no such package")?;

    println!("downloading {package} (about 350 MB)");
    let file = archive.download(&package)?;
    let version = cmd!(sh, "dpkg-deb --field {file} Version").quiet().read()?;

    println!("unpacking");
    let unpack =
        "dpkg-deb --fsys-tarfile \"$0\" | tar -xO --wildcards './usr/lib/debug/lib/modules/*/vmlinux' > vmlinux";
    cmd!(sh, "sh -c {unpack} {file}").quiet().run()?;
    sh.remove_path(&file)?;
    Ok(format!("{package} {version}"))
}
