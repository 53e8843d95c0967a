//! Runs through the API and step by step: what they count, what they leave alone, and how they go on.

use std::collections::BTreeMap;
use std::future::Future;
use std::task::Poll;

use e2e::{World, acme};
use ledger::{Shard, StoryItem};
use resegment::jobs::StartJob;
use resegment::schedule::{StartLearn, StartRun, tick};
use resegment::{AssignInput, FitInput, PublishInput, Steps, SurveyInput};
use segmentation::{Census, Place};
use serde_json::{Value, json};

/// `customers` who each bought 1 to 4 times, on days of the half year before 2026-11-01.
async fn fill(world: &World, customers: usize) {
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

async fn labels(world: &World) -> BTreeMap<String, String> {
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
    // 64 pages at least, and for each shard's page one note of progress: no write per customer.
    assert!(calls["Query"] >= 64 && calls["TransactWriteItems"] <= 64 + 8, "{calls:?}");
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
async fn every_step_reads_and_writes_its_state_as_json_and_any_number_of_shards_counts_the_same() {
    let mut results: Vec<(Value, BTreeMap<String, String>)> = Vec::new();
    for shards in [1, 3, 16] {
        let world = World::on("2026-11-01").await;
        fill(&world, 120).await;
        let steps = Steps { ledger: world.ledger.clone(), clock: world.app.clock };
        let run = world
            .ledger
            .begin_run(&acme(), "2026-11-01".parse().unwrap(), false, shards, world.app.clock.now())
            .await
            .unwrap();
        let plan = steps.plan(&acme(), run.run).await.unwrap();
        let written = |value: Value| value.to_string();
        let mut surveys = Vec::new();
        for shard in plan.shards.iter().rev() {
            let input = written(serde_json::to_value(SurveyInput { plan: plan.clone(), shard: *shard }).unwrap());
            surveys.push(steps.survey(&serde_json::from_str(&input).unwrap()).await.unwrap());
        }
        let input = written(serde_json::to_value(FitInput { plan: plan.clone(), surveys }).unwrap());
        let settled = steps.fit(&serde_json::from_str(&input).unwrap()).await.unwrap();
        let mut counted = Vec::new();
        for shard in plan.shards.iter().rev() {
            let input = AssignInput {
                plan: plan.clone(),
                activation: settled.activation.unwrap(),
                measured: settled.measured.clone(),
                shard: *shard,
            };
            let input = written(serde_json::to_value(input).unwrap());
            counted.push(steps.assign(&serde_json::from_str(&input).unwrap()).await.unwrap());
        }
        let input =
            written(serde_json::to_value(PublishInput { run: settled, shop: acme(), shards: counted }).unwrap());
        let run = steps.publish(&serde_json::from_str(&input).unwrap()).await.unwrap();
        let counts = run.counts.unwrap();
        let told = json!({ "census": counts.census, "matrix": counts.matrix, "steps": counts.steps, "cuts": run.cuts });
        results.push((told, labels(&world).await));
    }
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

#[tokio::test]
async fn a_shard_that_breaks_off_after_its_counts_finishes_its_labels_and_counts_nothing_twice() {
    let world = World::on("2026-11-01").await;
    fill(&world, 130).await;
    let steps = Steps { ledger: world.ledger.clone(), clock: world.app.clock };
    let run =
        world.ledger.begin_run(&acme(), "2026-11-01".parse().unwrap(), false, 2, world.app.clock.now()).await.unwrap();
    let plan = steps.plan(&acme(), run.run).await.unwrap();
    let mut surveys = Vec::new();
    for shard in &plan.shards {
        surveys.push(steps.survey(&SurveyInput { plan: plan.clone(), shard: *shard }).await.unwrap());
    }
    let settled = steps.fit(&FitInput { plan: plan.clone(), surveys }).await.unwrap();
    let activation = settled.activation.unwrap();
    let (mut shards, mut broken_off) = (Vec::new(), 0);
    for shard in &plan.shards {
        let input = AssignInput { plan: plan.clone(), activation, measured: None, shard: *shard };
        // Dropped at some await in the middle, as a crash would leave it; each time a little further.
        for polls in [3, 9, 17, 40, 80] {
            let mut work = Box::pin(steps.assign(&input));
            let mut left = polls;
            let done = std::future::poll_fn(|context| {
                left -= 1;
                if left == 0 { Poll::Ready(false) } else { work.as_mut().poll(context).map(|ended| ended.is_ok()) }
            });
            broken_off += usize::from(!done.await);
        }
        shards.push(steps.assign(&input).await.unwrap());
    }
    assert!(broken_off >= 6, "the test must interrupt work: {broken_off}");
    let run = steps.publish(&PublishInput { run: settled, shop: acme(), shards }).await.unwrap();
    let counts = run.counts.unwrap();
    assert_eq!((counts.census.total().customers, counts.matrix.total(), counts.matrix.moved()), (130, 130, 130));
    let mut in_labels = BTreeMap::new();
    for place in labels(&world).await.into_values() {
        *in_labels.entry(place).or_insert(0_u64) += 1;
    }
    let counted: BTreeMap<String, u64> = Place::all()
        .map(|place| (place.to_string(), counts.census.at(place).customers))
        .filter(|(_, customers)| *customers > 0)
        .collect();
    assert_eq!(in_labels, counted);
    let mut moves = 0;
    for n in 0..130 {
        let id = ledger::CustomerId::try_from(format!("c-{n}")).unwrap();
        let story = world.ledger.history(&acme(), &id, None, 100).await.unwrap();
        moves += story.items.iter().filter(|item| matches!(item, StoryItem::Move { .. })).count();
    }
    assert_eq!(moves, 130, "each move exactly once");
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
    let steps = Steps { ledger: world.ledger.clone(), clock: world.app.clock };
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
