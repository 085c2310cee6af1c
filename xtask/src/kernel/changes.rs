// SPDX-License-Identifier: GPL-2.0-only
//! Which versions change with the source: small patches to a kernel, each of which changes its ABI or does not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::config::{self, Fragment};
use super::source::Source;
use super::tree::{Recipe, Tool, Tree, X86_64};
use super::{Workshop, compare, page};
use crate::project;

/// The objects whose versions are looked at.
const C_OBJECTS: &[&str] = &["lib/klist.o", "lib/kobject.o", "kernel/workqueue.o"];

/// Is made on the way to any other.
const RUST_OBJECTS: &[&str] = &["rust/kernel.o"];

/// A patch in `changes/`.
struct Change {
    patch: &'static str,
    what: &'static str,
    /// Whether a module built before would go wrong after it.
    is_abi_change: bool,
    objects: &'static [&'static str],
}

const CHANGES: [Change; 11] = [
    Change::to_c("comment", "a comment", false),
    Change::to_c("parameter-renamed", "a parameter renamed, in a prototype and its function", false),
    Change::to_c("type-respelled", "`unsigned int` spelled `unsigned`, for a member", false),
    Change::to_c("type-completed", "an `#include` that completes a type", false),
    Change::to_c("enumerator-added", "an enumerator added at the end", false),
    Change::to_c("private-member-added", "a member added to a structure that only its own `.c` file defines", false),
    Change::to_c("member-added", "a member added to a structure", true),
    Change::to_c("members-swapped", "two members swapped", true),
    Change::to_c("packed-by-pragma", "a structure packed by `#pragma pack`", true),
    Change::to_c("variadic", "`...` added to a function's parameters", true),
    Change {
        patch: "rust-fields-swapped",
        what: "two fields of a Rust structure swapped",
        is_abi_change: true,
        objects: RUST_OBJECTS,
    },
];

impl Change {
    const fn to_c(patch: &'static str, what: &'static str, is_abi_change: bool) -> Self {
        Self { patch, what, is_abi_change, objects: C_OBJECTS }
    }

    fn is_to_rust(&self) -> bool {
        self.objects == RUST_OBJECTS
    }
}

type Versions = BTreeMap<String, String>;

/// One way to compute versions, and those of the unchanged source.
struct Method<'a> {
    tree: Tree<'a>,
    objects: &'static [&'static str],
    before: Versions,
}

/// Tries all changes, and writes the page's figures.
pub(super) fn run(workshop: &Workshop) -> anyhow::Result<String> {
    page::publish(workshop, "changes", &table(workshop)?)?;
    Ok(format!("{} changes tried, and the table written", CHANGES.len()))
}

/// A table: of each change, how many versions follow it.
fn table(workshop: &Workshop) -> anyhow::Result<String> {
    let source = workshop.source.copy("linux-changed")?;
    let genksyms = Method::new(workshop, &source, "changed-genksyms", &[config::GENKSYMS], false)?;
    let dwarf = [config::DWARF, config::GENDWARFKSYMS];
    let gendwarfksyms = Method::new(workshop, &source, "changed-dwarf", &dwarf, false)?;
    let mut table = String::from("| change | ABI | genksyms | DWARF |\n| --- | --- | ---: | ---: |\n");
    let (of_rust, of_c): (Vec<&Change>, Vec<&Change>) = CHANGES.iter().partition(|change| change.is_to_rust());
    for change in of_c {
        table += &row(change, &source, Some(&genksyms), &gendwarfksyms)?;
    }
    if workshop.rust.is_ok() {
        let gendwarfksyms = Method::new(workshop, &source, "changed-rust", &dwarf, true)?;
        for change in of_rust {
            // A kernel with Rust takes no versions of genksyms.
            table += &row(change, &source, None, &gendwarfksyms)?;
        }
    }
    Ok(table)
}

/// A line of the table; shown at once, for the next one takes its time.
fn row(
    change: &Change,
    source: &Source,
    genksyms: Option<&Method<'_>>,
    gendwarfksyms: &Method<'_>,
) -> anyhow::Result<String> {
    let patch = project::root().join("xtask/src/kernel/changes").join(change.patch).with_extension("patch");
    source.apply(&patch, &[])?;
    let of_genksyms = genksyms.map(Method::changed).transpose()?;
    let of_gendwarfksyms = gendwarfksyms.changed()?;
    source.apply(&patch, &["--reverse"])?;
    let line = format!(
        "| {} | {} | {} | {of_gendwarfksyms} |\n",
        change.what,
        if change.is_abi_change { "changes" } else { "same" },
        of_genksyms.as_deref().unwrap_or("no versions"),
    );
    print!("  {line}");
    Ok(line)
}

impl<'a> Method<'a> {
    fn new(
        workshop: &'a Workshop,
        source: &'a Source,
        name: &str,
        tool: &[Fragment],
        is_rust: bool,
    ) -> anyhow::Result<Self> {
        let fragments = [config::BASE, config::MODVERSIONS].into_iter().chain(tool.iter().copied()).collect();
        let recipe = Recipe {
            name: name.to_owned(),
            source,
            machine: &X86_64,
            fragments,
            tool: if tool.contains(&config::GENKSYMS) { Tool::Kernels } else { Tool::OursByMakefile },
            rust: workshop.rust.as_ref().ok().filter(|_| is_rust),
        };
        // What an earlier run left may have been made from changed sources, and make would not see that.
        let left = workshop.folder.join(name);
        if left.exists() {
            fs::remove_dir_all(left)?;
        }
        let tree = Tree::new(workshop, recipe)?;
        let objects = if is_rust { RUST_OBJECTS } else { C_OBJECTS };
        let mut method = Self { tree, objects, before: Versions::new() };
        println!("  building what is changed ({name})");
        method.before = method.versions()?;
        Ok(method)
    }

    /// The versions of the source as it is.
    fn versions(&self) -> anyhow::Result<Versions> {
        // Rust's are made while all else is prepared.
        let targets = if self.objects == RUST_OBJECTS { &["prepare"] } else { self.objects };
        self.tree.run(targets)?;
        let mut versions = Versions::new();
        for object in self.objects {
            let (folder, name) = object.rsplit_once('/').unwrap_or((".", object));
            let kept = Path::new(folder).join(format!(".{name}.cmd"));
            versions.extend(compare::versions(&fs::read_to_string(self.tree.path.join(kept))?));
        }
        anyhow::ensure!(!versions.is_empty(), "{} has no versions", self.objects.join(", "));
        Ok(versions)
    }

    /// How many versions are others now.
    fn changed(&self) -> anyhow::Result<String> {
        let now = self.versions()?;
        let changed = self.before.iter().filter(|(name, version)| now.get(*name) != Some(version)).count();
        Ok(format!("{changed} of {}", self.before.len()))
    }
}
