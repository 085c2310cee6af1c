// SPDX-License-Identifier: GPL-2.0-only
//! Standard output.

use std::io::{self, BufWriter, StdoutLock, Write as _};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use serde::Serialize;

/// Of a version that is not the one recorded.
pub(crate) const DIFFERENT: Style = AnsiColor::Red.on_default().bold();

/// Standard output for text that may have colours in it: they are taken out where they are not wanted.
pub(crate) type Output = BufWriter<AutoStream<StdoutLock<'static>>>;

pub(crate) fn stdout() -> Output {
    BufWriter::with_capacity(1 << 16, anstream::stdout().lock())
}

/// Prints a value as JSON.
pub(crate) fn json(value: &(impl Serialize + ?Sized)) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, value)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// The name of a symbol as the linker has it, and as the source has it if that is another.
pub(crate) fn full_name(name: &str, demangled: Option<&str>) -> String {
    match demangled {
        Some(demangled) => format!("{name}  {demangled}"),
        None => name.to_owned(),
    }
}
