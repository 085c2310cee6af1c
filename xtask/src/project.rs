// SPDX-License-Identifier: GPL-2.0-only
//! Where the project's files are, and the program it makes.

use std::path::{Path, PathBuf};

use escargot::{CURRENT_TARGET, CargoBuild};
use xshell::Shell;

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// The folder for whatever the tasks make and git does not keep.
pub(crate) fn target_dir() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// A shell in the root of the workspace.
pub(crate) fn shell() -> xshell::Result<Shell> {
    let sh = Shell::new()?;
    sh.change_dir(root());
    Ok(sh)
}

/// Builds our gendwarfksyms as a distribution would ship it, and tells where it is.
pub(crate) fn build_gendwarfksyms() -> anyhow::Result<PathBuf> {
    build("gendwarfksyms")
}

/// Builds the command `kabiscope` as a distribution would ship it, and tells where it is.
pub(crate) fn build_kabiscope() -> anyhow::Result<PathBuf> {
    build("kabiscope")
}

fn build(program: &str) -> anyhow::Result<PathBuf> {
    let mut build =
        CargoBuild::new().manifest_path(root().join("Cargo.toml")).package("kabiscope").bin(program).profile("dist");
    // A run on most objects takes a millisecond or two, a good part of which would go into loading shared libraries.
    // Naming the target keeps the flag from what runs during the build: procedural macros cannot be linked like this.
    if CURRENT_TARGET.ends_with("-linux-gnu") {
        build = build.current_target().env("RUSTFLAGS", "-C target-feature=+crt-static");
    }
    Ok(build.run()?.path().to_owned())
}
