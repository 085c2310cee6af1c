// SPDX-License-Identifier: GPL-2.0-only
//! Do the versions that vmlinux and modules record come from their types? `kabiscope verify` on a whole build.

use std::path::Path;
use std::process::Command;

use anyhow::ensure;
use kabiscope::abi::verify::Verification;

use super::tree::Tree;

/// Verifies vmlinux and all modules, and tells what came out in a line.
pub(super) fn run(tree: &Tree<'_>, kabiscope: &Path) -> anyhow::Result<String> {
    let mut verify = Command::new(kabiscope);
    verify.args(["verify", "--format", "json", "--stand-in"]).arg(&tree.path);
    let output = verify.arg(tree.path.join("vmlinux")).args(tree.modules()?).output()?;
    ensure!(output.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&output.stderr));
    let files: Vec<Verification> = serde_json::from_slice(&output.stdout)?;

    let sum = |count: fn(&Verification) -> usize| files.iter().map(count).sum::<usize>();
    let equal = sum(|file| file.counts.equal);
    let different = sum(|file| file.counts.different);
    let others = sum(|file| file.counts.only_computed + file.counts.only_recorded + file.counts.unknown);
    for reason in files.iter().flat_map(|file| &file.reasons) {
        println!("  no version computed of {} symbols: {}", reason.symbols, reason.reason);
    }
    ensure!(different == 0, "{different} of {} versions differ", equal + different);
    ensure!(equal > 0, "there is nothing to verify");
    ensure!(output.status.success(), "kabiscope says that versions differ, and names none");
    Ok(format!("{equal} versions in {} files equal, none different, {others} not computed", files.len()))
}
