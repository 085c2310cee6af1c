// SPDX-License-Identifier: GPL-2.0-only
//! Relocations of debug sections.
//!
//! Debug sections of an object refer to each other by relocations against section symbols: "store symbol plus addend in 32
//! bits". RISC-V and LoongArch store differences as well, with pairs that add and subtract. What carries no offset into a
//! debug section (thread-local offsets, marks for the linker) is left alone; anything else is refused, for it would mean a
//! damaged file or one of another architecture.

use std::borrow::Cow;

use object::elf::{self, RelocationType};
use object::read::elf::{Crel, ElfFile, FileHeader, SectionHeader as _, Sym as _};
use object::{Endian as _, Endianness, ReadRef, SectionIndex, SymbolIndex};

use crate::{Error, Result};

/// What a relocation does to the bytes at its place, given the value: symbol plus addend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Nothing that concerns a reader of types.
    Ignore,
    /// Stores the value in so many bytes.
    Store(u8),
    /// Adds the value to what stands in so many bytes.
    Add(u8),
    /// Subtracts the value from what stands in so many bytes.
    Subtract(u8),
    /// Stores, adds to or subtracts from the low six bits of a byte.
    SixBits(Operation),
    /// Stores, adds to or subtracts from a ULEB128 number, which keeps its length.
    Uleb128(Operation),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Store,
    Add,
    Subtract,
}

/// Applies the relocations of the section called `name` to its `data`, which stays borrowed if there are none.
pub(super) fn apply<'data, Elf: FileHeader, R: ReadRef<'data>>(
    elf: &ElfFile<'data, Elf, R>,
    name: &str,
    section: SectionIndex,
    data: &mut Cow<'data, [u8]>,
) -> Result<()> {
    let malformed = |error: object::Error| Error::Section { section: name.to_owned(), reason: error.to_string() };
    let (endian, file) = (elf.endian(), elf.data());
    let is_mips64el = elf.elf_header().is_mips64el(endian);
    // The crate passes over tables that it cannot make sense of; what they relocate must not be read as it is.
    for header in elf.elf_section_table().iter() {
        let relocates = matches!(header.sh_type(endian), elf::SHT_REL | elf::SHT_RELA | elf::SHT_CREL)
            && header.info_link(endian) == section;
        if relocates && header.link(endian) != elf.elf_symbol_table().section() {
            return Err(Error::Section {
                section: name.to_owned(),
                reason: "its relocations are against another symbol table".to_owned(),
            });
        }
    }
    // A section may have several tables of relocations; each leads to the next.
    let mut table = elf.elf_relocation_sections().get(section);
    while let Some(index) = table {
        let header = elf.elf_section_table().section(index).map_err(malformed)?;
        let mut target = Target { elf, name, data: data.to_mut() };
        if let Some((relocations, _)) = header.rela(endian, file).map_err(malformed)? {
            target.apply(relocations.iter().map(|one| Crel::from_rela(one, endian, is_mips64el)), true)?;
        } else if let Some((relocations, _)) = header.rel(endian, file).map_err(malformed)? {
            target.apply(relocations.iter().map(|one| Crel::from_rel(one, endian)), false)?;
        } else if let Some((relocations, _)) = header.crel(endian, file).map_err(malformed)? {
            let has_addends = relocations.is_rela();
            let relocations: Result<Vec<_>> = relocations.map(|one| one.map_err(malformed)).collect();
            target.apply(relocations?.into_iter(), has_addends)?;
        }
        table = elf.elf_relocation_sections().get(index);
    }
    Ok(())
}

/// A section that is being relocated.
struct Target<'t, 'data, Elf: FileHeader, R: ReadRef<'data>> {
    elf: &'t ElfFile<'data, Elf, R>,
    name: &'t str,
    data: &'t mut [u8],
}

impl<'data, Elf: FileHeader, R: ReadRef<'data>> Target<'_, 'data, Elf, R> {
    fn apply(&mut self, relocations: impl Iterator<Item = Crel>, has_addends: bool) -> Result<()> {
        let big_endian = self.elf.endian().is_big_endian();
        // On SuperH, what RELA tables say is to be added to what stands in the section already.
        let implicit_addends = !has_addends || self.elf.elf_header().e_machine(self.elf.endian()) == elf::EM_SH;
        // Nearly all of them are of one type and against a few section symbols, one after the other.
        let (mut last, mut rule, mut symbol) = (None, Rule::Ignore, 0);
        for relocation in relocations {
            if last != Some((relocation.r_type, relocation.r_sym)) {
                rule = self.rule(relocation)?;
                symbol = if rule == Rule::Ignore { 0 } else { self.symbol_value(relocation)? };
                last = Some((relocation.r_type, relocation.r_sym));
            }
            let value = symbol.wrapping_add_signed(relocation.r_addend);
            let place = usize::try_from(relocation.r_offset).ok().and_then(|offset| self.data.get_mut(offset..));
            if place.and_then(|place| rule.apply(place, value, implicit_addends, big_endian)).is_none() {
                let reason = format!("a relocation points to {:#x}, outside of it", relocation.r_offset);
                return Err(self.malformed(reason));
            }
        }
        Ok(())
    }

    fn rule(&self, relocation: Crel) -> Result<Rule> {
        let machine = self.elf.elf_header().e_machine(self.elf.endian());
        rule(machine, relocation.r_type).ok_or_else(|| Error::Relocation {
            section: self.name.to_owned(),
            machine: machine.0,
            kind: relocation.r_type.0,
            offset: relocation.r_offset,
        })
    }

    fn symbol_value(&self, relocation: Crel) -> Result<u64> {
        let symbol = self.elf.elf_symbol_table().symbol(SymbolIndex(relocation.r_sym as usize));
        let symbol = symbol.map_err(|error| self.malformed(error.to_string()))?;
        Ok(symbol.st_value(self.elf.endian()).into())
    }

    #[cold]
    fn malformed(&self, reason: String) -> Error {
        Error::Section { section: self.name.to_owned(), reason }
    }
}

// Types of machines that the object crate has no names for (from their ELF ABIs).
const R_ARC_8: RelocationType = RelocationType(1);
const R_ARC_16: RelocationType = RelocationType(2);
const R_ARC_32: RelocationType = RelocationType(4);
const R_ARC_TLS_DTPOFF: RelocationType = RelocationType(67);
const R_OR1K_32: RelocationType = RelocationType(1);

/// Whether a relocation makes its place refer to its symbol: it is no mark for the linker, and not the second half of a pair
/// that makes a difference.
pub(super) fn refers(machine: elf::Machine, kind: RelocationType) -> bool {
    !matches!(rule(machine, kind), Some(Rule::Ignore | Rule::Subtract(_)))
}

/// `None`: not a relocation that a debug section of this machine can have.
fn rule(machine: elf::Machine, kind: RelocationType) -> Option<Rule> {
    use Operation::{Add, Store, Subtract};
    // On every machine, 0 is a relocation that does nothing.
    if kind == RelocationType(0) {
        return Some(Rule::Ignore);
    }
    Some(match (machine, kind) {
        (elf::EM_386, elf::R_386_32)
        | (elf::EM_68K, elf::R_68K_32)
        | (elf::EM_AARCH64, elf::R_AARCH64_ABS32 | elf::R_AARCH64_P32_ABS32)
        | (elf::EM_ALPHA, elf::R_ALPHA_REFLONG)
        | (elf::EM_ALTERA_NIOS2, elf::R_NIOS2_BFD_RELOC_32)
        | (elf::EM_ARC_COMPACT | elf::EM_ARC_COMPACT2, R_ARC_32)
        | (elf::EM_ARM, elf::R_ARM_ABS32)
        | (elf::EM_CSKY, elf::R_CKCORE_ADDR32)
        | (elf::EM_HEXAGON, elf::R_HEX_32)
        | (elf::EM_LOONGARCH, elf::R_LARCH_32)
        | (elf::EM_MICROBLAZE, elf::R_MICROBLAZE_32)
        | (elf::EM_MIPS, elf::R_MIPS_32)
        | (elf::EM_OPENRISC, R_OR1K_32)
        | (elf::EM_PARISC, elf::R_PARISC_DIR32)
        | (elf::EM_PPC, elf::R_PPC_ADDR32)
        | (elf::EM_PPC64, elf::R_PPC64_ADDR32)
        | (elf::EM_RISCV, elf::R_RISCV_32 | elf::R_RISCV_SET32)
        | (elf::EM_S390, elf::R_390_32)
        | (elf::EM_SH, elf::R_SH_DIR32)
        | (elf::EM_SPARC | elf::EM_SPARC32PLUS | elf::EM_SPARCV9, elf::R_SPARC_32 | elf::R_SPARC_UA32)
        | (elf::EM_X86_64, elf::R_X86_64_32 | elf::R_X86_64_32S)
        | (elf::EM_XTENSA, elf::R_XTENSA_32) => Rule::Store(4),
        (elf::EM_AARCH64, elf::R_AARCH64_ABS64)
        | (elf::EM_ALPHA, elf::R_ALPHA_REFQUAD)
        | (elf::EM_LOONGARCH, elf::R_LARCH_64)
        | (elf::EM_MIPS, elf::R_MIPS_64)
        | (elf::EM_PARISC, elf::R_PARISC_DIR64)
        | (elf::EM_PPC64, elf::R_PPC64_ADDR64)
        | (elf::EM_RISCV, elf::R_RISCV_64)
        | (elf::EM_S390, elf::R_390_64)
        | (elf::EM_SPARCV9, elf::R_SPARC_64 | elf::R_SPARC_UA64)
        | (elf::EM_X86_64, elf::R_X86_64_64) => Rule::Store(8),
        (elf::EM_386, elf::R_386_16)
        | (elf::EM_68K, elf::R_68K_16)
        | (elf::EM_AARCH64, elf::R_AARCH64_ABS16)
        | (elf::EM_ARC_COMPACT | elf::EM_ARC_COMPACT2, R_ARC_16)
        | (elf::EM_ARM, elf::R_ARM_ABS16)
        | (elf::EM_PPC, elf::R_PPC_ADDR16)
        | (elf::EM_PPC64, elf::R_PPC64_ADDR16)
        | (elf::EM_RISCV, elf::R_RISCV_SET16)
        | (elf::EM_S390, elf::R_390_16)
        | (elf::EM_SPARC | elf::EM_SPARC32PLUS | elf::EM_SPARCV9, elf::R_SPARC_16 | elf::R_SPARC_UA16)
        | (elf::EM_X86_64, elf::R_X86_64_16) => Rule::Store(2),
        (elf::EM_386, elf::R_386_8)
        | (elf::EM_68K, elf::R_68K_8)
        | (elf::EM_ARC_COMPACT | elf::EM_ARC_COMPACT2, R_ARC_8)
        | (elf::EM_ARM, elf::R_ARM_ABS8)
        | (elf::EM_RISCV, elf::R_RISCV_SET8)
        | (elf::EM_S390, elf::R_390_8)
        | (elf::EM_SPARC | elf::EM_SPARC32PLUS | elf::EM_SPARCV9, elf::R_SPARC_8)
        | (elf::EM_X86_64, elf::R_X86_64_8) => Rule::Store(1),
        // RISC-V ELF psABI, "Relocations": pairs that make differences.
        (elf::EM_RISCV, elf::R_RISCV_ADD8) => Rule::Add(1),
        (elf::EM_RISCV, elf::R_RISCV_ADD16) => Rule::Add(2),
        (elf::EM_RISCV, elf::R_RISCV_ADD32) => Rule::Add(4),
        (elf::EM_RISCV, elf::R_RISCV_ADD64) => Rule::Add(8),
        (elf::EM_RISCV, elf::R_RISCV_SUB8) => Rule::Subtract(1),
        (elf::EM_RISCV, elf::R_RISCV_SUB16) => Rule::Subtract(2),
        (elf::EM_RISCV, elf::R_RISCV_SUB32) => Rule::Subtract(4),
        (elf::EM_RISCV, elf::R_RISCV_SUB64) => Rule::Subtract(8),
        (elf::EM_RISCV, elf::R_RISCV_SET6) => Rule::SixBits(Store),
        (elf::EM_RISCV, elf::R_RISCV_SUB6) => Rule::SixBits(Subtract),
        (elf::EM_RISCV, elf::R_RISCV_SET_ULEB128) => Rule::Uleb128(Store),
        (elf::EM_RISCV, elf::R_RISCV_SUB_ULEB128) => Rule::Uleb128(Subtract),
        // LoongArch ELF psABI, the same family.
        (elf::EM_LOONGARCH, elf::R_LARCH_ADD8) => Rule::Add(1),
        (elf::EM_LOONGARCH, elf::R_LARCH_ADD16) => Rule::Add(2),
        (elf::EM_LOONGARCH, elf::R_LARCH_ADD32) => Rule::Add(4),
        (elf::EM_LOONGARCH, elf::R_LARCH_ADD64) => Rule::Add(8),
        (elf::EM_LOONGARCH, elf::R_LARCH_SUB8) => Rule::Subtract(1),
        (elf::EM_LOONGARCH, elf::R_LARCH_SUB16) => Rule::Subtract(2),
        (elf::EM_LOONGARCH, elf::R_LARCH_SUB32) => Rule::Subtract(4),
        (elf::EM_LOONGARCH, elf::R_LARCH_SUB64) => Rule::Subtract(8),
        (elf::EM_LOONGARCH, elf::R_LARCH_ADD6) => Rule::SixBits(Add),
        (elf::EM_LOONGARCH, elf::R_LARCH_SUB6) => Rule::SixBits(Subtract),
        (elf::EM_LOONGARCH, elf::R_LARCH_ADD_ULEB128) => Rule::Uleb128(Add),
        (elf::EM_LOONGARCH, elf::R_LARCH_SUB_ULEB128) => Rule::Uleb128(Subtract),
        // Offsets of thread-local variables, in location expressions.
        (elf::EM_386, elf::R_386_TLS_LDO_32 | elf::R_386_TLS_DTPOFF32)
        | (elf::EM_X86_64, elf::R_X86_64_DTPOFF32 | elf::R_X86_64_DTPOFF64)
        | (elf::EM_ARM, elf::R_ARM_TLS_DTPOFF32 | elf::R_ARM_TLS_LDO32)
        | (elf::EM_AARCH64, elf::R_AARCH64_TLS_DTPREL)
        | (elf::EM_MIPS, elf::R_MIPS_TLS_DTPREL32 | elf::R_MIPS_TLS_DTPREL64)
        | (elf::EM_PPC, elf::R_PPC_DTPREL32)
        | (elf::EM_PPC64, elf::R_PPC64_DTPREL64)
        | (elf::EM_S390, elf::R_390_TLS_LDO32 | elf::R_390_TLS_LDO64 | elf::R_390_TLS_DTPOFF)
        | (
            elf::EM_SPARC | elf::EM_SPARC32PLUS | elf::EM_SPARCV9,
            elf::R_SPARC_TLS_DTPOFF32 | elf::R_SPARC_TLS_DTPOFF64,
        )
        | (elf::EM_RISCV, elf::R_RISCV_TLS_DTPREL32 | elf::R_RISCV_TLS_DTPREL64)
        | (elf::EM_LOONGARCH, elf::R_LARCH_TLS_DTPREL32 | elf::R_LARCH_TLS_DTPREL64)
        | (elf::EM_68K, elf::R_68K_TLS_DTPREL32)
        | (elf::EM_PARISC, elf::R_PARISC_TLS_DTPOFF32 | elf::R_PARISC_TLS_DTPOFF64)
        | (elf::EM_ALPHA, elf::R_ALPHA_DTPREL64)
        | (elf::EM_SH, elf::R_SH_TLS_DTPOFF32)
        | (elf::EM_ARC_COMPACT2, R_ARC_TLS_DTPOFF)
        | (elf::EM_XTENSA, elf::R_XTENSA_TLS_DTPOFF) => Rule::Ignore,
        // Marks for linker relaxation; the assembler has stored the value already.
        (elf::EM_RISCV, elf::R_RISCV_ALIGN | elf::R_RISCV_RELAX)
        | (elf::EM_LOONGARCH, elf::R_LARCH_MARK_LA | elf::R_LARCH_RELAX | elf::R_LARCH_ALIGN)
        | (
            elf::EM_XTENSA,
            elf::R_XTENSA_DIFF8
            | elf::R_XTENSA_DIFF16
            | elf::R_XTENSA_DIFF32
            | elf::R_XTENSA_PDIFF8
            | elf::R_XTENSA_PDIFF16
            | elf::R_XTENSA_PDIFF32
            | elf::R_XTENSA_NDIFF8
            | elf::R_XTENSA_NDIFF16
            | elf::R_XTENSA_NDIFF32,
        ) => Rule::Ignore,
        _ => return None,
    })
}

impl Rule {
    /// `None` if `place` is too short.
    #[inline(always)]
    fn apply(self, place: &mut [u8], value: u64, implicit_addend: bool, big_endian: bool) -> Option<()> {
        match self {
            Self::Ignore => {}
            Self::Store(size) => {
                let addend = if implicit_addend { load(place, size, big_endian)? } else { 0 };
                store(place, size, value.wrapping_add(addend), big_endian)?;
            }
            Self::Add(size) => {
                let old = load(place, size, big_endian)?;
                store(place, size, old.wrapping_add(value), big_endian)?;
            }
            Self::Subtract(size) => {
                let old = load(place, size, big_endian)?;
                store(place, size, old.wrapping_sub(value), big_endian)?;
            }
            Self::SixBits(operation) => {
                let byte = place.first_mut()?;
                let new = operation.on(u64::from(*byte), value);
                *byte = (*byte & 0xc0) | (new as u8 & 0x3f);
            }
            Self::Uleb128(operation) => {
                let length = place.iter().take(10).position(|byte| byte & 0x80 == 0)? + 1;
                let number = &mut place[..length];
                let old = number.iter().rev().fold(0u64, |sum, byte| (sum << 7) | u64::from(byte & 0x7f));
                let mut new = operation.on(old, value);
                for byte in number {
                    *byte = (*byte & 0x80) | (new as u8 & 0x7f);
                    new >>= 7;
                }
            }
        }
        Some(())
    }
}

impl Operation {
    fn on(self, old: u64, value: u64) -> u64 {
        match self {
            Self::Store => value,
            Self::Add => old.wrapping_add(value),
            Self::Subtract => old.wrapping_sub(value),
        }
    }
}

#[inline]
pub(super) fn load(place: &[u8], size: u8, big_endian: bool) -> Option<u64> {
    let endian = if big_endian { Endianness::Big } else { Endianness::Little };
    Some(match size {
        1 => u64::from(*place.first()?),
        2 => u64::from(endian.read_u16(*place.first_chunk()?)),
        4 => u64::from(endian.read_u32(*place.first_chunk()?)),
        _ => endian.read_u64(*place.first_chunk()?),
    })
}

#[inline]
pub(super) fn store(place: &mut [u8], size: u8, value: u64, big_endian: bool) -> Option<()> {
    let endian = if big_endian { Endianness::Big } else { Endianness::Little };
    match size {
        1 => *place.first_mut()? = value as u8,
        2 => *place.first_chunk_mut()? = endian.write_u16(value as u16),
        4 => *place.first_chunk_mut()? = endian.write_u32(value as u32),
        _ => *place.first_chunk_mut()? = endian.write_u64(value),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: Rule, before: &[u8], value: u64, after: &[u8]) {
        let mut place = before.to_vec();
        rule.apply(&mut place, value, false, false).expect("the place is long enough");
        assert_eq!(place, after);
    }

    #[test]
    fn store_and_differences() {
        check(Rule::Store(4), &[9; 5], 0x0102_0304, &[4, 3, 2, 1, 9]);
        check(Rule::Add(2), &[0xff, 0x00, 7], 2, &[0x01, 0x01, 7]);
        check(Rule::Subtract(1), &[3], 5, &[0xfe]);
        check(Rule::SixBits(Operation::Subtract), &[0xc1], 2, &[0xff]);
        check(Rule::Uleb128(Operation::Store), &[0x80, 0x80, 0x00], 300, &[0xac, 0x82, 0x00]);
        check(Rule::Uleb128(Operation::Subtract), &[0xac, 0x82, 0x00], 300, &[0x80, 0x80, 0x00]);
    }

    #[test]
    fn implicit_addend_and_big_endian() {
        let mut place = [0, 0, 0, 5];
        Rule::Store(4).apply(&mut place, 0x100, true, true).expect("the place is long enough");
        assert_eq!(place, [0, 0, 1, 5]);
    }

    #[test]
    fn too_short() {
        assert_eq!(Rule::Store(8).apply(&mut [0; 7], 1, false, false), None);
        assert_eq!(Rule::Uleb128(Operation::Add).apply(&mut [0x80; 4], 1, false, false), None);
    }
}
