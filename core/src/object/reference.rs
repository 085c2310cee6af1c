// SPDX-License-Identifier: GPL-2.0-only
//! Where places in a section point to, as relocations say.

use object::read::elf::{Crel, ElfFile, FileHeader, SectionHeader as _};
use object::{ReadRef, SectionIndex, elf};

use super::{Image, relocation};
use crate::{Error, Result};

/// A place that refers to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Offset of the place in its section; its address, in a linked file.
    pub(crate) place: u64,
    /// Index of the symbol that it refers to.
    pub(crate) symbol: u32,
    /// Added to the symbol's value.
    pub(crate) addend: i64,
    /// Whether what stands in the place is to be added as well.
    pub(crate) adds_contents: bool,
}

impl<'data, R: ReadRef<'data>> Image<'data, R> {
    /// What the places of a section of an object refer to, in their order.
    ///
    /// # Errors
    /// [`Error::Section`] for relocations that cannot be read, or if there are more than `most`: headers may lie, and the same
    /// ones be there many times.
    pub(crate) fn references(&self, section: usize, most: usize) -> Result<Vec<Reference>> {
        match &self.file {
            object::File::Elf32(elf) => self.references_of(elf, SectionIndex(section), most),
            object::File::Elf64(elf) => self.references_of(elf, SectionIndex(section), most),
            _ => Ok(Vec::new()),
        }
    }

    fn references_of<Elf: FileHeader>(
        &self,
        elf: &ElfFile<'data, Elf, R>,
        section: SectionIndex,
        most: usize,
    ) -> Result<Vec<Reference>> {
        let machine = elf.elf_header().e_machine(elf.endian());
        let mut references = Vec::new();
        // A section may have several tables of relocations; each leads to the next.
        let mut table = elf.elf_relocation_sections().get(section);
        while let Some(index) = table {
            let (relocations, has_addends) = self.relocations(elf, index)?;
            if references.len() + relocations.len() > most {
                return Err(self.too_many(section.0));
            }
            let of_machine = relocations.iter().filter(|one| relocation::refers(machine, one.r_type));
            references.extend(of_machine.map(|one| reference(one, !has_addends || machine == elf::EM_SH)));
            table = elf.elf_relocation_sections().get(index);
        }
        references.sort_by_key(|reference| reference.place);
        Ok(references)
    }

    /// What a linked file that can run at any address leaves to be filled in when it runs: places that get an address
    /// known but for the distance that the file is moved by.
    ///
    /// # Errors
    /// [`Error::Section`] for relocations that cannot be read, or if there are more than `most`.
    pub(crate) fn relative_references(&self, most: usize) -> Result<Vec<Reference>> {
        match &self.file {
            object::File::Elf32(elf) => self.relative_references_of(elf, most),
            object::File::Elf64(elf) => self.relative_references_of(elf, most),
            _ => Ok(Vec::new()),
        }
    }

    fn relative_references_of<Elf: FileHeader>(
        &self,
        elf: &ElfFile<'data, Elf, R>,
        most: usize,
    ) -> Result<Vec<Reference>> {
        let mut references = Vec::new();
        for (index, header) in self.sections.iter().enumerate() {
            if header.kind == elf::SHT_RELA && header.is_allocated() {
                let (relocations, _) = self.relocations(elf, SectionIndex(index))?;
                if references.len() + relocations.len() > most {
                    return Err(self.too_many(index));
                }
                // Those without a symbol: the addend is the address.
                let relative = relocations.iter().filter(|one| one.r_sym == 0 && one.r_type.0 != 0);
                references.extend(relative.map(|one| reference(one, false)));
            }
        }
        Ok(references)
    }

    fn too_many(&self, section: usize) -> Error {
        let section = self.section_name(section).into_owned();
        Error::Section { section, reason: "there are more relocations than the file can hold".to_owned() }
    }

    /// The relocations that a section holds, and whether they carry their addends.
    fn relocations<Elf: FileHeader>(
        &self,
        elf: &ElfFile<'data, Elf, R>,
        section: SectionIndex,
    ) -> Result<(Vec<Crel>, bool)> {
        let (endian, file) = (elf.endian(), elf.data());
        let malformed = |error: object::Error| Error::Section {
            section: self.section_name(section.0).into_owned(),
            reason: error.to_string(),
        };
        let header = elf.elf_section_table().section(section).map_err(malformed)?;
        if let Some((rela, _)) = header.rela(endian, file).map_err(malformed)? {
            let is_mips64el = elf.elf_header().is_mips64el(endian);
            return Ok((rela.iter().map(|one| Crel::from_rela(one, endian, is_mips64el)).collect(), true));
        }
        if let Some((rel, _)) = header.rel(endian, file).map_err(malformed)? {
            return Ok((rel.iter().map(|one| Crel::from_rel(one, endian)).collect(), false));
        }
        if let Some((crel, _)) = header.crel(endian, file).map_err(malformed)? {
            let has_addends = crel.is_rela();
            return Ok((crel.collect::<object::Result<_>>().map_err(malformed)?, has_addends));
        }
        Ok((Vec::new(), true))
    }
}

fn reference(relocation: &Crel, adds_contents: bool) -> Reference {
    Reference { place: relocation.r_offset, symbol: relocation.r_sym, addend: relocation.r_addend, adds_contents }
}
