// SPDX-License-Identifier: GPL-2.0-only
//! A symbol or a type of a file, opened: the JSON of `kabiscope show`.

use serde::{Deserialize, Serialize};

use super::tree::Expansion;
use super::{Abi, Export, SCHEMA};

/// A symbol or a type, and what it consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Version of this schema.
    pub schema: u32,
    /// The name of the file, as it was given.
    pub file: String,
    /// What is known of the symbol; `null` for a type.
    pub export: Option<Export>,
    /// How the language declares it; `null` if no unit describes it.
    pub prototype: Option<String>,
    /// The unit whose description is shown. Others may have another one.
    pub unit: Option<String>,
    /// The types behind it; `null` if no unit describes it.
    pub expansion: Option<Expansion>,
}

impl Shown {
    /// What `unit` says of an `export`, or of a type, of the file that `abi` is of.
    pub fn new(abi: &Abi, export: Option<Export>, unit: Option<String>, expansion: Option<Expansion>) -> Self {
        let root = expansion.as_ref().and_then(|expansion| expansion.nodes.first());
        let prototype = root.map(|root| root.declaration.to_string());
        Self { schema: SCHEMA, file: abi.file.clone(), export, prototype, unit, expansion }
    }
}
