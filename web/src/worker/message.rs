// SPDX-License-Identifier: GPL-2.0-only
//! What goes between page and workers, as JavaScript has it.
//!
//! Either way parcels: an array of the message as bytes, and handles of files. From workers also two words of the channel
//! itself, which are no arrays: that one listens (`null`), and that one panicked (a string).

use js_sys::{Array, JsString, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::File;

/// A message on its way.
pub(super) struct Parcel {
    pub(super) message: JsValue,
    /// What is moved there instead of copied.
    pub(super) transfer: Array,
}

impl Parcel {
    pub(super) fn pack<T: Serialize>(content: &T, files: &[File]) -> Self {
        let bytes = postcard::to_stdvec(content).expect("messages are plain data");
        let bytes = Uint8Array::from(bytes.as_slice());
        let message = Array::of1(&bytes);
        for file in files {
            message.push(file);
        }
        Self { message: message.into(), transfer: Array::of1(&bytes.buffer()) }
    }
}

/// The content of a parcel and the files beside it.
pub(super) fn unpack<T: DeserializeOwned>(message: &JsValue) -> postcard::Result<(T, Vec<File>)> {
    let parts = message.dyn_ref::<Array>().ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
    let bytes = parts.get(0).dyn_into::<Uint8Array>().map_err(|_| postcard::Error::DeserializeUnexpectedEnd)?;
    let files = parts.iter().skip(1).filter_map(|part| part.dyn_into().ok()).collect();
    Ok((postcard::from_bytes(&bytes.to_vec())?, files))
}

/// The word of a worker that now listens.
pub(super) fn ready() -> JsValue {
    JsValue::NULL
}

/// The word of a worker that panicked.
pub(crate) fn panicked(words: &str) -> JsValue {
    JsString::from(words).into()
}

/// What a worker says.
pub(super) enum Said<R> {
    /// It listens.
    Ready,
    /// It panicked, in these words.
    Panicked(String),
    /// A reply of its service.
    Reply(R),
}

impl<R: DeserializeOwned> Said<R> {
    pub(super) fn hear(message: &JsValue) -> postcard::Result<Self> {
        if message.is_null() {
            return Ok(Self::Ready);
        }
        match message.as_string() {
            Some(words) => Ok(Self::Panicked(words)),
            None => unpack(message).map(|(reply, _)| Self::Reply(reply)),
        }
    }
}
