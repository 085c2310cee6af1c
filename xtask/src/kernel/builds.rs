// SPDX-License-Identifier: GPL-2.0-only
//! The kernel, built in five ways.

use std::path::PathBuf;

use super::config::{self, Fragment};
use super::tree::{Recipe, Tool, Tree, X86_64};
use super::{Workshop, compare};

/// What is built after `prepare`.
pub(super) const TARGETS: &[&str] = &["all"];

/// How a kernel is versioned, and what that needs.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Not at all, and without debug information.
    Plain,
    /// By genksyms, which needs no debug information.
    Genksyms,
    /// Not at all, but with debug information.
    Dwarf,
    /// By the kernel's gendwarfksyms.
    Reference,
    /// By ours.
    Ours,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [Self::Plain, Self::Genksyms, Self::Dwarf, Self::Reference, Self::Ours];

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Genksyms => "genksyms",
            Self::Dwarf => "dwarf",
            Self::Reference => "reference",
            Self::Ours => "ours",
        }
    }

    /// What the page calls it, but for Rust.
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::Plain => "no versions, no DWARF",
            Self::Genksyms => "genksyms, no DWARF",
            Self::Dwarf => "no versions, DWARF 5",
            Self::Reference => "the kernel's gendwarfksyms, DWARF 5",
            Self::Ours => "kabiscope's gendwarfksyms, DWARF 5",
        }
    }

    fn fragments(self) -> &'static [Fragment] {
        match self {
            Self::Plain => &[],
            Self::Genksyms => &[config::MODVERSIONS, config::GENKSYMS],
            Self::Dwarf => &[config::DWARF],
            Self::Reference | Self::Ours => &[config::DWARF, config::MODVERSIONS, config::GENDWARFKSYMS],
        }
    }
}

/// The kernel built in this way, with its modules.
pub(super) fn tree(workshop: &Workshop, kind: Kind) -> anyhow::Result<Tree<'_>> {
    let tree = prepared(workshop, kind)?;
    tree.build(TARGETS)?;
    Ok(tree)
}

/// The kernel's gendwarfksyms.
pub(super) fn reference_tool(workshop: &Workshop) -> anyhow::Result<PathBuf> {
    Ok(prepared(workshop, Kind::Reference)?.path.join("scripts/gendwarfksyms/gendwarfksyms"))
}

/// The kernel made ready to be built in this way.
fn prepared(workshop: &Workshop, kind: Kind) -> anyhow::Result<Tree<'_>> {
    // A kernel with Rust takes no versions of genksyms.
    let rust = workshop.rust.as_ref().ok().filter(|_| !matches!(kind, Kind::Plain | Kind::Genksyms));
    let common = [config::BASE, config::MODULES, config::BOOT];
    let recipe = Recipe {
        name: kind.name().to_owned(),
        source: &workshop.source,
        machine: &X86_64,
        fragments: common.into_iter().chain(kind.fragments().iter().copied()).collect(),
        tool: if matches!(kind, Kind::Ours) { Tool::OursByMakefile } else { Tool::Kernels },
        rust,
    };
    let tree = Tree::new(workshop, recipe)?;
    tree.build(&["prepare"])?;
    Ok(tree)
}

/// Builds with the reference and with ours, and compares.
pub(super) fn compare(workshop: &Workshop) -> anyhow::Result<String> {
    let (reference, ours) = (tree(workshop, Kind::Reference)?, tree(workshop, Kind::Ours)?);
    let equal = compare::trees(&reference.path, &ours.path)?;
    let compare::Equal { symbols, symtypes, types } = equal;
    Ok(format!("equal: {symbols} versions in Module.symvers, {symtypes} symtypes files with {types} lines"))
}
