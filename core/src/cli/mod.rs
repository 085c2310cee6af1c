// SPDX-License-Identifier: GPL-2.0-only
//! The command lines, defined once: parsing, help and man pages come from here.

pub mod gendwarfksyms;
#[cfg(feature = "kabiscope")]
pub mod kabiscope;
