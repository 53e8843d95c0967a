//! Holdout and uplift through the API: a run measures both arms, counts nothing twice, and costs nothing without a holdout.

use std::collections::BTreeMap;

use e2e::{World, acme};
use ledger::CustomerId;
use playbook::holdout::EVERYTHING;
use playbook::{IdeaKind, Playbook};
use serde_json::{Value, json};

use crate::steps::{self, Disturbed};

const CUSTOMERS: usize = 240;

async fn send(world: &World, orders: &[Value]) {
    for batch in orders.chunks(100) {
        let answer = world.post("/v1/orders", &json!({ "orders": batch })).await;
        assert_eq!(answer.json["recorded"], batch.len(), "{}", answer.text);
    }
}

fn order(id: String, n: usize, day: &str) -> Value {
    let mut order = crate::order(&id, &format!("c-{n}"), &format!("{day}T10:00:00Z"));
    order["total"] = json!(500 + n * 37 % 9_000);
    order
}

/// A world on 1 October whose customers bought before, with this holdout.
pub(crate) async fn october(holdout: Value) -> World {
    let world = World::on("2026-10-01").await;
    let before: Vec<Value> = (0..CUSTOMERS)
        .flat_map(|n| (0..=(n * 7 % 3)).map(move |m| (n, m)))
        .map(|(n, m)| order(format!("A-{n}-{m}"), n, &format!("2026-{:02}-{:02}", 7 + (n + m) % 3, 1 + (n * 5) % 28)))
        .collect();
    send(&world, &before).await;
    hold_out(&world, holdout).await;
    world
}

async fn hold_out(world: &World, holdout: Value) {
    let set = world.call("PUT", "/v1/settings", json!({ "rewards": { "holdout": holdout } }).to_string()).await;
    assert_eq!(set.status, 200, "{}", set.text);
}

async fn held_out(world: &World, n: usize) -> bool {
    let shop = world.ledger.fresh_shop(&acme()).await.unwrap().unwrap();
    let id = CustomerId::try_from(format!("c-{n}")).unwrap();
    let holdout = &shop.settings.changeable.rewards.holdout;
    world.ledger.drawn(holdout, &world.ledger.customer_key(&acme(), &id), EVERYTHING)
}

/// On 1 November, after an October in which 3 of 4 treated customers bought and 1 of 4 who are held out. Gives how many were
/// held out, how many of those bought, and how many of the treated did.
pub(crate) async fn spent_october(world: &mut World) -> (usize, usize, usize) {
    world.run().await;
    world.move_to("2026-11-01");
    let (mut out, mut out_bought, mut treated_bought, mut orders) = (0, 0, 0, Vec::new());
    for n in 0..CUSTOMERS {
        let held_out = held_out(world, n).await;
        out += usize::from(held_out);
        if if held_out { n % 4 == 0 } else { n % 4 != 0 } {
            *(if held_out { &mut out_bought } else { &mut treated_bought }) += 1;
            orders.push(order(format!("O-{n}"), n, &format!("2026-10-{:02}", 1 + n % 31)));
        }
    }
    // Newcomers of October are in no cohort, and November's orders in no outcome.
    orders.push(order("N-1".to_owned(), 1_000, "2026-10-05"));
    orders.push(order("L-1".to_owned(), 1, "2026-11-01"));
    send(world, &orders).await;
    (out, out_bought, treated_bought)
}

async fn all(world: &World, month: &str) -> Value {
    let answer = world.get(&format!("/v1/uplift?month={month}&limit=1000")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json["items"][0]["segment"], "all", "{}", answer.text);
    answer.json["items"][0].clone()
}

#[tokio::test]
async fn a_run_measures_both_arms_and_what_was_planted_is_read_off() {
    let mut world = october(json!({ "percent": 20 })).await;
    let (out, out_bought, treated_bought) = spent_october(&mut world).await;
    let run = world.run().await;
    let total = all(&world, "2026-10").await;
    let arm = |name: &str| (total[name]["customers"].as_u64().unwrap(), total[name]["converted"].as_u64().unwrap());
    assert_eq!(arm("held_out"), (out as u64, out_bought as u64));
    assert_eq!(arm("treated"), ((CUSTOMERS - out) as u64, treated_bought as u64));
    assert_eq!((&total["from"], &total["through"]), (&json!("2026-10-01"), &json!("2026-10-31")));
    assert_eq!((&total["run"], &total["held_out_percent"]), (&run["run"], &json!(20)));
    assert!(total["uplift"]["conversion"]["low"].as_f64().unwrap() > 0.0, "{total}");
    assert!(total["reading"].as_str().unwrap().starts_with("Of 100 treated customers"), "{total}");
    assert!(run["counts"]["uplift"].is_null() && run["measured"]["activation"] == 1, "{run}");

    let listed = world.get("/v1/uplift?month=2026-10&limit=1000").await.json;
    let summed = |arm: &str| -> u64 {
        let rows = listed["items"].as_array().unwrap().iter().skip(1).filter(|row| row["series"] == "*");
        rows.map(|row| row[arm]["customers"].as_u64().unwrap()).sum()
    };
    assert_eq!((summed("held_out"), summed("treated")), (out as u64, (CUSTOMERS - out) as u64), "cohorts add up");
    let first = world.get("/v1/uplift?month=2026-10&limit=2").await.json;
    let rest = world.get(&format!("/v1/uplift?limit=999&cursor={}", first["next"].as_str().unwrap())).await.json;
    let pages = [first["items"].as_array().unwrap().clone(), rest["items"].as_array().unwrap().clone()].concat();
    assert_eq!(Some(&pages), listed["items"].as_array(), "two pages, and October is what the last run measured");
    let csv = world.get("/v1/uplift?month=2026-10&format=csv").await;
    assert!(csv.text.lines().nth(1).is_some_and(|row| row.starts_with("2026-10,2026-10-01,2026-10-31,all,*,20,")));
    assert_eq!(csv.text.lines().count(), pages.len() + 1);
}

#[tokio::test]
async fn a_series_with_a_holdout_of_its_own_is_compared_by_itself() {
    let mechanics: BTreeMap<String, Value> = Playbook::builtin()
        .entries()
        .filter_map(|entry| {
            let idea = entry.ideas.iter().find(|idea| idea.kind() == IdeaKind::Reward)?;
            Some((Playbook::series(entry, idea), json!(idea.mechanic)))
        })
        .collect();
    let shares: BTreeMap<&String, u8> = mechanics.keys().map(|series| (series, 40)).collect();
    let mut world = october(json!({ "series": shares })).await;
    world.run().await;
    world.move_to("2026-10-02");
    world.run().await;
    let listed = world.get("/v1/uplift?month=2026-10").await.json;
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items[0]["reading"], "Nobody is held out of this, so what it changes cannot be told.");
    let count = |row: &Value, arm: &str| row[arm]["customers"].as_u64().unwrap();
    let (mut compared, mut held_out) = (0, 0);
    for row in items.iter().filter(|row| row["series"] != "*") {
        let series = row["series"].as_str().unwrap();
        let everyone = items.iter().find(|all| all["series"] == "*" && all["segment"] == row["segment"]).unwrap();
        assert!(series.starts_with(row["segment"].as_str().unwrap()), "{row}");
        assert_eq!((&row["mechanic"], &row["held_out_percent"]), (&mechanics[series], &json!(40)));
        assert_eq!(count(row, "treated") + count(row, "held_out"), count(everyone, "treated"), "{row}");
        compared += count(everyone, "treated");
        held_out += count(row, "held_out");
    }
    assert!(compared > 50 && (compared / 4..compared * 3 / 5).contains(&held_out), "{held_out} of {compared}");
}

#[tokio::test]
async fn a_shard_that_is_repeated_counts_nothing_twice() {
    let mut undisturbed = october(json!({ "percent": 20 })).await;
    spent_october(&mut undisturbed).await;
    undisturbed.run().await;
    let mut world = october(json!({ "percent": 20 })).await;
    spent_october(&mut world).await;
    let run = steps::begin(&world, "2026-11-01", 2).await;
    let mut settled = None;
    let how = Disturbed { polls: vec![3, 9, 17, 40, 80], twice: true, ..Disturbed::default() };
    let off = steps::through(&world, run, &how, async || {
        let now = world.ledger.run(&acme(), run).await.unwrap().unwrap();
        if settled.is_none() && now.activation.is_some() {
            // Who goes on with the run measures what was settled, whatever the settings have become.
            hold_out(&world, json!({ "percent": 50, "salt": "other" })).await;
            settled = Some(now.measured.clone());
        }
    });
    assert!(off.await >= 6, "the test must interrupt work");
    let run = world.ledger.run(&acme(), run).await.unwrap().unwrap();
    assert_eq!(settled, Some(run.measured));
    let month = "2026-10".parse().unwrap();
    let [left, right] = [undisturbed.ledger.uplift(&acme(), month).await, world.ledger.uplift(&acme(), month).await]
        .map(|record| record.unwrap().unwrap());
    assert_eq!(left, right);
    assert!(!right.tally.is_empty());
}

#[tokio::test]
async fn without_a_holdout_nothing_is_measured_written_or_read() {
    let mut world = october(json!({})).await;
    world.run().await;
    let items = world.count("Shops").await;
    world.move_to("2026-11-01");
    let run = world.run().await;
    assert!(run["measured"].is_null(), "{run}");
    // The run, its activation and cuts, eight shards with their surveys, of a piece each: nothing else.
    assert_eq!(world.count("Shops").await - items, 3 + 8 * 3);
    let answer = world.get("/v1/uplift").await;
    assert_eq!(answer.told(), (404, "no-holdout".to_owned()));
    assert!(answer.json["detail"].as_str().unwrap().contains("rewards.holdout.percent"), "{}", answer.text);
    hold_out(&world, json!({ "percent": 10 })).await;
    world.ledger.forget_shop(&acme());
    assert_eq!(world.get("/v1/uplift?month=2026-10").await.told(), (404, "not-found".to_owned()));
    for (query, field) in
        [("month=2026-13", "month"), ("month=x", "month"), ("months=1", "query"), ("cursor=eA", "cursor")]
    {
        assert_eq!(world.get(&format!("/v1/uplift?{query}")).await.told(), (422, field.to_owned()), "{query}");
    }
}

#[tokio::test]
async fn a_period_begins_when_the_holdout_was_first_seen_and_goes_on_until_it_is_another() {
    let mut world = october(json!({})).await;
    world.run().await;
    world.move_to("2026-10-10");
    hold_out(&world, json!({ "percent": 20 })).await;
    assert_eq!(world.run().await["measured"]["since"], "2026-10-10");
    assert_eq!(world.get("/v1/uplift?month=2026-10").await.status, 404, "no whole day of it has passed");
    let mut periods = Vec::new();
    for day in ["2026-10-11", "2026-10-20", "2026-11-01", "2026-11-02"] {
        world.move_to(day);
        world.run().await;
        let total = world.get("/v1/uplift").await.json["items"][0].clone();
        periods.push(format!("{} {} {}", total["month"], total["from"], total["through"]).replace('"', ""));
    }
    let expected = [
        "2026-10 2026-10-10 2026-10-10",
        "2026-10 2026-10-10 2026-10-19",
        "2026-10 2026-10-10 2026-10-31",
        "2026-11 2026-11-01 2026-11-01",
    ];
    assert_eq!(periods, expected);
    // A run for an earlier day knows less of the month than is known.
    let earlier = world.post("/v1/runs", &json!({ "day": "2026-10-15" })).await;
    assert_eq!(earlier.status, 202, "{}", earlier.text);
    while world.get(&format!("/v1/runs/{}", earlier.json["run"])).await.json["status"] == "running" {
        tokio::task::yield_now().await;
    }
    assert_eq!(all(&world, "2026-10").await["through"], "2026-10-31");
    hold_out(&world, json!({ "percent": 20, "salt": "autumn" })).await;
    world.move_to("2026-11-20");
    assert_eq!(world.run().await["measured"]["since"], "2026-11-20", "other customers are held out from now on");
}
