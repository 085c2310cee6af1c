// SPDX-License-Identifier: GPL-2.0-only
//! `kabiscope symtypes`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};

use kabiscope::Result;
use kabiscope::cli::kabiscope::Symtypes;
use kabiscope::linked::PlannedUnit;

use crate::Status;
use crate::console::Console;
use crate::failure::{Failure, Trouble, describe};
use crate::image::KernelFile;
use crate::units::Heard;

/// The lines of a symtypes file. A name is followed by a blank, and nothing that a name is made of sorts before that: the order
/// is that of the names, as the build has it.
type Lines = BTreeSet<Vec<u8>>;

pub(crate) fn run(args: &Symtypes, console: &Console) -> Result<Status, Failure> {
    let units = read(args, console)?;
    let written = match &args.output {
        None => return Ok(write(merged(units), io::stdout().lock()).map(|()| Status::Well)?),
        Some(folder) if is_folder(folder) => write_each(units, folder),
        Some(path) => create(path).and_then(|file| write(merged(units), file)).map_err(|error| (path.clone(), error)),
    };
    written.map_err(|(path, error)| Trouble::new(path.display(), describe(&error)))?;
    Ok(Status::Well)
}

/// The units that are asked for, by name. What is wrong with one is said.
fn read(args: &Symtypes, console: &Console) -> Result<BTreeMap<String, Lines>, Failure> {
    let file = KernelFile::open(&args.file, console)?;
    let symtypes = file.with_units(&args.dwarf, console, |units| {
        let heard = Heard::new(units, &file, console);
        file.say_troubles(&heard, console);
        Ok(heard.each_unit("writing out types", |_| true, |unit| of_unit(&heard, unit, args.unit.as_deref()), console))
    })?;
    let mut units = BTreeMap::<_, Lines>::new();
    for symtypes in symtypes {
        match symtypes {
            // Units of one name may stand for a source that was compiled more than once.
            Ok(Some((name, lines))) => units.entry(name).or_default().extend(lines),
            Ok(None) => {}
            Err((name, error)) => {
                console.error(&Trouble::new(args.file.display(), format_args!("unit {name}: {error}")));
            }
        }
    }
    match &args.unit {
        Some(name) if units.is_empty() => {
            let text = format!("no unit of the name {name} exports anything");
            let trouble = Trouble::new(args.file.display(), text);
            Err(trouble.hint("kabiscope list --format json tells the unit of each export").into())
        }
        _ => Ok(units),
    }
}

/// The name of a unit and its lines, if it is `wanted`; or its name, and what is wrong.
fn of_unit(
    heard: &Heard<'_, '_>,
    unit: &PlannedUnit,
    wanted: Option<&str>,
) -> Result<Option<(String, Lines)>, (String, kabiscope::Error)> {
    let nameless = || format!("at {:#x}", unit.unit.start);
    let name = heard.units.name(&unit.unit).map_err(|error| (nameless(), error))?.unwrap_or_else(nameless);
    if wanted.is_some_and(|wanted| !Path::new(&name).ends_with(wanted)) {
        return Ok(None);
    }
    match heard.units.symtypes(unit, heard.exports) {
        Ok(lines) => Ok(Some((name, lines.iter().map(|(name, string)| [name, &b" "[..], string].concat()).collect()))),
        Err(error) => Err((name, error)),
    }
}

fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

fn merged(units: BTreeMap<String, Lines>) -> Lines {
    units.into_values().flatten().collect()
}

/// Writes a file for each unit. An error comes with the path that it is about.
fn write_each(units: BTreeMap<String, Lines>, folder: &Path) -> Result<(), (PathBuf, io::Error)> {
    for (name, lines) in units {
        let path = folder.join(file_name(&name));
        create(&path).and_then(|file| write(lines, file)).map_err(|error| (path, error))?;
    }
    Ok(())
}

/// Where the symtypes of a unit go: beside its object, which is to be below the folder whatever the unit is called.
fn file_name(unit: &str) -> PathBuf {
    let within = |part: &Component<'_>| matches!(part, Component::Normal(_));
    Path::new(unit).components().filter(within).collect::<PathBuf>().with_extension("symtypes")
}

fn create(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create(path)
}

fn write(lines: Lines, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    for line in lines {
        out.write_all(&line)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        for (unit, expect) in [
            ("fs/open.c", "fs/open.symtypes"),
            ("/build/linux/fs/open.c", "build/linux/fs/open.symtypes"),
            ("../../etc/x.c", "etc/x.symtypes"),
        ] {
            assert_eq!(file_name(unit), Path::new(expect), "{unit}");
        }
    }
}
