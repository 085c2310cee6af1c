// SPDX-License-Identifier: GPL-2.0-only
//! The page of figures, `docs/metrics.md`: each table stands between two marks, and is replaced when it is measured again.

use std::fs;
use std::process::Command;

use anyhow::Context;

use super::Workshop;
use crate::project;

const PAGE: &str = "docs/metrics.md";

/// Prints a table and puts it into its section of the page, with what it was measured on.
pub(super) fn publish(workshop: &Workshop, section: &str, table: &str) -> anyhow::Result<()> {
    let figures = format!("{table}\n{}; {}; {}\n", workshop.source.package, compiler()?, machine()?);
    println!("\n{figures}");
    let file = project::root().join(PAGE);
    let page = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let page = with_section(&page, section, &figures).with_context(|| format!("{PAGE} has no section {section}"))?;
    fs::write(file, page)?;
    println!("written to {PAGE}");
    Ok(())
}

/// The page with other text between the marks of this section.
fn with_section(page: &str, section: &str, text: &str) -> Option<String> {
    let [begin, end] = ["begin", "end"].map(|which| format!("<!-- {section}: {which} -->"));
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n\n{text}\n{end}{after}"))
}

fn compiler() -> anyhow::Result<String> {
    let version = Command::new("gcc").arg("--version").output()?;
    Ok(String::from_utf8_lossy(&version.stdout).lines().next().unwrap_or("gcc").to_owned())
}

/// What it was measured on, and how busy that was with other things.
fn machine() -> anyhow::Result<String> {
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').nth(2).context("it has three averages")?;
    let cores = std::thread::available_parallelism()?;
    Ok(format!("{cores} cores, load average {load} over the last 15 minutes of the run."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_section_is_replaced() {
        let page = "a\n<!-- x: begin -->\nold\n<!-- x: end -->\n<!-- y: begin -->\n<!-- y: end -->\n";
        let expected = "a\n<!-- x: begin -->\n\nnew\n\n<!-- x: end -->\n<!-- y: begin -->\n<!-- y: end -->\n";
        assert_eq!(with_section(page, "x", "new\n").as_deref(), Some(expected));
        assert_eq!(with_section(page, "z", "new\n"), None);
    }
}
