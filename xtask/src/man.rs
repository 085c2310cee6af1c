// SPDX-License-Identifier: GPL-2.0-only
//! `cargo xtask man`: the manual page, its options from the definition that parses the command line.

use std::{fs, io};

use anyhow::Context;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use kabiscope::cli::gendwarfksyms;

use crate::project;

/// Write the manual page of gendwarfksyms to target/man.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// What stands before the options.
const BEFORE: [(&str, &str); 2] = [
    ("SYNOPSIS", "gendwarfksyms [options] elf-object-file ... < symbol-list"),
    (
        "DESCRIPTION",
        "gendwarfksyms prints the versions (CONFIG_MODVERSIONS) of the symbols that the objects export, computed from \
         their DWARF debugging information. It takes the place of scripts/gendwarfksyms/gendwarfksyms in the build tree \
         of a kernel with CONFIG_GENDWARFKSYMS.",
    ),
];

/// What stands after them.
const AFTER: [(&str, &str); 4] = [
    (
        "STANDARD INPUT",
        "The names of the exported symbols, one a line; what follows the first word of a line does not count. \
         With no name at all nothing is done.",
    ),
    (
        "STANDARD OUTPUT",
        "For each symbol a line \"#SYMVER name 0xversion\", in the order of the input. \
         A symbol that the debugging information does not describe gets a warning and the version 0x00000000.",
    ),
    ("EXIT STATUS", "0, or 1 after an error. A warning leaves it at 0."),
    ("SEE ALSO", "Documentation/kbuild/gendwarfksyms.rst in the sources of Linux"),
];

/// Writes the page, and says where.
pub(crate) fn run(_args: &Args) -> anyhow::Result<()> {
    let folder = project::target_dir().join("man");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;

    let man = Man::new(gendwarfksyms::command()).source(concat!("kabiscope ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    sections(&BEFORE, &mut page)?;
    man.render_options_section(&mut page)?;
    sections(&AFTER, &mut page)?;

    let path = folder.join(man.get_filename());
    fs::write(&path, page)?;
    println!("{}", path.display());
    Ok(())
}

fn sections(sections: &[(&str, &str)], page: &mut Vec<u8>) -> io::Result<()> {
    for &(heading, text) in sections {
        Roff::new().control("SH", [heading]).text([roman(text)]).to_writer(page)?;
    }
    Ok(())
}
