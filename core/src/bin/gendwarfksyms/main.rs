// SPDX-License-Identifier: GPL-2.0-only
//! `gendwarfksyms`: reads the exported symbols of objects from standard input and prints their versions.
//!
//! It takes the place of `scripts/gendwarfksyms/gendwarfksyms` in a kernel's build, whose command line, output, messages and
//! exit status it has.

mod report;
mod run;

use std::process::ExitCode;

fn main() -> ExitCode {
    run::run()
}
