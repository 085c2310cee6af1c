// SPDX-License-Identifier: GPL-2.0-only
//! Would a module load? What the kernel asks when it resolves a module's symbols, asked of files.
//!
//! The rules are those of `kernel/module/main.c` and `kernel/module/version.c` of Linux 7.3. Not asked is what files do not
//! tell: signatures and the keys they are checked with, lockdown, lists of modules that are not to be loaded.

mod report;
mod rules;
#[cfg(test)]
mod tests;

use rustc_hash::FxHashMap;

pub use self::report::{
    Access, Dependency, Import, Kernel, Licence, LoadReport, Problem, ProblemKind, Provider, Vermagic, VermagicReport,
    VersionCheck,
};
use super::{Abi, SCHEMA, VMLINUX};
use crate::kernel::facts::{self, Kind};
use crate::kernel::symvers;
use crate::versions::Version;

/// The function whose version is that of the structures by which kernel and module know each other.
const MODULE_LAYOUT: &str = "module_layout";

/// What the kernel does for want of versions or of a version magic.
const FORCE_LOAD: &str = "a kernel with CONFIG_MODULE_FORCE_LOAD loads it, and is tainted";

/// Exports that a module may use: of a kernel, and of modules that are there before.
#[derive(Debug, Default)]
pub struct Providers<'a> {
    owners: Vec<Owner<'a>>,
    offers: FxHashMap<&'a str, Vec<Offer<'a>>>,
    /// Place of the kernel among the owners.
    kernel: Option<usize>,
}

/// A kernel or module, as one file tells of it.
#[derive(Debug)]
struct Owner<'a> {
    file: &'a str,
    module: String,
    /// What the file is, if it is not a list of symbols.
    abi: Option<&'a Abi>,
    has_versions: bool,
}

/// A symbol that an owner exports.
#[derive(Debug, Clone, Copy)]
struct Offer<'a> {
    owner: usize,
    version: Option<Version>,
    gpl_only: bool,
    namespace: Option<&'a str>,
}

impl<'a> Providers<'a> {
    /// Adds what a kernel, a module or an object exports.
    pub fn add(&mut self, abi: &'a Abi) {
        let module = abi.module.as_ref().map_or(VMLINUX, |module| &module.name).to_owned();
        let has_versions = abi.exports.iter().any(|export| export.version().is_some());
        let owner = self.add_owner(Owner { file: &abi.file, module, abi: Some(abi), has_versions });
        if abi.kind == Kind::Vmlinux && self.kernel.is_none_or(|kernel| self.owners[kernel].abi.is_none()) {
            self.kernel = Some(owner);
        }
        for export in &abi.exports {
            let (gpl_only, namespace) = (export.is_gpl_only(), export.namespace.as_deref());
            let offer = Offer { owner, version: export.version(), gpl_only, namespace };
            self.offers.entry(&export.name).or_default().push(offer);
        }
    }

    /// Adds what a `Module.symvers` lists.
    pub fn add_symvers(&mut self, file: &'a str, entries: &'a [symvers::Entry]) {
        // Without CONFIG_MODVERSIONS all versions are 0.
        let has_versions = entries.iter().any(|entry| entry.version != Version(0));
        let mut owners = FxHashMap::default();
        for entry in entries {
            let owner = *owners.entry(entry.module.as_str()).or_insert_with(|| {
                self.add_owner(Owner { file, module: entry.module_name(), abi: None, has_versions })
            });
            if entry.module == VMLINUX {
                self.kernel = self.kernel.or(Some(owner));
            }
            let (version, namespace) = (has_versions.then_some(entry.version), entry.namespace.as_deref());
            let offer = Offer { owner, version, gpl_only: entry.gpl_only, namespace };
            self.offers.entry(&entry.name).or_default().push(offer);
        }
    }

    fn add_owner(&mut self, owner: Owner<'a>) -> usize {
        self.owners.push(owner);
        self.owners.len() - 1
    }

    /// Tells whether `module` would load where these exports are. `None` if it is no module.
    pub fn check(&self, module: &Abi) -> Option<LoadReport> {
        let facts = module.module.as_ref()?;
        Some(Check::new(self, module, facts).report())
    }

    /// What `module` finds under a name: first in the kernel, then in the modules, in the order in which they were given. Of
    /// a file and a list that tell of one module, the file counts.
    fn find(&self, name: &str, module: &str, usable: impl Fn(&Offer<'a>) -> bool) -> Option<Offer<'a>> {
        let offers = self.offers.get(name).map_or(&[][..], Vec::as_slice).iter().copied();
        let others = offers.filter(|offer| self.owners[offer.owner].module != module && usable(offer));
        others.min_by_key(|offer| {
            let owner = &self.owners[offer.owner];
            (owner.module != VMLINUX, owner.abi.is_none())
        })
    }
}

impl Owner<'_> {
    fn is_proprietary(&self) -> bool {
        // Of what a list names, the licence is not known.
        self.abi.and_then(|abi| abi.module.as_ref()).is_some_and(|module| !is_gpl_compatible(module))
    }
}

fn is_gpl_compatible(module: &facts::Module) -> bool {
    let is_compatible = module.licence.as_deref().is_some_and(rules::is_gpl_compatible);
    is_compatible && !rules::LICENCE_OFFENDERS.contains(&module.name.as_str())
}

/// One module that is looked at.
struct Check<'c, 'a> {
    providers: &'c Providers<'a>,
    abi: &'c Abi,
    facts: &'c facts::Module,
    kernel: Option<&'c Owner<'a>>,
    gpl_compatible: bool,
    /// Whether the module records versions.
    has_versions: bool,
    /// Whether it records them in `__version_ext_names`, where one may be missing.
    has_long_names: bool,
}

impl<'c, 'a> Check<'c, 'a> {
    fn new(providers: &'c Providers<'a>, abi: &'c Abi, facts: &'c facts::Module) -> Self {
        // The entries of the other table, `__versions`, have room for 55 bytes, or 59 on machines of 32 bits.
        let is_long = |import: &super::Import| import.recorded.is_some() && import.name.len() >= 60;
        Self {
            providers,
            abi,
            facts,
            kernel: providers.kernel.map(|kernel| &providers.owners[kernel]),
            gpl_compatible: is_gpl_compatible(facts),
            has_versions: abi.imports.iter().any(|import| import.recorded.is_some()),
            has_long_names: abi.imports.iter().any(is_long),
        }
    }

    fn report(&self) -> LoadReport {
        let vermagic = self.vermagic();
        let (layout, imports): (Vec<_>, Vec<_>) =
            self.abi.imports.iter().partition(|import| import.name == MODULE_LAYOUT);
        let depends = self.facts.depends.iter().map(|name| self.dependency(name)).collect::<Vec<_>>();
        let mut imports: Vec<_> = imports.into_iter().map(|import| self.import(import, &depends)).collect();
        self.forbid_proprietary_providers(&mut imports);
        let mut report = LoadReport {
            schema: SCHEMA,
            file: self.abi.file.clone(),
            module: self.facts.name.clone(),
            loads: false,
            kernel: self.kernel.map(|kernel| Kernel {
                file: kernel.file.to_owned(),
                release: kernel.abi.and_then(|abi| abi.release.clone()),
                architecture: kernel.abi.map(|abi| abi.architecture.clone()),
            }),
            licence: Licence { declared: self.facts.licence.clone(), gpl_compatible: self.gpl_compatible },
            problems: self.problems(&vermagic),
            vermagic,
            depends,
            module_layout: layout.first().map(|import| self.module_layout(import)),
            imports,
        };
        let is_refused = report.all_problems().any(|problem| problem.refusal);
        report.loads = !is_refused;
        report
    }

    fn refusal(&self, kind: ProblemKind, message: impl std::fmt::Display) -> Problem {
        Problem { kind, refusal: true, message: format!("{}: {message}", self.facts.name), note: None }
    }

    fn dependency(&self, name: &str) -> Dependency {
        let normal = name.replace('-', "_");
        let given = self.providers.owners.iter().any(|owner| owner.module == normal);
        Dependency { name: name.to_owned(), given }
    }

    fn vermagic(&self) -> VermagicReport {
        let release = self.kernel.and_then(|kernel| kernel.abi?.release.as_deref());
        let modules = self.providers.owners.iter().filter(|owner| owner.module != self.facts.name);
        let mut vermagics = modules.filter_map(|owner| owner.abi?.module.as_ref()?.vermagic.as_deref());
        let of_kernel = |vermagic: &&str| release.is_none_or(|release| vermagic.split(' ').next() == Some(release));
        let own = self.kernel.and_then(|kernel| kernel.abi?.vermagic.as_deref());
        let kernel = own.or_else(|| vermagics.find(of_kernel)).or(release);
        let (verdict, only_module, only_kernel) = match (self.facts.vermagic.as_deref(), kernel) {
            (Some(module), Some(kernel)) => {
                let is_whole = kernel.contains(' ');
                let beside = |one, other| if is_whole { rules::flags_beside(one, other) } else { Vec::new() };
                let verdict = rules::compare_vermagic(module, kernel, self.has_versions);
                (verdict, beside(module, kernel), beside(kernel, module))
            }
            _ => (Vermagic::Unknown, Vec::new(), Vec::new()),
        };
        let (module, kernel) = (self.facts.vermagic.clone(), kernel.map(str::to_owned));
        VermagicReport { module, kernel, verdict, only_module, only_kernel }
    }

    /// What is wrong with the module as a whole.
    fn problems(&self, vermagic: &VermagicReport) -> Vec<Problem> {
        let mut problems = Vec::new();
        let kernel_abi = self.kernel.and_then(|kernel| kernel.abi);
        if let Some(kernel) = kernel_abi.filter(|kernel| kernel.architecture != self.abi.architecture) {
            let problem = self.refusal(ProblemKind::Architecture, "Invalid architecture in ELF header");
            let note = format!("it is for {}, the kernel for {}", self.abi.architecture, kernel.architecture);
            problems.push(Problem { note: Some(note), ..problem });
        }
        match (&vermagic.module, &vermagic.kernel) {
            (None, _) => {
                let note = format!("it has none; {FORCE_LOAD}");
                problems.push(Problem { note: Some(note), ..self.refusal(ProblemKind::Vermagic, "bad vermagic") });
            }
            (Some(module), Some(kernel)) if vermagic.verdict == Vermagic::Different => {
                let message = format_args!("version magic '{module}' should be '{kernel}'");
                let note = (!kernel.contains(' ')).then(|| "only the release of the kernel's is known".to_owned());
                problems.push(Problem { note, ..self.refusal(ProblemKind::Vermagic, message) });
            }
            _ => {}
        }
        if self.kernel.is_some_and(|kernel| kernel.has_versions) {
            let note = Some(FORCE_LOAD.to_owned());
            if !self.has_versions {
                let problem = self.refusal(ProblemKind::NoVersions, "no symbol version for module_layout");
                problems.push(Problem { note: note.clone(), ..problem });
            }
            if !self.abi.exports.is_empty() && self.abi.exports.iter().all(|export| export.version().is_none()) {
                let problem = self.refusal(ProblemKind::NoExportVersions, "no versions for exported symbols");
                problems.push(Problem { note, ..problem });
            }
        }
        for export in &self.abi.exports {
            if let Some(offer) = self.providers.find(&export.name, &self.facts.name, |_| true) {
                let owner = &self.providers.owners[offer.owner].module;
                let owner = if owner == VMLINUX { "kernel" } else { owner };
                let message = format_args!("exports duplicate symbol {} (owned by {owner})", export.name);
                problems.push(self.refusal(ProblemKind::DuplicateExport, message));
            }
        }
        problems
    }

    fn module_layout(&self, import: &super::Import) -> Import {
        let mut layout = self.import(import, &[]);
        // It is not needed as a symbol: a kernel without versions does not export it.
        layout.problems.retain(|problem| problem.kind != ProblemKind::UnknownSymbol);
        layout
    }

    fn import(&self, import: &super::Import, depends: &[Dependency]) -> Import {
        let find = |usable: &dyn Fn(&Offer<'a>) -> bool| self.providers.find(&import.name, &self.facts.name, usable);
        let mut result = Import {
            name: import.name.clone(),
            demangled: import.demangled.clone(),
            weak: import.weak,
            provider: None,
            wanted: import.recorded,
            provided: None,
            version: None,
            gpl_only: false,
            namespace: None,
            access: None,
            problems: Vec::new(),
        };
        // To a proprietary module, what is exported GPL-only is as good as not there.
        let Some(offer) = find(&|offer| self.gpl_compatible || !offer.gpl_only) else {
            if !import.weak {
                result.problems.push(self.unknown_symbol(&import.name, find(&|_| true), depends));
            }
            return result;
        };
        let owner = &self.providers.owners[offer.owner];
        result.provider = Some(Provider { file: owner.file.to_owned(), module: owner.module.clone() });
        result.provided = offer.version;
        result.gpl_only = offer.gpl_only;
        result.namespace = offer.namespace.map(str::to_owned);
        let version = compare_versions(import.recorded, offer.version);
        result.version = Some(version);
        result.problems.extend(self.version_problem(&import.name, version));
        result.access = offer.namespace.map(|namespace| self.access(namespace));
        if let Some((namespace, Access::NotImported | Access::NotGranted)) = offer.namespace.zip(result.access) {
            let message = format_args!(
                "module uses symbol ({}) from namespace {namespace}, but does not import it.",
                import.name
            );
            let note = "a kernel with CONFIG_MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS only warns".to_owned();
            result.problems.push(Problem { note: Some(note), ..self.refusal(ProblemKind::Namespace, message) });
        }
        result
    }

    /// Nothing that the module may use has this name. `hidden` has it, but is GPL-only.
    fn unknown_symbol(&self, name: &str, hidden: Option<Offer<'a>>, depends: &[Dependency]) -> Problem {
        let (kind, note) = if let Some(offer) = hidden {
            let owner = &self.providers.owners[offer.owner].module;
            let licence = self.facts.licence.as_deref().unwrap_or("unspecified");
            let note = format!("{owner} exports it GPL-only, and the module's licence is '{licence}'");
            (ProblemKind::GplOnly, Some(note))
        } else {
            let missing: Vec<_> = depends.iter().filter(|one| !one.given).map(|one| one.name.as_str()).collect();
            let note = if !missing.is_empty() {
                Some(format!("it may be in what the module depends on and was not given: {}", missing.join(", ")))
            } else {
                self.kernel.is_none().then(|| "no kernel was given to look for it in".to_owned())
            };
            (ProblemKind::UnknownSymbol, note)
        };
        Problem { note, ..self.refusal(kind, format_args!("Unknown symbol {name} (err -2)")) }
    }

    fn version_problem(&self, name: &str, version: VersionCheck) -> Option<Problem> {
        match version {
            VersionCheck::Different => {
                let message = format_args!("disagrees about version of symbol {name}");
                Some(self.refusal(ProblemKind::VersionDiffers, message))
            }
            // If it has no versions at all, that is a problem of the module.
            VersionCheck::NotInModule if self.has_versions => {
                let extended = if self.has_long_names { "extended " } else { "" };
                let message = format_args!("no {extended}symbol version for {name}");
                let problem = self.refusal(ProblemKind::NoSymbolVersion, message);
                Some(Problem { refusal: !self.has_long_names, ..problem })
            }
            _ => None,
        }
    }

    fn access(&self, namespace: &str) -> Access {
        if rules::is_namespace_of(namespace, &self.facts.name) {
            Access::Granted
        } else if self.facts.imported_namespaces.iter().any(|imported| imported == namespace) {
            Access::Imported
        } else if namespace.starts_with("module:") {
            Access::NotGranted
        } else {
            Access::NotImported
        }
    }

    /// A module that uses a proprietary one becomes proprietary as well; one that uses what is GPL-only must not. The kernel
    /// sees either first, in the order of the symbol table, and refuses what comes second.
    fn forbid_proprietary_providers(&self, imports: &mut [Import]) {
        if !self.gpl_compatible {
            return;
        }
        let uses_gpl_only = imports.iter().any(|import| import.gpl_only);
        let proprietary = self.providers.owners.iter().filter(|owner| owner.is_proprietary());
        let proprietary: Vec<_> = proprietary.map(|owner| owner.module.as_str()).collect();
        for import in imports {
            let provider = import.provider.as_ref().map(|provider| provider.module.as_str());
            let Some(module) = provider.filter(|module| proprietary.contains(module)) else { continue };
            let name = &import.name;
            let message = if uses_gpl_only {
                format!("module using GPL-only symbols uses symbols {name} from proprietary module {module}.")
            } else {
                format!("module uses symbols {name} from proprietary module {module}, inheriting taint.")
            };
            let problem = self.refusal(ProblemKind::ProprietaryProvider, message);
            import.problems.push(Problem { refusal: uses_gpl_only, ..problem });
        }
    }
}

fn compare_versions(wanted: Option<Version>, provided: Option<Version>) -> VersionCheck {
    match (wanted, provided) {
        (_, None) => VersionCheck::NotInProvider,
        (None, _) => VersionCheck::NotInModule,
        (Some(wanted), Some(provided)) if wanted == provided => VersionCheck::Equal,
        _ => VersionCheck::Different,
    }
}
