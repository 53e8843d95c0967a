//! Offers at the edge: the component's own logic against the origin's answer from the same token, and against the full lookup. The same
//! under a real host is in `host`.

mod host;
mod shop;
mod worthless;

use std::collections::BTreeSet;

use e2e::{Answer, World};
use edge::{Asked, Edge, Step};
use ledger::Scope;
use segmentation::Segment;
use serde_json::{Value, json};

use shop::{ISSUED, MOMENTS, at, bundle, carts, customer, seconds, token};

/// Answers of the edge's library, as a host would carry them.
fn at_the_edge(edge: &Edge, token: Option<&str>, query: &str, cart: &Value, moment: &str) -> Step {
    let body = if cart.is_null() { Vec::new() } else { cart.to_string().into_bytes() };
    let path = format!("/offers{query}");
    let method = if body.is_empty() { "GET" } else { "POST" };
    let asked = Asked { method, path: &path, cookie: None, token, accept_language: None, body: &body };
    edge.answer(&asked, seconds(moment))
}

fn answered(step: Step) -> Value {
    match step {
        Step::Answer(answer) => {
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
            serde_json::from_slice(&answer.body).unwrap()
        }
        Step::Ask(question) => panic!("the origin is asked: {}", question.url),
    }
}

async fn at_the_origin(world: &World, token: &str, query: &str, cart: &Value) -> Answer {
    // A text is sent as it is.
    let body =
        cart.as_str().map_or_else(|| if cart.is_null() { String::new() } else { cart.to_string() }, str::to_owned);
    world.call_as(token, "POST", &format!("/v1/edge/offers{query}"), body).await
}

/// What both sides have to say alike, from products that they need not share.
fn promised(answer: &Value) -> Value {
    let decision = &answer["decision"];
    let offers = decision["offers"].as_array().unwrap().iter().map(|offer| {
        let mut reward = offer["reward"].clone();
        if reward["on"]["products"].is_array() {
            reward["on"] = Value::Null;
        }
        json!({ "id": offer["id"], "code": offer["code"], "kind": offer["kind"], "reward": reward, "open": offer["open"],
                "campaign": offer["reason"]["campaign"], "slot": offer["reason"]["slot"], "step": offer["reason"]["step"],
                "progress": offer["progress"], "choice": offer["choice"], "shows": offer["products"].is_array() })
    });
    let fields =
        ["day", "segment", "group", "reads_as", "entry", "goal", "mechanic", "reason", "withheld", "no_reward"];
    let mut told: Value = fields.iter().map(|field| ((*field).to_owned(), decision[field].clone())).collect();
    told["offers"] = offers.collect();
    told
}

#[tokio::test]
async fn the_edge_answers_as_the_origin_does_on_every_day_of_a_token_and_promises_what_a_lookup_does() {
    let mut world = shop::shop().await;
    let edge = Edge::of(bundle(&world, "https://api.example").await).unwrap();
    let mut tokens = Vec::new();
    for segment in Segment::all() {
        tokens.push((customer(segment), token(&world, &customer(segment), 168).await));
    }
    tokens.push(("nobody".to_owned(), token(&world, "nobody", 168).await));
    let (mut places, mut kinds, mut codes, mut falls, mut spent) =
        (BTreeSet::new(), BTreeSet::new(), 0, 0, BTreeSet::new());
    for moment in MOMENTS {
        at(&mut world, moment);
        for (customer, token) in &tokens {
            // What the token shows, each of it in the cart: what stands behind it is offered, with its code.
            let shown = answered(at_the_edge(&edge, Some(token), "", &Value::Null, moment));
            let shown: BTreeSet<String> = shown["decision"]["offers"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|offer| offer["products"].as_array().cloned().unwrap_or_default())
                .map(|product| product["id"].as_str().unwrap().to_owned())
                .collect();
            let each = shown.iter().map(|id| ("", json!({ "cart": { "products": [id] } })));
            for (query, cart) in carts().into_iter().chain(each) {
                let what = format!("{customer} at {moment} with {cart}{query}");
                let here = answered(at_the_edge(&edge, Some(token), query, &cart, moment));
                let origin = at_the_origin(&world, token, query, &cart).await;
                assert_eq!(origin.status, 200, "{what}: {}", origin.text);
                let mut there = origin.json;
                assert_eq!((&here["source"], &there["source"]), (&json!("edge"), &json!("origin")));
                there["source"] = here["source"].clone();
                assert_eq!(here, there, "{what}");
                if cart.is_null() {
                    let path = format!("/v1/customers/{customer}/offers");
                    let full = world.call_as(world.key(Scope::Checkout), "GET", &path, "").await.json;
                    assert_eq!(promised(&here), promised(&full), "{what}");
                    assert_eq!(
                        (&here["known"], &here["referral_code"]),
                        (&full["known"], &full["referral_code"]),
                        "{what}"
                    );
                }
                let decision = &here["decision"];
                for not in decision["withheld"].as_array().unwrap().iter().filter(|not| not["why"] == "budget") {
                    spent.insert((moment, not["campaign"].as_str().unwrap().to_owned()));
                }
                places.insert(decision["segment"].as_str().unwrap().to_owned());
                falls += usize::from(decision["segment"] != customer["of-".len()..] && customer != "nobody");
                for offer in decision["offers"].as_array().unwrap() {
                    kinds.insert(offer["mechanic"].to_string());
                    codes += usize::from(offer["code"].is_string());
                }
            }
        }
    }
    assert_eq!(places.len(), 28, "{places:?}");
    let gift = |moment, series: &str| spent.contains(&(moment, series.to_owned()));
    assert!(gift(ISSUED, "march_gift") && gift(ISSUED, "often_gift"), "{spent:?}");
    assert!(!gift("2026-04-02T11:59:59Z", "march_gift"), "April has its own money");
    assert!(kinds.len() > 20 && codes > 500 && falls > 100, "{} mechanics, {codes} codes, {falls} falls", kinds.len());
}

#[tokio::test]
async fn a_token_is_small_and_tells_nobodys_name() {
    let world = shop::shop().await;
    let mut sizes = Vec::new();
    for segment in Segment::all() {
        let token = token(&world, &customer(segment), 168).await;
        sizes.push(token.len());
        assert!(token.starts_with("ts1.acme.0.") && !token.contains("of-"), "{token}");
    }
    sizes.sort_unstable();
    println!("characters of tokens, with products and without: {sizes:?}");
    assert!(sizes[26] <= 2_000, "{sizes:?}");
    let path = format!("/v1/customers/{}/snapshot", customer(Segment::all().next().unwrap()));
    for (hours, told) in [(0, (422, "hours".to_owned())), (169, (422, "hours".to_owned()))] {
        let refused = world.post(&path, &json!({ "hours": hours })).await;
        assert_eq!(refused.told(), told);
    }
    world.calls.take();
    assert_eq!(world.post(&path, &json!({})).await.status, 201);
    assert_eq!(world.calls.take(), [("GetItem".to_owned(), 1)].into(), "one read, and nothing is written");
    let with = world.get("/v1/customers/of-r3f3m3/offers?snapshot=1").await;
    assert!(with.json["snapshot"]["token"].as_str().unwrap().starts_with("ts1.acme.0."), "{}", with.text);
    assert_eq!(world.get("/v1/customers/of-r3f3m3/offers?snapshot=2").await.told(), (422, "snapshot".to_owned()));
}

#[tokio::test]
async fn an_answer_from_a_token_reads_no_customer() {
    let world = shop::shop().await;
    let token = token(&world, "of-r2f2m2", 24).await;
    at_the_origin(&world, &token, "", &Value::Null).await;
    world.calls.take();
    assert_eq!(at_the_origin(&world, &token, "", &Value::Null).await.status, 200);
    assert_eq!(world.calls.take(), [].into());
}

#[tokio::test]
async fn what_is_offered_at_the_edge_is_checked_again_where_it_is_used() {
    let mut world = shop::shop().await;
    let edge = Edge::of(bundle(&world, "https://api.example").await).unwrap();
    let mut offered = Vec::new();
    for segment in Segment::all() {
        let token = token(&world, &customer(segment), 168).await;
        let answer = answered(at_the_edge(&edge, Some(&token), "", &Value::Null, ISSUED));
        let offers = answer["decision"]["offers"].as_array().unwrap().clone();
        let own =
            offers.into_iter().find(|offer| offer["reason"]["campaign"] == "welcome_all" && offer["code"].is_string());
        offered.extend(own.map(|offer| (customer(segment), token, offer["code"].as_str().unwrap().to_owned())));
    }
    assert!(offered.len() > 15, "{}", offered.len());
    let reserve = |n: usize, order: &str| {
        let (customer, _, code) = &offered[n];
        json!({ "code": code, "customer": customer, "order": order, "total": 5_000 })
    };
    let first = world.post("/v1/redemptions", &reserve(0, "new-1")).await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(world.post("/v1/redemptions", &reserve(0, "new-2")).await.status, 409, "once is all");
    let mut anothers = reserve(1, "new-3");
    anothers["customer"] = json!(offered[2].0);
    assert_eq!(world.post("/v1/redemptions", &anothers).await.status, 422, "a code is one customer's");

    // Paused: the edge does not know yet, the origin does, and whoever comes with the code hears it.
    let number = world.get("/v1/campaigns?limit=1000").await.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|campaign| campaign["series"] == "welcome_all")
        .unwrap()["number"]
        .to_string();
    let paused = world.post(&format!("/v1/campaigns/{number}/state"), &json!({ "state": "paused" })).await;
    assert_eq!(paused.status, 200, "{}", paused.text);
    at(&mut world, "2026-03-26T12:10:00Z");
    let (_, token, _) = &offered[3];
    let has = |answer: &Value| {
        let mut offers = answer["decision"]["offers"].as_array().unwrap().iter();
        offers.any(|offer| offer["reason"]["campaign"] == "welcome_all")
    };
    assert!(has(&answered(at_the_edge(&edge, Some(token), "", &Value::Null, "2026-03-26T12:10:00Z"))));
    assert!(!has(&at_the_origin(&world, token, "", &Value::Null).await.json));
    let refused = world.post("/v1/redemptions", &reserve(3, "new-4")).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
}

#[tokio::test]
async fn keys_are_changed_without_an_end_of_tokens_and_taken_back_with_one() {
    let mut world = shop::shop().await;
    let edge = Edge::of(bundle(&world, "https://api.example").await).unwrap();
    let old = token(&world, "of-r3f3m3", 168).await;
    let mut settings = world.get("/v1/settings").await.json;
    settings.as_object_mut().unwrap().remove("version");
    let mut number = |key: u32| {
        settings["edge"] = json!({ "key": key });
        settings.to_string()
    };
    for (key, minute, old_counts) in [(1, "2026-03-26T12:10:00Z", true), (2, "2026-03-26T12:20:00Z", false)] {
        assert_eq!(world.call("PUT", "/v1/settings", number(key)).await.status, 200);
        // The settings are looked at once a minute, and a new process at once.
        world.ledger = world.process();
        at(&mut world, minute);
        let new = token(&world, "of-r3f3m3", 168).await;
        assert!(new.starts_with(&format!("ts1.acme.{key}.")), "{new}");
        assert_eq!(at_the_origin(&world, &new, "", &Value::Null).await.status, 200);
        let told = at_the_origin(&world, &old, "", &Value::Null).await;
        assert_eq!(told.status.as_u16(), if old_counts { 200 } else { 401 }, "{}", told.text);
        let step = at_the_edge(&edge, Some(&new), "", &Value::Null, minute);
        // A component that was built before knows the next key; of a later one it asks.
        assert_eq!(matches!(step, Step::Answer(_)), old_counts, "{key}");
    }
    for refused in [1_000_001, 1] {
        assert_eq!(world.call("PUT", "/v1/settings", number(refused)).await.told(), (422, "edge.key".to_owned()));
    }
    // Who knows nothing of keys changes none.
    assert_eq!(world.call("PUT", "/v1/settings", json!({ "run_hour": 4 }).to_string()).await.status, 200);
    assert_eq!(world.get("/v1/settings").await.json["edge"]["key"], 2);
}

#[tokio::test]
async fn an_address_of_an_origin_is_one() {
    let world = World::on("2026-03-26").await;
    for origin in
        ["", "api.example", "ftp://api.example", "https://", "https://api.example/path", "https://a%20b", "https://a@b"]
    {
        let told = world.get(&format!("/v1/edge/bundle?origin={origin}")).await;
        assert_eq!(told.told(), (422, "origin".to_owned()), "{origin}: {}", told.text);
    }
    assert_eq!(world.get("/v1/edge/bundle").await.told().0, 422);
    assert!(Edge::of(bundle(&world, "http://127.0.0.1:8080").await).is_some());
}
