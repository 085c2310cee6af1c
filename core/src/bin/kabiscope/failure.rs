// SPDX-License-Identifier: GPL-2.0-only
//! What ends a command, or keeps a file out of its result.

use std::fmt::Display;
use std::io;
use std::path::Path;

/// Why a command ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody reads standard output any more.
    Closed,
    /// Something is wrong, and this is to be said of it.
    Trouble(Trouble),
}

/// What is wrong, with what, and what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// A file, as it was given, or what else it is about.
    pub(crate) about: String,
    /// What is wrong with it.
    pub(crate) text: String,
    /// What can be done.
    pub(crate) hint: Option<String>,
}

impl Trouble {
    pub(crate) fn new(about: impl Display, text: impl Display) -> Self {
        Self { about: about.to_string(), text: text.to_string(), hint: None }
    }

    /// What the library says of a file.
    pub(crate) fn with(path: &Path, error: &kabiscope::Error) -> Self {
        let trouble = Self::new(path.display(), error);
        Self { hint: error.hint().map(str::to_owned), ..trouble }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// Of writing to standard output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Trouble(Trouble::new("standard output", describe(&error))),
        }
    }
}

/// As the C library words it, without Rust's `(os error 2)`.
pub(crate) fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
