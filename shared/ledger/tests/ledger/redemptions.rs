//! Redemptions: one wins, budgets hold to the last unit, and every sequence of steps ends where a model says.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use ledger::{
    BudgetLimit, By, Ledger, NotRedeemed, RedeemError, Redemption, RedemptionKey, RedemptionState, SetBudgetError,
    Shop, Status,
};
use playbook::decide::On;
use playbook::reward::Reward;
use segmentation::{Day, Minor};
use tokio::task::JoinSet;

use crate::{World, customer_id, day, order};

pub(crate) const SERIES: &str = "r2f3m1/time_limited_code";

pub(crate) fn noon() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

pub(crate) fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

/// A reservation of the slot's first step, for half an hour from `now`.
pub(crate) fn redemption(world: &World, customer: &str, order: &str, now: DateTime<Utc>) -> Redemption {
    let today: Day = day("2026-11-22");
    Redemption {
        key: RedemptionKey {
            customer_key: world.ledger.customer_key(&world.shop.id, &customer_id(customer)),
            order: order.to_owned().try_into().unwrap(),
            series: SERIES.to_owned(),
            attempt: 1,
        },
        customer: customer_id(customer),
        state: RedemptionState::Reserved,
        by: By::Code,
        campaign: 7,
        slot: today.plus(-3),
        step: 1,
        reward: Reward::Discount(10),
        on: On::Anything,
        total: Minor(5_000),
        cart: "5000".to_owned(),
        value: Minor(500),
        closes_until: today.plus(26),
        valid_until: today.plus(10),
        stacks: false,
        segment: Some("r2f3m1".parse().unwrap()),
        day: today,
        reserved_at: now,
        expires_at: now + minutes(30),
        settled_at: None,
        epoch: 0,
        charged: Vec::new(),
    }
}

pub(crate) fn limit(amount: Option<i64>, count: Option<u64>, shards: u8) -> BudgetLimit {
    BudgetLimit { series: SERIES.to_owned(), segment: None, monthly: false, amount: amount.map(Minor), count, shards }
}

impl World {
    pub(crate) async fn limited(limits: impl IntoIterator<Item = BudgetLimit>) -> World {
        let mut world = World::new().await;
        for limit in limits {
            world.ledger.set_budget(&world.shop, limit, world.today()).await.unwrap();
            world.shop = world.ledger.fresh_shop(&world.shop.id).await.unwrap().unwrap();
        }
        world
    }

    pub(crate) async fn used(&self) -> Vec<(i64, u64)> {
        let reports = self.ledger.budget_reports(&self.shop.id, &self.shop.budgets.limits, self.today()).await.unwrap();
        reports.iter().map(|report| (report.used_amount.0, report.used_count)).collect()
    }

    /// Of the one limit: released, lapsed, given back, and held now.
    pub(crate) async fn came_back(&self) -> [u64; 4] {
        let reports = self.ledger.series_budgets(&self.shop, SERIES, self.today()).await.unwrap();
        let [report] = reports.as_slice() else { panic!("{reports:?}") };
        let held = report.held.unwrap();
        assert!(!held.more);
        [report.released_count, report.lapsed_count, report.given_back_count, held.count]
    }
}

/// Sends all at once and counts what became of them.
pub(crate) async fn race(ledger: &Ledger, shop: &Arc<Shop>, all: Vec<Redemption>) -> BTreeMap<String, usize> {
    let mut tasks = JoinSet::new();
    for one in all {
        let (ledger, shop) = (ledger.clone(), Arc::clone(shop));
        tasks.spawn(async move {
            loop {
                match ledger.reserve(&shop, &one, false, one.reserved_at).await {
                    // So many at once are more than a busy machine answers in time: who was not answered sends it again.
                    Err(RedeemError::Store(error)) if error.is_temporary() => {}
                    done => break done,
                }
            }
        });
    }
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(done) = tasks.join_next().await {
        let outcome = match done.unwrap() {
            Ok((Status::Recorded, _)) => "won".to_owned(),
            Ok((Status::Duplicate, _)) => "duplicate".to_owned(),
            Err(RedeemError::Not(NotRedeemed::ReservedElsewhere(_))) => "reserved elsewhere".to_owned(),
            Err(RedeemError::Not(NotRedeemed::Exhausted(_))) => "exhausted".to_owned(),
            Err(error) => error.to_string(),
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    outcomes
}

fn outcomes(expected: &[(&str, usize)]) -> BTreeMap<String, usize> {
    expected.iter().map(|(outcome, n)| ((*outcome).to_owned(), *n)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_500_orders_that_want_one_reward_at_once_one_wins() {
    let world = World::limited([limit(Some(100_000), None, 1)]).await;
    let all = (0..500).map(|n| redemption(&world, "ann", &format!("o{n}"), noon())).collect();
    assert_eq!(race(&world.ledger, &world.shop, all).await, outcomes(&[("won", 1), ("reserved elsewhere", 499)]));
    assert_eq!(world.used().await, [(500, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_copies_of_one_reservation_one_is_recorded_and_the_rest_are_duplicates() {
    let world = World::limited([limit(None, Some(10), 2)]).await;
    let all = (0..64).map(|_| redemption(&world, "ann", "o1", noon())).collect();
    assert_eq!(race(&world.ledger, &world.shop, all).await, outcomes(&[("won", 1), ("duplicate", 63)]));
    assert_eq!(world.used().await, [(500, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_500_customers_exactly_as_many_win_as_the_budget_pays() {
    // In count, in money (500 each), in both, and inside a segment and a month.
    let monthly =
        BudgetLimit { monthly: true, segment: Some("r2f3m1".parse().unwrap()), ..limit(Some(50_499), None, 8) };
    for limits in [
        vec![limit(None, Some(100), 1)],
        vec![limit(None, Some(100), 8)],
        vec![limit(Some(50_000), None, 8)],
        vec![limit(Some(1_000_000), Some(250), 3), monthly],
    ] {
        let world = World::limited(limits.clone()).await;
        let all = (0..500).map(|n| redemption(&world, &format!("c{n}"), &format!("o{n}"), noon())).collect();
        let raced = race(&world.ledger, &world.shop, all).await;
        assert_eq!(raced, outcomes(&[("won", 100), ("exhausted", 400)]), "{limits:?}");
        assert!(world.used().await.iter().all(|used| *used == (50_000, 100)), "{limits:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_confirms_is_won_again_and_what_was_confirmed_is_not() {
    let world = World::limited([limit(None, Some(100), 8)]).await;
    let first: Vec<Redemption> =
        (0..100).map(|n| redemption(&world, &format!("c{n}"), &format!("o{n}"), noon())).collect();
    assert_eq!(race(&world.ledger, &world.shop, first.clone()).await, outcomes(&[("won", 100)]));
    for one in &first[..30] {
        world.ledger.confirm(&world.shop, &one.key, noon() + minutes(5)).await.unwrap();
    }
    let later = noon() + minutes(31);
    let second = (100..400).map(|n| redemption(&world, &format!("c{n}"), &format!("o{n}"), later)).collect();
    assert_eq!(race(&world.ledger, &world.shop, second).await, outcomes(&[("won", 70), ("exhausted", 230)]));
    assert_eq!(world.used().await, [(50_000, 100)]);
    assert_eq!(world.came_back().await, [0, 70, 0, 70], "each is taken back once, whoever of 300 did it");
    for one in &first[30..] {
        let stored = world.ledger.redemption(&world.shop, &one.key).await.unwrap().unwrap();
        assert_eq!(stored.state, RedemptionState::Lapsed);
        let refused = world.ledger.confirm(&world.shop, &one.key, later).await.unwrap_err();
        assert!(matches!(refused, RedeemError::Not(NotRedeemed::Settled("lapsed"))), "{refused}");
    }
}

#[tokio::test]
async fn remainders_too_small_for_one_reward_are_moved_together() {
    // Eight counters of 125 each: none pays 500, together they pay two.
    let world = World::limited([limit(Some(1_000), None, 8)]).await;
    for (n, won) in [(1, true), (2, true), (3, false)] {
        let new = redemption(&world, &format!("c{n}"), &format!("o{n}"), noon());
        let answer = world.ledger.reserve(&world.shop, &new, false, noon()).await;
        assert_eq!(answer.is_ok(), won, "{n}: {answer:?}");
    }
    assert_eq!(world.used().await, [(1_000, 2)]);
}

#[tokio::test]
async fn a_confirm_after_its_time_goes_through_as_long_as_nobody_took_the_reward_back() {
    let world = World::limited([limit(None, Some(1), 1)]).await;
    let new = redemption(&world, "ann", "o1", noon());
    world.ledger.reserve(&world.shop, &new, false, noon()).await.unwrap();
    let late = noon() + minutes(600);
    let (status, settled) = world.ledger.confirm(&world.shop, &new.key, late).await.unwrap();
    assert_eq!((status, settled.state, settled.settled_at), (Status::Recorded, RedemptionState::Confirmed, Some(late)));
    let again = world.ledger.confirm(&world.shop, &new.key, late + minutes(1)).await.unwrap();
    assert_eq!(again, (Status::Duplicate, settled));
    assert_eq!(world.stored("ann").await.closed.list, [new.closes()]);
    assert_eq!(world.stored("ann").await, world.rebuilt("ann").await);
}

#[tokio::test]
async fn a_limit_is_raised_and_lowered_by_what_is_spent_and_never_below() {
    let mut world = World::limited([limit(Some(1_000), None, 1)]).await;
    for n in 0..2 {
        let new = redemption(&world, &format!("c{n}"), &format!("o{n}"), noon());
        world.ledger.reserve(&world.shop, &new, false, noon()).await.unwrap();
    }
    let lower = world.ledger.set_budget(&world.shop, limit(Some(999), None, 1), world.today()).await.unwrap_err();
    assert!(matches!(lower, SetBudgetError::Field { field: "amount", .. }), "{lower}");
    for (amount, wins) in [(1_499, 0), (2_600, 3)] {
        world.ledger.set_budget(&world.shop, limit(Some(amount), None, 4), world.today()).await.unwrap();
        world.shop = world.ledger.fresh_shop(&world.shop.id).await.unwrap().unwrap();
        let all = (10..20).map(|n| redemption(&world, &format!("c{n}"), &format!("o{n}"), noon())).collect();
        let raced = race(&world.ledger, &world.shop, all).await;
        assert_eq!(raced.get("won").copied().unwrap_or(0), wins, "{amount}");
    }
    assert_eq!(world.used().await, [(2_500, 5)]);
}

#[tokio::test]
async fn what_came_back_to_a_limit_is_counted_and_stays_counted_whatever_becomes_of_the_limit() {
    let mut world = World::limited([limit(None, Some(10), 2)]).await;
    let all: Vec<Redemption> = (0..6).map(|n| redemption(&world, &format!("c{n}"), &format!("o{n}"), noon())).collect();
    for new in &all {
        world.ledger.reserve(&world.shop, new, false, noon()).await.unwrap();
    }
    for repeated in [0, 1, 0] {
        world.ledger.release(&world.shop, &all[repeated].key, noon()).await.unwrap();
    }
    world.ledger.confirm(&world.shop, &all[2].key, noon()).await.unwrap();
    assert_eq!((world.came_back().await, world.used().await), ([2, 0, 0, 3], vec![(2_000, 4)]));
    // Used on an order of its customer's that is cancelled.
    world.record(order("o2", "c2", "2026-11-22", 5_000)).await;
    let cancelled = ledger::Order {
        cancelled: true,
        revision: segmentation::RevisionKey { number: 1, tie: String::new() },
        ..order("o2", "c2", "2026-11-22", 5_000)
    };
    world.record(cancelled).await;
    assert_eq!((world.came_back().await, world.used().await), ([2, 0, 1, 3], vec![(1_500, 3)]));
    for limit in [limit(None, Some(20), 4), limit(None, None, 1), limit(None, Some(12), 1)] {
        let removed = limit.count.is_none();
        world.ledger.set_budget(&world.shop, limit, world.today()).await.unwrap();
        world.shop = world.ledger.fresh_shop(&world.shop.id).await.unwrap().unwrap();
        if !removed {
            assert_eq!((world.came_back().await, world.used().await), ([2, 0, 1, 3], vec![(1_500, 3)]));
        }
    }
}

#[tokio::test]
async fn an_order_that_turns_out_to_be_another_customers_jams_no_budget_and_touches_nobody_elses_profile() {
    let mut world = World::limited([limit(None, Some(2), 1)]).await;
    world.shop = world.ledger.fresh_shop(&world.shop.id).await.unwrap().unwrap();
    let (used, held) = (redemption(&world, "guest", "o1", noon()), redemption(&world, "other guest", "o2", noon()));
    for new in [&used, &held] {
        world.ledger.reserve(&world.shop, new, false, noon()).await.unwrap();
    }
    world.ledger.confirm(&world.shop, &used.key, noon()).await.unwrap();
    let own = redemption(&world, "ann", "o3", noon());
    for id in ["o1", "o2"] {
        world.record(order(id, "ann", "2026-11-22", 5_000)).await;
    }
    let refused = world.ledger.reserve(&world.shop, &redemption(&world, "third", "o1", noon()), false, noon()).await;
    assert!(matches!(refused, Err(RedeemError::Refused(ledger::Refusal::OrderOfAnotherCustomer(_)))), "{refused:?}");
    // The budget pays for two: one is used, and the other's time is over.
    let later = noon() + minutes(31);
    world
        .ledger
        .reserve(&world.shop, &Redemption { expires_at: later + minutes(30), ..own.clone() }, false, later)
        .await
        .unwrap();
    world.ledger.confirm(&world.shop, &own.key, later).await.unwrap();
    assert_eq!(world.ledger.redemption(&world.shop, &held.key).await.unwrap().unwrap().state, RedemptionState::Lapsed);
    let cancelled = ledger::Order {
        cancelled: true,
        revision: segmentation::RevisionKey { number: 1, tie: String::new() },
        ..order("o1", "ann", "2026-11-22", 5_000)
    };
    world.record(cancelled).await;
    assert_eq!((world.stored("ann").await.closed.list, world.used().await), (vec![own.closes()], vec![(1_000, 2)]));
    for customer in ["ann", "guest"] {
        assert_eq!(world.stored(customer).await, world.rebuilt(customer).await, "{customer}");
    }
}

#[tokio::test]
async fn a_limit_that_is_taken_away_and_set_again_goes_on_with_all_its_counters() {
    let mut world = World::limited([limit(None, Some(10), 8)]).await;
    for limit in [limit(None, None, 1), limit(None, Some(10), 1)] {
        world.ledger.set_budget(&world.shop, limit, world.today()).await.unwrap();
        world.shop = world.ledger.fresh_shop(&world.shop.id).await.unwrap().unwrap();
    }
    assert_eq!(world.shop.budgets.limits, [limit(None, Some(10), 8)]);
    let all = (0..12).map(|n| redemption(&world, &format!("c{n}"), &format!("o{n}"), noon())).collect();
    let raced = race(&world.ledger, &world.shop, all).await;
    assert_eq!(raced, outcomes(&[("won", 10), ("exhausted", 2)]));
}
