// SPDX-License-Identifier: GPL-2.0-only
//! Where the files of the site are: beside the script that started the page, wherever that may be.

use wasm_bindgen::JsCast as _;
use web_sys::{HtmlScriptElement, Url};

/// The id of the script element that starts the page; the workers run the same script.
const START: &str = "start";

/// The address of the script that starts the page and its workers; `None` outside the page.
pub fn script() -> Option<String> {
    let document = web_sys::window()?.document()?;
    let script: HtmlScriptElement = document.get_element_by_id(START)?.dyn_into().ok()?;
    Some(script.src())
}

/// The address of a file of the site, of its path from that script.
pub fn asset(path: &str) -> Option<String> {
    Some(Url::new_with_base(path, &script()?).ok()?.href())
}
