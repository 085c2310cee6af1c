// SPDX-License-Identifier: GPL-2.0-only
//! What it takes to build kernels: Debian's packages, and for Rust in the kernel, bindgen and the source of `core`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::debian;

/// To build a kernel; the reference needs libdw.
pub(super) const FOR_BUILDING: &[&str] = &[
    "bc",
    "bison",
    "flex",
    "gcc",
    "libc6-dev",
    "libdw-dev",
    "libelf-dev",
    "libssl-dev",
    "make",
    "xz-utils",
    "zlib1g-dev",
];

/// To build for other machines.
pub(super) const FOR_CROSS_BUILDING: &[&str] = &["gcc-aarch64-linux-gnu", "gcc-s390x-linux-gnu"];

/// To boot: the emulator, and what runs in it.
pub(super) const FOR_BOOTING: &[&str] = &["bash", "busybox-static", "kmod", "libcap2-bin", "qemu-system-x86"];

/// For bindgen. The kernel wants clang 17 or newer.
const FOR_RUST: &[&str] = &["libclang-19-dev"];

/// Where that package has the library.
const LIBCLANG: &str = "/usr/lib/llvm-19/lib";

/// The kernel wants 0.71.1 or newer.
const BINDGEN: &str = "^0.72";

/// What Rust in the kernel needs beside rustc.
#[derive(Clone)]
pub(super) struct Rust {
    /// Where bindgen is.
    programs: PathBuf,
}

/// Installs the packages that are missing.
pub(super) fn require(packages: &[&str]) -> anyhow::Result<()> {
    let sh = Shell::new()?;
    let has = |package: &&str| {
        let format = "--showformat=${db:Status-Status}";
        let status = cmd!(sh, "dpkg-query --show {format} {package}").quiet().ignore_stderr().read();
        status.is_ok_and(|status| status == "installed")
    };
    let missing: Vec<&str> = packages.iter().copied().filter(|package| !has(package)).collect();
    if missing.is_empty() { Ok(()) } else { debian::install(&sh, &missing) }
}

impl Rust {
    /// Installs what is missing, bindgen into `folder`.
    pub(super) fn find(folder: &Path) -> anyhow::Result<Self> {
        let sh = Shell::new()?;
        require(FOR_RUST)?;
        let root = folder.join("tools");
        if !root.join("bin/bindgen").is_file() {
            println!("building bindgen");
            cmd!(sh, "cargo install --quiet --locked --root {root} --version {BINDGEN} bindgen-cli")
                .env("CARGO_TARGET_DIR", folder.join("tools/target"))
                .quiet()
                .run()
                .context("cannot install bindgen")?;
        }
        let sysroot = cmd!(sh, "rustc --print sysroot").quiet().read()?;
        if !Path::new(&sysroot).join("lib/rustlib/src/rust/library/core").is_dir() {
            cmd!(sh, "rustup component add rust-src").quiet().run().context("cannot get the source of core")?;
        }
        Ok(Self { programs: root.join("bin") })
    }

    /// Lets a kernel's build find all of it.
    pub(super) fn show(&self, make: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.programs.clone()).chain(std::env::split_paths(&path));
        // A folder that came from such a variable can go back into one.
        let path = std::env::join_paths(folders).expect("no folder has a colon in its name");
        make.env("PATH", path).env("LIBCLANG_PATH", LIBCLANG);
    }
}
