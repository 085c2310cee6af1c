// SPDX-License-Identifier: GPL-2.0-only
//! `cargo xtask`: every step of the project that is more than one plain cargo command.

mod bench;
mod debian;
mod excerpt;
mod fuzz;
mod kernel;
mod kernel_image;
mod kernel_source;
mod man;
mod oracle;
mod project;
mod test;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tasks of the kabiscope project.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Test(test::Args),
    Oracle(oracle::Args),
    Fixtures(oracle::FixtureArgs),
    Bench(bench::Args),
    Fuzz(fuzz::Args),
    Kernel(kernel::Args),
    Man(man::Args),
    Serve(web::ServeArgs),
    Dist(web::DistArgs),
    Browser(web::BrowserArgs),
    WasmTest(web::RunnerArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Test(args) => test::run(&args),
        Task::Oracle(args) => oracle::run(&args),
        Task::Fixtures(args) => oracle::fixtures(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Kernel(args) => kernel::run(&args),
        Task::Man(args) => man::run(&args),
        Task::Serve(args) => web::serve(&args),
        Task::Dist(args) => web::dist(&args),
        Task::Browser(args) => web::browser(&args),
        Task::WasmTest(args) => web::runner(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Not as main's result: that would print a backtrace where RUST_BACKTRACE asks for those of panics.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
