// SPDX-License-Identifier: GPL-2.0-only
//! Any bytes as a kernel or a module: `cargo fuzz run image fuzz/corpus/image tests/fixtures/image` starts from real ones.

#![no_main]

use kabiscope_fuzz::read_image;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| read_image(file));
