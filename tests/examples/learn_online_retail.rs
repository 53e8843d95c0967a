//! What a weekly learning of a real shop costs through the store: seconds, calls, items and bytes of each step. Orders come
//! with products and without categories; all of the file's days count.
//!
//!     cargo run --release -p e2e --example learn_online_retail -- ../shared/data/online_retail.csv

#![expect(clippy::unwrap_used, reason = "a measurement that fails has nothing to say")]

use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use chrono::FixedOffset;
use e2e::{World, acme};
use ledger::order::MAX_LINES;
use ledger::{CustomerId, Line, LineId, Order, OrderId, ProductId};
use orders_csv::{ImportOptions, Item, ParsedOrder, import};
use resegment::Steps;
use resegment::learn::{CountInput, LearnInput, MergeInput, begin};
use segmentation::RevisionKey;

fn order(parsed: ParsedOrder) -> Option<Order> {
    let line = |(at, line): (usize, orders_csv::ParsedLine)| Line {
        id: LineId::try_from((at + 1).to_string()).unwrap(),
        product: line.product.and_then(|id| ProductId::try_from(id).ok()),
        name: None,
        category: None,
        brand: None,
        quantity: None,
        amount: line.amount,
        unit_price: None,
    };
    Some(Order {
        id: OrderId::try_from(parsed.id).ok()?,
        customer: CustomerId::try_from(parsed.customer?).ok()?,
        time: parsed.time.local.and_local_timezone(FixedOffset::east_opt(0)?).single()?,
        total: parsed.total,
        revision: RevisionKey::default(),
        cancelled: false,
        lines: parsed.lines.into_iter().take(MAX_LINES).enumerate().map(line).collect(),
    })
}

/// The most memory that the process has had, in MiB: the engine's database in memory and the orders are in it.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[tokio::main]
async fn main() {
    let file = std::env::args().nth(1).unwrap_or_else(|| "../shared/data/online_retail.csv".to_owned());
    let world = World::on("2011-12-10").await;
    let (shop, day) = (world.ledger.shop(&acme()).await.unwrap().unwrap(), "2011-12-10".parse().unwrap());
    let began = Instant::now();
    let items = import(Path::new(&file), &ImportOptions::default(), &AtomicU64::new(0)).unwrap().items;
    let orders = items.into_iter().filter_map(|item| if let Item::Order(parsed) = item { order(parsed) } else { None });
    let orders: Vec<Order> = orders.collect();
    let count = orders.len();
    let mut orders = orders.into_iter().peekable();
    while orders.peek().is_some() {
        let batch: Vec<Order> = orders.by_ref().take(500).collect();
        for answer in world.ledger.record_orders(&shop, day, batch).await {
            answer.unwrap();
        }
    }
    println!("{count} orders recorded in {:.1?}", began.elapsed());

    let steps = Steps::new(world.ledger.clone(), world.app.clock);
    let at = Instant::now();
    let learning = begin(&world.ledger, &acme(), day, world.app.clock.now()).await.unwrap();
    let plan = steps.plan_learning(&acme(), learning.number).await.unwrap();
    let (before, peak_before) = (world.count("Shops").await, peak());
    world.calls.take();
    let (began, mut largest, mut bytes) = (Instant::now(), 0, 0);
    for shard in &plan.shards {
        let counted = steps.count(&CountInput { plan: plan.clone(), shard: *shard }).await.unwrap();
        bytes += counted.parts.iter().map(|part| part.bytes).sum::<u64>();
        largest = largest.max(counted.parts.iter().map(|part| part.bytes).max().unwrap_or_default());
    }
    let (took, calls) = (began.elapsed(), world.calls.take());
    let items = world.count("Shops").await;
    println!(
        "count, {} shards one by one: {took:.1?}, {} items, {bytes} bytes, the largest part {largest}; {calls:?}",
        plan.shards.len(),
        items - before
    );
    world.calls.take();
    let (began, mut largest, mut bytes) = (Instant::now(), 0, 0);
    for part in 0..plan.parts {
        let merged = steps.merge(&MergeInput { plan: plan.clone(), part }).await.unwrap();
        bytes += merged.counts.bytes;
        largest = largest.max(merged.counts.bytes);
    }
    let took = began.elapsed();
    let calls = world.calls.take();
    println!(
        "merge, {} parts one by one: {took:.1?}, {} items, {bytes} bytes, the largest part {largest}; {calls:?}",
        plan.parts,
        world.count("Shops").await - items
    );
    world.calls.take();
    let began = Instant::now();
    let learned = steps.learn(&LearnInput { plan }).await.unwrap();
    println!("learn and publish: {:.1?}; {:?}", began.elapsed(), world.calls.take());
    println!("{:?}; peak {peak_before} MiB before, {} MiB after; {:.1?} in all", learned.numbers, peak(), at.elapsed());
}
