//! Alerts of VIPs: told once, on the first day that a run sees it, and never for the same silence again.

use std::collections::BTreeSet;

use e2e::{World, acme};
use serde_json::Value;

use crate::beacon::fill;

/// The day's alerts of a cause: who, each once.
async fn alerted(world: &World, day: &str, cause: &str) -> BTreeSet<String> {
    let listed = world.get(&format!("/v1/alerts?day={day}&limit=1000")).await.json;
    let alerts = listed["items"].as_array().unwrap().iter().filter(|alert| alert["cause"] == cause);
    let all: Vec<String> = alerts.map(|alert| alert["customer"].as_str().unwrap().to_owned()).collect();
    let once: BTreeSet<String> = all.iter().cloned().collect();
    assert_eq!(once.len(), all.len(), "{day} {cause}: somebody is told of twice");
    once
}

async fn run_on(world: &mut World, day: &str) {
    world.move_to(day);
    world.run().await;
}

async fn segment(world: &World, customer: &str) -> Value {
    world.get(&format!("/v1/customers/{customer}/segment")).await.json["segment"].clone()
}

/// Every profile is what its ledger folds into.
async fn rebuilt(world: &World, customers: &BTreeSet<String>) {
    let shop = world.ledger.fresh_shop(&acme()).await.unwrap().unwrap();
    for customer in customers {
        let id = customer.clone().try_into().unwrap();
        let stored = world.ledger.customer(&acme(), &id).await.unwrap().unwrap().profile;
        assert_eq!(world.ledger.rebuild(&shop, &id).await.unwrap(), Some(stored), "{customer}");
    }
}

#[tokio::test]
async fn a_vip_who_slips_by_their_own_rhythm_is_told_of_once_until_they_order_again() {
    let mut world = World::on("2026-11-05").await;
    fill(&world, 180).await;
    run_on(&mut world, "2026-11-05").await;
    let mut known = alerted(&world, "2026-11-05", "vip_slipping").await;
    // The same day again, and the days after it: nobody is told of twice, and somebody is new.
    world.run().await;
    assert_eq!(alerted(&world, "2026-11-05", "vip_slipping").await, known);
    for day in ["2026-11-06", "2026-11-09", "2026-11-15"] {
        run_on(&mut world, day).await;
        let new = alerted(&world, day, "vip_slipping").await;
        assert!(new.is_disjoint(&known), "{day}");
        known.extend(new);
    }
    assert!(!known.is_empty());
    rebuilt(&world, &known).await;
    let customer = known.first().unwrap().clone();
    let story = world.get(&format!("/v1/customers/{customer}/history?limit=1000")).await.json;
    let told = story["items"].as_array().unwrap().iter().find(|item| item["alert"]["cause"] == "vip_slipping").unwrap();
    assert!(told["alert"]["overdue_percent"].as_u64().unwrap() >= 150, "{told}");

    // An order ends the silence; the next one is told of again.
    let order = crate::order("again", &customer, "2026-11-16T10:00:00Z");
    world.move_to("2026-11-16");
    assert_eq!(world.post("/v1/orders", &order).await.status, 201);
    run_on(&mut world, "2026-11-17").await;
    assert!(!alerted(&world, "2026-11-17", "vip_slipping").await.contains(&customer));
    run_on(&mut world, "2026-12-31").await;
    let again = alerted(&world, "2026-12-31", "vip_slipping").await;
    let lost = alerted(&world, "2026-12-31", "vip_lost").await;
    assert!(again.contains(&customer) || lost.contains(&customer), "{customer}");
    rebuilt(&world, &known).await;
}

#[tokio::test]
async fn a_vip_who_is_lost_is_told_of_on_the_day_of_the_move_and_with_it() {
    let mut world = World::on("2026-11-05").await;
    fill(&world, 180).await;
    run_on(&mut world, "2026-11-05").await;
    // Under the same cuts for good: fitted anew, recency would be what is usual among the silent.
    let mut settings = world.get("/v1/settings").await.json;
    settings["refit"] = "manual".into();
    assert_eq!(world.call("PUT", "/v1/settings", settings.to_string()).await.status, 200);
    let mut lost = BTreeSet::new();
    for day in ["2026-11-20", "2026-12-20", "2027-03-01"] {
        run_on(&mut world, day).await;
        let new = alerted(&world, day, "vip_lost").await;
        assert!(new.is_disjoint(&lost), "{day}");
        for customer in &new {
            assert_eq!(segment(&world, customer).await, "r1f3m3", "{customer}");
        }
        lost.extend(new);
    }
    assert!(!lost.is_empty());
    rebuilt(&world, &lost).await;
    let customer = lost.first().unwrap();
    let story = world.get(&format!("/v1/customers/{customer}/history?limit=1000")).await.json;
    let moves = story["items"].as_array().unwrap().iter().filter(|item| item["kind"] == "move");
    let with_alert: Vec<&Value> = moves.filter(|item| item["alert"]["cause"] == "vip_lost").collect();
    assert_eq!(with_alert.len(), 1, "one event, of the move and the alert: {with_alert:?}");
}
