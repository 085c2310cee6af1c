// SPDX-License-Identifier: GPL-2.0-only
//! The fixture `image`: a kernel called mini and its modules, made as Kbuild makes them, but of a few small sources. The
//! reference is asked for versions object by object.

mod modpost;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde_json::json;
use xshell::{Shell, cmd};

use self::modpost::{Export, Imports, Versions};
use super::reference::Reference;
use super::tool::{Outcome, Tool};

/// The name of the fixture: its folder, where `src` and the README are kept.
pub(super) const NAME: &str = "image";

/// A source, and what Kbuild does for the versions of what its object exports.
struct Unit {
    /// Path of the source.
    source: &'static str,
    versions: VersionsFrom,
}

enum VersionsFrom {
    /// The object is asked for what it exports.
    Object,
    /// The object is asked for all that it defines. Another exports it, and writes this file to know what.
    Definitions { list: &'static str },
    /// A stand-in is compiled and asked, for this is assembly. Whether it has debugging information itself.
    StandIn { debug: bool },
    /// From elsewhere, for it exports what others define; or it exports nothing.
    Nothing,
}

/// A module, or a variant of one.
struct Module {
    /// The name of its file, without `.ko`.
    file: &'static str,
    /// The name that it has in the kernel, and the path of its objects.
    name: &'static str,
    path: &'static str,
    units: &'static [Unit],
    /// More options for rustc.
    options: &'static str,
    /// An import whose recorded version is made another one.
    tampered: Option<&'static str>,
    /// The modules that it needs.
    depends: &'static str,
}

const fn unit(source: &'static str, versions: VersionsFrom) -> Unit {
    Unit { source, versions }
}

const fn c(source: &'static str) -> Unit {
    unit(source, VersionsFrom::Object)
}

/// In the order in which they are linked.
const VMLINUX: &[Unit] = &[
    unit("init/version.c", VersionsFrom::Nothing),
    c("kernel/task.c"),
    c("kernel/module.c"),
    c("kernel/printk.c"),
    unit("arch/x86/kernel/registers.c", VersionsFrom::Nothing),
    c("drivers/base/bus.c"),
    c("drivers/base/device.c"),
    c("drivers/base/request.c"),
    c("drivers/base/retry.c"),
    c("lib/string.c"),
    c("lib/pack/pack_syms.c"),
    c("lib/pack/pack.c"),
    unit("rust/helpers/helpers.c", VersionsFrom::Definitions { list: "rust/exports_helpers_generated.h" }),
    unit("rust/mini.rs", VersionsFrom::Definitions { list: "rust/exports_mini_generated.h" }),
    unit("rust/exports.c", VersionsFrom::Nothing),
    unit("arch/x86/lib/get_byte.S", VersionsFrom::StandIn { debug: true }),
    unit("arch/x86/lib/words.S", VersionsFrom::StandIn { debug: false }),
];

/// What objects of the kernel export, and the kernel does not, for no module uses it (CONFIG_TRIM_UNUSED_KSYMS).
const TRIMMED: [&str; 1] = ["device_forget"];

const MINI_A: Module = Module {
    file: "mini_a",
    name: "mini_a",
    path: "drivers/mini/mini_a",
    units: &[c("drivers/mini/core.c"), unit("drivers/mini/mail.c", VersionsFrom::Nothing)],
    options: "",
    tampered: None,
    depends: "",
};

const MINI_B: Module = Module {
    file: "mini_b",
    name: "mini_b",
    path: "drivers/mini/mini_b",
    units: &[unit("drivers/mini/mini_b.rs", VersionsFrom::Nothing)],
    options: " --extern mini=rust/libmini.rmeta",
    tampered: None,
    depends: "mini_a",
};

/// The second module as it should not be. These have no debugging information.
const VARIANTS: &[Module] = &[
    Module { file: "mini_b-tampered", tampered: Some("mini_a_send"), ..MINI_B },
    Module {
        file: "mini_b-without-namespace",
        options: " --extern mini=rust/libmini.rmeta --cfg forgets_namespace",
        ..MINI_B
    },
    Module { file: "mini_b-proprietary", options: " --extern mini=rust/libmini.rmeta --cfg proprietary", ..MINI_B },
];

/// Objects of the build that are kept: two that export, and the stand-ins.
const KEPT_OBJECTS: [&str; 4] = [
    "kernel/task.o",
    "drivers/base/request.o",
    "arch/x86/lib/get_byte.gendwarfksyms.o",
    "arch/x86/lib/words.gendwarfksyms.o",
];

/// Makes the fixture anew.
pub(super) fn make(fixtures: &Path, reference: &Reference) -> anyhow::Result<()> {
    let folder = fixtures.join(NAME);
    let scratch = tempfile::tempdir()?;
    let sh = Shell::new()?;
    let source = folder.join("src");
    let build = scratch.path().join("src");
    cmd!(sh, "cp -r {source} {build}").quiet().run()?;
    sh.change_dir(&build);
    let mut build = Build { sh, reference: Tool { path: &reference.path }, versions: Versions::new(), log: Vec::new() };
    let symvers = build.everything()?;

    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        if entry.file_name() != "src" && entry.file_name() != "README.md" {
            if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path())? } else { fs::remove_file(entry.path())? }
        }
    }
    build.keep(&folder)?;
    fs::write(folder.join("Module.symvers"), symvers)?;
    let about = json!({
        "commands": build.log,
        "compilers": build.compilers()?,
        "reference": reference.package,
    });
    fs::write(folder.join("made.json"), serde_json::to_string_pretty(&about)? + "\n")?;
    Ok(())
}

/// A build in the folder that the shell is in.
struct Build<'r> {
    sh: Shell,
    reference: Tool<'r>,
    /// Those that are known by now.
    versions: Versions,
    /// The commands.
    log: Vec<String>,
}

impl Build<'_> {
    /// Builds the kernel and the modules; gives `Module.symvers`.
    fn everything(&mut self) -> anyhow::Result<String> {
        let mut exports = self.units(VMLINUX, "")?;
        exports.retain(|export| !TRIMMED.contains(&export.name.as_str()));
        self.vmlinux(&exports)?;
        let mut symvers = modpost::symvers("vmlinux", &exports, &self.versions)?;
        for module in [&MINI_A, &MINI_B] {
            let exports = self.module(module)?;
            symvers += &modpost::symvers(module.path, &exports, &self.versions)?;
        }
        for variant in VARIANTS {
            self.module(variant)?;
            self.run(&format!("objcopy --strip-debug {}.ko", variant.file))?;
        }
        // As distributions do it.
        self.sh.create_dir("split")?;
        self.run("objcopy --only-keep-debug mini_a.ko split/mini_a.ko.debug")?;
        self.run("objcopy --strip-debug --add-gnu-debuglink=split/mini_a.ko.debug mini_a.ko split/mini_a.ko")?;
        Ok(symvers)
    }

    /// Compiles units and asks the reference about them; gives what they export.
    fn units(&mut self, units: &[Unit], options: &str) -> anyhow::Result<Vec<Export>> {
        let mut exports = Vec::new();
        for unit in units {
            exports.extend(self.unit(unit, options).context(unit.source)?);
        }
        Ok(exports)
    }

    fn unit(&mut self, unit: &Unit, options: &str) -> anyhow::Result<Vec<Export>> {
        let Unit { source, versions } = unit;
        let (stem, extension) = source.rsplit_once('.').context("a source has an extension")?;
        let object = format!("{stem}.o");
        let compile = match (extension, versions) {
            ("rs", _) => format!("rustc @scripts/rustflags --emit=obj={object},metadata={}", metadata(stem)),
            (_, VersionsFrom::StandIn { debug: false }) => format!("gcc -Iinclude -c -o {object}"),
            (_, VersionsFrom::StandIn { debug: true }) => format!("gcc -Iinclude -gdwarf-5 -c -o {object}"),
            _ => format!("gcc @scripts/cflags -c -o {object}"),
        };
        self.run(&format!("{compile} {source}{options}"))?;
        let exports = modpost::exports(&self.path(&object))?;
        let names: Vec<String> = exports.iter().map(|export| export.name.clone()).collect();
        match versions {
            VersionsFrom::Object => self.ask(&object, &names)?,
            VersionsFrom::StandIn { .. } => {
                let stand_in = format!("{stem}.gendwarfksyms");
                let declarations = "#include <linux/export.h>\n#include <asm/asm-prototypes.h>\n".to_owned();
                let lines = names.iter().map(|name| format!("EXPORT_SYMBOL({name});\n"));
                self.compile_generated(&stand_in, &lines.fold(declarations, |text, line| text + &line))?;
                self.ask(&format!("{stand_in}.o"), &names)?;
            }
            VersionsFrom::Definitions { list } => {
                let names = modpost::definitions(&self.path(&object))?;
                let lines = names.iter().map(|name| format!("EXPORT_SYMBOL_RUST_GPL({name});\n"));
                self.write(list, &lines.collect::<String>())?;
                self.ask(&object, &names)?;
            }
            VersionsFrom::Nothing => {}
        }
        Ok(exports)
    }

    /// Links the kernel.
    fn vmlinux(&mut self, exports: &[Export]) -> anyhow::Result<()> {
        self.compile_generated("vmlinux.export", &modpost::vmlinux_source(exports, &self.versions)?)?;
        let objects = objects(VMLINUX);
        self.run(&format!(
            "ld --nmagic --no-warn-rwx-segments --build-id=sha1 -z noexecstack -T scripts/vmlinux.lds -o vmlinux \
             {objects} vmlinux.export.o"
        ))
    }

    /// Builds a module; gives its exports.
    fn module(&mut self, module: &Module) -> anyhow::Result<Vec<Export>> {
        let Module { file, name, units, tampered, depends, .. } = module;
        let exports = self.units(units, module.options)?;
        let objects = objects(units);
        self.run(&format!("ld -r -z noexecstack -o {file}.o {objects}"))?;

        let mut versions = self.versions.clone();
        if let Some(tampered) = tampered {
            let version = versions.get_mut(*tampered).with_context(|| format!("{tampered} has no version"))?;
            *version = "0x0badc0de".to_owned();
        }
        let imports = Imports::read(&self.path(&format!("{file}.o")))?;
        let source = modpost::module_source(name, &exports, &imports, &versions, depends)?;
        self.compile_generated(&format!("{file}.mod"), &source)?;
        self.run("gcc @scripts/cflags -c -o scripts/module-common.o scripts/module-common.c")?;
        self.run(&format!(
            "ld -r --build-id=sha1 -z noexecstack -T scripts/module.lds -o {file}.ko \
             {file}.o {file}.mod.o scripts/module-common.o"
        ))?;
        Ok(exports)
    }

    /// Compiles what was generated.
    fn compile_generated(&mut self, stem: &str, source: &str) -> anyhow::Result<()> {
        self.write(&format!("{stem}.c"), source)?;
        self.run(&format!("gcc @scripts/cflags -c -o {stem}.o {stem}.c"))
    }

    /// Asks the reference for versions, and keeps them and the types that they were made of.
    fn ask(&mut self, object: &str, names: &[String]) -> anyhow::Result<()> {
        let list: String = names.iter().flat_map(|name| [name, "\n"]).collect();
        let scratch = tempfile::tempdir()?;
        let answers = self.reference.ask_for_versions(&[self.path(object)], &list, false, scratch.path())?;
        ensure!(answers.outcome == Outcome::Exit(0), "the reference ended with {:?}", answers.outcome);
        ensure!(answers.messages.is_empty(), "the reference says: {:?}", answers.messages);
        for line in &answers.versions {
            let name_and_version = line.strip_prefix("#SYMVER ").and_then(|line| line.split_once(' '));
            let (name, version) = name_and_version.with_context(|| format!("the reference says: {line}"))?;
            let known = self.versions.insert(name.to_owned(), version.to_owned());
            ensure!(known.is_none_or(|known| known == version), "{name} has two versions");
        }
        let symtypes = object.strip_suffix(".o").unwrap_or(object);
        self.write(&format!("symtypes/{symtypes}.symtypes"), &answers.symtypes)
    }

    /// Copies the results into a folder.
    fn keep(&self, folder: &Path) -> anyhow::Result<()> {
        let sh = &self.sh;
        sh.create_dir(folder.join("objects"))?;
        let modules = [&MINI_A, &MINI_B].into_iter().chain(VARIANTS).map(|module| format!("{}.ko", module.file));
        let modules = modules.collect::<Vec<_>>();
        cmd!(sh, "cp -r vmlinux {modules...} split symtypes {folder}").quiet().run()?;
        let objects = folder.join("objects");
        cmd!(sh, "cp {KEPT_OBJECTS...} {objects}").quiet().run()?;
        Ok(())
    }

    fn path(&self, path: &str) -> PathBuf {
        self.sh.current_dir().join(path)
    }

    fn write(&self, path: &str, text: &str) -> anyhow::Result<()> {
        Ok(self.sh.write_file(path, text)?)
    }

    /// Runs a command, with no path of this machine left in what it makes.
    fn run(&mut self, command: &str) -> anyhow::Result<()> {
        let sh = &self.sh;
        let here = sh.current_dir();
        let mut words = command.split_whitespace();
        let program = words.next().context("a command has a name")?;
        let map = match program {
            "gcc" => Some(format!("-ffile-prefix-map={}=/src", here.display())),
            "rustc" => Some(format!("--remap-path-prefix={}=/src", here.display())),
            _ => None,
        };
        cmd!(sh, "{program} {words...} {map...}").quiet().run()?;
        if !self.log.iter().any(|logged| logged == command) {
            self.log.push(command.to_owned());
        }
        Ok(())
    }

    fn compilers(&self) -> anyhow::Result<Vec<String>> {
        let sh = &self.sh;
        let version = |program| {
            let text = cmd!(sh, "{program} --version").quiet().read()?;
            Ok(text.lines().next().unwrap_or_default().to_owned())
        };
        ["gcc", "rustc", "ld"].into_iter().map(version).collect()
    }
}

/// The objects of units.
fn objects(units: &[Unit]) -> String {
    let stems = units.iter().map(|unit| unit.source.rsplit_once('.').map_or(unit.source, |(stem, _)| stem));
    stems.map(|stem| format!("{stem}.o")).collect::<Vec<_>>().join(" ")
}

/// Where a crate's metadata goes, for other crates.
fn metadata(stem: &str) -> String {
    let (folder, name) = stem.rsplit_once('/').unwrap_or((".", stem));
    format!("{folder}/lib{name}.rmeta")
}
