// SPDX-License-Identifier: GPL-2.0-only
//! The symbol that was picked: what is known of it, and the types behind it.

mod facts;
mod hashed;
mod types;

use std::rc::Rc;

use kabiscope::abi::Export;
use yew::prelude::*;

use self::facts::Facts;
use self::hashed::HashedString;
use self::types::{FindType, TypeView};
use super::Navigator;
use super::answer::{Answer, use_answer};
use super::copy::Copy;
use super::files::{OpenFile, State, position};
use super::place::Place;
use super::tree::Tree;

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// The file that it is of; none if no open file is.
    pub(super) file: Option<OpenFile>,
    pub(super) place: Place,
    pub(super) navigator: Navigator,
}

/// The region of a symbol, or of a type.
#[component]
pub(super) fn Symbol(props: &Props) -> Html {
    let Props { file, place, navigator } = props;
    let export = file.as_ref().zip(place.symbol.as_ref()).and_then(|(file, symbol)| {
        let abi = file.abi.borrow();
        let index = position(&abi, symbol)?;
        Some((index, abi.exports[index].clone()))
    });
    let close = navigator.go.reform({
        let place = place.without_pick();
        move |_: MouseEvent| place.clone()
    });
    let content = match (file, export) {
        (None, _) => html! { <p class="empty">{ "The file of this link is not open." }</p> },
        (Some(file), None) if place.symbol.is_some() => {
            let name = file.abi.borrow().file.clone();
            let symbol = place.symbol.clone().unwrap_or_default();
            html! { <p class="empty">{ format!("{name} does not export {symbol}.") }</p> }
        }
        (Some(file), export) => {
            let symbol = export.as_ref().map(|(index, _)| *index as u32);
            let tree = match place.types.last() {
                Some(name) => html! {
                    <TypeView file={file.clone()} {symbol} name={name.clone()} place={place.clone()}
                        navigator={navigator.clone()} />
                },
                None => Html::default(),
            };
            html! {
                <>
                    { trail(place, navigator) }
                    if let (true, Some((index, export))) = (place.types.is_empty(), export) {
                        <SymbolView file={file.clone()} index={index as u32} {export} place={place.clone()}
                            navigator={navigator.clone()} />
                    }
                    { tree }
                </>
            }
        }
    };
    html! {
        <section class="symbol" role="region" aria-label="Symbol" id="symbol" tabindex="-1">
            <button type="button" class="small close" aria-label="Close" title="Close (Esc)" onclick={close}>
                <span class="wide">{ "✕" }</span><span class="narrow">{ "← Close" }</span>
            </button>
            { content }
        </section>
    }
}

/// By which types one came here, from the symbol on.
fn trail(place: &Place, navigator: &Navigator) -> Html {
    if place.types.is_empty() {
        return Html::default();
    }
    let step = |(index, name): (usize, &String)| {
        let is_last = index == place.types.len();
        let onclick = navigator.go.reform({
            let place = place.up_to_type(index);
            move |_: MouseEvent| place.clone()
        });
        html! {
            <li>
                if is_last { <span aria-current="page">{ name }</span> }
                else { <button type="button" class="link" {onclick}>{ name }</button> }
            </li>
        }
    };
    let names = place.symbol.iter().map(|symbol| (0, symbol)).chain((1..).zip(&place.types));
    html! { <nav class="trail" aria-label="Way to this type"><ol>{ for names.map(step) }</ol></nav> }
}

#[derive(Properties, PartialEq)]
struct ViewProps {
    file: OpenFile,
    index: u32,
    export: Export,
    place: Place,
    navigator: Navigator,
}

#[component]
fn SymbolView(props: &ViewProps) -> Html {
    let ViewProps { file, index, export, place, navigator } = props;
    let answer = use_answer((file.opening, file.id, *index), {
        let session = file.session.clone();
        move |&(_, file, index)| async move {
            let view = session.symbol(file, index).await?;
            Ok((view.prototype, view.node.map(Rc::new)))
        }
    });
    let prototype = match &answer {
        Answer::Known(known) => known.0.clone(),
        Answer::Awaited | Answer::Failed(_) => None,
    };
    let show = |hashed: bool| {
        navigator.go.reform({
            let place = Place { hashed, ..place.clone() };
            move |_: MouseEvent| place.clone()
        })
    };
    let follow = navigator.go.reform({
        let place = place.clone();
        move |name| place.with_type(name)
    });
    let tab = |hashed: bool, title: &str| {
        let is_current = hashed == place.hashed;
        html! {
            <button type="button" aria-pressed={is_current.to_string()} onclick={show(hashed)}>{ title }</button>
        }
    };
    let types = match &answer {
        _ if place.hashed => html! { <HashedString file={file.clone()} index={*index} follow={follow.clone()} /> },
        Answer::Awaited => html! { <p class="empty" aria-busy="true">{ "Looking for the types behind it…" }</p> },
        Answer::Failed(reason) => html! { <p class="empty bad">{ &**reason }</p> },
        Answer::Known(known) => match &known.1 {
            Some(node) => html! {
                <Tree file={file.clone()} root={Rc::clone(node)} on_follow={follow.clone()} />
            },
            None => without_types(file, export),
        },
    };
    html! {
        <>
            <header>
                <h2><span class="name">{ &export.name }</span>{ " " }<Copy text={export.name.clone()} what="name" /></h2>
                if let Some(demangled) = &export.demangled { <p class="demangled">{ demangled }</p> }
            </header>
            if let Some(prototype) = prototype { <pre class="prototype" tabindex="0"><code>{ prototype }</code></pre> }
            <Facts file={file.clone()} export={export.clone()} />
            <div class="tools">
                <div class="tabs" role="group" aria-label="What is shown">
                    { tab(false, "Type expansion") }
                    { tab(true, "Hashed string") }
                </div>
                <FindType {follow} />
            </div>
            { types }
        </>
    }
}

/// What it would take to see types.
fn without_types(file: &OpenFile, export: &Export) -> Html {
    let hint = match &file.state {
        State::Finished { hint } => hint.clone(),
        State::Working => None,
    };
    html! {
        <div class="empty">
            <p>{ export.error.clone().unwrap_or_else(|| "Nothing describes the types of this symbol.".to_owned()) }</p>
            if let Some(hint) = hint { <p>{ &*hint }</p> }
        </div>
    }
}
