// SPDX-License-Identifier: GPL-2.0-only
//! The real kernel in `../shared/kernel`, unpacked once for all runs of the tests. The README there tells how it was built.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::Context as _;
use lzma_rust2::XzReader;

/// The vmlinux, unpacked into `folder`, for which a test gives its `CARGO_TARGET_TMPDIR`; `None`, and a word about it, where the
/// kernel is not there.
///
/// # Errors
/// An archive that cannot be unpacked.
pub fn vmlinux(folder: &str) -> anyhow::Result<Option<PathBuf>> {
    unpacked("vmlinux.xz", Path::new(folder), |archive, to| {
        let mut file = File::create(to)?;
        io::copy(&mut XzReader::new(archive, true), &mut file)?;
        Ok(())
    })
}

/// The folder with all modules, unpacked likewise.
///
/// # Errors
/// An archive that cannot be unpacked.
pub fn modules(folder: &str) -> anyhow::Result<Option<PathBuf>> {
    unpacked("modules.tar.xz", Path::new(folder), unpack_folder)
}

/// The folder with objects and stand-ins, unpacked likewise.
///
/// # Errors
/// An archive that cannot be unpacked.
pub fn objects(folder: &str) -> anyhow::Result<Option<PathBuf>> {
    unpacked("objects.tar.xz", Path::new(folder), unpack_folder)
}

fn unpack_folder(archive: File, to: &Path) -> anyhow::Result<()> {
    tar::Archive::new(XzReader::new(archive, true)).unpack(to)?;
    Ok(())
}

/// What `unpack` makes of an archive. Its name tells the archive by size and time, and it takes its place when it is whole.
fn unpacked(
    archive: &str,
    folder: &Path,
    unpack: impl FnOnce(File, &Path) -> anyhow::Result<()>,
) -> anyhow::Result<Option<PathBuf>> {
    let Some(path) = crate::shared(&format!("kernel/{archive}")) else { return Ok(None) };
    let about = fs::metadata(&path)?;
    let time = about.modified()?.duration_since(UNIX_EPOCH)?.as_secs();
    let place = folder.join(format!("{archive}-{}-{time}", about.len()));
    if !place.exists() {
        fs::create_dir_all(folder)?;
        let scratch = tempfile::tempdir_in(folder)?;
        let whole = scratch.path().join("unpacked");
        unpack(File::open(&path)?, &whole).with_context(|| format!("cannot unpack {}", path.display()))?;
        // Another process may have been faster.
        if let Err(error) = fs::rename(&whole, &place)
            && !place.exists()
        {
            return Err(error).with_context(|| place.display().to_string());
        }
    }
    Ok(Some(place))
}
