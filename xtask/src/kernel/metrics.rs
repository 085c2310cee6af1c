// SPDX-License-Identifier: GPL-2.0-only
//! What DWARF versions cost and bring, measured on the kernels that are built here: `docs/metrics.md`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use walkdir::WalkDir;

use super::compare;
use super::recompute::{self, Recomputed, Types};
use super::tree::Tree;
use super::{Workshop, builds, page};

/// Builds what is not built yet, measures, and writes the page's figures.
pub(super) fn run(workshop: &Workshop) -> anyhow::Result<String> {
    page::publish(workshop, "steps", &steps(workshop)?)?;
    page::publish(workshop, "builds", &whole_builds(workshop)?)?;
    Ok("two tables written".to_owned())
}

/// A table: of each tool, what the step takes that computes versions.
fn steps(workshop: &Workshop) -> anyhow::Result<String> {
    let built = builds::tree(workshop, builds::Kind::Ours)?;
    let of_dwarf = |tool| recompute::by_gendwarfksyms(&built.path, tool, Types::Ignored);
    let reference = builds::reference_tool(workshop)?;
    let mut table = String::from("| tool | objects | versions | CPU | for each object |\n");
    table += "| --- | ---: | ---: | ---: | ---: |\n";
    table += &step("the kernel's gendwarfksyms", &of_dwarf(&reference)?);
    table += &step("kabiscope's gendwarfksyms", &of_dwarf(&workshop.ours.path)?);
    table += &step("genksyms, with the preprocessor", &by_genksyms(&builds::tree(workshop, builds::Kind::Genksyms)?)?);
    Ok(table)
}

/// A table: of each kind of kernel, what it takes to build, and how large it is.
fn whole_builds(workshop: &Workshop) -> anyhow::Result<String> {
    let mut table =
        String::from("| build | CPU, prepare | CPU, the rest | objects | vmlinux | modules, stripped | versions |\n");
    table += "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    for kind in builds::Kind::ALL {
        table += &row(&builds::tree(workshop, kind)?, kind)?;
    }
    Ok(table)
}

/// What a build took, and what it made.
fn row(tree: &Tree<'_>, kind: builds::Kind) -> anyhow::Result<String> {
    let [prepare, rest] = [&["prepare"], builds::TARGETS].map(|targets| tree.cpu_of(targets));
    let vmlinux = fs::metadata(tree.path.join("vmlinux"))?.len();
    let versions = versioned(&fs::read_to_string(tree.path.join("Module.symvers"))?);
    Ok(format!(
        "| {}, {} | {} | {} | {} | {} | {} | {versions} |\n",
        kind.description(),
        if tree.has_rust() { "Rust" } else { "no Rust" },
        seconds(prepare?),
        seconds(rest?),
        mebibytes(compiled_objects(&tree.path)?),
        mebibytes(vmlinux),
        mebibytes(stripped_modules(tree)?),
    ))
}

/// A time, if it was measured.
fn seconds(time: Option<Duration>) -> String {
    time.map_or_else(|| "not measured".to_owned(), |time| format!("{:.0} s", time.as_secs_f64()))
}

/// How many symbols of a `Module.symvers` have a version, of how many.
fn versioned(symvers: &str) -> String {
    let with = symvers.lines().filter(|line| !line.starts_with("0x00000000\t")).count();
    format!("{with} of {}", symvers.lines().count())
}

/// Bytes of all objects that a compiler has made, and not the linker.
fn compiled_objects(tree: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in WalkDir::new(tree).into_iter().filter_entry(|entry| {
        // What runs during the build is the same in all of them.
        entry.depth() != 1 || !matches!(entry.file_name().to_str(), Some("scripts" | "tools" | "usr"))
    }) {
        let entry = entry?;
        let Some(object) = object_of(entry.path()) else { continue };
        let command = fs::read(entry.path())?;
        if String::from_utf8_lossy(&command).contains(" -c ") || object.starts_with(tree.join("rust")) {
            bytes += fs::metadata(&object).map_or(0, |metadata| metadata.len());
        }
    }
    Ok(bytes)
}

/// The object that a file like `.open.o.cmd` tells of.
fn object_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?.strip_prefix('.')?.strip_suffix(".cmd")?;
    name.ends_with(".o").then(|| path.with_file_name(name))
}

/// Bytes of the modules as they are installed.
fn stripped_modules(tree: &Tree<'_>) -> anyhow::Result<u64> {
    let scratch = tempfile::tempdir_in(&tree.path)?;
    let stripped = scratch.path().join("stripped.ko");
    let mut bytes = 0;
    for module in tree.modules()? {
        let status = Command::new("strip").args(["--strip-debug", "-o"]).arg(&stripped).arg(&module).status()?;
        ensure!(status.success(), "cannot strip {}", module.display());
        bytes += fs::metadata(&stripped)?.len();
    }
    Ok(bytes)
}

/// A line of the table of tools; shown at once, for the next one takes its time.
fn step(tool: &str, recomputed: &Recomputed) -> String {
    let Recomputed { objects, versions, cpu } = recomputed;
    let each = cpu.as_secs_f64() * 1e3 / *objects as f64;
    let line = format!("| {tool} | {objects} | {versions} | {:.1} s | {each:.1} ms |\n", cpu.as_secs_f64());
    print!("  {line}");
    line
}

/// Has the preprocessor and genksyms do all their work again.
fn by_genksyms(tree: &Tree<'_>) -> anyhow::Result<Recomputed> {
    let mut all = Recomputed::default();
    for (object, versions) in compare::versions_by_object(&tree.path)? {
        let name = object.file_name().context("an object has a name")?.to_string_lossy();
        let kept = fs::read_to_string(object.with_file_name(format!(".{name}.cmd")))?;
        let object = object.strip_prefix(&tree.path)?.display().to_string();
        // Of assembly, the command says nothing: Kbuild makes up a source for it.
        let Some(preprocess) = preprocessing(&kept, &object) else { continue };
        let mut command = Command::new("bash");
        command.args(["-c", &format!("set -o pipefail; {preprocess} | scripts/genksyms/genksyms")]);
        all.add(command.current_dir(&tree.path), &versions)?;
    }
    ensure!(all.versions > 0, "there are no versions in {}", tree.path.display());
    Ok(all)
}

/// The command by which Kbuild preprocesses a C file for genksyms, from the one by which it compiled it.
fn preprocessing(kept: &str, object: &str) -> Option<String> {
    let compile = kept.lines().next()?.split_once(" := ")?.1;
    let compile = compile.split(" ; ").next()?.replace("$(pound)", "#").replace("$$", "$");
    let (options, source) = compile.split_once(&format!(" -c -o {object} "))?;
    let options: Vec<&str> = options.split(' ').filter(|option| !option.starts_with("-Wp,-MMD,")).collect();
    source.trim_end().ends_with(".c").then(|| format!("{} -E -D__GENKSYMS__ {source}", options.join(" ")))
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_before_genksyms() {
        let kept = "savedcmd_lib/klist.o := gcc -Wp,-MMD,lib/.klist.o.d -Iinclude -DMODNAME='\"$(pound)\"' -c -o lib/klist.o \
                    ../lib/klist.c ; ./objtool lib/klist.o\n#SYMVER a 0x1\n";
        let expected = "gcc -Iinclude -DMODNAME='\"#\"' -E -D__GENKSYMS__ ../lib/klist.c";
        assert_eq!(preprocessing(kept, "lib/klist.o").as_deref(), Some(expected));
        assert_eq!(preprocessing("savedcmd_a.o := gcc -c -o a.o a.S\n", "a.o"), None);
    }

    #[test]
    fn symbols_without_a_version_are_told_apart() {
        assert_eq!(versioned("0x00000000\ta\tvmlinux\n0x0000000a\tb\tvmlinux\n"), "1 of 2");
    }
}
