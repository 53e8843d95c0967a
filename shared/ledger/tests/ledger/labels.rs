//! Labels come up to date in the very transaction that changes the profile, with their moves (laws 7 and 8).

use std::sync::Arc;

use ledger::{Asked, BeginRunError, Shop, StoryItem};
use segmentation::cuts::AxisCuts;
use segmentation::{Cuts, Day, Law, Minor, Window};

use crate::{World, customer_id, day, give_back, order};

fn cuts(recency: (i64, i64)) -> Cuts {
    let axis = |c1, c2| AxisCuts { c1, c2, law: Law::Fixed };
    Cuts {
        recency: axis(recency.0, recency.1),
        frequency: axis(1, 4),
        monetary: axis(1_000, 5_000),
        window: Window::default(),
    }
}

/// Makes a model the shop's, by a run without customers.
async fn activate(world: &World, on: Day, cuts: Cuts) -> Arc<Shop> {
    let now = "2026-11-22T10:00:00Z".parse().unwrap();
    let run = world.ledger.begin_run(&world.shop.id, on, false, 1, now).await.unwrap();
    let run = world.ledger.settle_activation(&world.shop.id, &run, Some((cuts, 100)), None).await.unwrap();
    world.ledger.publish_run(&world.shop.id, run, Default::default(), now).await.unwrap();
    world.ledger.shop(&world.shop.id).await.unwrap().unwrap()
}

async fn moves(world: &World, customer: &str) -> Vec<String> {
    let page = world.ledger.history(&world.shop.id, &customer_id(customer), None, 100).await.unwrap();
    let told = page.items.into_iter().filter_map(|item| match item {
        StoryItem::Move { moved, .. } => Some(
            moved.steps.iter().map(|s| format!("{}>{} {:?}", s.from, s.to, s.cause)).collect::<Vec<_>>().join(", "),
        ),
        _ => None,
    });
    told.collect()
}

#[tokio::test]
async fn before_the_first_model_there_is_no_label() {
    let world = World::new().await;
    world.record(order("A-1", "ann", "2026-11-01", 100)).await;
    assert_eq!(world.stored("ann").await.label(), None);
}

#[tokio::test]
async fn an_order_and_a_return_move_the_label_with_their_cause() {
    let mut world = World::new().await;
    world.shop = activate(&world, day("2026-11-01"), cuts((30, 90))).await;
    world.record(order("A-1", "ann", "2026-11-20", 800)).await;
    world.record(order("A-2", "ann", "2026-11-21", 700)).await;
    let back = give_back("R-1", "A-2", Asked::Amount(Minor(650)));
    world.ledger.record_return(&world.shop, world.today(), &back).await.unwrap();
    assert_eq!(moves(&world, "ann").await, ["none>r3f1m1 Order", "r3f1m1>r3f2m2 Order", "r3f2m2>r3f2m1 Return"]);
    let profile = world.stored("ann").await;
    assert_eq!(profile.label().map(|l| l.place.to_string()).as_deref(), Some("r3f2m1"));
    assert_eq!(world.rebuilt("ann").await, profile);
    let audience = world.ledger.audience(&world.shop.id, "r3f2m1".parse().unwrap(), None, 10).await.unwrap();
    assert_eq!(audience.members.len(), 1);
    let left = world.ledger.audience(&world.shop.id, "r3f1m1".parse().unwrap(), None, 10).await.unwrap();
    assert_eq!(left.members.len(), 0);
}

#[tokio::test]
async fn a_writer_with_a_stale_pointer_reads_it_again() {
    let mut world = World::new().await;
    let old = activate(&world, day("2026-11-01"), cuts((30, 90))).await;
    world.shop = activate(&world, day("2026-11-02"), cuts((5, 10))).await;
    world.record(order("A-1", "ann", "2026-11-12", 800)).await;
    assert_eq!(world.stored("ann").await.label().map(|l| l.activation.0), Some(2));
    // Under the old cuts the customer would go to r3; under the active ones nothing changes.
    let late = order("A-2", "ann", "2026-11-12", 100);
    world.ledger.record_orders(&old, world.today(), vec![late]).await.remove(0).unwrap();
    let label = world.stored("ann").await.label().unwrap();
    assert_eq!((label.place.to_string(), label.activation.0), ("r2f2m1".to_owned(), 2));
}

#[tokio::test]
async fn two_runs_never_overlap_and_a_silent_one_is_taken_over() {
    let world = World::new().await;
    let (shop, on) = (&world.shop.id, day("2026-11-22"));
    let now: chrono::DateTime<chrono::Utc> = "2026-11-22T10:00:00Z".parse().unwrap();
    let first = world.ledger.begin_run(shop, on, false, 4, now).await.unwrap();
    let overlapping = world.ledger.begin_run(shop, on, false, 4, now).await;
    assert!(matches!(overlapping, Err(BeginRunError::InProgress(1))));
    let later = now + ledger::LEASE;
    let taken = world.ledger.begin_run(shop, day("2026-11-23"), false, 8, later).await.unwrap();
    assert_eq!(taken, first, "the same run goes on, with its own day and shards");
    assert!(matches!(world.ledger.begin_run(shop, on, false, 4, later).await, Err(BeginRunError::InProgress(1))));
    world.ledger.expire_lease(shop).await.unwrap();
    let taken = world.ledger.begin_run(shop, on, false, 8, later).await.unwrap();
    let failed = world.ledger.fail_run(shop, taken, "tried".into(), later).await.unwrap();
    assert_eq!(failed.status, ledger::RunStatus::Failed);
    assert_eq!(world.ledger.begin_run(shop, on, false, 4, later).await.unwrap().run, 2);
}
