// SPDX-License-Identifier: GPL-2.0-only
//! Any bytes as an object. Real objects are good seeds as they are: `cargo fuzz run object fuzz/corpus/object tests/fixtures`.
//!
//! The exports are those of all fixtures. The last byte says what is asked.

#![no_main]

use std::sync::LazyLock;

use kabiscope_fuzz::{Options, SEEDS, read};
use libfuzzer_sys::fuzz_target;

static EXPORTS: LazyLock<Vec<u8>> = LazyLock::new(|| SEEDS.map(|seed| seed.exports).concat());

fuzz_target!(|object: &[u8]| {
    let last = object.last().copied().unwrap_or_default();
    read(object, &EXPORTS, Options { stable: last & 1 != 0, dump: last & 2 != 0 });
});
