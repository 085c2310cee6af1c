// SPDX-License-Identifier: GPL-2.0-only
//! A file in a worker. What was read of it stays there until the worker ends, and with it the session: so it is never freed.

use std::ops::Range;

use kabiscope::abi::Abi;
use kabiscope::kernel::facts::Facts;
use kabiscope::object::Image;
use kabiscope::object::packed::{self, Content, Format};
use object::{ReadCache, ReadRef};
use web_sys::File;

use super::protocol::{Head, Packed, Trouble};
use crate::worker::file::{OnDemand, Pieces, ReadError};

/// The bytes of an ELF file.
#[derive(Clone, Copy)]
pub(super) enum Bytes {
    /// In the reader's file.
    OnDemand(&'static ReadCache<Pieces>),
    /// What was packed in it.
    Unpacked(&'static [u8]),
}

impl ReadRef<'static> for Bytes {
    fn len(self) -> Result<u64, ()> {
        match self {
            Self::OnDemand(file) => file.len(),
            Self::Unpacked(bytes) => ReadRef::len(bytes),
        }
    }

    fn read_bytes_at(self, offset: u64, size: u64) -> Result<&'static [u8], ()> {
        match self {
            Self::OnDemand(file) => file.read_bytes_at(offset, size),
            Self::Unpacked(bytes) => bytes.read_bytes_at(offset, size),
        }
    }

    fn read_bytes_at_until(self, range: Range<u64>, delimiter: u8) -> Result<&'static [u8], ()> {
        match self {
            Self::OnDemand(file) => file.read_bytes_at_until(range, delimiter),
            Self::Unpacked(bytes) => bytes.read_bytes_at_until(range, delimiter),
        }
    }
}

/// An ELF file.
pub(super) struct Input {
    file: &'static OnDemand,
    bytes: Bytes,
    pub(super) image: Image<'static, Bytes>,
}

/// What the first bytes tell a file by are among so many.
const MAGIC_SIZE: u64 = 0x1_1000;

impl Input {
    /// Opens a file. One that is compressed is unpacked, for which all of it is read, with `progress`: bytes read, of so many.
    pub(super) fn open(file: File, progress: impl Fn(u64, u64)) -> Result<&'static Self, Trouble> {
        let file: &OnDemand = Box::leak(Box::new(OnDemand::new(file)?));
        let start = file.data().read_bytes_at(0, file.size().min(MAGIC_SIZE));
        let start = start.map_err(|()| unreadable(file))?;
        let bytes = match packed::recognise(start) {
            Format::Elf => Bytes::OnDemand(file.data()),
            Format::Symvers => return Err(list_of_versions()),
            format @ (Format::Unknown | Format::Text | Format::Empty) => {
                return Err(kabiscope::Error::Unusable(format).into());
            }
            _ => {
                let size = file.size();
                let packed = file.read_range(0..size, |done| progress(done, size))?;
                match packed::unpack(&packed)? {
                    Content::Elf(unpacked) => Bytes::Unpacked(Box::leak(unpacked.into_owned().into_boxed_slice())),
                    Content::Symvers(_) => return Err(list_of_versions()),
                }
            }
        };
        let image = Image::parse(bytes).map_err(|error| explain(file, error))?;
        Ok(Box::leak(Box::new(Self { file, bytes, image })))
    }

    /// What the file says of itself.
    pub(super) fn head(&self) -> Result<Head, Trouble> {
        let facts = Facts::read(&self.image).map_err(|error| self.explain(error))?;
        Ok(Head {
            abi: Abi::new(self.file.name(), &facts),
            exports: Packed::new(&facts.exports),
            // A section that cannot be read is there: what is wrong with it is told when it is needed.
            has_debug_info: self.image.section_size(".debug_info").map_or(true, |size| size > 0),
            is_debug_file: self.image.is_debug_file(),
            is_packed: matches!(self.bytes, Bytes::Unpacked(_)),
        })
    }

    /// Why the browser could not read the file, if it could not.
    pub(super) fn failure(&self) -> Option<Trouble> {
        self.file.failure().map(|error| Trouble::new(error.to_string()))
    }

    /// What is wrong: if the browser could not read the file, that, for the library knows only that something is missing.
    pub(super) fn explain(&self, error: kabiscope::Error) -> Trouble {
        explain(self.file, error)
    }
}

fn list_of_versions() -> Trouble {
    let error = kabiscope::Error::Unusable(Format::Symvers);
    Trouble { hint: Some("open the vmlinux and the modules themselves".to_owned()), ..error.into() }
}

fn explain(file: &OnDemand, error: kabiscope::Error) -> Trouble {
    match file.failure() {
        Some(_) => unreadable(file),
        None => error.into(),
    }
}

fn unreadable(file: &OnDemand) -> Trouble {
    Trouble::new(file.failure().map_or_else(|| "it cannot be read".to_owned(), ToString::to_string))
}

impl From<ReadError> for Trouble {
    fn from(error: ReadError) -> Self {
        Self::new(error.to_string())
    }
}
