//! Tokens that are worth nothing, or not any more: whoever changes, cuts, borrows or keeps one gets no reward by it.

use edge::{Asked, Edge, Step};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use snapshot::{Claims, Label, NONCE, OriginKey, Refused, open, seal};

use super::shop::{self, ISSUED, at, bundle, customer, seconds, token};
use super::{answered, at_the_edge, at_the_origin};

fn rewards(answer: &Value) -> usize {
    let offers = answer["decision"]["offers"].as_array().unwrap();
    offers
        .iter()
        .filter(|offer| offer["reward"].is_object() || offer["code"].is_string() || offer["choice"].is_object())
        .count()
}

/// Is a token that the edge hands on none at the origin?
fn is_nothing_there(world: &e2e::World, token: &str) -> bool {
    let label = Label::of(token).unwrap();
    let key = world.ledger.edge_key(&e2e::acme(), label.key).for_edge();
    label.key > 1 && !matches!(open(token, &[key], "acme", i64::MAX), Err(Refused::Expired(_)))
}

/// A shop, a component of it, and a token with rewards in it.
async fn with_rewards() -> (e2e::World, Edge, String) {
    let world = shop::shop().await;
    let edge = Edge::of(bundle(&world, "https://api.example").await).unwrap();
    for segment in segmentation::Segment::all() {
        let token = token(&world, &customer(segment), 24).await;
        if rewards(&answered(at_the_edge(&edge, Some(&token), "", &Value::Null, ISSUED))) > 0 {
            return (world, edge, token);
        }
    }
    panic!("nobody is rewarded");
}

#[tokio::test]
async fn without_a_genuine_token_of_the_shop_there_is_no_reward() {
    let (world, edge, genuine) = with_rewards().await;
    let public = answered(at_the_edge(&edge, None, "", &Value::Null, ISSUED));
    assert!(rewards(&public) == 0 && !public["decision"]["offers"].as_array().unwrap().is_empty(), "{public}");
    assert_eq!(
        (&public["known"], &public["degraded"], &public["source"]),
        (&json!(false), &Value::Null, &json!("edge"))
    );

    let told = |token: &str| answered(at_the_edge(&edge, Some(token), "", &Value::Null, ISSUED));
    let mut runner = TestRunner::new(Config::with_cases(3_000));
    let letters = "[A-Za-z0-9_.~-]";
    runner
        .run(&(any::<prop::sample::Index>(), letters), |(at, to)| {
            let at = at.index(genuine.len());
            let mut changed = genuine.clone();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != genuine);
            match at_the_edge(&edge, Some(&changed), "", &Value::Null, ISSUED) {
                // Only another key's number, which the origin finds out.
                Step::Ask(question) => prop_assert!(is_nothing_there(&world, &question.bearer)),
                Step::Answer(answer) => {
                    prop_assert_eq!(serde_json::from_slice::<Value>(&answer.body).unwrap(), public.clone());
                }
            }
            Ok(())
        })
        .unwrap();
    runner
        .run(&(0..genuine.len(), "[A-Za-z0-9_.-]{0,40}"), |(keep, more)| {
            let changed = format!("{}{more}", &genuine[..keep]);
            prop_assume!(changed != genuine && !changed.trim().is_empty());
            let step = at_the_edge(&edge, Some(&changed), "", &Value::Null, ISSUED);
            match step {
                Step::Ask(question) => prop_assert!(is_nothing_there(&world, &question.bearer)),
                step => prop_assert_eq!(rewards(&answered(step)), 0),
            }
            Ok(())
        })
        .unwrap();

    // Another shop's, under its own name and under this one.
    let theirs: ledger::ShopId = "acme-2".parse().unwrap();
    let claims = Claims { issued: seconds(ISSUED), expires: seconds(ISSUED) + 900, body: vec![1; 300] };
    let foreign = seal("acme-2", &claims, &world.ledger.edge_key(&theirs, 0), [5; NONCE]).unwrap();
    let borrowed = seal("acme", &claims, &world.ledger.edge_key(&theirs, 0), [5; NONCE]).unwrap();
    let renamed = genuine.replacen("acme", "acme-2", 1);
    // An edge that was broken into seals what it likes, and signs with a key of its own.
    let own = world.ledger.edge_key(&e2e::acme(), 0).for_edge();
    let forged = seal("acme", &claims, &OriginKey::new(0, [1; 32], own.sealing()), [5; NONCE]).unwrap();
    for token in [&foreign, &borrowed, &renamed, &forged] {
        assert_eq!(told(token), public, "{token}");
        assert_eq!(
            at_the_origin(&world, token, "", &Value::Null).await.told(),
            (401, "token-invalid".to_owned()),
            "{token}"
        );
    }
}

#[tokio::test]
async fn what_the_edge_may_not_decide_the_origin_does_and_without_it_there_is_no_reward() {
    let (mut world, edge, token) = with_rewards().await;
    let over = "2026-03-27T12:00:00Z";
    assert!(rewards(&answered(at_the_edge(&edge, Some(&token), "", &Value::Null, "2026-03-27T11:59:59Z"))) > 0);
    let cart = json!({ "cart": { "products": ["p-1"] } });
    let Step::Ask(question) = at_the_edge(&edge, Some(&token), "?lang=ru", &cart, over) else { panic!("it is over") };
    assert_eq!(question.url, "https://api.example/v1/edge/offers?lang=ru");
    assert_eq!((question.bearer.as_str(), question.body), (token.as_str(), cart.to_string().into_bytes()));

    at(&mut world, over);
    let origin = at_the_origin(&world, &token, "?lang=ru", &cart).await;
    assert_eq!((origin.status.as_u16(), &origin.json["decision"]["day"]), (200, &json!("2026-03-27")));
    let body = cart.to_string().into_bytes();
    let asked = Asked {
        method: "POST",
        path: "/offers?lang=ru",
        cookie: None,
        token: Some(&token),
        accept_language: None,
        body: &body,
    };
    let told = |came: Option<(u16, &str)>| {
        let answer =
            edge.with_origin(&asked, came.map(|(status, body)| (status, body.as_bytes().to_vec())), seconds(over));
        assert_eq!(answer.status, 200);
        serde_json::from_slice::<Value>(&answer.body).unwrap()
    };
    assert_eq!(told(Some((200, &origin.text))), origin.json, "what the origin says is handed on");
    for (came, degraded) in
        [(None, true), (Some((503, "")), true), (Some((500, "{}")), true), (Some((401, "{}")), false)]
    {
        let answer = told(came);
        assert_eq!(
            (rewards(&answer), &answer["known"], answer["degraded"] == true),
            (0, &json!(false), degraded),
            "{came:?}"
        );
    }

    // Made under other terms: the origin's are in force.
    let changed = json!({ "idea": { "complements": { "text": { "en": "Other", "ru": "Другое" } } } });
    assert_eq!(world.call("PUT", "/v1/playbook", changed.to_string()).await.status, 200);
    world.ledger = world.process();
    at(&mut world, "2026-03-27T13:00:00Z");
    let newer = shop::token(&world, "of-r3f3m3", 24).await;
    assert!(matches!(at_the_edge(&edge, Some(&newer), "", &Value::Null, "2026-03-27T13:00:00Z"), Step::Ask(_)));
    let edge = Edge::of(bundle(&world, "https://api.example").await).unwrap();
    assert!(matches!(at_the_edge(&edge, Some(&newer), "", &Value::Null, "2026-03-27T13:00:00Z"), Step::Answer(_)));

    // And at last nobody answers from it.
    at(&mut world, "2026-04-26T12:00:00Z");
    assert_eq!(at_the_origin(&world, &token, "", &Value::Null).await.status, 200);
    at(&mut world, "2026-04-26T12:00:01Z");
    assert_eq!(at_the_origin(&world, &token, "", &Value::Null).await.told(), (401, "token-invalid".to_owned()));
}

/// The field that a problem names, or its type.
fn field_of(problem: &Value) -> String {
    let field = problem["errors"][0]["field"].as_str();
    field.or(problem["type"].as_str().and_then(|kind| kind.rsplit(':').next())).unwrap().to_owned()
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_its_field() {
    let (world, edge, token) = with_rewards().await;
    let many: Vec<String> = (0..201).map(|n| n.to_string()).collect();
    let long = "x".repeat(70_000);
    let table = [
        ("GET", "/nowhere", String::new(), 404, "not-found"),
        ("DELETE", "/offers", String::new(), 405, "method-not-allowed"),
        ("POST", "/offers", "{".to_owned(), 400, "invalid-json"),
        ("POST", "/offers", "[]".to_owned(), 400, "body"),
        ("POST", "/offers", "{} {}".to_owned(), 400, "body"),
        ("POST", "/offers", json!({ "basket": [] }).to_string(), 422, "basket"),
        ("POST", "/offers", json!({ "cart": { "products": ["a", 1] } }).to_string(), 422, "cart.products[1]"),
        ("POST", "/offers", json!({ "cart": { "products": many } }).to_string(), 422, "cart.products"),
        ("POST", "/offers", json!({ "cart": { "products": ["a", ""] } }).to_string(), 422, "cart.products[1]"),
        ("POST", "/offers", long, 413, "body-too-large"),
        ("GET", "/offers?lang=de", String::new(), 422, "lang"),
        ("GET", "/offers?language=en", String::new(), 422, "query"),
    ];
    for (method, path, body, status, field) in table {
        let body = body.into_bytes();
        let asked = Asked { method, path, cookie: None, token: Some(&token), accept_language: None, body: &body };
        let Step::Answer(answer) = edge.answer(&asked, seconds(ISSUED)) else { panic!("{method} {path}") };
        let told: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status, status, "{told}");
        assert!(
            told["errors"][0]["field"] == field || told["type"] == format!("urn:tercile:problem:{field}"),
            "{told}"
        );
        if path == "/offers" && method == "POST" && status != 413 {
            // The origin names the same.
            let there = at_the_origin(&world, &token, "", &Value::String(String::from_utf8(body).unwrap())).await;
            assert_eq!(there.told(), (status, field_of(&told)), "{}", there.text);
        }
        assert_eq!(answer.headers[0], ("content-type", "application/problem+json".to_owned()));
    }
    let told = at_the_origin(&world, &token, "", &json!({ "cart": { "products": many } })).await.told();
    assert_eq!(told, (422, "cart.products".to_owned()));
    for nothing in ["", "tcl_acme_x_y", world.key(ledger::Scope::Admin)] {
        assert_eq!(at_the_origin(&world, nothing, "", &Value::Null).await.told(), (401, "token-invalid".to_owned()));
    }
}

#[tokio::test]
async fn the_token_is_taken_from_the_header_or_the_cookie() {
    let (_world, edge, token) = with_rewards().await;
    let cookie = format!("theme=dark; tercile_token={token}; other=1");
    let with = |cookie: Option<&str>, token: Option<&str>| {
        let asked = Asked { method: "GET", path: "/offers", cookie, token, accept_language: Some("ru"), body: &[] };
        answered(edge.answer(&asked, seconds(ISSUED)))
    };
    let by_header = with(None, Some(&token));
    assert!(rewards(&by_header) > 0);
    assert_eq!(with(Some(&cookie), None), by_header);
    assert_eq!(with(Some("tercile_token=; theme=dark"), None), with(None, None));
    assert_eq!(rewards(&with(Some(&cookie), Some("another"))), 0, "the header comes first");
}
