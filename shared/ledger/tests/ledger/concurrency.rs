//! Many writers at once: nothing is lost, nothing is counted twice.

use std::collections::BTreeMap;

use ledger::{RecordError, Refusal};
use tokio::task::JoinSet;

use crate::{World, customer_id, order};

/// Sends these orders at once, each as its own call, and counts the answers.
async fn race(world: &World, orders: impl IntoIterator<Item = ledger::Order>) -> BTreeMap<String, usize> {
    let mut tasks = JoinSet::new();
    for order in orders {
        let (ledger, shop, today) = (world.ledger.clone(), world.shop.clone(), world.today());
        tasks.spawn(async move { ledger.record_orders(&shop, today, vec![order]).await.remove(0) });
    }
    let mut answers = BTreeMap::new();
    while let Some(answer) = tasks.join_next().await {
        let told = match answer.unwrap() {
            Ok(receipt) => format!("{:?}", receipt.status),
            Err(RecordError::Refused(Refusal::OrderOfAnotherCustomer(_))) => "order-of-another-customer".to_owned(),
            Err(other) => other.to_string(),
        };
        *answers.entry(told).or_default() += 1;
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_concurrent_copies_of_one_order_one_is_recorded() {
    let world = World::new().await;
    let answers = race(&world, (0..64).map(|_| order("A-1", "ann", "2026-11-01", 100))).await;
    assert_eq!(answers, [("Duplicate".to_owned(), 63), ("Recorded".to_owned(), 1)].into());
    assert_eq!(world.stored("ann").await.orders.len(), 1);
    assert_eq!(world.stored("ann").await.version, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_customers_with_one_order_id_one_wins() {
    let world = World::new().await;
    let answers = race(&world, (0..64).map(|n| order("A-1", &format!("customer {n}"), "2026-11-01", 100))).await;
    assert_eq!(answers, [("Recorded".to_owned(), 1), ("order-of-another-customer".to_owned(), 63)].into());
    let mut known = 0;
    for n in 0..64 {
        known += usize::from(
            world.ledger.customer(&world.shop.id, &customer_id(&format!("customer {n}"))).await.unwrap().is_some(),
        );
    }
    assert_eq!(known, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_different_orders_of_one_customer_all_count() {
    let world = World::new().await;
    let answers = race(&world, (0..64).map(|n| order(&format!("A-{n}"), "ann", "2026-11-01", 100 + n))).await;
    assert_eq!(answers, [("Recorded".to_owned(), 64)].into());
    let profile = world.stored("ann").await;
    assert_eq!((profile.orders.len(), profile.version), (64, 64));
    assert_eq!(world.rebuilt("ann").await, profile);
}
