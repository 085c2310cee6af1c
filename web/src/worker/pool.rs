// SPDX-License-Identifier: GPL-2.0-only
//! The page's end of the channel.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;

use futures::channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use gloo_events::{EventListener, EventListenerOptions};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{ErrorEvent, File, MessageEvent, WorkerOptions, WorkerType};

use super::message::{Parcel, Said};
use super::service::Service;
use crate::site;

/// Why a worker is no more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It could not be started.
    #[error("the browser does not start a worker: {0}")]
    Start(String),
    /// It panicked, which is a bug.
    #[error("kabiscope met a bug: {0}")]
    Panicked(String),
    /// It ended otherwise: when memory runs out there is nobody left to say so.
    #[error("a worker has ended, perhaps for want of memory: {0}")]
    Ended(String),
    /// It said something that the page does not understand.
    #[error("a worker's message cannot be read: {0}")]
    Garbled(String),
}

/// What is heard of a worker of a pool.
pub struct Event<S: Service> {
    /// Its number in the pool.
    pub worker: usize,
    /// A reply, or why there will be no more.
    pub outcome: Result<S::Reply, Failure>,
}

/// What is heard of all workers of a pool. It ends after the pool is dropped.
pub type Events<S> = UnboundedReceiver<Event<S>>;

/// Some workers of the same service, numbered from 0. Dropping it ends them.
pub struct Pool<S: Service> {
    workers: Vec<Worker<S>>,
}

impl<S: Service> Pool<S> {
    /// Starts `count` workers. Requests can be sent at once.
    ///
    /// # Errors
    /// [`Failure::Start`] if the browser refuses. A worker that fails later, even while it loads, says so as an event.
    pub fn spawn(count: usize) -> Result<(Self, Events<S>), Failure> {
        let (events, heard) = mpsc::unbounded();
        let workers = (0..count).map(|number| Worker::spawn(number, events.clone())).collect::<Result<_, _>>()?;
        Ok((Self { workers }, heard))
    }

    /// How many workers there are.
    pub fn len(&self) -> usize {
        self.workers.len()
    }

    /// Whether there is no worker.
    pub fn is_empty(&self) -> bool {
        self.workers.is_empty()
    }

    /// Sends a request to a worker, with the files that it is about. One that has failed gets no more.
    ///
    /// # Panics
    /// If there is no worker of that number.
    pub fn send(&self, worker: usize, request: &S::Request, files: &[File]) {
        self.workers[worker].channel.borrow_mut().send(Parcel::pack(request, files));
    }
}

struct Worker<S: Service> {
    channel: Rc<RefCell<Channel<S>>>,
    _listeners: [EventListener; 3],
}

impl<S: Service> Worker<S> {
    fn spawn(number: usize, events: UnboundedSender<Event<S>>) -> Result<Self, Failure> {
        let script = site::script().ok_or_else(|| Failure::Start("the page has no script to run".to_owned()))?;
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = web_sys::Worker::new_with_options(&script, &options).map_err(|e| Failure::Start(words(&e)))?;

        let state = State::Starting(Vec::new());
        let channel = Rc::new(RefCell::new(Channel { worker: worker.clone(), number, state, events }));
        let on = |name: &'static str, hear: fn(&mut Channel<S>, &web_sys::Event)| {
            let channel = channel.clone();
            let options = EventListenerOptions::enable_prevent_default();
            EventListener::new_with_options(&worker, name, options, move |event| hear(&mut channel.borrow_mut(), event))
        };
        let listeners =
            [on("message", Channel::message), on("error", Channel::error), on("messageerror", Channel::unreadable)];
        Ok(Self { channel, _listeners: listeners })
    }
}

impl<S: Service> Drop for Worker<S> {
    fn drop(&mut self) {
        self.channel.borrow().worker.terminate();
    }
}

/// The channel to a worker.
struct Channel<S: Service> {
    worker: web_sys::Worker,
    number: usize,
    state: State,
    events: UnboundedSender<Event<S>>,
}

enum State {
    /// The worker does not listen yet, and would never hear what waits here.
    Starting(Vec<Parcel>),
    Listening,
    /// The worker's failure was told.
    Failed,
}

impl<S: Service> Channel<S> {
    fn send(&mut self, parcel: Parcel) {
        match &mut self.state {
            State::Starting(waiting) => waiting.push(parcel),
            State::Listening => self.post(&parcel),
            State::Failed => {}
        }
    }

    fn post(&self, parcel: &Parcel) {
        let posted = self.worker.post_message_with_transfer(&parcel.message, &parcel.transfer);
        posted.expect("bytes and files can be posted");
    }

    fn message(&mut self, event: &web_sys::Event) {
        match Said::hear(&event.unchecked_ref::<MessageEvent>().data()) {
            Ok(Said::Ready) => {
                if let State::Starting(waiting) = mem::replace(&mut self.state, State::Listening) {
                    waiting.iter().for_each(|parcel| self.post(parcel));
                }
            }
            Ok(Said::Reply(reply)) => self.tell(Ok(reply)),
            Ok(Said::Panicked(words)) => self.fail(Failure::Panicked(words)),
            Err(error) => self.fail(Failure::Garbled(error.to_string())),
        }
    }

    fn error(&mut self, event: &web_sys::Event) {
        // It is told to the reader; the browser's console need not have it as well.
        event.prevent_default();
        // A script that cannot be loaded gives an event without words.
        let words = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).filter(|words| !words.is_empty());
        self.fail(match self.state {
            State::Starting(_) => Failure::Start(words.unwrap_or_else(|| "its script does not load".to_owned())),
            _ => Failure::Ended(words.unwrap_or_else(|| "it does not say why".to_owned())),
        });
    }

    fn unreadable(&mut self, _: &web_sys::Event) {
        self.fail(Failure::Garbled("the browser cannot take it apart".to_owned()));
    }

    fn fail(&mut self, failure: Failure) {
        // A panic is told twice: in words, and by the trap that ends it.
        if !matches!(mem::replace(&mut self.state, State::Failed), State::Failed) {
            self.worker.terminate();
            self.tell(Err(failure));
        }
    }

    fn tell(&self, outcome: Result<S::Reply, Failure>) {
        // Nobody hears it if the stream was dropped, which is the reader's choice.
        let _ = self.events.unbounded_send(Event { worker: self.number, outcome });
    }
}

fn words(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |error| error.message().into())
}

/// How many processors the browser lets a page use; at least 1.
pub fn cores() -> usize {
    let told = gloo_utils::window().navigator().hardware_concurrency();
    // A whole number, though JavaScript has it as any other.
    (told as usize).max(1)
}
