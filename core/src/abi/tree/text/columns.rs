// SPDX-License-Identifier: GPL-2.0-only
//! Lines in columns: offset, size, code, notes.

use super::{Line, Role};

/// Where notes start, counted from where code does, unless the code is longer.
const NOTES_COLUMN: usize = 44;

/// Beyond this, what is nested more deeply is not indented more.
const MAX_INDENT: usize = 120;

/// A line before the widths of columns are known.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// It stands before all columns.
    pub(super) is_heading: bool,
    pub(super) offset: Option<u64>,
    pub(super) bit: Option<u64>,
    pub(super) size: Option<u64>,
    /// In half steps: a body stands half a step behind the line that leads to it, its parts a full step behind it.
    pub(super) indent: usize,
    pub(super) code: Line,
    pub(super) notes: Vec<(Role, String)>,
}

/// Gives all rows the same columns.
pub(super) fn align(rows: Vec<Row>) -> Vec<Line> {
    let widest = |number: fn(&Row) -> Option<u64>| {
        rows.iter().filter_map(number).max().map_or(0, |number| number.to_string().len())
    };
    let widths = Widths { offset: widest(|row| row.offset), bit: widest(|row| row.bit), size: widest(|row| row.size) };
    rows.into_iter().map(|row| row.into_line(&widths)).collect()
}

struct Widths {
    offset: usize,
    bit: usize,
    size: usize,
}

impl Row {
    fn into_line(self, widths: &Widths) -> Line {
        let mut line = Line::default();
        if !self.is_heading && widths.offset + widths.size > 0 {
            self.place(widths, &mut line);
        }
        let indent = (self.indent * 2).min(MAX_INDENT);
        line.push(Role::Plain, " ".repeat(indent));
        let column = indent + self.code.width();
        let has_code = !self.code.spans.is_empty();
        line.spans.extend(self.code.spans);
        if has_code && !self.notes.is_empty() {
            line.push(Role::Plain, " ".repeat(NOTES_COLUMN.saturating_sub(column).max(1)));
        }
        let last = self.notes.len().saturating_sub(1);
        for (index, (role, text)) in self.notes.into_iter().enumerate() {
            let start = if index == 0 { "/* " } else { ", " };
            let end = if index == last { " */" } else { "" };
            line.push(role, format!("{start}{text}{end}"));
        }
        while line.spans.last().is_some_and(|span| span.text.trim_end().is_empty()) {
            line.spans.pop();
        }
        line
    }

    fn place(&self, widths: &Widths, line: &mut Line) {
        let text = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        line.push(Role::Offset, format!("{:>width$}", text(self.offset), width = widths.offset));
        if widths.bit > 0 {
            let bit = self.bit.map(|bit| format!(":{bit}")).unwrap_or_default();
            line.push(Role::Offset, format!("{bit:<width$}", width = widths.bit + 1));
        }
        line.push(Role::Size, format!("  {:>width$}", text(self.size), width = widths.size));
        line.push(Role::Plain, "  ");
    }
}
