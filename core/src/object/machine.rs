// SPDX-License-Identifier: GPL-2.0-only
//! Names of machines.

use std::borrow::Cow;

use object::elf::{self, Machine};

/// The machine as `uname -m` names it on Linux; where that tells models apart as well, the name of the family.
pub(super) fn name(machine: Machine, is_64: bool, is_little_endian: bool) -> Cow<'static, str> {
    let by_size = |wide, narrow| if is_64 { wide } else { narrow };
    let by_order = |little, big| if is_little_endian { little } else { big };
    Cow::Borrowed(match machine {
        elf::EM_386 => "i686",
        elf::EM_68K => "m68k",
        elf::EM_AARCH64 => by_order("aarch64", "aarch64_be"),
        elf::EM_ALPHA => "alpha",
        elf::EM_ALTERA_NIOS2 => "nios2",
        elf::EM_ARC | elf::EM_ARC_COMPACT | elf::EM_ARC_COMPACT2 => by_order("arc", "arceb"),
        elf::EM_ARM => by_order("arm", "armeb"),
        elf::EM_CSKY => "csky",
        elf::EM_HEXAGON => "hexagon",
        elf::EM_IA_64 => "ia64",
        elf::EM_LOONGARCH => by_size("loongarch64", "loongarch32"),
        elf::EM_MICROBLAZE => "microblaze",
        elf::EM_MIPS => by_size("mips64", "mips"),
        elf::EM_OPENRISC => "openrisc",
        elf::EM_PARISC => by_size("parisc64", "parisc"),
        elf::EM_PPC => "ppc",
        elf::EM_PPC64 => by_order("ppc64le", "ppc64"),
        elf::EM_RISCV => by_size("riscv64", "riscv32"),
        elf::EM_S390 => by_size("s390x", "s390"),
        elf::EM_SH => "sh",
        elf::EM_SPARC | elf::EM_SPARC32PLUS => "sparc",
        elf::EM_SPARCV9 => "sparc64",
        elf::EM_X86_64 => "x86_64",
        elf::EM_XTENSA => "xtensa",
        Machine(number) => return Cow::Owned(format!("machine {number}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_and_unknown_ones() {
        for (machine, is_64, is_little_endian, expected) in [
            (elf::EM_X86_64, true, true, "x86_64"),
            (elf::EM_386, false, true, "i686"),
            (elf::EM_PPC64, true, false, "ppc64"),
            (elf::EM_PPC64, true, true, "ppc64le"),
            (elf::EM_S390, true, false, "s390x"),
            (elf::EM_MIPS, false, false, "mips"),
            (elf::EM_RISCV, false, true, "riscv32"),
            (Machine(4711), false, true, "machine 4711"),
        ] {
            assert_eq!(name(machine, is_64, is_little_endian), expected);
        }
    }
}
