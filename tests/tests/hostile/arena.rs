// SPDX-License-Identifier: GPL-2.0-only
//! Where hostile objects are read: on a thread of their own, with a small stack, a watch, and their memory counted.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use kabiscope::Error;
use kabiscope::kernel::ExportList;
use kabiscope::session::Session;
use kabiscope::types::DieDump;
use kabiscope::versions::Version;
use kabiscope_tests::handmade::EXPORT;

/// The engine does not recurse on input: a depth of a hundred thousand must fit in here. A browser's worker has more.
const STACK: usize = 256 << 10;

/// Whoever reads so long, reads for ever. What is refused for the work that it would take is refused within a few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The versions, in the order of the exports.
pub(crate) type Versions = kabiscope::Result<Vec<Option<Version>>>;

/// What reading an input of `size` bytes may take, if it is not compressed. Compiled objects take up to 14 bytes a byte.
pub(crate) fn allowed_memory(size: usize) -> u64 {
    64 * size as u64 + (64 << 10)
}

/// An object and what is asked of it.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) object: Vec<u8>,
    pub(crate) exports: Arc<[u8]>,
    pub(crate) stable: bool,
    /// Whether all dumps are made as well.
    pub(crate) dump: bool,
}

impl Question {
    /// About the version of [`EXPORT`] in an object made by hand.
    pub(crate) fn about(object: Vec<u8>) -> Self {
        Self { object, exports: EXPORT.as_bytes().into(), stable: false, dump: false }
    }
}

/// Asks about an object made by hand. Besides the answer, only the memory matters.
#[track_caller]
pub(crate) fn check(name: &str, question: Question) -> Versions {
    let size = question.object.len();
    let outcome = question.ask(name);
    assert!(outcome.memory <= allowed_memory(size), "{name}: {} bytes of memory for {size} of input", outcome.memory);
    outcome.versions
}

/// Asks about an object that nobody would write, which has to be refused before it takes more than `memory`, and what any
/// object may take.
#[track_caller]
pub(crate) fn check_limit(name: &str, question: Question, memory: u64) {
    let memory = memory + allowed_memory(question.object.len());
    let outcome = question.ask(name);
    assert!(matches!(outcome.versions, Err(Error::LimitExceeded { .. })), "{name}: {:?}", outcome.versions);
    assert!(outcome.memory <= memory, "{name}: {} bytes of memory", outcome.memory);
}

/// The answer if [`EXPORT`] has this string.
pub(crate) fn version_of(string: &str) -> Versions {
    Ok(vec![Some(Version(crc32fast::hash(string.as_bytes())))])
}

/// How reading an object went.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) versions: Versions,
    /// The most memory, in bytes, that was in use at one time.
    pub(crate) memory: u64,
}

impl Question {
    /// Reads the object; `name` is what a failure is reported under.
    ///
    /// # Panics
    /// If reading does, or if it does not end.
    #[track_caller]
    #[allow(clippy::panic, reason = "this is how a test fails")]
    pub(crate) fn ask(self, name: &str) -> Outcome {
        let (sender, receiver) = mpsc::channel();
        // A panic and a stack overflow name the thread.
        let thread = thread::Builder::new().name(name.to_owned()).stack_size(STACK);
        let spawned = thread.spawn(move || {
            let mut versions = Ok(Vec::new());
            let memory = allocation_counter::measure(|| versions = self.read());
            // The one who asked waits, unless it has lost its patience.
            let _ = sender.send(Outcome { versions, memory: memory.bytes_max });
        });
        spawned.expect("a thread can be started");
        match receiver.recv_timeout(PATIENCE) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout) => panic!("{name}: not read after {PATIENCE:?}"),
            Err(RecvTimeoutError::Disconnected) => panic!("{name}: reading panics"),
        }
    }

    fn read(&self) -> Versions {
        let mut session = Session::new(ExportList::parse(&self.exports)?, self.stable);
        let mut dies = if self.dump { DieDump::with_offsets() } else { DieDump::off() };
        let types = session.read_object(&self.object, None, &mut dies)?;
        if self.dump {
            types.symtypes(session.exports());
            for symbol in types.symbols() {
                types.expanded_string(session.exports(), symbol)?;
            }
        }
        Ok(session.exports().iter().map(|(id, _)| session.version(id)).collect())
    }
}
