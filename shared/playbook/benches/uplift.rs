//! What a holdout costs a run: one profile into the sums of its arms. Run with `cargo bench -p playbook --bench uplift`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up is a failed bench")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hmac::{Hmac, KeyInit, Mac};
use playbook::uplift::{Measure, Report, Tally};
use playbook::{Holdout, Playbook};
use sha2::Sha256;

#[path = "../tests/uplift/synthetic.rs"]
#[expect(dead_code, reason = "a bench needs part of the base")]
mod synthetic;

/// As the ledger draws: an HMAC over some 60 bytes.
fn draw(customer: usize, series: &str) -> u32 {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"a secret of 32 bytes, as it were").unwrap();
    mac.update(format!("holdout#{customer:032x}#").as_bytes());
    mac.update(series.as_bytes());
    let digest = mac.finalize().into_bytes();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

fn uplift(criterion: &mut Criterion) {
    let base = synthetic::base(1, 10_000, 0.2, 0.05);
    let entry = Playbook::builtin().entry("r2f2m2".parse().unwrap());
    let series = entry.ideas.iter().map(|idea| (Playbook::series(entry, idea), 10));
    let holdouts = [
        ("everything held out from 20 %", Holdout { percent: 20, ..Holdout::default() }),
        ("and each series from 10 %", Holdout { percent: 20, series: series.collect(), ..Holdout::default() }),
    ];
    let mut group = criterion.benchmark_group("uplift, per profile");
    group.throughput(Throughput::Elements(base.customers.len() as u64));
    for (name, holdout) in holdouts {
        let measured = synthetic::october(holdout);
        let measure = Measure::new(&measured, synthetic::cuts(), Playbook::builtin());
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut tally = Tally::default();
                for (n, (profile, _)) in base.customers.iter().enumerate() {
                    measure.add(&mut tally, profile, |series| measured.holdout.takes(series, draw(n, series)));
                }
                black_box(tally)
            });
        });
    }
    group.finish();
    let cell = base.tally().total();
    criterion.bench_function("uplift, a report", |bench| bench.iter(|| Report::of(black_box(&cell))));
}

criterion_group!(benches, uplift);
criterion_main!(benches);
