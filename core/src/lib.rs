// SPDX-License-Identifier: GPL-2.0-only
//! Symbol versions of Linux kernels and modules (CONFIG_MODVERSIONS), computed from DWARF.
//!
//! The library does no I/O: no paths, no files, no threads of its own making, no clock, no printing. It is handed bytes and
//! gives values and errors, so that the same code runs in Kbuild and in a browser. Data goes one way,
//!
//! ```text
//! bytes ─► object ─► dwarf ─► types ─► versions ─► linked ─► abi
//! ```
//!
//! each stage a value that the next one borrows. The rules are those of `scripts/gendwarfksyms` of Linux 7.3, whose output is
//! reproduced to the bit. [`session::Session`] does for a list of exports what Kbuild asks of that tool. [`linked::Units`] does
//! it for a whole kernel or module after linking, and [`abi::Abi`] is what there is to show of it.
//!
//! The same input gives the same output, on every machine; and no input panics.

pub mod abi;
#[cfg(feature = "cli")]
pub mod cli;
pub mod dwarf;
mod error;
pub mod kernel;
pub mod linked;
pub mod object;
pub mod object_types;
pub mod session;
pub mod symbols;
pub mod types;
pub mod versions;

pub use error::{Error, Result};
