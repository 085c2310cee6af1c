// SPDX-License-Identifier: GPL-2.0-only
//! Spot checks of a linked image by unit: the kernel's own gendwarfksyms cannot tell the versions of an image, but those of
//! one unit of it, cut out together with the symbols that its object exported.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use fastrand::Rng;
use gimli::{DebuggingInformationEntry, EndianSlice, LittleEndian, UnitOffset, constants as dw};
use kabiscope::abi::Abi;
use memmap2::Mmap;
use object::read::elf::{ElfFile64, Sym as _};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, elf};

use super::compare::{self, Difference};
use super::failure::{self, Failure};
use super::reference;
use super::tool::{Answers, Tool};
use crate::excerpt::{Excerpt, Symbol};
use crate::{kernel_image, project};

type Slice<'d> = EndianSlice<'d, LittleEndian>;

/// Compare the versions that kabiscope finds in a linked kernel with those of the kernel's gendwarfksyms, unit by unit.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A vmlinux with debug information [default: that of Debian's cloud kernel, which is downloaded].
    file: Option<PathBuf>,
    /// What the units are chosen by; the same seed chooses the same.
    #[arg(long, default_value_t = 20_261_122)]
    seed: u64,
    /// How many units to compare.
    #[arg(long, default_value_t = 60)]
    count: usize,
    /// Compare this unit, as `kabiscope list` names it (may be given several times), instead of chosen ones.
    #[arg(long, value_name = "NAME")]
    unit: Vec<String>,
    /// Compare this program instead of building ours.
    #[arg(long, value_name = "PATH")]
    kabiscope: Option<PathBuf>,
}

/// The image, and what it takes to cut units out of it.
struct Cutter<'d> {
    dwarf: gimli::Dwarf<Slice<'d>>,
    /// By name; `None` where units share one.
    units: HashMap<&'d [u8], Option<gimli::UnitHeader<Slice<'d>>>>,
    /// Those that other objects could see, and their names.
    symbols: HashMap<&'d [u8], Symbol>,
    excerpt: Excerpt,
}

/// What `kabiscope list` tells of a unit: the version of each of its exports.
type Versions = BTreeMap<String, String>;

/// What is asked about a unit.
struct Question<'a> {
    reference: Tool<'a>,
    ours: Tool<'a>,
    /// The excerpt.
    unit: [PathBuf; 1],
    exports: &'a str,
    scratch: &'a Path,
}

/// How the comparison of a unit came out.
enum Verdict {
    Agreed,
    /// Of types of one name and length, the reference keeps another one.
    Tied(Vec<String>),
    Differed(Vec<Difference>),
}

/// Compares units, and keeps what differs.
pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let folder = project::target_dir().join("oracle");
    fs::create_dir_all(&folder)?;
    let scratch = tempfile::tempdir_in(&folder)?;
    let failures = folder.join("failures");
    if failures.exists() {
        fs::remove_dir_all(&failures)?;
    }
    let image = kernel_image::find(args.file.as_deref())?;
    let reference = reference::find()?;
    let kabiscope = match &args.kabiscope {
        Some(path) => path.canonicalize().with_context(|| format!("no program {}", path.display()))?,
        None => project::build_kabiscope()?,
    };
    let gendwarfksyms = project::build_gendwarfksyms()?;
    println!("image: {}", image.name);
    println!("reference: {} ({})", reference.path.display(), reference.package);

    let by_unit = versions_by_unit(&kabiscope, &image.path)?;
    let chosen = if args.unit.is_empty() { choose(&by_unit, args.seed, args.count) } else { args.unit.clone() };
    let file = File::open(&image.path)?;
    // SAFETY: nobody writes to the image meanwhile.
    let data = unsafe { Mmap::map(&file) }?;
    let cutter = Cutter::new(&data, Excerpt::new(&image.path, scratch.path().join("vmlinux"))?)?;

    let (mut compared, mut versions, mut tied, mut differed) = (0, 0, 0, 0);
    for name in &chosen {
        let expected = by_unit.get(name).with_context(|| format!("no export has a version from a unit {name}"))?;
        let exports: String = expected.keys().flat_map(|export| [export, "\n"]).collect();
        cutter.cut(name, expected)?;
        let question = Question {
            reference: Tool { path: &reference.path },
            ours: Tool { path: &gendwarfksyms },
            unit: [cutter.excerpt.path().to_owned()],
            exports: &exports,
            scratch: scratch.path(),
        };
        let symtypes = symtypes(&kabiscope, &image.path, name)?;
        compared += 1;
        versions += expected.len();
        match question.judge(expected, symtypes)? {
            Verdict::Agreed => {}
            Verdict::Tied(types) => {
                tied += 1;
                println!("by chance of the reference, {name}: types of one name and length: {}", types.join(", "));
            }
            Verdict::Differed(differences) => {
                differed += 1;
                report(name, &image.path, &exports, &differences, &failures)?;
            }
        }
    }
    println!(
        "{compared} units with {versions} versions compared; {tied} units by chance of the reference, {differed} differed"
    );
    ensure!(compared > 0, "there is nothing to compare");
    ensure!(differed == 0, "{differed} of {compared} units differed: see {}", failures.display());
    Ok(())
}

/// What kabiscope computes, by unit.
fn versions_by_unit(kabiscope: &Path, image: &Path) -> anyhow::Result<BTreeMap<String, Versions>> {
    let output = output(Command::new(kabiscope).args(["list", "--format", "json", "--compute"]).arg(image))?;
    let abi: Abi = serde_json::from_slice(&output)?;
    let mut by_unit: BTreeMap<String, Versions> = BTreeMap::new();
    for export in abi.exports {
        if let Some(version) = export.computed {
            let unit = export.unit.with_context(|| format!("{} has a version and no unit", export.name))?;
            by_unit.entry(unit).or_default().insert(export.name, version.to_string());
        }
    }
    Ok(by_unit)
}

fn symtypes(kabiscope: &Path, image: &Path, unit: &str) -> anyhow::Result<String> {
    Ok(String::from_utf8(output(Command::new(kabiscope).args(["symtypes", "--unit", unit]).arg(image))?)?)
}

fn output(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}

/// Some of the units.
fn choose(by_unit: &BTreeMap<String, Versions>, seed: u64, count: usize) -> Vec<String> {
    let mut units: Vec<String> = by_unit.keys().cloned().collect();
    Rng::with_seed(seed).shuffle(&mut units);
    units.truncate(count);
    units
}

impl Question<'_> {
    /// The reference on the unit against kabiscope on the image. Where they differ by chance alone, our gendwarfksyms on the
    /// unit shows it, which has to say the same as kabiscope.
    fn judge(&self, versions: &Versions, symtypes: String) -> anyhow::Result<Verdict> {
        let ask = |tool: Tool<'_>| tool.ask_for_versions(&self.unit, self.exports, false, self.scratch);
        let (reference, ours) = (ask(self.reference)?, ask(self.ours)?);
        let versions = versions.iter().map(|(name, version)| format!("#SYMVER {name} {version}")).collect();
        let of_image = Answers { versions, symtypes, ..ours.clone() };
        let differences = compare::differences(&reference, &of_image);
        if differences.is_empty() {
            return Ok(Verdict::Agreed);
        }
        if compare::differences(&ours, &of_image).is_empty() {
            let ask = |tool: Tool<'_>| tool.ask(&self.unit, self.exports, false, self.scratch);
            if let Some(types) = compare::ties(&ask(self.reference)?, &ask(self.ours)?) {
                return Ok(Verdict::Tied(types));
            }
        }
        Ok(Verdict::Differed(differences))
    }
}

fn report(unit: &str, image: &Path, exports: &str, differences: &[Difference], failures: &Path) -> anyhow::Result<()> {
    // The excerpt is as large as the image, and soon made again.
    let nothing = tempfile::tempdir()?;
    let failure = Failure {
        title: unit.replace('/', "-"),
        made_in: nothing.path(),
        exports,
        commands: &[],
        differences,
        repeat: format!("cargo xtask oracle image --unit '{unit}' '{}'", image.display()),
    };
    let kept = failure.keep(failures)?;
    println!("DIFFERED {unit}, see {}", kept.display());
    for difference in differences {
        print!("    {}\n{}", difference.what, failure::glimpse(difference));
    }
    Ok(())
}

impl<'d> Cutter<'d> {
    fn new(data: &'d [u8], excerpt: Excerpt) -> anyhow::Result<Self> {
        let image = ElfFile64::<object::LittleEndian>::parse(data)?;
        let dwarf = gimli::Dwarf::load(|id| {
            let section = image.section_by_name(id.name());
            let data = section.map_or(Ok(&[][..]), |section| section.data());
            data.map(|data| EndianSlice::new(data, LittleEndian))
        })?;
        let mut units = HashMap::new();
        let mut headers = dwarf.units();
        while let Some(header) = headers.next()? {
            if let Some(name) = dwarf.unit(header)?.name {
                units.entry(name.slice()).and_modify(|unit| *unit = None).or_insert(Some(header));
            }
        }
        let mut symbols = HashMap::new();
        for symbol in image.symbols().filter(|symbol| !symbol.is_local() && symbol.is_definition()) {
            ensure!(symbol.elf_symbol().st_shndx(object::LittleEndian) != elf::SHN_XINDEX, "too many sections");
            symbols.insert(symbol.name_bytes()?, *symbol.elf_symbol());
        }
        Ok(Self { dwarf, units, symbols, excerpt })
    }

    /// Makes the excerpt that has a unit and the symbols of its exports. What it only declares was exported by its object, but
    /// has no address in there, and is nobody's alias; what it does not mention at all is the alias of something that it
    /// defines, as of functions that the compiler has folded together.
    fn cut(&self, name: &str, exports: &Versions) -> anyhow::Result<()> {
        let header = match self.units.get(name.as_bytes()) {
            Some(Some(header)) => *header,
            Some(None) => bail!("several units are called {name}"),
            None => bail!("no unit is called {name}"),
        };
        let declared = self.only_declared(header).with_context(|| format!("cannot read {name}"))?;
        let symbols: Vec<(Symbol, &[u8])> = exports
            .keys()
            .map(String::as_bytes)
            .filter(|export| !declared.contains(*export))
            .filter_map(|export| Some((*self.symbols.get(export)?, export)))
            .collect();
        let start = header.debug_info_offset().context("it is not in .debug_info")?.0 as u64;
        let unit: Range<u64> = start..start + header.length_including_self() as u64;
        self.excerpt.show(&unit, Some(&symbols))
    }

    /// The names of the functions and variables that a unit declares and does not define.
    fn only_declared(&self, header: gimli::UnitHeader<Slice<'d>>) -> anyhow::Result<BTreeSet<&'d [u8]>> {
        let unit = self.dwarf.unit(header)?;
        let (mut declared, mut defined) = (BTreeSet::new(), BTreeSet::new());
        let mut entries = unit.entries();
        while let Some(entry) = entries.next_dfs()? {
            if matches!(entry.tag(), dw::DW_TAG_subprogram | dw::DW_TAG_variable)
                && let Some(name) = self.linkage_name(&unit, entry)?
            {
                let is_declaration = entry.attr(dw::DW_AT_declaration).is_some();
                if is_declaration { &mut declared } else { &mut defined }.insert(name);
            }
        }
        Ok(&declared - &defined)
    }

    /// The name of a DIE, or of the one that it completes.
    fn linkage_name(
        &self,
        unit: &gimli::Unit<Slice<'d>>,
        entry: &DebuggingInformationEntry<Slice<'d>>,
    ) -> anyhow::Result<Option<&'d [u8]>> {
        let name = |entry: &DebuggingInformationEntry<Slice<'d>>| {
            let value = entry.attr_value(dw::DW_AT_linkage_name).or_else(|| entry.attr_value(dw::DW_AT_name))?;
            self.dwarf.attr_string(unit, value).ok()
        };
        let mut found = name(entry);
        let mut completed = completed_by(entry);
        // A definition, inlined or not, of what was declared in a namespace: two steps at the most.
        for _ in 0..2 {
            let (None, Some(offset)) = (found, completed) else { break };
            let entry = unit.entry(offset)?;
            found = name(&entry);
            completed = completed_by(&entry);
        }
        Ok(found.map(|name| name.slice()))
    }
}

/// The DIE that one completes.
fn completed_by(entry: &DebuggingInformationEntry<Slice<'_>>) -> Option<UnitOffset> {
    [dw::DW_AT_specification, dw::DW_AT_abstract_origin].into_iter().find_map(|attribute| {
        match entry.attr_value(attribute)? {
            gimli::AttributeValue::UnitRef(offset) => Some(offset),
            _ => None,
        }
    })
}
