// SPDX-License-Identifier: GPL-2.0-only
//! Queries to workers, and their answers as futures.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::rc::{Rc, Weak};

use futures::StreamExt as _;
use futures::channel::oneshot;
use futures::stream::FuturesUnordered;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use crate::engine::Engine;
use crate::engine::protocol::{Call, Packed, Query, Said, Saying, Trouble};
use crate::worker::{Events, Failure, Pool};

/// Workers that can be asked.
pub(super) struct Workers {
    pool: RefCell<Option<Pool<Engine>>>,
    waiting: RefCell<HashMap<u32, Waiting>>,
    /// Of each worker, why it answers no more.
    failures: RefCell<Vec<Option<Trouble>>>,
    last_call: Cell<u32>,
}

/// Who waits for an answer.
struct Waiting {
    worker: usize,
    answer: oneshot::Sender<Result<Packed, Trouble>>,
    progress: Option<Rc<dyn Fn(u64, u64)>>,
}

/// A query that any worker can answer.
pub(super) struct Task<Q> {
    pub(super) query: Q,
    /// The worker that answers it fastest.
    pub(super) owner: Option<usize>,
}

impl Workers {
    /// Starts `count` workers. If the browser refuses, that is what they answer.
    pub(super) fn start(count: usize) -> Rc<Self> {
        let (pool, events, failure) = match Pool::spawn(count) {
            Ok((pool, events)) => (Some(pool), Some(events), None),
            Err(failure) => (None, None, Some(in_words(&failure))),
        };
        let workers = Rc::new(Self {
            pool: RefCell::new(pool),
            failures: RefCell::new(vec![failure; count]),
            waiting: RefCell::default(),
            last_call: Cell::new(0),
        });
        if let Some(events) = events {
            spawn_local(hear_all(Rc::downgrade(&workers), events));
        }
        workers
    }

    /// Ends them, whatever they are at. Nobody gets an answer any more.
    pub(super) fn end(&self) {
        self.pool.take();
        self.waiting.take();
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.failures.borrow().len()
    }

    /// Sends a query at once; the future is its answer. Files go beside.
    pub(super) fn ask<Q: Query>(
        &self,
        worker: usize,
        query: Q,
        files: &[File],
    ) -> impl Future<Output = Result<Q::Answer, Trouble>> + use<Q> {
        self.ask_with_progress(worker, query, files, None)
    }

    /// As [`Self::ask`]; `progress` hears how much of a file was read, of how much.
    pub(super) fn ask_with_progress<Q: Query>(
        &self,
        worker: usize,
        query: Q,
        files: &[File],
        progress: Option<Rc<dyn Fn(u64, u64)>>,
    ) -> impl Future<Output = Result<Q::Answer, Trouble>> + use<Q> {
        let (answer, answered) = oneshot::channel();
        let id = self.last_call.get().wrapping_add(1);
        self.last_call.set(id);
        let failure = self.failure(worker);
        if let Some(pool) = &*self.pool.borrow()
            && failure.is_none()
        {
            self.waiting.borrow_mut().insert(id, Waiting { worker, answer, progress });
            pool.send(worker, &Call { id, request: query.into() }, files);
        }
        async move {
            if let Some(failure) = failure {
                return Err(failure);
            }
            answered.await.unwrap_or_else(|_| Err(ended()))?.unpack()
        }
    }

    /// Has `lanes`, which are workers, answer all tasks, each one at a time. `hear` is told which worker answered which task.
    pub(super) async fn share_out<Q: Query>(
        &self,
        lanes: &[usize],
        tasks: Vec<Task<Q>>,
        mut hear: impl FnMut(usize, usize, Result<Q::Answer, Trouble>),
    ) {
        let mut tasks: VecDeque<_> = tasks.into_iter().enumerate().collect();
        let mut asked = FuturesUnordered::new();
        let ask_next = |lane: usize, tasks: &mut VecDeque<(usize, Task<Q>)>| {
            // One that has failed would be the fastest to take them all.
            let able = self.failure(lane).is_none();
            let (index, task) = able.then(|| next_for(lane, tasks)).flatten()?;
            let answer = self.ask(lane, task.query, &[]);
            Some(async move { (lane, index, answer.await) })
        };
        asked.extend(lanes.iter().filter_map(|&lane| ask_next(lane, &mut tasks)));
        while let Some((lane, index, answer)) = asked.next().await {
            // Before it is heard: the worker need not wait for the page.
            asked.extend(ask_next(lane, &mut tasks));
            hear(lane, index, answer);
        }
        // All lanes have failed.
        let failure = lanes.iter().find_map(|&lane| self.failure(lane)).unwrap_or_else(ended);
        tasks.into_iter().for_each(|(index, _)| hear(0, index, Err(failure.clone())));
    }

    fn failure(&self, worker: usize) -> Option<Trouble> {
        self.failures.borrow()[worker].clone()
    }

    /// A worker that answers; the one that is preferred, if it does.
    pub(super) fn able(&self, preferred: usize) -> usize {
        let failures = self.failures.borrow();
        match failures.get(preferred) {
            Some(None) => preferred,
            _ => failures.iter().position(Option::is_none).unwrap_or(preferred),
        }
    }

    fn hear(&self, Said { call, saying }: Said) {
        match saying {
            Saying::Progress { done, total } => {
                let progress = self.waiting.borrow().get(&call).and_then(|waiting| waiting.progress.clone());
                if let Some(progress) = progress {
                    progress(done, total);
                }
            }
            Saying::Answer(answer) => {
                let waiting = self.waiting.borrow_mut().remove(&call);
                // Who asked may wait no more.
                let _ = waiting.map(|waiting| waiting.answer.send(answer));
            }
        }
    }

    fn fail(&self, worker: usize, trouble: &Trouble) {
        self.failures.borrow_mut()[worker] = Some(trouble.clone());
        let waiting = self.waiting.borrow_mut().extract_if(|_, waiting| waiting.worker == worker).collect::<Vec<_>>();
        for (_, waiting) in waiting {
            let _ = waiting.answer.send(Err(trouble.clone()));
        }
    }
}

/// Hears workers until they end.
async fn hear_all(workers: Weak<Workers>, mut events: Events<Engine>) {
    while let Some(event) = events.next().await {
        let Some(workers) = workers.upgrade() else { break };
        match event.outcome {
            Ok(said) => workers.hear(said),
            Err(failure) => workers.fail(event.worker, &in_words(&failure)),
        }
    }
}

/// What a worker had best do next: what it does fastest, or what no other does faster, or what is left.
fn next_for<Q>(lane: usize, tasks: &mut VecDeque<(usize, Task<Q>)>) -> Option<(usize, Task<Q>)> {
    let position = |owner: Option<usize>| tasks.iter().position(|(_, task)| task.owner == owner);
    let position = position(Some(lane)).or_else(|| position(None));
    match position {
        Some(position) => tasks.remove(position),
        None => tasks.pop_back(),
    }
}

fn ended() -> Trouble {
    Trouble::new("the file was closed")
}

fn in_words(failure: &Failure) -> Trouble {
    Trouble::new(failure.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_worker_does_next() {
        let owners = [Some(1), None, Some(0), Some(1), Some(2)];
        let tasks = owners.into_iter().map(|owner| Task { query: (), owner });
        let mut tasks: VecDeque<_> = tasks.enumerate().collect();
        let order: Vec<usize> = std::iter::from_fn(|| Some(next_for(1, &mut tasks)?.0)).collect();
        assert_eq!(order, [0, 3, 1, 4, 2], "its own, those of nobody, those of others from the end");
    }
}
