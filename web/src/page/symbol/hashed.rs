// SPDX-License-Identifier: GPL-2.0-only
//! The string that a version is the CRC of, and the types that it was put together from.

use yew::prelude::*;

use super::super::answer::{Answer, use_answer};
use super::super::copy::Copy;
use super::super::files::OpenFile;
use super::super::rows::{Rows, Slot};

/// How much of the string is shown: half a megabyte is behind many a symbol, and nobody reads it.
const SHOWN: usize = 4000;

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    pub(super) file: OpenFile,
    pub(super) index: u32,
    /// A type is to be shown by itself.
    pub(super) follow: Callback<String>,
}

/// The string and its references.
#[component]
pub(super) fn HashedString(props: &Props) -> Html {
    let Props { file, index, follow } = props;
    let answer = use_answer((file.opening, file.id, *index), {
        let session = file.session.clone();
        move |&(_, file, index)| async move { session.hashed(file, index).await }
    });
    let active = use_state(|| None::<usize>);
    let hashed = match answer {
        Answer::Awaited => return html! { <p class="empty" aria-busy="true">{ "Putting the string together…" }</p> },
        Answer::Failed(reason) => return html! { <p class="empty bad">{ &*reason }</p> },
        Answer::Known(hashed) => hashed,
    };
    let (string, count) = (&hashed.string, hashed.parts.len());
    let end = string.char_indices().map(|(place, _)| place).find(|&place| place >= SHOWN).unwrap_or(string.len());
    let row = {
        let (hashed, active) = (hashed.clone(), *active);
        Callback::from(move |Slot { index, id, key }: Slot| {
            let (name, string) = hashed.parts[index].clone();
            let is_active = active == Some(index);
            html! {
                <div {id} {key} role="option" aria-selected={is_active.to_string()}
                    class={classes!("part", is_active.then_some("active"))}>
                    <b>{ name }</b>{ " " }<span>{ string }</span>
                </div>
            }
        })
    };
    let on_click = {
        let (hashed, follow) = (hashed.clone(), follow.clone());
        Callback::from(move |index: usize| follow.emit(hashed.parts[index].0.clone()))
    };
    let on_key = {
        let (on_click, active) = (on_click.clone(), *active);
        Callback::from(move |event: KeyboardEvent| {
            if let (Some(index), "Enter") = (active.filter(|&active| active < count), &*event.key()) {
                on_click.emit(index);
            }
        })
    };
    let on_move = {
        let active = active.setter();
        Callback::from(move |index| active.set(Some(index)))
    };
    html! {
        <>
            <div class="tools">
                <span class="quiet">
                    { format!("The version is the CRC-32 of these {} bytes.", super::super::grouped(string.len())) }
                </span>
                <Copy text={string.clone()} what="hashed string" />
            </div>
            <pre class="hashed" tabindex="0" aria-label="Hashed string">
                <code>{ &string[..end] }</code>
                if end < string.len() { <span class="quiet">{ " … and so on" }</span> }
            </pre>
            <h3>{ format!("Types in it ({})", super::super::grouped(count)) }</h3>
            if count == 0 {
                <p class="empty">{ "It refers to no type with a name." }</p>
            } else {
                <Rows id="parts" role="listbox" label="Types in it" {count} active={*active} {on_move} {on_key} {row}
                    {on_click} />
            }
        </>
    }
}
