// SPDX-License-Identifier: GPL-2.0-only
//! The patch series in `kbuild/patches`.

use std::fs;
use std::path::PathBuf;

use super::Workshop;
use super::source::Source;
use crate::project;

/// A copy of the kernel's source with the series applied; the copy from before, if it still is that.
pub(super) fn patched(workshop: &Workshop) -> anyhow::Result<Source> {
    let patches = patches()?;
    let texts = patches.iter().map(fs::read_to_string).collect::<Result<String, _>>()?;
    let identity = format!("{}\n{texts}", workshop.source.package);
    let stamp = workshop.folder.join("patched-from");
    let path = workshop.folder.join("linux-patched");
    if fs::read_to_string(&stamp).is_ok_and(|from| from == identity) && path.is_dir() {
        return Ok(Source { path, package: workshop.source.package.clone() });
    }
    let source = workshop.source.copy("linux-patched")?;
    for patch in patches {
        source.apply(&patch, &[])?;
    }
    fs::write(stamp, identity)?;
    Ok(source)
}

/// The patches in their order.
fn patches() -> anyhow::Result<Vec<PathBuf>> {
    let folder = project::root().join("kbuild/patches");
    let mut patches = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    patches.retain(|path| path.extension().is_some_and(|extension| extension == "patch"));
    patches.sort();
    Ok(patches)
}
