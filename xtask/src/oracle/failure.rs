// SPDX-License-Identifier: GPL-2.0-only
//! What is kept of a comparison that failed.

use std::fs;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::compare::Difference;

/// A comparison that failed, and how to come back to it.
pub(crate) struct Failure<'a> {
    pub(crate) title: String,
    /// Where the sources and the object are.
    pub(crate) made_in: &'a Path,
    pub(crate) exports: &'a str,
    pub(crate) commands: &'a [String],
    pub(crate) differences: &'a [Difference],
    /// The command that makes this case again.
    pub(crate) repeat: String,
}

impl Failure<'_> {
    /// Keeps everything in a folder of its own and tells where.
    pub(crate) fn keep(&self, failures: &Path) -> anyhow::Result<PathBuf> {
        let folder = failures.join(&self.title);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(self.made_in)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                fs::copy(entry.path(), folder.join(entry.file_name()))?;
            }
        }
        fs::write(folder.join("exports"), self.exports)?;
        fs::write(folder.join("commands"), self.commands.join("\n") + "\n")?;
        fs::write(folder.join("repeat"), format!("{}\n", self.repeat))?;
        for difference in self.differences {
            let name = difference.what.replace(' ', "-");
            fs::write(folder.join(format!("{name}.reference")), &difference.reference)?;
            fs::write(folder.join(format!("{name}.ours")), &difference.ours)?;
            fs::write(folder.join(format!("{name}.diff")), diff(difference))?;
        }
        Ok(folder)
    }
}

/// A unified diff from the reference's answer to ours.
fn diff(difference: &Difference) -> String {
    TextDiff::from_lines(&difference.reference, &difference.ours)
        .unified_diff()
        .context_radius(1)
        .header("reference", "ours")
        .to_string()
}

/// The first lines that differ, short enough for a screen.
pub(crate) fn glimpse(difference: &Difference) -> String {
    const LINES: usize = 6;
    const WIDTH: usize = 240;
    let diff = diff(difference);
    let changed = diff.lines().skip(2).filter(|line| line.starts_with(['-', '+']));
    changed.take(LINES).map(|line| format!("      {}\n", line.chars().take(WIDTH).collect::<String>())).collect()
}
