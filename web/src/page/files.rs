// SPDX-License-Identifier: GPL-2.0-only
//! The files that are open, as the page knows them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use kabiscope::abi::{Abi, Export};

use super::columns::Column;
use super::place::{Order, Place};
use super::search::Search;
use crate::session::{FileId, Session};

/// An open file. A handle: what is known of the file grows behind it, and `revision` tells by how much.
#[derive(Clone)]
pub(super) struct OpenFile {
    /// What reads it.
    pub(super) session: Session,
    /// Which opening of files it came with.
    pub(super) opening: u32,
    /// Which file of that it is.
    pub(super) id: FileId,
    /// Whether it has debugging information itself.
    pub(super) has_debug_info: bool,
    /// What is known of it.
    pub(super) abi: Rc<RefCell<Abi>>,
    /// Grows with that.
    revision: u32,
    /// Whether more will be known.
    pub(super) state: State,
}

/// Whether more will be known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Somebody works on it.
    Working,
    /// All is known, or nobody works on it any more; what it would take to know more.
    Finished { hint: Option<Rc<str>> },
}

/// All files; cheap to hand down.
pub(super) type Files = Rc<Vec<OpenFile>>;

/// An export of a file: both by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowId {
    pub(super) file: usize,
    pub(super) export: usize,
}

impl PartialEq for OpenFile {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.abi, &other.abi) && self.revision == other.revision && self.state == other.state
    }
}

impl OpenFile {
    pub(super) fn new(session: Session, opening: u32, id: FileId, abi: Abi, has_debug_info: bool) -> Self {
        let abi = Rc::new(RefCell::new(abi));
        Self { session, opening, id, has_debug_info, abi, revision: 0, state: State::Working }
    }

    /// Takes over what is known now.
    pub(super) fn update(&mut self, exports: Vec<(u32, Export)>) {
        let mut abi = self.abi.borrow_mut();
        for (index, export) in exports {
            if let Some(place) = abi.exports.get_mut(index as usize) {
                *place = export;
            }
        }
        self.revision += 1;
    }

    /// By what addresses refer to it.
    pub(super) fn key(&self) -> String {
        let abi = self.abi.borrow();
        abi.build_id.clone().unwrap_or_else(|| abi.file.clone())
    }

    /// Whether versions may still come.
    pub(super) fn is_working(&self) -> bool {
        self.state == State::Working
    }

    /// Whether it is the same file, whatever is known of it.
    pub(super) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.abi, &other.abi)
    }
}

/// The file of a key.
pub(super) fn by_key<'f>(files: &'f [OpenFile], key: &str) -> Option<&'f OpenFile> {
    files.iter().find(|file| file.key() == key)
}

/// The file whose symbol or type was picked.
pub(super) fn picked<'f>(files: &'f [OpenFile], place: &Place) -> Option<&'f OpenFile> {
    match &place.file {
        Some(key) => by_key(files, key),
        None => files.iter().find(|file| {
            let abi = file.abi.borrow();
            place.symbol.as_ref().is_none_or(|symbol| position(&abi, symbol).is_some())
        }),
    }
}

/// The index of a symbol.
pub(super) fn position(abi: &Abi, symbol: &str) -> Option<usize> {
    abi.exports.iter().position(|export| export.name == symbol)
}

/// Files of which something is derived. They are equal as long as that is the same: when more versions are known, only what depends
/// on versions is derived anew.
pub(super) struct Source {
    pub(super) files: Files,
    depends_on_versions: bool,
}

impl Source {
    pub(super) fn new(files: &Files, depends_on_versions: bool) -> Self {
        Self { files: Rc::clone(files), depends_on_versions }
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        let same = if self.depends_on_versions { OpenFile::eq } else { OpenFile::is };
        self.depends_on_versions == other.depends_on_versions
            && self.files.len() == other.files.len()
            && self.files.iter().zip(&*other.files).all(|(a, b)| same(a, b))
    }
}

/// The exports that a place lists, in its order. The error is what is wrong with its search.
pub(super) fn rows(files: &[OpenFile], place: &Place) -> Result<Vec<RowId>, String> {
    let search = Search::parse(&place.query)?;
    let mut rows = Vec::new();
    let abis: Vec<_> = files.iter().map(|file| file.abi.borrow()).collect();
    for (file, (open, abi)) in files.iter().zip(&abis).enumerate() {
        if place.scope.as_ref().is_some_and(|scope| *scope != open.key()) {
            continue;
        }
        let may_come = open.is_working();
        let is_meant = |export: &Export| {
            search.matches(&export.name, export.demangled.as_deref())
                && place.filter.iter().all(|(column, value)| column.text(export, may_come) == *value)
        };
        let meant = abi.exports.iter().enumerate().filter(|(_, export)| is_meant(export));
        rows.extend(meant.map(|(export, _)| RowId { file, export }));
    }
    let Order { column, is_reversed } = place.order;
    let export = |row: &RowId| (&abis[row.file].exports[row.export], files[row.file].is_working());
    // Exports of a file are in the order of their names.
    if column != Column::Name || abis.len() > 1 {
        rows.sort_by(|a, b| column.compare(export(a), export(b)));
    }
    if is_reversed {
        rows.reverse();
    }
    Ok(rows)
}

/// The values that exports have in a column, in their order.
pub(super) fn values(files: &[OpenFile], scope: Option<&str>, column: Column) -> Vec<String> {
    let mut values = BTreeSet::new();
    for file in files.iter().filter(|file| scope.is_none_or(|scope| scope == file.key())) {
        let abi = file.abi.borrow();
        // Most exports have the value of the one before.
        let mut last = None;
        for export in &abi.exports {
            let value = column.text(export, file.is_working());
            if last.as_ref() != Some(&value) {
                if !values.contains(&*value) {
                    values.insert(value.to_string());
                }
                last = Some(value);
            }
        }
    }
    values.into_iter().collect()
}
