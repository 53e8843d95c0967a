//! A run step by step, as a state machine calls it: cut off, repeated, split in any number of shards, with orders in between.

use std::collections::BTreeMap;
use std::task::Poll;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, TimeDelta, Utc};
use e2e::{World, acme};
use ledger::{CustomerId, Ledger, Run, RunStatus, StoryItem};
use proptest::prelude::*;
use resegment::{RunError, Step, StepAnswer, Steps, Until, What};
use segmentation::{Histogram, Place, Summary, Survey, fit};
use serde_json::{Value, json};

use crate::runs::{fill, labels};

/// One call, with input and output as they would be written down, by a process that knows nothing of the ones before.
pub(crate) async fn call(world: &World, run: u64, what: What, until: Until) -> Result<StepAnswer, RunError> {
    let step = serde_json::to_string(&Step { shop: acme(), run, what }).unwrap();
    let steps = Steps::new(world.process(), world.app.clock);
    let answer = steps.step(&serde_json::from_str(&step).unwrap(), until).await?;
    Ok(serde_json::from_value(serde_json::to_value(answer).unwrap()).unwrap())
}

/// A call as a state machine makes it.
pub(crate) async fn step(world: &World, step: &Step) -> Result<StepAnswer, RunError> {
    call(world, step.run, step.what.clone(), Until::done()).await
}

/// The same, dropped at some await in the middle, as a crash would leave it; `true`: it came to its end before.
async fn cut_off(world: &World, run: u64, what: What, polls: u16) -> bool {
    let mut work = Box::pin(call(world, run, what, Until::done()));
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        work.as_mut().poll(context).map(|_| true)
    })
    .await
}

/// In which order shards come, and where calls are cut off.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disturbed {
    /// Shards are sorted by a hash with this.
    pub(crate) order: u64,
    /// Each call is cut off after so many polls, one after the other, before it may come to its end.
    pub(crate) polls: Vec<u16>,
    /// The call that does come to its end is made twice.
    pub(crate) twice: bool,
}

/// Does a whole run; gives how many calls were cut off.
pub(crate) async fn through(world: &World, run: u64, how: &Disturbed, mut between: impl AsyncFnMut()) -> usize {
    let mut off = 0;
    let mut done = async |what: What| {
        for polls in &how.polls {
            off += usize::from(!cut_off(world, run, what.clone(), *polls).await);
        }
        between().await;
        let answer = call(world, run, what.clone(), Until::done()).await;
        if how.twice && !matches!(what, What::Publish) {
            let again = call(world, run, what.clone(), Until::done()).await.unwrap();
            assert_eq!(again, *answer.as_ref().unwrap(), "{what:?}");
        }
        match answer {
            Ok(answer) => Some(answer),
            // A publish that was cut off after its write.
            Err(RunError::NoRun { .. }) if matches!(what, What::Publish) => None,
            Err(error) => panic!("{what:?}: {error}"),
        }
    };
    let Some(StepAnswer::Plan(plan)) = done(What::Plan).await else { panic!("a plan") };
    let mut shards = plan.shards;
    shards.sort_by_key(|shard| (u64::from(*shard) + 1).wrapping_mul(how.order | 1).rotate_left(31));
    if plan.fit {
        for shard in &shards {
            done(What::Survey { shard: *shard }).await;
        }
    }
    while matches!(done(What::Fit).await, Some(StepAnswer::Fit { look: true, .. })) {
        for shard in &shards {
            done(What::Look { shard: *shard }).await;
        }
    }
    // The wait that the fit asks for: whoever takes orders has read the new activation.
    world.ledger.forget_shop(&acme());
    for shard in &shards {
        done(What::Assign { shard: *shard }).await;
    }
    done(What::Publish).await;
    off
}

pub(crate) async fn begin(world: &World, day: &str, shards: u32) -> u64 {
    let begun = world.ledger.begin_run(&acme(), day.parse().unwrap(), true, shards, world.app.clock.now()).await;
    begun.unwrap().run
}

async fn ended(world: &World, run: u64) -> Run {
    world.ledger.run(&acme(), run).await.unwrap().unwrap()
}

/// All that must not depend on how a run was split and disturbed.
fn told(run: &Run) -> Value {
    let counts = run.counts.as_ref().unwrap();
    json!({
        "census": counts.census, "matrix": counts.matrix, "steps": counts.steps, "cuts": run.cuts,
        "activation": run.activation, "status": run.status,
    })
}

/// The moves of each customer, oldest first.
async fn moves(ledger: &Ledger, customers: usize) -> Vec<Vec<Value>> {
    let mut all = Vec::new();
    for n in 0..customers {
        let id = CustomerId::try_from(format!("c-{n}")).unwrap();
        let story = ledger.history(&acme(), &id, None, 100).await.unwrap();
        let moved = story.items.iter().filter(|item| matches!(item, StoryItem::Move { .. }));
        all.push(moved.map(|item| serde_json::to_value(item).unwrap()).collect());
    }
    all
}

/// A base that a first run labelled, a month and a half later: a third of it has bought again, and a refit moves others.
async fn later(customers: usize) -> World {
    let mut world = World::on("2026-11-01").await;
    fill(&world, customers).await;
    world.run().await;
    world.move_to("2026-12-20");
    let again = (0..customers).step_by(3).map(|n| {
        let mut order = crate::order(&format!("L-{n}"), &format!("c-{n}"), "2026-12-10T10:00:00Z");
        order["total"] = json!(9_000 + n * 13);
        order
    });
    let again: Vec<Value> = again.collect();
    for batch in again.chunks(100) {
        assert_eq!(world.post("/v1/orders", &json!({ "orders": batch })).await.json["recorded"], batch.len());
    }
    world
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, max_shrink_iters: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_number_of_shards_in_any_order_cut_off_anywhere_comes_to_the_same(
        shards in prop::sample::select(vec![1_u32, 4, 16, 64]),
        order in any::<u64>(),
        polls in prop::collection::vec(1..60_u16, 0..4),
        twice in any::<bool>(),
    ) {
        const CUSTOMERS: usize = 110;
        runtime().block_on(async {
            let plain = later(CUSTOMERS).await;
            let run = begin(&plain, "2026-12-20", 1).await;
            through(&plain, run, &Disturbed::default(), async || {}).await;
            let undisturbed = ended(&plain, run).await;
            let moved = undisturbed.counts.as_ref().unwrap().matrix.moved();
            assert!(moved > 20, "{moved}");

            let world = later(CUSTOMERS).await;
            let run = begin(&world, "2026-12-20", shards).await;
            let how = Disturbed { order, polls, twice };
            let off = through(&world, run, &how, async || {}).await;
            assert!(how.polls.iter().all(|polls| *polls > 2) || off > 0, "nothing was cut off");
            assert_eq!(told(&ended(&world, run).await), told(&undisturbed));
            assert_eq!(labels(&world).await, labels(&plain).await);
            assert_eq!(moves(&world.ledger, CUSTOMERS).await, moves(&plain.ledger, CUSTOMERS).await);
        });
    }

    #[test]
    fn with_orders_in_between_every_label_is_right_and_each_customer_is_counted_once(
        shards in prop::sample::select(vec![1_u32, 4, 16, 64]),
        order in any::<u64>(),
        polls in prop::collection::vec(1..60_u16, 0..3),
        seed in any::<u64>(),
    ) {
        const CUSTOMERS: usize = 110;
        runtime().block_on(async {
            let world = later(CUSTOMERS).await;
            let run = begin(&world, "2026-12-20", shards).await;
            let (mut random, mut sent) = (fastrand::Rng::with_seed(seed), 0);
            let arrive = async || {
                for _ in 0..random.usize(0..3) {
                    // Of known customers, and sometimes of new ones.
                    let customer = random.usize(0..CUSTOMERS + 10);
                    let mut order =
                        crate::order(&format!("B-{sent}"), &format!("c-{customer}"), "2026-12-20T08:00:00Z");
                    order["total"] = json!(random.u32(100..20_000));
                    assert_eq!(world.post("/v1/orders", &order).await.status, 201);
                    sent += 1;
                }
            };
            through(&world, run, &Disturbed { order, polls, twice: false }, arrive).await;
            let run = ended(&world, run).await;
            assert_eq!(run.status, RunStatus::Published);
            let counts = run.counts.unwrap();
            let known = labels(&world).await.len() as u64;
            assert!((CUSTOMERS as u64..=known).contains(&counts.census.total().customers));
            assert_eq!(counts.census.total().customers, counts.matrix.total());
            let cuts = world.ledger.activated(&acme(), run.activation.unwrap()).await.unwrap().cuts;
            let shop = world.ledger.fresh_shop(&acme()).await.unwrap().unwrap();
            for n in 0..CUSTOMERS + 10 {
                let id = CustomerId::try_from(format!("c-{n}")).unwrap();
                let Some(customer) = world.ledger.customer(&acme(), &id).await.unwrap() else { continue };
                let place = customer.profile.label().map_or(Place::NONE, |label| label.place);
                assert_eq!(place, cuts.place(&customer.profile.orders, run.day), "{id}");
                assert_eq!(world.ledger.rebuild(&shop, &id).await.unwrap(), Some(customer.profile), "{id}");
            }
            // Each move begins where the one before ended: none is missing, and none is there twice.
            for of_one in moves(&world.ledger, CUSTOMERS + 10).await {
                let mut at = json!("none");
                for step in of_one.iter().flat_map(|moved| moved["move"]["steps"].as_array().unwrap()) {
                    assert_eq!(step["from"], at, "{of_one:?}");
                    at = step["to"].clone();
                }
            }
            // The next quiet run finds nobody to move, and a census that is the sum of the labels.
            let quiet = world.run().await;
            assert_eq!(quiet["counts"]["steps"], json!({}));
            assert_eq!(quiet["labels"], 0);
            let mut by_label: BTreeMap<String, u64> = BTreeMap::new();
            labels(&world).await.into_values().for_each(|place| *by_label.entry(place).or_default() += 1);
            let census: segmentation::Census = serde_json::from_value(quiet["counts"]["census"].clone()).unwrap();
            let counted: BTreeMap<String, u64> = Place::all()
                .map(|place| (place.to_string(), census.at(place).customers))
                .filter(|(_, customers)| *customers > 0)
                .collect();
            assert_eq!(counted, by_label);
        });
    }
}

#[tokio::test]
async fn a_shard_that_must_return_goes_on_from_its_cursor() {
    let plain = later(120).await;
    let run = begin(&plain, "2026-12-20", 2).await;
    through(&plain, run, &Disturbed::default(), async || {}).await;
    let undisturbed = ended(&plain, run).await;

    let world = later(120).await;
    let run = begin(&world, "2026-12-20", 2).await;
    // Long past: each call does its one page, and returns.
    let at_once = Until::at(DateTime::<Utc>::UNIX_EPOCH);
    let mut calls: Vec<usize> = Vec::new();
    let mut until_done = async |what: What| {
        calls.push(1);
        while call(&world, run, what.clone(), at_once).await.unwrap() == (StepAnswer::Done { done: false }) {
            *calls.last_mut().unwrap() += 1;
        }
    };
    call(&world, run, What::Plan, at_once).await.unwrap();
    for shard in [1, 0] {
        until_done(What::Survey { shard }).await;
    }
    let fitted = call(&world, run, What::Fit, at_once).await.unwrap();
    assert_eq!(fitted, StepAnswer::Fit { look: false, wait: 65 }, "a new activation");
    for shard in [0, 1] {
        until_done(What::Assign { shard }).await;
    }
    call(&world, run, What::Publish, at_once).await.unwrap();
    // Two shards of 32 buckets: a page each, and no page is read by two calls.
    assert!(calls.iter().all(|calls| *calls >= 32), "{calls:?}");
    let run = ended(&world, run).await;
    assert_eq!(told(&run), told(&undisturbed));
    assert_eq!(run.counts.unwrap().read_units.to_bits(), undisturbed.counts.unwrap().read_units.to_bits());
    assert_eq!(run.labels, undisturbed.labels);
    assert_eq!(labels(&world).await, labels(&plain).await);
}

#[tokio::test]
async fn a_dead_runs_lease_expires_and_the_next_one_finishes_it() {
    let world = later(110).await;
    let now = world.app.clock.now();
    let run = begin(&world, "2026-12-20", 4).await;
    for what in [What::Plan, What::Survey { shard: 0 }, What::Survey { shard: 1 }] {
        call(&world, run, what, Until::done()).await.unwrap();
    }
    let shown = world.get(&format!("/v1/runs/{run}")).await.json;
    assert_eq!(shown["progress"], json!({ "shards": 4, "surveyed": 2, "looked": 0, "assigned": 0 }));
    let day = "2026-12-21".parse().unwrap();
    let refused = resegment::begin_run(&world.ledger, &acme(), day, false, now + TimeDelta::minutes(4)).await;
    assert!(matches!(refused, Err(ledger::BeginRunError::InProgress(2))), "{refused:?}");
    let taken = resegment::begin_run(&world.ledger, &acme(), day, false, now + TimeDelta::minutes(6)).await.unwrap();
    assert_eq!((taken.run, taken.day.to_string(), taken.shards), (run, "2026-12-20".to_owned(), 4));
    let steps = Steps::new(world.process(), world.app.clock);
    let published = resegment::drive(&steps, &acme(), run, |_| {}).await.unwrap();
    assert_eq!(published.status, RunStatus::Published);
    assert_eq!(world.run().await["run"], 3, "the lease was given back");
}

#[tokio::test]
async fn a_run_that_is_given_up_says_why_and_the_next_one_is_free_to_begin() {
    let world = later(110).await;
    let run = begin(&world, "2026-12-20", 4).await;
    call(&world, run, What::Plan, Until::done()).await.unwrap();
    let cause = r#"{"errorType":"Run.Store","errorMessage":"the store refused Query"}"#.to_owned();
    let fail = What::Fail { error: "Run.Store".to_owned(), cause };
    assert_eq!(call(&world, run, fail.clone(), Until::done()).await.unwrap(), StepAnswer::Done { done: true });
    let failed = ended(&world, run).await;
    assert_eq!((failed.status, failed.failure.as_deref()), (RunStatus::Failed, Some("the store refused Query")));
    let alerts = world.get("/v1/alerts").await.json;
    let told = json!({ "day": "2026-12-20", "run": run, "cause": "run_failed", "failure": "the store refused Query" });
    assert_eq!(alerts["items"], json!([told]));
    for what in [fail, What::Publish, What::Assign { shard: 0 }] {
        let late = call(&world, run, what, Until::done()).await.unwrap_err();
        assert_eq!(late.kind(), "Run.NotFound");
    }
    assert_eq!(world.run().await["status"], "published");
}

#[tokio::test]
async fn shards_that_are_not_done_are_not_published() {
    let world = later(110).await;
    let run = begin(&world, "2026-12-20", 2).await;
    for what in [What::Plan, What::Survey { shard: 0 }] {
        call(&world, run, what, Until::done()).await.unwrap();
    }
    assert_eq!(call(&world, run, What::Fit, Until::done()).await.unwrap_err().kind(), "Run.Store");
    call(&world, run, What::Survey { shard: 1 }, Until::done()).await.unwrap();
    call(&world, run, What::Fit, Until::done()).await.unwrap();
    call(&world, run, What::Assign { shard: 1 }, Until::done()).await.unwrap();
    let early = call(&world, run, What::Publish, Until::done()).await.unwrap_err();
    assert!(early.to_string().contains("1 of 2 shards are assigned"), "{early}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_with_more_amounts_than_are_counted_one_by_one_is_looked_at_twice_and_cut_exactly() {
    let world = World::on("2026-11-01").await;
    let shop = world.ledger.shop(&acme()).await.unwrap().unwrap();
    let money: Vec<i64> = (0..5_000).map(|n| 5_000 + n * n % 400_009).collect();
    let orders = money.iter().enumerate().map(|(n, total)| {
        let mut order = crate::order(&format!("A-{n}"), &format!("c-{n}"), "2026-10-01T10:00:00Z");
        order["total"] = json!(total);
        order
    });
    let orders: Vec<Value> = orders.collect();
    for batch in orders.chunks(100) {
        assert_eq!(world.post("/v1/orders", &json!({ "orders": batch })).await.json["recorded"], batch.len());
    }
    let run = begin(&world, "2026-11-01", 4).await;
    through(&world, run, &Disturbed { twice: true, ..Disturbed::default() }, async || {}).await;
    let run = ended(&world, run).await;
    assert!((1..=4).contains(&run.looks_at.len()), "{:?}", run.looks_at);
    let counts: Histogram = money.iter().copied().collect();
    let all = Summary::whole(counts);
    let days: Histogram = std::iter::repeat_n(31, money.len()).collect();
    let ones: Histogram = std::iter::repeat_n(1, money.len()).collect();
    let survey =
        Survey { recency: days, frequency: ones, monetary: all.clone(), order_totals: all, ..Survey::default() };
    let exact = fit(&survey, &shop.settings.changeable.segmentation);
    let fitted = world.ledger.activated(&acme(), run.activation.unwrap()).await.unwrap().cuts;
    assert_eq!(fitted.monetary, exact.monetary);
}

#[tokio::test]
async fn profiles_of_an_older_layout_are_written_anew_on_the_way_and_say_the_same() {
    let world = later(110).await;
    let shop = world.ledger.shop(&acme()).await.unwrap().unwrap();
    let client = world.ledger.client();
    let mut pages = client.scan().table_name("Customers").into_paginator().items().send();
    let (mut before, mut bytes) = (BTreeMap::new(), 0);
    while let Some(item) = pages.next().await {
        let mut item = item.unwrap();
        let id = CustomerId::try_from(item["customer"].as_s().unwrap().clone()).unwrap();
        let profile = world.ledger.customer(&acme(), &id).await.unwrap().unwrap().profile;
        // As the first release wrote it.
        assert_eq!(item["moves"], AttributeValue::B(Blob::new(profile.moves.packed())));
        let listed: AttributeValue = serde_dynamo::to_attribute_value(&profile.moves).unwrap();
        item.insert("moves".to_owned(), listed);
        item.insert("format".to_owned(), AttributeValue::N("1".to_owned()));
        client.put_item().table_name("Customers").set_item(Some(item)).send().await.unwrap();
        bytes += profile.moves.packed().len();
        before.insert(id, profile);
    }
    assert!(bytes / before.len() < 40, "{bytes}");
    // Read as they are, by whoever does not write.
    let (id, profile) = before.first_key_value().unwrap();
    assert_eq!(world.ledger.customer(&acme(), id).await.unwrap().unwrap().profile, *profile);
    let run = begin(&world, "2026-12-20", 4).await;
    through(&world, run, &Disturbed { polls: vec![25], ..Disturbed::default() }, async || {}).await;
    let (mut stayed, mut moved) = (0, 0);
    for (id, profile) in &before {
        let customer = world.ledger.customer(&acme(), id).await.unwrap().unwrap();
        assert!(!customer.is_outdated(), "{id}");
        if customer.profile.version == profile.version {
            stayed += 1;
            assert_eq!(customer.profile, *profile);
        } else {
            moved += 1;
        }
        assert_eq!(world.ledger.rebuild(&shop, id).await.unwrap(), Some(customer.profile), "{id}");
    }
    assert!(stayed > 20 && moved > 10, "{stayed} stayed, {moved} moved");
}

#[tokio::test]
async fn a_profile_of_a_newer_layout_is_not_read_as_something_else() {
    let world = World::on("2026-11-01").await;
    fill(&world, 1).await;
    let client = world.ledger.client();
    let mut item = client.scan().table_name("Customers").send().await.unwrap().items.unwrap().remove(0);
    item.insert("format".to_owned(), AttributeValue::N("99".to_owned()));
    client.put_item().table_name("Customers").set_item(Some(item)).send().await.unwrap();
    let error = world.ledger.customer(&acme(), &"c-0".to_owned().try_into().unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("format 99"), "{error}");
}
