// SPDX-License-Identifier: GPL-2.0-only
//! The imports of a module: what it was built against beside what the open files offer, and whether it would load.

use std::rc::Rc;

use kabiscope::abi::Abi;
use kabiscope::abi::load::{Access, Import, LoadReport, Problem, Providers, VersionCheck};
use yew::prelude::*;

use super::files::{Files, OpenFile};
use super::place::Place;
use super::rows::{Rows, Slot};
use super::{Navigator, counted};

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    pub(super) files: Files,
    pub(super) place: Place,
    pub(super) navigator: Navigator,
}

/// Imports of the module that was chosen; else of every module whether it would load.
#[component]
pub(super) fn Imports(props: &Props) -> Html {
    let Props { files, place, navigator } = props;
    let reports = use_memo((Rc::clone(files), place.scope.clone()), |(files, scope)| {
        let wanted = |file: &&OpenFile| scope.as_ref().is_none_or(|scope| *scope == file.key());
        check(files, files.iter().filter(wanted))
    });
    match &reports[..] {
        [] => html! {
            <section class="list" aria-label="Imports">
                <div class="empty">
                    <p>{ "Only modules say what they import, and no module is chosen." }</p>
                    <p>{ "Open one or more .ko files, with the vmlinux that they are for: then this tells whether they would load." }</p>
                </div>
            </section>
        },
        [(key, report)] if place.scope.as_ref() == Some(key) || files.len() == 1 => {
            html! { <OneModule report={Rc::clone(report)} key={key.clone()} /> }
        }
        reports => summary(reports, place, navigator),
    }
}

/// Would these modules load, beside all that is open?
fn check<'f>(files: &'f Files, modules: impl Iterator<Item = &'f OpenFile>) -> Vec<(String, Rc<LoadReport>)> {
    let abis: Vec<_> = files.iter().map(|file| file.abi.borrow()).collect();
    let mut providers = Providers::default();
    abis.iter().for_each(|abi| providers.add(abi));
    let report = |file: &OpenFile| {
        let abi: &Abi = &file.abi.borrow();
        Some((file.key(), Rc::new(providers.check(abi)?)))
    };
    modules.filter_map(report).collect()
}

/// A line a module.
fn summary(reports: &[(String, Rc<LoadReport>)], place: &Place, navigator: &Navigator) -> Html {
    let line = |(key, report): &(String, Rc<LoadReport>)| {
        let onclick = navigator.go.reform({
            let place = Place { scope: Some(key.clone()), ..place.without_pick() };
            move |_: MouseEvent| place.clone()
        });
        let problems = report.all_problems().count();
        html! {
            <tr>
                <th scope="row"><button type="button" class="link" {onclick}>{ &report.file }</button></th>
                <td>{ verdict(report) }</td>
                <td>{ counted(imports(report).count(), "import") }</td>
                <td>if problems > 0 { { counted(problems, "problem") } }</td>
            </tr>
        }
    };
    html! {
        <section class="list" aria-label="Imports">
            <div class="scroll" tabindex="0">
                <table class="modules">
                    <caption>{ "Would these modules load?" }</caption>
                    <tbody>{ for reports.iter().map(line) }</tbody>
                </table>
            </div>
        </section>
    }
}

/// All imports, first the version of what kernel and module share.
fn imports(report: &LoadReport) -> impl Iterator<Item = &Import> {
    report.module_layout.iter().chain(&report.imports)
}

fn verdict(report: &LoadReport) -> Html {
    match (&report.kernel, report.loads) {
        (None, _) => html! { <span class="outcome quiet">{ "– no kernel to check against" }</span> },
        (Some(_), true) => html! { <span class="outcome good">{ "✓ would load" }</span> },
        (Some(_), false) => html! { <span class="outcome bad">{ "✗ would be refused" }</span> },
    }
}

#[derive(Properties, PartialEq)]
struct OneProps {
    report: Rc<LoadReport>,
}

#[component]
fn OneModule(props: &OneProps) -> Html {
    let report = &props.report;
    let active = use_state(|| None::<usize>);
    let on_move = {
        let active = active.setter();
        Callback::from(move |index| active.set(Some(index)))
    };
    let imports: Vec<Import> = imports(report).cloned().collect();
    let count = imports.len();
    let row = {
        let active = *active;
        Callback::from(move |slot: Slot| view_row(&slot, &imports[slot.index], active == Some(slot.index)))
    };
    let title = |title: &str| html! { <div role="columnheader" class={title.to_lowercase()}>{ title }</div> };
    let titles = ["Name", "Wanted", "Provided", "Provider", "Licence", "Namespace", "Verdict"];
    let head = html! { <div class="row head" role="row" aria-rowindex="1">{ for titles.into_iter().map(title) }</div> };
    html! {
        <section class="list imports" aria-label="Would it load?">
            <div class="bar">
                <p><b>{ &report.module }</b>{ ": " }{ verdict(report) }{ against(report) }</p>
                { problems(report) }
            </div>
            <Rows id="imports" role="grid" label="Imports" {count} active={*active} on_move={on_move.clone()} on_click={on_move} {row} {head} />
            if count == 0 { <div class="empty"><p>{ "This module needs nothing." }</p></div> }
        </section>
    }
}

fn against(report: &LoadReport) -> String {
    let Some(kernel) = &report.kernel else {
        return ". Open the vmlinux that it is for as well.".to_owned();
    };
    let release = kernel.release.as_deref().unwrap_or("of unknown release");
    let by = if report.loads { "into" } else { "by" };
    format!(" {by} {} ({release})", kernel.file)
}

/// What is wrong, in the kernel's words.
fn problems(report: &LoadReport) -> Html {
    let problem = |problem: &Problem| {
        let (class, sign) = if problem.refusal { ("bad", "✗") } else { ("quiet", "!") };
        html! {
            <li class={class}>
                { sign }{ " " }<code>{ &problem.message }</code>
                if let Some(note) = &problem.note { <span class="note">{ note }</span> }
            </li>
        }
    };
    let mut all = report.all_problems().peekable();
    match all.peek() {
        Some(_) => html! { <ul class="problems" tabindex="0" aria-label="Problems">{ for all.map(problem) }</ul> },
        None => Html::default(),
    }
}

fn view_row(slot: &Slot, import: &Import, is_active: bool) -> Html {
    let cell = |class: &'static str, content: Html| html! { <div role="gridcell" class={class}>{ content }</div> };
    let text = |text: Option<String>| html! { { text.unwrap_or_default() } };
    let (class, sign, words) = outcome(import);
    let access = match import.access {
        Some(Access::NotImported) => " (not imported)",
        Some(Access::NotGranted) => " (not for this module)",
        Some(Access::Imported | Access::Granted) | None => "",
    };
    let title = import.problems.first().map(|problem| problem.message.clone());
    html! {
        <div id={slot.id.clone()} key={slot.key} class={classes!("row", is_active.then_some("active"))} role="row"
            aria-rowindex={(slot.index + 2).to_string()} aria-selected={is_active.to_string()} {title}>
            { cell("name", html! {
                <>
                    <span class="name">{ &import.name }</span>
                    if let Some(demangled) = &import.demangled { <span class="demangled">{ demangled }</span> }
                    if import.weak { <span class="tag">{ "weak" }</span> }
                </>
            }) }
            { cell("wanted", text(import.wanted.map(|version| version.to_string()))) }
            { cell("provided", text(import.provided.map(|version| version.to_string()))) }
            { cell("provider", text(import.provider.as_ref().map(|provider| provider.module.clone()))) }
            { cell("licence", text(import.gpl_only.then(|| "GPL".to_owned()))) }
            { cell("namespace", text(import.namespace.as_ref().map(|namespace| format!("{namespace}{access}")))) }
            { cell("verdict", html! {
                <span class={classes!("outcome", class)}><span aria-hidden="true">{ sign }</span>{ " " }
                    <span class="words">{ words }</span></span>
            }) }
        </div>
    }
}

/// How an import comes out: class, sign and words.
fn outcome(import: &Import) -> (&'static str, &'static str, &'static str) {
    let is_refused = import.problems.iter().any(|problem| problem.refusal);
    match import.version {
        Some(VersionCheck::Different) => ("bad", "✗", "version differs"),
        None if is_refused => ("bad", "✗", "not found"),
        _ if is_refused => ("bad", "✗", "refused"),
        None => ("quiet", "–", "not found"),
        Some(VersionCheck::Equal) => ("good", "✓", "equal"),
        Some(VersionCheck::NotInModule) => ("quiet", "–", "not recorded"),
        Some(VersionCheck::NotInProvider) => ("quiet", "–", "not checked"),
    }
}
