// SPDX-License-Identifier: GPL-2.0-only
//! What is known of a symbol, in a list.

use kabiscope::abi::{Export, Source};
use yew::prelude::*;

use super::super::columns::{Column, Outcome};
use super::super::copy::Copy;
use super::super::files::OpenFile;
use super::super::source;

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    pub(super) file: OpenFile,
    pub(super) export: Export,
}

/// The list.
#[component]
pub(super) fn Facts(props: &Props) -> Html {
    let Props { file, export } = props;
    let outcome = Outcome::of(export, file.is_working());
    let release = file.abi.borrow().release.clone();
    let version = |title: &'static str, version: Option<String>| {
        html! {
            <div>
                <dt>{ title }</dt>
                <dd>
                    if let Some(version) = version {
                        <code>{ version.clone() }</code>{ " " }
                        <Copy text={version} what={format!("{} version", title.to_lowercase())} />
                    } else if title == "Computed" && outcome == Outcome::Pending {
                        <span class="quiet">{ "pending" }</span>
                    } else {
                        <span class="quiet">{ "none" }</span>
                    }
                </dd>
            </div>
        }
    };
    let fact = |title: &str, value: Html| html! { <div><dt>{ title }</dt><dd>{ value }</dd></div> };
    let text = |column: Column| {
        let value = column.text(export, file.is_working()).into_owned();
        (!value.is_empty()).then(|| fact(column.title(), html! { { value } }))
    };
    let licence = column_words(Column::Licence, export);
    html! {
        <dl class="facts">
            { version("Recorded", export.recorded.map(|version| version.to_string())) }
            { version("Computed", export.computed.map(|version| version.to_string())) }
            { fact("Match", html! {
                <span class={classes!("outcome", outcome.class())}>{ outcome.sign() }{ " " }{ outcome.words() }</span>
            }) }
            { text(Column::Kind) }
            { fact("Licence", html! { { licence } }) }
            { text(Column::Namespace) }
            { text(Column::Module) }
            { text(Column::Language) }
            if let Some(source) = &export.source {
                { fact("Defined", place_in_source(release.as_deref(), source)) }
            }
            if let Some(unit) = &export.unit { { fact("Unit", html! { <span class="path">{ unit }</span> }) } }
            if let Some(error) = &export.error {
                <div class="wide"><dt>{ "Why no version" }</dt><dd>{ error }</dd></div>
            }
        </dl>
    }
}

fn column_words(column: Column, export: &Export) -> String {
    column.value_title(&column.text(export, false)).to_owned()
}

/// A file and line, which leads to a source browser for the release.
pub(super) fn place_in_source(release: Option<&str>, source: &Source) -> Html {
    let text = match source.line {
        0 => source.file.clone(),
        line => format!("{}:{line}", source.file),
    };
    match release.and_then(|release| source::link(release, source)) {
        Some(link) => html! {
            <a class="path" href={link} target="_blank" rel="noreferrer noopener" title="In a source browser">{ text }</a>
        },
        None => html! { <span class="path">{ text }</span> },
    }
}
