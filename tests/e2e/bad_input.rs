//! Bad input is refused by the name of its field, and nothing is stored; what is legal is stored faithfully.

use data_encoding::BASE64URL_NOPAD;
use e2e::World;
use serde_json::{Value, json};

use crate::order;

const TIME: &str = "2026-11-20T14:05:00+00:00";

fn with(field: &str, value: Value) -> Value {
    let mut order = order("A-1", "ann", TIME);
    order[field] = value;
    order
}

#[tokio::test]
async fn a_bad_field_is_named_and_nothing_is_stored() {
    let world = World::on("2026-11-22").await;
    let line = |line: Value| with("lines", json!([line]));
    let many: Vec<Value> = (0..1001).map(|_| json!({ "amount": 1 })).collect();
    let cases = [
        (with("currency", json!("EUR")), "currency"),
        (with("currency", json!(null)), "currency"),
        (with("time", json!("2026-11-20T14:05:00")), "time"),
        (with("time", json!("2026-11-23T00:00:00Z")), "time"),
        (with("time", json!("1969-12-31T00:00:00Z")), "time"),
        (with("time", json!("yesterday")), "time"),
        (with("total", json!(-1)), "total"),
        (with("total", json!(12.5)), "total"),
        (with("total", json!("12")), "total"),
        (with("total", json!(100_000_000_000_001_i64)), "total"),
        (with("id", json!("")), "id"),
        (with("id", json!("x".repeat(256))), "id"),
        (with("customer", json!("")), "customer"),
        (with("customer", json!("x".repeat(2048))), "customer"),
        (with("customer", json!(7)), "customer"),
        (with("lines", json!(many)), "lines"),
        (with("lines", json!([{ "id": "1", "amount": 1 }, { "id": "1", "amount": 1 }])), "lines"),
        (line(json!({ "amount": 1, "quantity": -1 })), "lines[0].quantity"),
        (line(json!({ "amount": 1, "quantity": "two" })), "lines[0].quantity"),
        (line(json!({ "amount": -1 })), "lines[0].amount"),
        (line(json!({})), "lines[0].amount"),
        (line(json!({ "amount": 1, "name": "x".repeat(1025) })), "lines[0].name"),
        (line(json!({ "amount": 1, "product": "" })), "lines[0].product"),
        (line(json!({ "amount": 1, "colour": "red" })), "lines[0].colour"),
        (with("totl", json!(1)), "totl"),
        (with("revision", json!(1)), "revision"),
    ];
    for (sent, field) in cases {
        let answer = world.post("/v1/orders", &sent).await;
        assert_eq!(answer.told(), (422, field.into()), "{}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    let returns = [
        (json!({ "id": "R", "order": "A", "time": TIME }), "amount"),
        (json!({ "id": "R", "order": "A", "time": TIME, "amount": 0 }), "amount"),
        (json!({ "id": "R", "order": "A", "time": TIME, "amount": 1, "whole": true }), "amount"),
        (json!({ "id": "R", "order": "A", "time": TIME, "lines": [] }), "lines"),
        (
            json!({ "id": "R", "order": "A", "time": TIME, "lines": [{ "line": "1" }, { "line": "1" }] }),
            "lines[1].line",
        ),
        (json!({ "id": "", "order": "A", "time": TIME, "whole": true }), "id"),
        (json!({ "id": "R", "order": "A", "time": "now", "whole": true }), "time"),
    ];
    for (sent, field) in returns {
        assert_eq!(world.post("/v1/returns", &sent).await.told(), (422, field.into()), "{sent}");
    }
    assert_eq!((world.count("Ledger").await, world.count("Customers").await), (0, 0));
}

#[tokio::test]
async fn a_bad_field_of_an_attribute_choice_or_answer_is_named_and_nothing_is_stored() {
    let world = World::on("2026-11-22").await;
    let attributes = |field: &str, value: Value| {
        let mut sent = json!({ "updated_at": TIME });
        sent[field] = value;
        ("PUT", "/v1/customers/ann", sent, field.to_owned())
    };
    let choice = |field: &str, value: Value| {
        let mut sent = json!({ "id": "1", "series": "s", "category": "tea", "reward": "p10", "days": 7 });
        sent[field] = value;
        ("POST", "/v1/customers/ann/choices", sent, field.to_owned())
    };
    let answer = |survey: &str, sent: Value, field: &str| {
        let mut whole = json!({ "id": "1", "customer": "ann" });
        sent.as_object().unwrap().iter().for_each(|(name, value)| whole[name] = value.clone());
        let path = ["/v1/surveys/reason/answers", "/v1/surveys/nps/answers", "/v1/surveys/purchase/answers"];
        let path = path.into_iter().find(|path| path.contains(survey)).unwrap_or("/v1/surveys/mood/answers");
        ("POST", path, whole, field.to_owned())
    };
    let cases = [
        attributes("updated_at", json!("2026-11-24T00:00:00Z")),
        attributes("updated_at", json!("1970-01-01T00:00:00Z")),
        attributes("updated_at", json!("2026-11-20")),
        attributes("updated_at", json!(null)),
        attributes("programme_since", json!("2026-2-1")),
        attributes("language", json!("")),
        attributes("language", json!("e")),
        attributes("language", json!("en_GB")),
        attributes("language", json!("english-languages-of-the-british-isles")),
        attributes("mailing_consent", json!("yes")),
        attributes("referred_by", json!("ann")),
        attributes("referred_by", json!("")),
        attributes("referred_by", json!("x".repeat(1025))),
        attributes("birthday", json!("2000-01-01")),
        choice("id", json!("")),
        choice("id", json!("x".repeat(256))),
        choice("series", json!("")),
        choice("category", json!(" ")),
        choice("category", json!("x".repeat(1025))),
        choice("reward", json!(null)),
        choice("days", json!(0)),
        choice("days", json!(366)),
        choice("made", json!("2026-11-23")),
        choice("percent", json!(10)),
        answer("mood", json!({ "score": 1 }), "survey"),
        answer("reason", json!({}), "reason"),
        answer("reason", json!({ "reason": "weather" }), "reason"),
        answer("reason", json!({ "reason": "price", "score": 1 }), "score"),
        answer("nps", json!({}), "score"),
        answer("nps", json!({ "score": 11 }), "score"),
        answer("nps", json!({ "score": -1 }), "score"),
        answer("nps", json!({ "score": 9.5 }), "score"),
        answer("nps", json!({ "score": 9, "reason": "price" }), "reason"),
        answer("purchase", json!({ "score": 0 }), "score"),
        answer("purchase", json!({ "score": 6 }), "score"),
        answer("purchase", json!({ "score": 5, "customer": "" }), "customer"),
        answer("purchase", json!({ "score": 5, "id": "" }), "id"),
        answer("purchase", json!({ "score": 5, "text": "fine" }), "text"),
    ];
    for (method, path, sent, field) in cases {
        let answer = world.call(method, path, sent.to_string()).await;
        assert_eq!(answer.told(), (422, field), "{method} {path} {sent} {}", answer.text);
    }
    assert_eq!((world.count("Ledger").await, world.count("Customers").await), (0, 0));
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let world = World::on("2026-11-22").await;
    let sent = json!({ "id": "", "customer": "", "time": "x", "currency": "EUR", "total": -1 });
    assert_eq!(world.post("/v1/orders", &sent).await.told(), (422, "currency id time total customer".into()));
}

#[tokio::test]
async fn what_is_no_json_is_told_with_its_place() {
    let world = World::on("2026-11-22").await;
    let whole = order("A-1", "ann", TIME).to_string();
    for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
        let answer = world.call("POST", "/v1/orders", whole[..cut].to_owned()).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(answer.json["errors"][0]["field"].is_string() && answer.json["detail"].is_string(), "{}", answer.text);
    }
    let mut broken = whole.into_bytes();
    let at = broken.windows(3).position(|w| w == b"ann").unwrap();
    broken[at] = 0xff;
    let answer = world.call("POST", "/v1/orders", broken).await;
    assert_eq!(answer.told(), (400, "customer".into()), "{}", answer.text);
    let large = vec![b' '; 6 * 1024 * 1024 + 1];
    assert_eq!(world.call("POST", "/v1/orders", large).await.told(), (413, "body-too-large".into()));
    assert_eq!(world.count("Ledger").await, 0);
}

#[tokio::test]
async fn legal_ids_of_any_shape_are_stored_faithfully() {
    let world = World::on("2026-11-22").await;
    let long = "k".repeat(1024);
    let ids = ["a#b", "a/b", "a?b", "..", "'\"", "😀", "a b", "~x", "\u{0}", "%2e%2e", "ö\u{301}", long.as_str()];
    for (n, id) in ids.iter().enumerate() {
        let order_id = if id.len() <= 255 { (*id).to_owned() } else { n.to_string() };
        let answer = world.post("/v1/orders", &order(&order_id, id, TIME)).await;
        assert_eq!((answer.status.as_u16(), &answer.json["customer"]), (201, &json!(id)), "{}", answer.text);
        let path = format!("~{}", BASE64URL_NOPAD.encode(id.as_bytes()));
        let path = if id.bytes().all(|b| b.is_ascii_alphanumeric()) { (*id).to_owned() } else { path };
        let found = world.get(&format!("/v1/customers/{path}")).await;
        assert_eq!(
            (found.status.as_u16(), &found.json["customer"], &found.json["orders"]),
            (200, &json!(id), &json!(1))
        );
        let story = world.get(&format!("/v1/customers/{path}/history")).await;
        assert_eq!(story.json["items"][0]["order"]["id"], json!(order_id));
    }
    assert_eq!(world.count("Customers").await, ids.len());
}

#[tokio::test]
async fn a_path_that_is_no_id_is_refused_by_name() {
    let world = World::on("2026-11-22").await;
    for (path, field) in [
        ("/v1/customers/a.b/segment", "customer"),
        ("/v1/customers/~%21/segment", "customer"),
        ("/v1/customers/%ff/segment", "customer"),
        ("/v1/segments/r4f1m1/customers", "segment"),
        ("/v1/segments/r1f1m1/customers?limit=0", "limit"),
        ("/v1/segments/r1f1m1/customers?limit=x", "query"),
        ("/v1/segments/r1f1m1/customers?cursor=*", "cursor"),
        ("/v1/runs/first", "run"),
        ("/v1/customers/ann/history?format=csv", "format"),
    ] {
        if path.contains("history") {
            world.post("/v1/orders", &order("A-1", "ann", TIME)).await;
        }
        let answer = world.get(path).await;
        assert_eq!(answer.told(), (422, field.into()), "{path} {}", answer.text);
    }
    assert_eq!(world.get("/v1/nothing").await.told(), (404, "not-found".into()));
    assert_eq!(world.call("DELETE", "/v1/orders", "").await.told(), (405, "method-not-allowed".into()));
}

#[tokio::test]
async fn settings_that_do_not_hold_are_named() {
    let world = World::on("2026-11-22").await;
    for (sent, field) in [
        (json!({ "run_hour": 24 }), "run_hour"),
        (json!({ "currency": "USD" }), "currency"),
        (json!({ "time_zone": "Europe/Paris" }), "time_zone"),
        (json!({ "refit": "daily" }), "refit"),
        (json!({ "segmentation": { "window": { "days": 0 } } }), "segmentation.window.days"),
        (json!({ "segmentation": { "fixed_recency": { "c1": 9, "c2": 3 } } }), "segmentation.fixed_recency"),
        (json!({ "groups": { "vip": ["r3f3m3"] } }), "groups"),
        (json!({ "colour": "red" }), "colour"),
    ] {
        let answer = world.call("PUT", "/v1/settings", sent.to_string()).await;
        assert_eq!(answer.told(), (422, field.into()), "{sent} {}", answer.text);
    }
    let same = world.get("/v1/settings").await;
    assert_eq!(same.json["version"], 1);
    assert_eq!(
        world.call("PUT", "/v1/settings", same.text.clone()).await.json["version"],
        2,
        "what was read can be sent back"
    );
    assert_eq!(world.call("PUT", "/v1/settings", same.text).await.told(), (409, "changed-meanwhile".into()));
}
