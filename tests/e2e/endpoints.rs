//! Endpoints through the API: made, shown, rotated, disabled, taken away; and which addresses none can have.

use e2e::World;
use ledger::Scope;
use serde_json::{Value, json};

/// Adds an endpoint and gives what the answer says.
pub(crate) async fn add(world: &World, url: &str) -> Value {
    let made = world.post("/v1/endpoints", &json!({ "url": url })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json
}

#[tokio::test]
async fn an_endpoint_is_made_shown_without_its_secret_rotated_disabled_and_taken_away() {
    let world = World::on("2026-11-22").await;
    let asked = json!({ "url": "https://hooks.shop.org/tercile?x=1", "types": ["shop.alert", "customer.moved"] });
    let made = world.post("/v1/endpoints", &asked).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let (id, secret) = (made.json["id"].as_str().unwrap(), made.json["secret"].as_str().unwrap());
    let bytes = data_encoding::BASE64.decode(secret.strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
    assert_eq!(bytes.len(), 32);

    let path = format!("/v1/endpoints/{id}");
    let listed = world.get("/v1/endpoints").await;
    assert_eq!(listed.json["endpoints"][0]["url"], asked["url"]);
    assert_eq!(listed.json["endpoints"][0]["types"], json!(["customer.moved", "shop.alert"]));
    let shown = world.get(&path).await;
    assert_eq!((&shown.json["state"], &shown.json["deliveries"]["dead_lettered"]), (&json!("enabled"), &json!(0)));
    assert!(!listed.text.contains("whsec_") && !shown.text.contains("whsec_"), "a secret is shown once");

    let rotated = world.call("POST", &format!("{path}/rotate"), "").await;
    assert_ne!(rotated.json["secret"], made.json["secret"]);
    assert!(rotated.json["former_secret_until"].is_string(), "{}", rotated.text);

    let disabled = world.post(&format!("{path}/state"), &json!({ "state": "disabled" })).await;
    assert_eq!((disabled.status.as_u16(), &disabled.json["state"]), (200, &json!("disabled")));
    let replay = json!({ "from": world.app.clock.now() - chrono::TimeDelta::hours(1) });
    assert_eq!(world.post(&format!("{path}/replay"), &replay).await.told(), (409, "endpoint-disabled".into()));
    let enabled = world.post(&format!("{path}/state"), &json!({ "state": "enabled" })).await;
    assert_eq!((&enabled.json["state"], &enabled.json["disabled"]), (&json!("enabled"), &Value::Null));

    assert_eq!(world.call("DELETE", &path, "").await.status, 204);
    assert_eq!(world.call("DELETE", &path, "").await.status, 404);
    assert_eq!(world.get(&path).await.status, 404);
    assert_eq!(world.get("/v1/endpoints/ep_x").await.told(), (422, "endpoint".into()));
}

#[tokio::test]
async fn a_shop_has_five_endpoints_at_most_and_sees_none_of_anothers() {
    let world = World::on("2026-11-22").await;
    let mut last = String::new();
    for n in 0..5 {
        last = add(&world, &format!("https://hooks.shop.org/{n}")).await["id"].as_str().unwrap().to_owned();
    }
    let sixth = world.post("/v1/endpoints", &json!({ "url": "https://hooks.shop.org/5" })).await;
    assert_eq!(sixth.told(), (409, "too-many-endpoints".into()));

    let other = e2e::shop(&world.ledger, &"other".parse().unwrap()).await;
    let theirs = &other.iter().find(|key| key.scopes == [Scope::Admin]).unwrap().token;
    let from = world.app.clock.now() - chrono::TimeDelta::hours(1);
    for (method, path, body) in [
        ("GET", format!("/v1/endpoints/{last}"), String::new()),
        ("DELETE", format!("/v1/endpoints/{last}"), String::new()),
        ("POST", format!("/v1/endpoints/{last}/rotate"), String::new()),
        ("POST", format!("/v1/endpoints/{last}/state"), json!({ "state": "disabled" }).to_string()),
        ("POST", format!("/v1/endpoints/{last}/replay"), json!({ "from": from }).to_string()),
        ("GET", format!("/v1/endpoints/{last}/dead-letters"), String::new()),
    ] {
        assert_eq!(world.call_as(theirs, method, &path, body).await.status, 404, "{method} {path}");
    }
    assert_eq!(world.call_as(theirs, "GET", "/v1/endpoints", "").await.json, json!({ "endpoints": [] }));
    assert_eq!(world.get(&format!("/v1/endpoints/{last}")).await.json["state"], "enabled");
}

#[tokio::test]
async fn an_address_that_is_not_public_or_not_https_is_refused_by_its_field() {
    let world = World::on("2026-11-22").await;
    for url in [
        "http://hooks.shop.org/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:7f00:1::]/",
        "https://100.64.0.1/",
        "https://localhost/",
        "https://shop.internal/",
        "https://user:pass@hooks.shop.org/",
        "https://hooks.shop.org:22/",
        "hooks.shop.org",
        "",
    ] {
        let told = world.post("/v1/endpoints", &json!({ "url": url })).await.told();
        assert_eq!(told, (422, "url".into()), "{url}");
    }
    for (body, field) in [
        (json!({ "url": "https://hooks.shop.org/", "types": [] }), "types"),
        (json!({ "url": "https://hooks.shop.org/", "types": ["order.created"] }), "types[0]"),
        (json!({}), "url"),
    ] {
        assert_eq!(world.post("/v1/endpoints", &body).await.told(), (422, field.into()), "{body}");
    }
    assert_eq!(world.get("/v1/endpoints").await.json, json!({ "endpoints": [] }), "bad input changes nothing");
}
