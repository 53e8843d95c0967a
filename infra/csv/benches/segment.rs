//! Segmenting a file of 200,000 orders of 20,000 customers: bytes per second. Run with `cargo bench -p orders-csv`.

use std::hint::black_box;
use std::io::Write;
use std::sync::atomic::AtomicU64;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use orders_csv::{ImportOptions, SegmentOptions, import, segment};

const ORDERS: u64 = 200_000;
const CUSTOMERS: u64 = 20_000;

/// One row an order; every `returned`-th gives its predecessor back. `prefix` makes the ids texts.
fn file(prefix: &str, returned: u64) -> Vec<u8> {
    let mut text = b"customer_id,order_id,timestamp,amount\n".to_vec();
    let mut state = 1_u64;
    for n in 0..ORDERS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (customer, cents) = ((state >> 33) % CUSTOMERS, 100 + (state >> 40) % 20_000);
        let sign = if n % returned == returned - 1 { "-" } else { "" };
        let (month, day, minute) = (1 + n * 12 / ORDERS, 1 + n * 336 / ORDERS % 28, n % 60);
        let row = format!(
            "{prefix}{customer},{prefix}{n},2025-{month:02}-{day:02} 12:{minute:02}:00,{sign}{}.{:02}\n",
            cents / 100,
            cents % 100
        );
        text.extend_from_slice(row.as_bytes());
    }
    text
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("200,000 orders");
    let files = [("numbers", file("", u64::MAX)), ("texts", file("id-", u64::MAX)), ("with returns", file("", 50))];
    for (name, text) in &files {
        let path = std::env::temp_dir().join(format!("orders-csv-bench-{}.csv", name.replace(' ', "-")));
        let written = std::fs::File::create(&path).and_then(|mut file| file.write_all(text));
        assert!(written.is_ok(), "{}", path.display());
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("segment, {name}"), |bench| {
            bench.iter(|| black_box(segment(&path, &SegmentOptions::default(), &AtomicU64::new(0)).is_ok()));
        });
        group.bench_function(format!("import, {name}"), |bench| {
            bench.iter(|| black_box(import(&path, &ImportOptions::default(), &AtomicU64::new(0)).is_ok()));
        });
        // A file left behind in the temporary folder does no harm.
        drop(std::fs::remove_file(&path));
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
