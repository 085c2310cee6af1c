// SPDX-License-Identifier: GPL-2.0-only
//! All versions of all files.

use std::collections::BTreeSet;
use std::mem;
use std::rc::Rc;

use futures::StreamExt as _;
use futures::stream;
use kabiscope::linked::{PlannedUnit, Silence};

use super::opened::Known;
use super::planning::Planned;
use super::workers::Task;
use super::{Change, FileId, Inner, Phase};
use crate::engine::protocol::Compute;

/// Units are computed together up to so many bytes: a worker is not kept for longer than some 0.05 s.
const TASK_SIZE: usize = 512 << 10;

/// How often the page is told of versions, in milliseconds: each time it draws its list anew.
const INTERVAL: f64 = 150.0;

impl Inner {
    /// Computes all versions, of as many files at a time as there are workers.
    pub(super) async fn compute_all(self: Rc<Self>) {
        let files = (0..self.files.len()).filter(|&file| self.is_listed(file));
        stream::iter(files).for_each_concurrent(self.workers.count(), |file| self.compute_file(file)).await;
    }

    async fn compute_file(self: &Rc<Self>, file: FileId) {
        match self.plan(file).await {
            Ok(planned) => {
                self.compute(file, &planned).await;
                self.finish(file, planned.troubles.clone(), None);
            }
            Err(trouble) if self.debug_file(file).is_none() => self.finish(file, Vec::new(), trouble.hint),
            Err(trouble) => {
                let Ok(known) = self.files[file].known() else { return };
                let exports = 0..known.count();
                known.fail(exports.clone(), &trouble);
                self.tell_versions(file, exports);
                self.finish(file, vec![trouble.text], trouble.hint);
            }
        }
    }

    async fn compute(&self, file: FileId, planned: &Planned) {
        let Ok(known) = self.files[file].known() else { return };
        let total = known.count().into();
        let tasks = tasks(file, planned);
        let exports_of: Vec<Vec<u32>> = tasks.iter().map(|task| exports(&task.query).collect()).collect();
        let (mut done, mut changed, mut told) = (0, BTreeSet::new(), js_sys::Date::now());
        let hear = |_, index: usize, computed: Result<Vec<_>, _>| {
            match computed {
                Ok(computed) => computed.iter().for_each(|answers| changed.extend(known.take(answers))),
                Err(trouble) => {
                    known.fail(exports_of[index].iter().copied(), &trouble);
                    changed.extend(&exports_of[index]);
                }
            }
            done += exports_of[index].len() as u64;
            if js_sys::Date::now() - told > INTERVAL {
                self.tell_versions(file, mem::take(&mut changed));
                self.tell(Change::Progress { file, phase: Phase::Computing, done, total });
                told = js_sys::Date::now();
            }
        };
        self.workers.share_out(&planned.lanes, tasks, hear).await;
        self.tell_versions(file, changed);
        self.tell(Change::Progress { file, phase: Phase::Computing, done, total });
    }

    /// Tells what is known of some exports.
    pub(super) fn tell_versions(&self, file: FileId, exports: impl IntoIterator<Item = u32>) {
        let Ok(known) = self.files[file].known() else { return };
        let exports = exports.into_iter().filter_map(|export| Some((export, known.export(export).ok()?))).collect();
        self.tell(Change::Versions { file, exports });
    }

    /// Tells that nobody works on a file any more.
    fn finish(&self, file: FileId, troubles: Vec<String>, hint: Option<String>) {
        self.files[file].is_finished.set(true);
        self.tell(Change::Finished { file, troubles, hint });
    }

    /// Tells it of all files that it was not told of, and what was not told yet of their versions.
    pub(super) fn finish_all(&self) {
        for file in (0..self.files.len()).filter(|&file| self.is_listed(file)) {
            if !self.files[file].is_finished.get() {
                self.tell_versions(file, 0..self.files[file].known().map_or(0, Known::count));
                self.finish(file, Vec::new(), None);
            }
        }
    }
}

/// Units that are computed together, the largest first: one that is begun last would keep all others waiting.
fn tasks(file: FileId, planned: &Planned) -> Vec<Task<Compute>> {
    let mut tasks: Vec<(usize, Task<Compute>)> = Vec::new();
    for unit in &planned.plan.units {
        let owner = Some(planned.owner(unit.unit.start));
        match tasks.last_mut().filter(|(size, task)| size + unit.unit.len() <= TASK_SIZE && task.owner == owner) {
            Some((size, task)) => {
                *size += unit.unit.len();
                task.query.units.push(unit.clone());
            }
            None => {
                let query = Compute { file, units: vec![unit.clone()], silent: Vec::new() };
                tasks.push((unit.unit.len(), Task { query, owner }));
            }
        }
    }
    tasks.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    let silent = planned.lanes.iter().map(|&lane| {
        let owned = |(_, silence): &&(u32, Silence)| owner_of(planned, silence) == lane;
        let silent = planned.plan.silent.iter().filter(owned).cloned().collect();
        Task { query: Compute { file, units: Vec::new(), silent }, owner: Some(lane) }
    });
    let silent = silent.filter(|task| !task.query.silent.is_empty());
    tasks.into_iter().map(|(_, task)| task).chain(silent).collect()
}

/// The worker that explains a silence best.
pub(super) fn owner_of(planned: &Planned, silence: &Silence) -> usize {
    planned.owner(silence.place().map_or(0, |place| place.unit.start))
}

/// The exports that are answered for.
fn exports(query: &Compute) -> impl Iterator<Item = u32> {
    let of_unit = |unit: &PlannedUnit| unit.exports.iter().map(|planned| planned.export).collect::<Vec<_>>();
    query.units.iter().flat_map(of_unit).chain(query.silent.iter().map(|(export, _)| *export))
}
