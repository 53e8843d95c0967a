//! What a published catalogue costs its readers: memory, the first load, a changed product, and a change of stock each second,
//! through the real publish job and the embedded engine. `cargo run --release -p e2e --example catalogue_refresh -- 10000`.

#![expect(clippy::unwrap_used, reason = "a measurement that fails has nothing to say")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use catalogue::{Catalogue, Learned, Neighbour, Product};
use chrono::{DateTime, Utc};
use e2e::{Calls, World, acme};
use ledger::{Ledger, ProductId, ProductWrite, Tables};
use segmentation::{Minor, ProductKey};

fn product(n: usize) -> Product {
    Product {
        id: format!("SKU-{n:06}"),
        name: format!("White hanging heart t-light holder, size {n}"),
        category: Some(format!("category {}", n % 200)),
        brand: Some(format!("brand {}", n % 500)),
        price: Some(Minor((n % 5_000) as i64)),
        list_price: Some(Minor(5_000)),
        season: Some(format!("season {}", n % 8)),
        image: Some(format!("https://shop.example/pictures/{n:06}.jpg")),
        url: Some(format!("https://shop.example/products/white-hanging-heart-{n:06}")),
        active: true,
        ..Product::default()
    }
}

fn id(n: usize) -> ProductId {
    ProductId::try_from(product(n).id).unwrap()
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).unwrap_or(0)
}

/// How long after the look at the pointers the reader sees it, and by which calls.
async fn wait(reader: &Ledger, calls: &Calls, seen: impl Fn(&Catalogue) -> bool) -> String {
    let shop = reader.fresh_shop(&acme()).await.unwrap().unwrap();
    calls.take();
    let began = Instant::now();
    while !seen(&*reader.catalogue(&shop).await) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    format!("seen after {:.1?} by {:?}", began.elapsed(), calls.take())
}

#[tokio::main]
async fn main() {
    let count: usize = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(10_000);
    let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
    let world = World::on("2026-11-22").await;
    let writes: Vec<usize> = (0..count).collect();
    for batch in writes.chunks(1_000) {
        let whole = |n: &usize| {
            let stock = if n.is_multiple_of(50) { Some(0) } else { None };
            (id(*n), ProductWrite::Whole { product: Box::new(product(*n)), stock })
        };
        world.ledger.write_products(&acme(), now, batch.iter().map(whole).collect()).await;
    }
    let began = Instant::now();
    let numbers = world.publish().await;
    println!(
        "publish: {:.1?}, {} products in {} chunks, {} written",
        began.elapsed(),
        numbers.products,
        numbers.chunks,
        numbers.written
    );

    let calls = Calls::default();
    let config = world.ledger.client().config().to_builder().interceptor(calls.clone()).build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    let reader = Ledger::with_cache(client, Tables::default(), e2e::secrets(), Duration::from_millis(1));
    let before = resident();
    let took = wait(&reader, &calls, |catalogue| !catalogue.is_empty()).await;
    println!("first load: {took}, resident +{} KB", resident().saturating_sub(before));

    let renamed = Product { name: "Another name".into(), ..product(7) };
    let write = ProductWrite::Whole { product: Box::new(renamed), stock: None };
    world.ledger.write_products(&acme(), now, vec![(id(7), write)]).await;
    let numbers = world.publish().await;
    let key = ProductKey::of(id(7).as_str());
    let took =
        wait(&reader, &calls, |catalogue| catalogue.get(key).is_some_and(|product| product.name() == "Another name"))
            .await;
    println!("one product changed: {} chunk(s) written; {took}", numbers.written);

    // A minute of a change each second: 60 products run out, then one publish.
    let runs_out = (0..60).map(|n| (id(n * 50 + 1), ProductWrite::Stock(Some(0)))).collect();
    world.ledger.write_products(&acme(), now, runs_out).await;
    let began = Instant::now();
    let numbers = world.publish().await;
    let published = began.elapsed();
    let key = ProductKey::of(id(1).as_str());
    let took = wait(&reader, &calls, |catalogue| !catalogue.in_stock(key)).await;
    println!(
        "60 changes of stock: published in {published:.1?}, {} chunk(s) written, {} out of stock; {took}",
        numbers.written, numbers.out_of_stock
    );

    let keys: Vec<ProductKey> = (0..count).map(|n| ProductKey::of(id(n).as_str())).collect();
    let list =
        |n: usize| (1..=20).map(|k| Neighbour { product: keys[(n + k * 17) % count], weight: 9 }).collect::<Vec<_>>();
    let lists: BTreeMap<ProductKey, Vec<Neighbour>> = keys.iter().enumerate().map(|(n, key)| (*key, list(n))).collect();
    let learned = Learned { of_baskets: lists.clone(), of_history: lists, ..Learned::default() };
    world.ledger.publish_learned(&acme(), &learned, now).await.unwrap();
    drop(learned);
    let before = resident();
    let took = wait(&reader, &calls, |catalogue| catalogue.like(key).len() == 20).await;
    println!("two learned lists of 20 per product: {took}, resident +{} KB", resident().saturating_sub(before));
}
