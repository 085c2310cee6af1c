// SPDX-License-Identifier: GPL-2.0-only
//! Answers that take their time.

use std::future::Future;
use std::rc::Rc;

use futures::future::{AbortHandle, Abortable};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// What is known of an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Answer<T> {
    /// It is on its way.
    Awaited,
    /// It is here.
    Known(Rc<T>),
    /// There is none, for this reason.
    Failed(Rc<str>),
}

impl<T> Clone for Answer<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Awaited => Self::Awaited,
            Self::Known(known) => Self::Known(Rc::clone(known)),
            Self::Failed(reason) => Self::Failed(Rc::clone(reason)),
        }
    }
}

impl<T> From<Result<T, String>> for Answer<T> {
    fn from(result: Result<T, String>) -> Self {
        match result {
            Ok(known) => Self::Known(known.into()),
            Err(reason) => Self::Failed(reason.into()),
        }
    }
}

/// Asks, and asks again when what the answer depends on has changed; what was asked before is forgotten.
#[hook]
pub(super) fn use_answer<D, T, F>(depends: D, ask: impl FnOnce(&D) -> F + 'static) -> Answer<T>
where
    D: PartialEq + Clone + 'static,
    T: 'static,
    F: Future<Output = Result<T, String>> + 'static,
{
    let answer = use_state(|| None::<(D, Answer<T>)>);
    let setter = answer.setter();
    use_effect_with(depends.clone(), move |depends| {
        let (handle, registration) = AbortHandle::new_pair();
        let (depends, asked) = (depends.clone(), ask(depends));
        spawn_local(async move {
            if let Ok(result) = Abortable::new(asked, registration).await {
                setter.set(Some((depends, result.into())));
            }
        });
        move || handle.abort()
    });
    match &*answer {
        Some((of, answer)) if *of == depends => answer.clone(),
        _ => Answer::Awaited,
    }
}
