// SPDX-License-Identifier: GPL-2.0-only
//! Prototypes of symbols, against the declarations in tests/fixtures/src.

use kabiscope::abi::prototype::prototype;

use super::{symbol, with_debug_info, with_fixture};

#[track_caller]
fn check(fixture: &str, expected: &[(&str, &str)]) {
    with_fixture(fixture, |units| {
        for (name, expected) in expected {
            let symbol = symbol(units, name);
            let prototype = with_debug_info(units, |debug_info, _| prototype(debug_info, symbol.at, symbol.role, name));
            assert_eq!(prototype.expect("it can be read"), *expected, "{name} of {fixture}");
        }
    });
}

/// basics.c, by gcc and by clang, on machines of either byte order, in DWARF 3 to 5.
#[test]
fn of_c() {
    for fixture in ["basics", "basics-clang", "basics-powerpc", "basics-s390x", "basics-dwarf64"] {
        check(
            fixture,
            &[
                ("sound_horn", "void sound_horn(void)"),
                ("moor", "int moor(struct ship *restrict ship, struct berth *berth, enum cargo cargo)"),
                ("find_quay", "struct berth *find_quay(unsigned long long number, double depth, struct tide *tide)"),
                ("signal_all", "int signal_all(const unsigned char *format, ...)"),
                (
                    "weigh_anchors",
                    "int weigh_anchors(int count, int *weights, int (*check)(int, void *), void *context)",
                ),
                ("crane", "struct crane crane"),
                ("limits", "const draught_t limits[4]"),
                ("signals", "int (*const signals[2])(int)"),
                ("buoy", "union mark buoy"),
                ("lit", "_Bool lit"),
            ],
        );
    }
}

/// Where the symbol itself tells nothing but where to look: instances of other DIEs, aliases, pointer variables.
#[test]
fn told_elsewhere() {
    check(
        "aliases",
        &[
            ("clamp", "int clamp(int value)"),
            ("clamp_twice", "int clamp_twice(int a, int b)"),
            ("depart", "int depart(struct ship *ship)"),
        ],
    );
    check(
        "pointers",
        &[
            ("memory_barrier", "int memory_barrier(struct ship *, int)"),
            ("outer_quay", "struct berth outer_quay"),
            ("checksums", "unsigned int checksums[8]"),
            ("defined_here", "int defined_here(const union mark *mark)"),
        ],
    );
    check(
        "stand-in",
        &[("copy_ship", "void *copy_ship(struct ship *, const struct ship *)"), ("halt", "void halt(void)")],
    );
}

/// A function type within another one's parameters.
#[test]
fn of_pointers_to_functions() {
    check(
        "lost-comma",
        &[
            ("on_idle", "void (*on_idle)(int, struct idle *)"),
            ("submit", "int submit(struct request *request, struct queue *queue)"),
        ],
    );
}

/// shapes.rs. What the source says of patterns, lifetimes and visibility is not in DWARF.
#[test]
fn of_rust() {
    check(
        "rust",
        &[
            ("ORIGIN", "static shapes::ORIGIN: shapes::geometry::Point"),
            ("HANDLERS", "static shapes::HANDLERS: [core::option::Option<fn(&shapes::geometry::Shape) -> u32>; 2]"),
            ("area", "fn shapes::area(shape: &shapes::geometry::Shape) -> u32"),
            (
                "move_along",
                "fn shapes::move_along(pair: shapes::geometry::Pair<u8, shapes::geometry::Pair<shapes::geometry::Axis, \
                 bool>>, by: i128) -> core::result::Result<shapes::geometry::Point, (shapes::geometry::Axis, i128)>",
            ),
            ("apply", "fn shapes::apply(function: &dyn core::ops::function::Fn<(u32), Output=u32>, value: u32) -> u32"),
            ("_ZN6shapes4bits17hbf51ebb2c1867a44E", "fn shapes::bits(value: shapes::geometry::Bits) -> *const u8"),
        ],
    );
}
