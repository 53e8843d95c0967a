//! Cuts: candidates, previews, activations by the next run, rollbacks, and that whoever stands still stays.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use e2e::{World, acme, router};
use ledger::{Changeable, CustomerId, Refit, Shard, StoryItem};
use resegment::{StepAnswer, Until, What};
use segmentation::{Cause, Cuts, Day, Orders, Place, Step};
use serde_json::{Value, json};
use web::{App, Clock};

use crate::runs::{fill, labels};
use crate::steps::call;

async fn manual(world: &World) {
    let shop = world.ledger.fresh_shop(&acme()).await.unwrap().unwrap();
    let changed = Changeable { refit: Refit::Manual, ..shop.settings.changeable.clone() };
    world.ledger.change_settings(&shop, changed).await.unwrap();
}

/// A shop with 150 customers after its first run, which is the only one to fit by itself.
async fn shop() -> World {
    let world = World::on("2026-11-01").await;
    manual(&world).await;
    fill(&world, 150).await;
    world.run().await;
    world
}

fn typed() -> Value {
    json!({
        "recency": { "c1": 20, "c2": 60 }, "frequency": { "c1": 2, "c2": 3 }, "monetary": { "c1": 2000, "c2": 9000 },
    })
}

/// Waits for a job's end.
async fn ended(world: &World, begun: &e2e::Answer) -> Value {
    assert_eq!(begun.status, 202, "{}", begun.text);
    loop {
        let shown = world.get(begun.json["location"].as_str().unwrap()).await.json;
        if shown["status"] != "running" && shown["status"] != "queued" {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn orders(world: &World) -> BTreeMap<String, Orders> {
    let (mut all, mut cursor) = (BTreeMap::new(), None);
    loop {
        let page = world.ledger.page(&acme(), Shard { index: 0, count: 1 }, cursor.as_ref()).await.unwrap();
        all.extend(page.customers.into_iter().map(|customer| (customer.id.to_string(), customer.profile.orders)));
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
}

async fn active(world: &World) -> Cuts {
    world.ledger.fresh_shop(&acme()).await.unwrap().unwrap().active.as_ref().unwrap().cuts
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// All steps of a customer's moves, oldest first, with the day of each.
async fn steps_of(world: &World, customer: &str) -> Vec<(Day, Step)> {
    let id = CustomerId::try_from(customer.to_owned()).unwrap();
    let (mut all, mut after): (Vec<(Day, Step)>, Option<String>) = (Vec::new(), None);
    loop {
        let page = world.ledger.history(&acme(), &id, after.as_deref(), 200).await.unwrap();
        for item in page.items {
            if let StoryItem::Move { moved, .. } = item {
                all.extend(moved.steps.iter().map(|step| (moved.day, *step)));
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

#[tokio::test]
async fn a_fit_that_nobody_activates_moves_nobody() {
    let mut world = shop().await;
    let (before, items) = (labels(&world).await, world.count("Ledger").await);
    let settings = json!({ "min_customers": 1000 });
    let mut changed = world.get("/v1/settings").await.json;
    changed["segmentation"] = settings;
    assert_eq!(world.call("PUT", "/v1/settings", changed.to_string()).await.status, 200);
    let job = ended(&world, &world.post("/v1/cuts/candidates", &json!({})).await).await;
    assert_eq!((&job["status"], &job["summary"]["customers"]), (&json!("done"), &json!(150)), "{job}");
    assert_eq!(job["progress"]["done"], job["progress"]["of"]);
    let known = world.get("/v1/cuts").await.json;
    let version = &job["summary"]["version"];
    assert_ne!(&known["active"]["version"], version, "other terms, other cuts");
    let candidate = known["known"]["items"].as_array().unwrap().iter().find(|model| &model["version"] == version);
    assert_eq!(
        candidate.map(|model| (&model["fitted"], &model["customers"])),
        Some((&json!("2026-11-01"), &json!(150)))
    );
    let rows = world.get(&format!("/v1/jobs/{}/result", job["job"])).await.json;
    assert_eq!(rows["items"][0], json!({ "axis": "recency", "c1": 30, "c2": 90, "law": "fallback_few_customers" }));
    assert_eq!((labels(&world).await, world.count("Ledger").await), (before, items));
    world.move_to("2026-11-02");
    let run = world.run().await;
    assert_eq!((&run["activation"], &run["counts"]["steps"]["refit"]), (&json!(1), &json!(null)));
    assert_eq!(world.get("/v1/segments").await.json["cuts_version"], run["cuts"]);
}

#[tokio::test]
async fn an_activation_moves_those_previewed_but_for_touched_ones_who_are_listed() {
    let mut world = shop().await;
    let candidate = world.post("/v1/cuts/candidates", &typed()).await;
    assert_eq!((candidate.status.as_u16(), &candidate.json["new"]), (201, &json!(true)), "{}", candidate.text);
    assert_eq!(world.post("/v1/cuts/candidates", &typed()).await.status, 200, "the same is known");
    let version = candidate.json["version"].as_str().unwrap().to_owned();
    let job = ended(&world, &world.post(&format!("/v1/cuts/{version}/preview"), &json!({})).await).await;
    assert_eq!((&job["status"], &job["summary"]["day"]), (&json!("done"), &json!("2026-11-02")), "{job}");

    // The same, by the pure core.
    let (on, old) = (day("2026-11-02"), active(&world).await);
    let new: Cuts = serde_json::from_value(candidate.json["cuts"].clone()).unwrap();
    let stood = labels(&world).await;
    let mut cells: BTreeMap<(String, String, &str), (u64, u64)> = BTreeMap::new();
    let mut expected: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (customer, orders) in orders(&world).await {
        let (decayed, refitted) = (old.place(&orders, on), new.place(&orders, on));
        let (from, to) = (stood[&customer].clone(), refitted.to_string());
        if from == to {
            continue;
        }
        let kind = if decayed == refitted { "day" } else { "refit" };
        let idle = u64::from(orders.iter().all(|entry| entry.day < day("2026-11-01")));
        let cell = cells.entry((from.clone(), to.clone(), kind)).or_default();
        (cell.0, cell.1) = (cell.0 + 1, cell.1 + idle);
        if kind == "refit" {
            expected.insert(customer, (from, to));
        }
    }
    assert!(expected.len() > 20, "{expected:?}");
    assert_eq!(job["summary"]["refit"], expected.len());
    let rows = world.get(&format!("/v1/jobs/{}/result?limit=1000", job["job"])).await.json;
    let shown = rows["items"].as_array().unwrap().iter().map(|row| {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let kind = if row["kind"] == "refit" { "refit" } else { "day" };
        let count = |name: &str| row[name].as_u64().unwrap();
        ((text("from"), text("to"), kind), (count("customers"), count("idle")))
    });
    assert_eq!(shown.collect::<BTreeMap<_, _>>(), cells);

    // Some who would move, and some who would not, buy in between.
    let mut touched: BTreeSet<String> = expected.keys().take(3).cloned().collect();
    touched.extend(stood.keys().filter(|customer| !expected.contains_key(*customer)).take(3).cloned());
    for customer in &touched {
        let mut order = crate::order(&format!("T-{customer}"), customer, "2026-11-01T12:00:00Z");
        order["total"] = json!(4_000);
        assert_eq!(world.post("/v1/orders", &order).await.status, 201);
    }
    let asked = json!({ "preview": job["job"] });
    let due = world.post(&format!("/v1/cuts/{version}/activate"), &asked).await;
    assert_eq!((due.status.as_u16(), &due.json["due"]["day"]), (202, &json!("2026-11-02")), "{}", due.text);
    assert_eq!(world.run().await["activation"], 1, "a run of an earlier day leaves it alone");
    let stood = labels(&world).await;
    world.move_to("2026-11-02");
    let run = world.run().await;
    assert_eq!((&run["activation"], &run["cuts"], &run["notice"]), (&json!(2), &json!(version), &json!(null)));
    let mut other: BTreeMap<String, (Value, Value)> = BTreeMap::new();
    for customer in stood.keys() {
        let now = steps_of(&world, customer).await.into_iter().filter(|(moved, _)| *moved == on).collect::<Vec<_>>();
        let refit = now.iter().any(|(_, step)| step.cause == Cause::Refit);
        let came = refit.then(|| (now[0].1.from.to_string(), now[now.len() - 1].1.to.to_string()));
        assert!(now.iter().all(|(_, step)| matches!(step.cause, Cause::Decay | Cause::Refit)));
        if came.as_ref() != expected.get(customer) {
            let told = |ends: Option<&(String, String)>| match ends {
                Some((from, to)) => json!({ "from": from, "to": to }),
                None => Value::Null,
            };
            other.insert(customer.clone(), (told(expected.get(customer)), told(came.as_ref())));
        }
    }
    assert!(!other.is_empty() && other.keys().all(|customer| touched.contains(customer)), "{other:?}");
    assert_eq!(run["counts"]["touched"], other.len());
    let (mut listed, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/runs/{}/touched?limit=2{cursor}", run["run"])).await;
        for row in page.json["items"].as_array().unwrap_or_else(|| panic!("{}", page.text)) {
            let customer = row["customer"].as_str().unwrap().to_owned();
            listed.insert(customer, (row["previewed"].clone(), row["came"].clone()));
        }
        match page.json["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(listed, other);

    // Back: a new activation of the old model.
    let back = world.post("/v1/cuts/rollback", &json!({})).await;
    assert_eq!((back.status.as_u16(), &back.json["due"]["rolls_back"]), (202, &json!(1)), "{}", back.text);
    assert_eq!(world.get("/v1/cuts").await.json["due"], back.json["due"]);
    world.move_to("2026-11-03");
    assert_eq!(world.run().await["activation"], 3);
    let cuts = world.get("/v1/cuts").await.json;
    let numbers: Vec<_> = cuts["activations"].as_array().unwrap().iter().map(|one| one["activation"].clone()).collect();
    assert_eq!((numbers, &cuts["due"]), (vec![json!(3), json!(2), json!(1)], &json!(null)));
    assert_eq!((&cuts["active"]["version"], &cuts["activations"][0]["rolls_back"]), (&json!(old.version()), &json!(1)));
    assert_eq!(world.get("/v1/runs/1/touched").await.told(), (404, "not-found".into()));
}

#[tokio::test]
async fn the_model_in_force_withdraws_what_is_due_and_a_late_run_says_so() {
    let mut world = shop().await;
    let version = world.post("/v1/cuts/candidates", &typed()).await.json["version"].as_str().unwrap().to_owned();
    let active = world.get("/v1/cuts").await.json["active"]["version"].as_str().unwrap().to_owned();
    let activate = async |world: &World, version: &str, body: Value| {
        world.post(&format!("/v1/cuts/{version}/activate"), &body).await
    };
    assert_eq!(activate(&world, &version, json!({})).await.status, 202);
    let withdrawn = activate(&world, &active, json!({})).await;
    assert_eq!((withdrawn.status.as_u16(), &withdrawn.json["due"]), (200, &json!(null)));
    assert_eq!(world.run().await["activation"], 1);
    let job = ended(&world, &world.post(&format!("/v1/cuts/{version}/preview"), &json!({})).await).await;
    assert_eq!(activate(&world, &version, json!({ "preview": job["job"] })).await.status, 202);
    world.move_to("2026-11-09");
    let run = world.run().await;
    assert_eq!(run["activation"], 2);
    assert!(run["notice"].as_str().is_some_and(|notice| notice.contains("2026-11-02")), "{run}");
}

#[tokio::test]
async fn what_is_wrong_is_named_and_changes_nothing() {
    let world = World::on("2026-11-01").await;
    assert_eq!(
        world.post("/v1/cuts/candidates", &json!({ "recency": { "c1": 1, "c2": 2 } })).await.told(),
        (422, "frequency".into())
    );
    assert_eq!(world.post("/v1/cuts/rollback", &json!({})).await.told(), (409, "nothing-before".into()));
    assert_eq!(world.get("/v1/cuts").await.json["active"], json!(null));
    let empty = ended(&world, &world.post("/v1/cuts/candidates", &json!({})).await).await;
    assert_eq!(empty["status"], "failed");
    let world = shop().await;
    let version = world.post("/v1/cuts/candidates", &typed()).await.json["version"].as_str().unwrap().to_owned();
    let before = world.get("/v1/cuts").await.text;
    for (path, body, told) in [
        ("candidates", json!({ "recency": { "c1": 5, "c2": 5 } }), (422, "recency")),
        ("candidates", json!({ "monetary": { "c1": -1, "c2": 5 } }), (422, "monetary")),
        ("candidates", json!({ "window": { "days": 0 } }), (422, "window.days")),
        ("candidates", json!({ "day": "2026-11-02" }), (422, "day")),
        ("candidates", json!({ "day": "2026-11-01", "recency": { "c1": 1, "c2": 5 } }), (422, "day")),
        ("candidates", json!({ "axis": 1 }), (422, "axis")),
        ("rollback", json!({ "to": 1 }), (409, "nothing-before")),
        ("0000000000000000/activate", json!({}), (404, "not-found")),
        ("0000000000000000/preview", json!({}), (404, "not-found")),
        ("nonsense/preview", json!({}), (422, "cuts")),
    ] {
        assert_eq!(
            world.post(&format!("/v1/cuts/{path}"), &body).await.told(),
            (told.0, told.1.to_owned()),
            "{path} {body}"
        );
    }
    for (what, body, field) in [
        ("activate", json!({ "day": "2026-10-31" }), "day"),
        ("activate", json!({ "day": "2028-01-01" }), "day"),
        ("activate", json!({ "preview": 7 }), "preview"),
        ("preview", json!({ "day": "2026-10-31" }), "day"),
        ("preview", json!({ "day": "soon" }), "day"),
    ] {
        let answer = world.post(&format!("/v1/cuts/{version}/{what}"), &body).await;
        assert_eq!(answer.told(), (422, field.to_owned()), "{what} {body}");
    }
    assert_eq!(world.get("/v1/cuts").await.text, before);
    let other = e2e::shop(&world.ledger, &"other".parse().unwrap()).await;
    let theirs = &other.last().unwrap().token;
    for what in ["activate", "preview"] {
        let answer = world.call_as(theirs, "POST", &format!("/v1/cuts/{version}/{what}"), "").await;
        assert_eq!(answer.told(), (404, "not-found".into()));
    }
}

/// Customers who order now and then; all others stand still.
const BUYERS: usize = 12;

/// Where everybody stands, and how they came there.
#[derive(Default)]
struct Told {
    stands: BTreeMap<String, Place>,
    steps: BTreeMap<String, Vec<(Day, Step)>>,
}

impl Told {
    fn go(&mut self, customer: &str, on: Day, to: Place, cause: Cause) {
        let from = self.stands.insert(customer.to_owned(), to).unwrap();
        if from != to {
            self.steps.get_mut(customer).unwrap().push((on, Step { from, to, cause }));
        }
    }
}

/// 129 days, each with its run, and writers who in the middle of it still know the shop as it was before.
#[tokio::test]
async fn whoever_stands_still_moves_only_as_the_days_themselves_say() {
    const CUSTOMERS: usize = 24;
    let first = day("2026-11-01");
    let mut world = World::on(&first.to_string()).await;
    manual(&world).await;
    fill(&world, CUSTOMERS).await;
    world.run().await;
    let version = async |world: &World, recency: Value| {
        let typed = world.post("/v1/cuts/candidates", &json!({ "recency": recency })).await;
        format!("/v1/cuts/{}/activate", typed.json["version"].as_str().unwrap())
    };
    let stays = version(&world, json!({ "c1": 100, "c2": 190 })).await;
    let goes = version(&world, json!({ "c1": 10, "c2": 20 })).await;
    let mut cuts = active(&world).await;
    let mut bought = orders(&world).await;
    let mut told = Told::default();
    for (customer, orders) in &bought {
        told.steps.insert(customer.clone(), steps_of(&world, customer).await);
        told.stands.insert(customer.clone(), cuts.place(orders, first));
    }
    for n in 1..=129_usize {
        let today = first.plus(n as i64);
        world.move_to(&today.to_string());
        let stale = world.process();
        stale.shop(&acme()).await.unwrap();
        let stale = router(&App::new(stale.clone(), Clock::AsOf(today)), &stale);
        let asked: &[&str] = match n {
            30 => &[&stays],
            60 => &["/v1/cuts/rollback", &stays],
            90 => &[&goes, &stays],
            100 => &["/v1/cuts/rollback"],
            _ => &[],
        };
        for path in asked {
            assert!(world.post(path, &json!({})).await.status.is_success(), "{path}");
        }
        let run = world.ledger.begin_run(&acme(), today, false, 3, world.app.clock.now()).await.unwrap().run;
        call(&world, run, What::Plan, Until::done()).await.unwrap();
        let settled = call(&world, run, What::Fit, Until::done()).await.unwrap();
        assert!(matches!(settled, StepAnswer::Fit { look: false, .. }));
        let fresh = std::mem::replace(&mut world.router, stale);
        for customer in 0..CUSTOMERS {
            let id = format!("c-{customer}");
            if customer >= BUYERS && (customer + n) % 7 == 0 {
                let attributes = json!({ "updated_at": format!("{today}T09:00:00Z"), "mailing_consent": n % 2 == 0 });
                let answer = world.call("PUT", &format!("/v1/customers/{id}"), attributes.to_string()).await;
                assert!(answer.status.is_success(), "{}", answer.text);
            }
            if customer < BUYERS && (customer * 5 + n) % 37 == 0 {
                let order = crate::order(&format!("D-{n}-{customer}"), &id, &format!("{today}T10:00:00Z"));
                assert_eq!(world.post("/v1/orders", &order).await.status, 201);
                told.go(&id, today, cuts.place(&bought[&id], today), Cause::Decay);
                bought = orders(&world).await;
                told.go(&id, today, cuts.place(&bought[&id], today), Cause::Order);
            }
        }
        world.router = fresh;
        world.ledger.forget_shop(&acme());
        for shard in 0..3 {
            call(&world, run, What::Assign { shard }, Until::done()).await.unwrap();
        }
        call(&world, run, What::Publish, Until::done()).await.unwrap();
        let now = active(&world).await;
        for (customer, orders) in &bought {
            let (decayed, refitted) = (cuts.place(orders, today), now.place(orders, today));
            // Decay and refit that end where they began are no move.
            if told.stands[customer] != refitted {
                told.go(customer, today, decayed, Cause::Decay);
                told.go(customer, today, refitted, Cause::Refit);
            }
        }
        cuts = now;
    }
    let numbers = world.ledger.activations(&acme(), 10).await.unwrap();
    assert_eq!(
        numbers.iter().map(|one| (one.activation.0, one.day)).collect::<Vec<_>>(),
        [(3, first.plus(100)), (2, first.plus(30)), (1, first),]
    );
    let mut refits = 0;
    for (customer, expected) in &told.steps {
        let found = steps_of(&world, customer).await;
        assert_eq!(&found, expected, "{customer}");
        refits += found.iter().filter(|(on, step)| *on > first && step.cause == Cause::Refit).count();
    }
    assert!(refits > 0, "the activation that stayed moved somebody");
}
