// SPDX-License-Identifier: GPL-2.0-only
//! `kabiscope` as its users see it: what it prints, and the exit status.
//!
//! Most of it is tried on `tests/fixtures/image`, whose versions and symtypes come from the reference.

mod imports;
mod kernel;
mod list;
mod show;
mod symtypes;
mod usage;
mod verify;

use std::path::{Path, PathBuf};

use snapbox::cmd::Command;

/// The folder of the kernel and the modules.
fn image() -> PathBuf {
    kabiscope_tests::fixtures().join("image")
}

/// Runs the command in a folder.
fn kabiscope_in<'a>(folder: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let command = Command::new(kabiscope_tests::command::kabiscope()).args(arguments).current_dir(folder);
    // Whoever runs the tests may have a taste of their own.
    ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"].into_iter().fold(command, Command::env_remove).env("COLUMNS", "100")
}

/// Runs the command in the folder of the kernel and the modules. Words are separated by blanks.
fn kabiscope(arguments: &str) -> Command {
    kabiscope_in(&image(), arguments.split_whitespace())
}
