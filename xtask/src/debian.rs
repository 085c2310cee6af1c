// SPDX-License-Identifier: GPL-2.0-only
//! Debian's packages, where a task needs a program or library that is not there.

use anyhow::{Context, ensure};
use xshell::{Shell, cmd};

/// Installs packages: as root, and else only says how.
pub(crate) fn install(sh: &Shell, packages: &[&str]) -> anyhow::Result<()> {
    let command = format!("apt-get install {}", packages.join(" "));
    let is_root = cmd!(sh, "id -u").quiet().read()? == "0";
    let has_apt = cmd!(sh, "apt-get --version").quiet().ignore_stdout().ignore_stderr().run().is_ok();
    ensure!(is_root && has_apt, "{} missing; on Debian, as root: `{command}`", packages.join(", "));

    println!("installing {}", packages.join(", "));
    let install = || {
        cmd!(sh, "apt-get install --yes --quiet=2 --no-install-recommends {packages...}")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .quiet()
            .run()
    };
    // A machine that was never updated knows no packages at all.
    if install().is_err() {
        cmd!(sh, "apt-get update --quiet=2").quiet().run()?;
        install().with_context(|| format!("`{command}` failed"))?;
    }
    Ok(())
}
