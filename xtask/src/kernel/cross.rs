// SPDX-License-Identifier: GPL-2.0-only
//! The core of the kernel for other machines, one of them big-endian; and this time ours is named by the patch series' variable.

use super::recompute::{self, Types};
use super::tree::{Machine, Recipe, Tool, Tree};
use super::{Workshop, builds, config, series, toolchain};

const MACHINES: [Machine; 2] =
    [Machine { arch: "arm64", prefix: "aarch64-linux-gnu-" }, Machine { arch: "s390", prefix: "s390x-linux-gnu-" }];

/// The folders that have most exports.
const CORE: &[&str] = &["kernel/", "lib/"];

/// Builds for each machine with ours, and has the kernel's tool say the same of every object.
pub(super) fn run(workshop: &Workshop) -> anyhow::Result<String> {
    toolchain::require(toolchain::FOR_CROSS_BUILDING)?;
    let reference = builds::reference_tool(workshop)?;
    let patched = series::patched(workshop)?;
    let mut results = Vec::new();
    for machine in &MACHINES {
        let recipe = Recipe {
            name: machine.arch.to_owned(),
            source: &patched,
            machine,
            fragments: vec![config::BASE, config::DWARF, config::MODVERSIONS, config::GENDWARFKSYMS],
            tool: Tool::OursByVariable,
            rust: None,
        };
        let tree = Tree::new(workshop, recipe)?;
        tree.build(CORE)?;
        let equal = recompute::by_gendwarfksyms(&tree.path, &reference, Types::Compared)?;
        results.push(format!(
            "{} versions and symtypes of {} objects for {}",
            equal.versions, equal.objects, machine.arch
        ));
    }
    Ok(format!("equal: {}", results.join("; ")))
}
