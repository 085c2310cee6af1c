// SPDX-License-Identifier: GPL-2.0-only
//! An image with the debug information of some of its units only. A real one is too large to be written anew for each
//! choice of units: the copy is made once, and then only its section headers change, and the symbol table, at its end.

use std::fs::{self, File};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use gimli::{EndianSlice, Reader};
use object::elf::{FileHeader64, SectionHeader64, Sym64};
use object::read::elf::{FileHeader as _, SectionHeader as _};
use object::{LittleEndian, ReadCache, U16, U32, U64, pod};

/// The architecture of the kernels that are measured and compared is one of 64 bits, little-endian.
const ENDIAN: LittleEndian = LittleEndian;

/// A symbol table's entry.
pub(crate) type Symbol = Sym64<LittleEndian>;

/// A copy of an image, cut down to some units.
pub(crate) struct Excerpt {
    path: PathBuf,
    file: File,
    /// Length of what was copied.
    length: u64,
    header: FileHeader64<LittleEndian>,
    sections: Vec<SectionHeader64<LittleEndian>>,
    /// Indices of sections.
    debug_info: usize,
    symbol_table: usize,
}

impl Excerpt {
    /// Copies `image` to `path`, with all its units yet.
    pub(crate) fn new(image: &Path, path: PathBuf) -> anyhow::Result<Self> {
        fs::copy(image, &path).with_context(|| format!("cannot copy {}", image.display()))?;
        let file = File::options().read(true).write(true).open(&path)?;
        let length = file.metadata()?.len();
        let cache = ReadCache::new(&file);
        let header = *FileHeader64::<LittleEndian>::parse(&cache)?;
        ensure!(header.is_little_endian(), "{} is not little-endian", image.display());
        let table = header.sections(ENDIAN, &cache)?;
        let named = |name: &str| {
            let found = table.section_by_name(ENDIAN, name.as_bytes());
            found.map(|(index, _)| index.0).with_context(|| format!("{} has no {name}", image.display()))
        };
        let (debug_info, symbol_table) = (named(".debug_info")?, named(".symtab")?);
        let sections = table.iter().copied().collect();
        Ok(Self { path, length, header, sections, debug_info, symbol_table, file })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The units of the whole image: their places in its `.debug_info`.
    pub(crate) fn units(&self) -> anyhow::Result<Vec<Range<u64>>> {
        let debug_info = &self.sections[self.debug_info];
        let (start, size) = (debug_info.sh_offset(ENDIAN), debug_info.sh_size(ENDIAN));
        ensure!(debug_info.data(ENDIAN, &ReadCache::new(&self.file)).is_ok(), ".debug_info is not in the file");
        let mut units = Vec::new();
        let mut at = 0;
        while at < size {
            // 0xffffffff and eight bytes of the length in 64-bit DWARF, and four bytes else.
            let mut bytes = [0; 12];
            self.file.read_exact_at(&mut bytes, start + at)?;
            let (length, format) = EndianSlice::new(&bytes, gimli::LittleEndian).read_initial_length()?;
            let end = at + u64::from(format.initial_length_size()) + length as u64;
            ensure!(end <= size, "the unit at {at:#x} has no end");
            units.push(at..end);
            at = end;
        }
        Ok(units)
    }

    /// Cuts `.debug_info` down to `part` of the image's, and the symbol table, if one is given, to these symbols.
    pub(crate) fn show(&self, part: &Range<u64>, symbols: Option<&[(Symbol, &[u8])]>) -> anyhow::Result<()> {
        let mut sections = self.sections.clone();
        let debug_info = &mut sections[self.debug_info];
        debug_info.sh_offset = U64::new(ENDIAN, debug_info.sh_offset(ENDIAN) + part.start);
        debug_info.sh_size = U64::new(ENDIAN, part.end - part.start);

        let mut tail = Tail { start: self.length.next_multiple_of(8), bytes: Vec::new() };
        if let Some(symbols) = symbols {
            let mut entries = vec![Symbol::default()];
            let mut names = vec![0];
            for (symbol, name) in symbols {
                entries.push(Symbol { st_name: U32::new(ENDIAN, u32::try_from(names.len())?), ..*symbol });
                names.extend_from_slice(name);
                names.push(0);
            }
            let name_table = sections[self.symbol_table].link(ENDIAN).0;
            let table = &mut sections[self.symbol_table];
            // The first symbol that is not local.
            table.sh_info = U32::new(ENDIAN, 1);
            tail.put(table, pod::bytes_of_slice(&entries));
            tail.put(sections.get_mut(name_table).context("the symbol table has no names")?, &names);
        }
        let headers_at = tail.append(pod::bytes_of_slice(&sections));
        let mut header = self.header;
        header.e_shoff = U64::new(ENDIAN, headers_at);
        header.e_shnum = U16::new(ENDIAN, u16::try_from(sections.len())?);

        self.file.set_len(self.length)?;
        self.file.write_all_at(&tail.bytes, tail.start)?;
        self.file.write_all_at(pod::bytes_of(&header), 0)?;
        Ok(())
    }
}

/// What stands behind the copy.
struct Tail {
    start: u64,
    bytes: Vec<u8>,
}

impl Tail {
    /// Adds bytes and tells their offset in the file.
    fn append(&mut self, bytes: &[u8]) -> u64 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let at = self.start + self.bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        at
    }

    /// Adds a section's contents.
    fn put(&mut self, section: &mut SectionHeader64<LittleEndian>, contents: &[u8]) {
        section.sh_offset = U64::new(ENDIAN, self.append(contents));
        section.sh_size = U64::new(ENDIAN, contents.len() as u64);
    }
}
