// SPDX-License-Identifier: GPL-2.0-only
//! The kernel's own gendwarfksyms, fetched as Debian's source package and built in a scratch folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use xshell::{Shell, cmd};

use crate::{debian, project};

/// Names a reference that is built already.
const OVERRIDE: &str = "KABISCOPE_REFERENCE";

/// The kernel whose gendwarfksyms ours stands in for; another one is taken if the archive has this no more.
const PREFERRED: &str = "linux-source-7.3";

/// Where the source packages of current kernels are.
const SOURCES: &str = "\
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie-backports main
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main
";

/// What brings all that unpacks, compiles and links the reference.
const PACKAGES: [&str; 6] = ["gcc", "libc6-dev", "libdw-dev", "libelf-dev", "xz-utils", "zlib1g-dev"];

/// The reference, and the package it was built from.
pub(crate) struct Reference {
    pub(crate) path: PathBuf,
    pub(crate) package: String,
}

/// Finds the reference; the first time, fetches and builds it.
pub(crate) fn find() -> anyhow::Result<Reference> {
    if let Some(path) = std::env::var_os(OVERRIDE) {
        return Ok(Reference { path: path.into(), package: format!("what {OVERRIDE} names") });
    }
    let folder = project::target_dir().join("oracle/reference");
    let path = folder.join("gendwarfksyms");
    // Written last, so that it says that all before it worked.
    let stamp = folder.join("package");
    if !(path.is_file() && stamp.is_file()) {
        let package = build(&folder).with_context(|| {
            format!(
                "cannot make the reference; if you have the kernel's scripts/gendwarfksyms built, name it in {OVERRIDE}"
            )
        })?;
        fs::write(&stamp, package)?;
    }
    Ok(Reference { path, package: fs::read_to_string(stamp)?.trim().to_owned() })
}

/// Builds the reference in the folder and tells the package it comes from.
fn build(folder: &Path) -> anyhow::Result<String> {
    let sh = Shell::new()?;
    sh.create_dir(folder)?;
    sh.change_dir(folder);
    if cmd!(sh, "apt-get --version").quiet().ignore_stdout().ignore_stderr().run().is_err() {
        bail!("its source comes as a package of Debian, and there is no apt-get");
    }
    install_missing(&sh)?;
    let package = fetch(&sh)?;
    println!("building the reference");
    cmd!(sh, "sh -c 'cc -O2 -w -Iscripts/include scripts/gendwarfksyms/*.c -ldw -lelf -lz -o gendwarfksyms'")
        .quiet()
        .run()?;
    Ok(package)
}

/// Installs what is needed to build it, if anything of that is not there.
fn install_missing(sh: &Shell) -> anyhow::Result<()> {
    let includes = "#include <dwarf.h>\n#include <elfutils/libdwfl.h>\n#include <libelf.h>\n#include <zlib.h>\n";
    let compiles = cmd!(sh, "cc -E -x c - -o /dev/null").stdin(includes).quiet().ignore_stderr().run().is_ok();
    let unpacks = cmd!(sh, "xz --version").quiet().ignore_stdout().ignore_stderr().run().is_ok();
    if compiles && unpacks {
        return Ok(());
    }
    debian::install(sh, &PACKAGES)
}

/// Fetches the kernel's source package and unpacks the reference's part of it into `scripts`.
fn fetch(sh: &Shell) -> anyhow::Result<String> {
    let folder = sh.current_dir();
    // An apt of our own: the system's sources, lists and caches stay as they are.
    sh.write_file("sources.list", SOURCES)?;
    sh.create_dir("lists/partial")?;
    sh.create_dir("cache/archives/partial")?;
    let folder = folder.display();
    let apt: Vec<String> = [
        format!("Dir::Etc::sourcelist={folder}/sources.list"),
        "Dir::Etc::sourceparts=-".to_owned(),
        format!("Dir::State::lists={folder}/lists"),
        format!("Dir::Cache={folder}/cache"),
        "Acquire::Languages=none".to_owned(),
        // Or root would hand the download to a user who may not write here.
        "APT::Sandbox::User=root".to_owned(),
    ]
    .into_iter()
    .flat_map(|option| ["-o".to_owned(), option])
    .collect();
    let apt = &apt;

    println!("looking for the kernel's source package");
    cmd!(sh, "apt-get {apt...} --quiet=2 update").quiet().run().context("cannot read the package lists")?;
    let found = cmd!(sh, "apt-cache {apt...} search --names-only ^linux-source-[0-9.]+$").quiet().read()?;
    let packages: Vec<&str> = found.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let package = choose(&packages).with_context(|| format!("no linux-source package among {packages:?}"))?;

    println!("downloading {package} (about 150 MB)");
    cmd!(sh, "apt-get {apt...} --quiet=2 download {package}").quiet().run()?;
    let pattern = format!("{package}_");
    let archive = sh
        .read_dir(".")?
        .into_iter()
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&pattern)))
        .context("apt-get has downloaded nothing")?;
    let version = cmd!(sh, "dpkg-deb --field {archive} Version").quiet().read()?;

    println!("unpacking");
    let unpack = "dpkg-deb --fsys-tarfile \"$0\" | tar -xO ./usr/src/\"$1\".tar.xz \
        | tar -xJ --strip-components=1 \"$1\"/scripts/gendwarfksyms \"$1\"/scripts/include";
    cmd!(sh, "sh -c {unpack} {archive} {package}").quiet().run()?;
    for leftover in [&archive, Path::new("lists"), Path::new("cache")] {
        sh.remove_path(leftover)?;
    }
    Ok(format!("{package} {version}"))
}

/// The preferred package, else the one of the newest kernel.
fn choose<'a>(packages: &[&'a str]) -> Option<&'a str> {
    if let Some(preferred) = packages.iter().find(|package| **package == PREFERRED) {
        return Some(preferred);
    }
    let version = |package: &str| -> Vec<u32> {
        let version = package.trim_start_matches("linux-source-");
        version.split('.').filter_map(|part| part.parse().ok()).collect()
    };
    packages.iter().copied().max_by_key(|package| version(package))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_kernel_or_the_newest() {
        assert_eq!(choose(&["linux-source-7.10", PREFERRED, "linux-source-7.9"]), Some(PREFERRED));
        assert_eq!(choose(&["linux-source-7.9", "linux-source-7.10", "linux-source-6.12"]), Some("linux-source-7.10"));
        assert_eq!(choose(&[]), None);
    }
}
