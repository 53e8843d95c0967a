//! Simulations: a job that is asked for, driven, watched and read; its result is what the pure core says.

use std::collections::BTreeSet;
use std::time::Duration;

use catalogue::Catalogue;
use e2e::{World, acme};
use ledger::{JobStatus, Shard, ShopId};
use playbook::Playbook;
use playbook::decide::MoneyWords;
use playbook::simulate::{InForce, Period, Scenario, Tally, TallyRow, simulate};
use resegment::jobs::{CatalogueShelf, StartJob, begin_simulation, drive};
use resegment::schedule::{StartLearn, StartRun, tick};
use resegment::{Steps, Until};
use segmentation::{Activation, Day};
use serde_json::{Value, json};

const TODAY: &str = "2026-11-22";
const FROM: &str = "2026-10-20";
const UNTIL: &str = "2026-11-20";

/// A shop with 40 customers, 1 to 5 orders each since August, and its first run.
async fn shop() -> World {
    let world = World::on(TODAY).await;
    for customer in 0..40_u32 {
        for order in 0..=(customer * 7 % 5) {
            let (month, day) = (8 + (customer + order * 3) % 4, 1 + (customer * 5 + order * 11) % 21);
            let time = format!("2026-{month:02}-{day:02}T10:00:00Z");
            let mut sent = crate::order(&format!("o{customer}-{order}"), &format!("c{customer}"), &time);
            sent["total"] = json!(300 + (customer * 370 + order * 1_010) % 9_000);
            sent["lines"] =
                json!([{ "category": if customer % 2 == 0 { "tea" } else { "pots" }, "amount": sent["total"] }]);
            assert_eq!(world.post("/v1/orders", &sent).await.status, 201);
        }
    }
    world.run().await;
    world
}

fn question() -> Value {
    json!({ "from": FROM, "until": UNTIL })
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn steps(world: &World) -> Steps {
    Steps::new(world.ledger.clone(), world.app.clock)
}

/// The same by the pure core, over the profiles as they lie in the store.
async fn expected(world: &World, playbook: &Playbook, paused: BTreeSet<String>) -> Tally {
    let shop = world.ledger.fresh_shop(&acme()).await.unwrap().unwrap();
    let settings = &shop.settings.changeable;
    let active = shop.active.clone().unwrap();
    let scenario = Scenario {
        period: Period::new(day(FROM), day(UNTIL)).unwrap(),
        cuts: vec![InForce { from: day(TODAY), activation: Activation(1), cuts: active.cuts }],
        groups: settings.groups.clone(),
        settings: settings.offers.clone(),
        money: MoneyWords { code: "GBP".to_owned(), digits: 2 },
        campaigns: Vec::new(),
        paused,
        everyone_agrees: false,
    };
    let catalogue = Catalogue::default();
    let shelf = CatalogueShelf { catalogue: &catalogue, settings: &settings.offers };
    let (mut sum, mut cursor) = (Tally::default(), None);
    loop {
        let page = world.ledger.page(&acme(), Shard { index: 0, count: 1 }, cursor.as_ref()).await.unwrap();
        for customer in &page.customers {
            let shift = |series: &str| world.ledger.shift(&customer.key, series);
            sum.merge(&simulate(&customer.profile, &scenario, playbook, &shelf, shift));
        }
        cursor = page.next;
        if cursor.is_none() {
            return sum;
        }
    }
}

/// Waits for a job's end.
async fn ended(world: &World, job: &Value) -> Value {
    loop {
        let shown = world.get(&format!("/v1/jobs/{job}")).await.json;
        if shown["status"] != "running" && shown["status"] != "queued" {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// All rows of a job's result, in pages of `limit`.
async fn rows(world: &World, job: &Value, limit: usize) -> Vec<TallyRow> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/jobs/{job}/result?limit={limit}{cursor}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let items = page.json["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        all.extend(items.iter().map(|row| serde_json::from_value::<TallyRow>(row.clone()).unwrap()));
        match page.json["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn a_simulation_says_what_the_pure_core_says() {
    let world = shop().await;
    let begun = world.post("/v1/simulations", &question()).await;
    assert_eq!((begun.status.as_u16(), &begun.json["location"]), (202, &json!("/v1/jobs/1")));
    let job = ended(&world, &begun.json["job"]).await;
    assert_eq!((&job["status"], &job["progress"]["done"]), (&json!("done"), &job["progress"]["of"]), "{job}");
    assert_eq!(job["asked"], json!({ "playbook": Playbook::builtin().version(), "from": FROM, "until": UNTIL }));
    let expected = expected(&world, Playbook::builtin(), BTreeSet::new()).await;
    assert!(expected.total.promises > 0 && expected.total.used > 0, "{expected:?}");
    assert_eq!(job["summary"]["total"], serde_json::to_value(expected.total).unwrap());
    assert_eq!(job["rows"], expected.rows().len());
    assert_eq!(rows(&world, &json!(1), 7).await, expected.rows());
    assert_eq!(rows(&world, &json!(1), 1000).await, expected.rows());
    let csv = world.get("/v1/jobs/1/result?format=csv&limit=1").await.text;
    assert!(csv.starts_with("of,segment,mechanic,series,stood,customers,days,") && csv.lines().count() == 2, "{csv}");
}

#[tokio::test]
async fn a_playbook_is_simulated_before_it_is_published() {
    let world = shop().await;
    let modest = json!({ "segment": { "r3f1m1": { "limit": { "percent": 3, "rewards": 1 } } } });
    let asked = json!({ "playbook": modest, "from": FROM, "until": UNTIL });
    let begun = world.post("/v1/simulations", &asked).await;
    let job = ended(&world, &begun.json["job"]).await;
    let changed = Playbook::overridden(&modest).unwrap();
    assert_eq!(job["summary"]["playbook"], changed.version());
    assert_eq!(rows(&world, &begun.json["job"], 1000).await, expected(&world, &changed, BTreeSet::new()).await.rows());
    assert_ne!(world.get("/v1/playbook").await.json["version"], changed.version(), "nothing is published");
}

#[tokio::test]
async fn a_paused_series_promises_nothing() {
    let world = shop().await;
    let series = "r3f1m1/second_purchase_code";
    let count = |rows: &[TallyRow]| rows.iter().filter(|row| row.series.as_deref() == Some(series)).count();
    assert!(count(&expected(&world, Playbook::builtin(), BTreeSet::new()).await.rows()) > 0);
    let known = world.get(&format!("/v1/campaigns?series={series}")).await.json;
    let number = known["items"][0]["number"].as_u64().unwrap();
    let paused = world.post(&format!("/v1/campaigns/{number}/state"), &json!({ "state": "paused" })).await;
    assert_eq!(paused.status, 200, "{}", paused.text);
    let begun = world.post("/v1/simulations", &question()).await;
    ended(&world, &begun.json["job"]).await;
    let found = rows(&world, &begun.json["job"], 1000).await;
    assert_eq!(count(&found), 0);
    let paused = BTreeSet::from([series.to_owned()]);
    assert_eq!(found, expected(&world, Playbook::builtin(), paused).await.rows());
}

#[tokio::test]
async fn a_job_that_broke_off_is_gone_on_with_to_the_same_result() {
    let world = shop().await;
    let asked = json!({ "playbook": Playbook::builtin().version(), "from": FROM, "until": UNTIL });
    let loaded = world.ledger.fresh_shop(&acme()).await.unwrap().unwrap();
    let period = Period::new(day(FROM), day(UNTIL)).unwrap();
    let now = || world.app.clock.now();
    let job = begin_simulation(&world.ledger, &loaded, &loaded.playbook, period, asked, now()).await.unwrap();
    assert_eq!(world.get("/v1/jobs/1").await.json["status"], "queued");
    let (broken, shop) = (steps(&world), acme());
    let worker = tokio::spawn(async move { drive(&broken, &shop, job.number, Until::done()).await.map(|_| ()) });
    while world.ledger.job(&acme(), 1).await.unwrap().unwrap().done == 0 {
        tokio::task::yield_now().await;
    }
    worker.abort();
    let stands = world.ledger.job(&acme(), 1).await.unwrap().unwrap();
    assert!(stands.status == JobStatus::Done || !stands.broke_off(now()), "its lease has not expired");
    if stands.status == JobStatus::Running {
        assert_eq!(world.get("/v1/jobs/1/result").await.told(), (409, "job-not-done".into()));
        assert_eq!(world.post("/v1/simulations", &question()).await.told(), (409, "job-in-progress".into()));
    }
    // As a machine that starts anew does; then the hour's look finds it.
    world.ledger.expire_job_leases(&acme()).await.unwrap();
    let run: StartRun = std::sync::Arc::new(|_, _| Box::pin(async { Ok(()) }));
    let again = steps(&world);
    let start = StartJob(std::sync::Arc::new(move |shop: ShopId, number| {
        let steps = again.clone();
        let told = |error: resegment::RunError| resegment::schedule::StartError(error.to_string());
        Box::pin(async move { drive(&steps, &shop, number, Until::done()).await.map(|_| ()).map_err(told) })
    }));
    tick(&steps(&world), &run, &StartLearn(run.clone()), &start).await.unwrap();
    assert_eq!(ended(&world, &json!(1)).await["status"], "done");
    let expected = expected(&world, Playbook::builtin(), BTreeSet::new()).await.rows();
    assert_eq!(rows(&world, &json!(1), 50).await, expected);
    // Driven once more it stays as it is.
    let ended = world.ledger.job(&acme(), 1).await.unwrap();
    assert_eq!(drive(&steps(&world), &acme(), 1, Until::done()).await.unwrap(), ended);
}

#[tokio::test]
async fn calls_that_must_return_at_once_simulate_the_same_one_part_after_the_other() {
    let world = shop().await;
    let loaded = world.ledger.fresh_shop(&acme()).await.unwrap().unwrap();
    let period = Period::new(day(FROM), day(UNTIL)).unwrap();
    let now = || world.app.clock.now();
    let job = begin_simulation(&world.ledger, &loaded, &loaded.playbook, period, json!({}), now()).await.unwrap();
    let mut done = 0;
    let ended = loop {
        if let Some(ended) = drive(&steps(&world), &acme(), job.number, Until::at(now())).await.unwrap() {
            break ended;
        }
        let stands = world.ledger.job(&acme(), job.number).await.unwrap().unwrap();
        assert!(stands.done > done && stands.status == JobStatus::Running, "{stands:?} after {done}");
        done = stands.done;
    };
    assert!(done > 0 && ended.status == JobStatus::Done, "{ended:?}");
    let expected = expected(&world, Playbook::builtin(), BTreeSet::new()).await.rows();
    assert_eq!(rows(&world, &json!(1), 1000).await, expected);
}

#[tokio::test]
async fn who_asks_for_something_else_gives_a_broken_job_up() {
    let world = shop().await;
    let loaded = world.ledger.fresh_shop(&acme()).await.unwrap().unwrap();
    let period = Period::new(day(FROM), day(UNTIL)).unwrap();
    let now = world.app.clock.now();
    let other = json!({ "playbook": "another one", "from": FROM, "until": UNTIL });
    begin_simulation(&world.ledger, &loaded, &loaded.playbook, period, other, now).await.unwrap();
    assert_eq!(world.post("/v1/simulations", &question()).await.told(), (409, "job-in-progress".into()));
    world.ledger.expire_job_leases(&acme()).await.unwrap();
    let begun = world.post("/v1/simulations", &question()).await;
    assert_eq!((begun.status.as_u16(), &begun.json["job"]), (202, &json!(2)));
    let given_up = world.get("/v1/jobs/1").await.json;
    assert_eq!(given_up["status"], "failed");
    assert!(given_up["failure"].as_str().is_some_and(|why| why.contains("something else")), "{given_up}");
    assert_eq!(world.get("/v1/jobs/1/result").await.told(), (409, "job-not-done".into()));
    assert_eq!(ended(&world, &json!(2)).await["status"], "done");
}

#[tokio::test]
async fn what_cannot_be_simulated_is_named_and_begins_nothing() {
    let world = World::on(TODAY).await;
    assert_eq!(world.post("/v1/simulations", &question()).await.told(), (409, "no-cuts".into()));
    let world = shop().await;
    for (body, told) in [
        (json!({ "from": FROM, "until": "2026-10-19" }), (422, "until")),
        (json!({ "from": "2025-01-01", "until": UNTIL }), (422, "until")),
        (json!({ "from": FROM, "until": "2026-11-23" }), (422, "until")),
        (json!({ "from": FROM }), (422, "until")),
        (json!({ "from": FROM, "until": UNTIL, "days": 3 }), (422, "days")),
        (
            json!({ "from": FROM, "until": UNTIL, "playbook": { "version": "0123456789abcdef" } }),
            (404, "playbook-unknown"),
        ),
        (
            json!({ "from": FROM, "until": UNTIL, "playbook": { "segment": { "r1f1m1": { "gentle_days": "x" } } } }),
            (422, "playbook.segment.r1f1m1.gentle_days"),
        ),
    ] {
        assert_eq!(world.post("/v1/simulations", &body).await.told(), (told.0, told.1.to_owned()), "{body}");
    }
    assert_eq!(world.get("/v1/jobs/1").await.told(), (404, "not-found".into()));
}

#[tokio::test]
async fn another_shops_job_is_unknown_here() {
    let world = shop().await;
    let begun = world.post("/v1/simulations", &question()).await;
    ended(&world, &begun.json["job"]).await;
    let other = e2e::shop(&world.ledger, &"other".parse().unwrap()).await;
    let theirs = &other.last().unwrap().token;
    for path in ["/v1/jobs/1", "/v1/jobs/1/result"] {
        assert_eq!(world.get(path).await.status, 200);
        assert_eq!(world.call_as(theirs, "GET", path, "").await.told(), (404, "not-found".into()));
    }
    assert_eq!(world.get("/v1/jobs/1/result?cursor=bm8").await.told(), (422, "cursor".into()));
    assert_eq!(world.get("/v1/jobs/9/result").await.told(), (404, "not-found".into()));
}
