// SPDX-License-Identifier: GPL-2.0-only
//! The compilers of this machine, what each of them can do, and how it is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fmt, fs};

use anyhow::Context;
use rayon::prelude::*;

use super::zoo::Language;

/// A compiler for one language and one architecture.
#[derive(Clone, Debug)]
pub(crate) struct Compiler {
    pub(crate) family: Family,
    pub(crate) language: Language,
    /// As the first part of its target triple says.
    pub(crate) architecture: String,
    program: String,
    /// What makes it compile for this architecture.
    arguments: Vec<String>,
    /// The versions of DWARF that it writes.
    pub(crate) dwarf: Vec<u8>,
    /// The options of [`OPTIONS`] or [`RUST_OPTIONS`] that it accepts.
    pub(crate) options: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Gcc,
    Clang,
    Rustc,
}

/// Options that make a difference to the debugging information; blanks separate what belongs together.
const OPTIONS: &[&str] = &[
    "-gdwarf64",
    "-gz=zlib",
    "-gz=zlib-gnu",
    "-gz=zstd",
    "-fdebug-types-section",
    "-gstrict-dwarf",
    "-ffunction-sections -fdata-sections",
    "-fcommon",
    "-fno-eliminate-unused-debug-types",
    "-g3",
    "-fPIC",
    "-fshort-enums",
];

const RUST_OPTIONS: &[&str] = &[
    "-Csymbol-mangling-version=v0",
    "-Zunstable-options -Csymbol-mangling-version=legacy",
    "-Crelocation-model=static",
    "-Cpanic=abort",
    "-Zdebuginfo-compression=zlib",
];

/// Targets for which clang may have a backend.
const CLANG_TARGETS: &[&str] = &[
    "x86_64-linux-gnu",
    "i386-linux-gnu",
    "aarch64-linux-gnu",
    "aarch64_be-linux-gnu",
    "arm-linux-gnueabi",
    "armeb-linux-gnueabi",
    "riscv32-linux-gnu",
    "riscv64-linux-gnu",
    "loongarch64-linux-gnu",
    "s390x-linux-gnu",
    "powerpc-linux-gnu",
    "powerpc64-linux-gnu",
    "powerpc64le-linux-gnu",
    "mips-linux-gnu",
    "mipsel-linux-gnu",
    "mips64-linux-gnuabi64",
    "mips64el-linux-gnuabi64",
    "sparc-linux-gnu",
    "sparcv9-linux-gnu",
    "m68k-linux-gnu",
    "hexagon-linux",
    "csky-linux-gnu",
];

/// Other word sizes of an architecture that gcc may know: the architecture, the option, what it makes of it.
const GCC_VARIANTS: &[(&str, &str, &str)] = &[
    ("x86_64", "-m32", "i386"),
    ("x86_64", "-mx32", "x32"),
    ("s390x", "-m31", "s390"),
    ("sparc64", "-m32", "sparc"),
    ("mips", "-EL", "mipsel"),
    ("riscv64", "-march=rv32imac -mabi=ilp32", "riscv32"),
    ("riscv64", "-mno-relax", "riscv64"),
    ("arm", "-mbig-endian", "armeb"),
    ("aarch64", "-mbig-endian", "aarch64_be"),
];

/// Architectures for which DWARF is written out: the sources have addresses of 64 bits.
const WRITTEN_FOR: &[&str] = &["x86_64", "s390x"];

impl Compiler {
    /// Its name in the summary.
    pub(crate) fn name(&self) -> String {
        match self.language {
            Language::Dwarf => format!("{}-assembly", self.program),
            _ => self.program.clone(),
        }
    }

    /// Whether what it makes can be linked and run through this machine's own tools.
    pub(crate) fn is_native(&self) -> bool {
        self.architecture == env::consts::ARCH
    }

    /// The command that links what it compiles, whatever is missing, without the names of the files.
    pub(crate) fn link_command(&self) -> Command {
        let options = ["-e", "0", "--noinhibit-exec", "--unresolved-symbols=ignore-all"];
        let mut command;
        if self.family == Family::Gcc {
            command = Command::new(&self.program);
            command.args(&self.arguments).args(["-nostdlib", "-static", "-no-pie"]);
            command.args(options.map(|option| format!("-Wl,{option}")));
        } else {
            command = Command::new("ld.lld");
            command.args(options);
        }
        command
    }

    /// The command that compiles a source into an object, without either's name.
    pub(crate) fn command(&self, dwarf: u8, options: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        match self.family {
            Family::Rustc => {
                command.args([
                    "--crate-type=lib",
                    "--emit=obj",
                    "-Cdebuginfo=2",
                    "-Ccodegen-units=1",
                    "--edition=2021",
                ]);
                command.arg(format!("-Cdwarf-version={dwarf}"));
                // Nothing of what the compiler calls unstable lasts; it only has to work today.
                command.env("RUSTC_BOOTSTRAP", "1");
            }
            // The source says it all; the version is that of the line table only.
            _ if self.language == Language::Dwarf => {
                command.arg("-c").arg(format!("-Wa,-gdwarf-{dwarf}"));
            }
            Family::Gcc | Family::Clang => {
                let standard = if self.language == Language::Cxx { "-std=gnu++17" } else { "-std=gnu11" };
                command.args(["-c", "-w", "-ffreestanding", standard]).arg(format!("-gdwarf-{dwarf}"));
                if self.family == Family::Gcc {
                    command.arg("-Wno-psabi");
                }
            }
        }
        command.args(options.iter().flat_map(|option| option.split_whitespace()));
        command
    }

    /// Whether it compiles an empty source with these options, into an ELF file.
    fn compiles(&self, dwarf: u8, options: &[&str], scratch: &Path) -> bool {
        let source = match self.language {
            Language::C => "probe.c",
            Language::Cxx => "probe.cc",
            Language::Rust => "probe.rs",
            Language::Dwarf => "probe.s",
        };
        let Ok(folder) = tempfile::tempdir_in(scratch) else { return false };
        let object = folder.path().join("probe.o");
        let mut command = self.command(dwarf, options);
        // Only with debugging information, lest an option without effect seem to work.
        command.arg(scratch.join(source)).arg("-o").arg(&object);
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
            && fs::read(object).is_ok_and(|bytes| bytes.starts_with(&object::elf::ELFMAG))
    }

    /// Finds out what it can do; nothing if it can do nothing.
    fn probe(mut self, scratch: &Path) -> Option<Self> {
        self.dwarf = (2..=5).filter(|dwarf| self.compiles(*dwarf, &[], scratch)).collect();
        let newest = *self.dwarf.last()?;
        let candidates = match self.language {
            Language::C | Language::Cxx => OPTIONS,
            Language::Rust => RUST_OPTIONS,
            Language::Dwarf => &[],
        };
        self.options = candidates.iter().copied().filter(|option| self.compiles(newest, &[option], scratch)).collect();
        Some(self)
    }
}

/// Finds all compilers on the PATH and what they can do.
pub(crate) fn detect(scratch: &Path) -> anyhow::Result<Vec<Compiler>> {
    fs::write(scratch.join("probe.c"), "int probe;\n")?;
    fs::write(scratch.join("probe.cc"), "int probe;\n")?;
    fs::write(scratch.join("probe.s"), ".data\n.8byte 0\n")?;
    fs::write(scratch.join("probe.rs"), "#![no_std]\n#[no_mangle] pub static PROBE: u32 = 0;\n")?;
    let mut candidates = Vec::new();
    for (program, path) in programs()? {
        candidates.extend(variants(&program, &path));
    }
    candidates.extend(rust_targets());
    let compilers: Vec<Compiler> = candidates.into_par_iter().filter_map(|compiler| compiler.probe(scratch)).collect();
    anyhow::ensure!(!compilers.is_empty(), "no compiler found: `apt-get install gcc clang` would bring some");
    Ok(compilers)
}

/// The C and C++ compilers on the PATH, by name; of several names for one program the shortest.
fn programs() -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut by_file: BTreeMap<(PathBuf, bool), String> = BTreeMap::new();
    for folder in env::split_paths(&env::var_os("PATH").context("there is no PATH")?) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let unversioned = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
            let is_cxx = unversioned.ends_with("g++") || unversioned == "clang++";
            // `arm-linux-gnueabi-gcc`, but not `c99-gcc`.
            let is_cross = unversioned.strip_suffix("-gcc").is_some_and(|triple| triple.contains('-'));
            if !is_cxx && !is_cross && unversioned != "clang" && unversioned != "gcc" {
                continue;
            }
            // A program that stands for others, such as ccache, is not worth the trouble of looking behind it.
            let Ok(file) = fs::canonicalize(entry.path()) else { continue };
            let known = by_file.entry((file, is_cxx)).or_insert_with(|| name.clone());
            if (name.len(), &name) < (known.len(), known) {
                *known = name;
            }
        }
    }
    Ok(by_file.into_iter().map(|((file, _), name)| (name, file)).collect())
}

/// A compiler of C or C++ once for each architecture that it may know.
fn variants(program: &str, path: &Path) -> Vec<Compiler> {
    let language = if program.contains("++") { Language::Cxx } else { Language::C };
    let family = if program.contains("clang") { Family::Clang } else { Family::Gcc };
    let compiler = |architecture: &str, arguments: Vec<String>| Compiler {
        family,
        language,
        architecture: architecture.to_owned(),
        program: program.to_owned(),
        arguments,
        dwarf: Vec::new(),
        options: Vec::new(),
    };
    if family == Family::Clang {
        let for_target = |target: &&str| compiler(architecture_of(target), vec![format!("--target={target}")]);
        return CLANG_TARGETS.iter().map(for_target).collect();
    }
    let Ok(output) = Command::new(path).arg("-dumpmachine").output() else { return Vec::new() };
    let machine = String::from_utf8_lossy(&output.stdout);
    let own = architecture_of(machine.trim());
    let mut compilers = vec![compiler(own, Vec::new())];
    if language == Language::C && WRITTEN_FOR.contains(&own) {
        compilers.push(Compiler { language: Language::Dwarf, ..compiler(own, Vec::new()) });
    }
    for (_, option, architecture) in GCC_VARIANTS.iter().filter(|(architecture, _, _)| *architecture == own) {
        compilers.push(compiler(architecture, option.split_whitespace().map(str::to_owned).collect()));
    }
    compilers
}

/// rustc once for each target whose library is installed.
fn rust_targets() -> Vec<Compiler> {
    let Ok(output) = Command::new("rustc").args(["--print", "sysroot"]).output() else { return Vec::new() };
    let libraries = Path::new(String::from_utf8_lossy(&output.stdout).trim()).join("lib/rustlib");
    let mut compilers = Vec::new();
    for entry in fs::read_dir(libraries).into_iter().flatten().flatten() {
        if entry.path().join("lib").is_dir() {
            let target = entry.file_name().to_string_lossy().into_owned();
            compilers.push(Compiler {
                family: Family::Rustc,
                language: Language::Rust,
                architecture: architecture_of(&target).to_owned(),
                program: "rustc".to_owned(),
                arguments: vec![format!("--target={target}")],
                dwarf: Vec::new(),
                options: Vec::new(),
            });
        }
    }
    compilers
}

fn architecture_of(triple: &str) -> &str {
    triple.split('-').next().unwrap_or(triple)
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dwarf: Vec<String> = self.dwarf.iter().map(u8::to_string).collect();
        write!(f, "{} {} ({:?}, {})", self.program, self.arguments.join(" "), self.language, self.architecture)?;
        write!(f, ": DWARF {}; {}", dwarf.join(" "), self.options.join(" | "))
    }
}
