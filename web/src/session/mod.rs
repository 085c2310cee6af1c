// SPDX-License-Identifier: GPL-2.0-only
//! The files that a person has opened, and what the workers find out about them.
//!
//! A [`Session`] begins to read at once: first what files say of themselves, then, of those that have debugging information, what
//! their units say of the symbols, and last all versions. What it finds it tells by [`Change`]s. What a person wants to know
//! meanwhile goes before: workers have only one thing at a time to do, so none waits for long.

mod change;
mod computing;
mod opened;
mod planning;
mod queries;
mod workers;

use std::cell::RefCell;
use std::rc::Rc;

use futures::FutureExt as _;
use futures::channel::oneshot;
use futures::future::{AbortHandle, Abortable, Shared};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;
use yew::Callback;

pub use self::change::{Change, Phase, SymbolView};
use self::opened::OpenedFile;
use self::workers::Workers;
pub use crate::engine::protocol::{FileId, Hashed};
use crate::worker::cores;

/// More workers than this only take memory: each reads what all units share.
const MOST_WORKERS: usize = 4;

/// Some files, being read. A handle: to drop the last one ends all work.
#[derive(Clone)]
pub struct Session(Rc<Handle>);

struct Handle {
    inner: Rc<Inner>,
    computing: AbortHandle,
}

/// What work that goes on holds.
struct Inner {
    workers: Rc<Workers>,
    files: Vec<OpenedFile>,
    /// Who hears of changes, until the session ends.
    listener: RefCell<Option<Callback<Change>>>,
    /// Ends when every file was opened or refused.
    all_opened: Shared<oneshot::Receiver<()>>,
}

impl Session {
    /// Begins to read `files`, and says what it finds by `tell`, in batches that cost the page little.
    pub fn open(files: Vec<File>, tell: Callback<Change>) -> Self {
        let workers = Workers::start(cores().min(MOST_WORKERS));
        let (opened, all_opened) = oneshot::channel();
        let files = files.into_iter().map(OpenedFile::new).collect();
        let listener = RefCell::new(Some(tell));
        let inner = Rc::new(Inner { workers, files, listener, all_opened: all_opened.shared() });
        let (computing, registration) = AbortHandle::new_pair();
        let work = Rc::clone(&inner);
        spawn_local(async move {
            work.open_files().await;
            let_others_in().await;
            // Nobody may wait for it.
            let _ = opened.send(());
            // Where it was cancelled, what is known stays.
            let _ = Abortable::new(Rc::clone(&work).compute_all(), registration).await;
            work.finish_all();
        });
        Self(Rc::new(Handle { inner, computing }))
    }

    /// Ends the computing of versions. What is known stays, and symbols can still be picked.
    pub fn cancel(&self) {
        self.0.computing.abort();
    }

    /// A file, to open it in another session.
    pub fn handle(&self, file: FileId) -> Option<File> {
        self.0.inner.files.get(file).map(|file| file.handle.clone())
    }

    fn inner(&self) -> &Rc<Inner> {
        &self.0.inner
    }
}

/// Lets the browser answer a person, and draw, before more is done.
async fn let_others_in() {
    TimeoutFuture::new(0).await;
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.computing.abort();
        self.inner.end();
    }
}

impl Inner {
    fn tell(&self, change: Change) {
        // Whoever hears it may end the session.
        let listener = self.listener.borrow().clone();
        if let Some(listener) = listener {
            listener.emit(change);
        }
    }

    /// Ends the workers; nobody hears any more that there are no answers. Plans that are being made hold the session.
    fn end(&self) {
        self.listener.take();
        self.workers.end();
        self.files.iter().for_each(|file| drop(file.plan.take()));
    }
}
