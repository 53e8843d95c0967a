//! Runs through the API: what they count, what they leave alone, and when they begin.

use std::collections::BTreeMap;

use e2e::{World, acme};
use ledger::Shard;
use resegment::Steps;
use resegment::jobs::StartJob;
use resegment::schedule::{StartLearn, StartRun, tick};
use segmentation::{Census, Place};
use serde_json::json;

/// `customers` who each bought 1 to 4 times, on days of the half year before 2026-11-01.
pub(crate) async fn fill(world: &World, customers: usize) {
    let mut orders = Vec::new();
    for n in 0..customers {
        for m in 0..=(n * 7 % 4) {
            let (month, day) = (5 + (n + m) % 6, 1 + (n * 5 + m * 11) % 28);
            let mut order =
                crate::order(&format!("A-{n}-{m}"), &format!("c-{n}"), &format!("2026-{month:02}-{day:02}T10:00:00Z"));
            order["total"] = json!(500 + (n * 37 + m * 101) % 9_000);
            orders.push(order);
        }
    }
    for batch in orders.chunks(100) {
        let answer = world.post("/v1/orders", &json!({ "orders": batch })).await;
        assert_eq!(answer.json["recorded"], batch.len(), "{}", answer.text);
    }
}

pub(crate) async fn labels(world: &World) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for shard in Shard::all(4) {
        let mut cursor = None;
        loop {
            let page = world.ledger.page(&acme(), shard, cursor.as_ref()).await.unwrap();
            for customer in page.customers {
                let place = customer.profile.label().map_or(Place::NONE, |label| label.place);
                labels.insert(customer.id.to_string(), place.to_string());
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    labels
}

#[tokio::test]
async fn a_run_labels_everyone_counts_them_and_twice_in_a_row_changes_nothing() {
    let world = World::on("2026-11-01").await;
    fill(&world, 150).await;
    let first = world.run().await;
    let census: Census = serde_json::from_value(first["counts"]["census"].clone()).unwrap();
    assert_eq!(census.total().customers, 150);
    let labelled = labels(&world).await;
    for (customer, place) in &labelled {
        let now = world.get(&format!("/v1/customers/{customer}/segment")).await.json;
        assert_eq!(now["segment"], json!(place), "{customer}");
    }
    let items = (world.count("Ledger").await, world.count("Customers").await);
    world.calls.take();
    let second = world.run().await;
    let calls = world.calls.take();
    assert_eq!(second["counts"]["census"], first["counts"]["census"]);
    assert_eq!(second["counts"]["steps"], json!({}), "nobody moved");
    assert_eq!(
        (second["activation"].clone(), second["cuts"].clone()),
        (first["activation"].clone(), first["cuts"].clone())
    );
    assert_eq!((world.count("Ledger").await, world.count("Customers").await), items);
    assert_eq!(labels(&world).await, labelled);
    // 64 buckets' pages, and for each shard one note of what it counted: no write per customer.
    assert!(calls["Query"] >= 64 && calls["PutItem"] == 8, "{calls:?}");
    // Beginning, settling, publishing.
    assert_eq!(calls["TransactWriteItems"], 3, "{calls:?}");
    let shown = world.get("/v1/segments").await.json;
    assert_eq!((&shown["run"], &shown["customers"]), (&json!(2), &json!(150)));
    let summed: u64 = shown["groups"].as_array().unwrap().iter().filter_map(|group| group["customers"].as_u64()).sum();
    assert_eq!(summed, 150);
}

#[tokio::test]
async fn time_alone_moves_by_decay_and_a_refit_says_refit() {
    let mut world = World::on("2026-11-01").await;
    fill(&world, 120).await;
    world.run().await;
    world.move_to("2026-11-20");
    let decayed = world.run().await;
    assert!(
        decayed["counts"]["steps"]["decay"].as_u64().is_some_and(|n| n > 0)
            && decayed["counts"]["steps"]["refit"].is_null()
    );
    assert_eq!(decayed["activation"], 1, "no fit was due in the same month");
    world.move_to("2026-12-20");
    let refitted = world.run().await;
    assert_eq!(refitted["activation"], 2);
    assert!(refitted["counts"]["steps"]["refit"].as_u64().is_some_and(|n| n > 0), "{}", refitted["counts"]["steps"]);
    for id in 0..120 {
        let id = ledger::CustomerId::try_from(format!("c-{id}")).unwrap();
        let shop = world.ledger.shop(&acme()).await.unwrap().unwrap();
        let stored = world.ledger.customer(&acme(), &id).await.unwrap().unwrap().profile;
        assert_eq!(world.ledger.rebuild(&shop, &id).await.unwrap(), Some(stored));
    }
}

#[tokio::test]
async fn before_the_first_order_a_run_makes_no_cuts_and_says_why() {
    let world = World::on("2026-11-01").await;
    let begun = world.post("/v1/runs", &json!({})).await.json;
    let run = loop {
        let run = world.get(&format!("/v1/runs/{}", begun["run"])).await.json;
        if run["status"] != "running" {
            break run;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((&run["status"], &run["activation"]), (&json!("failed"), &json!(null)), "{run}");
    assert!(run["failure"].as_str().is_some_and(|why| why.contains("nothing to segment")));
    fill(&world, 100).await;
    assert_eq!(world.run().await["activation"], 1, "the next run is free to begin");
}

#[tokio::test]
async fn two_runs_at_once_are_one_run_and_one_409() {
    let world = World::on("2026-11-01").await;
    fill(&world, 100).await;
    world.ledger.begin_run(&acme(), "2026-11-01".parse().unwrap(), false, 4, world.app.clock.now()).await.unwrap();
    assert_eq!(world.post("/v1/runs", &json!({})).await.told(), (409, "run-in-progress".into()));
    assert_eq!(world.post("/v1/runs", &json!({ "day": "2026-11-02" })).await.told(), (422, "day".into()));
}

#[tokio::test]
async fn the_schedule_begins_each_shops_day_once() {
    let world = World::on("2026-11-01").await;
    fill(&world, 100).await;
    e2e::shop(&world.ledger, &"empty".parse().unwrap()).await;
    for shop in ["acme", "empty"] {
        let shop = world.ledger.shop(&shop.parse().unwrap()).await.unwrap().unwrap();
        let any_hour = ledger::Changeable { run_hour: 0, ..ledger::Changeable::default() };
        world.ledger.change_settings(&shop, any_hour).await.unwrap();
    }
    let steps = Steps::new(world.ledger.clone(), world.app.clock);
    let driven = steps.clone();
    let start: StartRun = std::sync::Arc::new(move |shop, run| {
        let steps = driven.clone();
        Box::pin(async move {
            let told = |error: resegment::RunError| resegment::schedule::StartError(error.to_string());
            resegment::drive(&steps, &shop, run, |_| {}).await.map(|_| ()).map_err(told)
        })
    });
    let learn = StartLearn(std::sync::Arc::new(|_, _| Box::pin(async { Ok(()) })));
    let job = StartJob(std::sync::Arc::new(|_, _| Box::pin(async { Ok(()) })));
    let first = tick(&steps, &start, &learn, &job).await.unwrap();
    assert_eq!((first.begun, first.failed), (2, 0));
    let again = tick(&steps, &start, &learn, &job).await.unwrap();
    assert_eq!((again.begun, again.failed), (1, 0), "one day has its run; the shop without orders is looked at again");
    let run = world.ledger.shop(&acme()).await.unwrap().unwrap().current.last_run;
    assert_eq!(run.map(|run| run.run), Some(1));
}
