//! Campaigns over the API: published, corrected, paused; their codes in offers and mailings; and who is held out of them.

use std::collections::BTreeSet;
use std::time::Duration;

use e2e::{Answer, World, acme};
use ledger::{Ledger, Scope, Tables};
use serde_json::{Value, json};

use crate::offers::tea_shop;

/// A campaign for everyone, newcomers too, open every day.
fn spring(percent: u8) -> Value {
    json!({ "series": "spring_sale", "beyond_rules": true, "idea": {
        "mechanic": "code", "place": "both", "calendar": { "slots": { "every": 30, "open": 30 } },
        "reward": { "discount": percent }, "validity": 30,
        "text": { "en": "Greet the spring.", "ru": "Встретьте весну." },
        "say": { "en": "On anything: {reward}.", "ru": "На всё: {reward}." },
        "why": { "en": "It is spring.", "ru": "Весна." } } })
}

async fn publish(world: &World, campaign: &Value) -> u64 {
    let published = world.post("/v1/campaigns", campaign).await;
    assert_eq!(published.status, 201, "{}", published.text);
    published.json["number"].as_u64().unwrap()
}

async fn set(world: &World, number: u64, state: &str) -> Answer {
    world.post(&format!("/v1/campaigns/{number}/state"), &json!({ "state": state })).await
}

/// The offer of a series in an answer.
fn offer<'a>(answer: &'a Value, series: &str) -> Option<&'a Value> {
    let offers = answer["decision"]["offers"].as_array().unwrap();
    offers.iter().find(|offer| offer["reason"]["campaign"] == *series)
}

/// Why a series is withheld.
fn withheld<'a>(answer: &'a Value, series: &str) -> Option<&'a str> {
    let withheld = answer["decision"]["withheld"].as_array().unwrap();
    withheld.iter().find(|idea| idea["campaign"] == *series).and_then(|idea| idea["why"].as_str())
}

#[tokio::test]
async fn a_campaign_is_published_listed_and_its_old_terms_stay_readable() {
    let world = World::on("2026-11-22").await;
    let number = publish(&world, &spring(50)).await;
    let again = world.post("/v1/campaigns", &spring(50)).await;
    assert_eq!((again.status.as_u16(), &again.json["status"]), (200, &json!("duplicate")));
    assert_eq!(again.json["number"], number);
    let corrected = publish(&world, &spring(5)).await;
    assert_eq!(corrected, number + 1);

    let old = world.get(&format!("/v1/campaigns/{number}")).await.json;
    assert_eq!((&old["in_force"], &old["replaced_by"]), (&json!(false), &json!(corrected)));
    assert_eq!(old["terms"]["idea"]["reward"], json!({ "discount": 50 }));
    let new = world.get(&format!("/v1/campaigns/{corrected}")).await.json;
    assert_eq!((&new["in_force"], &new["state"], &new["from"]), (&json!(true), &json!("open"), &json!("own")));
    // What is answered can be sent again.
    let same = world.post("/v1/campaigns", &new["terms"]).await;
    assert_eq!((same.status.as_u16(), &same.json["number"]), (200, &json!(corrected)), "{}", same.text);
    let first = world.get("/v1/campaigns/1").await.json;
    assert_eq!((&first["from"], &first["in_force"]), (&json!("playbook"), &json!(true)));
    assert_eq!(first["terms"]["playbook"], world.get("/v1/playbook").await.json["version"]);

    let only = world.get("/v1/campaigns?series=spring_sale").await.json["items"].clone();
    assert_eq!(only[0]["number"], corrected);
    assert_eq!(
        (only.as_array().map(Vec::len), only[0]["reward"].as_str().is_some_and(|r| r.contains('5'))),
        (Some(1), true)
    );
    let (mut series, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/campaigns?limit=50{cursor}")).await.json;
        series.extend(page["items"].as_array().unwrap().iter().map(|item| item["series"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let all = world.get("/v1/campaigns?limit=1000&format=csv").await.text;
    assert!(all.starts_with("series,number,state,from,reward,text,"));
    assert_eq!(series.len() + 1, all.lines().count());
    assert!(series.is_sorted() && series.contains(&"spring_sale".to_owned()));
    assert!(all.lines().skip(1).all(|line| line.matches(',').count() >= 11), "{all}");
}

#[tokio::test]
async fn the_campaign_of_the_docs_is_published() {
    let world = World::on("2026-11-22").await;
    let docs = include_str!("../../docs/campaigns.md");
    let (_, rest) = docs.split_once("-d '").unwrap();
    let (body, _) = rest.split_once("}'").unwrap();
    let campaign: Value = serde_json::from_str(&format!("{body}}}")).unwrap();
    let number = publish(&world, &campaign).await;
    assert!(docs.contains(&format!("/v1/campaigns/{number}/state")), "the docs have another number than {number}");
}

#[tokio::test]
async fn what_is_wrong_with_a_campaign_is_told_by_field_and_nothing_is_written() {
    let world = World::on("2026-11-22").await;
    let items = world.count("Shops").await;
    let with = |path: &str, value: Value| {
        let mut body = spring(5);
        *body.pointer_mut(path).unwrap() = value;
        body
    };
    let mut extra = spring(5);
    extra["colour"] = json!("red");
    let mut backwards = spring(5);
    backwards["from"] = json!("2026-12-01");
    backwards["until"] = json!("2026-11-01");
    for (body, field) in [
        (with("/series", json!("Spring Sale")), "series"),
        (with("/series", json!("r2f3m1/bundles")), "series"),
        (with("/idea/reward", json!({ "discount": 91 })), "idea.reward"),
        (with("/idea/reward", Value::Null), "idea"),
        (with("/idea/validity", json!(3)), "idea.validity"),
        (with("/idea/mechanic", json!("dance")), "idea.mechanic"),
        (with("/idea/say", json!({ "en": "{secret}", "ru": "." })), "idea.say"),
        (extra, "colour"),
        (backwards, "until"),
        (json!({}), "series"),
    ] {
        let refused = world.post("/v1/campaigns", &body).await;
        let (status, told) = refused.told();
        assert!(status == 422 && told.starts_with(field), "{field}: {}", refused.text);
    }
    assert_eq!(world.call("POST", "/v1/campaigns", "{").await.status, 400);
    assert_eq!(world.count("Shops").await, items);

    assert_eq!(set(&world, 1, "closed").await.told(), (422, "state".into()));
    assert_eq!(world.post("/v1/campaigns/1/state", &json!({})).await.told(), (422, "state".into()));
    assert_eq!(set(&world, 60_000, "paused").await.told(), (404, "not-found".into()));
    assert_eq!(set(&world, 70_000, "paused").await.told(), (422, "campaign".into()));
    assert_eq!(world.get("/v1/campaigns/60000").await.told(), (404, "not-found".into()));
    assert_eq!(world.get("/v1/campaigns/x").await.told(), (422, "campaign".into()));
    assert_eq!(world.get("/v1/campaigns?limit=0").await.told(), (422, "limit".into()));
    assert_eq!(world.get("/v1/campaigns?lang=xx").await.told(), (422, "lang".into()));
    assert_eq!(world.get("/v1/campaigns?colour=red").await.told(), (422, "query".into()));

    let (old, new) = (publish(&world, &spring(50)).await, publish(&world, &spring(5)).await);
    let refused = set(&world, old, "open").await;
    assert_eq!(refused.told(), (409, "campaign-not-in-force".into()));
    assert!(refused.json["detail"].as_str().is_some_and(|detail| detail.contains(&format!("campaign {new}"))));
    assert_eq!(set(&world, new, "ended").await.json["state"], "ended");
    assert_eq!(set(&world, new, "ended").await.json["status"], "duplicate");
    assert_eq!(set(&world, new, "open").await.told(), (409, "campaign-ended".into()));
}

#[tokio::test]
async fn a_code_is_the_customers_own_the_same_each_time_and_in_no_replay() {
    let world = tea_shop().await;
    let number = publish(&world, &spring(5)).await;
    let checkout = async |path: &str| world.call_as(world.key(Scope::Checkout), "GET", path, "").await.json;
    let mut codes = BTreeSet::new();
    for customer in ["vip", "nobody", "somebody"] {
        let path = format!("/v1/customers/{customer}/offers");
        let first = checkout(&path).await;
        let code = offer(&first, "spring_sale").unwrap()["code"].as_str().unwrap().to_owned();
        let second = checkout(&path).await;
        assert_eq!(offer(&second, "spring_sale").unwrap()["code"], *code);
        let key = world.ledger.customer_key(&acme(), &ledger::CustomerId::try_from(customer.to_owned()).unwrap());
        let typed = code.parse().unwrap();
        assert!(world.ledger.made_code(&acme(), &key, &typed));
        assert_eq!(u64::from(typed.ticket().number), number);
        codes.insert(code);
    }
    assert_eq!(codes.len(), 3, "each has a code of their own");
    let full = world.get("/v1/customers/vip/offers?inputs=1").await;
    for offer in full.json["decision"]["offers"].as_array().unwrap() {
        let redeemable = offer["reward"]["earned"] == true;
        assert_eq!(offer["code"].is_string(), redeemable, "{offer}");
    }
    let replayed = world.post("/v1/offers/replay", &full.json["inputs"]).await;
    assert_eq!(replayed.json["id"], full.json["id"]);
    assert!(
        offer(&replayed.json, "spring_sale").is_some() && !replayed.text.contains("\"code\":\"0"),
        "{}",
        replayed.text
    );
    assert!(codes.iter().all(|code| !replayed.text.contains(code.as_str())));
    // A cart without a customer is nobody's.
    let guest = world.post("/v1/offers", &json!({ "cart": { "products": [] } })).await.json;
    assert_eq!(offer(&guest, "spring_sale").unwrap()["code"], json!(null));
    let known = world.post("/v1/offers", &json!({ "customer": "vip", "cart": { "products": [] } })).await.json;
    assert!(codes.contains(offer(&known, "spring_sale").unwrap()["code"].as_str().unwrap()));
}

#[tokio::test]
pub(crate) async fn a_campaign_published_by_mistake_is_offered_no_more_a_minute_after_it_is_paused() {
    let world = tea_shop().await;
    let mistake = publish(&world, &spring(50)).await;
    // Another process, with a cache of its own.
    let elsewhere = Ledger::new(world.ledger.client().clone(), Tables::default(), e2e::secrets());
    let app = web::App::new(elsewhere, world.app.clock);
    let other = World {
        engine: None,
        ledger: app.ledger.clone(),
        driver: app.ledger.clone(),
        router: e2e::router(&app, &app.ledger),
        app,
        keys: world.keys.clone(),
        calls: world.calls.clone(),
    };
    let seen = async || other.get("/v1/customers/vip/offers").await.json;
    assert_eq!(offer(&seen().await, "spring_sale").unwrap()["reward"]["discount"], 50);

    assert_eq!(set(&world, mistake, "paused").await.json["state"], "paused");
    assert!(offer(&seen().await, "spring_sale").is_some(), "from the cache");
    tokio::time::pause();
    tokio::time::advance(Ledger::CACHE_FOR + Duration::from_millis(1)).await;
    tokio::time::resume();
    let paused = seen().await;
    assert_eq!((offer(&paused, "spring_sale"), withheld(&paused, "spring_sale")), (None, Some("closed")));
    assert!(!seen().await["decision"].to_string().contains("50 %"));

    publish(&world, &spring(5)).await;
    let corrected = world.get("/v1/customers/vip/offers").await.json;
    assert_eq!(offer(&corrected, "spring_sale").unwrap()["reward"]["discount"], 5);
}

#[tokio::test]
async fn an_ended_series_of_the_playbook_is_offered_no_more_and_its_code_goes_with_its_number() {
    let world = tea_shop().await;
    let always = json!({ "idea": { "bundles": { "calendar": { "slots": { "every": 30, "open": 30 } }, "validity": 30 },
        "time_limited_code": { "calendar": { "slots": { "every": 30, "open": 30 } }, "validity": 30 } } });
    assert_eq!(world.call("PUT", "/v1/playbook", always.to_string()).await.status, 200);
    // Five small orders, the last one two months ago: r2f3m1, whose entry has a code on anything.
    for n in 1..=5 {
        let order = json!({ "id": format!("S-{n}"), "customer": "sam", "time": format!("2026-0{}-20T10:00:00Z", n + 4), "currency": "GBP", "total": 100 });
        assert_eq!(world.post("/v1/orders", &order).await.status, 201);
    }
    let series = "r2f3m1/time_limited_code";
    let seen = async || world.get("/v1/customers/sam/offers").await.json;
    let before = seen().await;
    assert_eq!(before["decision"]["segment"], "r2f3m1", "{before}");
    let code = offer(&before, series).unwrap()["code"].clone();
    assert!(code.is_string());
    let listed = world.get(&format!("/v1/campaigns?series={series}")).await.json["items"][0].clone();
    let number = listed["number"].as_u64().unwrap();
    assert_eq!(set(&world, number, "ended").await.json["status"], "recorded");
    assert_eq!(withheld(&seen().await, series), Some("closed"));
    let mut corrected = always.clone();
    corrected["idea"]["time_limited_code"]["reward"] = json!({ "discount": 3 });
    assert_eq!(world.call("PUT", "/v1/playbook", corrected.to_string()).await.status, 200);
    let after = seen().await;
    let again = offer(&after, series).unwrap();
    assert_eq!(again["reward"]["discount"], 3);
    assert!(again["code"].is_string() && again["code"] != code, "another number, another code");
}

#[tokio::test]
pub(crate) async fn a_mailing_of_an_own_campaign_carries_each_customers_code() {
    let world = tea_shop().await;
    publish(&world, &spring(5)).await;
    let consent = json!({ "updated_at": "2026-11-01T10:00:00Z", "mailing_consent": true });
    assert_eq!(world.call("PUT", "/v1/customers/vip", consent.to_string()).await.status, 200);
    let path = "/v1/segments/r2f3m3/mailing?campaign=spring_sale";
    let letter = world.get(path).await.json["items"][0].clone();
    let code = letter["offer"]["code"].as_str().unwrap();
    let csv = world.get(&format!("{path}&format=csv")).await.text;
    let (header, row) = csv.split_once('\n').unwrap();
    assert!(header.ends_with(",code,link,referral_code") && row.contains(&format!(",{code},")), "{csv}");
    let refused = world.get("/v1/segments/r2f3m3/mailing?campaign=autumn_sale").await;
    assert_eq!(refused.told(), (422, "campaign".into()));
}

#[tokio::test]
async fn who_is_held_out_gets_nothing_of_it_every_time_and_nobody_in_particular_is() {
    let world = tea_shop().await;
    publish(&world, &spring(5)).await;
    publish(&world, &{
        let mut other = spring(7);
        other["series"] = json!("other_sale");
        other
    })
    .await;
    let settings = world.get("/v1/settings").await.json;
    let hold = async |holdout: Value| {
        let mut changed = settings.clone();
        changed.as_object_mut().unwrap().remove("version");
        changed["rewards"]["holdout"] = holdout;
        assert_eq!(world.call("PUT", "/v1/settings", changed.to_string()).await.status, 200);
    };
    let held = async |series: &str| {
        let mut held = BTreeSet::new();
        for n in 0..60 {
            let answer = world.get(&format!("/v1/customers/c{n}/offers?inputs=1")).await.json;
            match withheld(&answer, series) {
                Some("holdout") => {
                    let flags = answer["inputs"]["series"]["held_out"].as_array().unwrap();
                    assert!(flags.contains(&json!("*")) || flags.contains(&json!(series)), "{flags:?}");
                    held.insert(n);
                }
                other => assert!(other.is_none() && offer(&answer, series).is_some(), "{answer}"),
            }
        }
        held
    };
    assert!(held("spring_sale").await.is_empty());
    hold(json!({ "percent": 50 })).await;
    let half = held("spring_sale").await;
    assert!((15..=45).contains(&half.len()), "{half:?}");
    assert_eq!(held("spring_sale").await, half, "the same each time");
    assert_eq!(held("other_sale").await, half, "of everything");
    hold(json!({ "percent": 50, "salt": "another" })).await;
    assert_ne!(held("spring_sale").await, half);
    hold(json!({ "series": { "spring_sale": 50 } })).await;
    assert!((15..=45).contains(&held("spring_sale").await.len()));
    assert!(held("other_sale").await.is_empty());
    let guest = world.post("/v1/offers?inputs=1", &json!({ "cart": { "products": [] } })).await.json;
    assert_eq!(guest["inputs"]["series"]["held_out"], json!(null));
    assert!(offer(&guest, "spring_sale").is_some());
}

#[tokio::test]
async fn a_warm_lookup_is_one_get_item_with_own_campaigns_too() {
    let world = tea_shop().await;
    for n in 0..5 {
        let mut campaign = spring(5);
        campaign["series"] = json!(format!("sale_{n}"));
        publish(&world, &campaign).await;
    }
    for path in ["/v1/customers/vip/offers", "/v1/customers/nobody/offers"] {
        world.get(path).await;
        world.calls.take();
        let answer = world.get(path).await;
        assert!(offer(&answer.json, "sale_4").is_some_and(|offer| offer["code"].is_string()), "{}", answer.text);
        assert_eq!(world.calls.take(), [("GetItem".to_owned(), 1)].into(), "{path}");
    }
}

#[tokio::test]
async fn a_new_shop_has_a_playbook_of_its_own_that_another_release_would_not_change() {
    let world = World::on("2026-11-22").await;
    let shown = world.get("/v1/playbook").await.json;
    assert_eq!((&shown["in_force"], shown["day"].is_string()), (&json!(true), true));
    let shop = world.ledger.shop(&acme()).await.unwrap().unwrap();
    assert_eq!(shown["version"], json!(shop.current.playbook));
}
