// SPDX-License-Identifier: GPL-2.0-only
//! Damaged and hostile objects and images: no panic, no stack overflow, no endless work, no memory out of proportion, and no version
//! where there is nothing to tell it from.

mod arena;
mod damage;
mod encoding;
mod image;
mod layout;
mod types;
