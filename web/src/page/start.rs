// SPDX-License-Identifier: GPL-2.0-only
//! What there is to see before a file is open.

use web_sys::File;
use yew::prelude::*;

use super::open::OpenButton;
use super::place::Place;

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    pub(super) place: Place,
    pub(super) is_opening: bool,
    pub(super) on_open: Callback<Vec<File>>,
    pub(super) on_sample: Callback<()>,
}

/// The first look.
#[component]
pub(super) fn Start(props: &Props) -> Html {
    let place = &props.place;
    let onclick = props.on_sample.reform(|_: MouseEvent| ());
    html! {
        <div class="start">
            <h1>{ "kabiscope" }</h1>
            <p class="lead">{ "Browse what a Linux kernel or module exports: each symbol, its version, and the types behind it." }</p>
            if !place.sample { { linked(place) } }
            <div class="zone">
                <p>{ "Drop a " }<b>{ "vmlinux" }</b>{ ", " }<b>{ ".ko" }</b>{ " files or both, anywhere on this page." }</p>
                <p class="tools">
                    <OpenButton on_open={props.on_open.clone()} />
                    <button type="button" disabled={props.is_opening} {onclick}>{ "Try a sample" }</button>
                </p>
                <p class="quiet">{ "Also .ko.xz, .ko.zst and .ko.gz; a stripped file together with its debug file." }</p>
            </div>
            <p class="local">
                { "Files stay on this machine: they are read in your browser, and not a byte is sent anywhere. " }
                { "The page works without a network, too." }
            </p>
        </div>
    }
}

/// What a link leads to that was followed without its file.
fn linked(place: &Place) -> Html {
    let what = place.symbol.as_ref().or(place.types.last());
    let Some(file) = place.file.as_ref().or(place.scope.as_ref()) else {
        return match what {
            Some(what) => {
                html! { <p class="linked">{ "This link is to " }<code>{ what }</code>{ ". Open a file that has it." }</p> }
            }
            None => Html::default(),
        };
    };
    html! {
        <p class="linked">
            { "This link is to " }
            if let Some(what) = what { <code>{ what }</code>{ " in " } }
            { "the file with build-id or name " }<code>{ file }</code>
            { ". A page cannot open files by itself: open that file, and you are there." }
        </p>
    }
}
