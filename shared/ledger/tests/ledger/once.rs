//! Exactly once: the same item again changes nothing, other content under the same key is refused (law 2).

use ledger::{Asked, Erased, LineId, Order, RecordError, Refusal, Status};
use segmentation::{Minor, RevisionKey};

use crate::{World, customer_id, day, give_back, order};

fn refusal<T: std::fmt::Debug>(answer: Result<T, RecordError>) -> Refusal {
    match answer {
        Err(RecordError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn the_same_order_again_gets_the_same_answer_and_writes_nothing() {
    let world = World::new().await;
    let first = world.record(order("A-1", "ann", "2026-11-01", 4_599)).await;
    let before = (
        world.count(&world.ledger.tables().ledger).await,
        world.count(&world.ledger.tables().customers).await,
        world.stored("ann").await,
    );
    let again = world.record(order("A-1", "ann", "2026-11-01", 4_599)).await;
    assert_eq!(first.status, Status::Recorded);
    assert_eq!(again, ledger::OrderReceipt { status: Status::Duplicate, ..first });
    assert_eq!(
        (
            world.count(&world.ledger.tables().ledger).await,
            world.count(&world.ledger.tables().customers).await,
            world.stored("ann").await
        ),
        before
    );
}

#[tokio::test]
async fn other_content_under_the_same_id_is_refused_and_nothing_changes() {
    let world = World::new().await;
    world.record(order("A-1", "ann", "2026-11-01", 4_599)).await;
    let before = world.stored("ann").await;
    let changed = order("A-1", "ann", "2026-11-01", 1);
    let answer = world.ledger.record_orders(&world.shop, world.today(), vec![changed]).await.remove(0);
    assert_eq!(refusal(answer), Refusal::OtherContent { what: "order", id: "A-1".into() });
    assert_eq!(world.stored("ann").await, before);
}

#[tokio::test]
async fn an_order_id_belongs_to_its_first_customer() {
    let world = World::new().await;
    world.record(order("A-1", "ann", "2026-11-01", 100)).await;
    let stolen = order("A-1", "bob", "2026-11-01", 100);
    let answer = world.ledger.record_orders(&world.shop, world.today(), vec![stolen]).await.remove(0);
    assert_eq!(refusal(answer), Refusal::OrderOfAnotherCustomer("A-1".into()));
    assert_eq!(world.ledger.customer(&world.shop.id, &customer_id("bob")).await.unwrap(), None);
}

#[tokio::test]
async fn one_bad_order_does_not_sink_the_rest_and_one_id_may_stand_twice_in_a_batch() {
    let world = World::new().await;
    world.record(order("A-1", "ann", "2026-11-01", 100)).await;
    let batch = vec![
        order("A-2", "ann", "2026-11-02", 200),
        order("A-1", "ann", "2026-11-01", 999),
        order("A-2", "ann", "2026-11-02", 200),
        order("B-1", "bob", "2026-11-02", 300),
    ];
    let answers = world.ledger.record_orders(&world.shop, world.today(), batch).await;
    let statuses: Vec<_> = answers.into_iter().map(|answer| answer.ok().map(|receipt| receipt.status)).collect();
    assert_eq!(statuses, [Some(Status::Recorded), None, Some(Status::Duplicate), Some(Status::Recorded)]);
    assert_eq!(world.stored("ann").await.orders.len(), 2);
}

#[tokio::test]
async fn more_orders_than_a_transaction_takes_are_recorded_all() {
    let world = World::new().await;
    let batch: Vec<Order> = (0..100).map(|n| order(&format!("A-{n}"), "ann", "2026-11-01", 100 + n)).collect();
    let answers = world.ledger.record_orders(&world.shop, world.today(), batch).await;
    assert!(answers.iter().all(Result::is_ok));
    let profile = world.stored("ann").await;
    assert_eq!((profile.orders.len(), profile.version), (100, 3));
}

#[tokio::test]
async fn orders_too_large_for_one_transaction_take_several() {
    let world = World::new().await;
    let large = |n: i64| {
        let mut order = order(&format!("A-{n}"), "ann", "2026-11-01", 100);
        let line = |id: i64| ledger::Line {
            id: LineId::try_from(id.to_string()).unwrap(),
            product: None,
            name: Some("x".repeat(1_000)),
            category: None,
            brand: None,
            quantity: None,
            amount: Minor(1),
            unit_price: None,
        };
        order.lines = (0..330).map(line).collect();
        assert!(order.size() < ledger::order::MAX_ORDER_BYTES);
        order
    };
    let answers = world.ledger.record_orders(&world.shop, world.today(), (0..12).map(large).collect()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(world.stored("ann").await.version, 2);
}

#[tokio::test]
async fn a_revision_corrects_cancels_and_restores_and_a_lower_one_counts_for_nothing() {
    let world = World::new().await;
    let revised = |number, total, cancelled| Order {
        revision: RevisionKey { number, tie: String::new() },
        cancelled,
        ..order("A-1", "ann", "2026-11-01", total)
    };
    let monetary =
        async || world.stored("ann").await.orders.rfm(day("2026-11-22"), Default::default()).map(|v| v.monetary.0);
    world.record(revised(2, 500, false)).await;
    world.record(order("A-1", "ann", "2026-11-01", 900)).await;
    assert_eq!(monetary().await, Some(500));
    assert_eq!(world.stored("ann").await.version, 1, "a lower revision writes itself and the head only");
    world.record(revised(3, 500, true)).await;
    assert_eq!(monetary().await, None);
    world.record(revised(4, 500, false)).await;
    assert_eq!(monetary().await, Some(500));
    // The highest total any revision had was 900.
    let back = give_back("R-1", "A-1", Asked::Amount(Minor(900)));
    assert!(world.ledger.record_return(&world.shop, world.today(), &back).await.is_ok());
    assert_eq!(monetary().await, None);
    assert_eq!(world.rebuilt("ann").await, world.stored("ann").await);
}

#[tokio::test]
async fn a_return_lowers_its_order_once_and_never_below_nothing() {
    let world = World::new().await;
    let ledger = &world.ledger;
    let mut bought = order("A-1", "ann", "2026-11-01", 1_000);
    let line = |id: &str, amount| ledger::Line {
        id: LineId::try_from(id.to_owned()).unwrap(),
        product: None,
        name: None,
        category: None,
        brand: None,
        quantity: None,
        amount: Minor(amount),
        unit_price: None,
    };
    bought.lines = vec![line("1", 400), line("2", 600)];
    let one = |id: &str| vec![(LineId::try_from(id.to_owned()).unwrap(), None)];
    let early = give_back("R-1", "A-1", Asked::Lines(one("1")));
    let answer = ledger.record_return(&world.shop, world.today(), &early).await;
    assert_eq!(refusal(answer), Refusal::OrderUnknown("A-1".into()));

    world.record(bought).await;
    let first = ledger.record_return(&world.shop, world.today(), &early).await.unwrap();
    assert_eq!((first.status, first.given_back), (Status::Recorded, segmentation::GivenBack::Amount(Minor(400))));
    let again = ledger.record_return(&world.shop, world.today(), &early).await.unwrap();
    assert_eq!(again, ledger::ReturnReceipt { status: Status::Duplicate, ..first });
    let other = give_back("R-1", "A-1", Asked::Amount(Minor(1)));
    let answer = ledger.record_return(&world.shop, world.today(), &other).await;
    assert_eq!(refusal(answer), Refusal::OtherContent { what: "return", id: "R-1".into() });
    let missing = give_back("R-2", "A-1", Asked::Lines(one("9")));
    let answer = ledger.record_return(&world.shop, world.today(), &missing).await;
    assert_eq!(refusal(answer), Refusal::LineUnknown { order: "A-1".into(), line: "9".into() });
    let much = give_back("R-2", "A-1", Asked::Amount(Minor(601)));
    assert!(matches!(
        refusal(ledger.record_return(&world.shop, world.today(), &much).await),
        Refusal::ReturnExceedsOrder(_)
    ));
    assert_eq!(world.stored("ann").await.orders.iter().map(|entry| entry.net).collect::<Vec<_>>(), [Minor(600)]);
    let rest = give_back("R-3", "A-1", Asked::Whole);
    assert!(ledger.record_return(&world.shop, world.today(), &rest).await.is_ok());
    assert_eq!(world.stored("ann").await.orders.rfm(world.today(), Default::default()), None);
    assert_eq!(world.rebuilt("ann").await, world.stored("ann").await);
}

#[tokio::test]
async fn what_was_placed_before_an_erasure_is_gone_for_good() {
    let world = World::new().await;
    world.record(order("A-1", "ann", "2026-11-01", 100)).await;
    let mut customer = world.ledger.customer(&world.shop.id, &customer_id("ann")).await.unwrap().unwrap();
    customer.erased = Some(Erased { at: "2026-11-10T00:00:00Z".parse().unwrap(), version: 0 });
    let item = customer.to_item(&world.shop.id).unwrap();
    world
        .ledger
        .client()
        .put_item()
        .table_name(&world.ledger.tables().customers)
        .set_item(Some(item))
        .send()
        .await
        .unwrap();
    let old = order("A-2", "ann", "2026-11-09", 100);
    let answer = world.ledger.record_orders(&world.shop, world.today(), vec![old]).await.remove(0);
    assert_eq!(refusal(answer), Refusal::CustomerErased);
    assert_eq!(world.record(order("A-3", "ann", "2026-11-11", 100)).await.status, Status::Recorded);
}
