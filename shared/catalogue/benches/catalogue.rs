//! What a catalogue costs a lookup, and a refresh, at 10,000 and 100,000 products.

use std::hint::black_box;
use std::sync::Arc;

use catalogue::{Catalogue, Learned, Product, ProductChunk, Stock, pack};
use criterion::{Criterion, criterion_group, criterion_main};
use segmentation::{Minor, ProductKey};

fn products(count: usize) -> Vec<Product> {
    let product = |n: usize| Product {
        id: format!("SKU-{n:06}"),
        name: format!("White hanging heart t-light holder, size {n}"),
        category: Some(format!("category {}", n % 200)),
        brand: Some(format!("brand {}", n % 500)),
        price: Some(Minor((n % 5_000) as i64)),
        active: true,
        ..Product::default()
    };
    (0..count).map(product).collect()
}

fn benches(criterion: &mut Criterion) {
    for count in [10_000, 100_000] {
        let mut group = criterion.benchmark_group(count.to_string());
        group.sample_size(20);
        let all = products(count);
        let catalogue = Catalogue::new(all.clone(), &Learned::default(), Stock::default()).unwrap_or_default();
        let keys: Vec<ProductKey> = (0..1_024).map(|n| ProductKey::of(&format!("SKU-{:06}", n * 7))).collect();
        let mut at = 0;
        let mut next = || {
            at = (at + 1) % keys.len();
            keys[at]
        };
        group.bench_function("get", |b| b.iter(|| catalogue.get(black_box(next())).map(|product| product.price())));
        group.bench_function("ten of a category", |b| {
            b.iter(|| {
                catalogue
                    .of_category(black_box("category 7"))
                    .take(10)
                    .map(|product| product.name().len())
                    .sum::<usize>()
            });
        });
        let stock = Arc::new(Stock::out_of(keys.iter().copied()));
        group.bench_function("in stock", |b| {
            let with = catalogue.with_stock(Arc::clone(&stock));
            b.iter(|| with.in_stock(black_box(next())));
        });
        group.bench_function("other stock", |b| b.iter(|| catalogue.with_stock(Arc::clone(&stock)).stock().len()));
        let packed = pack(all.clone());
        let open =
            || packed.chunks.iter().map(|chunk| ProductChunk::open(&chunk.hash, &chunk.bytes).unwrap_or_default());
        group.bench_function("open one chunk", |b| b.iter(|| open().next().map(|chunk| chunk.len())));
        group.bench_function("open all chunks", |b| b.iter(|| open().map(|chunk| chunk.len()).sum::<usize>()));
        let chunks: Vec<Arc<ProductChunk>> = open().map(Arc::new).collect();
        group.bench_function("shelves", |b| {
            b.iter(|| Catalogue::of_chunks(chunks.clone(), Arc::default(), Arc::default()).map(|made| made.len()));
        });
        group.bench_function("pack", |b| b.iter(|| pack(black_box(all.clone())).bytes()));
        group.finish();
    }
}

criterion_group!(all, benches);
criterion_main!(all);
