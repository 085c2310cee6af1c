// SPDX-License-Identifier: GPL-2.0-only
//! A case: generated sources, and the objects to make of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, ensure};
use fastrand::Rng;
use object::{Object as _, ObjectSymbol as _};

use super::compilers::{Compiler, Family};
use super::zoo::{Language, Unit};

/// Sources made from a seed and a number.
pub(crate) struct Case {
    pub(crate) seed: u64,
    pub(crate) number: u64,
    /// More than one unit are joined into one object.
    units: Vec<Unit>,
    join: Join,
}

/// What is made of several units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Join {
    /// There is but one unit.
    Nothing,
    /// They stay as they are, and are asked about in one command.
    Several,
    Relocatable,
    Linked,
    /// Linked, then compressed by dwz: partial units, and references across units.
    Dwz,
}

/// One object to make of a case.
pub(crate) struct Plan<'a> {
    /// How each unit of the case is compiled.
    parts: Vec<Part<'a>>,
    join: Join,
    /// What the summary counts it as.
    pub(crate) cell: Cell,
    /// Its number within the case.
    pub(crate) number: usize,
}

struct Part<'a> {
    unit: &'a Unit,
    compiler: &'a Compiler,
    dwarf: u8,
    options: Vec<&'static str>,
}

/// A row of the summary.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) compiler: String,
    pub(crate) architecture: String,
    pub(crate) dwarf: String,
}

/// What was made, and how.
pub(crate) struct Made {
    /// One object, unless they are to be asked about together.
    pub(crate) objects: Vec<PathBuf>,
    /// The commands, as a person would type them.
    pub(crate) commands: Vec<String>,
}

/// Why there is no object.
pub(crate) enum NotMade {
    /// A tool refused; its commands and what the last one said.
    Refused {
        commands: Vec<String>,
        message: String,
    },
    Failed(anyhow::Error),
}

impl Case {
    /// Makes the sources; they depend on the seed and the number only, not on this machine.
    pub(crate) fn generate(seed: u64, number: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let join = match rng.u32(0..100) {
            0..=75 => Join::Nothing,
            76..=80 => Join::Several,
            81..=89 => Join::Relocatable,
            90..=93 => Join::Linked,
            _ => Join::Dwz,
        };
        let count = if join == Join::Nothing { 1 } else { rng.usize(2..=3) };
        let units = (0..count)
            .map(|index| {
                let language = match rng.u32(0..100) {
                    0..=59 => Language::C,
                    60..=69 => Language::Cxx,
                    70..=87 => Language::Rust,
                    // Which may have type units, and these dwz does not read.
                    _ if join == Join::Dwz => Language::C,
                    _ => Language::Dwarf,
                };
                Unit::generate(language, &format!("unit{index}"), &mut rng)
            })
            .collect();
        Self { seed, number, units, join }
    }

    /// The objects to make, so many at most; each case takes up where the former left off in the list of compilers.
    pub(crate) fn plans<'a>(&'a self, compilers: &'a [Compiler], count: usize) -> Vec<Plan<'a>> {
        let mut rng = Rng::with_seed(self.seed.wrapping_add(self.number << 20));
        (0..count).filter_map(|number| self.plan(compilers, count, number, &mut rng)).collect()
    }

    fn plan<'a>(&'a self, compilers: &'a [Compiler], count: usize, number: usize, rng: &mut Rng) -> Option<Plan<'a>> {
        let parts = self
            .units
            .iter()
            .map(|unit| {
                // What is joined has to be of one architecture, and there is no linker for every one.
                let able: Vec<&Compiler> = compilers
                    .iter()
                    .filter(|compiler| compiler.language == unit.language)
                    .filter(|compiler| self.join == Join::Nothing || compiler.is_native())
                    .collect();
                // Round after round of all compilers, each with another version of DWARF; but at random what is joined.
                let turn = match self.join {
                    Join::Nothing => self.number as usize * count + number,
                    _ => rng.usize(..),
                };
                let compiler = able.get(turn % able.len().max(1))?;
                let versions: Vec<u8> =
                    compiler.dwarf.iter().copied().filter(|dwarf| self.join.takes(compiler.family, *dwarf)).collect();
                let dwarf = *versions.get(turn / able.len() % versions.len().max(1))?;
                Some(Part { unit, compiler, dwarf, options: options(compiler, dwarf, self.join, rng) })
            })
            .collect::<Option<Vec<_>>>()?;
        let first = parts.first()?;
        let cell = match self.join {
            Join::Nothing => Cell {
                compiler: first.compiler.name(),
                architecture: first.compiler.architecture.clone(),
                dwarf: first.dwarf.to_string(),
            },
            join => Cell {
                compiler: format!("{join:?}").to_lowercase(),
                architecture: first.compiler.architecture.clone(),
                dwarf: "mixed".to_owned(),
            },
        };
        Some(Plan { parts, join: self.join, cell, number })
    }
}

impl Join {
    /// Whether a version of DWARF, as a compiler writes it, survives: dwz knows no `.debug_addr`.
    fn takes(self, family: Family, dwarf: u8) -> bool {
        self != Self::Dwz || dwarf == 4 || (dwarf == 5 && family == Family::Gcc)
    }
}

/// A level of optimisation and a few of the options that the compiler accepts.
fn options(compiler: &Compiler, dwarf: u8, join: Join, rng: &mut Rng) -> Vec<&'static str> {
    let levels: [&str; 4] = match compiler.family {
        _ if compiler.language == Language::Dwarf => return Vec::new(),
        Family::Rustc => ["-Copt-level=0", "-Copt-level=1", "-Copt-level=2", "-Copt-level=s"],
        Family::Gcc | Family::Clang => ["-O0", "-O1", "-O2", "-Os"],
    };
    let mut options = vec![levels[rng.usize(0..levels.len())]];
    for _ in 0..rng.usize(0..=2) {
        let Some(option) = rng.choice(&compiler.options) else { continue };
        let impossible = match *option {
            // The 64-bit format came with DWARF 3, and dwz does not read it.
            "-gdwarf64" => dwarf < 3 || join == Join::Dwz,
            "-fdebug-types-section" => join == Join::Dwz,
            _ => false,
        };
        if !impossible && !options.contains(option) {
            options.push(option);
        }
    }
    options
}

impl Plan<'_> {
    /// Writes the sources of the case into the folder.
    pub(crate) fn write_sources(&self, folder: &Path) -> anyhow::Result<()> {
        for file in self.parts.iter().flat_map(|part| &part.unit.files) {
            fs::write(folder.join(&file.name), &file.text)?;
        }
        Ok(())
    }

    /// Makes the object in the folder, from sources that are there.
    pub(crate) fn make(&self, folder: &Path) -> Result<Made, NotMade> {
        let mut commands = Vec::new();
        let mut objects = Vec::new();
        for part in &self.parts {
            let source = &part.unit.files[0].name;
            let object = format!("{source}.o");
            let mut command = part.compiler.command(part.dwarf, &part.options);
            command.arg(source).arg("-o").arg(&object);
            run(command, folder, &mut commands)?;
            objects.push(object);
        }
        match self.join {
            Join::Nothing | Join::Several => {
                return Ok(Made { objects: objects.iter().map(|object| folder.join(object)).collect(), commands });
            }
            Join::Relocatable => {
                let mut linker = Command::new("ld");
                linker.args(["-r", "-o", "object"]).args(&objects);
                run(linker, folder, &mut commands)?;
            }
            Join::Linked | Join::Dwz => {
                let mut linker = Command::new("ld");
                linker.args(["-e", "0", "--unresolved-symbols=ignore-all", "-o", "object"]).args(&objects);
                run(linker, folder, &mut commands)?;
            }
        }
        if self.join == Join::Dwz {
            let mut dwz = Command::new("dwz");
            dwz.arg("object");
            run(dwz, folder, &mut commands)?;
        }
        Ok(Made { objects: vec![folder.join("object")], commands })
    }

    /// Links the one object that was made, as nearly the same as a linked file can be. Nothing if there is no linker for
    /// its architecture, or if linking would change what is asked about.
    pub(crate) fn link(&self, made: &Made, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
        let ([part], [object]) = (self.parts.as_slice(), made.objects.as_slice()) else { return Ok(None) };
        // Only in a linked file does the reference find type units.
        if part.options.contains(&"-fdebug-types-section") {
            return Ok(None);
        }
        let linked = folder.join("linked");
        let mut linker = part.compiler.link_command();
        let done = linker.arg(object).arg("-o").arg(&linked).output().is_ok_and(|output| output.status.success());
        if !done || !linked.is_file() || !same_aliases(&fs::read(object)?, &fs::read(&linked)?)? {
            return Ok(None);
        }
        Ok(Some(linked))
    }

    /// Whether the reference is right to refuse some of this, which C and Rust do not have.
    pub(crate) fn may_be_refused(&self) -> bool {
        self.parts.iter().any(|part| matches!(part.unit.language, Language::Cxx | Language::Dwarf))
    }
}

/// Runs a command in the folder and notes it.
fn run(mut command: Command, folder: &Path, commands: &mut Vec<String>) -> Result<(), NotMade> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    commands.push(line);
    let Output { status, stderr, .. } = command
        .current_dir(folder)
        .output()
        .with_context(|| format!("cannot run {:?}", command.get_program()))
        .map_err(NotMade::Failed)?;
    if status.success() {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&stderr).into_owned();
    Err(NotMade::Refused { commands: commands.clone(), message })
}

/// The standard input for some objects: which symbols to ask for changes the answers to others.
pub(crate) fn exports(objects: &[Vec<u8>], rng: &mut Rng) -> anyhow::Result<String> {
    let mut names = Vec::new();
    let mut others = Vec::new();
    for object in objects {
        let file = object::File::parse(object.as_slice())?;
        for symbol in file.symbols() {
            let name = symbol.name()?;
            if name.is_empty() || name.contains(char::is_whitespace) {
                continue;
            }
            if symbol.is_definition() && !symbol.is_local() {
                names.push(name.to_owned());
            } else if name.starts_with("unit") {
                others.push(name.to_owned());
            }
        }
    }
    // A list in the order of the symbol table, unless chance wills otherwise.
    match rng.u32(0..10) {
        0..=2 => rng.shuffle(&mut names),
        3 | 4 => names.sort(),
        _ => {}
    }
    if rng.u32(0..100) < 35 {
        let kept = rng.usize(0..=names.len());
        rng.shuffle(&mut names);
        names.truncate(kept);
    }
    // What is not defined here has a type if a pointer tells it, or if a declaration is used.
    others.retain(|_| rng.u32(0..100) < 70);
    names.append(&mut others);
    names.push("no_such_symbol".to_owned());
    if rng.u32(0..10) == 0 {
        names.push(names[0].clone());
    }
    let list: String = names.iter().flat_map(|name| [name, "\n"]).collect();
    // Smaller than a pipe, so that a tool that does not read all of it at once cannot block the one that writes.
    ensure!(list.len() < 60_000, "the list of exports has {} bytes", list.len());
    Ok(list)
}

/// Whether the same symbols share an address before and after linking.
fn same_aliases(object: &[u8], linked: &[u8]) -> anyhow::Result<bool> {
    fn aliases(file: &[u8]) -> anyhow::Result<BTreeSet<Vec<String>>> {
        let file = object::File::parse(file)?;
        let mut places: BTreeMap<(String, u64), Vec<String>> = BTreeMap::new();
        for symbol in file.symbols().filter(|symbol| !symbol.is_local() && !symbol.is_undefined()) {
            let name = symbol.name()?.to_owned();
            // What the linker adds is nobody's alias.
            if name.starts_with("unit") {
                let place = (format!("{:?}", symbol.section()), symbol.address());
                places.entry(place).or_default().push(name);
            }
        }
        places.values_mut().for_each(|names| names.sort_unstable());
        Ok(places.into_values().collect())
    }
    Ok(aliases(object)? == aliases(linked)?)
}

/// Whether the object has debugging information that is not split off, by the names of its sections.
pub(crate) fn has_debugging_information(object: &[u8]) -> bool {
    object::File::parse(object).is_ok_and(|file| {
        [".debug_info", ".zdebug_info"].iter().any(|name| file.section_by_name(name).is_some())
            && file.section_by_name(".debug_info.dwo").is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sources of a case, in a form that can be compared.
    fn sources(seed: u64, number: u64) -> Vec<String> {
        Case::generate(seed, number).units.into_iter().flat_map(|unit| unit.files).map(|file| file.text).collect()
    }

    #[test]
    fn a_seed_and_a_number_make_the_same_sources_each_time() {
        for number in 0..40 {
            assert_eq!(sources(7, number), sources(7, number));
            assert_ne!(sources(7, number), sources(7, number + 1));
            assert_ne!(sources(7, number), sources(8, number));
        }
    }

    #[test]
    fn a_case_has_each_language_and_each_way_to_join() {
        let cases: Vec<Case> = (0..200).map(|number| Case::generate(7, number)).collect();
        let units: Vec<&Unit> = cases.iter().flat_map(|case| &case.units).collect();
        for language in [Language::C, Language::Cxx, Language::Rust, Language::Dwarf] {
            assert!(units.iter().any(|unit| unit.language == language), "no {language:?}");
        }
        for join in [Join::Nothing, Join::Several, Join::Relocatable, Join::Linked, Join::Dwz] {
            assert!(cases.iter().any(|case| case.join == join), "no {join:?}");
        }
    }
}
