// SPDX-License-Identifier: GPL-2.0-only
//! The released page, end to end: in a real browser, led by its WebDriver.
//!
//! `cargo xtask browser [FILTER]` builds the page, starts the driver, and runs these. A test is an
//! `async fn(&Page) -> anyhow::Result<()>` that is listed in [`main`]. It gets a page that has just been loaded, in a browser
//! of its own with a fresh profile; a message in the browser's console that is an error fails it, whatever else it finds. Of
//! one that fails a picture is kept.

mod commands;
mod imports;
mod keys;
mod listing;
mod looks;
mod measure;
mod opening;
mod page;
mod setting;
mod site;
mod smoke;
mod symbol;
mod taking;
mod versions;

use std::process::ExitCode;

use libtest_mimic::Arguments;

use crate::setting::Setting;

/// Trials of test functions, called as their paths are written.
macro_rules! trials {
    ($setting:expr, [$($test:path),* $(,)?]) => {
        vec![$($setting.trial(stringify!($test), $test)),*]
    };
}

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = Arguments::from_args();
    let Some(setting) = Setting::from_environment()? else {
        return Ok(libtest_mimic::run(&arguments, Vec::new()).exit_code());
    };
    // What they measure is time, among other things.
    arguments.test_threads = Some(1);
    if measure::is_wanted() {
        let trials = trials!(setting, [measure::kernel]);
        return Ok(libtest_mimic::run(&arguments, trials).exit_code());
    }
    let trials = trials!(
        setting,
        [
            smoke::starts,
            smoke::survives_reload_without_network,
            smoke::tells_that_file_has_changed,
            smoke::tells_that_workers_do_not_start,
            opening::the_sample,
            opening::a_kernel,
            opening::through_the_button,
            opening::one_after_the_other,
            opening::with_a_debug_file,
            opening::with_a_debug_file_later,
            opening::without_debug_info,
            opening::a_wrong_file,
            opening::a_truncated_file,
            opening::cancelled,
            listing::rows,
            listing::search,
            listing::filters,
            listing::order,
            listing::thousands,
            symbol::facts,
            symbol::tree,
            symbol::follow_and_return,
            symbol::used_by,
            symbol::hashed,
            symbol::link_without_its_file,
            symbol::type_by_name,
            imports::would_load,
            imports::would_be_refused,
            imports::without_a_kernel,
            taking::symbol_versions,
            taking::symtypes,
            taking::json,
            keys::all_the_way,
            keys::help,
            keys::a_long_list,
            looks::start,
            looks::lists,
            looks::symbols,
            looks::troubles,
            looks::embedded,
            versions::of_the_fixtures,
            versions::of_a_kernel,
            versions::of_a_kernels_modules,
            versions::of_a_kernels_objects,
        ]
    );
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}
