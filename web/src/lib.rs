// SPDX-License-Identifier: GPL-2.0-only
//! The web page of kabiscope.
//!
//! Page and workers are one program ([`start`]): the page shows what the [`engine`] in its workers finds out by the library
//! `kabiscope`, and never waits for it. Files stay where they are: a worker reads of them what it needs ([`worker::file`]).

pub mod engine;
mod offline;
mod page;
mod panic;
pub mod session;
pub mod site;
pub mod worker;

use wasm_bindgen::JsCast as _;
use web_sys::DedicatedWorkerGlobalScope;

/// Starts what belongs here: in a worker the engine, in a window the page.
pub fn start() {
    match js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
        Ok(scope) => {
            panic::report_to_page(scope.clone());
            worker::serve::<engine::Engine>(&scope);
        }
        Err(_) => {
            panic::report_to_reader();
            page::show();
            offline::prepare();
        }
    }
}

// What the page is made of needs a window.
#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
