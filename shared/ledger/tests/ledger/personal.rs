//! A person goes, or is one under several ids (law 17).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use ledger::{Asked, CustomerId, Erasure, Ledger, Order, RecordError, Refusal, RegroupError, Shop, StoryItem};
use segmentation::RevisionKey;

use crate::facts::rebuild_is_what_is_stored;
use crate::{World, customer_id, day, give_back, order};

fn now() -> DateTime<Utc> {
    "2026-11-22T15:00:00Z".parse().unwrap()
}

/// Erases as the job does.
pub(crate) async fn try_erase(ledger: &Ledger, shop: &Arc<Shop>, customer: &str, at: DateTime<Utc>) -> Erasure {
    let (job, _) = ledger.begin_erasure(shop, &customer_id(customer), at, now()).await.unwrap();
    let erasure = ledger.put_markers(shop, &job, now()).await.unwrap();
    for key in &erasure.keys {
        assert!(ledger.erase_story(shop, &erasure, key, now(), &|| false).await.unwrap());
    }
    end(ledger, shop, job.number).await;
    erasure
}

/// Merges as the job does.
pub(crate) async fn try_merge(
    ledger: &Ledger,
    shop: &Arc<Shop>,
    customer: &str,
    into: &str,
) -> Result<Result<(), String>, RegroupError> {
    let ids = (&customer_id(customer), &customer_id(into));
    let (job, _) = ledger.begin_merge(shop, ids, day("2026-11-22"), now()).await?;
    let came = ledger.regroup(shop, &job, now()).await?;
    end(ledger, shop, job.number).await;
    Ok(came)
}

/// Parts as the job does.
pub(crate) async fn try_unmerge(
    ledger: &Ledger,
    shop: &Arc<Shop>,
    customer: &str,
) -> Result<Result<(), String>, RegroupError> {
    let id = customer_id(customer);
    let (job, _) = ledger.begin_unmerge(shop, &id, day("2026-11-22"), now()).await?;
    let came = ledger.regroup(shop, &job, now()).await?;
    end(ledger, shop, job.number).await;
    Ok(came)
}

async fn end(ledger: &Ledger, shop: &Shop, job: u64) {
    let end = ledger::JobEnd::Done { rows: 0, summary: serde_json::Value::Null };
    ledger.end_job(&shop.id, job, end, now()).await.unwrap();
}

async fn send(world: &World, order: Order) -> Result<ledger::OrderReceipt, RecordError> {
    world.ledger.record_orders(&world.shop, world.today(), vec![order]).await.remove(0)
}

fn refused<T: std::fmt::Debug>(answer: Result<T, RecordError>) -> Refusal {
    match answer {
        Err(RecordError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// Every item of every table, as text.
pub(crate) async fn everything(ledger: &Ledger) -> Vec<String> {
    let mut all = Vec::new();
    let tables = ledger.tables();
    for table in [&tables.customers, &tables.ledger, &tables.shops] {
        let mut items = ledger.client().scan().table_name(table).into_paginator().items().send();
        while let Some(item) = items.next().await {
            all.push(format!("{table} {:?}", item.unwrap()));
        }
    }
    all
}

#[tokio::test]
async fn after_an_erasure_nothing_names_the_customer_and_what_was_before_is_gone_for_good() {
    let world = World::new().await;
    let (ledger, shop) = (&world.ledger, &world.shop);
    world.record(order("A-1", "ann-the-customer", "2026-11-01", 100)).await;
    let revised = Order {
        revision: RevisionKey { number: 2, tie: String::new() },
        ..order("A-1", "ann-the-customer", "2026-11-01", 4_321)
    };
    world.record(revised).await;
    let lower = Order {
        revision: RevisionKey { number: 1, tie: String::new() },
        ..order("A-1", "ann-the-customer", "2026-11-01", 4_322)
    };
    world.record(lower).await;
    ledger.record_return(shop, world.today(), &give_back("R-1", "A-1", Asked::Whole)).await.unwrap();
    world.record(order("B-1", "bob", "2026-11-01", 100)).await;

    let at = "2026-11-20T00:00:00Z".parse().unwrap();
    let erasure = try_erase(ledger, shop, "ann-the-customer", at).await;
    assert_eq!((erasure.version, erasure.keys.len()), (4, 1));
    let left = everything(ledger).await;
    let naming: Vec<&String> =
        left.iter().filter(|item| item.contains("ann-the") || item.contains("4321") || item.contains("4322")).collect();
    assert!(naming.is_empty(), "{naming:#?}");
    assert_eq!(ledger.customer(&shop.id, &customer_id("ann-the-customer")).await.unwrap(), None);

    // The order's id is taken for good, and what is dated before is refused.
    let later = |id: &str, on: &str| order(id, "ann-the-customer", on, 70);
    for gone in [later("A-1", "2026-11-01"), later("A-1", "2026-11-21"), later("A-9", "2026-11-19")] {
        assert_eq!(refused(send(&world, gone).await), Refusal::CustomerErased);
    }
    let back = ledger.record_return(shop, world.today(), &give_back("R-2", "A-1", Asked::Whole)).await;
    assert_eq!(refused(back), Refusal::CustomerErased);
    assert_eq!(refused(send(&world, order("A-1", "bob", "2026-11-21", 70)).await), Refusal::CustomerErased);

    // A new profile goes on from the marker.
    world.record(later("A-2", "2026-11-21")).await;
    let new = ledger.customer(&shop.id, &customer_id("ann-the-customer")).await.unwrap().unwrap();
    assert_eq!((new.profile.version, new.profile.orders.len()), (5, 1));
    assert_eq!(new.erased.map(|erased| (erased.at, erased.version)), Some((at, 4)));
    rebuild_is_what_is_stored(&world, "ann-the-customer").await;
    rebuild_is_what_is_stored(&world, "bob").await;
    assert_eq!(refused(send(&world, later("A-3", "2026-11-19")).await), Refusal::CustomerErased);
}

#[tokio::test]
async fn two_customers_become_one_and_two_again() {
    let world = World::new().await;
    let shop = &world.shop;
    world.record(order("A-1", "ann", "2026-11-01", 100)).await;
    world.record(order("B-1", "bob", "2026-11-03", 200)).await;
    world.record(order("B-2", "bob", "2026-11-05", 300)).await;
    let before = (world.stored("ann").await, world.stored("bob").await);
    try_merge(&world.ledger, &world.shop, "ann", "bob").await.unwrap().unwrap();
    let root = world.stored("ann").await;
    assert_eq!(root, world.stored("bob").await);
    assert_eq!((root.orders.len(), root.version), (3, 3));
    rebuild_is_what_is_stored(&world, "bob").await;
    // Asked again it is the same job; the other way round there is nothing to merge.
    let again = world.ledger.begin_merge(shop, (&customer_id("ann"), &customer_id("bob")), world.today(), now()).await;
    assert!(again.is_ok_and(|(job, idle)| job.ended() && !idle));
    assert!(matches!(try_merge(&world.ledger, &world.shop, "bob", "ann").await, Err(RegroupError::Same)));

    // Sent under either id; a revision follows its order.
    world.record(order("A-2", "ann", "2026-11-07", 400)).await;
    let revision = RevisionKey { number: 1, tie: String::new() };
    world.record(Order { revision, ..order("A-1", "bob", "2026-11-01", 50) }).await;
    world.ledger.record_return(shop, world.today(), &give_back("R-1", "A-2", Asked::Whole)).await.unwrap();
    let root = world.stored("bob").await;
    assert_eq!((root.orders.len(), root.version), (4, 6));
    rebuild_is_what_is_stored(&world, "ann").await;

    try_unmerge(&world.ledger, &world.shop, "ann").await.unwrap().unwrap();
    let (ann, bob) = (world.stored("ann").await, world.stored("bob").await);
    assert_eq!((ann.orders.len(), ann.version), (2, 7));
    assert_eq!((bob.orders.to_bytes(), bob.version), (before.1.orders.to_bytes(), 7));
    rebuild_is_what_is_stored(&world, "ann").await;
    rebuild_is_what_is_stored(&world, "bob").await;
    assert_eq!(refused(send(&world, order("A-2", "bob", "2026-11-07", 400)).await), {
        Refusal::OrderOfAnotherCustomer("A-2".to_owned())
    });
    assert!(matches!(try_unmerge(&world.ledger, &world.shop, "bob").await, Err(RegroupError::NotMerged)));
}

#[tokio::test]
async fn an_alias_never_points_to_an_alias_and_is_erased_with_its_root() {
    let world = World::new().await;
    for (nth, name) in ["ann", "bob", "cid", "dan"].into_iter().enumerate() {
        world.record(order(&format!("O-{nth}"), name, "2026-11-01", 100 + nth as i64)).await;
    }
    try_merge(&world.ledger, &world.shop, "ann", "bob").await.unwrap().unwrap();
    try_merge(&world.ledger, &world.shop, "cid", "dan").await.unwrap().unwrap();
    try_merge(&world.ledger, &world.shop, "bob", "dan").await.unwrap().unwrap();
    let dan = world.ledger.customer(&world.shop.id, &customer_id("ann")).await.unwrap().unwrap();
    assert_eq!((dan.id.as_str(), dan.aliases.len(), dan.profile.orders.len()), ("dan", 3, 4));
    rebuild_is_what_is_stored(&world, "dan").await;
    try_unmerge(&world.ledger, &world.shop, "bob").await.unwrap().unwrap();
    let ids = async |id: &str| {
        let found = world.ledger.customer(&world.shop.id, &customer_id(id)).await.unwrap();
        found.map(|found| (found.id.to_string(), found.profile.orders.len()))
    };
    assert_eq!(ids("bob").await, Some(("bob".to_owned(), 1)));
    assert_eq!(ids("ann").await, Some(("dan".to_owned(), 3)), "who came with bob stays where they are");
    rebuild_is_what_is_stored(&world, "bob").await;
    rebuild_is_what_is_stored(&world, "dan").await;
    let at = "2026-11-20T00:00:00Z".parse().unwrap();
    let erasure = try_erase(&world.ledger, &world.shop, "ann", at).await;
    assert_eq!(erasure.keys.len(), 3);
    for gone in ["ann", "cid", "dan"] {
        assert_eq!(ids(gone).await, None, "{gone}");
    }
    assert_eq!(ids("bob").await, Some(("bob".to_owned(), 1)));
    let new = send(&world, order("O-9", "cid", "2026-11-21", 5)).await;
    assert!(new.is_ok(), "{new:?}");
    assert_eq!(ids("cid").await, Some(("cid".to_owned(), 1)));
    rebuild_is_what_is_stored(&world, "cid").await;
}

#[tokio::test]
async fn a_job_that_finds_its_wish_fulfilled_is_done_and_writes_nothing_more() {
    let world = World::new().await;
    for name in ["ann", "bob", "cid"] {
        world.record(order(&format!("O-{name}"), name, "2026-11-01", 100)).await;
    }
    try_merge(&world.ledger, &world.shop, "cid", "ann").await.unwrap().unwrap();
    // All begun before the first one came to its end, as a call is that is sent again at that moment.
    let begun = async |from: &str, into: &str| {
        let ids = (&customer_id(from), &customer_id(into));
        world.ledger.begin_merge(&world.shop, ids, world.today(), now()).await.unwrap().0
    };
    let (first, again, reversed) = (begun("ann", "bob").await, begun("cid", "bob").await, begun("bob", "cid").await);
    world.ledger.regroup(&world.shop, &first, now()).await.unwrap().unwrap();
    let one = world.stored("cid").await;
    assert_eq!((one.orders.len(), &one), (3, &world.stored("bob").await));
    world.ledger.regroup(&world.shop, &again, now()).await.unwrap().unwrap();
    assert_eq!(world.stored("bob").await, one, "no version and no item more");
    // Bob is the root now, and that is not what this one was about.
    let told = world.ledger.regroup(&world.shop, &reversed, now()).await.unwrap();
    assert_eq!(told, Err(RegroupError::Same.to_string()));
    rebuild_is_what_is_stored(&world, "bob").await;
}

#[tokio::test]
async fn a_merged_customers_story_is_read_whole_in_pages() {
    let world = World::new().await;
    for nth in 0..5 {
        world.record(order(&format!("A-{nth}"), "ann", "2026-11-01", 100)).await;
        world.record(order(&format!("B-{nth}"), "bob", "2026-11-01", 100)).await;
    }
    try_merge(&world.ledger, &world.shop, "ann", "bob").await.unwrap().unwrap();
    let (mut orders, mut merges, mut after) = (0, 0, None);
    loop {
        let id: CustomerId = customer_id("ann");
        let page = world.ledger.history(&world.shop.id, &id, after.as_deref(), 3).await.unwrap();
        orders += page.items.iter().filter(|item| matches!(item, StoryItem::Order { .. })).count();
        merges += page.items.iter().filter(|item| matches!(item, StoryItem::Merge { .. })).count();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((orders, merges), (10, 2));
    assert_eq!(world.stored("bob").await.regrouped.map(|at| at.day), Some(day("2026-11-22")));
}
