// SPDX-License-Identifier: GPL-2.0-only
//! `cargo xtask man`: the manual pages, from the definitions that parse the command lines.

use std::path::Path;
use std::{fs, io};

use anyhow::Context;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};
use kabiscope::cli::gendwarfksyms;
use kabiscope::cli::kabiscope::{Cli, EXIT_STATUS, examples};

use crate::project;

/// Write the manual pages of both commands to target/man.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// What stands before the options of gendwarfksyms.
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
    ("SEE ALSO", "kabiscope(1); Documentation/kbuild/gendwarfksyms.rst in the sources of Linux"),
];

/// Writes the pages, and says where.
pub(crate) fn run(_args: &Args) -> anyhow::Result<()> {
    let folder = project::target_dir().join("man");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;

    let man = man(gendwarfksyms::command());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    sections(&BEFORE, &mut page)?;
    man.render_options_section(&mut page)?;
    sections(&AFTER, &mut page)?;
    write(&man, &page, &folder)?;

    // A page for `help` would say nothing that --help does not.
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    for subcommand in command.get_subcommands() {
        write_kabiscope(subcommand, &folder)?;
    }
    write_kabiscope(&command, &folder)
}

/// Writes the page of `kabiscope`, or of one of its commands.
fn write_kabiscope(command: &Command, folder: &Path) -> anyhow::Result<()> {
    let man = man(command.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    examples_section(command, &mut page)?;
    exit_status_section(&mut page)?;
    let see_also = if command.has_subcommands() { "gendwarfksyms(1)" } else { "kabiscope(1)" };
    sections(&[("SEE ALSO", see_also)], &mut page)?;
    write(&man, &page, folder)
}

fn man(command: Command) -> Man {
    Man::new(command).source(concat!("kabiscope ", env!("CARGO_PKG_VERSION")))
}

fn write(man: &Man, page: &[u8], folder: &Path) -> anyhow::Result<()> {
    let path = folder.join(man.get_filename());
    fs::write(&path, page).with_context(|| path.display().to_string())?;
    println!("{}", path.display());
    Ok(())
}

fn examples_section(command: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    // Of the whole command, those of all its parts.
    let subcommands = command.get_subcommands().map(Command::get_name);
    let mut examples = subcommands.chain([command.get_name()]).flat_map(examples).peekable();
    if examples.peek().is_none() {
        return Ok(());
    }
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    for example in examples {
        tagged(&mut roff, roman(example.what), example.line);
    }
    roff.to_writer(page)
}

fn exit_status_section(page: &mut Vec<u8>) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (status, meaning) in EXIT_STATUS {
        tagged(&mut roff, bold(status), meaning);
    }
    roff.to_writer(page)
}

/// A paragraph with a tag at its side.
fn tagged(roff: &mut Roff, tag: Inline, text: &str) {
    roff.control("TP", []).text([tag]).text([roman(text)]);
}

fn sections(sections: &[(&str, &str)], page: &mut Vec<u8>) -> io::Result<()> {
    for &(heading, text) in sections {
        Roff::new().control("SH", [heading]).text([roman(text)]).to_writer(page)?;
    }
    Ok(())
}
