//! Pages of shards: each customer once, whatever the number of shards, and only the shop's own.

use std::collections::BTreeSet;

use ledger::{Changeable, Order, Shard, Shop};

use crate::{World, make_shop, order};

async fn fill(world: &World, shop: &std::sync::Arc<Shop>, customers: usize) {
    let orders: Vec<Order> =
        (0..customers).map(|n| order(&format!("A-{n}"), &format!("c-{n}"), "2026-11-01", 100)).collect();
    for answer in world.ledger.record_orders(shop, world.today(), orders).await {
        answer.unwrap();
    }
}

/// Every customer of every shard, and the read units of all pages.
async fn read(world: &World, shop: &Shop, shards: u32) -> (BTreeSet<String>, usize, f64) {
    let (mut ids, mut seen, mut units) = (BTreeSet::new(), 0, 0.0);
    for shard in Shard::all(shards) {
        let mut cursor = None;
        loop {
            let page = world.ledger.page(&shop.id, shard, cursor.as_ref()).await.unwrap();
            seen += page.customers.len();
            units += page.read_units;
            ids.extend(page.customers.iter().map(|customer| customer.id.to_string()));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    (ids, seen, units)
}

#[tokio::test]
async fn every_customer_is_read_once_by_1_4_or_97_shards() {
    let world = World::new().await;
    fill(&world, &world.shop, 300).await;
    for shards in [1, 4, 97] {
        let (ids, seen, _) = read(&world, &world.shop, shards).await;
        assert_eq!((ids.len(), seen), (300, 300), "{shards} shards");
    }
}

#[tokio::test]
async fn a_small_shop_reads_its_own_buckets_only() {
    let world = World::new().await;
    let small = make_shop(&world.ledger, "small", Changeable::default()).await;
    fill(&world, &small, 20).await;
    let (ids, _, alone) = read(&world, &small, 4).await;
    assert_eq!(ids.len(), 20);
    // A hundred times as many in the shop next door.
    fill(&world, &world.shop, 2_000).await;
    let (ids, seen, beside) = read(&world, &small, 4).await;
    assert_eq!((ids.len(), seen), (20, 20));
    assert_eq!(alone.to_bits(), beside.to_bits(), "the same units with a large neighbour");
    // Half a unit is the least that a query takes; 20 small profiles lie in 64 buckets.
    assert!(beside <= 64.0 * 0.5, "{beside}");
    let (_, _, large) = read(&world, &world.shop, 4).await;
    assert!(large > beside, "{large}");
}
