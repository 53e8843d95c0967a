//! Learnings: one at a time, their counts in pieces, and notes of which the first holds.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use ledger::{BeginLearningError, CountedShard, LEASE, LearningNumbers, LearningStatus, LedgerError, StoredCounts};

use crate::World;

fn now() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// Bytes that no compression makes shorter.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

/// The sort keys of the table `Shops` that hold counts, and those of them that expire.
async fn pieces(world: &World) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut pages =
        world.ledger.client().scan().table_name(&world.ledger.tables().shops).into_paginator().items().send();
    let (mut all, mut expiring) = (BTreeSet::new(), BTreeSet::new());
    while let Some(item) = pages.next().await {
        let item = item.unwrap();
        let (pk, sk) = (item["pk"].as_s().unwrap(), item["sk"].as_s().unwrap());
        if pk.starts_with("acme#learn#") {
            all.insert(format!("{pk} {sk}"));
            if item.contains_key("expires_at") {
                expiring.insert(format!("{pk} {sk}"));
            }
        }
    }
    (all, expiring)
}

#[tokio::test]
async fn counts_longer_than_an_item_come_back_whole_and_written_again_are_no_second_copy() {
    let world = World::new().await;
    let (ledger, shop) = (&world.ledger, &world.shop.id);
    for (content, items) in [(Vec::new(), 1), (vec![7; 2_000_000], 1), (noise(1_200_000), 4)] {
        let stored = ledger.put_counts(shop, 1, 3, Some(5), content.clone(), now()).await.unwrap();
        assert_eq!((stored.items, stored.content), (items, content.len() as u64));
        assert_eq!(ledger.counts(shop, 1, 3, Some(5), &stored).await.unwrap(), content);
        let there = pieces(&world).await;
        let later = now() + TimeDelta::hours(1);
        assert_eq!(ledger.put_counts(shop, 1, 3, Some(5), content, later).await.unwrap(), stored);
        assert_eq!(pieces(&world).await, there);
        assert_eq!(there.0, there.1, "all expire");
    }
    // Another part, another shard, merged: each lies on its own.
    let one = ledger.put_counts(shop, 1, 3, Some(6), vec![1], now()).await.unwrap();
    assert!(ledger.counts(shop, 1, 4, Some(6), &one).await.is_err());
    assert!(ledger.counts(shop, 1, 3, None, &one).await.is_err());
    assert!(ledger.counts(shop, 2, 3, Some(6), &one).await.is_err());
}

#[tokio::test]
async fn counts_that_lost_a_piece_are_an_error() {
    let world = World::new().await;
    let (ledger, shop) = (&world.ledger, &world.shop.id);
    let stored = ledger.put_counts(shop, 1, 0, None, noise(800_000), now()).await.unwrap();
    let (all, _) = pieces(&world).await;
    let (pk, sk) = all.first().unwrap().split_once(' ').unwrap();
    let attribute = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    ledger
        .client()
        .delete_item()
        .table_name(&ledger.tables().shops)
        .key("pk", attribute(pk))
        .key("sk", attribute(sk))
        .send()
        .await
        .unwrap();
    assert!(matches!(ledger.counts(shop, 1, 0, None, &stored).await, Err(LedgerError::Damaged(_))));
}

#[tokio::test]
async fn of_two_who_counted_a_shard_the_first_note_holds_for_both() {
    let world = World::new().await;
    let (ledger, shop) = (&world.ledger, &world.shop.id);
    let stored = |hash: &str| StoredCounts { hash: hash.to_owned(), items: 1, content: 1, bytes: 9 };
    let note = |hash: &str| CountedShard { shard: 2, customers: 10, parts: vec![stored(hash)] };
    assert_eq!(ledger.counted_shard(shop, 1, 2).await.unwrap(), None);
    assert_eq!(ledger.note_counted(shop, 1, note("a"), now()).await.unwrap(), note("a"));
    assert_eq!(ledger.note_counted(shop, 1, note("b"), now()).await.unwrap(), note("a"));
    assert_eq!(ledger.counted_shard(shop, 1, 2).await.unwrap(), Some(note("a")));
    assert_eq!(ledger.counted_shard(shop, 2, 2).await.unwrap(), None, "of another learning");
}

#[tokio::test]
async fn a_learning_is_alone_until_its_lease_is_over_and_is_gone_on_with_as_it_was() {
    let world = World::new().await;
    let (ledger, shop) = (&world.ledger, &world.shop.id);
    let first = ledger.begin_learning(shop, world.today(), 8, 16, now()).await.unwrap();
    assert_eq!((first.number, first.status), (1, LearningStatus::Running));
    let early = ledger.begin_learning(shop, world.today(), 1, 1, now() + LEASE - TimeDelta::seconds(1)).await;
    assert!(matches!(early, Err(BeginLearningError::InProgress(1))));
    ledger.renew_learning(shop, 1, now() + TimeDelta::minutes(4)).await.unwrap();
    assert!(ledger.begin_learning(shop, world.today(), 1, 1, now() + LEASE).await.is_err(), "renewed");
    let later = now() + TimeDelta::minutes(4) + LEASE;
    assert_eq!(ledger.begin_learning(shop, world.today(), 1, 1, later).await.unwrap(), first);
    ledger.expire_learning_lease(shop).await.unwrap();
    assert_eq!(ledger.begin_learning(shop, world.today(), 1, 1, later).await.unwrap(), first);
    // One that broke off days ago is not: its counts are old.
    let days_later = now() + TimeDelta::days(4);
    let second = ledger.begin_learning(shop, world.today(), 1, 1, days_later).await.unwrap();
    assert_eq!((second.number, second.shards, second.parts), (2, 1, 1));
    assert!(matches!(ledger.renew_learning(shop, 1, days_later).await, Err(LedgerError::Changed(_))));
    assert!(ledger.fail_learning(shop, &first, "no".into(), days_later).await.is_err());
    let lists = catalogue::Learned::default();
    let numbers = LearningNumbers::default();
    let lost = ledger.publish_learning(shop, &first, &lists, numbers, days_later).await;
    assert!(matches!(lost, Err(LedgerError::Changed(_))), "{lost:?}");
    assert_eq!(ledger.read_current(shop).await.unwrap().unwrap().learned, None);
    let done = ledger.publish_learning(shop, &second, &lists, numbers, days_later).await.unwrap();
    assert_eq!((done.status, ledger.learning(shop).await.unwrap()), (LearningStatus::Done, Some(done.clone())));
    let current = ledger.read_current(shop).await.unwrap().unwrap();
    assert_eq!((current.learned.is_some(), current.last_learned), (true, Some(second.day)));
    assert!(ledger.renew_learning(shop, 2, days_later).await.is_err(), "at its end");
    assert_eq!(ledger.begin_learning(shop, world.today(), 1, 1, days_later).await.unwrap().number, 3);
}
