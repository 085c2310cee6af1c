// SPDX-License-Identifier: GPL-2.0-only
//! The page's files: the program, compiled to WebAssembly and with its glue, and what is shipped as it is.

use std::path::{Path, PathBuf};

use anyhow::Context;
use walkdir::WalkDir;
use wasm_bindgen_cli_support::Bindgen;
use xshell::{Shell, cmd};

use crate::project;

/// The target of the page's program.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

const PROGRAM: &str = "kabiscope-web";

/// Files of `static/` that are part of every page; `index.html` is written anew, `offline.js` only released.
const STATIC: [&str; 3] = ["icon.svg", "start.js", "style.css"];

/// The files that are opened for a first look. The README beside them tells how they were made.
const SAMPLES: [&str; 3] = ["vmlinux", "mini_a.ko", "mini_b.ko"];

/// How the program is compiled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    /// Quickly, with the names of its functions.
    Debug,
    /// For release: fast, small, without names.
    Page,
}

impl Profile {
    /// What cargo calls it, and the folder that it builds it in.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Debug => ("dev", "debug"),
            Self::Page => ("page", "page"),
        }
    }
}

/// Builds the page into `folder`, but for `index.html`.
pub(super) fn build(sh: &Shell, profile: Profile, folder: &Path) -> anyhow::Result<()> {
    compile(sh, profile, folder)?;
    let root = project::root();
    for file in STATIC {
        sh.copy_file(root.join("static").join(file), folder.join(file))?;
    }
    sh.create_dir(folder.join("sample"))?;
    for sample in SAMPLES {
        sh.copy_file(root.join("tests/fixtures/image").join(sample), folder.join("sample").join(sample))?;
    }
    Ok(())
}

fn compile(sh: &Shell, profile: Profile, folder: &Path) -> anyhow::Result<()> {
    require_target(sh)?;
    let (name, built_in) = profile.names();
    cmd!(sh, "cargo build --package {PROGRAM} --bin {PROGRAM} --target {WASM} --profile {name}").run()?;
    let wasm = project::target_dir().join(WASM).join(built_in).join(PROGRAM).with_extension("wasm");
    Bindgen::new()
        .input_path(&wasm)
        .web(true)?
        // The glue finds the program beside itself.
        .omit_default_module_path(false)
        .typescript(false)
        .remove_name_section(profile == Profile::Page)
        .remove_producers_section(profile == Profile::Page)
        .generate(folder)
        .with_context(|| format!("cannot make the glue of {}", wasm.display()))
}

/// Installs the standard library for WebAssembly if the toolchain lacks it.
pub(crate) fn require_target(sh: &Shell) -> xshell::Result<()> {
    let library = cmd!(sh, "rustc --print target-libdir --target {WASM}").quiet().read()?;
    if Path::new(&library).is_dir() {
        return Ok(());
    }
    cmd!(sh, "rustup target add {WASM}").run()
}

/// The page's `index.html`, without what only trunk reads.
pub(super) fn index(sh: &Shell) -> anyhow::Result<String> {
    let text = sh.read_file(project::root().join("static/index.html"))?;
    let ours = |line: &&str| !line.contains("trunk");
    Ok(text.lines().filter(ours).map(|line| format!("{line}\n")).collect())
}

/// The policy that `index.html` has the browser keep: what it may load and run.
pub(super) fn content_security_policy(index: &str) -> anyhow::Result<&str> {
    let (_, policy) =
        index.split_once("http-equiv=\"Content-Security-Policy\" content=\"").context("index.html has no policy")?;
    Ok(policy.split_once('"').context("the policy in index.html has no end")?.0)
}

/// The files in a folder, of all depths, in the order of their names.
pub(super) fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}
