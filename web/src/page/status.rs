// SPDX-License-Identifier: GPL-2.0-only
//! The line at the foot: what goes on, how far it is, and what came out.

use kabiscope::abi::verify::Verdict;
use yew::prelude::*;

use super::files::{Files, State};
use super::grouped;
use crate::session::Phase;

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    pub(super) files: Files,
    pub(super) is_opening: bool,
    /// What went wrong last.
    pub(super) trouble: Option<String>,
    pub(super) on_cancel: Callback<()>,
}

/// What goes on with all files together.
struct Work {
    phase: &'static str,
    done: u64,
    total: u64,
    rate: String,
}

/// The line.
#[component]
pub(super) fn Status(props: &Props) -> Html {
    let work = work(props);
    let onclick = props.on_cancel.reform(|_: MouseEvent| ());
    let words = match &work {
        Some(work) => format!("{}…", work.phase),
        None => outcome(props),
    };
    html! {
        <footer class="status">
            <p role="status">{ words }</p>
            if let Some(work) = work {
                if work.total > 0 {
                    <progress aria-label={work.phase} max={work.total.to_string()} value={work.done.to_string()}></progress>
                } else {
                    <progress aria-label={work.phase}></progress>
                }
                <span class="quiet rate">{ work.rate }</span>
                <button type="button" class="small" {onclick}>{ "Cancel" }</button>
            }
        </footer>
    }
}

fn work(props: &Props) -> Option<Work> {
    let mut work: Option<Work> = None;
    for file in props.files.iter() {
        let State::Working { phase, done, total, since } = file.state else { continue };
        let title = match phase {
            None => "Reading",
            Some(Phase::Reading) => "Reading",
            Some(Phase::LookingForSymbols) => "Looking for symbols",
            Some(Phase::Computing) => "Computing versions",
        };
        match &mut work {
            // The bar is that of the longest work.
            Some(work) if work.total >= total => {}
            _ => work = Some(Work { phase: title, done, total, rate: rate(phase, done, total, since) }),
        }
    }
    let opening = || Work { phase: "Opening", done: 0, total: 0, rate: String::new() };
    work.or_else(|| props.is_opening.then(opening))
}

/// How much of how much, and how fast.
fn rate(phase: Option<Phase>, done: u64, total: u64, since: u64) -> String {
    let seconds = (js_sys::Date::now() - since as f64) / 1000.0;
    let per_second = if seconds > 0.3 { done as f64 / seconds } else { 0.0 };
    match phase {
        None => String::new(),
        Some(Phase::Computing) => {
            let rate = if per_second >= 1.0 { format!(", {}/s", grouped(per_second as usize)) } else { String::new() };
            format!("{} of {}{rate}", grouped(done as usize), grouped(total as usize))
        }
        Some(Phase::Reading | Phase::LookingForSymbols) => {
            let megabytes = |bytes: f64| bytes / 1e6;
            let rate = if per_second >= 1e5 { format!(", {:.0} MB/s", megabytes(per_second)) } else { String::new() };
            format!("{:.0} of {:.0} MB{rate}", megabytes(done as f64), megabytes(total as f64))
        }
    }
}

/// What came out, when nothing goes on any more.
fn outcome(props: &Props) -> String {
    if props.files.is_empty() {
        return props.trouble.clone().unwrap_or_else(|| "No file is open.".to_owned());
    }
    let (mut all, mut equal, mut different, mut computed, mut with_recorded) = (0, 0, 0, 0, 0);
    let mut hint = None;
    for file in props.files.iter() {
        for export in &file.abi.borrow().exports {
            all += 1;
            computed += usize::from(export.computed.is_some());
            with_recorded += usize::from(export.recorded.is_some());
            match Verdict::of(export) {
                Verdict::Equal => equal += 1,
                Verdict::Different => different += 1,
                Verdict::OnlyRecorded | Verdict::OnlyComputed | Verdict::Unknown => {}
            }
        }
        if let State::Finished { hint: Some(of_file) } = &file.state {
            hint = hint.or(Some(of_file.clone()));
        }
    }
    let mut words = match &props.files[..] {
        [file] => format!("{}: {} exports", file.abi.borrow().file, grouped(all)),
        files => format!("{} files: {} exports", files.len(), grouped(all)),
    };
    if with_recorded > 0 && computed > 0 {
        words += &format!("; {} versions equal what is recorded, {} differ", grouped(equal), grouped(different));
    }
    if computed < all && computed > 0 {
        words += &format!("; {} without a computed version", grouped(all - computed));
    }
    match hint.filter(|_| computed == 0) {
        Some(hint) => format!("{words}. No versions are computed: {hint}"),
        None => format!("{words}."),
    }
}
