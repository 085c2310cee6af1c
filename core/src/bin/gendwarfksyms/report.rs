// SPDX-License-Identifier: GPL-2.0-only
//! What goes to standard error: messages, and the dumps that were asked for.

use std::fmt::Display;
use std::io::{self, BufWriter, StderrLock, Write};

use kabiscope::kernel::{Definition, Export};
use kabiscope::session::Observer;
use kabiscope::types::DieDump;

/// Standard error, and what of it is wanted. There is nobody to tell should it be impossible to write to.
pub(crate) struct Report {
    err: BufWriter<StderrLock<'static>>,
    debug: bool,
    dies: DieDump,
}

impl Report {
    pub(crate) fn new(debug: bool, dies: DieDump) -> Self {
        Self { err: BufWriter::new(io::stderr().lock()), debug, dies }
    }

    /// Under `--debug`: what a function of the reference would say here.
    pub(crate) fn debug(&mut self, function: &str, text: impl Display) {
        if self.debug {
            self.line(format_args!("gendwarfksyms: {function}: {text}"));
        }
    }

    pub(crate) fn warning(&mut self, place: impl Display, text: impl Display) {
        self.line(format_args!("warning: gendwarfksyms: {place}: {text}"));
    }

    pub(crate) fn error(&mut self, place: impl Display, text: impl Display, hint: Option<&str>) {
        self.line(format_args!("error: gendwarfksyms: {place}: {text}"));
        if let Some(hint) = hint {
            self.line(format_args!("hint: {hint}"));
        }
    }

    /// Text as it is.
    pub(crate) fn text(&mut self, text: &str) {
        let _ = self.err.write_all(text.as_bytes());
    }

    /// A line of a dump: a name and its string.
    pub(crate) fn dump(&mut self, name: &[u8], string: &[u8]) {
        for part in [name, b" ", string, b"\n"] {
            let _ = self.err.write_all(part);
        }
    }

    /// Writes out the DIEs that were dumped since the last time.
    pub(crate) fn flush_dies(&mut self) {
        let _ = self.err.write_all(&self.dies.text);
        self.dies.text.clear();
    }

    fn line(&mut self, line: impl Display) {
        self.flush_dies();
        let _ = writeln!(self.err, "{line}");
    }
}

impl Observer for Report {
    type Dump = DieDump;

    fn dump(&mut self) -> &mut DieDump {
        &mut self.dies
    }

    fn address(&mut self, export: &Export, definition: Definition) {
        let name = String::from_utf8_lossy(&export.name);
        match definition {
            Definition::New(address) => {
                self.debug("set_symbol_addr", format_args!("{name} -> {{ {}, {:x} }}", address.section, address.value));
            }
            Definition::Second(_) => {
                self.warning("set_symbol_addr", format_args!("multiple addresses for symbol {name}?"));
            }
        }
    }

    fn trailing_rule_data(&mut self) {
        self.warning("kabi_read_rules", "unexpected data at the end of the kABI rules section");
    }

    fn symbol(&mut self, export: &Export) {
        self.flush_dies();
        self.debug("process_symbol", String::from_utf8_lossy(&export.name));
    }
}
