// SPDX-License-Identifier: GPL-2.0-only
//! A type by itself: how it got into the symbol, who else uses it, and what it consists of.

use std::rc::Rc;

use kabiscope::abi::tree::{Node, Step, Via};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::super::answer::{Answer, use_answer};
use super::super::files::OpenFile;
use super::super::place::Place;
use super::super::rows::{Rows, Slot};
use super::super::tree::Tree;
use super::super::{Navigator, counted};
use super::facts::place_in_source;
use crate::session::{FileId, Session};

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    pub(super) file: OpenFile,
    /// The symbol that it was followed from.
    pub(super) symbol: Option<u32>,
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) navigator: Navigator,
}

/// A type, and by which way it got into the symbol; no step at all if the symbol does not depend on it.
struct Found {
    node: Rc<Node>,
    way: Vec<Step>,
}

/// Finds a type: as the symbol's own unit knows it, if the symbol depends on it, for others may know more of it or less.
async fn find(session: Session, file: FileId, symbol: Option<u32>, name: String) -> Result<Found, String> {
    let way = match symbol {
        // Of a symbol that no unit describes there is no way to any type.
        Some(symbol) => session.paths(file, symbol, name.clone()).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let node = match way.last().and_then(|step| step.r#type.named.as_ref()) {
        Some(named) => session.node(file, named.at).await?,
        None => {
            let found = session.find_type(file, name.clone()).await?;
            found.ok_or_else(|| format!("No unit knows a type called {name}."))?
        }
    };
    Ok(Found { node: Rc::new(node), way })
}

/// A type.
#[component]
pub(super) fn TypeView(props: &Props) -> Html {
    let Props { file, symbol, name, place, navigator } = props;
    let answer = use_answer((file.opening, file.id, *symbol, name.clone()), {
        let session = file.session.clone();
        move |(_, file, symbol, name)| find(session, *file, *symbol, name.clone())
    });
    let follow = navigator.go.reform({
        let place = place.clone();
        move |name| place.with_type(name)
    });
    let found = match answer {
        Answer::Awaited => return html! { <p class="empty" aria-busy="true">{ "Looking for the type…" }</p> },
        Answer::Failed(reason) => return html! { <p class="empty">{ &*reason }</p> },
        Answer::Known(found) => found,
    };
    let node = &found.node;
    let release = file.abi.borrow().release.clone();
    html! {
        <>
            <header><h2><span class="name">{ &node.name }</span></h2></header>
            <dl class="facts">
                if let Some(size) = node.size { <div><dt>{ "Size" }</dt><dd>{ format!("{size} bytes") }</dd></div> }
                if let Some(alignment) = node.alignment {
                    <div><dt>{ "Alignment" }</dt><dd>{ format!("{alignment} bytes") }</dd></div>
                }
                if let Some(source) = &node.source {
                    <div><dt>{ "Declared" }</dt><dd>{ place_in_source(release.as_deref(), source) }</dd></div>
                }
                if symbol.is_some() {
                    <div class="wide"><dt>{ "Gets in by" }</dt><dd>{ way(&found.way, place, navigator) }</dd></div>
                }
            </dl>
            <Users file={file.clone()} name={name.clone()} place={place.clone()} navigator={navigator.clone()} />
            <Tree file={file.clone()} root={Rc::clone(node)} on_follow={follow} />
        </>
    }
}

/// By which way a type got into a symbol.
fn way(steps: &[Step], place: &Place, navigator: &Navigator) -> Html {
    if steps.is_empty() {
        return html! { <span class="quiet">{ "no way: the version does not depend on it" }</span> };
    }
    let step = |step: &Step| {
        let via = match step.via {
            Via::Variable => "type of",
            Via::Parameter => "parameter",
            Via::Result => "result",
            Via::Member => "member",
            Via::Typedef => "typedef of",
        };
        let through = step.r#type.named.as_ref().map(|named| named.name.clone());
        let onclick = through.map(|name| {
            navigator.go.reform({
                let place = place.up_to_type(0).with_type(name);
                move |_: MouseEvent| place.clone()
            })
        });
        let r#type = &step.r#type.name;
        html! {
            <li>
                <span class="word">{ via }{ " " }</span>
                if let Some(name) = &step.name { <b>{ name }</b>{ " " } }
                if let Some(onclick) = onclick { <button type="button" class="link" {onclick}>{ r#type }</button> }
                else { <code>{ r#type }</code> }
            </li>
        }
    };
    html! { <ol class="way">{ for steps.iter().map(step) }</ol> }
}

#[derive(Properties, PartialEq)]
struct UsersProps {
    file: OpenFile,
    name: String,
    place: Place,
    navigator: Navigator,
}

/// The exports that a type takes part in, when somebody wants to know: all units are asked.
#[component]
fn Users(props: &UsersProps) -> Html {
    let UsersProps { file, name, place, navigator } = props;
    let wanted = use_state(|| None::<String>);
    let is_wanted = wanted.as_deref() == Some(name.as_str());
    let answer = use_answer((file.opening, file.id, name.clone(), is_wanted), {
        let session = file.session.clone();
        move |(_, file, name, is_wanted)| {
            let (file, name, is_wanted) = (*file, name.clone(), *is_wanted);
            async move { if is_wanted { session.used_by(file, name).await } else { Ok(Vec::new()) } }
        }
    });
    let active = use_state(|| None::<usize>);
    if !is_wanted {
        let onclick = {
            let (wanted, name) = (wanted.setter(), name.clone());
            move |_| wanted.set(Some(name.clone()))
        };
        return html! {
            <div class="tools"><button type="button" {onclick}>{ "Used by which exports?" }</button></div>
        };
    }
    let users = match answer {
        Answer::Awaited => return html! { <p class="tools quiet" aria-busy="true">{ "Asking all units…" }</p> },
        Answer::Failed(reason) => return html! { <p class="tools bad">{ &*reason }</p> },
        Answer::Known(users) => users,
    };
    let count = users.len();
    let name_of = {
        let (users, file) = (users, file.clone());
        move |index: usize| {
            let abi = file.abi.borrow();
            let export = users.get(index).and_then(|&export| abi.exports.get(export as usize));
            export.map(|export| export.name.clone()).unwrap_or_default()
        }
    };
    let pick = {
        let (name_of, key, place, go) = (name_of.clone(), file.key(), place.clone(), navigator.go.clone());
        Callback::from(move |index| go.emit(place.with_symbol(key.clone(), name_of(index))))
    };
    let row = {
        let active = *active;
        Callback::from(move |Slot { index, id, key }: Slot| {
            let is_active = active == Some(index);
            html! {
                <div {id} {key} role="option" aria-selected={is_active.to_string()}
                    class={classes!("part", is_active.then_some("active"))}>
                    <b>{ name_of(index) }</b>
                </div>
            }
        })
    };
    let on_key = {
        let (pick, active) = (pick.clone(), *active);
        Callback::from(move |event: KeyboardEvent| {
            if let (Some(index), "Enter") = (active, &*event.key()) {
                pick.emit(index);
            }
        })
    };
    let on_move = {
        let active = active.setter();
        Callback::from(move |index| active.set(Some(index)))
    };
    html! {
        <>
            <h3>{ format!("Used by {}", counted(count, "export")) }</h3>
            if count > 0 {
                <Rows id="users" role="listbox" label="Used by" {count} active={*active} {on_move} {on_key} {row}
                    on_click={pick} />
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct FindProps {
    pub(super) follow: Callback<String>,
}

/// Where a type of a symbol can be asked for by its name.
#[component]
pub(super) fn FindType(props: &FindProps) -> Html {
    let onkeydown = {
        let follow = props.follow.clone();
        move |event: KeyboardEvent| {
            let name = event.target_unchecked_into::<HtmlInputElement>().value();
            if event.key() == "Enter" && !name.trim().is_empty() {
                follow.emit(name.trim().to_owned());
            }
        }
    };
    html! {
        <input type="text" class="find" placeholder="Type, as struct file" aria-label="Go to a type" spellcheck="false"
            autocomplete="off" {onkeydown} />
    }
}
