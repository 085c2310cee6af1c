// SPDX-License-Identifier: GPL-2.0-only
//! Relocations of debug sections.
//!
//! Debug sections of an object refer to each other by relocations against section symbols. The plain ones, "store symbol
//! plus addend in 32 bits", the `object` crate classifies for most machines; here are the rest: pairs that RISC-V and
//! LoongArch store differences with, machines that the crate does not know, and types that carry no offset into a debug
//! section, which are left alone (thread-local offsets, for one).

use std::borrow::Cow;

use object::elf::RelocationType;
use object::read::ReadRef;
use object::{
    Endian as _, Object as _, ObjectSection as _, ObjectSymbol as _, Relocation, RelocationFlags, RelocationKind,
    RelocationTarget, elf,
};

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

/// Applies the relocations of `section` to `data`, which stays borrowed if there are none.
pub(super) fn apply<'data, R: ReadRef<'data>>(
    file: &object::File<'data, R>,
    machine: u16,
    name: &str,
    section: &object::Section<'data, '_, R>,
    data: &mut Cow<'data, [u8]>,
) -> Result<()> {
    let mut relocations = section.relocations().peekable();
    if relocations.peek().is_none() {
        return Ok(());
    }
    let data = data.to_mut();
    let big_endian = file.endianness().is_big_endian();
    // Nearly all of them are against a few section symbols: remember the last one's value.
    let mut last_symbol = (object::SymbolIndex(0), 0);
    for (offset, relocation) in relocations {
        let rule = rule(machine, &relocation).ok_or_else(|| Error::Relocation {
            section: name.to_owned(),
            machine,
            kind: elf_type(&relocation).0,
            offset,
        })?;
        if rule == Rule::Ignore {
            continue;
        }
        let symbol = match relocation.target() {
            RelocationTarget::Symbol(index) if index == last_symbol.0 => last_symbol.1,
            RelocationTarget::Symbol(index) => {
                let symbol = file
                    .symbol_by_index(index)
                    .map_err(|error| Error::Section { section: name.to_owned(), reason: error.to_string() })?;
                last_symbol = (index, symbol.address());
                last_symbol.1
            }
            _ => 0,
        };
        let value = symbol.wrapping_add_signed(relocation.addend());
        let place = usize::try_from(offset).ok().and_then(|offset| data.get_mut(offset..));
        let stored = place.and_then(|place| rule.apply(place, value, relocation.has_implicit_addend(), big_endian));
        if stored.is_none() {
            return Err(Error::Section {
                section: name.to_owned(),
                reason: format!("a relocation points to offset {offset:#x}, outside of it"),
            });
        }
    }
    Ok(())
}

// Types of machines whose relocations the object crate has no names for (from their ELF ABIs).
const R_ARC_8: RelocationType = RelocationType(1);
const R_ARC_16: RelocationType = RelocationType(2);
const R_ARC_32: RelocationType = RelocationType(4);
const R_ARC_TLS_DTPOFF: RelocationType = RelocationType(67);
const R_OR1K_32: RelocationType = RelocationType(1);

fn elf_type(relocation: &Relocation) -> RelocationType {
    match relocation.flags() {
        RelocationFlags::Elf { r_type } => r_type,
        _ => RelocationType::default(),
    }
}

/// `None`: not a relocation that a debug section of this machine can have.
fn rule(machine: u16, relocation: &Relocation) -> Option<Rule> {
    match (relocation.kind(), relocation.size()) {
        (RelocationKind::Absolute, bits @ (8 | 16 | 32 | 64)) => return Some(Rule::Store(bits / 8)),
        // Distances between places: they occur in frame and name tables, never in what types are read from.
        (RelocationKind::None | RelocationKind::Relative, _) => return Some(Rule::Ignore),
        _ => {}
    }
    use Operation::{Add, Store, Subtract};
    Some(match (elf::Machine(machine), elf_type(relocation)) {
        // RISC-V ELF psABI, "Relocations": ADD and SUB pairs, SET, and the ULEB128 pair.
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
        (elf::EM_RISCV, elf::R_RISCV_SET8) => Rule::Store(1),
        (elf::EM_RISCV, elf::R_RISCV_SET16) => Rule::Store(2),
        (elf::EM_RISCV, elf::R_RISCV_SET32) => Rule::Store(4),
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
        // The plain relocations of machines that the object crate does not classify.
        (elf::EM_ARC_COMPACT | elf::EM_ARC_COMPACT2, R_ARC_8) => Rule::Store(1),
        (elf::EM_ARC_COMPACT | elf::EM_ARC_COMPACT2, R_ARC_16) => Rule::Store(2),
        (elf::EM_ARC_COMPACT | elf::EM_ARC_COMPACT2, R_ARC_32) => Rule::Store(4),
        (elf::EM_MICROBLAZE, elf::R_MICROBLAZE_32) => Rule::Store(4),
        (elf::EM_ALTERA_NIOS2, elf::R_NIOS2_BFD_RELOC_32) => Rule::Store(4),
        (elf::EM_OPENRISC, R_OR1K_32) => Rule::Store(4),
        (elf::EM_PARISC, elf::R_PARISC_DIR64) => Rule::Store(8),
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

fn load(place: &[u8], size: u8, big_endian: bool) -> Option<u64> {
    let bytes = place.get(..usize::from(size))?;
    let push = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
    Some(if big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) })
}

fn store(place: &mut [u8], size: u8, value: u64, big_endian: bool) -> Option<()> {
    let size = usize::from(size);
    let bytes = place.get_mut(..size)?;
    if big_endian {
        bytes.copy_from_slice(&value.to_be_bytes()[8 - size..]);
    } else {
        bytes.copy_from_slice(&value.to_le_bytes()[..size]);
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
