// SPDX-License-Identifier: GPL-2.0-only
//! The page without a network: a service worker keeps its files.

use js_sys::Reflect;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Has the browser install the service worker that the page names, if it names one: only released pages do.
pub(crate) fn prepare() {
    let Ok(Some(link)) = gloo_utils::document().query_selector("meta[name=service-worker]") else { return };
    let Some(script) = link.get_attribute("content") else { return };
    let navigator = gloo_utils::window().navigator();
    // Browsers have it for pages of secure origins only.
    if !Reflect::has(&navigator, &"serviceWorker".into()).unwrap_or(false) {
        return;
    }
    let registration = navigator.service_worker().register(&script);
    spawn_local(async move {
        // Without it the page works as well, as long as there is a network.
        let _ = JsFuture::from(registration).await;
    });
}
