//! However a platform's deliveries arrive (in any order, any of them twice, sent again where we ask for it), a customer ends with the
//! same recency, frequency and monetary value, and the same story.

use std::collections::VecDeque;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::{Hook, at, counted, shopify, story, taken, with, woocommerce};

const ANN: &str = "26";
const NOW: &str = "2026-11-21T15:30:00Z";
const CASES: u32 = 48;

/// Topic and document.
type Sent = (&'static str, Value);

fn second(n: u32) -> String {
    format!("2026-11-21T15:{:02}:{:02}", n / 60, n % 60)
}

/// What may happen to an order: how many seconds after the last change, in which way, by how much. Platforms date changes by the
/// second, so two may have one.
fn changes() -> impl Strategy<Value = Vec<(u32, u8, i64)>> {
    prop::collection::vec((0..3_u32, 0..8_u8, 1..2_000_i64), 1..7)
}

fn decimal(minor: i64) -> Value {
    json!(format!("{}.{:02}", minor / 100, minor % 100))
}

/// An order's life in WooCommerce, an update for each change.
fn woo_life(id: u64, cash_on_delivery: bool, guest_at_first: bool, changes: &[(u32, u8, i64)]) -> Vec<Sent> {
    let statuses = ["pending", "processing", "completed", "cancelled", "failed", "shipped", "on-hold", "processing"];
    let (mut now, mut total, mut paid, mut refunds, mut given_back) = (10, 5_000, false, Vec::new(), 0);
    let mut life = Vec::new();
    for (n, (seconds, status, amount)) in changes.iter().enumerate() {
        now += seconds;
        let status = statuses[usize::from(*status)];
        let counts = matches!(status, "processing" | "completed");
        paid |= counts;
        if counts && amount % 3 == 0 {
            total += amount;
        } else if counts && given_back + amount <= total && n > 0 {
            given_back += amount;
            let written = format!("-{}", decimal(*amount).as_str().unwrap());
            refunds.push(json!({ "id": 1_000 * id + n as u64, "reason": "", "total": written }));
        }
        let paid = if paid && !cash_on_delivery { json!(second(10)) } else { Value::Null };
        life.push((
            if n == 0 { "order.created" } else { "order.updated" },
            with(
                woocommerce::CREATED,
                &[
                    ("/id", json!(id)),
                    ("/status", json!(status)),
                    ("/total", decimal(total)),
                    ("/customer_id", if guest_at_first && n == 0 { json!(0) } else { json!(26) }),
                    ("/payment_method", json!(if cash_on_delivery { "cod" } else { "bacs" })),
                    ("/date_created_gmt", json!(second(10))),
                    ("/date_modified_gmt", json!(second(now))),
                    ("/date_paid_gmt", paid),
                    ("/date_completed_gmt", Value::Null),
                    ("/refunds", json!(refunds)),
                ],
            ),
        ));
    }
    life
}

/// An order's life in Shopify: an update for each change, and each refund by itself too.
fn shopify_life(id: u64, guest_at_first: bool, changes: &[(u32, u8, i64)]) -> Vec<Sent> {
    let (mut now, mut total, mut refunds, mut given_back) = (10, 5_000, Vec::new(), 0);
    let (mut life, mut cancelled): (Vec<Sent>, Value) = (Vec::new(), Value::Null);
    for (n, (seconds, change, amount)) in changes.iter().enumerate() {
        now += seconds;
        let at = json!(format!("{}Z", second(now)));
        match change {
            0..=2 => total += amount,
            3..=5 if given_back + amount <= total => {
                given_back += amount;
                let refund = with(
                    shopify::REFUND,
                    &[
                        ("/id", json!(10_000 * id + n as u64)),
                        ("/order_id", json!(id)),
                        ("/created_at", at.clone()),
                        ("/transactions/0/id", json!(20_000 * id + n as u64)),
                        ("/transactions/0/amount", decimal(*amount)),
                        ("/transactions/0/created_at", at.clone()),
                    ],
                );
                life.push(("refunds/create", refund.clone()));
                refunds.push(refund);
            }
            6 => cancelled = at.clone(),
            _ => {}
        }
        let customer = if guest_at_first && n == 0 { Value::Null } else { json!({ "id": 26 }) };
        let topic = match (n, &cancelled) {
            (0, _) => "orders/create",
            (_, Value::Null) => "orders/updated",
            _ => "orders/cancelled",
        };
        life.push((
            topic,
            with(
                shopify::CREATE,
                &[
                    ("/id", json!(id)),
                    ("/total_price", decimal(total)),
                    ("/customer", customer),
                    ("/processed_at", json!(format!("{}Z", second(10)))),
                    ("/updated_at", at),
                    ("/cancelled_at", cancelled.clone()),
                    ("/refunds", json!(refunds)),
                ],
            ),
        ));
    }
    // Whoever was a guest is known in the end.
    let (topic, mut last) = life.last().cloned().unwrap();
    last["customer"] = json!({ "id": 26 });
    last["updated_at"] = json!(format!("{}Z", second(now + 1)));
    life.push((if topic == "orders/create" { "orders/updated" } else { topic }, last));
    life
}

/// Delivers everything, again where it is asked for.
async fn deliver(platform: &'static str, sent: &[Sent]) -> (Vec<(String, i64)>, Vec<String>) {
    let world = at(NOW).await;
    let hook = Hook::made(&world, platform).await;
    let mut waiting: VecDeque<&Sent> = sent.iter().collect();
    let mut tries = 0;
    while let Some(delivery) = waiting.pop_front() {
        tries += 1;
        assert!(tries < 1_000, "what is asked for again is taken in the end");
        let answer = hook.send(&world, delivery.0, &delivery.1).await;
        match answer.status.as_u16() {
            409 => waiting.push_back(delivery),
            _ => drop(taken(&answer)),
        }
    }
    (counted(&world, ANN).await, story(&world, ANN).await)
}

fn hold(platform: &'static str, lives: impl Strategy<Value = Vec<Sent>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let shuffled = lives.prop_flat_map(|sent| {
        let indices: Vec<usize> = (0..sent.len()).collect();
        let twice = prop::collection::vec(any::<prop::sample::Index>(), 0..4);
        (Just(sent), Just(indices).prop_shuffle(), twice)
    });
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let held = runner.run(&shuffled, |(sent, order, twice)| {
        let mut other: Vec<Sent> = order.into_iter().map(|at| sent[at].clone()).collect();
        for again in twice {
            let at = again.index(other.len());
            let copy = sent[again.index(sent.len())].clone();
            other.insert(at, copy);
        }
        let (in_order, mixed) =
            runtime.block_on(async { (deliver(platform, &sent).await, deliver(platform, &other).await) });
        prop_assert_eq!(in_order, mixed);
        Ok(())
    });
    held.unwrap();
}

#[test]
fn woocommerces_deliveries_come_to_the_same_in_any_order() {
    let life = (any::<bool>(), any::<bool>(), changes());
    hold(
        "woocommerce",
        prop::collection::vec(life, 1..3).prop_map(|lives| {
            let lives = lives.iter().enumerate();
            lives.flat_map(|(n, (cod, guest, changes))| woo_life(n as u64 + 1, *cod, *guest, changes)).collect()
        }),
    );
}

#[test]
fn shopifys_deliveries_come_to_the_same_in_any_order() {
    hold(
        "shopify",
        prop::collection::vec((any::<bool>(), changes()), 1..3).prop_map(|lives| {
            let lives = lives.iter().enumerate();
            lives.flat_map(|(n, (guest, changes))| shopify_life(n as u64 + 1, *guest, changes)).collect()
        }),
    );
}
