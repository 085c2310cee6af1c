// SPDX-License-Identifier: GPL-2.0-only
//! What is told of a module that is to be loaded: the JSON of `kabiscope imports`.

use serde::{Deserialize, Serialize};

use crate::versions::Version;

/// Whether a module would load, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadReport {
    /// Version of this schema.
    pub schema: u32,
    /// The name of the module's file, as it was given.
    pub file: String,
    /// The name of the module.
    pub module: String,
    /// Whether it would load: no problem, its own or an import's, is a refusal.
    pub loads: bool,
    /// The kernel's file, and what it says of itself; `null` if none was given.
    pub kernel: Option<Kernel>,
    /// The licence.
    pub licence: Licence,
    /// The version magic.
    pub vermagic: VermagicReport,
    /// The modules that it says it depends on.
    pub depends: Vec<Dependency>,
    /// What is wrong with the module as a whole.
    pub problems: Vec<Problem>,
    /// The symbol whose version stands for the structures by which kernel and module know each other; `null` if the module
    /// records none for it.
    pub module_layout: Option<Import>,
    /// The symbols that the module needs, in the order of their names.
    pub imports: Vec<Import>,
}

/// The kernel that a module would be loaded into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kernel {
    /// The file that tells of its exports: a vmlinux or a `Module.symvers`.
    pub file: String,
    /// Its release.
    pub release: Option<String>,
    /// The machine it is for.
    pub architecture: Option<String>,
}

/// A module's licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// What the module declares.
    pub declared: Option<String>,
    /// Whether that lets it use what is exported GPL-only.
    pub gpl_compatible: bool,
}

/// A module's version magic against the kernel's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VermagicReport {
    /// What the module has.
    pub module: Option<String>,
    /// What the kernel has: by its own word, or that of a module given that was built for it; else its release.
    pub kernel: Option<String>,
    /// What came out.
    pub verdict: Vermagic,
    /// Words that only the module's has.
    pub only_module: Vec<String>,
    /// Words that only the kernel's has.
    pub only_kernel: Vec<String>,
}

/// How two version magics compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vermagic {
    /// They are one, but perhaps for a release that does not count.
    Equal,
    /// The kernel would refuse the module.
    Different,
    /// Of the kernel's only the release is known, and that is no obstacle.
    ReleaseOnly,
    /// One of them is not known.
    Unknown,
}

/// A module that has to be loaded before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Whether what it exports was given.
    pub given: bool,
}

/// A symbol that a module needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Its name, as the linker knows it.
    pub name: String,
    /// The name as the source has it, if that is another.
    pub demangled: Option<String>,
    /// Whether the module can do without.
    pub weak: bool,
    /// Where it was found; `null` if nowhere.
    pub provider: Option<Provider>,
    /// The version that the module was built against.
    pub wanted: Option<Version>,
    /// The version that the provider has.
    pub provided: Option<Version>,
    /// How these compare; `null` if the symbol was not found.
    pub version: Option<VersionCheck>,
    /// Whether only modules under a licence compatible with the GPL may use it.
    pub gpl_only: bool,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Whether the module may use what is in that namespace; `null` if there is none.
    pub access: Option<Access>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Who exports a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// The file that says so, as it was given.
    pub file: String,
    /// The module; `vmlinux` for the kernel.
    pub module: String,
}

/// How the version that a module was built against compares with the provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionCheck {
    /// They are one.
    Equal,
    /// They are not.
    Different,
    /// The module records none.
    NotInModule,
    /// The provider records none: the kernel does not check.
    NotInProvider,
}

/// Whether a module may use what is in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It imports the namespace.
    Imported,
    /// The namespace is made for some modules (`module:kvm,kvm-*`), and it is one of them.
    Granted,
    /// It does not import the namespace.
    NotImported,
    /// The namespace is made for some modules, and it is none of them.
    NotGranted,
}

/// Something that keeps a module from loading, or that the kernel warns of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// Whether the kernel refuses the module for it.
    pub refusal: bool,
    /// What the kernel says, in its words.
    pub message: String,
    /// What more is known, or what it depends on.
    pub note: Option<String>,
}

/// Kinds of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The module is for another machine.
    Architecture,
    /// The version magic is another, or the module has none.
    Vermagic,
    /// The module records no versions, and the kernel has them.
    NoVersions,
    /// The module exports symbols without versions, and the kernel has them.
    NoExportVersions,
    /// The module exports what something else exports.
    DuplicateExport,
    /// Nothing exports the symbol.
    UnknownSymbol,
    /// The version is another.
    VersionDiffers,
    /// The module records versions, but none for this symbol.
    NoSymbolVersion,
    /// The namespace is not imported, or not made for this module.
    Namespace,
    /// The symbol is exported GPL-only, and the module's licence is not compatible with the GPL.
    GplOnly,
    /// The symbol is exported by a proprietary module.
    ProprietaryProvider,
}

impl LoadReport {
    /// All problems: the module's, and those of its imports.
    pub fn all_problems(&self) -> impl Iterator<Item = &Problem> {
        let imports = self.module_layout.iter().chain(&self.imports);
        self.problems.iter().chain(imports.flat_map(|import| &import.problems))
    }
}
