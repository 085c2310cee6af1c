// SPDX-License-Identifier: GPL-2.0-only
//! Where a person is: everything that selects and filters, as the fragment of the page's address has it. So back, forward,
//! reload and sharing work.
//!
//! Routers match paths to pages. This page is only one, and what it shows is a record of many fields, of which any can be left
//! out: a query string, which a crate encodes.

use std::collections::BTreeMap;

use form_urlencoded::Serializer;
use wasm_bindgen::JsValue;

use super::columns::Column;

/// A place on the page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Place {
    /// Whether the sample is open: nobody has to open files to follow such a link.
    pub(super) sample: bool,
    /// The only file whose symbols are listed, by build-id or else by name.
    pub(super) scope: Option<String>,
    /// Whether imports are shown in place of exports.
    pub(super) imports: bool,
    /// The text in the search box.
    pub(super) query: String,
    /// In these columns, only this value.
    pub(super) filter: BTreeMap<Column, String>,
    /// The order of the list.
    pub(super) order: Order,
    /// The file of the symbol or type, by build-id or else by name.
    pub(super) file: Option<String>,
    /// The symbol that was picked.
    pub(super) symbol: Option<String>,
    /// The types that were followed from there, one after the other.
    pub(super) types: Vec<String>,
    /// Whether the string that is hashed is shown in place of the tree.
    pub(super) hashed: bool,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    /// By what.
    pub(super) column: Column,
    /// The last first.
    pub(super) is_reversed: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { column: Column::Name, is_reversed: false }
    }
}

impl Place {
    /// Where the address says.
    pub(super) fn current() -> Self {
        let fragment = gloo_utils::window().location().hash().unwrap_or_default();
        Self::parse(fragment.trim_start_matches('#'))
    }

    /// Whether what is listed, and in which order, may change when versions are known.
    pub(super) fn depends_on_versions(&self) -> bool {
        self.filter.keys().chain([&self.order.column]).any(|column| column.depends_on_versions())
    }

    /// Shows the place in the address; `is_new` if the way back leads to the one before.
    pub(super) fn show(&self, is_new: bool) {
        let Ok(history) = gloo_utils::window().history() else { return };
        let address = format!("#{}", self.fragment());
        let shown = match is_new {
            true => history.push_state_with_url(&JsValue::NULL, "", Some(&address)),
            false => history.replace_state_with_url(&JsValue::NULL, "", Some(&address)),
        };
        // A browser refuses somebody who types too fast for its history; the next change is shown again.
        drop(shown);
    }

    /// What is not understood is passed over: the link may come from another release of the page.
    fn parse(fragment: &str) -> Self {
        let mut place = Self::default();
        for (key, value) in form_urlencoded::parse(fragment.as_bytes()) {
            let value = value.into_owned();
            match &*key {
                "sample" => place.sample = true,
                "in" => place.scope = Some(value),
                "imports" => place.imports = true,
                "q" => place.query = value,
                "sort" => place.order = Order::parse(&value).unwrap_or_default(),
                "file" => place.file = Some(value),
                "symbol" => place.symbol = Some(value),
                "type" => place.types.push(value),
                "hashed" => place.hashed = true,
                key => {
                    if let Some(column) = Column::FILTERS.into_iter().find(|column| column.key() == key) {
                        place.filter.insert(column, value);
                    }
                }
            }
        }
        place
    }

    fn fragment(&self) -> String {
        let Self { sample, scope, imports, query, filter, order, file, symbol, types, hashed } = self;
        let mut pairs = Serializer::new(String::new());
        let flag = |pairs: &mut Serializer<'_, String>, key, is_set: bool| {
            if is_set {
                pairs.append_key_only(key);
            }
        };
        let text = |pairs: &mut Serializer<'_, String>, key, text: Option<&str>| {
            pairs.extend_pairs(text.map(|text| (key, text)));
        };
        flag(&mut pairs, "sample", *sample);
        text(&mut pairs, "in", scope.as_deref());
        flag(&mut pairs, "imports", *imports);
        text(&mut pairs, "q", Some(query.as_str()).filter(|query| !query.is_empty()));
        pairs.extend_pairs(filter.iter().map(|(column, value)| (column.key(), value)));
        if *order != Order::default() {
            text(&mut pairs, "sort", Some(&order.key()));
        }
        text(&mut pairs, "file", file.as_deref());
        text(&mut pairs, "symbol", symbol.as_deref());
        pairs.extend_pairs(types.iter().map(|name| ("type", name)));
        flag(&mut pairs, "hashed", *hashed);
        pairs.finish()
    }

    /// The same list with nothing picked.
    pub(super) fn without_pick(&self) -> Self {
        let picked_nothing = Self { file: None, symbol: None, types: Vec::new(), hashed: false, ..self.clone() };
        Self { file: self.scope.clone(), ..picked_nothing }
    }

    /// The same list with a symbol picked.
    pub(super) fn with_symbol(&self, file: String, symbol: String) -> Self {
        Self { file: Some(file), symbol: Some(symbol), ..self.without_pick() }
    }

    /// One type further.
    pub(super) fn with_type(&self, name: String) -> Self {
        let types = self.types.iter().cloned().chain([name]).collect();
        Self { types, hashed: false, ..self.clone() }
    }

    /// Back to the first `count` of the types.
    pub(super) fn up_to_type(&self, count: usize) -> Self {
        let types = self.types.iter().take(count).cloned().collect();
        Self { types, hashed: false, ..self.clone() }
    }

    /// Whether a symbol or type was picked.
    pub(super) fn has_pick(&self) -> bool {
        self.symbol.is_some() || !self.types.is_empty()
    }
}

impl Order {
    fn parse(key: &str) -> Option<Self> {
        let (is_reversed, key) = key.strip_prefix('-').map_or((false, key), |key| (true, key));
        let column = Column::ALL.into_iter().find(|column| column.key() == key)?;
        Some(Self { column, is_reversed })
    }

    fn key(self) -> String {
        let sign = if self.is_reversed { "-" } else { "" };
        format!("{sign}{}", self.column.key())
    }

    /// The order after somebody has chosen a column: once, and again for the reverse.
    pub(super) fn choose(self, column: Column) -> Self {
        Self { column, is_reversed: column == self.column && !self.is_reversed }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[track_caller]
    fn check(fragment: &str, place: &Place) {
        assert_eq!(&Place::parse(fragment), place);
        assert_eq!(place.fragment(), fragment);
    }

    #[test]
    fn every_field() {
        check("", &Place::default());
        let place = Place {
            sample: true,
            scope: Some("60e1".to_owned()),
            imports: true,
            query: "/^a b&c$/".to_owned(),
            filter: [(Column::Licence, "GPL".to_owned()), (Column::Namespace, String::new())].into(),
            order: Order { column: Column::Recorded, is_reversed: true },
            file: Some("60e1".to_owned()),
            symbol: Some("vfs_open".to_owned()),
            types: vec!["struct file".to_owned(), "Option<&u8>".to_owned()],
            hashed: true,
        };
        let fragment = "sample&in=60e1&imports&q=%2F%5Ea+b%26c%24%2F&licence=GPL&namespace=&sort=-recorded&file=60e1\
                        &symbol=vfs_open&type=struct+file&type=Option%3C%26u8%3E&hashed";
        check(fragment, &place);
    }

    #[test]
    fn unknown_is_passed_over() {
        let place = Place { symbol: Some("a".to_owned()), ..Place::default() };
        assert_eq!(Place::parse("colour=red&symbol=a&sort=colour&name=b&%ff"), place);
    }
}
