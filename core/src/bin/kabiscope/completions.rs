// SPDX-License-Identifier: GPL-2.0-only
//! `kabiscope completions`.

use std::io::{self, Write as _};

use clap::CommandFactory as _;
use kabiscope::cli::kabiscope::{Cli, Completions};

use crate::Status;
use crate::failure::Failure;

pub(crate) fn run(args: &Completions) -> Result<Status, Failure> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    // The generator takes its writer not to fail.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    io::stdout().write_all(&script)?;
    Ok(Status::Well)
}
