// SPDX-License-Identifier: GPL-2.0-only
//! What a session tells.

use kabiscope::abi::tree::Node;
use kabiscope::abi::{Abi, Export};

use web_sys::File;

use super::FileId;

/// Something that was found out.
#[derive(Debug, Clone)]
pub enum Change {
    /// What a file says of itself, without debugging information.
    Opened {
        /// The file.
        file: FileId,
        /// What it says.
        abi: Box<Abi>,
        /// Whether it has debugging information itself.
        has_debug_info: bool,
    },
    /// A file holds the debugging information of another, and nothing else: there will be no word about it any more.
    OfAnother {
        /// The file.
        file: FileId,
        /// The other.
        of: FileId,
    },
    /// A file holds debugging information, and nothing else; the file that it was split from is not among those of the session.
    Lone {
        /// The file.
        file: FileId,
        /// Its name.
        name: String,
        /// The build-id that it shares with the other.
        build_id: Option<String>,
        /// To open it once more, together with the other.
        handle: File,
    },
    /// A file is of no use.
    Refused {
        /// The file.
        file: FileId,
        /// Its name.
        name: String,
        /// What is wrong with it.
        trouble: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Something takes its time.
    Progress {
        /// The file.
        file: FileId,
        /// What it is.
        phase: Phase,
        /// How much is done.
        done: u64,
        /// Of how much.
        total: u64,
    },
    /// Exports, of which more is known now.
    Versions {
        /// The file.
        file: FileId,
        /// By their indices.
        exports: Vec<(u32, Export)>,
    },
    /// All is known that can be known, or nobody works on it any more.
    Finished {
        /// The file.
        file: FileId,
        /// What could not be read.
        troubles: Vec<String>,
        /// What would be needed to know more.
        hint: Option<String>,
    },
}

/// What takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The file is read and unpacked; progress is in bytes.
    Reading,
    /// Units are looked through for symbols; progress is in bytes.
    LookingForSymbols,
    /// Versions are computed; progress is in symbols.
    Computing,
}

/// A symbol that was picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolView {
    /// What is known of it now.
    pub export: Export,
    /// The first level of its tree; `None` if no unit describes it.
    pub node: Option<Node>,
    /// The unit whose description that is.
    pub unit: Option<String>,
    /// How the language declares it.
    pub prototype: Option<String>,
}
