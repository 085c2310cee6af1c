// SPDX-License-Identifier: GPL-2.0-only
//! The one error of the library.

use crate::dwarf::DieOffset;
use crate::object::packed::Format;

/// What can be wrong with an input. Each variant says what was found and where; [`Error::hint`] says what to do.
///
/// The name of the file is not part of it: the library knows none. Callers put it in front.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file does not start with the ELF magic number.
    #[error("not an ELF file")]
    NotElf,
    /// The file is LLVM bitcode, as `clang -flto` writes it in place of an object.
    #[error("LLVM bitcode, not an ELF object")]
    Bitcode,
    /// The file is, or holds, nothing that tells of symbols.
    #[error("it is {0}")]
    Unusable(Format),
    /// What is in the file cannot be unpacked.
    #[error("{format}, which cannot be unpacked: {reason}")]
    Unpack {
        /// What the file is.
        format: Format,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is an ELF file, but none of the kernel's.
    #[error("not a file of the kernel: it exports nothing, and it is neither a module nor an object")]
    NotKernel,
    /// A list of symbol versions cannot be read.
    #[error("line {line} of the list of symbol versions: {reason}")]
    Symvers {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The ELF structures contradict each other or point outside the file.
    #[error("malformed ELF file: {0}")]
    Elf(String),
    /// A section cannot be read or decompressed.
    #[error("section {section}: {reason}")]
    Section {
        /// Name of the section.
        section: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A relocation that has no meaning in debug information, or that belongs to another architecture.
    #[error("section {section}, offset {offset:#x}: relocation type {kind} of machine {machine} is not known here")]
    Relocation {
        /// Name of the section that is relocated.
        section: String,
        /// `e_machine` of the file.
        machine: u16,
        /// The relocation's type number.
        kind: u32,
        /// Offset in the section.
        offset: u64,
    },
    /// There is no DWARF in the file.
    #[error("no debugging information")]
    NoDebugInfo,
    /// The DWARF is in a separate `.dwo` file.
    #[error("the debugging information is split off into {0}")]
    SplitDwarf(String),
    /// The DWARF cannot be decoded.
    #[error("malformed DWARF at {at}: {reason}")]
    Dwarf {
        /// Where decoding stopped.
        at: DieOffset,
        /// What is wrong there.
        reason: String,
    },
    /// A reference leads into a supplementary file that was not given.
    #[error("DIE at {0}: refers to a supplementary debug file, which was not given")]
    NoSupplementary(DieOffset),
    /// The supplementary file is not the one that the object was made with.
    #[error("the supplementary debug file is of another build")]
    OtherSupplementary,
    /// A DIE stands where a type is expected and is none, or is one that has no place in a version.
    #[error("DIE at {at}: unexpected {child} in {parent}")]
    UnexpectedDie {
        /// The DIE that cannot be handled.
        at: DieOffset,
        /// Its tag.
        child: String,
        /// What it was found in.
        parent: &'static str,
    },
    /// A type contains itself without a named type between.
    #[error("DIE at {0}: the type contains itself")]
    CyclicType(DieOffset),
    /// DIEs are nested, or a type string is long, beyond anything that a compiler writes.
    #[error("DIE at {at}: {what}")]
    LimitExceeded {
        /// The DIE at which it was noticed.
        at: DieOffset,
        /// Which limit.
        what: &'static str,
    },
    /// A `__gendwarfksyms_ptr_` variable that is not a pointer to something.
    #[error("DIE at {at}: symbol pointer of {symbol} is not a pointer to a type")]
    SymbolPointer {
        /// The variable.
        at: DieOffset,
        /// The exported symbol that it was to describe.
        symbol: String,
    },
    /// The list of exported symbols has a line without a name.
    #[error("line {0} of the symbol list has no symbol name")]
    ExportList(usize),
    /// A kABI rule cannot be used.
    #[error("kABI rules: {0}")]
    KabiRule(String),
    /// A unit that mentions a symbol does not describe it.
    #[error("the unit does not describe the symbol")]
    NoSuchSymbol,
    /// A type string refers to a type that does not exist.
    #[error("type string of {symbol}: unknown type {reference}")]
    UnknownType {
        /// The type or symbol whose string it is.
        symbol: String,
        /// The reference, as `s#name`.
        reference: String,
    },
}

impl Error {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotElf => {
                "give an object file (.o) as the compiler wrote it, not an archive, a source or a compressed file"
            }
            Self::Bitcode => {
                "with LTO, symbol versions are computed from the linked vmlinux.o or module object, or build without LTO"
            }
            Self::Unusable(format) => format.hint(),
            Self::Unpack { .. } => "the file may be truncated or still being written: copy or build it again",
            Self::NotKernel => "give a vmlinux, a module (.ko) or an object (.o)",
            Self::Symvers { .. } => "give a Module.symvers as modpost writes it, with tabs between the columns",
            Self::Elf(_) | Self::Section { .. } => "the file may be truncated or still being written: build it again",
            Self::Relocation { .. } => {
                "the file may be damaged; if it is not, please report it with the compiler's name and version"
            }
            Self::NoDebugInfo => "compile with -g (CONFIG_DEBUG_INFO), and do not strip the object",
            Self::SplitDwarf(_) => "compile without -gsplit-dwarf (CONFIG_DEBUG_INFO_SPLIT)",
            Self::NoSupplementary(_) | Self::OtherSupplementary => {
                "run dwz without -m, or keep the supplementary file at the path that it names"
            }
            Self::UnexpectedDie { .. } => {
                "only C and Rust types, and the plain data of C++, have a version; export something simpler"
            }
            Self::SymbolPointer { .. } => "declare it as: static typeof(sym) *__gendwarfksyms_ptr_sym = &sym;",
            Self::ExportList(_) => "give one exported symbol a line on standard input",
            Self::KabiRule(_) => "see the KABI_RULE macros in the kernel's Documentation/kbuild/gendwarfksyms.rst",
            Self::UnknownType { .. } => {
                "let a type_string rule name only types that an export uses or another rule defines"
            }
            Self::NoSuchSymbol | Self::Dwarf { .. } | Self::CyclicType(_) | Self::LimitExceeded { .. } => {
                "the debugging information is damaged, or a compiler wrote something new: check it with llvm-dwarfdump --verify"
            }
        })
    }
}

/// A result with the library's [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
