// SPDX-License-Identifier: GPL-2.0-only
//! The list of exports, with what it is searched, filtered and sorted by.

use std::collections::BTreeMap;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::columns::{Column, Outcome};
use super::files::{self, Files, OpenFile, RowId, Source};
use super::place::Place;
use super::rows::{Rows, Slot};
use super::search::Search;
use super::{Navigator, grouped};

/// The id of the search box.
pub(super) const SEARCH: &str = "search";

/// The id of the grid.
pub(super) const GRID: &str = "exports";

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    pub(super) files: Files,
    pub(super) place: Place,
    pub(super) navigator: Navigator,
}

/// The list.
#[component]
pub(super) fn Exports(props: &Props) -> Html {
    let Props { files, place, navigator } = props;
    // What was picked makes no other list.
    let source = Source::new(files, place.depends_on_versions());
    let found = use_memo((source, place.without_pick()), |(source, place)| files::rows(&source.files, place));
    let rows: &[RowId] = found.as_deref().unwrap_or_default();
    let count = rows.len();
    let scope = place.scope.as_deref();
    let all = files.iter().filter(|file| scope.is_none_or(|scope| scope == file.key()));
    let all: usize = all.map(|file| file.abi.borrow().exports.len()).sum();

    let picked = {
        let file = files::picked(files, place).and_then(|picked| files.iter().position(|file| file.is(picked)));
        let symbol = place.symbol.as_ref().zip(file);
        symbol.and_then(|(symbol, file)| {
            let export = files::position(&files[file].abi.borrow(), symbol)?;
            Some(RowId { file, export })
        })
    };
    let active = use_state(|| None::<RowId>);
    use_effect_with(picked, {
        let active = active.setter();
        move |&picked| {
            if picked.is_some() {
                active.set(picked);
            }
        }
    });
    let active_index = active.and_then(|active| rows.iter().position(|&row| row == active));

    let pick = {
        let (files, found, place, go) = (Rc::clone(files), Rc::clone(&found), place.clone(), navigator.go.clone());
        Callback::from(move |index: usize| {
            let row = found.as_deref().unwrap_or_default().get(index);
            if let Some(&RowId { file, export }) = row {
                let symbol = files[file].abi.borrow().exports[export].name.clone();
                go.emit(place.with_symbol(files[file].key(), symbol));
            }
        })
    };
    let on_key = {
        let pick = pick.clone();
        Callback::from(move |event: KeyboardEvent| {
            if let (Some(index), "Enter") = (active_index, &*event.key()) {
                event.prevent_default();
                pick.emit(index);
            }
        })
    };
    let on_move = {
        let (found, active) = (Rc::clone(&found), active.setter());
        Callback::from(move |index: usize| active.set(found.as_deref().unwrap_or_default().get(index).copied()))
    };
    let row = {
        let (files, found) = (Rc::clone(files), Rc::clone(&found));
        Callback::from(move |slot: Slot| {
            let row = found.as_deref().unwrap_or_default()[slot.index];
            let (is_active, is_picked) = (active_index == Some(slot.index), picked == Some(row));
            let (key, file, export) = (slot.key, files[row.file].clone(), row.export);
            html! { <Row {key} {slot} {file} {export} {is_active} {is_picked} /> }
        })
    };
    let empty = match &*found {
        Err(trouble) => Some(html! { <p>{ "This is no regular expression: " }{ trouble }</p> }),
        Ok(rows) if rows.is_empty() => Some(nothing_found(place, all, navigator)),
        Ok(_) => None,
    };
    html! {
        <section class="list" aria-label="List of exports">
            <SearchBar files={Rc::clone(files)} place={place.clone()} navigator={navigator.clone()} {count} {all} />
            <Rows id={GRID} role="grid" label="Exports" {count} active={active_index} {on_move} {on_key} {row} on_click={pick}
                head={head(place, navigator)} />
            if let Some(empty) = empty { <div class="empty">{ empty }</div> }
        </section>
    }
}

/// What stands in place of a list without rows.
fn nothing_found(place: &Place, all: usize, navigator: &Navigator) -> Html {
    if all == 0 {
        return html! { <p>{ "This exports nothing." }</p> };
    }
    let clear = navigator.go.reform({
        let place = Place { query: String::new(), filter: Default::default(), ..place.clone() };
        move |_: MouseEvent| place.clone()
    });
    let as_type = navigator.go.reform({
        let place = place.without_pick().with_type(place.query.trim().to_owned());
        move |_: MouseEvent| place.clone()
    });
    html! {
        <>
            <p>{ "No export is called that, with these filters." }</p>
            <p class="tools">
                <button type="button" onclick={clear}>{ "Show all exports" }</button>
                if !place.query.trim().is_empty() {
                    <button type="button" onclick={as_type}>{ "Look for a type " }<code>{ &place.query }</code></button>
                }
            </p>
        </>
    }
}

/// The titles of the columns, which sort.
fn head(place: &Place, navigator: &Navigator) -> Html {
    let order = place.order;
    let title = |column: Column| {
        let is_current = order.column == column;
        let sort = is_current.then_some(if order.is_reversed { "descending" } else { "ascending" });
        let sign = match (is_current, order.is_reversed) {
            (false, _) => "",
            (true, false) => " ↑",
            (true, true) => " ↓",
        };
        let onclick = navigator.amend.reform({
            let place = Place { order: order.choose(column), ..place.clone() };
            move |_: MouseEvent| place.clone()
        });
        html! {
            <div role="columnheader" class={column.key()} aria-sort={sort}>
                <button type="button" tabindex="-1" {onclick}>{ column.title() }<span aria-hidden="true">{ sign }</span></button>
            </div>
        }
    };
    html! { <div class="row head" role="row" aria-rowindex="1">{ for Column::ALL.into_iter().map(title) }</div> }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    slot: Slot,
    file: OpenFile,
    /// By its index.
    export: usize,
    is_active: bool,
    is_picked: bool,
}

/// An export. A component, so that it is drawn anew only when it is another one, or more is known.
#[component]
fn Row(props: &RowProps) -> Html {
    let RowProps { slot, file, export, is_active, is_picked } = props;
    let abi = file.abi.borrow();
    let export = &abi.exports[*export];
    let may_come = file.is_working();
    let cell = |column: Column| {
        let content = match column {
            Column::Name => html! {
                <>
                    <span class="name">{ &export.name }</span>
                    if let Some(demangled) = &export.demangled { <span class="demangled">{ demangled }</span> }
                </>
            },
            Column::Match => {
                let outcome = Outcome::of(export, may_come);
                html! {
                    <span class={classes!("outcome", outcome.class())}>
                        <span aria-hidden="true">{ outcome.sign() }</span>{ " " }
                        <span class="words">{ outcome.words() }</span>
                    </span>
                }
            }
            column => html! { { column.text(export, may_come).into_owned() } },
        };
        html! { <div role="gridcell" class={column.key()}>{ content }</div> }
    };
    let classes = classes!("row", is_active.then_some("active"), is_picked.then_some("picked"));
    html! {
        <div id={slot.id.clone()} class={classes} role="row" aria-rowindex={(slot.index + 2).to_string()}
            aria-selected={is_picked.to_string()}>
            { for Column::ALL.into_iter().map(cell) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct SearchProps {
    files: Files,
    place: Place,
    navigator: Navigator,
    /// How many exports are listed.
    count: usize,
    /// Of how many.
    all: usize,
}

/// Search box and filters.
#[component]
fn SearchBar(props: &SearchProps) -> Html {
    let SearchProps { files, place, navigator, count, all } = props;
    // What was typed and is not searched yet. A browser may hand over several keys at once, and the list is drawn once for them all.
    let typed = use_mut_ref(|| None::<(String, Timeout)>);
    let value = typed.borrow().as_ref().map_or_else(|| place.query.clone(), |(query, _)| query.clone());
    let oninput = {
        let (typed, place, amend) = (Rc::clone(&typed), place.clone(), navigator.amend.clone());
        move |event: InputEvent| {
            let query = event.target_unchecked_into::<HtmlInputElement>().value();
            let searching = Timeout::new(0, {
                let (typed, place, amend) = (Rc::clone(&typed), place.clone(), amend.clone());
                move || {
                    if let Some((query, _)) = typed.take() {
                        amend.emit(Place { query, ..place });
                    }
                }
            });
            typed.replace(Some((query, searching)));
        }
    };
    let onkeydown = |event: KeyboardEvent| {
        if matches!(&*event.key(), "ArrowDown" | "Enter") {
            event.prevent_default();
            super::focus(GRID);
        }
    };
    let search = Search::parse(&place.query);
    let kind = search.as_ref().ok().and_then(Search::title);
    let shown = match count == all {
        true => format!("{} exports", grouped(*all)),
        false => format!("{} of {}", grouped(*count), grouped(*all)),
    };
    html! {
        <search class="bar">
            <div class="box">
                <input id={SEARCH} type="search" aria-label="Search symbols" spellcheck="false" autocomplete="off"
                    placeholder="Search symbols: part, glob* or /regex/" {value}
                    aria-invalid={search.is_err().to_string()} {oninput} {onkeydown} />
                if let Some(kind) = kind { <span class="tag">{ kind }</span> }
                <span class="quiet count">{ shown }</span>
            </div>
            <Filters files={Rc::clone(files)} place={place.clone()} navigator={navigator.clone()} />
        </search>
    }
}

#[derive(Properties, PartialEq)]
struct FilterProps {
    files: Files,
    place: Place,
    navigator: Navigator,
}

/// A choice of one value, for each column that has few.
#[component]
fn Filters(props: &FilterProps) -> Html {
    let FilterProps { files, place, navigator } = props;
    // In a task of its own: all exports are looked through, and the list has just been drawn for the first time.
    let is_due = use_state(|| false);
    use_effect_with((), {
        let is_due = is_due.setter();
        move |()| {
            let due = Timeout::new(0, move || is_due.set(true));
            move || drop(due)
        }
    });
    let files = if *is_due { files } else { &Files::default() };
    let [fixed, growing] = [false, true].map(|depends| Source::new(files, depends));
    let values = |depends: bool| {
        move |(source, scope): &(Source, Option<String>)| {
            let columns = Column::FILTERS.into_iter().filter(|column| column.depends_on_versions() == depends);
            columns.map(|column| (column, files::values(&source.files, scope.as_deref(), column))).collect()
        }
    };
    let fixed: Rc<BTreeMap<Column, Vec<String>>> = use_memo((fixed, place.scope.clone()), values(false));
    let growing: Rc<BTreeMap<Column, Vec<String>>> = use_memo((growing, place.scope.clone()), values(true));
    let filter = |column: Column| {
        let values = fixed.get(&column).or_else(|| growing.get(&column)).map(Vec::as_slice).unwrap_or_default();
        let chosen = place.filter.get(&column);
        if !*is_due || values.len() < 2 && chosen.is_none() {
            return Html::default();
        }
        let onchange = navigator.amend.reform({
            let place = place.clone();
            move |event: Event| {
                let select = event.target_unchecked_into::<HtmlSelectElement>();
                let mut place = place.clone();
                match select.selected_index() {
                    ..=0 => place.filter.remove(&column),
                    _ => place.filter.insert(column, select.value()),
                };
                place
            }
        });
        let option = |value: &String| {
            let is_chosen = chosen == Some(value);
            html! { <option value={value.clone()} selected={is_chosen}>{ column.value_title(value).to_owned() }</option> }
        };
        html! {
            <select aria-label={format!("Filter by {}", column.title().to_lowercase())}
                class={classes!(chosen.map(|_| "chosen"))} {onchange}>
                <option selected={chosen.is_none()}>{ column.title() }{ ": all" }</option>
                { for values.iter().map(option) }
            </select>
        }
    };
    html! { <div class="filters">{ for Column::FILTERS.into_iter().map(filter) }</div> }
}
