// SPDX-License-Identifier: GPL-2.0-only
//! A module that was built against another version of one symbol, by all it says.

use std::ops::Range;

use anyhow::{Context, ensure};
use object::{Object as _, ObjectSection as _};

/// Length of an entry of `__versions`: a version, then a name.
const ENTRY: usize = 64;

/// Gives the symbol another version, wherever the module records one for it.
pub(super) fn change_version(module: &mut [u8], symbol: &str) -> anyhow::Result<()> {
    let places = places(module, symbol)?;
    ensure!(!places.is_empty(), "the module has no version of {symbol}");
    for place in places {
        module[place][0] ^= 1;
    }
    Ok(())
}

/// Where the versions of a symbol are.
fn places(module: &[u8], symbol: &str) -> anyhow::Result<Vec<Range<usize>>> {
    let file = object::File::parse(module)?;
    let word = if file.is_64() { 8 } else { 4 };
    let section = |name| {
        let range = file.section_by_name(name)?.file_range()?;
        let start = usize::try_from(range.0).ok()?;
        Some((start, module.get(start..start + usize::try_from(range.1).ok()?)?))
    };

    let mut places = Vec::new();
    if let Some((start, entries)) = section("__versions") {
        for (index, entry) in entries.chunks_exact(ENTRY).enumerate() {
            if starts_with_name(&entry[word..], symbol) {
                let at = start + index * ENTRY;
                places.push(at..at + word);
            }
        }
    }
    if let (Some((start, versions)), Some((_, names))) = (section("__version_ext_crcs"), section("__version_ext_names"))
    {
        let index = names.split(|&byte| byte == 0).position(|name| name == symbol.as_bytes());
        if let Some(index) = index {
            versions.get(4 * index..4 * index + 4).context("it has fewer versions than names")?;
            places.push(start + 4 * index..start + 4 * index + 4);
        }
    }
    Ok(places)
}

fn starts_with_name(field: &[u8], name: &str) -> bool {
    field.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&0))
}
