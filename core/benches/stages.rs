// SPDX-License-Identifier: GPL-2.0-only
//! How long each stage takes.

mod pipeline;

use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use pipeline::{
    Input, KERNEL_OBJECTS, compute_versions, find, flatten, read_exports, read_sections, run_session, walk,
};

fn stages(criterion: &mut Criterion) {
    for name in ["fixture_basics", "fixture_rust", "nfs4proc", "sched_core", "rust_kernel"] {
        let Some(input) = Input::named(name) else {
            println!("{name}: SKIPPED, {KERNEL_OBJECTS} does not name a folder with a kernel's objects");
            continue;
        };
        let exports = read_exports(&input);
        let sections = read_sections(&input);
        let found = find(&sections, &exports);
        let walked = walk(&found);
        let flattened = flatten(&walked, &exports);

        let mut group = criterion.benchmark_group(name);
        group.bench_function("exports", |bencher| bencher.iter(|| read_exports(&input)));
        group.bench_function("sections", |bencher| bencher.iter(|| read_sections(&input)));
        group.bench_function("find", |bencher| bencher.iter(|| find(&sections, &exports)));
        group.bench_function("walk", |bencher| {
            // Found anew each time: units remember what was read of them.
            bencher.iter_batched_ref(|| find(&sections, &exports), |found| drop(walk(found)), BatchSize::PerIteration);
        });
        group.bench_function("flatten", |bencher| bencher.iter(|| flatten(&walked, &exports)));
        group.bench_function("versions", |bencher| bencher.iter(|| compute_versions(&flattened, &exports)));
        group.bench_function("whole", |bencher| bencher.iter(|| run_session(&input)));
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1))
        .sample_size(50);
    targets = stages
}
criterion_main!(benches);
