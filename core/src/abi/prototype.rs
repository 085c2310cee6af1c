// SPDX-License-Identifier: GPL-2.0-only
//! The prototype of a symbol, as a header would have it.

use super::tree;
use crate::Result;
use crate::dwarf::{DebugInfo, DieOffset};
use crate::types::SymbolRole;

/// How the language declares the symbol `name` that the DIE at `at` stands for, as
/// [`Computed`](crate::linked::Computed) names it: `int vfs_open(const struct path *path, struct file *file)`,
/// `fn kernel::print::call_printk(…)`.
///
/// # Errors
/// Those of reading that DIE. Where only a type within cannot be read, the prototype says so.
pub fn prototype(debug_info: &DebugInfo<'_>, at: DieOffset, role: SymbolRole, name: &str) -> Result<String> {
    tree::declaration_of_symbol(debug_info, at, role, name).map(|declaration| declaration.to_string())
}
