// SPDX-License-Identifier: GPL-2.0-only
//! What a module or an object needs from elsewhere: its undefined symbols, and the versions that a module was built against.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use object::{ReadRef, elf};

use super::Import;
use super::contents::Contents;
use super::troubles::Troubles;
use crate::object::SymbolEntry;
use crate::versions::Version;

/// Bytes of an entry of `__versions`: a version in a `long`, and a name (`struct modversion_info`).
const ENTRY: usize = 64;

/// Collects imports.
#[derive(Debug, Default)]
pub(super) struct Imports<'data>(BTreeMap<&'data [u8], Need>);

#[derive(Debug, Clone, Copy)]
struct Need {
    recorded: Option<Version>,
    /// Whether it is recorded twice, differently.
    is_contradictory: bool,
    weak: bool,
}

impl<'data> Imports<'data> {
    /// Adds an undefined symbol, if it is one that the kernel resolves.
    pub(super) fn add_symbol(&mut self, machine: elf::Machine, symbol: &SymbolEntry<'data>) {
        let is_register = matches!(machine, elf::EM_SPARC | elf::EM_SPARCV9) && symbol.kind == elf::STT_SPARC_REGISTER;
        if is_register || is_resolved_by_linker(machine, symbol.name) {
            return;
        }
        let weak = symbol.binding == elf::STB_WEAK;
        let need = self.0.entry(plain_name(machine, symbol.name));
        let need = need.or_insert(Need { recorded: None, is_contradictory: false, weak });
        need.weak &= weak;
    }

    /// Adds what a module records: `__versions` and, with names of any length, `__version_ext_crcs` with
    /// `__version_ext_names`.
    pub(super) fn add_versions<R: ReadRef<'data>>(
        &mut self,
        contents: &Contents<'_, 'data, R>,
        troubles: &mut Troubles,
    ) {
        let mut section = |name: &str| {
            contents.named(name).unwrap_or_else(|error| {
                troubles.add(error);
                None
            })
        };
        let [versions, long_versions, names] =
            ["__versions", "__version_ext_crcs", "__version_ext_names"].map(&mut section);
        self.add_short(contents, versions.unwrap_or_default(), troubles);
        if long_versions.is_some() || names.is_some() {
            self.add_long(contents, long_versions.unwrap_or_default(), names.unwrap_or_default(), troubles);
        }
    }

    fn add_short<R: ReadRef<'data>>(
        &mut self,
        contents: &Contents<'_, 'data, R>,
        versions: &'data [u8],
        troubles: &mut Troubles,
    ) {
        let long = if contents.image.is_64() { 8 } else { 4 };
        let entries = versions.chunks_exact(ENTRY);
        if !entries.remainder().is_empty() {
            troubles.add(format!("__versions: its {} bytes are no multiple of an entry's {ENTRY}", versions.len()));
        }
        for (index, entry) in entries.enumerate() {
            let name = &entry[long..];
            let name = memchr::memchr(0, name).map(|end| &name[..end]).filter(|name| !name.is_empty());
            match (contents.number(entry, long as u8), name) {
                (Some(version), Some(name)) => self.record(contents, name, Version(version as u32)),
                _ => troubles.add_at("__versions: entries without a name", index),
            }
        }
    }

    fn add_long<R: ReadRef<'data>>(
        &mut self,
        contents: &Contents<'_, 'data, R>,
        versions: &'data [u8],
        names: &'data [u8],
        troubles: &mut Troubles,
    ) {
        let end = names.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let names: Vec<_> = names[..end].split(|&byte| byte == 0).filter(|_| end > 0).collect();
        if versions.len() != names.len() * 4 {
            let count = versions.len() / 4;
            troubles.add(format!("__version_ext_crcs has {count} entries, __version_ext_names {}", names.len()));
        }
        for (index, (version, name)) in versions.chunks_exact(4).zip(names).enumerate() {
            match contents.number(version, 4).filter(|_| !name.is_empty()) {
                Some(version) => self.record(contents, name, Version(version as u32)),
                None => troubles.add_at("__version_ext_names: entries without a name", index),
            }
        }
    }

    fn record<R: ReadRef<'data>>(&mut self, contents: &Contents<'_, 'data, R>, name: &'data [u8], version: Version) {
        let machine = contents.image.machine();
        if is_resolved_by_linker(machine, name) {
            return;
        }
        match self.0.entry(plain_name(machine, name)) {
            Entry::Vacant(vacant) => {
                vacant.insert(Need { recorded: Some(version), is_contradictory: false, weak: false });
            }
            Entry::Occupied(occupied) => {
                let need = occupied.into_mut();
                need.is_contradictory |= need.recorded.is_some_and(|recorded| recorded != version);
                need.recorded = Some(version);
            }
        }
    }

    /// All of them, in the order of their names.
    pub(super) fn finish(self, troubles: &mut Troubles) -> Vec<Import> {
        let import = |(name, need): (&[u8], Need)| {
            if need.is_contradictory {
                troubles.add_at("imports with two versions", String::from_utf8_lossy(name));
            }
            let recorded = need.recorded.filter(|_| !need.is_contradictory);
            Import { name: name.to_owned(), recorded, weak: need.weak }
        };
        self.0.into_iter().map(import).collect()
    }
}

/// Whether a symbol is left undefined for the linker, or for the loader of modules, and has no export: `ignore_undef_symbol`
/// of the kernel's modpost.
fn is_resolved_by_linker(machine: elf::Machine, name: &[u8]) -> bool {
    // Functions that save and restore registers.
    let of_machine: &[&[u8]] = match machine {
        elf::EM_PPC => &[b"_restgpr_", b"_savegpr_", b"_rest32gpr_", b"_save32gpr_", b"_restvr_", b"_savevr_"],
        elf::EM_PPC64 => &[
            b"_restgpr0_",
            b"_savegpr0_",
            b"_restgpr1_",
            b"_savegpr1_",
            b"_restfpr_",
            b"_savefpr_",
            b"_restvr_",
            b"_savevr_",
            b".TOC.",
        ],
        _ => &[],
    };
    matches!(name, b"" | b"__this_module" | b"_GLOBAL_OFFSET_TABLE_")
        || [&b"__start_"[..], b"__stop_"].iter().chain(of_machine).any(|prefix| name.starts_with(prefix))
}

/// The name without the dot that marks the code of a function in the first ABI of 64-bit PowerPC, where the plain name is its
/// descriptor's.
fn plain_name(machine: elf::Machine, name: &[u8]) -> &[u8] {
    if machine == elf::EM_PPC64 { name.strip_prefix(b".").unwrap_or(name) } else { name }
}
