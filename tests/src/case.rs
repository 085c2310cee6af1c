// SPDX-License-Identifier: GPL-2.0-only
//! Cases: an object, a list of exports, and what the reference says of them.
//!
//! A case is a folder. `tests/fixtures/README.md` lists the files in it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

/// An object with the reference's answers.
#[derive(Debug, Clone)]
pub struct Case {
    /// Name of its folder.
    pub name: String,
    folder: PathBuf,
    about: About,
}

/// What `case.json` tells.
#[derive(Debug, Clone, Deserialize)]
struct About {
    exit: i32,
    #[serde(rename = "exit.stable")]
    exit_stable: Option<i32>,
    same_as: Option<String>,
}

/// Whether kABI rules and `__kabi_` members have effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They have none.
    Plain,
    /// `--stable`
    Stable,
}

impl Mode {
    /// The command line option.
    pub fn option(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Stable => Some("--stable"),
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Stable => ".stable",
        }
    }
}

/// What the reference says of a case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// The exit status.
    pub exit: i32,
    /// Standard output, lines sorted.
    pub symvers: Vec<u8>,
    /// The symtypes file, unless the reference failed.
    pub symtypes: Option<Vec<u8>>,
    /// What `--dump-versions` prints, lines sorted.
    pub versions: Vec<u8>,
    /// What `--dump-dies` prints, if that was kept.
    pub dies: Option<Vec<u8>>,
    /// Warnings and errors, lines sorted.
    pub messages: Vec<u8>,
}

impl Case {
    /// All cases in a folder, in the order of their names.
    ///
    /// # Errors
    /// A folder or `case.json` that cannot be read.
    pub fn all(folder: &Path) -> anyhow::Result<Vec<Self>> {
        let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
        let folders = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
        let with_cases = folders.iter().filter(|folder| folder.join("case.json").exists());
        let mut cases = with_cases.map(|folder| Self::open(folder)).collect::<anyhow::Result<Vec<_>>>()?;
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(cases)
    }

    /// The case in a folder of its name.
    ///
    /// # Errors
    /// A `case.json` that cannot be read.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let name = folder.file_name().map(OsStr::to_string_lossy).unwrap_or_default().into_owned();
        let about = serde_json::from_slice(&read(&folder.join("case.json"))?).context(name.clone())?;
        Ok(Self { name, folder: folder.to_owned(), about })
    }

    /// Path of the object.
    pub fn object(&self) -> PathBuf {
        self.folder.join("object.o")
    }

    /// Path of the list of exports.
    pub fn exports(&self) -> PathBuf {
        self.folder.join("exports")
    }

    /// The ways in which the reference was asked.
    pub fn modes(&self) -> impl Iterator<Item = Mode> {
        [Some(Mode::Plain), self.about.exit_stable.map(|_| Mode::Stable)].into_iter().flatten()
    }

    /// The case whose answers hold for this one too. The reference has none for it, as it reads no debugging information
    /// of this architecture.
    pub fn same_as(&self) -> Option<&str> {
        self.about.same_as.as_deref()
    }

    /// What the reference says.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn answers(&self, mode: Mode) -> anyhow::Result<Answers> {
        let file = |name: &str| self.folder.join(format!("{name}{}", mode.suffix()));
        let optional = |name: &str| file(name).exists().then(|| read(&file(name))).transpose();
        Ok(Answers {
            exit: match mode {
                Mode::Plain => self.about.exit,
                Mode::Stable => self.about.exit_stable.context("the reference was not asked with --stable")?,
            },
            symvers: optional("symvers")?.unwrap_or_default(),
            symtypes: optional("symtypes")?,
            versions: optional("versions")?.unwrap_or_default(),
            dies: optional("dies")?,
            messages: read(&file("messages"))?,
        })
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}
