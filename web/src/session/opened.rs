// SPDX-License-Identifier: GPL-2.0-only
//! The files of a session: what they say of themselves, and which of them belong together.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use futures::future::join_all;
use kabiscope::abi::{Abi, Export};
use kabiscope::linked::Answers;

use super::planning::SharedPlan;
use super::{Change, FileId, Inner, Phase, let_others_in};
use crate::engine::protocol::{Head, Open, Packed, SymbolDie, Trouble};

/// A file of a session.
pub(super) struct OpenedFile {
    pub(super) handle: web_sys::File,
    known: OnceCell<Known>,
    pub(super) plan: RefCell<Option<SharedPlan>>,
    /// Whether it was told that nobody works on it any more.
    pub(super) is_finished: Cell<bool>,
}

/// What is known of a file that could be opened.
pub(super) struct Known {
    pub(super) abi: RefCell<Abi>,
    /// Its exports as the library has them.
    pub(super) exports: Packed,
    pub(super) has_debug_info: bool,
    pub(super) is_debug_file: bool,
    pub(super) is_packed: bool,
    /// Where the exports are described that have a version.
    dies: RefCell<Vec<Option<SymbolDie>>>,
}

impl OpenedFile {
    pub(super) fn new(handle: web_sys::File) -> Self {
        Self { handle, known: OnceCell::new(), plan: RefCell::default(), is_finished: Cell::new(false) }
    }

    pub(super) fn known(&self) -> Result<&Known, Trouble> {
        self.known.get().ok_or_else(|| Trouble::new("the file is not open"))
    }
}

impl Known {
    fn new(head: Head) -> Self {
        let Head { abi, exports, has_debug_info, is_debug_file, is_packed } = head;
        let dies = RefCell::new(vec![None; abi.exports.len()]);
        Self { abi: RefCell::new(abi), exports, has_debug_info, is_debug_file, is_packed, dies }
    }

    /// Takes over what a unit answers, and tells of which exports more is known now.
    pub(super) fn take(&self, answers: &Answers) -> impl Iterator<Item = u32> {
        self.abi.borrow_mut().take(answers);
        let mut dies = self.dies.borrow_mut();
        for answer in &answers.answers {
            if let (Ok(computed), Some(die)) = (&answer.computed, dies.get_mut(answer.export as usize)) {
                *die = Some(SymbolDie { unit: answers.unit.clone(), at: computed.at, role: computed.role });
            }
        }
        answers.answers.iter().map(|answer| answer.export)
    }

    /// Notes why there are no versions.
    pub(super) fn fail(&self, exports: impl IntoIterator<Item = u32>, trouble: &Trouble) {
        let mut abi = self.abi.borrow_mut();
        for export in exports {
            if let Some(export) = abi.exports.get_mut(export as usize).filter(|export| export.computed.is_none()) {
                export.error = Some(trouble.text.clone());
            }
        }
    }

    /// How many exports there are.
    pub(super) fn count(&self) -> u32 {
        self.abi.borrow().exports.len() as u32
    }

    /// What is known of an export.
    pub(super) fn export(&self, export: u32) -> Result<Export, Trouble> {
        let abi = self.abi.borrow();
        abi.exports.get(export as usize).cloned().ok_or_else(|| Trouble::new("there is no such symbol"))
    }

    /// Where an export is described that has a version.
    pub(super) fn die(&self, export: u32) -> Option<SymbolDie> {
        self.dies.borrow().get(export as usize).cloned().flatten()
    }
}

impl Inner {
    /// Opens all files, and tells what they are.
    pub(super) async fn open_files(self: &Rc<Self>) {
        join_all((0..self.files.len()).map(|file| self.open_file(file))).await;
        for file in 0..self.files.len() {
            let Ok(known) = self.files[file].known() else { continue };
            if !known.is_debug_file {
                continue;
            }
            match (0..self.files.len()).find(|&other| self.debug_file(other) == Some(file)) {
                Some(of) => self.tell(Change::OfAnother { file, of }),
                None => {
                    let handle = self.files[file].handle.clone();
                    let build_id = known.abi.borrow().build_id.clone();
                    self.tell(Change::Lone { file, name: handle.name(), build_id, handle });
                }
            }
        }
    }

    async fn open_file(self: &Rc<Self>, file: FileId) {
        let of_progress = Rc::downgrade(self);
        let progress = move |done, total| {
            if let Some(inner) = of_progress.upgrade() {
                inner.tell(Change::Progress { file, phase: Phase::Reading, done, total });
            }
        };
        let handles = std::slice::from_ref(&self.files[file].handle);
        let head = self.workers.ask_with_progress(self.lead(file), Open { file }, handles, Some(Rc::new(progress)));
        match head.await {
            Ok(head) => {
                let known = self.files[file].known.get_or_init(|| Known::new(head));
                if !known.is_debug_file {
                    let abi = Box::new(known.abi.borrow().clone());
                    // To unpack it took some time already, and to show it will.
                    let_others_in().await;
                    self.tell(Change::Opened { file, abi, has_debug_info: known.has_debug_info });
                }
            }
            Err(trouble) => self.refuse(file, trouble),
        }
    }

    /// Whether a file is one that a person was told of.
    pub(super) fn is_listed(&self, file: FileId) -> bool {
        self.files[file].known().is_ok_and(|known| !known.is_debug_file)
    }

    fn refuse(&self, file: FileId, Trouble { text, hint }: Trouble) {
        let name = self.files[file].handle.name();
        self.tell(Change::Refused { file, name, trouble: text, hint });
    }

    /// The worker that opens a file, and decides which unit speaks for which export.
    pub(super) fn lead(&self, file: FileId) -> usize {
        file % self.workers.count()
    }

    /// The file with the debugging information of a file, when all files are open: itself or one of the same build.
    pub(super) fn debug_file(&self, file: FileId) -> Option<FileId> {
        let known = self.files[file].known().ok().filter(|known| !known.is_debug_file)?;
        if known.has_debug_info {
            return Some(file);
        }
        let build_id = known.abi.borrow().build_id.clone()?;
        self.files.iter().position(|other| {
            let debug = other.known().ok().filter(|other| other.has_debug_info);
            debug.is_some_and(|debug| debug.abi.borrow().build_id.as_ref() == Some(&build_id))
        })
    }
}
