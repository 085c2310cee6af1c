// SPDX-License-Identifier: GPL-2.0-only
//! The tree of the types behind a symbol, opened level by level.

mod lines;

use std::rc::Rc;

use kabiscope::abi::tree::{Declaration, Node, Opaque};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use self::lines::{Fold, Line, Lines, Text};
use super::counted;
use super::files::OpenFile;
use super::rows::{Rows, Slot};

/// To what depths all can be opened.
const DEPTHS: [usize; 5] = [1, 2, 3, 4, 6];

#[derive(Properties)]
pub(super) struct Props {
    /// The file.
    pub(super) file: OpenFile,
    /// What the tree is of.
    pub(super) root: Rc<Node>,
    /// A type is to be shown by itself.
    pub(super) on_follow: Callback<String>,
}

impl PartialEq for Props {
    /// The tree does not depend on what else becomes known of the file.
    fn eq(&self, other: &Self) -> bool {
        self.file.is(&other.file) && Rc::ptr_eq(&self.root, &other.root) && self.on_follow == other.on_follow
    }
}

/// A tree.
pub(super) struct Tree {
    lines: Lines,
    active: Option<usize>,
    /// All that comes is opened down to here.
    depth: usize,
}

/// What happens to it.
pub(super) enum Message {
    Move(usize),
    Toggle(usize),
    Key(KeyboardEvent),
    Arrived(u32, Result<Box<Node>, String>),
    OpenTo(usize),
}

impl Component for Tree {
    type Message = Message;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        Self { lines: Lines::new(&ctx.props().root), active: None, depth: 1 }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &Props) -> bool {
        if !Rc::ptr_eq(&ctx.props().root, &old.root) {
            *self = <Self as Component>::create(ctx);
        }
        true
    }

    fn update(&mut self, ctx: &Context<Self>, message: Message) -> bool {
        match message {
            Message::Move(index) => self.active = Some(index),
            Message::Toggle(index) => {
                self.active = Some(index);
                match self.lines.all().get(index).map(|line| line.fold) {
                    Some(Fold::Closed) => self.open(ctx, index),
                    Some(Fold::Open | Fold::Opening) => self.lines.close(index),
                    Some(Fold::Leaf) | None => {}
                }
            }
            Message::Key(event) => return self.key(ctx, &event),
            Message::Arrived(id, node) => {
                let Some(range) = self.lines.show(id, node.as_deref().map_err(String::as_str)) else { return false };
                if let Some(active) = self.active.as_mut().filter(|active| **active >= range.start) {
                    *active += range.len();
                }
                self.open_all_in(ctx, range);
            }
            Message::OpenTo(depth) => {
                self.depth = depth;
                self.active = None;
                self.lines.close_from(depth - 1);
                self.open_all_in(ctx, 0..self.lines.all().len());
            }
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let root = &ctx.props().root;
        let onchange = link.batch_callback(|event: Event| {
            let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
            chosen.parse().ok().map(Message::OpenTo)
        });
        let option = |&depth: &usize| {
            html! { <option value={depth.to_string()} selected={depth == self.depth}>{ depth }</option> }
        };
        let count = self.lines.all().len();
        if count == 0 {
            return html! { <p class="empty">{ of_nothing(root) }</p> };
        }
        let follow = ctx.props().on_follow.clone();
        let lines: Rc<[Line]> = self.lines.all().into();
        let row = {
            let active = self.active;
            let place = self.lines.places();
            Callback::from(move |slot: Slot| {
                let index = slot.index;
                view_line(&slot, &lines[index], place[index], active == Some(index), &follow)
            })
        };
        html! {
            <>
                <div class="tools">
                    <label>{ "Expand to depth " }<select {onchange}>{ for DEPTHS.iter().map(option) }</select></label>
                    <span class="quiet">{ counted(count, "line") }</span>
                    <span class="quiet keys">{ "→ open · ← close · Enter follow" }</span>
                </div>
                <Rows
                    id="tree" role="tree" label="Type expansion" {count} active={self.active} {row}
                    on_move={link.callback(Message::Move)} on_key={link.callback(Message::Key)}
                    on_click={link.callback(Message::Toggle)}
                />
            </>
        }
    }
}

impl Tree {
    fn open(&mut self, ctx: &Context<Self>, index: usize) {
        let Some((id, at)) = self.lines.open(index) else { return };
        let Props { file, .. } = ctx.props();
        let (session, file) = (file.session.clone(), file.id);
        ctx.link().send_future(async move { Message::Arrived(id, session.node(file, at).await.map(Box::new)) });
    }

    /// Opens the lines that are to be open, from the last to the first, so that their indices hold.
    fn open_all_in(&mut self, ctx: &Context<Self>, range: std::ops::Range<usize>) {
        for index in range.rev() {
            if self.lines.opens_by_itself(index, self.depth) {
                self.open(ctx, index);
            }
        }
    }

    fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        let Some(index) = self.active.filter(|&index| index < self.lines.all().len()) else { return false };
        let line = &self.lines.all()[index];
        match (event.key().as_str(), line.fold) {
            ("ArrowRight", Fold::Closed) => self.open(ctx, index),
            ("ArrowRight", Fold::Open) => self.active = Some(index + 1),
            ("ArrowLeft", Fold::Open | Fold::Opening) => self.lines.close(index),
            ("ArrowLeft", Fold::Closed | Fold::Leaf) => self.active = self.lines.parent(index).or(self.active),
            ("Enter", _) if line.follows.is_some() => {
                ctx.props().on_follow.emit(line.follows.clone().unwrap_or_default());
            }
            ("Enter" | " ", Fold::Closed) => self.open(ctx, index),
            ("Enter" | " ", Fold::Open | Fold::Opening) => self.lines.close(index),
            _ => return false,
        }
        event.prevent_default();
        true
    }
}

/// What stands where a type has no parts.
fn of_nothing(root: &Node) -> String {
    match root.opaque {
        Some(Opaque::DeclaredOnly) => "This unit knows only the name of this type.".to_owned(),
        Some(Opaque::Private) => "The members of this type are private to one source file.".to_owned(),
        None => format!("{} has no parts.", root.name),
    }
}

fn view_line(
    slot: &Slot,
    line: &Line,
    (position, count): (usize, usize),
    is_active: bool,
    follow: &Callback<String>,
) -> Html {
    let expanded = match line.fold {
        Fold::Leaf => None,
        Fold::Closed => Some("false"),
        Fold::Opening | Fold::Open => Some("true"),
    };
    let twisty = match line.fold {
        Fold::Leaf => "",
        Fold::Closed => "▸",
        Fold::Opening => "◌",
        Fold::Open => "▾",
    };
    let offset = match (line.offset, line.bits) {
        (Some(offset), Some(bits)) => format!("{offset}:{}", bits.offset),
        (Some(offset), None) => offset.to_string(),
        (None, _) => String::new(),
    };
    let size = match (line.bits, line.size) {
        (Some(bits), _) => counted(bits.size as usize, "bit"),
        (None, Some(size)) => size.to_string(),
        (None, None) => String::new(),
    };
    html! {
        <div
            id={slot.id.clone()} key={slot.key} role="treeitem" class={classes!("line", is_active.then_some("active"))}
            aria-level={(line.depth + 1).to_string()} aria-posinset={position.to_string()}
            aria-setsize={count.to_string()} aria-expanded={expanded} aria-selected={is_active.to_string()}
        >
            <span class="offset" title="offset in bytes">{ offset }</span>
            <span class="size" title="size in bytes">{ size }</span>
            { for (0..line.depth).map(|_| html! { <span class="indent"></span> }) }
            <span class="twisty" aria-hidden="true">{ twisty }</span>
            { view_text(line, follow) }
        </div>
    }
}

fn view_text(line: &Line, follow: &Callback<String>) -> Html {
    let declared = |word: &str, Declaration { before, name, after }: &Declaration| {
        html! {
            <span class="declared">
                if !word.is_empty() { <span class="word">{ word }{ " " }</span> }
                { view_type(before, line.follows.as_deref(), follow) }
                <b>{ name }</b>
                { view_type(after, line.follows.as_deref(), follow) }
            </span>
        }
    };
    let opaque = line.opaque.map(|opaque| match opaque {
        Opaque::DeclaredOnly => {
            ("declared only", "This unit knows only its name: versions do not depend on its members")
        }
        Opaque::Private => ("private", "It is defined in a source file: versions do not depend on its members"),
    });
    html! {
        <>
            { match &line.text {
                Text::Declared(word, declaration) => declared(word, declaration),
                Text::Gap(text) => html! { <span class="gap">{ text }</span> },
                Text::Trouble(text) => html! { <span class="bad">{ text }</span> },
                Text::Plain(text) => html! { <span class="quiet">{ text }</span> },
            } }
            if let Some((word, title)) = opaque { <span class="tag" {title}>{ word }</span> }
        </>
    }
}

/// A part of a declaration, in which the name of a type can be followed.
fn view_type(text: &str, name: Option<&str>, follow: &Callback<String>) -> Html {
    let Some((name, (before, after))) = name.and_then(|name| Some((name, text.split_once(name)?))) else {
        return html! { <>{ text }</> };
    };
    let onclick = {
        let (follow, name) = (follow.clone(), name.to_owned());
        Callback::from(move |event: MouseEvent| {
            // The line itself is not meant.
            event.stop_propagation();
            follow.emit(name.clone());
        })
    };
    html! { <>{ before }<span class="follow" title="Follow this type" {onclick}>{ name }</span>{ after }</> }
}
