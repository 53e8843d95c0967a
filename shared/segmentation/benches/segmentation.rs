//! Fold, fit and assign over a synthetic base. Run with `cargo bench -p segmentation`.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use segmentation::fit::Surveyor;
use segmentation::{Day, Entry, FitPolicy, Flags, Minor, Orders, fit};

const CUSTOMERS: usize = 10_000;

/// Customers with 1 to 40 orders over three years, by a small fixed generator: the same base in every run.
fn base() -> Vec<Orders> {
    let mut state = 1_u64;
    let mut next = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % below).cast_signed()
    };
    (0..CUSTOMERS)
        .map(|_| {
            let orders = 1 + next(40) * next(40) / 40;
            (0..orders)
                .map(|_| Entry {
                    day: Day::from_epoch_days(19_000 + next(1_095)),
                    net: Minor(500 + next(20_000)),
                    flags: Flags::none(),
                })
                .collect()
        })
        .collect()
}

fn benches(criterion: &mut Criterion) {
    let base = base();
    let on = Day::from_epoch_days(20_100);
    let policy = FitPolicy::default();
    let surveyed = || {
        let mut surveyor = Surveyor::default();
        base.iter().for_each(|orders| surveyor.add(orders, on, policy.window));
        surveyor.finish()
    };
    let survey = surveyed();
    let cuts = fit(&survey, &policy);
    let packed: Vec<Vec<u8>> = base.iter().map(Orders::to_bytes).collect();

    let mut group = criterion.benchmark_group("per customer");
    group.throughput(Throughput::Elements(CUSTOMERS as u64));
    group.bench_function("fold: unpack, one order more, pack", |bench| {
        let order = Entry { day: on, net: Minor(4_599), flags: Flags::none() };
        bench.iter_batched(
            || &packed,
            |packed| {
                for bytes in packed {
                    let mut orders = Orders::from_bytes(bytes).unwrap_or_default();
                    black_box(orders.replace(None, Some(order)).is_ok());
                    black_box(orders.to_bytes());
                }
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("survey", |bench| bench.iter(|| black_box(surveyed())));
    group.bench_function("fit", |bench| bench.iter(|| black_box(fit(&survey, &policy))));
    group.bench_function("assign: segment of unpacked orders", |bench| {
        bench.iter(|| base.iter().filter(|orders| black_box(cuts.place(orders, on)).0.is_some()).count());
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
