// SPDX-License-Identifier: GPL-2.0-only
//! The web page: building, serving and testing it, with no tool but cargo.

mod axe;
mod browser;
mod dist;
mod page;
mod serve;
mod tests;

pub(crate) use self::dist::{Args as DistArgs, run as dist};
pub(crate) use self::page::{WASM, require_target};
pub(crate) use self::serve::{Args as ServeArgs, run as serve};
pub(crate) use self::tests::{Args as BrowserArgs, Outcome, RunnerArgs, measure, run as browser, run_tests, runner};
