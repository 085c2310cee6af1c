// SPDX-License-Identifier: GPL-2.0-only
//! Files, opened and unpacked, and the files beside them that hold their debugging information.

mod bytes;
mod debug;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use kabiscope::kernel::symvers;
use kabiscope::object::packed::{self, Content, Format};

use self::bytes::Bytes;
pub(crate) use self::debug::DebugFiles;
use crate::failure::Trouble;

/// An ELF file.
pub(crate) struct Input {
    path: PathBuf,
    bytes: Bytes,
}

/// What tells of exports: an ELF file, or a `Module.symvers`.
pub(crate) enum Provider {
    Image(Input),
    Symvers(Vec<symvers::Entry>),
}

impl Input {
    /// Opens an ELF file, be it compressed or within a kernel image.
    pub(crate) fn open(path: &Path) -> Result<Self, Trouble> {
        match Provider::open(path)? {
            Provider::Image(input) => Ok(input),
            Provider::Symvers(_) => {
                let error = kabiscope::Error::Unusable(Format::Symvers);
                Err(Trouble::with(path, &error))
            }
        }
    }

    /// Where it was found.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is in it.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Provider {
    /// Opens a file, be it compressed.
    pub(crate) fn open(path: &Path) -> Result<Self, Trouble> {
        let trouble = |error| Trouble::with(path, &error);
        let bytes =
            Bytes::open(path).map_err(|error| Trouble::new(path.display(), crate::failure::describe(&error)))?;
        let unpacked = match packed::unpack(&bytes).map_err(trouble)? {
            Content::Symvers(text) => return Ok(Self::Symvers(symvers::parse(&text).map_err(trouble)?)),
            // It may be all of the file.
            Content::Elf(Cow::Borrowed(data)) if data.len() == bytes.len() => None,
            Content::Elf(data) => Some(Bytes::Read(data.into_owned())),
        };
        Ok(Self::Image(Input { path: path.to_owned(), bytes: unpacked.unwrap_or(bytes) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(name)
    }

    #[test]
    fn files() {
        let path = fixture("basics/object.o");
        let input = Input::open(&path).expect("an object");
        assert_eq!(input.path(), path);
        assert_eq!(input.bytes(), std::fs::read(&path).expect("an object"));
    }

    #[test]
    fn files_of_no_use() {
        let text = |path: &Path| Input::open(path).err().map(|trouble| trouble.text);
        assert_eq!(text(&fixture("README.md")).as_deref(), Some("it is text"));
        assert_eq!(text(&fixture("")).as_deref(), Some("is a directory"));
        assert_eq!(text(&fixture("missing")).as_deref(), Some("No such file or directory"));
    }

    #[test]
    fn lists_of_symbol_versions() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("Module.symvers");
        std::fs::write(&path, "0x00000001\ta\tvmlinux\tEXPORT_SYMBOL\t\n").expect("a file");
        assert!(matches!(Provider::open(&path), Ok(Provider::Symvers(entries)) if entries.len() == 1));
        let text = "it is a list of symbol versions (Module.symvers)";
        assert_eq!(Input::open(&path).err().map(|trouble| trouble.text).as_deref(), Some(text));
        std::fs::write(&path, "0x00000001\ta\n").expect("a file");
        let text = Provider::open(&path).err().map(|trouble| trouble.text).unwrap_or_default();
        assert!(text.starts_with("line 1 of the list of symbol versions: "), "{text}");
    }
}
