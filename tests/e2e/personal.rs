//! A person asks for what is stored, to be one customer, or to be gone (law 17): over the API, as jobs.

use std::collections::BTreeMap;
use std::task::Poll;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use e2e::{Answer, World, acme};
use ledger::{CustomerId, Scope};
use resegment::{Steps, Until};
use serde_json::{Value, json};
use web::{App, Clock};

use crate::order;
use crate::redemptions::{by_code, code, redeem, shop, step};

/// Waits for the end of a job that was begun.
async fn done(world: &World, begun: Answer) -> Value {
    assert_eq!(begun.status, 202, "{}", begun.text);
    let location = begun.json["location"].as_str().unwrap().to_owned();
    assert_eq!(begun.headers["location"], location.as_str());
    loop {
        let job = world.get(&location).await.json;
        if job["status"] == "done" || job["status"] == "failed" {
            return job;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

pub(crate) async fn erase(world: &World, customer: &str) -> Value {
    done(world, world.call("DELETE", &format!("/v1/customers/{customer}"), "").await).await
}

async fn merge(world: &World, customer: &str, into: &str) -> Value {
    done(world, world.post(&format!("/v1/customers/{customer}/merge"), &json!({ "into": into })).await).await
}

async fn unmerge(world: &World, customer: &str) -> Value {
    done(world, world.post(&format!("/v1/customers/{customer}/unmerge"), &Value::Null).await).await
}

/// Every item of every table that has one of these texts in it, as text or in bytes.
async fn naming(world: &World, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for table in ["Customers", "Ledger", "Shops"] {
        let mut items = world.ledger.client().scan().table_name(table).into_paginator().items().send();
        while let Some(item) = items.next().await {
            let item = item.unwrap();
            let bytes = item.values().filter_map(|value| value.as_b().ok());
            let bytes = bytes.map(|bytes| String::from_utf8_lossy(bytes.as_ref()).into_owned());
            let whole = std::iter::once(format!("{item:?}")).chain(bytes).collect::<Vec<_>>().join(" ");
            if texts.iter().any(|text| whole.contains(text)) {
                found.push(format!("{table} {item:?}"));
            }
        }
    }
    found
}

fn move_to(world: &mut World, moment: &str) {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    world.app = App::new(world.ledger.clone(), Clock::At(moment));
    world.router = e2e::router(&world.app, &world.driver);
}

const ANN: &str = "ann-the-customer";

/// Everything that can be stored of somebody, and of bob what names them.
async fn full_of_ann() -> World {
    let mut world = shop().await;
    move_to(&mut world, "2026-11-22T12:00:00Z");
    world.ledger.forget_shop(&acme());
    let mut first = order("ANNS-1", ANN, "2026-11-20T10:00:00Z");
    first["lines"] =
        json!([{ "product": "secret-pot", "category": "Secret teas", "brand": "Secret & Co", "amount": 1250 }]);
    for sent in [first, order("ANNS-2", ANN, "2026-11-21T10:00:00Z"), order("BOBS-1", "bob", "2026-11-21T10:00:00Z")] {
        assert_eq!(world.post("/v1/orders", &sent).await.status, 201);
    }
    let back = json!({ "id": "BACK-1", "order": "ANNS-2", "time": "2026-11-21T12:00:00Z", "amount": 77 });
    assert_eq!(world.post("/v1/returns", &back).await.status, 201);
    for (customer, by) in [(ANN, "bob"), ("bob", ANN)] {
        let told = json!({ "updated_at": "2026-11-21T10:00:00Z", "language": "de", "referred_by": by });
        assert_eq!(world.call("PUT", &format!("/v1/customers/{customer}"), told.to_string()).await.status, 200);
    }
    let said = json!({ "id": "SAID-1", "customer": ANN, "score": 1 });
    assert_eq!(world.post("/v1/surveys/nps/answers", &said).await.status, 201);
    let limit = json!({ "series": "welcome_all", "count": 10 });
    assert_eq!(world.call("PUT", "/v1/budgets", limit.to_string()).await.status, 200);
    world.ledger.forget_shop(&acme());
    let reserved = redeem(&world, &by_code(&code(&world, ANN).await, ANN, "ANNS-3")).await;
    assert_eq!(reserved.status, 201, "{}", reserved.text);
    let wrong = code(&world, "bob").await;
    assert_eq!(redeem(&world, &by_code(&wrong, ANN, "ANNS-4")).await.told().0, 422);
    world.run().await;
    world
}

#[tokio::test]
async fn an_erasure_leaves_nothing_and_refuses_what_was_before_for_good() {
    let mut world = full_of_ann().await;
    let bob = world.get("/v1/customers/bob").await.json;
    assert!(naming(&world, &[ANN]).await.len() > 4, "what is to go was there");
    assert_eq!(world.get("/v1/budgets").await.json["budgets"][0]["left_count"], 9, "one is reserved");
    move_to(&mut world, "2026-11-22T13:00:00Z");
    let job = erase(&world, ANN).await;
    assert_eq!((&job["status"], &job["progress"]), (&json!("done"), &json!({ "done": 2, "of": 2 })), "{job}");
    assert_eq!(job["summary"], json!({ "erased_at": "2026-11-22T13:00:00Z", "ids": 1 }));
    let left = naming(&world, &[ANN, "SAID-1", "BACK-1", "Secret", "secret-pot"]).await;
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(world.get("/v1/budgets").await.json["budgets"][0]["left_count"], 10, "what was held is given back");
    for path in ["", "/history"] {
        assert_eq!(world.get(&format!("/v1/customers/{ANN}{path}")).await.status, 404);
    }
    assert_eq!(world.get(&format!("/v1/customers/{ANN}/segment")).await.json["known"], false);
    assert_eq!(world.get(&format!("/v1/customers/{ANN}/offers")).await.json["decision"]["entry"], "newcomer");
    assert_eq!(world.get("/v1/alerts").await.json["items"], json!([]));
    // Of bob nothing is missing but who he is called by.
    let mut now = world.get("/v1/customers/bob").await.json;
    assert_ne!(now["attributes"]["referred_by"], bob["attributes"]["referred_by"]);
    now["attributes"]["referred_by"] = bob["attributes"]["referred_by"].clone();
    assert_eq!(now, bob);

    let again = world.call("DELETE", &format!("/v1/customers/{ANN}"), "").await;
    assert_eq!((again.status.as_u16(), &again.json["job"]), (202, &job["job"]));
    let gone = (410, "customer-erased".to_owned());
    let sent = [
        ("POST", "/v1/orders".to_owned(), order("ANNS-1", ANN, "2026-11-20T10:00:00Z")),
        ("POST", "/v1/orders".to_owned(), order("ANNS-9", ANN, "2026-11-22T12:59:59Z")),
        ("POST", "/v1/orders".to_owned(), order("ANNS-1", ANN, "2026-11-22T13:00:01Z")),
        ("PUT", "/v1/orders/ANNS-2".to_owned(), {
            let mut revised = order("ANNS-2", ANN, "2026-11-21T10:00:00Z");
            revised.as_object_mut().unwrap().remove("id");
            revised["revision"] = json!(3);
            revised
        }),
        ("POST", "/v1/returns".to_owned(), {
            json!({ "id": "BACK-2", "order": "ANNS-1", "time": "2026-11-22T13:00:00Z", "amount": 7 })
        }),
        ("PUT", format!("/v1/customers/{ANN}"), json!({ "updated_at": "2026-11-22T12:00:00Z", "language": "fr" })),
    ];
    for (method, path, body) in sent {
        let answer = world.call(method, &path, body.to_string()).await;
        assert_eq!(answer.told(), gone, "{method} {path} {body}: {}", answer.text);
    }
    assert!(naming(&world, &[ANN]).await.is_empty());

    // What comes later begins anew.
    move_to(&mut world, "2026-11-23T12:00:00Z");
    assert_eq!(world.post("/v1/orders", &order("ANNS-10", ANN, "2026-11-23T10:00:00Z")).await.status, 201);
    let new = world.get(&format!("/v1/customers/{ANN}")).await.json;
    assert_eq!((&new["orders"], &new["attributes"]), (&json!(1), &json!({ "mailing_consent": false })));
    let id = CustomerId::try_from(ANN.to_owned()).unwrap();
    let stored = world.ledger.customer(&acme(), &id).await.unwrap().unwrap().profile;
    let whole = world.ledger.fresh_shop(&acme()).await.unwrap().unwrap();
    assert_eq!(world.ledger.rebuild(&whole, &id).await.unwrap(), Some(stored));
    let next = erase(&world, ANN).await;
    assert_ne!(next["job"], job["job"], "there was something to erase again");
    assert!(naming(&world, &[ANN]).await.is_empty());
}

#[tokio::test]
pub(crate) async fn a_person_sees_all_that_is_stored_and_then_it_is_erased() {
    let world = full_of_ann().await;
    let path = format!("/v1/customers/{ANN}/export");
    assert_eq!(world.get(&path).await.status, 404, "none was begun");
    assert_eq!(world.post("/v1/customers/nobody/export", &Value::Null).await.status, 404);
    let job = done(&world, world.post(&path, &Value::Null).await).await;
    assert_eq!(job["status"], "done", "{job}");
    assert_eq!(world.get(&path).await.json["job"], job["job"]);
    let result = format!("/v1/jobs/{}/result", job["job"]);
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("{result}?limit=3{cursor}")).await.json;
        rows.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    rows.iter().for_each(|row| *kinds.entry(row["of"].as_str().unwrap()).or_default() += 1);
    let expected = [
        ("alert", 1),
        ("answer", 1),
        ("attributes", 1),
        ("customer", 1),
        ("move", 1),
        ("order", 2),
        ("redemption", 1),
        ("referral", 1),
        ("return", 1),
        ("thanked", 1),
        ("uses", 1),
        ("wrong_codes", 1),
    ];
    assert_eq!(kinds, BTreeMap::from(expected));
    let profile = &rows[0]["stored"];
    assert_eq!((&profile["customer"], &profile["orders"][0]["net"]), (&json!(ANN), &json!(1250)));
    assert_eq!(profile["remembered"]["attributes"]["referred_by"], "bob");
    assert!(profile["rhythm"].is_object() && profile["remembered"]["tastes"].is_object());

    // Another one takes the place of the first, and an erasure leaves neither.
    let next = done(&world, world.post(&path, &Value::Null).await).await;
    assert_eq!(world.get(&result).await.told(), (409, "job-not-done".into()));
    assert_eq!(world.get(&format!("/v1/jobs/{}/result", next["job"])).await.status, 200);
    erase(&world, ANN).await;
    assert_eq!(world.get(&format!("/v1/jobs/{}/result", next["job"])).await.told(), (409, "job-not-done".into()));
    let pieces = world.ledger.client().scan().table_name("Shops").filter_expression("begins_with(sk, :rows)");
    let rows = AttributeValue::S("rows#".to_owned());
    assert_eq!(pieces.expression_attribute_values(":rows", rows).send().await.unwrap().count(), 0);
}

#[tokio::test]
pub(crate) async fn two_customers_become_one_in_every_answer_and_two_again() {
    let mut world = shop().await;
    move_to(&mut world, "2026-11-22T12:00:00Z");
    world.ledger.forget_shop(&acme());
    for (id, customer, time) in
        [("A-1", "ann", "2026-11-01"), ("B-1", "bob", "2026-11-10"), ("B-2", "bob", "2026-11-11")]
    {
        let sent = order(id, customer, &format!("{time}T10:00:00Z"));
        assert_eq!(world.post("/v1/orders", &sent).await.status, 201);
    }
    world.run().await;
    let (anns, bobs) = (code(&world, "ann").await, code(&world, "bob").await);
    for bad in [("ann", "nobody"), ("nobody", "ann")] {
        let answer = world.post(&format!("/v1/customers/{}/merge", bad.0), &json!({ "into": bad.1 })).await;
        assert_eq!(answer.told(), (404, "not-found".into()));
    }
    assert_eq!(world.post("/v1/customers/ann/unmerge", &Value::Null).await.told(), (409, "not-merged".into()));
    let same = world.post("/v1/customers/ann/merge", &json!({ "into": "ann" })).await;
    assert_eq!(same.told(), (409, "same-customer".into()));
    let job = merge(&world, "ann", "bob").await;
    assert_eq!(job["status"], "done", "{job}");
    let again = world.post("/v1/customers/ann/merge", &json!({ "into": "bob" })).await;
    assert_eq!((again.status.as_u16(), &again.json["job"]), (202, &job["job"]));

    // One customer, by either id: two reads where one id is an alias.
    world.get("/v1/customers/ann/offers").await;
    for (id, reads) in [("ann", 2), ("bob", 1)] {
        world.calls.take();
        assert_eq!(world.get(&format!("/v1/customers/{id}/segment")).await.json["known"], true);
        assert_eq!(world.calls.take(), BTreeMap::from([("GetItem".to_owned(), reads)]), "{id}");
        let shown = world.get(&format!("/v1/customers/{id}")).await.json;
        assert_eq!((&shown["customer"], &shown["orders"]), (&json!("bob"), &json!(3)));
        let story = world.get(&format!("/v1/customers/{id}/history?limit=1")).await.json;
        assert!(story["next"].is_string());
        assert_eq!(code(&world, id).await, bobs);
    }
    let census = world.get("/v1/segments").await.json;
    world.run().await;
    let after = world.get("/v1/segments").await.json;
    let customers = |census: &Value| -> u64 {
        census["segments"].as_array().unwrap().iter().map(|segment| segment["customers"].as_u64().unwrap()).sum()
    };
    assert_eq!((customers(&census), customers(&after)), (2, 1), "{after}");

    // Each code is good under either id, and once.
    let reserved = redeem(&world, &by_code(&anns, "bob", "O-1")).await;
    assert_eq!((reserved.status.as_u16(), &reserved.json["status"]), (201, &json!("recorded")), "{}", reserved.text);
    assert_eq!(redeem(&world, &by_code(&anns, "ann", "O-1")).await.json["status"], "duplicate");
    assert_eq!(redeem(&world, &by_code(&bobs, "ann", "O-2")).await.told(), (409, "reward-reserved".into()));
    assert_eq!(step(&world, &reserved.json["id"], "confirm").await.status, 200);

    // Writes through the alias.
    assert_eq!(world.post("/v1/orders", &order("A-2", "ann", "2026-11-20T10:00:00Z")).await.status, 201);
    let told = json!({ "updated_at": "2026-11-21T10:00:00Z", "language": "de" });
    assert_eq!(world.call("PUT", "/v1/customers/ann", told.to_string()).await.status, 200);
    let said = json!({ "id": "1", "customer": "ann", "score": 9 });
    assert_eq!(world.post("/v1/surveys/nps/answers", &said).await.status, 201);
    let shown = world.get("/v1/customers/bob").await.json;
    assert_eq!((&shown["orders"], &shown["attributes"]["language"]), (&json!(4), &json!("de")));
    let key = ledger::Shard { index: 0, count: 1 };
    let mut cursor = None;
    loop {
        let page = world.ledger.page(&acme(), key, cursor.as_ref()).await.unwrap();
        assert!(page.customers.iter().all(|customer| customer.id.as_str() == "bob"));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }

    let job = unmerge(&world, "ann").await;
    assert_eq!(job["status"], "done", "{job}");
    let ann = world.get("/v1/customers/ann").await.json;
    assert_eq!(
        (&ann["customer"], &ann["orders"], &ann["attributes"]["language"]),
        (&json!("ann"), &json!(2), &json!("de"))
    );
    assert_eq!(world.get("/v1/customers/bob").await.json["orders"], 2);
    let ingest = world.key(Scope::Ingest);
    for (method, path) in [("DELETE", "/v1/customers/ann"), ("POST", "/v1/customers/ann/export")] {
        assert_eq!(world.call_as(ingest, method, path, "").await.told(), (403, "wrong-scope".into()));
    }
}

/// A job's call, dropped at some await in the middle, as a crash would leave it; `true`: it came to its end before.
async fn cut_off(world: &World, number: u64, polls: u16) -> bool {
    let (steps, shop) = (Steps::new(world.process(), world.app.clock), acme());
    let mut work = Box::pin(resegment::jobs::drive(&steps, &shop, number, Until::done()));
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        work.as_mut().poll(context).map(|ended| matches!(ended, Ok(Some(_))))
    })
    .await
}

async fn begin(world: &World, what: u8) -> u64 {
    let shop = world.ledger.fresh_shop(&acme()).await.unwrap().unwrap();
    let id = |id: &str| CustomerId::try_from(id.to_owned()).unwrap();
    let now = world.app.clock.now();
    let today = world.app.clock.today(shop.settings.time_zone);
    let (job, _) = match what {
        0 => world.ledger.begin_erasure(&shop, &id(ANN), now, now).await.unwrap(),
        1 => world.ledger.begin_export(&shop, &id(ANN), now).await.unwrap().unwrap(),
        2 => world.ledger.begin_merge(&shop, (&id(ANN), &id("bob")), today, now).await.unwrap(),
        _ => world.ledger.begin_unmerge(&shop, &id(ANN), today, now).await.unwrap(),
    };
    job.number
}

/// A value with its maps in one order.
fn written(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(map) => {
            let sorted: BTreeMap<&String, String> = map.iter().map(|(name, value)| (name, written(value))).collect();
            format!("{sorted:?}")
        }
        AttributeValue::L(list) => format!("{:?}", list.iter().map(written).collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}

/// All that is stored of customers, as it is in the end.
async fn state(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for table in ["Customers", "Ledger"] {
        let mut items = world.ledger.client().scan().table_name(table).into_paginator().items().send();
        while let Some(item) = items.next().await {
            all.push(written(&AttributeValue::M(item.unwrap())));
        }
    }
    all.sort();
    all
}

#[test]
fn a_job_cut_off_anywhere_and_repeated_comes_to_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for whats in [&[0_u8] as &[u8], &[2, 3], &[2, 0], &[1]] {
        let whole = runtime.block_on(async {
            let world = full_of_ann().await;
            for what in whats {
                let number = begin(&world, *what).await;
                assert!(cut_off(&world, number, u16::MAX).await);
            }
            state(&world).await
        });
        // Each poll gets a little further than the one before it.
        for polls in [1_u16, 2, 3, 5, 8, 13, 21] {
            let (cut, parts) = runtime.block_on(async {
                let world = full_of_ann().await;
                let mut parts = 0;
                for what in whats {
                    let number = begin(&world, *what).await;
                    let mut more = polls;
                    while !cut_off(&world, number, more).await {
                        parts += 1;
                        more += 1 + polls / 2;
                    }
                    assert!(cut_off(&world, number, u16::MAX).await, "at its end it is given as it is");
                }
                (state(&world).await, parts)
            });
            assert!(parts > 0 || polls > 8);
            assert_eq!(cut, whole, "{whats:?} cut off after {polls}");
        }
    }
}
