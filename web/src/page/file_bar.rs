// SPDX-License-Identifier: GPL-2.0-only
//! What the open files are, and what can be taken away of them.

use kabiscope::abi::Abi;
use kabiscope::kernel::facts::Kind;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::copy::{Copy, download};
use super::files::{self, Files, OpenFile};
use super::place::Place;
use super::{Navigator, counted, grouped};

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    pub(super) files: Files,
    pub(super) place: Place,
    pub(super) navigator: Navigator,
    pub(super) on_trouble: Callback<String>,
    pub(super) is_embedded: bool,
}

/// The bar.
#[component]
pub(super) fn FileBar(props: &Props) -> Html {
    let Props { files, place, navigator, on_trouble, is_embedded } = props;
    let scope = match (&place.scope, &files[..]) {
        (Some(scope), files) => files::by_key(files, scope),
        (None, [file]) => Some(file),
        (None, _) => None,
    };
    let view = |imports: bool, title: String| {
        let is_current = place.imports == imports;
        let onclick = navigator.go.reform({
            let place = Place { imports, ..place.clone() };
            move |_: MouseEvent| place.clone()
        });
        html! { <button type="button" aria-pressed={is_current.to_string()} {onclick}>{ title }</button> }
    };
    let chosen: Vec<OpenFile> = scope.map_or_else(|| files.to_vec(), |file| vec![file.clone()]);
    let count = |count: fn(&Abi) -> usize| grouped(chosen.iter().map(|file| count(&file.abi.borrow())).sum());
    html! {
        <div class="file">
            if files.len() > 1 { { choice(files, place, navigator) } }
            if !is_embedded {
                { match scope {
                    Some(file) => facts_of_one(file, files.len() > 1),
                    None => facts_of_all(files),
                } }
            }
            <div class="tools">
                <div class="tabs" role="group" aria-label="What is listed">
                    { view(false, format!("Exports {}", count(|abi| abi.exports.len()))) }
                    { view(true, format!("Imports {}", count(|abi| abi.imports.len()))) }
                </div>
                if !is_embedded { <Downloads files={chosen} on_trouble={on_trouble.clone()} /> }
            </div>
        </div>
    }
}

/// Which of several files is meant.
fn choice(files: &Files, place: &Place, navigator: &Navigator) -> Html {
    let keys: Vec<String> = files.iter().map(OpenFile::key).collect();
    let option = |file: &OpenFile, key: &String| {
        html! { <option selected={place.scope.as_ref() == Some(key)}>{ file.abi.borrow().file.clone() }</option> }
    };
    let options = files.iter().zip(&keys).map(|(file, key)| option(file, key)).collect::<Html>();
    let onchange = navigator.go.reform({
        let place = place.clone();
        move |event: Event| {
            let index = event.target_unchecked_into::<HtmlSelectElement>().selected_index();
            let scope = usize::try_from(index - 1).ok().and_then(|index| keys.get(index).cloned());
            Place { scope, filter: Default::default(), ..place.clone() }
        }
    });
    html! {
        <select aria-label="File" class="which" {onchange}>
            <option selected={place.scope.is_none()}>{ format!("All {} files", files.len()) }</option>
            { options }
        </select>
    }
}

fn facts_of_one(file: &OpenFile, is_named: bool) -> Html {
    let abi = file.abi.borrow();
    let fact = |title: &str, value: Html| html! { <div><dt>{ title }</dt><dd>{ value }</dd></div> };
    let text = |title: &str, value: Option<&String>| {
        value.map(|value| fact(title, html! { <span title={value.clone()}>{ value }</span> }))
    };
    let kind = match abi.kind {
        Kind::Vmlinux => "kernel",
        Kind::Module => "module",
        Kind::Object => "object",
    };
    let recorded = abi.exports.iter().filter(|export| export.recorded.is_some()).count();
    let versions = match (abi.exports.len(), recorded) {
        (0, _) => "no exports",
        (_, 0) => "not recorded",
        (all, recorded) if all == recorded => "recorded",
        _ => "partly recorded",
    };
    let troubles = &abi.troubles;
    html! {
        <>
            <dl class="facts">
                if !is_named { { fact("File", html! { <b title={abi.file.clone()}>{ &abi.file }</b> }) } }
                { fact("Kind", html! { { kind } }) }
                { text("Release", abi.release.as_ref()) }
                { fact("Architecture", html! { { &abi.architecture } }) }
                if let Some(module) = &abi.module {
                    { text("Licence", module.licence.as_ref()) }
                    { fact("Signature", html! { { if module.signed { "appended" } else { "none" } } }) }
                }
                { fact("Versions", html! { { versions } }) }
                if let Some(id) = &abi.build_id {
                    { fact("Build-id", html! {
                        <><code class="id" title={id.clone()}>{ id }</code>{ " " }<Copy text={id.clone()} what="build-id" /></>
                    }) }
                }
                { text("Compiler", abi.compiler.as_ref()) }
            </dl>
            if !troubles.is_empty() {
                <details class="troubles">
                    <summary>{ format!("{} could not be read", counted(troubles.len(), "thing")) }</summary>
                    <ul>{ for troubles.iter().map(|trouble| html! { <li>{ trouble }</li> }) }</ul>
                </details>
            }
        </>
    }
}

fn facts_of_all(files: &[OpenFile]) -> Html {
    let abis: Vec<_> = files.iter().map(|file| file.abi.borrow()).collect();
    let distinct = |values: Vec<Option<&String>>| {
        let mut values: Vec<&String> = values.into_iter().flatten().collect();
        values.sort_unstable();
        values.dedup();
        match &values[..] {
            [] => "not known".to_owned(),
            [one] => (*one).clone(),
            several => format!("{} different", several.len()),
        }
    };
    let release = distinct(abis.iter().map(|abi| abi.release.as_ref()).collect());
    let architecture = distinct(abis.iter().map(|abi| Some(&abi.architecture)).collect());
    let count = |kind: Kind, one: &str| match abis.iter().filter(|abi| abi.kind == kind).count() {
        0 => None,
        count => Some(counted(count, one)),
    };
    let kinds = [count(Kind::Vmlinux, "kernel"), count(Kind::Module, "module"), count(Kind::Object, "object")];
    let kinds: Vec<String> = kinds.into_iter().flatten().collect();
    let fact =
        |title: &str, value: String| html! { <div><dt>{ title }</dt><dd title={value.clone()}>{ value }</dd></div> };
    html! {
        <dl class="facts">
            { fact("Files", kinds.join(", ")) }
            { fact("Release", release) }
            { fact("Architecture", architecture) }
        </dl>
    }
}

#[derive(Properties, PartialEq)]
struct DownloadProps {
    files: Vec<OpenFile>,
    on_trouble: Callback<String>,
}

/// What can be taken away.
#[component]
fn Downloads(props: &DownloadProps) -> Html {
    let is_busy = use_state_eq(|| false);
    let symvers = {
        let files = props.files.clone();
        move |_| {
            let mut text = String::new();
            for file in &files {
                for line in file.abi.borrow().symvers() {
                    text += &format!("{line}\n");
                }
            }
            download("Module.symvers", "text/plain", text.as_bytes());
        }
    };
    let json = {
        let (files, on_trouble) = (props.files.clone(), props.on_trouble.clone());
        move |_| {
            let Some(first) = files.first() else { return };
            let abis: Vec<_> = files.iter().map(|file| file.abi.borrow()).collect();
            let written = first.session.json(&abis.iter().map(|abi| &**abi).collect::<Vec<_>>());
            let name = if let [abi] = &abis[..] { format!("{}.json", abi.file) } else { "exports.json".to_owned() };
            let on_trouble = on_trouble.clone();
            spawn_local(async move {
                match written.await {
                    Ok(json) => download(&name, "application/json", &json),
                    Err(trouble) => on_trouble.emit(format!("{name} cannot be written: {trouble}")),
                }
            });
        }
    };
    let symtypes = {
        let (files, is_busy, on_trouble) = (props.files.clone(), is_busy.setter(), props.on_trouble.clone());
        move |_| {
            is_busy.set(true);
            let (files, is_busy, on_trouble) = (files.clone(), is_busy.clone(), on_trouble.clone());
            spawn_local(async move {
                for file in files {
                    let name = file.abi.borrow().file.clone();
                    match file.session.symtypes(file.id).await {
                        Ok(symtypes) => download(&format!("{name}.symtypes"), "text/plain", &symtypes),
                        Err(trouble) => on_trouble.emit(format!("{name}: there are no symtypes: {trouble}")),
                    }
                }
                is_busy.set(false);
            });
        }
    };
    html! {
        <div class="downloads" role="group" aria-label="Download">
            <span class="quiet">{ "Download " }</span>
            <button type="button" onclick={symvers}>{ "Module.symvers" }</button>
            <button type="button" disabled={*is_busy} onclick={symtypes}>
                { if *is_busy { "symtypes…" } else { "symtypes" } }
            </button>
            <button type="button" onclick={json}>{ "JSON" }</button>
        </div>
    }
}
