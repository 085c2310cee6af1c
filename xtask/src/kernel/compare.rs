// SPDX-License-Identifier: GPL-2.0-only
//! Whether two builds of one kernel have the same versions, and the same types behind them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use walkdir::WalkDir;

/// What was found equal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Equal {
    /// Symbols in `Module.symvers`.
    pub(super) symbols: usize,
    /// `.symtypes` files.
    pub(super) symtypes: usize,
    /// Lines of all these files.
    pub(super) types: usize,
}

/// Compares `Module.symvers` and every symtypes file of two build trees.
pub(super) fn trees(reference: &Path, ours: &Path) -> anyhow::Result<Equal> {
    let symvers = |tree: &Path| {
        let file = tree.join("Module.symvers");
        fs::read_to_string(&file).with_context(|| format!("no {}", file.display()))
    };
    let (expected, actual) = (symvers(reference)?, symvers(ours)?);
    let mut differences = differing_lines(&expected, &actual);

    let (expected_files, actual_files) = (symtypes(reference)?, symtypes(ours)?);
    for file in expected_files.symmetric_difference(&actual_files) {
        differences.push(format!("only one build has {}", file.display()));
    }
    let mut types = 0;
    for file in expected_files.intersection(&actual_files) {
        let (expected, actual) = (fs::read_to_string(reference.join(file))?, fs::read_to_string(ours.join(file))?);
        types += expected.lines().count();
        if expected != actual {
            let first = differing_lines(&expected, &actual).swap_remove(0);
            differences.push(format!("{}: {first}", file.display()));
        }
    }
    let count = differences.len();
    differences.truncate(20);
    ensure!(
        count == 0,
        "{count} differences between {} and {}:\n{}",
        reference.display(),
        ours.display(),
        differences.join("\n")
    );
    let symbols = expected.lines().count();
    ensure!(symbols > 0 && types > 0, "there is nothing to compare in {}", reference.display());
    Ok(Equal { symbols, symtypes: expected_files.len(), types })
}

/// The lines that only one of two texts has; where the texts differ in order alone, the first that is out of it.
fn differing_lines(expected: &str, actual: &str) -> Vec<String> {
    let sets = [expected, actual].map(|text| text.lines().collect::<BTreeSet<_>>());
    let only = |one: &BTreeSet<&str>, other: &BTreeSet<&str>, whose| {
        one.difference(other).map(|line| format!("{whose}: {line}")).collect::<Vec<_>>()
    };
    let mut lines = only(&sets[0], &sets[1], "reference");
    lines.extend(only(&sets[1], &sets[0], "ours"));
    if lines.is_empty() {
        let order = expected.lines().zip(actual.lines()).find(|(one, other)| one != other);
        lines.extend(order.map(|(line, _)| format!("in another order: {line}")));
    }
    lines
}

/// The symtypes files of a build tree, by their paths in it.
fn symtypes(tree: &Path) -> anyhow::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for entry in WalkDir::new(tree) {
        let entry = entry?;
        if entry.path().extension().is_some_and(|extension| extension == "symtypes") {
            found.insert(entry.path().strip_prefix(tree)?.to_owned());
        }
    }
    Ok(found)
}

/// The versions that each object's exports have, as Kbuild keeps them beside it: `fs/.open.o.cmd` for `fs/open.o`.
pub(super) fn versions_by_object(tree: &Path) -> anyhow::Result<BTreeMap<PathBuf, BTreeMap<String, String>>> {
    let mut found = BTreeMap::new();
    for entry in WalkDir::new(tree) {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy();
        if let Some(object) = name.strip_prefix('.').and_then(|name| name.strip_suffix(".cmd"))
            && object.ends_with(".o")
        {
            let versions = versions(&String::from_utf8_lossy(&fs::read(entry.path())?));
            if !versions.is_empty() {
                found.insert(entry.path().with_file_name(object), versions);
            }
        }
    }
    Ok(found)
}

/// What `#SYMVER` lines say.
pub(super) fn versions(lines: &str) -> BTreeMap<String, String> {
    let versions = lines.lines().filter_map(|line| line.strip_prefix("#SYMVER ")?.split_once(' '));
    versions.map(|(name, version)| (name.to_owned(), version.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(symvers: &str, types: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("fs")).expect("a folder in it");
        fs::write(folder.path().join("Module.symvers"), symvers).expect("a file in it");
        fs::write(folder.path().join("fs/open.symtypes"), types).expect("another one");
        folder
    }

    #[test]
    fn builds_are_compared_by_their_versions_and_types() {
        let (symvers, types) = ("0x1\ta\tvmlinux\tEXPORT_SYMBOL\t\n", "a variable s#x\ns#x structure_type x {\n");
        let reference = tree(symvers, types);
        let equal = trees(reference.path(), tree(symvers, types).path()).expect("they are equal");
        assert_eq!(equal, Equal { symbols: 1, symtypes: 1, types: 2 });

        let other = tree(&symvers.replace("0x1", "0x2"), types);
        let error = trees(reference.path(), other.path()).expect_err("a version differs").to_string();
        assert!(error.contains("reference: 0x1\ta\t") && error.contains("ours: 0x2\ta\t"), "{error}");

        let other = tree(symvers, "s#x structure_type x {\na variable s#x\n");
        let error = trees(reference.path(), other.path()).expect_err("lines are swapped").to_string();
        assert!(error.contains("fs/open.symtypes: in another order: a variable s#x"), "{error}");

        let other = tree(symvers, types);
        fs::rename(other.path().join("fs/open.symtypes"), other.path().join("open.symtypes"))
            .expect("both paths exist");
        let error = trees(reference.path(), other.path()).expect_err("another file").to_string();
        assert!(error.contains("only one build has fs/open.symtypes"), "{error}");
    }

    #[test]
    fn versions_beside_an_object() {
        let lines = "savedcmd_fs/open.o := gcc -c\n#SYMVER filp_open 0x0123abcd\n#SYMVER a 0x00000000\n";
        let expected = [("a", "0x00000000"), ("filp_open", "0x0123abcd")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(versions(lines), BTreeMap::from(expected));
    }
}
