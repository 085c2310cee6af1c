// SPDX-License-Identifier: GPL-2.0-only
//! How many instructions each stage takes, counted by valgrind: the same on a busy machine as on an idle one.

mod pipeline;

use std::env;

mod counted {
    use gungraun::Callgrind;
    use gungraun::prelude::*;
    use kabiscope::dwarf::Sections;
    use kabiscope::kernel::ExportList;
    use kabiscope::session::Session;
    use kabiscope::versions::Version;

    use super::pipeline::{self, Flattened, Found, Input, KERNEL_OBJECTS, Walked};

    // A process counts one stage of one input. What the stage borrows is prepared before, and lives as long as the
    // process.

    fn leak<T>(value: T) -> &'static T {
        Box::leak(Box::new(value))
    }

    fn sections_and_exports(input: Input) -> (&'static Sections<'static>, &'static ExportList) {
        let input = leak(input);
        (leak(pipeline::read_sections(input)), leak(pipeline::read_exports(input)))
    }

    fn found_and_exports(input: Input) -> (&'static Found<'static>, &'static ExportList) {
        let (sections, exports) = sections_and_exports(input);
        (leak(pipeline::find(sections, exports)), exports)
    }

    fn found(input: Input) -> &'static Found<'static> {
        found_and_exports(input).0
    }

    fn walked_and_exports(input: Input) -> (&'static Walked<'static>, &'static ExportList) {
        let (found, exports) = found_and_exports(input);
        (leak(pipeline::walk(found)), exports)
    }

    fn flattened_and_exports(input: Input) -> (&'static Flattened, &'static ExportList) {
        let (walked, exports) = walked_and_exports(input);
        (leak(pipeline::flatten(walked, exports)), exports)
    }

    /// A benchmark for each input, of which the function named first prepares the argument.
    macro_rules! count {
        ($prepare:ident => $($function:tt)*) => {
            #[library_benchmark]
            #[benches::fixture_basics(iter = Input::named("fixture_basics").map($prepare))]
            #[benches::fixture_rust(iter = Input::named("fixture_rust").map($prepare))]
            #[benches::nfs4proc(iter = Input::named("nfs4proc").map($prepare))]
            #[benches::sched_core(iter = Input::named("sched_core").map($prepare))]
            #[benches::rust_kernel(iter = Input::named("rust_kernel").map($prepare))]
            $($function)*
        };
    }

    count! { leak =>
        fn exports(input: &'static Input) -> ExportList {
            pipeline::read_exports(input)
        }
    }

    count! { leak =>
        fn sections(input: &'static Input) -> Sections<'static> {
            pipeline::read_sections(input)
        }
    }

    count! { sections_and_exports =>
        fn find((sections, exports): (&'static Sections<'static>, &'static ExportList)) -> Found<'static> {
            pipeline::find(sections, exports)
        }
    }

    count! { found =>
        fn walk(found: &'static Found<'static>) -> Walked<'static> {
            pipeline::walk(found)
        }
    }

    count! { walked_and_exports =>
        fn flatten((walked, exports): (&'static Walked<'static>, &'static ExportList)) -> Flattened {
            pipeline::flatten(walked, exports)
        }
    }

    count! { flattened_and_exports =>
        fn versions((flattened, exports): (&'static Flattened, &'static ExportList)) -> Vec<Version> {
            pipeline::compute_versions(flattened, exports)
        }
    }

    count! { leak =>
        fn whole(input: &'static Input) -> Session {
            pipeline::run_session(input)
        }
    }

    library_benchmark_group!(name = stages, benchmarks = [exports, sections, find, walk, flatten, versions, whole]);
    main!(
        config = LibraryBenchmarkConfig::default()
            .pass_through_env(KERNEL_OBJECTS)
            .tool(Callgrind::with_args(["--cache-sim=no"])),
        library_benchmark_groups = stages
    );

    pub(super) fn run() {
        main();
    }
}

fn main() {
    // `cargo test --benches` runs this too, and there need be no valgrind then.
    if env::args().any(|argument| argument == "--bench" || argument == "--gungraun-run") {
        counted::run();
    }
}
