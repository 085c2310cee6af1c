// SPDX-License-Identifier: GPL-2.0-only
//! One linear pass over all DIEs of a file, by one thread, with gimli, that looks at nothing but where the next one begins:
//! what `cargo xtask bench image` measures kabiscope against. Prints the number of units and of DIEs.
//!
//! A program of its own, so that it can be measured as the command is, and built with the same profile.

use std::fs::File;

use anyhow::{Context, ensure};
use gimli::{DebugAbbrev, DebugInfo, LittleEndian};
use memmap2::Mmap;
use object::{Object as _, ObjectSection as _};

fn main() -> anyhow::Result<()> {
    let path = std::env::args_os().nth(1).context("usage: linear_pass FILE")?;
    let file = File::open(&path).with_context(|| path.display().to_string())?;
    // SAFETY: nobody writes to the file while it is measured.
    let data = unsafe { Mmap::map(&file) }?;
    let image = object::File::parse(&*data)?;
    ensure!(image.is_little_endian(), "made for little-endian files, so as to be as fast as can be");
    let section = |name: &str| -> anyhow::Result<&[u8]> {
        let section = image.section_by_name(name).with_context(|| format!("there is no {name}"))?;
        Ok(section.data()?)
    };
    let abbreviations = DebugAbbrev::new(section(".debug_abbrev")?, LittleEndian);
    let mut headers = DebugInfo::new(section(".debug_info")?, LittleEndian).units();
    let (mut units, mut dies) = (0u64, 0u64);
    while let Some(unit) = headers.next()? {
        let abbreviations = unit.abbreviations(&abbreviations)?;
        let mut entries = unit.entries_raw(&abbreviations, None)?;
        while !entries.is_empty() {
            if let Some(abbreviation) = entries.read_abbreviation()? {
                entries.skip_attributes(abbreviation.attributes())?;
                dies += 1;
            }
        }
        units += 1;
    }
    println!("{units} {dies}");
    Ok(())
}
