// SPDX-License-Identifier: GPL-2.0-only
//! `kabiscope`: shows and checks the symbol versions of kernels and modules.
//!
//! Files, threads, terminal and exit status are here. What is shown is [`kabiscope::abi`], and made there.

mod analysis;
mod completions;
mod console;
mod failure;
mod files;
mod filter;
mod image;
mod imports;
mod input;
mod list;
mod output;
mod progress;
mod show;
mod symtypes;
mod table;
mod units;
mod verify;

use std::process::ExitCode;

use clap::Parser as _;
use kabiscope::cli::kabiscope::{Cli, Command, Common};

use crate::console::Console;
use crate::failure::Failure;

/// How a run went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    /// All is well.
    Well,
    /// Versions differ, or a module would not load.
    Differences,
    /// Something could not be read or is not there.
    Trouble,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Well => Self::SUCCESS,
            Status::Differences => Self::from(1),
            Status::Trouble => Self::from(2),
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.common.colour().write_global();
    let console = Console::new(cli.common.quiet);
    let status = run(&cli, &console).unwrap_or_else(|failure| match failure {
        // Whoever read the output has seen enough.
        Failure::Closed => Status::Well,
        Failure::Trouble(trouble) => {
            console.error(&trouble);
            Status::Trouble
        }
    });
    if cli.common.timings {
        console.timings();
    }
    status.max(console.status()).into()
}

fn run(cli: &Cli, console: &Console) -> Result<Status, Failure> {
    start_threads(&cli.common)?;
    match &cli.command {
        Command::List(args) => list::run(args, console),
        Command::Verify(args) => verify::run(args, console),
        Command::Show(args) => show::run(args, console),
        Command::Symtypes(args) => symtypes::run(args, console),
        Command::Imports(args) => imports::run(args, console),
        Command::Completions(args) => completions::run(args),
    }
}

fn start_threads(common: &Common) -> Result<(), Failure> {
    let threads = common.jobs.map_or(0, usize::from);
    let built = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    built.map_err(|error| failure::Trouble::new("threads", error).into())
}
