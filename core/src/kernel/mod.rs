// SPDX-License-Identifier: GPL-2.0-only
//! What the kernel's build leaves beside the code: export lists and kABI rules. No DWARF is needed for any of it.

mod exports;
pub(crate) mod kabi;

pub use exports::{Definition, Export, ExportId, ExportList};
pub use kabi::KabiRules;
