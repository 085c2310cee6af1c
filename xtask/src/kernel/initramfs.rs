// SPDX-License-Identifier: GPL-2.0-only
//! What the kernel under test has for a root file system: a list for the kernel's own `gen_init_cpio`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use walkdir::WalkDir;
use xshell::{Shell, cmd};

/// Programs of the machine that builds it. busybox is static; the others bring their libraries.
const PROGRAMS: [&str; 4] = ["busybox", "bash", "kmod", "capsh"];

/// An archive that is being put together.
#[derive(Default)]
pub(super) struct Initramfs {
    list: String,
    folders: BTreeSet<PathBuf>,
    files: BTreeSet<PathBuf>,
}

impl Initramfs {
    /// One with the programs that the first process runs.
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut archive = Self::default();
        archive.folder(Path::new("/dev"));
        writeln!(archive.list, "nod /dev/console 0600 0 0 c 5 1")?;
        for program in PROGRAMS {
            archive.program(program)?;
        }
        for link in ["modprobe", "insmod", "rmmod", "lsmod", "depmod"] {
            archive.folder(Path::new("/sbin"));
            writeln!(archive.list, "slink /sbin/{link} /bin/kmod 0777 0 0")?;
        }
        Ok(archive)
    }

    /// Adds a file.
    pub(super) fn file(&mut self, to: impl AsRef<Path>, from: &Path, is_program: bool) -> anyhow::Result<()> {
        let to = to.as_ref();
        if self.files.insert(to.to_owned()) {
            self.folder(to.parent().context("the root is no file")?);
            let mode = if is_program { "0755" } else { "0644" };
            writeln!(self.list, "file {} {} {mode} 0 0", to.display(), from.display())?;
        }
        Ok(())
    }

    /// Adds all files of a folder.
    pub(super) fn files(&mut self, to: &str, from: &Path) -> anyhow::Result<()> {
        for entry in WalkDir::new(from).sort_by_file_name() {
            let entry = entry?;
            if entry.file_type().is_file() {
                self.file(Path::new(to).join(entry.path().strip_prefix(from)?), entry.path(), false)?;
            }
        }
        Ok(())
    }

    fn folder(&mut self, folder: &Path) {
        let Some(above) = folder.parent() else { return };
        self.folder(above);
        if self.folders.insert(folder.to_owned()) {
            _ = writeln!(self.list, "dir {} 0755 0 0", folder.display());
        }
    }

    fn program(&mut self, name: &str) -> anyhow::Result<()> {
        let sh = Shell::new()?;
        // capsh is nothing for a user, and may not be in their path.
        let path = std::env::var("PATH")? + ":/usr/sbin:/sbin";
        let found = cmd!(sh, "sh -c").arg(format!("command -v {name}")).env("PATH", path).quiet().read();
        let program = PathBuf::from(found.with_context(|| format!("no {name}"))?);
        self.file(format!("/bin/{name}"), &program, true)?;
        // What is static has none.
        let libraries = cmd!(sh, "ldd {program}").quiet().ignore_stderr().ignore_status().read()?;
        for library in libraries_of(&libraries) {
            self.file(library, library, true)?;
        }
        Ok(())
    }

    /// Writes the archive, packed by gzip.
    pub(super) fn write(&self, gen_init_cpio: &Path, to: &Path) -> anyhow::Result<()> {
        let list = to.with_extension("list");
        fs::write(&list, &self.list)?;
        let mut archive = Command::new(gen_init_cpio).arg(&list).stdout(Stdio::piped()).spawn()?;
        let mut unpacked = archive.stdout.take().context("its output is a pipe")?;
        let mut packed = flate2::write::GzEncoder::new(File::create(to)?, flate2::Compression::fast());
        std::io::copy(&mut unpacked, &mut packed)?;
        packed.finish()?;
        ensure!(archive.wait()?.success(), "{} fails", gen_init_cpio.display());
        Ok(())
    }
}

/// The paths in what ldd prints.
fn libraries_of(ldd: &str) -> impl Iterator<Item = &Path> {
    ldd.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/'))).map(Path::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_before_what_is_in_them() -> anyhow::Result<()> {
        let mut archive = Initramfs::default();
        archive.file("/a/b/c", Path::new("x"), true)?;
        archive.file("/a/b/d", Path::new("y"), false)?;
        archive.file("/a/b/d", Path::new("y"), false)?;
        let expected = "dir /a 0755 0 0\ndir /a/b 0755 0 0\nfile /a/b/c x 0755 0 0\nfile /a/b/d y 0644 0 0\n";
        assert_eq!(archive.list, expected);
        Ok(())
    }

    #[test]
    fn libraries_as_ldd_prints_them() {
        let ldd = "\tlinux-vdso.so.1 (0x00007ffe)\n\tlibz.so.1 => /lib/libz.so.1 (0x00007f12)\n\t/lib64/ld-linux.so.2 (0x0)\n";
        let libraries: Vec<&Path> = libraries_of(ldd).collect();
        assert_eq!(libraries, [Path::new("/lib/libz.so.1"), Path::new("/lib64/ld-linux.so.2")]);
        assert_eq!(libraries_of("\tnot a dynamic executable\n").count(), 0);
    }
}
