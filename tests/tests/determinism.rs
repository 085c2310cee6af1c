// SPDX-License-Identifier: GPL-2.0-only
//! The same input gives the same bytes, whatever the order in which it is asked for.

use std::fs;

use fastrand::Rng;
use kabiscope_tests::case::Case;
use kabiscope_tests::command::{Run, sorted};

const ALL_DUMPS: [&str; 5] = ["--stable", "--dump-die-map", "--dump-types", "--dump-versions", "--debug"];

fn fixtures() -> Vec<Case> {
    Case::all(&kabiscope_tests::fixtures()).expect("the fixtures can be read")
}

#[test]
fn every_run_is_the_same() {
    for case in fixtures() {
        let run = || Run::new(&case.object(), &case.exports(), ALL_DUMPS).expect("the command runs");
        let first = run();
        for _ in 0..4 {
            assert_eq!(run(), first, "{}", case.name);
        }
    }
}

/// Versions come in the order of the list; nothing else of them depends on it.
#[test]
fn order_of_the_exports() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let list = folder.path().join("exports");
    for case in fixtures() {
        let exports = fs::read_to_string(case.exports()).expect("a case has exports");
        let mut names: Vec<_> = exports.lines().collect();
        let listed = Run::new(&case.object(), &case.exports(), []).expect("the command runs");
        assert_eq!(order(&listed), names, "{}", case.name);
        for seed in 0..5 {
            Rng::with_seed(seed).shuffle(&mut names);
            fs::write(&list, names.join("\n")).expect("the list can be written");
            let shuffled = Run::new(&case.object(), &list, []).expect("the command runs");
            assert_eq!(order(&shuffled), names, "{}, seed {seed}", case.name);
            assert_eq!(sorted(&shuffled.stdout), sorted(&listed.stdout), "{}, seed {seed}", case.name);
            assert_eq!(shuffled.symtypes, listed.symtypes, "{}, seed {seed}", case.name);
        }
    }
}

/// The names on standard output.
fn order(run: &Run) -> Vec<&str> {
    let lines = std::str::from_utf8(&run.stdout).expect("these names are ASCII").lines();
    lines.filter_map(|line| line.split(' ').nth(1)).collect()
}
