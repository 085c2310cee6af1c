// SPDX-License-Identifier: GPL-2.0-only
//! Kernel files made by hand, as kernels of all times have them.

use std::collections::BTreeMap;

use kabiscope::kernel::facts::Facts;
use kabiscope::object::Image;
use object::build::elf::{Builder, Relocation, SectionData, SectionId, SymbolId};
use object::elf::{self, Machine, RelocationType};
use object::{Endian as _, Endianness};

/// The version magic of all of them.
pub(crate) const VERMAGIC: &str = "5.5.5-made SMP mod_unload ";

/// A machine, and the relocations that its assembler writes into tables of exports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) machine: Machine,
    pub(crate) endian: Endianness,
    pub(crate) is_64: bool,
    /// Whether addends are in the relocations.
    has_addends: bool,
    /// The distance to a symbol; some machines need a pair for it, of which the other one subtracts.
    distance: (RelocationType, Option<RelocationType>),
    /// The address of a symbol, as large as a pointer.
    address: RelocationType,
    /// The value of a symbol in 32 bits.
    value: RelocationType,
}

pub(crate) const X86_64: Target = Target {
    machine: elf::EM_X86_64,
    endian: Endianness::Little,
    is_64: true,
    has_addends: true,
    distance: (elf::R_X86_64_PC32, None),
    address: elf::R_X86_64_64,
    value: elf::R_X86_64_32,
};

pub(crate) const I386: Target = Target {
    machine: elf::EM_386,
    endian: Endianness::Little,
    is_64: false,
    has_addends: false,
    distance: (elf::R_386_PC32, None),
    address: elf::R_386_32,
    value: elf::R_386_32,
};

pub(crate) const S390X: Target = Target {
    machine: elf::EM_S390,
    endian: Endianness::Big,
    is_64: true,
    has_addends: true,
    distance: (elf::R_390_PC32, None),
    address: elf::R_390_64,
    value: elf::R_390_32,
};

pub(crate) const PPC: Target = Target {
    machine: elf::EM_PPC,
    endian: Endianness::Big,
    is_64: false,
    has_addends: true,
    distance: (elf::R_PPC_REL32, None),
    address: elf::R_PPC_ADDR32,
    value: elf::R_PPC_ADDR32,
};

pub(crate) const PPC64: Target = Target {
    machine: elf::EM_PPC64,
    endian: Endianness::Big,
    is_64: true,
    has_addends: true,
    distance: (elf::R_PPC64_REL32, None),
    address: elf::R_PPC64_ADDR64,
    value: elf::R_PPC64_ADDR32,
};

pub(crate) const RISCV64: Target = Target {
    machine: elf::EM_RISCV,
    endian: Endianness::Little,
    is_64: true,
    has_addends: true,
    distance: (elf::R_RISCV_ADD32, Some(elf::R_RISCV_SUB32)),
    address: elf::R_RISCV_64,
    value: elf::R_RISCV_32,
};

pub(crate) const AARCH64: Target = Target {
    machine: elf::EM_AARCH64,
    endian: Endianness::Little,
    is_64: true,
    has_addends: true,
    distance: (elf::R_AARCH64_PREL32, None),
    address: elf::R_AARCH64_ABS64,
    value: elf::R_AARCH64_ABS32,
};

/// How entries of `__ksymtab` are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Distances of 32 bits, or addresses.
    pub(crate) distances: bool,
    /// Whether there is a namespace behind the name.
    pub(crate) namespaces: bool,
}

/// Where licences are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Licences {
    /// In `__kflagstab`.
    Flags,
    /// In the names of the tables: `__ksymtab_gpl`.
    Tables,
}

/// Where versions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versions {
    /// Nowhere.
    None,
    /// In `__kcrctab`, the symbols `__crc_NAME` there.
    Table,
    /// In the values of the symbols, which `__kcrctab` repeats in 32 bits.
    Values,
    /// Likewise, in 64 bits.
    WideValues,
    /// In `.rodata`, where `__kcrctab` has the distances to (`CONFIG_MODULE_REL_CRCS`).
    Distances,
}

/// An export to be made: name, for GPL-compatible modules only, namespace, version.
pub(crate) type Exported = (&'static str, bool, &'static str, u32);

/// A kernel file to be made.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) target: Target,
    /// Linked, or a module.
    pub(crate) is_linked: bool,
    pub(crate) layout: Layout,
    pub(crate) licences: Licences,
    pub(crate) versions: Versions,
    /// Whether there is a symbol table; a module needs it.
    pub(crate) has_symbols: bool,
    pub(crate) exports: Vec<Exported>,
}

/// Some exports, in the order of their names.
pub(crate) const EXPORTS: [Exported; 5] = [
    ("alpha", false, "", 0x1111_1111),
    ("beta_gpl", true, "", 0x8000_0001),
    ("delta", false, "NET", 0),
    ("gamma_gpl", true, "CRYPTO", 0xffff_fffe),
    ("zeta", false, "", 0x0123_4567),
];

impl Recipe {
    /// A vmlinux or a module of 7.x.
    pub(crate) fn new(target: Target, is_linked: bool) -> Self {
        Self {
            target,
            is_linked,
            layout: Layout { distances: true, namespaces: true },
            licences: Licences::Flags,
            versions: Versions::Table,
            has_symbols: true,
            exports: EXPORTS.to_vec(),
        }
    }

    /// The file, for changes.
    pub(crate) fn build(&self) -> File {
        File::new(self)
    }

    /// What is read of the file.
    pub(crate) fn facts(&self) -> Facts {
        facts(&self.build().write())
    }

    /// What of the exports should be read.
    pub(crate) fn expected(&self) -> Vec<Row> {
        let rows = self.exports.iter().map(|&(name, gpl_only, namespace, version)| Row {
            name: name.to_owned(),
            gpl_only,
            namespace: Some(namespace.to_owned()).filter(|name| self.layout.namespaces && !name.is_empty()),
            recorded: (self.versions != Versions::None).then_some(version),
        });
        rows.collect()
    }
}

/// What is checked of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) gpl_only: bool,
    pub(crate) namespace: Option<String>,
    pub(crate) recorded: Option<u32>,
}

/// The facts of a file.
pub(crate) fn facts(file: &[u8]) -> Facts {
    Facts::read(&Image::parse(file).expect("an ELF file")).expect("a kernel file")
}

/// What was read of the exports.
pub(crate) fn rows(facts: &Facts) -> Vec<Row> {
    let rows = facts.exports.iter().map(|export| Row {
        name: String::from_utf8_lossy(&export.name).into_owned(),
        gpl_only: export.gpl_only,
        namespace: export.namespace.clone(),
        recorded: export.recorded.map(|version| version.0),
    });
    rows.collect()
}

/// A file that is being made.
pub(crate) struct File {
    target: Target,
    is_linked: bool,
    sections: Vec<Section>,
    symbols: Vec<Symbol>,
    has_symbols: bool,
    next_address: u64,
}

/// A section of it.
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) kind: elf::SectionType,
    pub(crate) flags: elf::SectionFlags,
    pub(crate) address: u64,
    pub(crate) contents: Vec<u8>,
    relocations: Vec<(u64, RelocationType, usize, i64)>,
}

impl Section {
    /// Removes the relocations of a place.
    pub(crate) fn forget_relocation(&mut self, place: u64) {
        self.relocations.retain(|relocation| relocation.0 != place);
    }
}

struct Symbol {
    name: String,
    /// Index of the section, or else that of a special one.
    section: Result<usize, elf::SymbolSection>,
    value: u64,
    binding: elf::SymbolBind,
    kind: elf::SymbolType,
}

impl File {
    /// A file with nothing in it.
    pub(crate) fn empty(target: Target, is_linked: bool) -> Self {
        let next_address = match (is_linked, target.is_64) {
            (false, _) => 0,
            (true, true) => 0xffff_ffff_8100_0000,
            (true, false) => 0xc010_0000,
        };
        Self { target, is_linked, sections: Vec::new(), symbols: Vec::new(), has_symbols: true, next_address }
    }

    fn new(recipe: &Recipe) -> Self {
        let mut file = Self::empty(recipe.target, recipe.is_linked);
        file.has_symbols = recipe.has_symbols;
        let code = file.section(".text", &vec![0x90; recipe.exports.len() * 16]);
        let banner = "\0Linux version 5.5.5-made (me@here) (gcc (Made 1) 12.2.0, GNU ld 2.40) #1 SMP\n\0";
        let data = file.section(".rodata", &[banner, "a driver's\0", VERMAGIC, "\0"].concat().into_bytes());
        if recipe.is_linked {
            let after_banner = banner.len() as u64;
            for place in [after_banner, after_banner + 11] {
                file.symbol("vermagic", data, place, elf::STB_LOCAL, elf::STT_OBJECT);
            }
            file.symbol("linux_banner", data, 1, elf::STB_GLOBAL, elf::STT_OBJECT);
        } else {
            file.section(".modinfo", format!("license=GPL\0\0name=made\0vermagic={VERMAGIC}\0").as_bytes());
        }

        // As the linker sorts them; where an export is says nothing about where its entry is.
        let mut tables: BTreeMap<&str, Vec<Exported>> = BTreeMap::new();
        for &export in &recipe.exports {
            let suffix = if recipe.licences == Licences::Tables && export.1 { "_gpl" } else { "" };
            tables.entry(suffix).or_default().push(export);
        }
        // Names, each with its namespace, behind something that is not one of them.
        let (mut strings, mut places) = (b"first\0".to_vec(), BTreeMap::new());
        for &(name, _, namespace, _) in &recipe.exports {
            let name_at = strings.len();
            strings.extend_from_slice(format!("{name}\0{namespace}\0").as_bytes());
            places.insert(name, (name_at as u64, (name_at + name.len() + 1) as u64));
        }
        let strings = file.section("__ksymtab_strings", &strings);
        file.sections[strings].flags |= elf::SHF_MERGE | elf::SHF_STRINGS;
        for (number, &(name, ..)) in recipe.exports.iter().enumerate() {
            file.symbol(name, code, number as u64 * 16, elf::STB_GLOBAL, elf::STT_FUNC);
        }

        let layout = recipe.layout;
        let word = if layout.distances || !recipe.target.is_64 { 4 } else { 8 };
        let words = if layout.namespaces { 3 } else { 2 };
        for (suffix, exports) in tables {
            let table = file.section(&format!("__ksymtab{suffix}"), &vec![0; exports.len() * word * words]);
            for (index, &(name, ..)) in exports.iter().enumerate() {
                let number = recipe.exports.iter().position(|export| export.0 == name).expect("it is one of them");
                let (name_at, namespace_at) = places[name];
                let targets = [(code, number as u64 * 16), (strings, name_at), (strings, namespace_at)];
                for (position, target) in targets.into_iter().take(words).enumerate() {
                    file.point(table, (index * words + position) * word, target, layout.distances);
                }
            }
            if recipe.licences == Licences::Flags {
                let flags: Vec<_> = exports.iter().map(|export| u8::from(export.1)).collect();
                file.section(&format!("__kflagstab{suffix}"), &flags);
            }
            file.versions(recipe.versions, suffix, &exports, data);
        }
        file
    }

    fn versions(&mut self, versions: Versions, suffix: &str, exports: &[Exported], data: usize) {
        if versions == Versions::None {
            return;
        }
        let width = if versions == Versions::WideValues { 8 } else { 4 };
        let table = self.section(&format!("__kcrctab{suffix}"), &vec![0; exports.len() * width]);
        for (index, &(name, _, _, version)) in exports.iter().enumerate() {
            let (symbol, place) = (format!("__crc_{name}"), index * width);
            match versions {
                Versions::None => {}
                Versions::Table => {
                    self.store(table, place, version.into(), 4);
                    self.symbol(&symbol, table, place as u64, elf::STB_LOCAL, elf::STT_NOTYPE);
                }
                Versions::Values | Versions::WideValues => {
                    let symbol = self.special(&symbol, elf::SHN_ABS, version.into(), elf::STB_GLOBAL);
                    if self.is_linked {
                        self.store(table, place, version.into(), width);
                    } else {
                        let kind = if width == 8 { self.target.address } else { self.target.value };
                        self.sections[table].relocations.push((place as u64, kind, symbol, 0));
                    }
                }
                Versions::Distances => {
                    let contents = &mut self.sections[data].contents;
                    contents.resize(contents.len().next_multiple_of(4), 0);
                    let at = contents.len();
                    contents.extend_from_slice(&[0; 4]);
                    self.store(data, at, version.into(), 4);
                    self.symbol(&symbol, data, at as u64, elf::STB_GLOBAL, elf::STT_NOTYPE);
                    self.point(table, place, (data, at as u64), true);
                }
            }
        }
    }

    /// Adds a section of data that is in memory; returns its index.
    pub(crate) fn section(&mut self, name: &str, contents: &[u8]) -> usize {
        self.sections.push(Section {
            name: name.to_owned(),
            kind: elf::SHT_PROGBITS,
            flags: elf::SHF_ALLOC,
            address: self.next_address,
            contents: contents.to_vec(),
            relocations: Vec::new(),
        });
        if self.is_linked {
            // Room for what is added later.
            self.next_address += (contents.len() as u64 + 0x1000).next_multiple_of(0x100);
        }
        self.sections.len() - 1
    }

    /// The index of the section with this name.
    pub(crate) fn find(&self, name: &str) -> usize {
        self.sections.iter().position(|section| section.name == name).expect("there is such a section")
    }

    /// The section with this name.
    pub(crate) fn section_mut(&mut self, name: &str) -> &mut Section {
        let index = self.find(name);
        &mut self.sections[index]
    }

    /// Adds a symbol at an offset of a section; returns its index.
    pub(crate) fn symbol(
        &mut self,
        name: &str,
        section: usize,
        offset: u64,
        binding: elf::SymbolBind,
        kind: elf::SymbolType,
    ) -> usize {
        let value = self.sections[section].address + offset;
        self.symbols.push(Symbol { name: name.to_owned(), section: Ok(section), value, binding, kind });
        self.symbols.len() - 1
    }

    /// Adds a symbol that is in no section; returns its index.
    pub(crate) fn special(
        &mut self,
        name: &str,
        section: elf::SymbolSection,
        value: u64,
        binding: elf::SymbolBind,
    ) -> usize {
        let kind = elf::STT_NOTYPE;
        self.symbols.push(Symbol { name: name.to_owned(), section: Err(section), value, binding, kind });
        self.symbols.len() - 1
    }

    /// Removes a symbol.
    pub(crate) fn remove_symbol(&mut self, name: &str) {
        self.symbols.retain(|symbol| symbol.name != name);
    }

    /// Leaves a symbol undefined, and weak.
    pub(crate) fn undefine_symbol(&mut self, name: &str) {
        let symbol = self.symbols.iter_mut().find(|symbol| symbol.name == name).expect("there is such a symbol");
        (symbol.section, symbol.value, symbol.binding) = (Err(elf::SHN_UNDEF), 0, elf::STB_WEAK);
    }

    /// Leaves of all sections that are in memory their headers only.
    pub(crate) fn empty_sections(&mut self) {
        for section in &mut self.sections {
            section.kind = elf::SHT_NOBITS;
        }
    }

    /// Stores a number.
    pub(crate) fn store(&mut self, section: usize, place: usize, number: u64, size: usize) {
        let endian = self.target.endian;
        let place = &mut self.sections[section].contents[place..place + size];
        match size {
            4 => place.copy_from_slice(&endian.write_u32(number as u32)),
            _ => place.copy_from_slice(&endian.write_u64(number)),
        }
    }

    /// Lets a place point to another one.
    fn point(&mut self, section: usize, place: usize, (target, offset): (usize, u64), is_distance: bool) {
        let size = if is_distance || !self.target.is_64 { 4 } else { 8 };
        if self.is_linked {
            let from = if is_distance { self.sections[section].address + place as u64 } else { 0 };
            self.store(section, place, (self.sections[target].address + offset).wrapping_sub(from), size);
            return;
        }
        let symbol = self.symbol("", target, 0, elf::STB_LOCAL, elf::STT_SECTION);
        let (kind, pair) = if is_distance { self.target.distance } else { (self.target.address, None) };
        if self.target.has_addends {
            self.sections[section].relocations.push((place as u64, kind, symbol, offset as i64));
        } else {
            self.store(section, place, offset, size);
            self.sections[section].relocations.push((place as u64, kind, symbol, 0));
        }
        if let Some(pair) = pair {
            let own = self.symbol("", section, place as u64, elf::STB_LOCAL, elf::STT_NOTYPE);
            self.sections[section].relocations.push((place as u64, pair, own, 0));
        }
    }

    /// Turns what a section holds into zeros, and its addresses into relocations that the kernel applies when it starts.
    pub(crate) fn relocate_at_start(&mut self, name: &str, kind: RelocationType) {
        let (endian, section) = (self.target.endian, self.find(name));
        let (address, contents) = (self.sections[section].address, self.sections[section].contents.clone());
        self.sections[section].contents.fill(0);
        let mut relocations = Vec::new();
        for (place, word) in (address..).step_by(8).zip(contents.chunks_exact(8)) {
            let numbers = [place, u64::from(kind.0)].map(|number| endian.write_u64(number));
            relocations.extend_from_slice(numbers.as_flattened());
            relocations.extend_from_slice(word);
        }
        let section = self.section(".rela.dyn", &relocations);
        self.sections[section].kind = elf::SHT_RELA;
    }

    /// The file.
    pub(crate) fn write(self) -> Vec<u8> {
        let mut builder = Builder::new(self.target.endian, self.target.is_64);
        builder.header.e_type = if self.is_linked { elf::ET_EXEC } else { elf::ET_REL };
        builder.header.e_machine = self.target.machine;
        let mut ids: Vec<SectionId> = Vec::new();
        for section in &self.sections {
            let made = builder.sections.add();
            made.name = section.name.as_str().into();
            (made.sh_type, made.sh_flags, made.sh_addr) = (section.kind, section.flags, section.address);
            made.sh_addralign = 1;
            made.data = if section.kind == elf::SHT_NOBITS {
                SectionData::UninitializedData(section.contents.len() as u64)
            } else {
                SectionData::Data(section.contents.as_slice().into())
            };
            ids.push(made.id());
        }
        let mut symbols: Vec<SymbolId> = Vec::new();
        let mut symbol_table = None;
        if self.has_symbols || !self.is_linked {
            for symbol in &self.symbols {
                let made = builder.symbols.add();
                made.name = symbol.name.as_str().into();
                made.section = symbol.section.ok().map(|section| ids[section]);
                made.st_shndx = symbol.section.err().unwrap_or(elf::SHN_UNDEF);
                made.st_value = symbol.value;
                made.set_st_info(symbol.binding, symbol.kind);
                symbols.push(made.id());
            }
            let table = builder.sections.add();
            (table.name, table.sh_type, table.sh_addralign) = (".symtab".into(), elf::SHT_SYMTAB, 8);
            table.data = SectionData::Symbol;
            symbol_table = Some(table.id());
            let names = builder.sections.add();
            (names.name, names.sh_type, names.data) = (".strtab".into(), elf::SHT_STRTAB, SectionData::String);
        }
        for (section, &id) in self.sections.iter().zip(&ids) {
            if section.relocations.is_empty() {
                continue;
            }
            let relocation = |&(r_offset, r_type, symbol, r_addend): &(u64, RelocationType, usize, i64)| Relocation {
                r_offset,
                symbol: Some(symbols[symbol]),
                r_type,
                r_addend,
            };
            let table = builder.sections.add();
            let (prefix, kind) =
                if self.target.has_addends { (".rela", elf::SHT_RELA) } else { (".rel", elf::SHT_REL) };
            (table.name, table.sh_type) = (format!("{prefix}{}", section.name).into_bytes().into(), kind);
            (table.sh_link_section, table.sh_info_section) = (symbol_table, Some(id));
            table.sh_flags = elf::SHF_INFO_LINK;
            table.data = SectionData::Relocation(section.relocations.iter().map(relocation).collect());
        }
        let names = builder.sections.add();
        (names.name, names.sh_type, names.data) = (".shstrtab".into(), elf::SHT_STRTAB, SectionData::SectionString);
        let mut file = Vec::new();
        builder.write(&mut file).expect("the file can be written");
        file
    }
}
