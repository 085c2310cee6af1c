// SPDX-License-Identifier: GPL-2.0-only
//! The worker's end of the channel.

use std::marker::PhantomData;

use gloo_events::EventListener;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast as _;
use web_sys::{DedicatedWorkerGlobalScope, File, MessageEvent};

use super::message::{self, Parcel};

/// What a worker does for the page.
pub trait Service: Sized + 'static {
    /// What the page asks.
    type Request: Serialize + DeserializeOwned + 'static;
    /// What the worker answers: any number of replies to a request.
    type Reply: Serialize + DeserializeOwned + 'static;

    /// Begins work in a new worker.
    fn start(outbox: Outbox<Self::Reply>) -> Self;

    /// Does what is asked. It may take long, and send replies while at it; requests that come meanwhile wait.
    fn handle(&mut self, request: Self::Request, files: Vec<File>);
}

/// Where a worker posts its replies. They reach the page at once, while the worker goes on.
pub struct Outbox<R> {
    scope: DedicatedWorkerGlobalScope,
    replies: PhantomData<fn(R)>,
}

impl<R: Serialize> Outbox<R> {
    /// Sends a reply to the page.
    pub fn send(&self, reply: &R) {
        let parcel = Parcel::pack(reply, &[]);
        let posted = self.scope.post_message_with_transfer(&parcel.message, &parcel.transfer);
        posted.expect("bytes can be posted");
    }
}

impl<R> Clone for Outbox<R> {
    fn clone(&self) -> Self {
        Self { scope: self.scope.clone(), replies: PhantomData }
    }
}

/// Serves the page for as long as the worker lives.
pub fn serve<S: Service>(scope: &DedicatedWorkerGlobalScope) {
    let mut service = S::start(Outbox { scope: scope.clone(), replies: PhantomData });
    let listener = EventListener::new(scope, "message", move |event| {
        let message = event.unchecked_ref::<MessageEvent>().data();
        let (request, files) = message::unpack(&message).expect("the page sends what its workers understand");
        service.handle(request, files);
    });
    listener.forget();
    scope.post_message(&message::ready()).expect("a word can be posted");
}
