// SPDX-License-Identifier: GPL-2.0-only
//! What the kernel's modpost does between compiling and linking: it reads objects, and writes the C sources of the tables
//! that are linked to them, and `Module.symvers`. Its own text is followed as far as anything reads it (Linux 7.3).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use object::read::elf::ElfFile64;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

/// The symbol that stands for the structures by which a module and a kernel know each other.
const MODULE_LAYOUT: &str = "module_layout";

/// Bytes that `__versions` has for a name and its end. A longer name is in `__version_ext_names` only.
const NAME_SIZE: usize = 56;

/// Versions by symbol, as `gendwarfksyms` prints them.
pub(super) type Versions = BTreeMap<String, String>;

/// What an `EXPORT_SYMBOL` of an object says.
pub(super) struct Export {
    pub(super) name: String,
    licence: String,
    namespace: String,
}

/// What a module needs from elsewhere.
pub(super) struct Imports {
    /// In the order of the symbol table.
    pub(super) names: Vec<String>,
}

/// The exports of an object, in the order of the symbol table.
pub(super) fn exports(object: &Path) -> anyhow::Result<Vec<Export>> {
    let bytes = fs::read(object)?;
    let file = ElfFile64::<object::LittleEndian>::parse(&*bytes)?;
    let mut exports = Vec::new();
    for symbol in file.symbols() {
        let Some(name) = symbol.name()?.strip_prefix("__export_symbol_") else { continue };
        let section = symbol.section_index().context("an export is in no section")?;
        let section = file.section_by_index(section)?.data()?;
        let start = usize::try_from(symbol.address())?;
        let mut strings = section.get(start..).context("an export is outside its section")?.split(|&byte| byte == 0);
        let mut string = || Ok::<_, anyhow::Error>(str::from_utf8(strings.next().unwrap_or_default())?.to_owned());
        exports.push(Export { name: name.to_owned(), licence: string()?, namespace: string()? });
    }
    Ok(exports)
}

/// The symbols that an object defines for others. All of them are exported where the source is Rust, or what Rust calls.
pub(super) fn definitions(object: &Path) -> anyhow::Result<Vec<String>> {
    let bytes = fs::read(object)?;
    let file = object::File::parse(&*bytes)?;
    let symbols = file.symbols().filter(|symbol| symbol.is_global() && symbol.is_definition());
    symbols.map(|symbol| Ok(symbol.name()?.to_owned())).collect()
}

impl Imports {
    /// Those of a module.
    pub(super) fn read(object: &Path) -> anyhow::Result<Self> {
        let bytes = fs::read(object)?;
        let file = object::File::parse(&*bytes)?;
        // What is weak may be missing, and nothing here has it.
        let symbols = file.symbols().filter(|symbol| symbol.is_undefined() && !symbol.is_weak());
        let names = symbols.map(|symbol| Ok(symbol.name()?.to_owned()));
        let names = names.filter(|name| !matches!(name.as_deref(), Ok("" | "__this_module")));
        let mut names: Vec<String> = names.collect::<anyhow::Result<_>>()?;
        names.push(MODULE_LAYOUT.to_owned());
        Ok(Self { names })
    }
}

/// `.vmlinux.export.c`: the tables of the kernel.
pub(super) fn vmlinux_source(exports: &[Export], versions: &Versions) -> anyhow::Result<String> {
    let mut source = "#include <linux/export-internal.h>\n".to_owned();
    write_exports(&mut source, exports, versions)?;
    Ok(source)
}

/// `NAME.mod.c`: the tables of a module, and what the kernel knows it by. `depends` are the modules it needs.
pub(super) fn module_source(
    name: &str,
    exports: &[Export],
    imports: &Imports,
    versions: &Versions,
    depends: &str,
) -> anyhow::Result<String> {
    let mut source = format!(
        "#include <linux/export-internal.h>\n#include <linux/module.h>\n\n\
         MODULE_INFO(name, \"{name}\");\n\n\
         __visible struct module __this_module __section(\".gnu.linkonce.this_module\") = {{\n\
         \t.name = \"{name}\",\n\t.init = init_module,\n\t.exit = cleanup_module,\n}};\n"
    );
    write_exports(&mut source, exports, versions)?;

    let (mut names, mut crcs, mut short) = (String::new(), String::new(), String::new());
    for name in &imports.names {
        let version = version(versions, name)?;
        writeln!(names, "\t\"{name}\\0\"")?;
        writeln!(crcs, "\t{version},")?;
        if name.len() < NAME_SIZE {
            writeln!(short, "\t{{ {version}, \"{name}\" }},")?;
        }
    }
    write!(
        source,
        "\nstatic const char ____version_ext_names[] __used __section(\"__version_ext_names\") =\n{names};\n\
         \nstatic const u32 ____version_ext_crcs[] __used __section(\"__version_ext_crcs\") = {{\n{crcs}}};\n\
         \nstatic const struct modversion_info ____versions[] __used __section(\"__versions\") = {{\n{short}}};\n\
         \nMODULE_INFO(depends, \"{depends}\");\n"
    )?;
    Ok(source)
}

fn write_exports(source: &mut String, exports: &[Export], versions: &Versions) -> anyhow::Result<()> {
    for Export { name, licence, namespace } in exports {
        ensure!(matches!(licence.as_str(), "" | "GPL"), "{name} has the licence {licence}");
        let flags = if licence == "GPL" { "0x01" } else { "0x00" };
        let version = version(versions, name)?;
        write!(
            source,
            "\nKSYMTAB({name}, \"{namespace}\");\nSYMBOL_FLAGS({name}, {flags});\nSYMBOL_CRC({name}, {version});\n"
        )?;
    }
    Ok(())
}

/// The lines of `Module.symvers` for what a module, or the kernel, exports.
pub(super) fn symvers(module: &str, exports: &[Export], versions: &Versions) -> anyhow::Result<String> {
    let mut lines = String::new();
    for Export { name, licence, namespace } in exports {
        let export = if licence == "GPL" { "EXPORT_SYMBOL_GPL" } else { "EXPORT_SYMBOL" };
        writeln!(lines, "{}\t{name}\t{module}\t{export}\t{namespace}", version(versions, name)?)?;
    }
    Ok(lines)
}

fn version<'v>(versions: &'v Versions, name: &str) -> anyhow::Result<&'v str> {
    versions.get(name).map(String::as_str).with_context(|| format!("{name} has no version"))
}
