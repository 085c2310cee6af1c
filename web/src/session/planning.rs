// SPDX-License-Identifier: GPL-2.0-only
//! Which unit speaks for which export of a file, and which worker holds it.

use std::ops::Range;
use std::rc::Rc;

use futures::FutureExt as _;
use futures::future::{LocalBoxFuture, Shared, join_all};
use kabiscope::linked::{Plan, PlannedUnit, Silence};

use super::workers::Task;
use super::{Change, FileId, Inner, Phase};
use crate::engine::protocol::{Decide, Found, Hear, Join, LookForSymbols, Trouble};

/// A plan that is being made, or was. It is only made while somebody waits for it.
pub(super) type SharedPlan = Shared<LocalBoxFuture<'static, Result<Rc<Planned>, Trouble>>>;

/// How the units of a file are shared out.
pub(super) struct Planned {
    pub(super) plan: Plan,
    /// The workers that read of it.
    pub(super) lanes: Vec<usize>,
    /// The parts of `.debug_info`, each with the worker that has read it.
    pub(super) parts: Vec<(Range<usize>, usize)>,
    /// What could not be read.
    pub(super) troubles: Vec<String>,
}

impl Planned {
    /// The worker that holds the unit at an offset of `.debug_info`.
    pub(super) fn owner(&self, offset: usize) -> usize {
        let index = self.parts.partition_point(|(part, _)| part.start <= offset);
        index.checked_sub(1).map_or(self.lanes[0], |index| self.parts[index].1)
    }

    /// The unit that speaks for an export.
    pub(super) fn speaker(&self, export: u32) -> Option<&PlannedUnit> {
        self.plan.units.iter().find(|unit| unit.exports.iter().any(|planned| planned.export == export))
    }

    /// Why no unit speaks for an export.
    pub(super) fn silence(&self, export: u32) -> Option<&(u32, Silence)> {
        self.plan.silent.iter().find(|(silent, _)| *silent == export)
    }
}

/// The parts of a file's debugging information, and the workers that were told of it.
struct Shares {
    lanes: Vec<usize>,
    parts: Vec<Range<usize>>,
}

/// What was found in all parts.
enum Search {
    Done { parts: Vec<(Range<usize>, usize)>, troubles: Vec<String> },
    NeedsWhole,
}

impl Inner {
    /// The plan of a file, made now if it has not been yet.
    pub(super) fn plan(self: &Rc<Self>, file: FileId) -> SharedPlan {
        let mut plan = self.files[file].plan.borrow_mut();
        plan.get_or_insert_with(|| Rc::clone(self).make_plan(file).boxed_local().shared()).clone()
    }

    async fn make_plan(self: Rc<Self>, file: FileId) -> Result<Rc<Planned>, Trouble> {
        if !self.files[file].known()?.has_debug_info {
            // It ends without a word if the session does.
            let _ = self.all_opened.clone().await;
        }
        let debug = self.debug_file(file).ok_or_else(no_debug_info)?;
        let mut shares = self.share(file, debug, false).await?;
        let mut found = self.look_for_symbols(file, &shares).await?;
        if matches!(found, Search::NeedsWhole) {
            shares = self.share(file, debug, true).await?;
            found = self.look_for_symbols(file, &shares).await?;
        }
        let Search::Done { parts, mut troubles } = found else { unreachable!("the whole is at hand") };
        let decided = self.workers.ask(self.lead(file), Decide { file }, &[]).await?;
        troubles.extend(decided.trouble);
        Ok(Rc::new(Planned { plan: decided.plan, lanes: shares.lanes, parts, troubles }))
    }

    /// Tells workers of a file: all of them, if its units can be shared out.
    async fn share(&self, file: FileId, debug: FileId, whole: bool) -> Result<Shares, Trouble> {
        let known = self.files[file].known()?;
        let lead = self.lead(file);
        let join = Join { file, debug, kind: known.abi.borrow().kind, exports: known.exports.clone(), whole };
        let handles = std::slice::from_ref(&self.files[debug].handle);
        let parts = self.workers.ask(lead, join.clone(), handles).await?;
        let mut lanes = vec![lead];
        if !whole && parts.len() > 1 && !self.files[debug].known()?.is_packed {
            lanes.extend((0..self.workers.count()).filter(|&worker| worker != lead));
        }
        let others = lanes[1..].iter().map(|&worker| self.workers.ask(worker, join.clone(), handles));
        for joined in join_all(others).await {
            joined?;
        }
        Ok(Shares { lanes, parts })
    }

    /// Has all parts looked through, and the lead hear what is found.
    async fn look_for_symbols(&self, file: FileId, Shares { lanes, parts }: &Shares) -> Result<Search, Trouble> {
        let total = parts.last().map_or(0, |last| last.end as u64);
        let mut done = 0;
        let mut owners = vec![lanes[0]; parts.len()];
        let (mut needs_whole, mut failure, mut troubles, mut heard) = (false, None, Vec::new(), Vec::new());
        let tasks = parts.iter().map(|part| Task { query: LookForSymbols { file, part: part.clone() }, owner: None });
        let hear = |worker, index: usize, found| {
            owners[index] = worker;
            match found {
                Ok(Found::Claims(claims, missed)) => {
                    let hear = Hear { file, claims, any_missed: !missed.is_empty() };
                    heard.push(self.workers.ask(lanes[0], hear, &[]));
                    troubles.extend(missed);
                }
                Ok(Found::NeedsWhole) => needs_whole = true,
                Err(trouble) => failure = Some(trouble),
            }
            done += parts[index].len() as u64;
            self.tell(Change::Progress { file, phase: Phase::LookingForSymbols, done, total });
        };
        self.workers.share_out(lanes, tasks.collect(), hear).await;
        if needs_whole {
            return Ok(Search::NeedsWhole);
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        for heard in join_all(heard).await {
            heard?;
        }
        Ok(Search::Done { parts: parts.iter().cloned().zip(owners).collect(), troubles })
    }
}

/// What a person can do to have versions computed of a file without debugging information.
fn no_debug_info() -> Trouble {
    Trouble {
        text: "no debugging information".to_owned(),
        hint: Some(
            "open the file that its debugging information was split off into as well: a distribution's debug package has it"
                .to_owned(),
        ),
    }
}
