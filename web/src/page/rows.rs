// SPDX-License-Identifier: GPL-2.0-only
//! A list of any length, of which only the rows in view are in the document. All rows are of one height, which the style sheet
//! decides.
//!
//! The crates for this either need another yew or set styles in attributes, which the page's policy forbids; here it is done by
//! two spacers, whose heights are set by the CSSOM.

use std::ops::Range;

use futures::channel::oneshot;
use gloo_events::EventListener;
use gloo_render::request_animation_frame;
use gloo_timers::callback::Timeout;
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlElement, ResizeObserver};
use yew::prelude::*;

/// Rows are drawn in groups of so many, so that not each pixel of a scroll draws anew.
const GROUP: usize = 4;

/// How many rows are drawn to measure them. The others come in a task of their own: a browser is slow at what it does for the
/// first time.
const FIRST_GUESS: usize = 8;

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// Its id, from which those of rows are made.
    pub(super) id: AttrValue,
    /// Its role: of a list from which one row can be picked.
    pub(super) role: AttrValue,
    /// Its name.
    pub(super) label: AttrValue,
    /// How many rows there are.
    pub(super) count: usize,
    /// The row that keys act on.
    pub(super) active: Option<usize>,
    /// Another row is to be that.
    pub(super) on_move: Callback<usize>,
    /// A row was clicked.
    #[prop_or_default]
    pub(super) on_click: Callback<usize>,
    /// Keys that do not move.
    #[prop_or_default]
    pub(super) on_key: Callback<KeyboardEvent>,
    /// What a row shows.
    pub(super) row: Callback<Slot, Html>,
    /// What stands above the rows, and does not scroll.
    #[prop_or_default]
    pub(super) head: Html,
}

/// Where a row is drawn.
#[derive(Clone, PartialEq)]
pub(super) struct Slot {
    /// Of the row.
    pub(super) index: usize,
    /// The id that its element has to have.
    pub(super) id: String,
    /// The key that its element has to have: a row that comes into view takes over the element of one that goes, for to change
    /// texts costs a browser much less than to make elements.
    pub(super) key: usize,
}

/// Which rows are in view, in whole groups, and how high one is.
#[derive(Clone, Copy, PartialEq)]
struct View {
    first: usize,
    count: usize,
    height: f64,
}

/// A list of rows.
#[component]
pub(super) fn Rows(props: &Props) -> Html {
    let scroller = use_node_ref();
    let spacers = [use_node_ref(), use_node_ref()];
    let view = use_state_eq(|| View { first: 0, count: FIRST_GUESS, height: 0.0 });

    let measure = use_callback((scroller.clone(), spacers[0].clone()), {
        let view = view.setter();
        move |(), (scroller, spacer)| {
            if let Some(measured) = measure(scroller, spacer) {
                view.set(measured);
            }
        }
    });
    use_effect_with((scroller.clone(), measure.clone()), |(scroller, measure)| {
        let observed = scroller.cast::<Element>().map(|element| observe(&element, measure));
        move || drop(observed)
    });

    let range = drawn(&view, props.count);
    use_effect_with((range.clone(), props.count, view.height), {
        let spacers = spacers.clone();
        let measure = measure.clone();
        move |(range, count, height)| {
            for (spacer, rows) in spacers.iter().zip([range.start, count - range.end]) {
                if let Some(spacer) = spacer.cast::<HtmlElement>() {
                    // A browser that does not take this draws no list at all.
                    let _ = spacer.style().set_property("height", &format!("{}px", rows as f64 * height));
                }
            }
            // Later it is measured when something scrolls: then it is laid out.
            if *height == 0.0 {
                spawn_local(async move {
                    laid_out().await;
                    measure.emit(());
                });
            }
        }
    });
    use_effect_with((props.active, view.height, props.count > 0), {
        let scroller = scroller.clone();
        move |&(active, height, _)| {
            // Later: where things are is only known when the browser has laid out what is drawn now, which takes its time.
            let scrolling = active.map(|active| {
                Timeout::new(0, move || {
                    if let Some(scroller) = scroller.cast::<HtmlElement>() {
                        scroll_into_view(&scroller, active, height);
                    }
                })
            });
            move || drop(scrolling)
        }
    });

    let onkeydown = {
        let (count, active) = (props.count, props.active);
        let page = view.count.saturating_sub(GROUP).max(1);
        let (on_move, on_key) = (props.on_move.clone(), props.on_key.clone());
        move |event: KeyboardEvent| {
            let is_plain = !(event.ctrl_key() || event.alt_key() || event.meta_key());
            match step(&event.key(), active, count, page).filter(|_| is_plain) {
                Some(next) => {
                    event.prevent_default();
                    on_move.emit(next);
                }
                None => on_key.emit(event),
            }
        }
    };
    let onclick = {
        let (id, on_click) = (props.id.clone(), props.on_click.clone());
        move |event: MouseEvent| {
            if let Some(index) = row_of(&event, &id) {
                on_click.emit(index);
            }
        }
    };
    let id = |index: usize| format!("{}-{index}", props.id);
    let active_id = props.active.filter(|active| range.contains(active)).map(id);
    let drawn = range.len();
    let row = |index: usize| props.row.emit(Slot { index, id: id(index), key: index % drawn });
    // A list of their own: among children without keys, theirs would not count.
    let rows = range.map(row).collect::<Html>();
    let is_grid = props.role == "grid";
    html! {
        <div
            ref={scroller} id={props.id.clone()} class="rows" tabindex="0" role={props.role.clone()}
            aria-label={props.label.clone()} aria-activedescendant={active_id}
            aria-rowcount={is_grid.then(|| (props.count + 1).to_string())} {onkeydown} {onclick}
        >
            { props.head.clone() }
            <div ref={spacers[0].clone()} role="presentation"></div>
            { rows }
            <div ref={spacers[1].clone()} role="presentation"></div>
        </div>
    }
}

/// The row that an event happened in, by its id.
fn row_of(event: &MouseEvent, list: &str) -> Option<usize> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let row = target.closest(&format!("[id^='{list}-']")).ok().flatten()?;
    row.id().strip_prefix(list)?.strip_prefix('-')?.parse().ok()
}

/// Waits until the browser has laid out what is drawn now: whoever asks earlier where things are has it done within his own task.
async fn laid_out() {
    let (tell, told) = oneshot::channel();
    // It is cancelled when it is dropped.
    let _frame = request_animation_frame(|_| {
        let _ = tell.send(());
    });
    let _ = told.await;
    TimeoutFuture::new(0).await;
}

/// Where a key leads.
fn step(key: &str, active: Option<usize>, count: usize, page: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    let next = match (key, active) {
        ("ArrowDown" | "PageDown" | "Home", None) => 0,
        ("ArrowUp" | "PageUp", None) => last,
        ("ArrowDown", Some(active)) => active + 1,
        ("ArrowUp", Some(active)) => active.saturating_sub(1),
        ("PageDown", Some(active)) => active + page,
        ("PageUp", Some(active)) => active.saturating_sub(page),
        ("Home", Some(_)) => 0,
        ("End", _) => last,
        _ => return None,
    };
    Some(next.min(last))
}

/// The rows to draw: those in view and a group to either side.
fn drawn(view: &View, count: usize) -> Range<usize> {
    let last = count.min(view.first + view.count);
    view.first.min(count.saturating_sub(view.count))..last
}

/// What is in view. Without a row nothing can be said.
fn measure(scroller: &NodeRef, spacer: &NodeRef) -> Option<View> {
    let scroller = scroller.cast::<HtmlElement>()?;
    let row = spacer.cast::<Element>()?.next_element_sibling()?;
    let is_row = row.get_attribute("role").is_some_and(|role| role != "presentation");
    let height = row.get_bounding_client_rect().height();
    if !is_row || height < 1.0 {
        return None;
    }
    let first = (f64::from(scroller.scroll_top()) / height) as usize;
    let fit = (f64::from(scroller.client_height()) / height) as usize + 1;
    let first = (first / GROUP * GROUP).saturating_sub(GROUP);
    Some(View { first, count: (fit / GROUP + 4) * GROUP, height })
}

/// Tells when something scrolls or has another size.
fn observe(element: &Element, tell: &Callback<()>) -> impl Sized + use<> {
    let scrolled = EventListener::new(element, "scroll", {
        let tell = tell.clone();
        move |_| tell.emit(())
    });
    let tell = tell.clone();
    // Not at once, or the browser would lay out twice in a frame.
    let resized = Closure::<dyn Fn()>::new(move || {
        let tell = tell.clone();
        Timeout::new(0, move || tell.emit(())).forget();
    });
    let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
    observer.iter().for_each(|observer| observer.observe(element));
    (scrolled, resized, Disconnect(observer))
}

/// Ends an observer when it is dropped.
struct Disconnect(Option<ResizeObserver>);

impl Drop for Disconnect {
    fn drop(&mut self) {
        self.0.iter().for_each(ResizeObserver::disconnect);
    }
}

/// Scrolls by as little as it takes.
fn scroll_into_view(scroller: &HtmlElement, row: usize, height: f64) {
    let head = scroller.query_selector(":scope > .head").ok().flatten();
    let head = head.map_or(0.0, |head| head.get_bounding_client_rect().height());
    let top = row as f64 * height;
    let lowest = top + height + head - f64::from(scroller.client_height());
    let current = f64::from(scroller.scroll_top());
    // The lower bound counts more: the view may be lower than a row.
    let wanted = current.max(lowest).min(top);
    if (wanted - current).abs() >= 1.0 {
        scroller.set_scroll_top(wanted as i32);
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn keys() {
        let check = |key, active, expect| assert_eq!(step(key, active, 10, 4), expect, "{key} {active:?}");
        check("ArrowDown", None, Some(0));
        check("ArrowDown", Some(9), Some(9));
        check("ArrowUp", Some(0), Some(0));
        check("ArrowUp", None, Some(9));
        check("PageDown", Some(7), Some(9));
        check("PageUp", Some(7), Some(3));
        check("Home", Some(7), Some(0));
        check("End", None, Some(9));
        check("Enter", Some(1), None);
        assert_eq!(step("ArrowDown", None, 0, 4), None);
    }

    #[test]
    fn drawn_rows() {
        let check = |first, count, all, expect| {
            assert_eq!(drawn(&View { first, count, height: 20.0 }, all), expect);
        };
        check(0, 64, 1000, 0..64);
        check(160, 64, 1000, 160..224);
        // The list has become shorter, and is still scrolled to where it ended.
        check(960, 64, 100, 36..100);
        check(960, 64, 10, 0..10);
        check(0, 64, 0, 0..0);
    }
}
