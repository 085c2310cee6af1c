// SPDX-License-Identifier: GPL-2.0-only
//! Where hostile files are read: on a thread of their own, with a small stack, a watch, and their memory counted.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use kabiscope::Error;
use kabiscope::dwarf::Sections;
use kabiscope::kernel::ExportList;
use kabiscope::kernel::facts::{Export, Kind};
use kabiscope::linked::{Answers, Speakers, Units, Wanted};
use kabiscope::object::Image;
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
    /// Whether all that else can be asked is asked as well: dumps, and what a linked image with these units has.
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
    pub(crate) fn ask(self, name: &str) -> Outcome {
        let (versions, memory) = watched(name, move || self.read());
        Outcome { versions, memory }
    }

    fn read(&self) -> Versions {
        let mut session = Session::new(ExportList::parse(&self.exports)?, self.stable);
        let mut dies = if self.dump { DieDump::with_offsets() } else { DieDump::off() };
        if self.dump {
            // What comes of it is compared elsewhere, where it is known what should.
            let _ = as_image(&self.object, session.exports());
        }
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

/// Reads an object as if it were a linked image, each unit for itself.
fn as_image(object: &[u8], names: &ExportList) -> kabiscope::Result<()> {
    let image = Image::parse(object)?;
    let sections = Sections::read(&image)?;
    let units = Units::new(&sections, None, Kind::Vmlinux, None)?;
    let export = |name: &[u8]| Export {
        name: name.to_vec(),
        definition: None,
        gpl_only: false,
        namespace: None,
        recorded: None,
    };
    let exports: Vec<_> = names.iter().map(|(_, listed)| export(&listed.name)).collect();
    answers(&image, &units, &exports);
    Ok(())
}

/// What all units answer. What is wrong with a unit, and it alone, comes second.
pub(crate) fn answers(image: &Image<'_>, units: &Units<'_>, exports: &[Export]) -> (Vec<Answers>, Vec<Error>) {
    let wanted = Wanted::new(exports);
    let mut speakers = Speakers::new(exports);
    let mut errors = Vec::new();
    for unit in units.ranges() {
        match units.claims(unit, &wanted) {
            Ok(claims) => speakers.hear(&claims),
            Err(error) => {
                speakers.miss();
                errors.push(error);
            }
        }
    }
    let mut plan = units.plan(speakers);
    errors.extend(plan.locate_trimmed(image, exports).err());
    let speaking = plan.units.iter().map(|planned| units.answers(planned, exports));
    let silent = plan.silent.iter().map(|(export, silence)| units.explain(*export, silence));
    (speaking.chain(silent).collect(), errors)
}

/// What `read` gives, and how much memory was in use at one time at the most.
///
/// # Panics
/// If it does, or if it does not end.
#[track_caller]
#[allow(clippy::panic, reason = "this is how a test fails")]
pub(crate) fn watched<T: Send + 'static>(name: &str, read: impl FnOnce() -> T + Send + 'static) -> (T, u64) {
    let (sender, receiver) = mpsc::channel();
    // A panic and a stack overflow name the thread.
    let thread = thread::Builder::new().name(name.to_owned()).stack_size(STACK);
    let spawned = thread.spawn(move || {
        let mut result = None;
        let memory = allocation_counter::measure(|| result = Some(read()));
        // The one who asked waits, unless it has lost its patience.
        let _ = sender.send(result.map(|result| (result, memory.bytes_max)));
    });
    spawned.expect("a thread can be started");
    match receiver.recv_timeout(PATIENCE) {
        Ok(Some(read)) => read,
        Err(RecvTimeoutError::Timeout) => panic!("{name}: not read after {PATIENCE:?}"),
        Ok(None) | Err(RecvTimeoutError::Disconnected) => panic!("{name}: reading panics"),
    }
}
