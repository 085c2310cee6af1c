// SPDX-License-Identifier: GPL-2.0-only
//! What a kernel file says of itself without DWARF: its kind and release, its exports with their recorded versions, and the
//! imports of a module.

mod banner;
mod contents;
mod exports;
mod imports;
mod markers;
mod modinfo;
mod recorded;
mod tables;
mod troubles;

use object::{ReadRef, elf};
use serde::{Deserialize, Serialize};

use self::banner::Banner;
use self::contents::Contents;
use self::exports::Exports;
use self::imports::Imports;
use self::tables::Tables;
use self::troubles::Troubles;
use crate::object::{Address, Image, SymbolEntry, Symbols};
use crate::versions::Version;
use crate::{Error, Result};

/// What a file says of itself. Plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What kind of file it is.
    pub kind: Kind,
    /// The machine it is for, as `uname -m` names it: `x86_64`, `aarch64`, `s390x`.
    pub architecture: String,
    /// The build-id.
    pub build_id: Option<Vec<u8>>,
    /// The kernel release, `7.3.4-amd64`: of `linux_banner`, or the first word of a module's vermagic.
    pub release: Option<String>,
    /// The version magic that a kernel asks of modules: of `vermagic` in its symbol table. A module's is in [`Module`].
    pub vermagic: Option<String>,
    /// The compiler as `linux_banner` names it, or `.comment`.
    pub compiler: Option<String>,
    /// What only a module has.
    pub module: Option<Module>,
    /// All exports, in the order of their names.
    pub exports: Vec<Export>,
    /// What a module, or an object, needs from elsewhere, in the order of their names.
    pub imports: Vec<Import>,
    /// What could not be read: the rest is what could.
    pub troubles: Vec<String>,
}

/// Kinds of kernel files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A linked kernel.
    Vmlinux,
    /// A module, `.ko`.
    Module,
    /// An object file, `.o`, of a kernel or a module.
    Object,
}

/// The `.modinfo` of a module, and whether it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Module {
    /// Its name, with underscores as the kernel has it.
    pub name: String,
    /// `vermagic`.
    pub vermagic: Option<String>,
    /// `license`, as the module declares it.
    pub licence: Option<String>,
    /// `depends`.
    pub depends: Vec<String>,
    /// `import_ns`.
    pub imported_namespaces: Vec<String>,
    /// Whether a signature is appended to the file.
    pub signed: bool,
    /// All of `.modinfo`, in its order.
    pub info: Vec<(String, String)>,
}

/// An exported symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Its name, as the linker knows it.
    pub name: Vec<u8>,
    /// Its definition in the symbol table, if there is a symbol table.
    pub definition: Option<Definition>,
    /// Whether only modules under a licence compatible with the GPL may use it.
    pub gpl_only: bool,
    /// The namespace that a module has to import to use it.
    pub namespace: Option<String>,
    /// The version that the file records.
    pub recorded: Option<Version>,
}

/// Where and as what a symbol is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Index of its section, see [`Address`].
    pub section: u32,
    /// Its value.
    pub value: u64,
    /// How many bytes it takes; 0 where nobody said, as for what the linker script defines.
    pub size: u64,
    /// Whether the symbol table calls it a function or something else; assembly need not say.
    pub is_function: Option<bool>,
}

/// A symbol that a module needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Its name.
    pub name: Vec<u8>,
    /// The version that the module was built against.
    pub recorded: Option<Version>,
    /// Whether the module can do without.
    pub weak: bool,
}

impl Definition {
    pub(crate) fn of(symbol: &SymbolEntry<'_>) -> Self {
        let is_function = match symbol.kind {
            elf::STT_NOTYPE => None,
            kind => Some(kind == elf::STT_FUNC),
        };
        let Address { section, value } = symbol.address;
        Self { section, value, size: symbol.size, is_function }
    }
}

impl Facts {
    /// Reads them from `image`.
    ///
    /// # Errors
    /// [`Error::NotKernel`] for a file of which nothing can be told; what else is wrong is among [`Facts::troubles`].
    pub fn read<'data, R: ReadRef<'data>>(image: &Image<'data, R>) -> Result<Self> {
        let mut troubles = Troubles::default();
        let symbols = image.symbols().unwrap_or_else(|error| {
            troubles.add(error);
            Symbols::none()
        });
        let contents = Contents::new(image, symbols);
        let tables = Tables::read(&contents, &mut troubles);
        let markers = markers::read(&contents, &mut troubles);

        let mut exports = Exports::new(&tables, &markers, &mut troubles);
        let mut imports = Imports::default();
        let (mut banner, mut vermagics) = (None, Vec::new());
        for symbol in contents.symbols.iter() {
            exports.hear(&symbol);
            if symbol.is_undefined() && symbol.binding != elf::STB_LOCAL && image.is_relocatable() {
                imports.add_symbol(image.machine(), &symbol);
            } else if symbol.name == banner::SYMBOL {
                banner = Some(symbol.address);
            } else if symbol.name == banner::VERMAGIC {
                vermagics.push(symbol.address);
            }
        }

        let info = modinfo::read(&contents, &mut troubles);
        let kind = Kind::of(image, &info, banner.is_some()).ok_or(Error::NotKernel)?;
        if image.is_debug_file() {
            troubles.add("this is a separate debug file: what it exports is in the file that it was split from");
        }
        let banner = if kind == Kind::Vmlinux { Banner::read(&contents, banner) } else { None };
        let module = (kind == Kind::Module).then(|| modinfo::module(&contents, info, &mut troubles));
        if kind == Kind::Module {
            imports.add_versions(&contents, &mut troubles);
        }
        let vermagic = banner.as_ref().and_then(|banner| banner::vermagic(&contents, &vermagics, &banner.release));
        let of_module = module.as_ref().and_then(|module| module.vermagic.as_ref());
        let release_of_module = of_module.and_then(|vermagic| vermagic.split(' ').next()).map(str::to_owned);
        let (release, compiler) = match banner {
            Some(banner) => (Some(banner.release), banner.compiler),
            None => (release_of_module, None),
        };
        Ok(Self {
            kind,
            architecture: image.architecture().into_owned(),
            build_id: image.build_id().map(<[u8]>::to_vec),
            release,
            vermagic,
            compiler: compiler.or_else(|| compiler_of_comment(&contents, &mut troubles)),
            module,
            exports: exports.finish(&contents, kind, &mut troubles),
            imports: imports.finish(&mut troubles),
            troubles: troubles.into_lines(),
        })
    }
}

impl Kind {
    /// The kind of a file; `None` if it is none of the kernel's.
    fn of<'data, R: ReadRef<'data>>(
        image: &Image<'data, R>,
        modinfo: &[(String, String)],
        has_banner: bool,
    ) -> Option<Self> {
        if image.is_relocatable() {
            let is_module = image.has_section(modinfo::THIS_MODULE) || modinfo.iter().any(|(key, _)| key == "vermagic");
            return Some(if is_module { Self::Module } else { Self::Object });
        }
        let has_table = || image.sections().iter().any(|section| Tables::is_table(section.name));
        (has_banner || has_table()).then_some(Self::Vmlinux)
    }
}

/// The first compiler of `.comment`, where each leaves its name.
fn compiler_of_comment<'data, R: ReadRef<'data>>(
    contents: &Contents<'_, 'data, R>,
    troubles: &mut Troubles,
) -> Option<String> {
    let comment = contents.named(".comment").unwrap_or_else(|error| {
        troubles.add(error);
        None
    });
    let first = comment?.split(|&byte| byte == 0).find(|text| !text.is_empty())?;
    Some(String::from_utf8_lossy(first).into_owned())
}
