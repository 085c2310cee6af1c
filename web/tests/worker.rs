// SPDX-License-Identifier: GPL-2.0-only
//! Reading files, which only a worker can do like this. `cargo xtask browser` runs it.
#![cfg(target_arch = "wasm32")]

use js_sys::{Array, Uint8Array};
use kabiscope_web::worker::file::{OnDemand, PIECE, ReadError, STRETCH};
use object::ReadRef as _;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::File;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// A file of `size` bytes, each of which tells its place.
fn file(size: u64) -> OnDemand {
    let content: Vec<u8> = (0..size).map(byte_at).collect();
    let parts = Array::of1(&Uint8Array::from(content.as_slice()));
    let file = File::new_with_u8_array_sequence(&parts, "some.ko").expect("a file can be made");
    OnDemand::new(file).expect("a worker reads files")
}

fn byte_at(place: u64) -> u8 {
    (place % 251) as u8
}

fn assert_range(bytes: &[u8], start: u64, length: u64) {
    assert_eq!(bytes.len() as u64, length);
    let wrong = (start..).zip(bytes).find(|&(place, &byte)| byte != byte_at(place));
    assert_eq!(wrong, None, "from {start}");
}

#[wasm_bindgen_test]
fn data_within_and_across_pieces() {
    let file = file(2 * PIECE + 100);
    assert_eq!(file.data().len(), Ok(2 * PIECE + 100));
    for (start, length) in [
        (0, 16),
        (PIECE - 8, 16),
        (3, 2 * PIECE),
        (PIECE + 90, PIECE + 10),
        (2 * PIECE + 90, 10),
        (PIECE, PIECE),
        (7, 0),
    ] {
        assert_range(file.data().read_bytes_at(start, length).expect("it is in the file"), start, length);
    }
    assert_eq!(file.failure(), None);
}

#[wasm_bindgen_test]
fn data_past_the_end() {
    let file = file(100);
    assert!(file.data().read_bytes_at(90, 11).is_err());
    assert!(file.data().read_bytes_at(u64::MAX, 2).is_err());
    assert_eq!(file.failure(), None, "the parser's mistake, not the browser's");
}

#[wasm_bindgen_test]
fn strings() {
    let file = file(1000);
    let string = file.data().read_bytes_at_until(10..1000, 100).expect("there is such a byte");
    assert_range(string, 10, 90);
}

#[wasm_bindgen_test]
fn ranges_with_progress() {
    let size = 2 * STRETCH + 100;
    let file = file(size);
    let mut progress = Vec::new();
    let bytes = file.read_range(10..size, |done| progress.push(done)).expect("it is in the file");
    assert_range(&bytes, 10, size - 10);
    assert_eq!(progress, [STRETCH, 2 * STRETCH, size - 10]);

    assert_eq!(file.read_range(5..5, |_| unreachable!("nothing is read")), Ok(Vec::new()));
}

#[wasm_bindgen_test]
fn ranges_past_the_end() {
    let error = file(100).read_range(90..101, |_| ()).expect_err("the file ends before");
    assert!(matches!(&error, ReadError::Failed { file, .. } if file == "some.ko"), "{error}");
}

#[wasm_bindgen_test]
fn more_than_memory() {
    let error = file(100).read_range(0..1 << 40, |_| ()).expect_err("no browser has as much");
    assert_eq!(error, ReadError::Memory { file: "some.ko".to_owned(), size: 1 << 40 });
}
