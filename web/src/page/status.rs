// SPDX-License-Identifier: GPL-2.0-only
//! The line at the foot: what goes on, how far it is, and what came out.

use kabiscope::abi::verify::Verdict;
use yew::prelude::*;

use super::files::{Files, OpenFile, State};
use super::grouped;
use crate::session::{FileId, Phase};

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    pub(super) files: Files,
    /// What goes on.
    pub(super) works: Vec<Work>,
    /// Whether it is not known of every file what it is.
    pub(super) is_opening: bool,
    /// What went wrong last.
    pub(super) trouble: Option<String>,
    pub(super) on_cancel: Callback<()>,
}

/// What goes on with a file, and how far it is.
#[derive(Clone, PartialEq)]
pub(super) struct Work {
    /// Which opening of files the file came with.
    pub(super) opening: u32,
    /// Which file of that it is.
    pub(super) file: FileId,
    phase: Phase,
    done: u64,
    total: u64,
    /// When the phase began, in milliseconds.
    since: f64,
}

impl Work {
    pub(super) fn new(opening: u32, file: FileId, phase: Phase, done: u64, total: u64) -> Self {
        Self { opening, file, phase, done, total, since: js_sys::Date::now() }
    }

    /// It is further now.
    pub(super) fn go_on(&mut self, phase: Phase, done: u64, total: u64) {
        let since = if phase == self.phase { self.since } else { js_sys::Date::now() };
        *self = Self { phase, done, total, since, ..*self };
    }

    pub(super) fn is_of(&self, opening: u32, file: FileId) -> bool {
        self.opening == opening && self.file == file
    }

    fn title(&self) -> &'static str {
        match self.phase {
            Phase::Reading => "Reading",
            Phase::LookingForSymbols => "Looking for symbols",
            Phase::Computing => "Computing versions",
        }
    }

    /// How much of how much, and how fast.
    fn rate(&self) -> String {
        let seconds = (js_sys::Date::now() - self.since) / 1000.0;
        let per_second = if seconds > 0.3 { self.done as f64 / seconds } else { 0.0 };
        let (done, total) = (self.done, self.total);
        match self.phase {
            Phase::Computing => {
                let rate =
                    if per_second >= 1.0 { format!(", {}/s", grouped(per_second as usize)) } else { String::new() };
                format!("{} of {}{rate}", grouped(done as usize), grouped(total as usize))
            }
            Phase::Reading | Phase::LookingForSymbols => {
                let megabytes = |bytes: f64| bytes / 1e6;
                let rate =
                    if per_second >= 1e5 { format!(", {:.0} MB/s", megabytes(per_second)) } else { String::new() };
                format!("{:.0} of {:.0} MB{rate}", megabytes(done as f64), megabytes(total as f64))
            }
        }
    }
}

/// The line.
#[component]
pub(super) fn Status(props: &Props) -> Html {
    let Props { files, works, is_opening, on_cancel, .. } = props;
    // The bar is that of the longest work.
    let work = works.iter().rev().max_by_key(|work| work.total);
    let title = work.map(Work::title).or_else(|| match files.iter().any(OpenFile::is_working) {
        true => Some("Reading"),
        false => is_opening.then_some("Opening"),
    });
    let words = title.map_or_else(|| outcome(props), |title| format!("{title}…"));
    let onclick = on_cancel.reform(|_: MouseEvent| ());
    html! {
        <footer class="status">
            <p role="status">{ words }</p>
            if let Some(title) = title {
                if let Some(Work { done, total: total @ 1.., .. }) = work {
                    <progress aria-label={title} max={total.to_string()} value={done.to_string()}></progress>
                } else {
                    <progress aria-label={title}></progress>
                }
                <span class="quiet rate">{ work.map(Work::rate).unwrap_or_default() }</span>
                <button type="button" class="small" {onclick}>{ "Cancel" }</button>
            }
        </footer>
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
