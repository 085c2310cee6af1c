// SPDX-License-Identifier: GPL-2.0-only
//! Tables for people: fitted to a terminal, elsewhere a row a line, whatever its length.

use std::io::{self, IsTerminal as _, Write};

use anstyle::{AnsiColor, Style};
use comfy_table::{Color, ContentArrangement, presets};

const BAD: Style = AnsiColor::Red.on_default();

/// Space between columns.
const GAP: u16 = 2;

/// Rows under named columns. The last column is the one for what may be long.
pub(crate) struct Table<const COLUMNS: usize> {
    columns: [&'static str; COLUMNS],
    rows: Vec<[Cell; COLUMNS]>,
}

/// One entry. An empty one is shown as `-`, and a column of nothing else not at all.
#[derive(Default)]
pub(crate) struct Cell {
    text: String,
    is_bad: bool,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(crate) fn new(columns: [&'static str; COLUMNS]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: [Cell; COLUMNS]) {
        self.rows.push(cells);
    }

    /// Prints the table to `out`, which leads to standard output. No rows are nothing to print.
    pub(crate) fn print(self, out: &mut impl Write) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let used: [bool; COLUMNS] =
            std::array::from_fn(|column| self.rows.iter().any(|row| !row[column].text.is_empty()));
        if io::stdout().is_terminal() { self.print_fitted(&used, None, out) } else { self.print_aligned(&used, out) }
    }

    /// In the width of the terminal, or in `width`: what is too long for its column goes on below.
    fn print_fitted(self, used: &[bool; COLUMNS], width: Option<u16>, out: &mut impl Write) -> io::Result<()> {
        let mut table = comfy_table::Table::new();
        // Whether colour is wanted is for the stream to say, which takes it out where it is not.
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).enforce_styling();
        if let Some(width) = width {
            table.set_width(width);
        }
        table.set_header(kept(self.columns, used));
        for row in self.rows {
            table.add_row(kept(row, used).map(comfy_table::Cell::from));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        table.lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
    }

    /// For other programs, and pagers: in lines that may be thousands.
    fn print_aligned(self, used: &[bool; COLUMNS], out: &mut impl Write) -> io::Result<()> {
        let mut widths = self.columns.map(|name| name.chars().count());
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.shown().chars().count());
            }
        }
        let widths: Vec<_> = kept(widths, used).collect();
        let header = self.columns.map(Cell::from);
        for row in std::iter::once(header).chain(self.rows) {
            let mut gap = 0;
            for (cell, width) in kept(row, used).zip(&widths) {
                let style = if cell.is_bad { BAD } else { Style::new() };
                write!(out, "{:gap$}{style}{}{style:#}", "", cell.shown())?;
                gap = width - cell.shown().chars().count() + usize::from(GAP);
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// Of a row, what is in used columns.
fn kept<T, const COLUMNS: usize>(row: [T; COLUMNS], used: &[bool; COLUMNS]) -> impl Iterator<Item = T> {
    row.into_iter().zip(used).filter_map(|(cell, used)| used.then_some(cell))
}

impl Cell {
    /// What is not as it should be.
    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_bad: true }
    }

    fn shown(&self) -> &str {
        if self.text.is_empty() { "-" } else { &self.text }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, is_bad: false }
    }
}

/// What is not there is empty.
impl<T: ToString> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(Self::default, |value| value.to_string().into())
    }
}

impl From<Cell> for comfy_table::Cell {
    fn from(cell: Cell) -> Self {
        let shown = Self::new(cell.shown());
        if cell.is_bad { shown.fg(Color::Red) } else { shown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<4> {
        let mut table = Table::new(["VERSION", "NAMESPACE", "NOTHING", "NAME"]);
        table.row(["0x1".into(), Cell::default(), Cell::default(), "short".into()]);
        table.row([Cell::bad("0x2"), "CRYPTO".into(), Cell::default(), "a rather long name".into()]);
        table
    }

    const USED: [bool; 4] = [true, true, false, true];

    #[test]
    fn aligned() {
        let mut out = Vec::new();
        table().print_aligned(&USED, &mut out).expect("memory can be written to");
        let out = anstream::adapter::strip_bytes(&out).into_vec();
        let expect = "\
VERSION  NAMESPACE  NAME
0x1      -          short
0x2      CRYPTO     a rather long name
";
        assert_eq!(String::from_utf8_lossy(&out), expect);
    }

    #[test]
    fn fitted() {
        let mut out = Vec::new();
        table().print_fitted(&USED, Some(32), &mut out).expect("memory can be written to");
        let out = anstream::adapter::strip_bytes(&out).into_vec();
        let expect = "\
VERSION  NAMESPACE  NAME
0x1      -          short
0x2      CRYPTO     a rather
                    long name
";
        assert_eq!(String::from_utf8_lossy(&out), expect);
    }
}
