// SPDX-License-Identifier: GPL-2.0-only
//! What the reference says of small objects, against what we say: versions, symtypes, `--dump-versions`, `--dump-dies`,
//! warnings and exit status, byte for byte.

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use kabiscope_tests::case::{Answers, Case, Mode};
use kabiscope_tests::command::{Run, sorted};
use kabiscope_tests::difference::Comparison;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::from_args();
    let mut trials = trials("fixtures", &kabiscope_tests::fixtures())?;
    if let Some(folder) = kabiscope_tests::shared("corpus/cases") {
        trials.extend(self::trials("shared", &folder)?);
    }
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

/// A trial for each case of a folder and each way in which the reference was asked.
fn trials(group: &str, folder: &Path) -> anyhow::Result<Vec<Trial>> {
    let mut trials = Vec::new();
    for case in Case::all(folder)? {
        for mode in case.modes() {
            let option = mode.option().map(|option| format!(" {option}")).unwrap_or_default();
            let name = format!("{group}/{}{option}", case.name);
            let (case, folder) = (case.clone(), folder.to_owned());
            trials.push(Trial::test(name, move || check(&case, mode, &folder)));
        }
    }
    anyhow::ensure!(!trials.is_empty(), "{} holds no cases", folder.display());
    Ok(trials)
}

fn check(case: &Case, mode: Mode, folder: &Path) -> Result<(), Failed> {
    let expected = expected_answers(case, mode, folder)?;
    let run = Run::new(&case.object(), &case.exports(), mode.option().into_iter().chain(["--dump-versions"]))?;
    let mut comparison = Comparison::default();
    comparison
        .require(run.exit == Some(expected.exit), format!("exit status {:?}, reference {}", run.exit, expected.exit));
    comparison.part("symvers", &expected.symvers, &sorted(&run.stdout));
    if let Some(symtypes) = &expected.symtypes {
        comparison.part("symtypes", symtypes, &run.symtypes);
    }
    comparison.part("versions", &expected.versions, &sorted(&run.dump));
    compare_messages(&mut comparison, case, &expected, &run);
    if let Some(dies) = &expected.dies {
        let run = Run::new(&case.object(), &case.exports(), mode.option().into_iter().chain(["--dump-dies"]))?;
        comparison.part("dies", dies, &run.dump);
    }
    Ok(comparison.finish()?)
}

/// Warnings are the reference's, in any order. Errors have words of their own, but name the object and say what to do.
fn compare_messages(comparison: &mut Comparison, case: &Case, expected: &Answers, run: &Run) {
    let (errors, warnings): (Vec<_>, Vec<_>) =
        expected.messages.split_inclusive(|&byte| byte == b'\n').partition(|line| line.starts_with(b"error: "));
    comparison.part("warnings", &warnings.concat(), &sorted(&run.warnings));
    let found = String::from_utf8_lossy(&run.errors);
    if errors.is_empty() {
        comparison.part("errors", b"", &run.errors);
    } else {
        let start = format!("error: gendwarfksyms: {}: ", case.object().display());
        comparison.require(found.starts_with(&start), format!("the error does not name the object: {found}"));
        comparison.require(found.contains("\nhint: "), format!("no hint: {found}"));
    }
}

/// What the reference says, or, where it cannot read the object, what follows from what it says of another.
fn expected_answers(case: &Case, mode: Mode, folder: &Path) -> anyhow::Result<Answers> {
    if let Some(other) = case.same_as() {
        return Case::open(&folder.join(other))?.answers(mode);
    }
    match SAME_BUT_FOR_CHAR.iter().find(|(name, _)| *name == case.name) {
        Some((_, other)) => with_signed_char(Case::open(&folder.join(other))?.answers(mode)?),
        None => case.answers(mode),
    }
}

/// Cases of ../shared for MIPS, of which the reference says that they have no debugging information, and the same sources
/// compiled for ARM. In both ABIs (o32, AAPCS) all types that occur have the same sizes and places; only `char` is signed
/// on MIPS and unsigned on ARM.
const SAME_BUT_FOR_CHAR: [(&str, &str); 2] = [("basic-mips-be", "basic-arm"), ("symbolptr-mips-be", "symbolptr-arm")];

/// The answers for an architecture where `char` is signed (DW_ATE_signed_char, 6) from those for one where it is unsigned
/// (DW_ATE_unsigned_char, 8).
fn with_signed_char(answers: Answers) -> anyhow::Result<Answers> {
    let signed =
        |text: &str| text.replace("base_type char byte_size(1) encoding(8)", "base_type char byte_size(1) encoding(6)");
    let version = |string: &str| format!("{:#010x}", crc32fast::hash(string.as_bytes()));
    let versions = String::from_utf8(answers.versions)?;
    let symtypes = answers.symtypes.map(String::from_utf8).transpose()?;
    // The version of a symbol is the CRC-32 of the string that `--dump-versions` shows for it, or for an alias.
    let strings = versions.lines().filter_map(|line| line.split_once(' '));
    let new_versions: HashMap<_, _> = strings.map(|(_, string)| (version(string), version(&signed(string)))).collect();
    let mut symvers = String::new();
    for line in std::str::from_utf8(&answers.symvers)?.lines() {
        let (symbol, old) = line.rsplit_once(' ').context("a line has a symbol and a version")?;
        let new = new_versions.get(old).map_or(old, String::as_str);
        symvers += &format!("{symbol} {new}\n");
    }
    Ok(Answers {
        symvers: symvers.into(),
        versions: signed(&versions).into(),
        symtypes: symtypes.map(|text| signed(&text).into()),
        ..answers
    })
}
