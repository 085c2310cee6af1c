// SPDX-License-Identifier: GPL-2.0-only
//! What the kernel's build leaves beside the code: export lists and kABI rules; and in linked files, tables of exports with their
//! versions, and what modules say of themselves. No DWARF is needed for any of it.

mod exports;
pub mod facts;
pub(crate) mod kabi;
pub mod symvers;

pub use exports::{Definition, Export, ExportId, ExportList};
pub use kabi::KabiRules;
