//! Learning what goes with what, from orders to offers: through the API, step by step, and by the schedule.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use e2e::{World, acme};
use ledger::{BeginLearningError, Changeable, LEASE, LearningNumbers, LearningStatus, LedgerError, ShopId};
use resegment::jobs::StartJob;
use resegment::learn::{CountInput, LearnInput, MergeInput, drive};
use resegment::schedule::{StartLearn, StartRun, tick};
use resegment::{RunError, Steps, Until};
use segmentation::{Day, ProductKey};
use serde_json::{Value, json};

const TODAY: &str = "2026-11-22";

fn day() -> Day {
    TODAY.parse().unwrap()
}

fn steps(world: &World) -> Steps {
    Steps::new(world.ledger.clone(), world.app.clock)
}

fn now(world: &World) -> DateTime<Utc> {
    world.app.clock.now()
}

fn product(id: &str, category: &str, price: i64) -> Value {
    json!({ "id": id, "name": format!("The {id}"), "category": category, "price": price })
}

async fn buy(world: &World, id: &str, customer: &str, on: &str, products: &[&str]) {
    let category = |id: &str| if ["cup", "pot"].contains(&id) { "cups" } else { "tea" };
    let line = |id: &&str| json!({ "product": id, "category": category(id), "amount": 900 });
    let lines: Vec<Value> = products.iter().map(line).collect();
    let order =
        json!({ "id": id, "customer": customer, "time": format!("{on}T10:00:00Z"), "currency": "GBP", "lines": lines });
    let answer = world.post("/v1/orders", &order).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

/// Teas and cups. Who buys green buys the pot with it and black later; who buys white buys the cup.
async fn tea_shop() -> World {
    let world = World::on(TODAY).await;
    let settings = json!({ "segmentation": { "fixed_recency": { "c1": 30, "c2": 90 }, "fixed_frequency": { "c1": 1, "c2": 4 },
        "fixed_monetary": { "c1": 1000, "c2": 5000 } } });
    assert_eq!(world.call("PUT", "/v1/settings", settings.to_string()).await.status, 200);
    let products = json!({ "products": [product("green", "tea", 900), product("black", "tea", 1000), product("white", "tea", 950),
        product("cup", "cups", 700), product("pot", "cups", 2500)] });
    assert_eq!(world.call("PUT", "/v1/products", products.to_string()).await.json["recorded"], 5);
    world.publish().await;
    for n in 0..12 {
        let (green, white) = (format!("green-{n}"), format!("white-{n}"));
        buy(&world, &format!("G-{n}"), &green, "2026-10-01", &["green", "pot"]).await;
        buy(&world, &format!("H-{n}"), &green, "2026-10-20", &["black"]).await;
        buy(&world, &format!("W-{n}"), &white, "2026-10-10", &["white", "cup"]).await;
    }
    buy(&world, "N-1", "new", "2026-11-20", &["green"]).await;
    for on in ["2026-09-28", "2026-10-09", "2026-10-20", "2026-10-31", "2026-11-12"] {
        buy(&world, &format!("R-{on}"), "regular", on, &["green"]).await;
    }
    world.run().await;
    world
}

/// The pointer to what was learned.
async fn version(world: &World) -> Option<String> {
    world.ledger.read_current(&acme()).await.unwrap().unwrap().learned
}

/// The products that each idea shows to a customer.
async fn shown(world: &World, customer: &str) -> BTreeMap<String, Vec<String>> {
    let answer = world.get(&format!("/v1/customers/{customer}/offers")).await.json;
    let offers = answer["decision"]["offers"].as_array().cloned().unwrap_or_default();
    let ids = |offer: &Value| {
        let products = offer["products"].as_array().cloned().unwrap_or_default();
        products.iter().filter_map(|product| product["id"].as_str().map(str::to_owned)).collect()
    };
    offers.iter().map(|offer| (offer["mechanic"].as_str().unwrap_or("other").to_owned(), ids(offer))).collect()
}

#[tokio::test]
async fn what_others_bought_together_is_learned_and_offered() {
    let world = tea_shop().await;
    let (new, regular) = (shown(&world, "new").await, shown(&world, "regular").await);
    let of_lists = ["first_order_complement", "complements", "look_alikes"];
    assert!(!of_lists.iter().any(|idea| new.contains_key(*idea) || regular.contains_key(*idea)), "{new:?} {regular:?}");
    let learned = world.learn().await;
    assert_eq!(
        (&learned["status"], &learned["day"], &learned["number"]),
        (&json!("done"), &json!(TODAY), &json!(1)),
        "{learned}"
    );
    let numbers = &learned["numbers"];
    assert_eq!((&numbers["customers"], &numbers["products"], &numbers["pairs"]), (&json!(26), &json!(5), &json!(4)));
    assert_eq!(numbers["lists"], 5);
    assert!(learned["seconds"].as_f64().is_some_and(|seconds| seconds >= 0.0));
    assert_eq!(world.ledger.read_current(&acme()).await.unwrap().unwrap().last_learned, Some(day()));
    let shop = world.ledger.fresh_shop(&acme()).await.unwrap().unwrap();
    let catalogue = world.ledger.whole_catalogue(&shop).await.unwrap();
    assert!(catalogue.get(ProductKey::of("pot")).is_some());
    // The strongest first: the pot lay beside the green, the cup only comes of cups going with tea.
    assert_eq!(shown(&world, "new").await["first_order_complement"], ["pot", "cup"]);
    let regular = shown(&world, "regular").await;
    assert_eq!(regular["complements"][0], "pot", "{regular:?}");
    assert_eq!(regular["look_alikes"][0], "black", "{regular:?}");
    // A cart is spoken for by what lay in one basket.
    let cart = world.post("/v1/offers", &json!({ "customer": "regular", "cart": { "products": ["white"] } })).await;
    assert!(cart.text.contains("The cup"), "{}", cart.text);
    // Once more on the same purchases: the same lists, and a warm lookup is one read still.
    let before = version(&world).await;
    assert_eq!((&world.learn().await["number"], version(&world).await), (&json!(2), before));
    world.get("/v1/customers/regular/offers").await;
    world.calls.take();
    assert_eq!(shown(&world, "regular").await, regular);
    assert_eq!(world.calls.take(), [("GetItem".to_owned(), 1)].into());
}

#[tokio::test]
async fn shards_and_parts_of_any_number_learn_the_same_and_every_step_is_written_as_json() {
    let mut versions = Vec::new();
    for (shards, parts) in [(1, 1), (1, 16), (8, 16), (8, 64), (5, 3)] {
        let world = tea_shop().await;
        let steps = steps(&world);
        let begun = world.ledger.begin_learning(&acme(), day(), shards, parts, now(&world)).await.unwrap();
        let plan = steps.plan_learning(&acme(), begun.number).await.unwrap();
        for shard in plan.shards.iter().rev() {
            let input = serde_json::to_string(&CountInput { plan: plan.clone(), shard: *shard }).unwrap();
            let input: CountInput = serde_json::from_str(&input).unwrap();
            let counted = steps.count(&input).await.unwrap();
            assert_eq!(steps.count(&input).await.unwrap(), counted, "counted once");
        }
        for part in (0..parts).rev() {
            let input = serde_json::to_string(&MergeInput { plan: plan.clone(), part }).unwrap();
            let input: MergeInput = serde_json::from_str(&input).unwrap();
            world.calls.take();
            let merged = steps.merge(&input).await.unwrap();
            // A note and a query per shard, of this learning's own partitions; nothing else is read.
            let (gets, queries) = (1 + shards as usize, shards as usize);
            let expected = [("GetItem", gets), ("PutItem", 2), ("Query", queries)];
            assert_eq!(world.calls.take(), expected.map(|(call, times)| (call.to_owned(), times)).into());
            assert_eq!(steps.merge(&input).await.unwrap(), merged, "merged once");
        }
        let input = serde_json::to_string(&LearnInput { plan }).unwrap();
        let input: LearnInput = serde_json::from_str(&input).unwrap();
        let learned = steps.learn(&input).await.unwrap();
        assert_eq!(learned.status, LearningStatus::Done);
        assert!(matches!(steps.learn(&input).await, Err(RunError::NoLearning { .. })), "it is at its end");
        versions.push(version(&world).await.unwrap());
    }
    versions.dedup();
    assert_eq!(versions.len(), 1, "{versions:?}");
}

#[tokio::test]
async fn a_learning_that_died_after_counting_is_gone_on_with_and_learns_the_same() {
    let undisturbed = tea_shop().await;
    undisturbed.learn().await;

    let world = tea_shop().await;
    let (steps, begun_at) = (steps(&world), now(&world));
    let begun = world.ledger.begin_learning(&acme(), day(), 4, 16, begun_at).await.unwrap();
    let plan = steps.plan_learning(&acme(), begun.number).await.unwrap();
    for shard in &plan.shards {
        steps.count(&CountInput { plan: plan.clone(), shard: *shard }).await.unwrap();
    }
    steps.merge(&MergeInput { plan: plan.clone(), part: 0 }).await.unwrap();
    // What is bought after the counting is for the next learning.
    buy(&world, "L-1", "late", TODAY, &["white", "pot"]).await;
    assert_eq!(world.post("/v1/affinities", &json!({})).await.told(), (409, "learning-in-progress".into()));
    assert_eq!(world.get("/v1/affinities").await.json["status"], "running");
    let taken =
        world.ledger.begin_learning(&acme(), day(), 8, 64, begun_at + LEASE + TimeDelta::seconds(1)).await.unwrap();
    assert_eq!(taken, begun);
    world.calls.take();
    // Two who think that it is theirs: whoever ends it, it ends once and as it would have alone.
    let other = steps.clone();
    let shop = acme();
    let ended =
        tokio::join!(drive(&steps, &shop, 1, Until::done(), |_| {}), drive(&other, &shop, 1, Until::done(), |_| {}));
    let done =
        [ended.0, ended.1].into_iter().filter(|end| matches!(end, Ok(Some(end)) if end.status == LearningStatus::Done));
    assert!(done.count() >= 1);
    assert!(!world.calls.take().contains_key("Scan"));
    assert_eq!(version(&world).await, version(&undisturbed).await);
    assert_eq!(
        drive(&steps, &shop, 1, Until::done(), |_| {}).await.unwrap().unwrap().status,
        LearningStatus::Done,
        "called again"
    );
    assert!(matches!(
        drive(&steps, &shop, 2, Until::done(), |_| {}).await,
        Err(RunError::NoLearning { number: 2, .. })
    ));
    world.learn().await;
    assert_ne!(version(&world).await, version(&undisturbed).await, "the late purchase counts now");
}

#[tokio::test]
async fn calls_that_must_return_at_once_learn_the_same_one_part_after_the_other() {
    let undisturbed = tea_shop().await;
    undisturbed.learn().await;
    let world = tea_shop().await;
    world.ledger.begin_learning(&acme(), day(), 3, 5, now(&world)).await.unwrap();
    let mut calls = 0;
    let ended = loop {
        calls += 1;
        // A process of its own each time, as another call of the function may be.
        let steps = Steps::new(world.process(), world.app.clock);
        if let Some(ended) = drive(&steps, &acme(), 1, Until::at(now(&world)), |_| {}).await.unwrap() {
            break ended;
        }
        assert!(calls < 9, "each call counts a shard or merges a part");
    };
    assert!(ended.status == LearningStatus::Done && calls > 1, "{calls} calls: {ended:?}");
    assert_eq!(version(&world).await, version(&undisturbed).await);
}

#[tokio::test]
async fn two_learnings_at_once_are_one_learning_and_one_409() {
    let world = World::on(TODAY).await;
    assert_eq!(world.get("/v1/affinities").await.told(), (404, "not-found".into()));
    assert_eq!(world.post("/v1/affinities", &json!({ "day": TODAY })).await.status, 422);
    world.ledger.begin_learning(&acme(), day(), 8, 16, now(&world)).await.unwrap();
    assert_eq!(world.post("/v1/affinities", &json!({})).await.told(), (409, "learning-in-progress".into()));
    let again = world.ledger.begin_learning(&acme(), day(), 8, 16, now(&world)).await;
    assert!(matches!(again, Err(BeginLearningError::InProgress(1))));
}

#[tokio::test]
async fn a_learning_that_was_given_up_publishes_nothing_any_more() {
    let world = tea_shop().await;
    let at = now(&world);
    let learning = world.ledger.begin_learning(&acme(), day(), 1, 1, at).await.unwrap();
    world.ledger.fail_learning(&acme(), &learning, "given up".into(), at).await.unwrap();
    let lists = catalogue::Learned::default();
    let late = world.ledger.publish_learning(&acme(), &learning, &lists, LearningNumbers::default(), at).await;
    assert!(matches!(late, Err(LedgerError::Changed(_))), "{late:?}");
    assert_eq!(version(&world).await, None);
}

/// Starts that drive at once, so that a tick has ended when all it began has.
fn at_once(world: &World) -> (StartRun, StartLearn) {
    let told = |error: RunError| resegment::schedule::StartError(error.to_string());
    let (runs, learnings) = (steps(world), steps(world));
    let run: StartRun = Arc::new(move |shop: ShopId, run| {
        let steps = runs.clone();
        Box::pin(async move { resegment::drive(&steps, &shop, run, |_| {}).await.map(|_| ()).map_err(told) })
    });
    let learn: StartRun = Arc::new(move |shop: ShopId, number| {
        let steps = learnings.clone();
        Box::pin(async move { drive(&steps, &shop, number, Until::done(), |_| {}).await.map(|_| ()).map_err(told) })
    });
    (run, StartLearn(learn))
}

async fn at_any_hour(world: &World) {
    let shop = world.ledger.shop(&acme()).await.unwrap().unwrap();
    let any_hour = Changeable { run_hour: 0, ..shop.settings.changeable.clone() };
    world.ledger.change_settings(&shop, any_hour).await.unwrap();
}

async fn ticks(world: &World) -> (usize, usize, usize, usize) {
    let (run, learn) = at_once(world);
    let job = StartJob(Arc::new(|_, _| Box::pin(async { Ok(()) })));
    let found = tick(&steps(world), &run, &learn, &job).await.unwrap();
    (found.begun, found.learning, found.published, found.failed)
}

#[tokio::test]
async fn the_schedule_learns_once_a_week_after_the_first_run_also_where_there_is_nothing_to_learn_from() {
    let mut world = World::on(TODAY).await;
    at_any_hour(&world).await;
    assert_eq!(ticks(&world).await, (1, 0, 0, 0), "no run is published where nobody bought");
    assert_eq!(world.get("/v1/affinities").await.status, 404);
    assert_eq!(world.post("/v1/orders", &crate::order("A-1", "ann", "2026-11-20T10:00:00Z")).await.status, 201);
    assert_eq!(ticks(&world).await, (1, 0, 0, 0), "its first run is published while the schedule looks");
    assert_eq!(ticks(&world).await, (0, 1, 0, 0));
    let failed = world.get("/v1/affinities").await.json;
    assert_eq!((&failed["status"], &failed["day"]), (&json!("failed"), &json!(TODAY)));
    assert!(failed["failure"].as_str().is_some_and(|why| why.contains("nothing to learn from")), "{failed}");
    assert_eq!(ticks(&world).await, (0, 0, 0, 0), "not each hour");
    buy(&world, "A-2", "ann", "2026-11-21", &["green", "pot"]).await;
    world.move_to("2026-11-28");
    assert_eq!(ticks(&world).await, (1, 0, 0, 0));
    world.move_to("2026-11-29");
    assert_eq!(ticks(&world).await, (1, 1, 0, 0));
    assert_eq!(world.get("/v1/affinities").await.json["status"], "done");
    assert_eq!(ticks(&world).await, (0, 0, 0, 0));
    // One that broke off is not waited a week for.
    world.ledger.begin_learning(&acme(), "2026-11-29".parse().unwrap(), 8, 16, now(&world)).await.unwrap();
    assert_eq!(ticks(&world).await, (0, 0, 0, 0), "somebody is at it");
    world.ledger.expire_learning_lease(&acme()).await.unwrap();
    assert_eq!(ticks(&world).await, (0, 1, 0, 0));
    assert_eq!(world.get("/v1/affinities").await.json["number"], 3);
}

#[tokio::test]
async fn the_schedule_publishes_products_that_nobody_is_publishing() {
    let world = World::on(TODAY).await;
    let products = json!({ "products": [product("green", "tea", 900)] });
    assert_eq!(world.call("PUT", "/v1/products", products.to_string()).await.json["recorded"], 1);
    assert!(world.ledger.is_publish_due(&acme()).await.unwrap());
    let published = ticks(&world).await.2;
    assert_eq!((published, world.ledger.is_publish_due(&acme()).await.unwrap()), (1, false));
    let shop = world.ledger.fresh_shop(&acme()).await.unwrap().unwrap();
    assert_eq!(world.ledger.whole_catalogue(&shop).await.unwrap().len(), 1);
    assert_eq!(ticks(&world).await.2, 0);
    // A job that was at it less than a minute ago has its own next one.
    let more = json!({ "products": [product("black", "tea", 900)] });
    assert_eq!(world.call("PUT", "/v1/products", more.to_string()).await.json["recorded"], 1);
    assert_eq!(ticks(&world).await.2, 0);
}
