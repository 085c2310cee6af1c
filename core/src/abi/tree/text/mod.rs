// SPDX-License-Identifier: GPL-2.0-only
//! An expansion as text for a terminal: declarations as the language writes them, offsets and sizes in columns before them.
//!
//! The body of a type stands below the line that leads to it. Where an object contains another, offsets go on from its start,
//! and behind a pointer they start afresh:
//!
//! ```text
//!  0    24  struct berth {                          /* harbour.h:42 */
//!  0     8      struct ship *ship;
//!  0    72        struct ship {                     /* harbour.h:23 */
//!  0     8            struct ship *next;            /* above */
//! 24:0   4            enum cargo cargo:8;
//! ```

mod columns;
mod writer;

use std::borrow::Cow;
use std::fmt;

use super::Expansion;

/// What a piece of text is, for whoever gives it a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Blanks and punctuation.
    Plain,
    /// Where a member is.
    Offset,
    /// How large it is.
    Size,
    /// A word of the language.
    Keyword,
    /// The name of a type, and whatever else is in a declaration.
    Type,
    /// The name that is declared.
    Name,
    /// A value of an enumeration.
    Value,
    /// A note: where something is declared or shown.
    Comment,
    /// Room that nothing uses.
    Hole,
    /// What could not be read.
    Trouble,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub role: Role,
    /// Its text.
    pub text: Cow<'static, str>,
}

/// A line of text, without a line break.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Its pieces.
    pub spans: Vec<Span>,
}

impl Line {
    fn push(&mut self, role: Role, text: impl Into<Cow<'static, str>>) {
        let text = text.into();
        if !text.is_empty() {
            self.spans.push(Span { role, text });
        }
    }

    fn width(&self) -> usize {
        self.spans.iter().map(|span| span.text.chars().count()).sum()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spans.iter().try_for_each(|span| f.write_str(&span.text))
    }
}

/// The lines of `expansion`.
pub fn lines(expansion: &Expansion) -> Vec<Line> {
    columns::align(writer::rows(expansion))
}
