// SPDX-License-Identifier: GPL-2.0-only
//! What the keys do, and what the words mean.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// Keys, and what they do.
const KEYS: [(&str, &str); 9] = [
    ("/", "search"),
    ("↑ ↓  PgUp PgDn  Home End", "move in the list or tree that has the focus"),
    ("Enter", "list: pick the symbol; tree: follow the type"),
    ("→ ←", "tree: open and close; to the parent"),
    ("Space", "tree: open or close"),
    ("Esc", "close the symbol; from the search box to the list"),
    ("Tab", "to the next part of the page"),
    ("Alt ←, Alt →", "back and forward, as in any page"),
    ("?", "this help"),
];

/// What is typed into the search box.
const SEARCHES: [(&str, &str); 3] = [
    ("vfs_", "names with this part; capitals count only if there are any"),
    ("mem{cpy,set}*", "a glob, for all of the name: * ? […] {…}"),
    ("/^_?print/", "a regular expression, for some part of it"),
];

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    pub(super) on_close: Callback<()>,
}

/// The dialog.
#[component]
pub(super) fn Help(props: &Props) -> Html {
    let dialog = use_node_ref();
    use_effect_with(dialog.clone(), |dialog| {
        if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
            // It is in the document and not open, so nothing hinders it.
            let _ = dialog.show_modal();
        }
    });
    let onclose = props.on_close.reform(|_: Event| ());
    let onclick = props.on_close.reform(|_: MouseEvent| ());
    let line = |(term, words): &(&str, &str)| html! { <div><dt><kbd>{ *term }</kbd></dt><dd>{ *words }</dd></div> };
    html! {
        <dialog ref={dialog} class="help" aria-labelledby="help-title" {onclose}>
            <header>
                <h2 id="help-title">{ "Help" }</h2>
                <button type="button" class="small" aria-label="Close" {onclick}>{ "✕" }</button>
            </header>
            <h3>{ "Keys" }</h3>
            <dl>{ for KEYS.iter().map(line) }</dl>
            <h3>{ "Search" }</h3>
            <dl>{ for SEARCHES.iter().map(line) }</dl>
            <h3>{ "Versions" }</h3>
            <p>
                { "A symbol's version is the CRC-32 of its type, with all types that it depends on written out. The kernel compares \
                   what a module was built against with its own, and refuses the module where they differ. " }
                <b>{ "Recorded" }</b>{ " is what the file says; " }
                <b>{ "computed" }</b>{ " is what its debugging information gives, here in your browser." }
            </p>
        </dialog>
    }
}
