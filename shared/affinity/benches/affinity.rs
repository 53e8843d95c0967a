//! Counting a customer, and a lookup's score over 200 products. Run with `cargo bench -p affinity`.

use std::collections::BTreeMap;
use std::hint::black_box;

use affinity::{Basket, Collector, Terms};
use catalogue::{Neighbour, score};
use criterion::{Criterion, criterion_group, criterion_main};
use segmentation::{Day, ProductKey};

fn benches(criterion: &mut Criterion) {
    let keys: Vec<ProductKey> = (0..10_000).map(|number| ProductKey::of(&number.to_string())).collect();
    let mut state = 1_u64;
    let mut product = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        keys[(state >> 33) as usize % keys.len()]
    };
    for size in [2, 10] {
        let baskets: Vec<Basket> = (0..20)
            .map(|day| Basket { day: Day::from_epoch_days(day), products: (0..size).map(|_| product()).collect() })
            .collect();
        let mut collector = Collector::new(Terms { parts: 64, on: Day::MAX, recent_days: Terms::RECENT_DAYS });
        criterion.bench_function(&format!("count a customer of {} products", 20 * size), |bencher| {
            bencher.iter(|| collector.add(black_box(&baskets), |_| Some("category")));
        });
    }
    let lists: BTreeMap<ProductKey, Vec<Neighbour>> = keys
        .iter()
        .map(|key| (*key, (1..=20).map(|weight| Neighbour { product: product(), weight }).collect()))
        .collect();
    for bought in [20, 200] {
        let history: Vec<ProductKey> = (0..bought).map(|_| product()).collect();
        criterion.bench_function(&format!("score {bought} products with lists of 20"), |bencher| {
            bencher.iter(|| score(black_box(&history).iter().copied(), |key| lists.get(&key).map(Vec::as_slice), 50));
        });
    }
}

criterion_group!(affinity, benches);
criterion_main!(affinity);
