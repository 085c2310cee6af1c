// SPDX-License-Identifier: GPL-2.0-only
//! Opening files: by a button, by dropping them anywhere, or the sample.

use futures::future::try_join_all;
use gloo_events::{EventListener, EventListenerOptions};
use js_sys::Array;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DragEvent, File, FileList, HtmlInputElement, Response};
use yew::prelude::*;

use crate::site;

/// The files of the sample, beside the program.
const SAMPLE: [&str; 3] = ["vmlinux", "mini_a.ko", "mini_b.ko"];

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    pub(super) on_open: Callback<Vec<File>>,
}

/// The button.
#[component]
pub(super) fn OpenButton(props: &Props) -> Html {
    let onchange = props.on_open.reform(|event: Event| {
        let input = event.target_unchecked_into::<HtmlInputElement>();
        let files = all(input.files().as_ref());
        // So that the same files can be opened again.
        input.set_value("");
        files
    });
    html! {
        <label class="button primary">
            { "Open files…" }<input type="file" multiple=true aria-label="Open files" {onchange} />
        </label>
    }
}

/// All of the window, as long as something is dragged over it.
#[component]
pub(super) fn DropZone(props: &Props) -> Html {
    let is_over = use_state_eq(|| false);
    use_effect_with(props.on_open.clone(), {
        let is_over = is_over.setter();
        move |on_open| {
            let window = gloo_utils::window();
            let options = EventListenerOptions::enable_prevent_default;
            let over = EventListener::new_with_options(&window, "dragover", options(), {
                let is_over = is_over.clone();
                move |event| {
                    event.prevent_default();
                    is_over.set(true);
                }
            });
            // When nothing is entered for it, the window was left.
            let left = EventListener::new(&window, "dragleave", {
                let is_over = is_over.clone();
                move |event| {
                    if event.unchecked_ref::<DragEvent>().related_target().is_none() {
                        is_over.set(false);
                    }
                }
            });
            let on_open = on_open.clone();
            let dropped = EventListener::new_with_options(&window, "drop", options(), move |event| {
                event.prevent_default();
                is_over.set(false);
                let files = event.unchecked_ref::<DragEvent>().data_transfer().and_then(|data| data.files());
                on_open.emit(all(files.as_ref()));
            });
            move || drop((over, left, dropped))
        }
    });
    match *is_over {
        true => html! { <div class="drop" aria-hidden="true"><p>{ "Drop to open" }</p></div> },
        false => Html::default(),
    }
}

fn all(files: Option<&FileList>) -> Vec<File> {
    files.into_iter().flat_map(|list| (0..list.length()).filter_map(|index| list.get(index))).collect()
}

/// Fetches the sample.
pub(super) async fn sample() -> Result<Vec<File>, String> {
    try_join_all(SAMPLE.map(fetch)).await
}

async fn fetch(name: &'static str) -> Result<File, String> {
    let address = site::asset(&format!("sample/{name}")).ok_or("the page does not know where it is")?;
    let fetched = async {
        let response: Response = JsFuture::from(gloo_utils::window().fetch_with_str(&address)).await?.unchecked_into();
        if !response.ok() {
            return Err(JsValue::from(format!("{name}: {} {}", response.status(), response.status_text())));
        }
        let blob = JsFuture::from(response.blob()?).await?;
        File::new_with_blob_sequence(&Array::of1(&blob), name)
    };
    fetched.await.map_err(|error| match error.as_string() {
        Some(text) => text,
        None => format!("{name}: {}", String::from(js_sys::Object::from(error).to_string())),
    })
}
