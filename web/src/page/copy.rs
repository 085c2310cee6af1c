// SPDX-License-Identifier: GPL-2.0-only
//! What can be taken away: text by the clipboard, files by the download folder.

use js_sys::Array;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// The text.
    pub(super) text: AttrValue,
    /// What it is.
    pub(super) what: AttrValue,
}

/// A button that copies a text.
#[component]
pub(super) fn Copy(props: &Props) -> Html {
    let outcome = use_state(|| None::<bool>);
    let onclick = {
        let text = props.text.clone();
        let outcome = outcome.setter();
        move |_| {
            let copied = gloo_utils::window().navigator().clipboard().write_text(&text);
            let outcome = outcome.clone();
            spawn_local(async move { outcome.set(Some(JsFuture::from(copied).await.is_ok())) });
        }
    };
    let sign = match *outcome {
        None => "copy",
        Some(true) => "copied",
        Some(false) => "not allowed",
    };
    let label = format!("Copy {}", props.what);
    // Another text was not copied yet.
    use_effect_with(props.text.clone(), {
        let outcome = outcome.setter();
        move |_| outcome.set(None)
    });
    html! { <button type="button" class="small" aria-label={label} {onclick}>{ sign }</button> }
}

/// Has the browser save a file.
pub(super) fn download(name: &str, kind: &str, content: &[u8]) {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let parts = Array::of1(&js_sys::Uint8Array::from(content));
    let saved = Blob::new_with_u8_array_sequence_and_options(&parts, &options).and_then(|blob| {
        let address = Url::create_object_url_with_blob(&blob)?;
        let link = gloo_utils::document().create_element("a")?;
        let link = link.unchecked_into::<HtmlAnchorElement>();
        link.set_href(&address);
        link.set_download(name);
        link.click();
        Url::revoke_object_url(&address)
    });
    if let Err(error) = saved {
        // Only a browser without room for the blob does this.
        web_sys::console::warn_1(&error);
    }
}
