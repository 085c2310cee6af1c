// SPDX-License-Identifier: GPL-2.0-only
//! Which files are meant: those that were given, and in folders, kernels and modules.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::console::Console;
use crate::failure::Trouble;

/// Files to work on, in the order of the command line, those of a folder in the order of their names.
pub(crate) struct Files {
    pub(crate) paths: Vec<PathBuf>,
    /// Whether they were given as several: their results are a list, be it of one.
    pub(crate) several: bool,
}

impl Files {
    /// Finds the files that `arguments` mean. A folder without any is an error.
    pub(crate) fn find(arguments: &[PathBuf], console: &Console) -> Self {
        let mut paths = Vec::new();
        for argument in arguments {
            if argument.is_dir() {
                paths.extend(search(argument, is_kernel_or_module, "kernel or module", console));
            } else {
                paths.push(argument.clone());
            }
        }
        Self { paths, several: arguments.len() > 1 || arguments.iter().any(|argument| argument.is_dir()) }
    }
}

/// The files below `folder` whose names are as wanted. None is an error, told as one of a `kind`.
pub(crate) fn search(folder: &Path, is_wanted: fn(&str) -> bool, kind: &str, console: &Console) -> Vec<PathBuf> {
    let mut found = Vec::new();
    // Symbolic links are not followed: those in /lib/modules lead to whole build trees.
    for entry in WalkDir::new(folder).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.file_type().is_file() && entry.file_name().to_str().is_some_and(is_wanted) => {
                found.push(entry.into_path());
            }
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(folder).display().to_string();
                let reason = error.io_error().map_or_else(|| error.to_string(), crate::failure::describe);
                console.error(&Trouble::new(path, reason));
            }
        }
    }
    if found.is_empty() {
        console.error(&Trouble::new(folder.display(), format_args!("no {kind} is in this folder")));
    }
    found
}

/// Whether a file of this name in a folder is one: `vmlinux`, `vmlinux-7.3.4`, `x.ko`, `x.ko.zst`.
fn is_kernel_or_module(name: &str) -> bool {
    let of_release =
        || name.strip_prefix("vmlinux-").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    name == "vmlinux" || of_release() || is_module(name)
}

fn is_module(name: &str) -> bool {
    const PACKED: [&str; 4] = ["gz", "xz", "zst", "bz2"];
    let path = Path::new(name);
    let extension = path.extension().and_then(OsStr::to_str);
    match extension {
        Some("ko") => true,
        Some(packed) if PACKED.contains(&packed) => {
            Path::new(path.file_stem().unwrap_or_default()).extension() == Some("ko".as_ref())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_kernel_or_module;

    #[test]
    fn names() {
        for name in ["vmlinux", "vmlinux-7.3.4-amd64", "nfs.ko", "nfs.ko.gz", "nfs.ko.xz", "nfs.ko.zst"] {
            assert!(is_kernel_or_module(name), "{name}");
        }
        for name in ["vmlinux.o", "vmlinux-gdb.py", "vmlinuz", "nfs.o", "nfs.mod.o", "ko", "nfs.gz", "nfs.ko.sig"] {
            assert!(!is_kernel_or_module(name), "{name}");
        }
    }
}
