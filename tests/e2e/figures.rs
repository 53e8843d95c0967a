//! How much campaigns are used and what surveys are answered: counted by runs and by limits, and shown without looking at customers.

use chrono::{DateTime, Utc};
use e2e::{World, acme};
use serde_json::{Value, json};
use web::{App, Clock};

use crate::redemptions::{by_code, code, redeem, shop, step};
use crate::steps::{self, Disturbed};

/// The same store at a moment, since reservations last for half an hour.
pub(crate) fn move_to(world: &mut World, moment: &str) {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    world.app = App::new(world.ledger.clone(), Clock::At(moment));
    world.router = e2e::router(&world.app, &world.driver);
}

pub(crate) async fn number(world: &World, series: &str) -> u64 {
    let listed = world.get(&format!("/v1/campaigns?series={series}")).await.json;
    listed["items"][0]["number"].as_u64().unwrap()
}

/// A shop whose code for everyone was used by `ann` and given back by `dan`, released by `bob`, and left lying by `cat`, who holds another one
/// as `eve` does. Its limit is ten.
pub(crate) async fn used() -> World {
    let mut world = shop().await;
    move_to(&mut world, "2026-11-22T12:00:00Z");
    let limit = json!({ "series": "welcome_all", "count": 10, "amount": 100_000, "shards": 2 });
    assert_eq!(world.call("PUT", "/v1/budgets", limit.to_string()).await.status, 200);
    let reserve = async |world: &World, customer: &str, order: &str| {
        let reserved = redeem(world, &by_code(&code(world, customer).await, customer, order)).await;
        assert_eq!(reserved.status, 201, "{}", reserved.text);
        reserved.json["id"].clone()
    };
    for customer in ["ann", "dan"] {
        let order = crate::order(&format!("O-{customer}"), customer, "2026-11-22T11:00:00Z");
        assert_eq!(world.post("/v1/orders", &order).await.status, 201);
        let id = reserve(&world, customer, &format!("O-{customer}")).await;
        assert_eq!(step(&world, &id, "confirm").await.status, 200);
    }
    let mut cancelled = crate::order("O-dan", "dan", "2026-11-22T11:00:00Z");
    cancelled["status"] = json!("cancelled");
    cancelled["revision"] = json!(1);
    cancelled.as_object_mut().unwrap().remove("id");
    assert_eq!(world.call("PUT", "/v1/orders/O-dan", cancelled.to_string()).await.status, 200);
    let id = reserve(&world, "bob", "O-bob").await;
    assert_eq!(step(&world, &id, "release").await.status, 200);
    reserve(&world, "cat", "O-cat").await;
    move_to(&mut world, "2026-11-22T13:00:00Z");
    reserve(&world, "cat", "O-cat-2").await;
    reserve(&world, "eve", "O-eve").await;
    world
}

#[tokio::test]
pub(crate) async fn a_campaign_says_whom_it_is_for_and_what_became_of_its_rewards() {
    let world = used().await;
    let number = number(&world, "welcome_all").await;
    let path = format!("/v1/campaigns/{number}");
    assert!(world.get(&path).await.json["figures"].is_null(), "nobody asked for them");
    let figures = async || world.get(&format!("{path}?figures=1")).await.json["figures"].clone();
    let before = figures().await;
    for absent in ["run", "day", "customers", "used"] {
        assert!(before[absent].is_null(), "no run has counted: {before}");
    }
    let budget = &before["budgets"][0];
    let counted = ["used_count", "released_count", "lapsed_count", "given_back_count", "left_count"];
    assert_eq!(counted.map(|name| budget[name].as_u64().unwrap()), [3, 1, 1, 1, 7], "{budget}");
    assert_eq!((&budget["used_amount"], &budget["held"]), (&json!(3 * 499), &json!({ "count": 2, "more": false })));

    let run = world.run().await;
    let after = figures().await;
    let census = world.get("/v1/segments").await.json;
    assert_eq!((&after["run"], &after["day"], &after["customers"]), (&run["run"], &run["day"], &census["customers"]));
    let used = json!({ "customers": 1, "rewards": 1, "value": 499, "lately": 1, "lately_value": 499 });
    assert_eq!(after["used"], used);
    assert!(run["counts"]["responses"].is_null(), "{run}");

    let listed = world.get("/v1/campaigns?figures=1&limit=1000").await.json["items"].clone();
    let listed = listed.as_array().unwrap();
    let own = listed.iter().find(|one| one["series"] == "welcome_all").unwrap();
    assert_eq!((&own["figures"]["used"], &own["segments"]), (&used, &Value::Null));
    let counters = |budget: &Value| counted.map(|name| budget[name].clone());
    assert_eq!(counters(&own["figures"]["budgets"][0]), counters(&after["budgets"][0]));
    let cell = |segment: &Value| {
        census["segments"].as_array().unwrap().iter().find(|cell| cell["segment"] == *segment).unwrap()["customers"]
            .clone()
    };
    for one in listed.iter().filter(|one| one["from"] == "playbook") {
        let segments = one["segments"].as_array().unwrap();
        assert_eq!((segments.len(), &one["figures"]["customers"]), (1, &cell(&segments[0])), "{one}");
        let entry = if segments[0] == "none" { "newcomer" } else { segments[0].as_str().unwrap() };
        assert!(one["series"].as_str().unwrap().starts_with(&format!("{entry}/")), "{one}");
        assert_eq!(one["figures"]["used"]["rewards"], 0);
        assert!(!one["text"].as_str().unwrap().is_empty() && !one["calendar"].is_null(), "{one}");
    }
}

#[tokio::test]
async fn campaigns_are_listed_by_state_and_by_where_they_come_from() {
    let world = shop().await;
    let number = number(&world, "welcome_all").await;
    assert_eq!(world.post(&format!("/v1/campaigns/{number}/state"), &json!({ "state": "paused" })).await.status, 200);
    let names = async |query: &str| {
        let listed = world.get(&format!("/v1/campaigns?limit=1000&{query}")).await.json["items"].clone();
        let listed = listed.as_array().unwrap().iter().map(|one| one["series"].as_str().unwrap().to_owned());
        listed.collect::<Vec<_>>()
    };
    let own = vec!["welcome_all".to_owned()];
    assert_eq!((names("state=paused").await, names("from=own").await), (own.clone(), own.clone()));
    assert_eq!(names("state=open&from=own").await, Vec::<String>::new());
    let (all, open) = (names("").await, names("state=open").await);
    assert_eq!(all.len(), open.len() + 1);
    assert_eq!(names("from=playbook").await, open);
    let russian = world.get(&format!("/v1/campaigns/{number}?lang=ru")).await.json["reward"].clone();
    assert_ne!(russian, world.get(&format!("/v1/campaigns/{number}")).await.json["reward"]);
    for (query, field) in
        [("figures=2", "figures"), ("state=shut", "query"), ("from=nowhere", "query"), ("lang=de", "lang")]
    {
        assert_eq!(world.get(&format!("/v1/campaigns?{query}")).await.told(), (422, field.to_owned()), "{query}");
    }
    let one = format!("/v1/campaigns/{number}");
    for (query, field) in [("figures=2", "figures"), ("series=x", "query"), ("lang=de", "lang")] {
        assert_eq!(world.get(&format!("{one}?{query}")).await.told(), (422, field.to_owned()), "{query}");
    }
    let csv = world.get("/v1/campaigns?from=own&figures=1&format=csv").await.text;
    assert_eq!(
        csv.lines().next(),
        Some("series,number,state,from,reward,text,segments,opens,closes,customers,used,used_value"),
    );
    assert!(csv.lines().nth(1).unwrap().ends_with("A code for everyone.,,,,,,"), "no run has counted: {csv}");
}

/// Answers of several days, the last one of each customer's counts.
pub(crate) async fn answered() -> World {
    let mut world = World::on("2026-10-01").await;
    let said = [
        ("2026-10-01", "ann", "nps", json!({ "score": 3 })),
        ("2026-10-02", "bob", "nps", json!({ "score": 9 })),
        ("2026-10-03", "cat", "reason", json!({ "reason": "price" })),
        ("2026-11-20", "ann", "nps", json!({ "score": 10 })),
        ("2026-11-21", "dan", "nps", json!({ "score": 7 })),
        ("2026-11-22", "eve", "nps", json!({ "score": 6 })),
        ("2026-11-22", "dan", "reason", json!({ "reason": "quality" })),
        ("2026-11-22", "<eve>", "reason", json!({ "reason": "price" })),
    ];
    for (nth, (day, customer, survey, mut said)) in said.into_iter().enumerate() {
        world.move_to(day);
        said["id"] = json!(nth.to_string());
        said["customer"] = json!(customer);
        assert_eq!(world.post(&format!("/v1/surveys/{survey}/answers"), &said).await.status, 201);
    }
    let order = crate::order("A-1", "ann", "2026-11-20T10:00:00Z");
    assert_eq!(world.post("/v1/orders", &order).await.status, 201);
    world
}

#[tokio::test]
async fn what_customers_answered_is_counted_by_the_run() {
    let world = answered().await;
    assert_eq!(world.get("/v1/surveys").await.told(), (404, "not-found".to_owned()));
    let run = world.run().await;
    let told = world.get("/v1/surveys").await.json;
    assert_eq!((&told["run"], &told["day"]), (&run["run"], &json!("2026-11-22")));
    let of = |survey: &str| told["surveys"].as_array().unwrap().iter().find(|one| one["survey"] == survey).unwrap();
    let answers = |survey: &str| {
        let answers = of(survey)["answers"].as_array().unwrap().iter();
        answers.map(|one| (one["customers"].as_u64().unwrap(), one["lately"].as_u64().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(answers("reason"), [(2, 1), (0, 0), (1, 1), (0, 0), (0, 0)]);
    assert_eq!(answers("nps"), [(1, 1), (1, 1), (2, 1)]);
    assert_eq!((&of("nps")["customers"], &of("nps")["lately"]), (&json!(4), &json!(3)));
    assert_eq!((&of("nps")["net_promoters"], &of("reason")["net_promoters"]), (&json!(25.0), &Value::Null));
    assert_eq!((&of("purchase")["customers"], &of("purchase")["net_promoters"]), (&json!(0), &Value::Null));
}

#[tokio::test]
async fn a_shard_that_is_repeated_counts_no_reward_and_no_answer_twice() {
    let counted = async |world: &World| world.ledger.responses(&acme()).await.unwrap().unwrap().responses;
    let undisturbed = answered().await;
    undisturbed.run().await;
    let world = answered().await;
    let run = steps::begin(&world, "2026-11-22", 2).await;
    let how = Disturbed { polls: vec![3, 9, 17, 40, 80], twice: true, ..Disturbed::default() };
    assert!(steps::through(&world, run, &how, async || {}).await >= 6, "the test must interrupt work");
    let responses = counted(&world).await;
    assert!(!responses.is_empty());
    assert_eq!(responses, counted(&undisturbed).await);
}
