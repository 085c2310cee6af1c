// SPDX-License-Identifier: GPL-2.0-only
//! axe-core, which looks for what keeps people with disabilities from using a page.

use std::path::PathBuf;

use xshell::{Shell, cmd};

use crate::{debian, project};

const PACKAGE: &str = "axe-core@4.14.1";

/// The script to load into a page. It is installed where it is missing, below the target folder.
pub(super) fn require(sh: &Shell) -> anyhow::Result<PathBuf> {
    let folder = project::target_dir().join("tools").join(PACKAGE);
    let script = folder.join("node_modules/axe-core/axe.min.js");
    if script.is_file() {
        return Ok(script);
    }
    if cmd!(sh, "npm --version").quiet().ignore_stdout().ignore_stderr().run().is_err() {
        debian::install(sh, &["npm"])?;
    }
    sh.create_dir(&folder)?;
    cmd!(sh, "npm install --prefix {folder} --no-save --no-audit --no-fund --ignore-scripts --silent {PACKAGE}")
        .run()?;
    Ok(script)
}
