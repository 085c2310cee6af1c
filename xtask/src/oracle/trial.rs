// SPDX-License-Identifier: GPL-2.0-only
//! The trial itself: cases made, both asked, verdicts counted.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::anyhow;
use fastrand::Rng;

use super::case::{self, Case, Made, NotMade, Plan};
use super::compare::{self, Verdict};
use super::compilers::Compiler;
use super::failure::{self, Failure};
use super::report::Summary;
use super::tool::{Answers, Outcome, Tool};

/// Architectures whose objects the reference reads without complaint, but wrongly. On SuperH a relocation adds to what
/// is in its place, although it has an addend of its own, which is zero: to the reference all strings are the first.
const MISREAD: [&str; 1] = ["sh4"];

/// What all comparisons of a run share.
pub(crate) struct Trial<'a> {
    seed: u64,
    reference: Tool<'a>,
    ours: Tool<'a>,
    scratch: &'a Path,
    failures: &'a Path,
    summary: Mutex<Summary>,
    done: AtomicUsize,
}

/// What both are asked about.
struct Question<'a> {
    made: &'a Made,
    contents: &'a [Vec<u8>],
    exports: &'a str,
}

impl<'a> Trial<'a> {
    /// A trial of `ours` against the reference; `failures` is the folder to keep what differs in.
    pub(crate) fn new(seed: u64, reference: Tool<'a>, ours: Tool<'a>, scratch: &'a Path, failures: &'a Path) -> Self {
        Self { seed, reference, ours, scratch, failures, summary: Mutex::default(), done: AtomicUsize::new(0) }
    }

    /// What it has come to.
    pub(crate) fn finish(self) -> anyhow::Result<Summary> {
        self.summary.into_inner().map_err(|_| anyhow!("a comparison panicked"))
    }

    /// Makes all objects of a case, so many at most, and compares each, without and with kABI stability.
    pub(crate) fn case(&self, number: u64, compilers: &[Compiler], objects: usize) -> anyhow::Result<()> {
        let case = Case::generate(self.seed, number);
        for plan in case.plans(compilers, objects) {
            let folder = tempfile::tempdir_in(self.scratch)?;
            plan.write_sources(folder.path())?;
            match plan.make(folder.path()) {
                Ok(made) => {
                    let contents = made.objects.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?;
                    let mut rng = Rng::with_seed(self.seed ^ (number << 8) ^ plan.number as u64);
                    let exports = case::exports(&contents, &mut rng)?;
                    let question = Question { made: &made, contents: &contents, exports: &exports };
                    for stable in [false, true] {
                        let verdict = self.compare(&plan, &question, stable)?;
                        self.note(&plan, &verdict, |differences| Failure {
                            title: title(number, &plan, stable),
                            made_in: folder.path(),
                            exports: &exports,
                            commands: &made.commands,
                            differences,
                            repeat: format!("cargo xtask oracle --seed {} --case {number}", self.seed),
                        })?;
                    }
                }
                Err(NotMade::Refused { commands, message }) => {
                    self.note_refused(number, &plan, folder.path(), &commands, &message)?;
                }
                Err(NotMade::Failed(error)) => return Err(error),
            }
        }
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(50) {
            println!("{done} sources done");
        }
        Ok(())
    }

    fn compare(&self, plan: &Plan<'_>, question: &Question<'_>, stable: bool) -> anyhow::Result<Verdict> {
        let scratch = tempfile::tempdir_in(self.scratch)?;
        let objects = question.made.objects.as_slice();
        let ask = |tool: Tool<'_>, objects: &[PathBuf]| tool.ask(objects, question.exports, stable, scratch.path());
        let reference = ask(self.reference, objects)?;
        let ours = ask(self.ours, objects)?;

        let unread =
            finds_nothing(&reference) && question.contents.iter().all(|object| case::has_debugging_information(object));
        if unread || MISREAD.contains(&plan.cell.architecture.as_str()) {
            if let Some(linked) = plan.link(question.made, scratch.path())? {
                let reference = ask(self.reference, &[linked])?;
                if !finds_nothing(&reference) {
                    return Ok(match compare::differences(&reference, &ours) {
                        differences if differences.is_empty() => Verdict::AgreedLinked,
                        differences => Verdict::Differed(differences),
                    });
                }
            }
            return Ok(match ours.outcome {
                Outcome::Exit(0) => Verdict::CannotRead,
                // A rule may be wrong on purpose, and not all of C++ has a place in a type string.
                Outcome::Exit(1) if stable || plan.may_be_refused() => Verdict::CannotRead,
                _ => Verdict::Differed(vec![compare::unanswered(&reference, &ours)]),
            });
        }
        if matches!(reference.outcome, Outcome::Signal(_)) {
            return Ok(match ours.outcome {
                Outcome::Exit(0 | 1) => Verdict::Crashed,
                _ => Verdict::Differed(vec![compare::unanswered(&reference, &ours)]),
            });
        }
        let differences = compare::differences(&reference, &ours);
        if differences.is_empty() {
            return Ok(match reference.outcome {
                Outcome::Exit(0) => Verdict::Agreed,
                _ => Verdict::BothFailed,
            });
        }
        if let Some(types) = compare::ties(&reference, &ours) {
            return Ok(Verdict::ByChance(format!("types of one name and length: {}", types.join(", "))));
        }
        if let Some(exports) = compare::repeated(&reference, &ours) {
            return Ok(Verdict::ByChance(format!("repeated for a later object: {}", exports.join(", "))));
        }
        Ok(Verdict::Differed(differences))
    }

    /// Counts a verdict, and keeps and prints what is behind a bad one.
    fn note<'f>(
        &self,
        plan: &Plan<'_>,
        verdict: &'f Verdict,
        failure: impl FnOnce(&'f [compare::Difference]) -> Failure<'f>,
    ) -> anyhow::Result<()> {
        match verdict {
            Verdict::Differed(differences) => {
                let failure = failure(differences);
                let kept = failure.keep(self.failures)?;
                let mut text = format!("DIFFERED {} in {}\n", failure.title, kept.display());
                for difference in differences {
                    text += &format!("    {}\n{}", difference.what, failure::glimpse(difference));
                }
                println!("{text}    repeat: {}", failure.repeat);
            }
            Verdict::ByChance(what) => println!("by chance of the reference: {what}"),
            Verdict::Agreed | Verdict::BothFailed | Verdict::AgreedLinked | Verdict::CannotRead | Verdict::Crashed => {}
        }
        if let Ok(mut summary) = self.summary.lock() {
            summary.count(&plan.cell, verdict);
        }
        Ok(())
    }

    /// Counts an object that could not be made, and keeps what its compiler said.
    fn note_refused(
        &self,
        number: u64,
        plan: &Plan<'_>,
        made_in: &Path,
        commands: &[String],
        message: &str,
    ) -> anyhow::Result<()> {
        let failure = Failure {
            title: format!("{}-not-made", title(number, plan, false)),
            made_in,
            exports: "",
            commands,
            differences: &[],
            repeat: String::new(),
        };
        let kept = failure.keep(self.failures)?;
        fs::write(kept.join("message"), message)?;
        if let Ok(mut summary) = self.summary.lock() {
            summary.count_not_made(&plan.cell);
        }
        Ok(())
    }
}

fn title(case: u64, plan: &Plan<'_>, stable: bool) -> String {
    let cell = &plan.cell;
    let stable = if stable { "-stable" } else { "" };
    format!("{case}-{}-{}-{}-dwarf{}{stable}", plan.number, cell.compiler, cell.architecture, cell.dwarf)
}

/// Whether a gendwarfksyms says that there is no debugging information.
fn finds_nothing(answers: &Answers) -> bool {
    answers.outcome == Outcome::Exit(1)
        && answers.messages.iter().any(|message| message.contains("no debugging information?"))
}
