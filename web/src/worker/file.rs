// SPDX-License-Identifier: GPL-2.0-only
//! Files of the reader's machine, read on demand by a worker.
//!
//! A read costs about a millisecond, however small it is, so small ones are served from larger pieces. Only workers can read like
//! this, without waiting for the browser in between.

use std::cell::OnceCell;
use std::ops::Range;
use std::rc::Rc;

use js_sys::Uint8Array;
use object::{ReadCache, ReadCacheOps};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DomException, File, FileReaderSync};

/// How much is read for what is smaller.
pub const PIECE: u64 = 1 << 20;

/// How much is read at a time of what is larger.
pub const STRETCH: u64 = 16 << 20;

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The handle is of what the file was when it was opened.
    #[error("{file} has changed or gone since it was opened; open it again")]
    Changed {
        /// The file's name.
        file: String,
    },
    /// There is no memory for it.
    #[error("the browser has no memory for {} MB of {file}; close other tabs, or use the command kabiscope", size >> 20)]
    Memory {
        /// The file's name.
        file: String,
        /// How many bytes were asked for.
        size: u64,
    },
    /// The browser does not read it.
    #[error("the browser cannot read {file}: {reason}")]
    Failed {
        /// The file's name.
        file: String,
        /// In the browser's words.
        reason: String,
    },
}

/// A file that is read where and when something is asked of it.
pub struct OnDemand {
    reader: Reader,
    cache: ReadCache<Pieces>,
    failure: Rc<OnceCell<ReadError>>,
}

impl OnDemand {
    /// Reads nothing yet.
    ///
    /// # Errors
    /// [`ReadError::Failed`] outside a worker.
    pub fn new(file: File) -> Result<Self, ReadError> {
        let reader = Reader::new(file)?;
        let failure = Rc::default();
        let pieces = Pieces { reader: reader.clone(), position: 0, piece: None, failure: Rc::clone(&failure) };
        Ok(Self { reader, cache: ReadCache::new(pieces), failure })
    }

    /// The file's name, without a folder.
    pub fn name(&self) -> String {
        self.reader.name()
    }

    /// The file's size in bytes.
    pub fn size(&self) -> u64 {
        self.reader.size
    }

    /// The file as a parser takes it: an [`object::ReadRef`]. What was read stays in memory.
    pub fn data(&self) -> &ReadCache<Pieces> {
        &self.cache
    }

    /// Why reading [`Self::data`] has failed, if it has: a parser says no more than that it did.
    pub fn failure(&self) -> Option<&ReadError> {
        self.failure.get()
    }

    /// Reads a range of the file into memory of its own, and says after each stretch how many bytes of it are there.
    ///
    /// # Errors
    /// [`ReadError`], also if the range is not all in the file.
    pub fn read_range(&self, range: Range<u64>, mut progress: impl FnMut(u64)) -> Result<Vec<u8>, ReadError> {
        let length = range.end.saturating_sub(range.start);
        let mut bytes = Vec::new();
        let out_of_memory = || ReadError::Memory { file: self.name(), size: length };
        let in_memory = usize::try_from(length).map_err(|_| out_of_memory())?;
        if range.end > self.size() {
            return Err(self.reader.failed("it is shorter than that"));
        }
        bytes.try_reserve_exact(in_memory).map_err(|_| out_of_memory())?;
        bytes.resize(in_memory, 0);
        self.reader.read_to(range.start, &mut bytes, &mut progress)?;
        Ok(bytes)
    }
}

/// A file's bytes as [`ReadCache`] asks for them. It holds one piece of the file, outside WebAssembly's memory, which never
/// shrinks.
pub struct Pieces {
    reader: Reader,
    position: u64,
    piece: Option<(Range<u64>, Uint8Array)>,
    failure: Rc<OnceCell<ReadError>>,
}

impl Pieces {
    /// Reads some bytes, and tells how many.
    fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        let rest = self.reader.size - self.position;
        if buffer.len() as u64 >= PIECE && rest >= PIECE {
            return self.read_stretch(buffer, rest);
        }
        self.read_from_piece(buffer)
    }

    /// Reads what is asked for, as far as it is in the file and no more than a stretch.
    fn read_stretch(&mut self, buffer: &mut [u8], rest: u64) -> Result<usize, ReadError> {
        let length = (buffer.len() as u64).min(rest).min(STRETCH);
        let bytes = self.reader.read(self.position..self.position + length)?;
        bytes.copy_to(&mut buffer[..length as usize]);
        self.position += length;
        Ok(length as usize)
    }

    /// Reads up to the end of the piece that the position is in.
    fn read_from_piece(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        let held = match self.piece.take() {
            Some((range, bytes)) if range.contains(&self.position) => (range, bytes),
            _ => {
                let start = self.position / PIECE * PIECE;
                let range = start..start.saturating_add(PIECE).min(self.reader.size);
                (range.clone(), self.reader.read(range)?)
            }
        };
        let (range, bytes) = self.piece.insert(held);
        let length = (buffer.len() as u64).min(range.end.saturating_sub(self.position));
        // Both are within a piece.
        let (start, length) = ((self.position - range.start) as u32, length as u32);
        bytes.subarray(start, start + length).copy_to(&mut buffer[..length as usize]);
        self.position += u64::from(length);
        Ok(length as usize)
    }
}

impl ReadCacheOps for Pieces {
    fn len(&mut self) -> Result<u64, ()> {
        Ok(self.reader.size)
    }

    fn seek(&mut self, position: u64) -> Result<u64, ()> {
        self.position = position;
        Ok(position)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ()> {
        if self.position >= self.reader.size {
            return Ok(0);
        }
        // The first failure is the one that tells.
        self.read_some(buffer).map_err(|error| drop(self.failure.set(error)))
    }

    fn read_exact(&mut self, mut buffer: &mut [u8]) -> Result<(), ()> {
        while !buffer.is_empty() {
            let length = self.read(buffer)?;
            if length == 0 {
                return Err(());
            }
            buffer = &mut buffer[length..];
        }
        Ok(())
    }
}

/// Reads ranges of a file.
#[derive(Clone)]
struct Reader {
    file: File,
    size: u64,
    reader: FileReaderSync,
}

impl Reader {
    fn new(file: File) -> Result<Self, ReadError> {
        let reader =
            FileReaderSync::new().map_err(|error| ReadError::Failed { file: file.name(), reason: in_words(&error) })?;
        // A whole number, though JavaScript has it as any other.
        let size = file.size() as u64;
        Ok(Self { file, size, reader })
    }

    fn name(&self) -> String {
        self.file.name()
    }

    /// A range of at most a stretch, which is all in the file.
    fn read(&self, range: Range<u64>) -> Result<Uint8Array, ReadError> {
        let slice = self.file.slice_with_f64_and_f64(range.start as f64, range.end as f64);
        let buffer = slice.and_then(|slice| self.reader.read_as_array_buffer(&slice)).map_err(|e| self.explain(&e))?;
        let bytes = Uint8Array::new(&buffer);
        if u64::from(bytes.length()) != range.end - range.start {
            return Err(ReadError::Changed { file: self.name() });
        }
        Ok(bytes)
    }

    /// A range of any length.
    fn read_to(&self, start: u64, buffer: &mut [u8], progress: &mut dyn FnMut(u64)) -> Result<(), ReadError> {
        let mut done = 0;
        for part in buffer.chunks_mut(STRETCH as usize) {
            let from = start + done;
            done += part.len() as u64;
            self.read(from..start + done)?.copy_to(part);
            progress(done);
        }
        Ok(())
    }

    fn explain(&self, error: &JsValue) -> ReadError {
        match error.dyn_ref::<DomException>().map(DomException::name).as_deref() {
            Some("NotReadableError" | "NotFoundError") => ReadError::Changed { file: self.name() },
            _ => self.failed(&in_words(error)),
        }
    }

    fn failed(&self, reason: &str) -> ReadError {
        ReadError::Failed { file: self.name(), reason: reason.to_owned() }
    }
}

fn in_words(error: &JsValue) -> String {
    match error.dyn_ref::<DomException>() {
        Some(error) => error.message(),
        None => format!("{error:?}"),
    }
}
