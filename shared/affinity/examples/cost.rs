//! What a weekly step costs: seconds and memory of learning from a synthetic shop.
//!
//! `cargo run --release -p affinity --example cost -- PRODUCTS [CUSTOMERS = 4 × products] [dense=10000]`

use std::io::Write;
use std::time::Instant;

use affinity::{Basket, Collector, PartCounts, Policy, Terms, learn};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use segmentation::{Day, ProductKey};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut policy = Policy::default();
    let mut numbers = Vec::new();
    for arg in std::env::args().skip(1) {
        match arg.strip_prefix("dense=") {
            Some(dense) => policy.dense = dense.parse()?,
            None => numbers.push(arg.parse::<u64>()?),
        }
    }
    let products = *numbers.first().ok_or("usage: cost PRODUCTS [CUSTOMERS] [dense=10000]")?;
    let customers = numbers.get(1).copied().unwrap_or(4 * products);
    let keys: Vec<ProductKey> = (0..products).map(|product| ProductKey::of(&product.to_string())).collect();
    let mut state = 1_u64;
    let mut below = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let terms = Terms { parts: 64, on: Day::from_epoch_days(20_000), recent_days: Terms::RECENT_DAYS };
    let started = Instant::now();
    let mut collector = Collector::new(terms);
    for _ in 0..customers {
        // About 40 products in all: some near a taste of the customer's own, the others by popularity.
        let taste = below(products);
        let mut baskets = Vec::new();
        for at in 0..4 {
            let bought: Vec<ProductKey> = (0..10)
                .map(|_| {
                    let near = (taste + below(50)) % products;
                    let popular = below(products) * below(products) / products;
                    keys[if below(2) == 0 { near } else { popular } as usize]
                })
                .collect();
            baskets.push(Basket {
                day: Day::from_epoch_days(19_700 + 75 * at + i64::try_from(below(75))?),
                products: bought,
            });
        }
        collector.add(&baskets, |_| None);
    }
    let parts = collector.into_parts();
    let pairs: usize = parts.iter().map(|part| part.pairs().len()).sum();
    println!(
        "{products} products, {customers} customers: {pairs} pairs, counted in {:.1} s, {} MiB",
        started.elapsed().as_secs_f64(),
        peak_mib()
    );
    sizes(&parts)?;
    let started = Instant::now();
    let learned = learn(&parts, &policy);
    println!(
        "{} lists learned in {:.1} s, {} MiB at most",
        learned.of_history.len(),
        started.elapsed().as_secs_f64(),
        peak_mib()
    );
    Ok(())
}

fn sizes(parts: &[PartCounts]) -> Result<(), Failure> {
    let (mut plain, mut packed, mut most) = (0, 0, 0);
    for part in parts {
        let bytes = part.to_bytes();
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(&bytes)?;
        let deflated = deflate.finish()?.len();
        (plain, packed, most) = (plain + bytes.len(), packed + deflated, most.max(deflated));
    }
    println!(
        "{} parts: {} KB, deflated {} KB, the largest {} KB",
        parts.len(),
        plain / 1000,
        packed / 1000,
        most / 1000
    );
    Ok(())
}

/// The most resident memory of this process so far, MiB (Linux).
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default()
        / 1024
}
