// SPDX-License-Identifier: GPL-2.0-only
//! The program that a browser runs: in its window the page, in each of the page's workers the engine.

fn main() {
    kabiscope_web::start();
}
