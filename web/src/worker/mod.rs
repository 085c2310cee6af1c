// SPDX-License-Identifier: GPL-2.0-only
//! Web Workers, and the typed channel between them and the page.
//!
//! A [`Service`] is what a worker does. The page starts some with [`Pool::spawn`], sends each its requests, and hears from all
//! of them through one stream of [`Event`]s:
//!
//! ```text
//! let (pool, mut events) = Pool::<Engine>::spawn(worker::cores().min(4))?;
//! pool.send(0, &Request::Open { … }, &[file]);
//! while let Some(event) = events.next().await {
//!     match event.outcome {
//!         Ok(reply) => …,          // from worker event.worker
//!         Err(failure) => …,       // that worker is no more, and says why
//!     }
//! }
//! drop(pool);                      // ends them at once, whatever they are at
//! ```
//!
//! Requests and replies are plain data: they go as bytes (postcard), which cost the page a move and no work where it receives
//! them in good batches. Files go beside a request, as the browser's handles: no content is copied.
//! `gloo-worker` would be the ready-made thing; it ends a worker by asking it, which one that computes does not hear, and says
//! nothing when one panics.

pub mod file;
pub(crate) mod message;
mod pool;
mod service;

pub use pool::{Event, Events, Failure, Pool, cores};
pub use service::{Outbox, Service, serve};
