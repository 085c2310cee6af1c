// SPDX-License-Identifier: GPL-2.0-only
//! What the end-to-end tests share: cases with the reference's answers, runs of the command, differences made readable.
//!
//! The tests prove something in any clone, by the fixtures in `tests/fixtures`. Some use more where there is more, in
//! `../shared` beside the project, and say so where there is not; see [`shared`].

pub mod case;
pub mod command;
pub mod difference;
pub mod handmade;
pub mod kernel;
pub mod search;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".."))
}

/// The fixtures, which are always there.
pub fn fixtures() -> PathBuf {
    root().join("tests/fixtures")
}

/// A file or folder of the material that lies beside the project, where it does; if not, says that the tests of it are
/// skipped.
pub fn shared(path: &str) -> Option<PathBuf> {
    let found = root().join("../shared").join(path);
    if found.exists() {
        return Some(found);
    }
    // Past the test harness, which shows nothing of a test that passes. That nobody may be listening is no failure.
    let _ = writeln!(io::stderr(), "skipped: ../shared/{path} is not there");
    None
}
