// SPDX-License-Identifier: GPL-2.0-only
//! What could not be read, told where it stands.

use super::Item;
use crate::{Error, Result};

/// Gathers what was wrong; the first is told.
#[derive(Default)]
pub(super) struct Troubles(Option<Error>);

impl Troubles {
    /// The value, or that there is none and why.
    pub(super) fn value<T: Default>(&mut self, result: Result<T>) -> T {
        result.unwrap_or_else(|error| {
            self.add(Some(error));
            T::default()
        })
    }

    pub(super) fn add(&mut self, error: Option<Error>) {
        if self.0.is_none() {
            self.0 = error;
        }
    }

    pub(super) fn first(self) -> Option<String> {
        self.0.map(|error| error.to_string())
    }
}

/// Tells that a list ends before its end.
pub(super) fn trouble_item(error: &Error) -> Item {
    Item::Trouble { reason: error.to_string() }
}
