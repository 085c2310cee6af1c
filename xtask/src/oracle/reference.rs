// SPDX-License-Identifier: GPL-2.0-only
//! The kernel's own gendwarfksyms, fetched as Debian's source package and built in a scratch folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::kernel_source::Package;
use crate::{debian, project};

/// Names a reference that is built already.
const OVERRIDE: &str = "KABISCOPE_REFERENCE";

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
    let package = Package::download(sh)?;
    install_missing(sh)?;
    package.unpack(sh, ".", &["scripts/gendwarfksyms", "scripts/include"])
}
