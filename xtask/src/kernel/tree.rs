// SPDX-License-Identifier: GPL-2.0-only
//! A build tree: one configuration of the kernel, and one tool that computes its versions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;

use super::config::{self, Fragment};
use super::source::Source;
use super::toolchain::Rust;
use super::{Workshop, make};
use crate::project;

/// A machine to build for.
pub(super) struct Machine {
    /// Its name, in the kernel's source.
    pub(super) arch: &'static str,
    /// How the names of the compiler and the binutils begin.
    pub(super) prefix: &'static str,
}

pub(super) const X86_64: Machine = Machine { arch: "x86_64", prefix: "" };

/// Who computes the versions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    /// What the kernel brings, if the configuration wants versions at all.
    Kernels,
    /// Ours, in a kernel that knows nothing of it: through `kbuild/gendwarfksyms.mk`.
    OursByMakefile,
    /// Ours, in a kernel with the patch series.
    OursByVariable,
}

/// What a build is made of.
pub(super) struct Recipe<'a> {
    pub(super) name: String,
    pub(super) source: &'a Source,
    pub(super) machine: &'static Machine,
    pub(super) fragments: Vec<Fragment>,
    pub(super) tool: Tool,
    /// What Rust in the kernel needs, if there is to be any.
    pub(super) rust: Option<&'a Rust>,
}

/// A configured build tree.
pub(super) struct Tree<'a> {
    pub(super) path: PathBuf,
    recipe: Recipe<'a>,
    workshop: &'a Workshop,
}

impl<'a> Tree<'a> {
    /// Whether there is Rust in it.
    pub(super) fn has_rust(&self) -> bool {
        self.recipe.rust.is_some()
    }

    /// The tree of this recipe, configured. If it was made from another one, it is begun anew.
    pub(super) fn new(workshop: &'a Workshop, recipe: Recipe<'a>) -> anyhow::Result<Self> {
        let path = workshop.folder.join(&recipe.name);
        let tree = Self { path, recipe, workshop };
        let (identity, stamp) = (tree.identity(), tree.path.join("kabiscope-recipe"));
        if fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == identity) {
            return Ok(tree);
        }
        if tree.path.exists() {
            fs::remove_dir_all(&tree.path)?;
        }
        fs::create_dir_all(&tree.path)?;
        tree.configure().with_context(|| format!("cannot configure the kernel {}", tree.recipe.name))?;
        fs::write(stamp, identity)?;
        Ok(tree)
    }

    /// All that the result depends on.
    fn identity(&self) -> String {
        let Recipe { source, machine, .. } = &self.recipe;
        let tool = match self.recipe.tool {
            Tool::Kernels => "the kernel's own tool".to_owned(),
            Tool::OursByMakefile | Tool::OursByVariable => format!("gendwarfksyms {:08x}", self.workshop.ours.crc),
        };
        format!("{}\n{}\n{tool}\n{}", source.package, machine.arch, self.fragments())
    }

    /// Its part of the configuration.
    fn fragments(&self) -> String {
        let rust = self.recipe.rust.map(|_| config::RUST);
        self.recipe.fragments.iter().copied().chain(rust).collect()
    }

    fn configure(&self) -> anyhow::Result<()> {
        let fragments = self.fragments();
        let file = self.path.join("kabiscope.config");
        fs::write(&file, &fragments)?;
        self.run(&["tinyconfig"])?;
        let mut merge = Command::new(self.recipe.source.path.join("scripts/kconfig/merge_config.sh"));
        merge.arg("-m").arg("-O").arg(&self.path).arg(self.path.join(".config")).arg(&file);
        self.prepare(&mut merge);
        make::run(merge, &self.recipe.name, &self.log())?;
        self.run(&["olddefconfig"])?;
        if self.recipe.rust.is_some() {
            self.run(&["rustavailable"])?;
        }
        config::check(&fragments, &fs::read_to_string(self.path.join(".config"))?)
    }

    /// Builds these targets, unless that was done before, and keeps how much time it took.
    pub(super) fn build(&self, targets: &[&str]) -> anyhow::Result<()> {
        let stamp = self.record("built", targets);
        if stamp.is_file() {
            return Ok(());
        }
        println!("building {} ({})", targets.join(", "), self.recipe.name);
        let begun = self.record("begun", targets);
        let in_one_go = !begun.exists();
        fs::write(&begun, "")?;
        let cpu = self.run(targets)?;
        if in_one_go {
            fs::write(self.record("seconds", targets), cpu.as_secs_f64().to_string())?;
        }
        fs::write(stamp, "")?;
        Ok(())
    }

    /// The CPU time that it took to build these targets; unknown if that was not done in one go.
    pub(super) fn cpu_of(&self, targets: &[&str]) -> anyhow::Result<Option<Duration>> {
        let file = self.record("seconds", targets);
        if !file.exists() {
            return Ok(None);
        }
        let seconds = fs::read_to_string(&file)?.trim().parse();
        Ok(Some(Duration::from_secs_f64(seconds.with_context(|| format!("{} is damaged", file.display()))?)))
    }

    /// The file that holds something about the building of these targets.
    fn record(&self, what: &str, targets: &[&str]) -> PathBuf {
        self.path.join(format!("kabiscope-{what}-{}", targets.join("-").replace('/', "")))
    }

    /// Runs make, whether or not it did so before.
    pub(super) fn run(&self, targets: &[&str]) -> anyhow::Result<Duration> {
        let mut make = self.make();
        make.args(targets);
        make::run(make, &self.recipe.name, &self.log())
    }

    fn make(&self) -> Command {
        let Recipe { source, machine, tool, .. } = &self.recipe;
        let mut make = Command::new("make");
        make.arg("-C").arg(&source.path).arg(format!("O={}", self.path.display()));
        make.arg(format!("-j{}", self.workshop.jobs));
        make.args([format!("ARCH={}", machine.arch), format!("CROSS_COMPILE={}", machine.prefix)]);
        make.arg("KBUILD_SYMTYPES=1");
        let makefile = format!("MAKEFILES={}", project::root().join("kbuild/gendwarfksyms.mk").display());
        let ours = format!("GENDWARFKSYMS={}", self.workshop.ours.path.display());
        match tool {
            Tool::Kernels => {}
            Tool::OursByMakefile => _ = make.args([makefile, ours]),
            Tool::OursByVariable => _ = make.arg(ours),
        }
        self.prepare(&mut make);
        make
    }

    fn prepare(&self, command: &mut Command) {
        // What cargo sets for the programs that it runs is not meant for those that they run.
        command.env_remove("MAKEFLAGS").env_remove("LD_LIBRARY_PATH").env("LC_ALL", "C");
        if let Some(rust) = self.recipe.rust {
            rust.show(command);
        }
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path.with_extension("log")
    }

    /// The release of the kernel.
    pub(super) fn release(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.path.join("include/config/kernel.release"))?.trim().to_owned())
    }

    /// The modules, as the build lists them.
    pub(super) fn modules(&self) -> anyhow::Result<Vec<PathBuf>> {
        let order = fs::read_to_string(self.path.join("modules.order"))?;
        Ok(order.lines().map(|object| self.path.join(Path::new(object).with_extension("ko"))).collect())
    }
}
