// SPDX-License-Identifier: GPL-2.0-only
//! The kernel's source, as a package of Debian.

use std::path::PathBuf;

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::debian::{self, Archive};

/// The kernel whose gendwarfksyms ours stands in for; another one is taken if the archive has this no more.
const PREFERRED: &str = "linux-source-7.3";

/// A package that was downloaded.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) file: PathBuf,
}

impl Package {
    /// Downloads the package into the current folder.
    pub(crate) fn download(sh: &Shell) -> anyhow::Result<Self> {
        println!("looking for the kernel's source package");
        let archive = Archive::update(sh, &["trixie-backports", "sid"])?;
        let packages = archive.search("^linux-source-[0-9.]+$")?;
        let name = choose(&packages).with_context(|| format!("no linux-source package among {packages:?}"))?;

        println!("downloading {name} (about 150 MB)");
        let file = archive.download(name)?;
        let version = cmd!(sh, "dpkg-deb --field {file} Version").quiet().read()?;
        Ok(Self { name: name.to_owned(), version, file })
    }

    /// Unpacks the source, or only these parts of it, into `folder`, and removes the package.
    pub(crate) fn unpack(self, sh: &Shell, folder: &str, parts: &[&str]) -> anyhow::Result<String> {
        println!("unpacking");
        let Self { name, version, file } = self;
        let parts: Vec<String> = parts.iter().map(|part| format!("{name}/{part}")).collect();
        let unpack = "set -o pipefail; dpkg-deb --fsys-tarfile \"$1\" | tar -xO ./usr/src/\"$2\".tar.xz \
            | tar -xJ --strip-components=1 --directory \"$3\" \"${@:4}\"";
        cmd!(sh, "bash -c {unpack} unpack {file} {name} {folder} {parts...}").quiet().run()?;
        sh.remove_path(&file)?;
        Ok(format!("{name} {version}"))
    }
}

/// The preferred package, else the one of the newest kernel.
fn choose(packages: &[String]) -> Option<&str> {
    if let Some(preferred) = packages.iter().find(|package| *package == PREFERRED) {
        return Some(preferred);
    }
    packages.iter().map(String::as_str).max_by_key(|package| debian::numbers(package))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_kernel_or_the_newest() {
        let chosen = |packages: &[&str]| {
            let packages: Vec<String> = packages.iter().copied().map(String::from).collect();
            choose(&packages).map(str::to_owned)
        };
        assert_eq!(chosen(&["linux-source-7.10", PREFERRED, "linux-source-7.9"]).as_deref(), Some(PREFERRED));
        let without = chosen(&["linux-source-7.9", "linux-source-7.10", "linux-source-6.12"]);
        assert_eq!(without.as_deref(), Some("linux-source-7.10"));
        assert_eq!(chosen(&[]), None);
    }
}
