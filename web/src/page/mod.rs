// SPDX-License-Identifier: GPL-2.0-only
//! What the window shows.
//!
//! [`Page`] holds all state and hands it down: the open files ([`files`]), which grow as the session tells of them, and where
//! the person is ([`place`]), which the address shows. Whatever somebody picks, searches or filters is another place, and goes up
//! through a [`Navigator`]. Nothing here knows of DWARF, and nothing judges versions: the library does.

mod answer;
mod columns;
mod copy;
mod exports;
mod file_bar;
mod files;
mod help;
mod imports;
mod open;
mod place;
mod rows;
mod search;
mod source;
mod start;
mod status;
mod symbol;
mod tree;

use std::mem;
use std::rc::Rc;

use gloo_events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast as _;
use web_sys::{File, HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use self::exports::Exports;
use self::file_bar::FileBar;
use self::files::{Files, OpenFile, State};
use self::help::Help;
use self::imports::Imports;
use self::open::{DropZone, OpenButton};
use self::place::Place;
use self::start::Start;
use self::status::{Status, Work};
use self::symbol::Symbol;
use crate::session::{Change, FileId, Session};

/// Shows the page in the place that the document has for it.
pub(crate) fn show() {
    let place = gloo_utils::document().get_element_by_id("page").expect("the document has a place for the page");
    yew::Renderer::<Page>::with_root(place).render();
}

/// By what another place is asked for.
#[derive(Clone, PartialEq)]
struct Navigator {
    /// Goes there; the way back leads here.
    go: Callback<Place>,
    /// Only amends this place: typing and filtering make no history.
    amend: Callback<Place>,
}

/// Something that a person has to know, until it is dismissed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Notice {
    id: u32,
    text: String,
    /// The way out.
    hint: Option<String>,
}

/// Files that were opened together, until it is known of each what it is. From then on the files hold their session; without
/// any, it ends.
struct Opening {
    number: u32,
    session: Session,
    /// Of how many that is not known.
    awaited: usize,
}

/// A file with debugging information, and nothing else.
struct DebugFile {
    /// What it shares with the file that it was split from.
    build_id: String,
    handle: File,
}

/// The page.
struct Page {
    files: Files,
    /// What goes on.
    works: Vec<Work>,
    /// Debug files that wait for the files that they were split from.
    debug_files: Vec<DebugFile>,
    place: Place,
    notices: Vec<Notice>,
    is_help_open: bool,
    /// Files that are being opened.
    openings: Vec<Opening>,
    /// The number of the last of those.
    last_opening: u32,
    last_notice: u32,
    /// In a frame of another page.
    is_embedded: bool,
    navigator: Navigator,
    _listeners: [EventListener; 2],
}

/// What happens to it.
enum Message {
    Open(Vec<File>),
    OpenSample,
    SampleCame(Result<Vec<File>, String>),
    /// A session told something; of which opening.
    Told(u32, Change),
    Go(Place),
    Amend(Place),
    /// Back or forward.
    Moved,
    Key(KeyboardEvent),
    Dismiss(u32),
    Notice(String),
    Cancel,
    Close,
    Help(bool),
}

impl Component for Page {
    type Message = Message;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let link = ctx.link();
        let window = gloo_utils::window();
        let moved = link.callback(|()| Message::Moved);
        let key = link.callback(|event: KeyboardEvent| Message::Key(event));
        let options = EventListenerOptions::enable_prevent_default();
        let listeners = [
            EventListener::new(&window, "popstate", move |_| moved.emit(())),
            EventListener::new_with_options(&gloo_utils::document(), "keydown", options, move |event| {
                key.emit(event.clone().unchecked_into());
            }),
        ];
        let search = window.location().search().unwrap_or_default();
        let is_embedded = form_urlencoded::parse(search.trim_start_matches('?').as_bytes())
            .any(|(key, value)| key == "embed" && value != "0");
        let place = Place::current();
        if place.sample {
            link.send_message(Message::OpenSample);
        }
        Self {
            files: Files::default(),
            works: Vec::new(),
            debug_files: Vec::new(),
            place,
            notices: Vec::new(),
            is_help_open: false,
            openings: Vec::new(),
            last_opening: 0,
            last_notice: 0,
            is_embedded,
            navigator: Navigator { go: link.callback(Message::Go), amend: link.callback(Message::Amend) },
            _listeners: listeners,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, message: Message) -> bool {
        match message {
            Message::Open(files) => self.open(ctx, files),
            Message::OpenSample => {
                self.place.sample = true;
                self.place.show(false);
                ctx.link().send_future(async { Message::SampleCame(open::sample().await) });
            }
            Message::SampleCame(Ok(files)) => self.open(ctx, files),
            Message::SampleCame(Err(trouble)) => {
                self.notice(format!("The sample cannot be loaded: {trouble}"), None);
            }
            Message::Told(opening, change) => return self.take(ctx, opening, change),
            Message::Go(place) => self.go(place, true),
            Message::Amend(place) => self.go(place, false),
            Message::Moved => {
                self.place = Place::current();
                if self.place.sample && self.files.is_empty() && !self.is_opening() {
                    ctx.link().send_message(Message::OpenSample);
                }
            }
            Message::Key(event) => return self.key(ctx, &event),
            Message::Dismiss(id) => self.notices.retain(|notice| notice.id != id),
            Message::Notice(text) => self.notice(text, None),
            Message::Cancel => {
                self.files.iter().for_each(|file| file.session.cancel());
                self.openings.iter().for_each(|opening| opening.session.cancel());
            }
            Message::Close => {
                self.files = Files::default();
                self.works.clear();
                self.debug_files.clear();
                self.openings.clear();
                self.notices.clear();
                self.go(Place::default(), true);
            }
            Message::Help(is_open) => self.is_help_open = is_open,
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let on_open = link.callback(Message::Open);
        let on_sample = link.callback(|()| Message::OpenSample);
        let help = |is_open: bool| link.callback(move |()| Message::Help(is_open));
        let is_empty = self.files.is_empty();
        let classes = classes!(
            "page",
            self.is_embedded.then_some("embedded"),
            is_empty.then_some("blank"),
            (!is_empty && self.place.has_pick()).then_some("split")
        );
        html! {
            <div class={classes}>
                if !self.is_embedded { { self.view_head(ctx) } }
                <main id="main" tabindex="-1">
                    if !is_empty { <h1 class="hidden">{ "kabiscope" }</h1> }
                    { self.view_notices(ctx) }
                    if is_empty {
                        <Start place={self.place.clone()} is_opening={self.is_opening()} on_open={on_open.clone()}
                            {on_sample} />
                    } else {
                        { self.view_files(ctx) }
                    }
                </main>
                <Status files={Rc::clone(&self.files)} works={self.works.clone()} is_opening={self.is_opening()}
                    trouble={self.notices.last().map(|notice| notice.text.clone())}
                    on_cancel={link.callback(|()| Message::Cancel)} />
                <DropZone {on_open} />
                if self.is_help_open { <Help on_close={help(false)} /> }
            </div>
        }
    }
}

impl Page {
    fn open(&mut self, ctx: &Context<Self>, files: Vec<File>) {
        if files.is_empty() {
            return;
        }
        self.last_opening += 1;
        let (number, awaited) = (self.last_opening, files.len());
        let tell = ctx.link().callback(move |change| Message::Told(number, change));
        self.notices.clear();
        self.openings.push(Opening { number, session: Session::open(files, tell), awaited });
    }

    /// Opens a file that is open without debugging information once more, now together with its debug file, if there is one.
    fn open_with_debug_file(&mut self, ctx: &Context<Self>, debug_file: &DebugFile) -> bool {
        let is_its_own = |file: &&OpenFile| {
            !file.has_debug_info && file.abi.borrow().build_id.as_ref() == Some(&debug_file.build_id)
        };
        let handle = self.files.iter().find(is_its_own).and_then(|file| file.session.handle(file.id));
        handle.map(|handle| self.open(ctx, vec![handle, debug_file.handle.clone()])).is_some()
    }

    fn is_opening(&self) -> bool {
        !self.openings.is_empty()
    }

    /// Of one more file of an opening it is known what it is.
    fn has_come(&mut self, number: u32) {
        self.openings.iter_mut().filter(|opening| opening.number == number).for_each(|opening| opening.awaited -= 1);
        self.openings.retain(|opening| opening.awaited > 0);
    }

    fn take(&mut self, ctx: &Context<Self>, opening: u32, change: Change) -> bool {
        match change {
            Change::Opened { file, abi, has_debug_info } => {
                let Some(of) = self.openings.iter().find(|of| of.number == opening) else { return false };
                let build_id = abi.build_id.clone().filter(|_| !has_debug_info);
                let new = OpenFile::new(of.session.clone(), opening, file, *abi, has_debug_info);
                // The same file again takes the place of what was known of it.
                let (key, name) = (new.key(), new.abi.borrow().file.clone());
                let files = Rc::make_mut(&mut self.files);
                files.retain(|file| file.opening == opening || file.key() != key || file.abi.borrow().file != name);
                files.push(new);
                // Kernels before their modules, all in the order of their names.
                files.sort_by_key(|file| {
                    let abi = file.abi.borrow();
                    (abi.module.is_some(), abi.file.clone())
                });
                self.has_come(opening);
                let mut works = mem::take(&mut self.works);
                works.retain(|work| self.is_awaited(work.opening, work.file));
                self.works = works;
                let debug_file =
                    self.debug_files.extract_if(.., |debug| Some(&debug.build_id) == build_id.as_ref()).last();
                if let Some(debug_file) = debug_file {
                    self.open_with_debug_file(ctx, &debug_file);
                }
            }
            Change::OfAnother { file, .. } => {
                self.has_ended(opening, file);
                self.has_come(opening);
            }
            Change::Lone { file, name, build_id, handle } => {
                self.has_ended(opening, file);
                self.has_come(opening);
                let debug_file = build_id.map(|build_id| DebugFile { build_id, handle });
                if debug_file.as_ref().is_some_and(|debug_file| self.open_with_debug_file(ctx, debug_file)) {
                    return true;
                }
                self.debug_files.extend(debug_file);
                let text =
                    format!("{name} is a separate debug file: what it exports is in the file that it was split from");
                self.notice(text, Some("open that file as well: they have to be of the same build".to_owned()));
            }
            Change::Refused { file, name, trouble, hint } => {
                self.has_ended(opening, file);
                self.has_come(opening);
                // Some troubles name the file already.
                let text = if trouble.contains(&name) { trouble } else { format!("{name}: {trouble}") };
                self.notice(text, hint);
            }
            Change::Progress { file, phase, done, total } => {
                if !self.is_awaited(opening, file) {
                    return false;
                }
                match self.works.iter_mut().find(|work| work.is_of(opening, file)) {
                    Some(work) => work.go_on(phase, done, total),
                    None => self.works.push(Work::new(opening, file, phase, done, total)),
                }
            }
            Change::Versions { file, exports } => {
                let Some(file) = self.file_mut(opening, file) else { return false };
                file.update(exports);
            }
            Change::Finished { file: id, troubles, hint } => {
                self.has_ended(opening, id);
                let Some(file) = self.file_mut(opening, id) else { return false };
                file.state = State::Finished { hint: hint.map(Rc::from) };
                let name = file.abi.borrow().file.clone();
                for trouble in troubles {
                    self.notice(format!("{name}: {trouble}"), None);
                }
            }
        }
        true
    }

    /// Whether a person waits for what becomes of a file: the same one may have been opened again.
    fn is_awaited(&self, opening: u32, file: FileId) -> bool {
        self.openings.iter().any(|of| of.number == opening)
            || self.files.iter().any(|open| open.opening == opening && open.id == file)
    }

    fn file_mut(&mut self, opening: u32, id: FileId) -> Option<&mut OpenFile> {
        Rc::make_mut(&mut self.files).iter_mut().find(|file| file.opening == opening && file.id == id)
    }

    /// Nobody works on a file any more.
    fn has_ended(&mut self, opening: u32, file: FileId) {
        self.works.retain(|work| !work.is_of(opening, file));
    }

    fn notice(&mut self, text: String, hint: Option<String>) {
        self.last_notice += 1;
        self.notices.push(Notice { id: self.last_notice, text, hint });
    }

    fn go(&mut self, place: Place, is_new: bool) {
        if place != self.place {
            self.place = place;
            self.place.show(is_new);
        }
    }

    fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        if event.default_prevented() || event.ctrl_key() || event.alt_key() || event.meta_key() || self.is_help_open {
            return false;
        }
        let key = event.key();
        let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        let is_typing = target.is_some_and(|target| matches!(&*target.tag_name(), "INPUT" | "SELECT" | "TEXTAREA"));
        match &*key {
            "Escape" if self.place.has_pick() => {
                self.go(self.place.without_pick(), true);
                focus(exports::GRID);
            }
            "Escape" if is_typing => focus(exports::GRID),
            "/" if !is_typing => {
                focus(exports::SEARCH);
                if let Some(search) = gloo_utils::document().get_element_by_id(exports::SEARCH) {
                    search.unchecked_ref::<HtmlInputElement>().select();
                }
            }
            "?" if !is_typing => ctx.link().send_message(Message::Help(true)),
            _ => return false,
        }
        event.prevent_default();
        true
    }

    fn view_head(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let is_empty = self.files.is_empty();
        html! {
            <header class="top">
                <span class="mark">{ "kabiscope" }</span>
                <span class="quiet local">{ "Files stay on this machine." }</span>
                <span class="space"></span>
                if !is_empty {
                    <OpenButton on_open={link.callback(Message::Open)} />
                    <button type="button" onclick={link.callback(|_| Message::Close)}>{ "Close" }</button>
                }
                <button type="button" aria-label="Help" title="Help (?)"
                    onclick={link.callback(|_| Message::Help(true))}>{ "?" }</button>
            </header>
        }
    }

    fn view_notices(&self, ctx: &Context<Self>) -> Html {
        let view = |notice: &Notice| {
            let id = notice.id;
            html! {
                <li key={id}>
                    <div>
                        <p>{ &notice.text }</p>
                        if let Some(hint) = &notice.hint { <p>{ "Hint: " }{ hint }</p> }
                    </div>
                    <button type="button" class="small" aria-label="Dismiss"
                        onclick={ctx.link().callback(move |_| Message::Dismiss(id))}>{ "✕" }</button>
                </li>
            }
        };
        if self.notices.is_empty() {
            return Html::default();
        }
        html! { <ul class="notices" aria-label="Troubles">{ for self.notices.iter().map(view) }</ul> }
    }

    fn view_files(&self, ctx: &Context<Self>) -> Html {
        let (files, place, navigator) = (Rc::clone(&self.files), self.place.clone(), self.navigator.clone());
        let on_trouble = ctx.link().callback(Message::Notice);
        let picked = files::picked(&self.files, &self.place).cloned();
        html! {
            <>
                <FileBar files={Rc::clone(&files)} place={place.clone()} navigator={navigator.clone()} {on_trouble}
                    is_embedded={self.is_embedded} />
                <div class="panes">
                    if place.imports {
                        <Imports {files} place={place.clone()} navigator={navigator.clone()} />
                    } else {
                        <Exports {files} place={place.clone()} navigator={navigator.clone()} />
                    }
                    if place.has_pick() { <Symbol file={picked} {place} {navigator} /> }
                </div>
            </>
        }
    }
}

/// Moves the focus.
fn focus(id: &str) {
    if let Some(element) = gloo_utils::document().get_element_by_id(id) {
        // What cannot have it leaves it where it is.
        let _ = element.unchecked_ref::<HtmlElement>().focus();
    }
}

/// A number with its thousands apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 byte`, `2 bytes`.
fn counted(count: usize, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {one}{plural}", grouped(count))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::grouped;

    #[test]
    fn groups() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
