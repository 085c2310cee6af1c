// SPDX-License-Identifier: GPL-2.0-only
//! Debian's packages, where a task needs a program, a library or a kernel that is not there.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use xshell::{Shell, TempDir, cmd};

/// Installs packages: as root, and else only says how.
pub(crate) fn install(sh: &Shell, packages: &[&str]) -> anyhow::Result<()> {
    let command = format!("apt-get install {}", packages.join(" "));
    let is_root = cmd!(sh, "id -u").quiet().read()? == "0";
    ensure!(is_root && has_apt(sh), "{} missing; on Debian, as root: `{command}`", packages.join(", "));

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

fn has_apt(sh: &Shell) -> bool {
    cmd!(sh, "apt-get --version").quiet().ignore_stdout().ignore_stderr().run().is_ok()
}

/// Debian's archive, read by an apt of our own: the system's sources, lists and caches stay as they are.
pub(crate) struct Archive<'s> {
    sh: &'s Shell,
    apt: Vec<String>,
    /// Sources, lists and caches.
    _state: TempDir,
}

impl<'s> Archive<'s> {
    /// Reads the lists of packages of these suites.
    pub(crate) fn update(sh: &'s Shell, suites: &[&str]) -> anyhow::Result<Self> {
        ensure!(has_apt(sh), "it comes as a package of Debian, and there is no apt-get");
        let state = sh.create_temp_dir()?;
        let folder = state.path().display();
        let source = |suite| {
            format!(
                "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \
                 http://deb.debian.org/debian {suite} main\n"
            )
        };
        sh.write_file(state.path().join("sources.list"), suites.iter().map(source).collect::<String>())?;
        sh.create_dir(state.path().join("lists/partial"))?;
        sh.create_dir(state.path().join("cache/archives/partial"))?;
        let options = [
            format!("Dir::Etc::sourcelist={folder}/sources.list"),
            "Dir::Etc::sourceparts=-".to_owned(),
            format!("Dir::State::lists={folder}/lists"),
            format!("Dir::Cache={folder}/cache"),
            "Acquire::Languages=none".to_owned(),
            // Or root would hand the download to a user who may not write here.
            "APT::Sandbox::User=root".to_owned(),
        ];
        let apt = options.into_iter().flat_map(|option| ["-o".to_owned(), option]).collect();
        let archive = Self { sh, apt, _state: state };
        let apt = &archive.apt;
        cmd!(sh, "apt-get {apt...} --quiet=2 update").quiet().run().context("cannot read the package lists")?;
        Ok(archive)
    }

    /// The names of packages that match a regular expression.
    pub(crate) fn search(&self, pattern: &str) -> anyhow::Result<Vec<String>> {
        let Self { sh, apt, .. } = self;
        let found = cmd!(sh, "apt-cache {apt...} search --names-only {pattern}").quiet().read()?;
        Ok(found.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
    }

    /// Downloads a package into the current folder and tells the path.
    pub(crate) fn download(&self, package: &str) -> anyhow::Result<PathBuf> {
        let Self { sh, apt, .. } = self;
        cmd!(sh, "apt-get {apt...} --quiet=2 download {package}").quiet().run()?;
        let start = format!("{package}_");
        let is_it = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&start));
        sh.read_dir(".")?.into_iter().find(is_it).context("apt-get has downloaded nothing")
    }
}

/// The numbers in a package's name, which order kernels by their age.
pub(crate) fn numbers(package: &str) -> Vec<u32> {
    package.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}
