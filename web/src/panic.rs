// SPDX-License-Identifier: GPL-2.0-only
//! A panic is a bug, and somebody has to learn of it: it would end the program without a word.

use web_sys::DedicatedWorkerGlobalScope;

use crate::worker::message;

/// In a worker: the page is told, which ends the worker.
pub(crate) fn report_to_page(scope: DedicatedWorkerGlobalScope) {
    std::panic::set_hook(Box::new(move |info| {
        console_error_panic_hook::hook(info);
        // A page that cannot be told learns of it from the trap that follows.
        let _ = scope.post_message(&message::panicked(&info.to_string()));
    }));
}

/// In the page: an alert at its head, for the page itself answers no more.
pub(crate) fn report_to_reader() {
    yew::set_custom_panic_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        let text = format!("kabiscope met a bug and has stopped; reload the page to go on. It {info}");
        let document = gloo_utils::document();
        if let (Ok(alert), Some(body)) = (document.create_element("p"), document.body()) {
            alert.set_text_content(Some(&text));
            // Nothing can be done about it if even this does not work.
            let _ = alert.set_attribute("role", "alert");
            let _ = body.insert_before(&alert, body.first_child().as_ref());
        }
    }));
}
