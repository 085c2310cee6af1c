// SPDX-License-Identifier: GPL-2.0-only
//! One file's view for people and tools: plain data, without lifetimes, serialisable. What the commands, the reports and the
//! page show is here, and nothing that they show is anywhere else. `docs/json.md` describes it as JSON.

mod computed;
pub mod demangle;
pub mod load;
pub mod prototype;
pub mod show;
pub mod tree;
pub mod verify;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::facts::{self, Facts, Kind};
use crate::kernel::symvers;
use crate::types::SymbolRole;
use crate::versions::Version;

/// The version of the schema that all reports have, as `docs/json.md` describes it. It grows when a field goes, or changes its
/// meaning; a new field alone leaves it as it is.
pub const SCHEMA: u32 = 1;

/// What the kernel calls itself where modules have their names.
pub const VMLINUX: &str = "vmlinux";

/// What a file exports and imports: the JSON of `kabiscope list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abi {
    /// Version of this schema.
    pub schema: u32,
    /// The name of the file, as it was given.
    pub file: String,
    /// What kind of file it is.
    pub kind: Kind,
    /// The machine it is for.
    pub architecture: String,
    /// The kernel release.
    pub release: Option<String>,
    /// The version magic that a kernel asks of modules.
    pub vermagic: Option<String>,
    /// The build-id, in hexadecimal.
    pub build_id: Option<String>,
    /// The compiler.
    pub compiler: Option<String>,
    /// What only a module has.
    pub module: Option<facts::Module>,
    /// Exports, in the order of their names.
    pub exports: Vec<Export>,
    /// Imports, in the order of their names.
    pub imports: Vec<Import>,
    /// What could not be read.
    pub troubles: Vec<String>,
}

/// An exported symbol.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Export {
    /// Its name, as the linker knows it.
    pub name: String,
    /// The name as the source has it, if that is another.
    pub demangled: Option<String>,
    /// Function or variable.
    pub kind: Option<SymbolKind>,
    /// `GPL`, or `null` for everyone.
    pub licence: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The module that exports it; `vmlinux` for the kernel.
    pub module: Option<String>,
    /// The version computed from DWARF.
    pub computed: Option<Version>,
    /// The version that the file records.
    pub recorded: Option<Version>,
    /// `C`, `Rust` …
    pub language: Option<String>,
    /// Where it is declared or defined.
    pub source: Option<Source>,
    /// The unit whose object exported it.
    pub unit: Option<String>,
    /// Why there is no computed version.
    pub error: Option<String>,
}

/// Function or variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SymbolKind {
    /// A function.
    Function,
    /// A variable.
    Variable,
}

impl SymbolKind {
    /// What the DIE of a symbol is taken for whose kind may not be known.
    pub fn role(kind: Option<Self>) -> SymbolRole {
        match kind {
            Some(Self::Variable) => SymbolRole::Variable,
            Some(Self::Function) | None => SymbolRole::Function,
        }
    }
}

impl fmt::Display for SymbolKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Function => "function",
            Self::Variable => "variable",
        })
    }
}

/// A place in the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Path, as the compiler was given it.
    pub file: String,
    /// Line, counted from 1; 0 where the compiler did not say.
    pub line: u32,
}

/// A symbol that the file needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Its name, as the linker knows it.
    pub name: String,
    /// The name as the source has it, if that is another.
    pub demangled: Option<String>,
    /// The version that the file was built against.
    pub recorded: Option<Version>,
    /// Whether the file can do without.
    pub weak: bool,
}

impl Abi {
    /// What `facts` say of the file called `file`: everything but computed versions and what else is known only from DWARF.
    pub fn new(file: String, facts: &Facts) -> Self {
        let owner = match facts.kind {
            Kind::Vmlinux => Some(VMLINUX.to_owned()),
            Kind::Module => facts.module.as_ref().map(|module| module.name.clone()),
            Kind::Object => None,
        };
        Self {
            schema: SCHEMA,
            file,
            kind: facts.kind,
            architecture: facts.architecture.clone(),
            release: facts.release.clone(),
            vermagic: facts.vermagic.clone(),
            build_id: facts.build_id.as_deref().map(hexadecimal),
            compiler: facts.compiler.clone(),
            module: facts.module.clone(),
            exports: facts.exports.iter().map(|export| Export::new(export, owner.clone())).collect(),
            imports: facts.imports.iter().map(Import::new).collect(),
            troubles: facts.troubles.clone(),
        }
    }

    /// The exports as lines of a `Module.symvers`. A version that is not known is 0, as `modpost` has it.
    pub fn symvers(&self) -> impl Iterator<Item = symvers::Entry> {
        self.exports.iter().map(|export| symvers::Entry {
            version: export.version().unwrap_or_default(),
            name: export.name.clone(),
            // Of an object it is not known what it will be linked into: most become part of the kernel.
            module: export.module.clone().unwrap_or_else(|| VMLINUX.to_owned()),
            gpl_only: export.is_gpl_only(),
            namespace: export.namespace.clone(),
        })
    }
}

impl Export {
    fn new(export: &facts::Export, module: Option<String>) -> Self {
        let name = String::from_utf8_lossy(&export.name).into_owned();
        let is_function = export.definition.and_then(|definition| definition.is_function);
        let kind = is_function.map(|is| if is { SymbolKind::Function } else { SymbolKind::Variable });
        Self {
            demangled: demangle::demangle(&name),
            name,
            kind,
            licence: export.gpl_only.then(|| "GPL".to_owned()),
            namespace: export.namespace.clone(),
            module,
            computed: None,
            recorded: export.recorded,
            language: None,
            source: None,
            unit: None,
            error: None,
        }
    }

    /// Its version: the recorded one, which is what the kernel goes by; else the computed one.
    pub fn version(&self) -> Option<Version> {
        self.recorded.or(self.computed)
    }

    /// Whether only modules under a licence compatible with the GPL may use it.
    pub fn is_gpl_only(&self) -> bool {
        self.licence.is_some()
    }

    /// The line that `gendwarfksyms` prints for it: its computed version. `None` where that is not known.
    pub fn symver_line(&self) -> Option<impl fmt::Display> {
        self.computed.map(|version| format!("#SYMVER {} {version}", self.name))
    }
}

impl Import {
    fn new(import: &facts::Import) -> Self {
        let name = String::from_utf8_lossy(&import.name).into_owned();
        Self { demangled: demangle::demangle(&name), name, recorded: import.recorded, weak: import.weak }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A file of a kind, with nothing in it.
    pub(crate) fn empty(kind: Kind) -> Abi {
        let facts = Facts { kind, exports: Vec::new(), imports: Vec::new(), troubles: Vec::new(), ..facts() };
        Abi::new("empty".to_owned(), &facts)
    }

    fn facts() -> Facts {
        let export = |name: &[u8], is_function, gpl_only, recorded| facts::Export {
            name: name.to_vec(),
            definition: Some(facts::Definition { section: 1, value: 0, size: 0, is_function: Some(is_function) }),
            gpl_only,
            namespace: gpl_only.then(|| "module:kvm-intel".to_owned()),
            recorded,
        };
        Facts {
            kind: Kind::Module,
            architecture: "x86_64".to_owned(),
            build_id: Some(vec![0x01, 0xab]),
            release: Some("7.3.4".to_owned()),
            vermagic: None,
            compiler: None,
            module: Some(facts::Module { name: "kvm".to_owned(), ..facts::Module::default() }),
            exports: vec![
                export(b"_RNvNtCs1peUGmbrgHn_4core3fmt5write", true, false, Some(Version(0x1d))),
                export(b"kvm_rebooting", false, true, None),
            ],
            imports: vec![facts::Import { name: b"printk".to_vec(), recorded: Some(Version(2)), weak: false }],
            troubles: vec!["a section header lies".to_owned()],
        }
    }

    #[test]
    fn view_of_facts() {
        let abi = Abi::new("kvm.ko".to_owned(), &facts());
        assert_eq!((abi.schema, abi.file.as_str()), (1, "kvm.ko"));
        assert_eq!(abi.build_id.as_deref(), Some("01ab"));
        let [write, rebooting] = abi.exports.as_slice() else { unreachable!("two exports") };
        assert_eq!(write.demangled.as_deref(), Some("core::fmt::write"));
        assert_eq!((write.kind, rebooting.kind), (Some(SymbolKind::Function), Some(SymbolKind::Variable)));
        assert_eq!((write.licence.as_deref(), rebooting.licence.as_deref()), (None, Some("GPL")));
        assert_eq!(rebooting.module.as_deref(), Some("kvm"));
        assert_eq!((&abi.imports[0].name, abi.imports[0].recorded), (&"printk".to_owned(), Some(Version(2))));
        assert_eq!(abi.troubles, ["a section header lies"]);
    }

    #[test]
    fn lines() {
        let mut abi = Abi::new("kvm.ko".to_owned(), &facts());
        let symvers = |abi: &Abi| abi.symvers().map(|entry| entry.to_string()).collect::<Vec<_>>();
        let first = "0x0000001d\t_RNvNtCs1peUGmbrgHn_4core3fmt5write\tkvm\tEXPORT_SYMBOL\t";
        assert_eq!(symvers(&abi), [first, "0x00000000\tkvm_rebooting\tkvm\tEXPORT_SYMBOL_GPL\tmodule:kvm-intel"]);
        for export in &mut abi.exports {
            export.computed = Some(Version(3));
        }
        assert_eq!(symvers(&abi), [first, "0x00000003\tkvm_rebooting\tkvm\tEXPORT_SYMBOL_GPL\tmodule:kvm-intel"]);
        let line = abi.exports[1].symver_line().map(|line| line.to_string());
        assert_eq!(line.as_deref(), Some("#SYMVER kvm_rebooting 0x00000003"));
    }
}
