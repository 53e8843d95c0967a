//! Whose a delivery is: the hook in the path, and the signature under its secret (law 15).

use axum::http::Request;
use e2e::{Answer, acme};
use serde_json::{Value, json};

use super::{Hook, SECRET, at, counted, go_to, shopify, sign, taken, with};

const NOW: &str = "2026-11-21T15:30:00Z";

#[tokio::test]
async fn what_is_not_signed_as_it_came_gets_one_answer_and_changes_nothing() {
    let world = at(NOW).await;
    e2e::shop(&world.ledger, &"other".parse().unwrap()).await;
    let hook = Hook::shopify(&world).await;
    let woo = Hook::woocommerce(&world).await;
    let body = with(shopify::CREATE, &[]).to_string();
    let signed = sign(SECRET, body.as_bytes());
    let to = |path: &str, body: &str, signature: Option<&str>| {
        let hook = Hook { platform: "shopify", path: path.to_owned(), secret: String::new() };
        hook.request("orders/create", body.to_owned(), signature)
    };
    let path = hook.path.as_str();
    let hex = "0".repeat(64);
    let mut answers: Vec<Answer> = Vec::new();
    for request in [
        to(path, &body, None),
        to(path, &body, Some("")),
        to(path, &body, Some(&signed.to_lowercase())),
        to(path, &body, Some(&hex)),
        to(path, &body, Some(&sign("another secret", body.as_bytes()))),
        to(path, &body, Some(&sign("", body.as_bytes()))),
        // The amount, and nothing but a space.
        to(path, &body.replace("48.50", "48.51"), Some(&signed)),
        to(path, &format!("{body} "), Some(&signed)),
        // Signed, but sent to somebody else's hook, to none, and to one of the other platform.
        to(&path.replace("acme", "other"), &body, Some(&signed)),
        to(&path.replace("acme", "nobody"), &body, Some(&signed)),
        to(&path.replace(hook.id(), "0123456789abcdef"), &body, Some(&signed)),
        to(&path.replace(hook.id(), "0123456789abcdef"), &body, Some(&sign("", body.as_bytes()))),
        to(&path.replace(hook.id(), woo.id()), &body, Some(&signed)),
        to(&path.replace(hook.id(), "head"), &body, Some(&signed)),
        to(&path.replace(hook.id(), "..%2Fsettings"), &body, Some(&signed)),
        to(&path.replace(hook.id(), "%ff"), &body, Some(&signed)),
        to(&path.replace("acme", "ACME"), &body, Some(&signed)),
        to(&path.replace("acme", "acme%23"), &body, Some(&signed)),
    ] {
        answers.push(world.send(request).await);
    }
    for answer in &answers {
        assert_eq!((answer.told(), &answer.text), ((401, "unauthorized".into()), &answers[0].text));
    }
    assert_eq!((world.count("Ledger").await, world.count("Customers").await), (0, 0));
    let shown = world.get(&format!("/v1/hooks/{}", hook.id())).await.json;
    assert_eq!(shown["days"], json!([]), "strangers write nothing");
    // A key is no signature.
    let keyed = Request::builder().method("POST").uri(path).header("x-shopify-topic", "orders/create");
    let keyed = keyed.header("authorization", format!("Bearer {}", world.keys[2].token)).body(body.clone().into());
    assert_eq!(world.send(keyed.unwrap()).await.status, 401);
    assert_eq!(world.send(to(path, &body, Some(&signed))).await.status, 200);
}

#[tokio::test]
async fn the_body_is_proven_as_it_came_and_not_as_it_reads() {
    let world = at(NOW).await;
    let hook = Hook::shopify(&world).await;
    let body = shopify::CREATE.replace("Teapot", "T\\u0065apot").replace('\n', "\r\n\t");
    let signature = sign(SECRET, body.as_bytes());
    assert_eq!(taken(&world.send(hook.request("orders/create", body, Some(&signature))).await), "recorded");
    assert_eq!(counted(&world, "7102394821911").await.len(), 1);
}

#[tokio::test]
async fn two_secrets_hold_while_one_is_changed_and_a_deleted_hook_takes_nothing() {
    let mut world = at(NOW).await;
    let hook = Hook::shopify(&world).await;
    let at_hook = format!("/v1/hooks/{}", hook.id());
    let create = with(shopify::CREATE, &[]);
    let deliver = async |world: &e2e::World, secret: &str| {
        let hook = Hook { platform: "shopify", path: hook.path.clone(), secret: secret.to_owned() };
        hook.send(world, "orders/create", &create).await.status.as_u16()
    };
    let changed = world.call("PUT", &at_hook, json!({ "secret": "the second secret" }).to_string()).await;
    assert_eq!((changed.status.as_u16(), &changed.json["secrets"]), (200, &json!(2)), "{}", changed.text);
    assert_eq!((deliver(&world, SECRET).await, deliver(&world, "the second secret").await), (200, 200));
    let changed =
        world.call("PUT", &at_hook, json!({ "secret": "the third secret", "keep_previous": false }).to_string());
    assert_eq!(changed.await.json["secrets"], 1);
    assert_eq!(deliver(&world, "the second secret").await, 200, "known for a minute");
    go_to(&mut world, NOW);
    assert_eq!((deliver(&world, "the second secret").await, deliver(&world, "the third secret").await), (401, 200));
    let gone = world.call("DELETE", &at_hook, "").await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""));
    assert_eq!(world.call("DELETE", &at_hook, "").await.told(), (404, "not-found".into()));
    go_to(&mut world, NOW);
    assert_eq!(deliver(&world, "the third secret").await, 401);
    assert_eq!(world.get("/v1/hooks").await.json, json!({ "hooks": [] }));
}

#[tokio::test]
async fn a_hook_has_a_secret_that_the_store_does_not_tell() {
    let world = at(NOW).await;
    let hook = Hook::shopify(&world).await;
    let made = world.post("/v1/hooks", &json!({ "platform": "woocommerce" })).await;
    let secret = made.json["secret"].as_str().unwrap().to_owned();
    assert_eq!((made.status.as_u16(), secret.len()), (201, 64), "{}", made.text);
    let path = made.json["url"].as_str().unwrap().to_owned();
    let woo = Hook { platform: "woocommerce", path, secret: secret.clone() };
    let created = with(super::woocommerce::CREATED, &[]);
    assert_eq!(taken(&woo.send(&world, "order.created", &created).await), "recorded");
    let listed = world.get("/v1/hooks").await;
    let shops = world.ledger.client().scan().table_name("Shops").send().await.unwrap();
    for text in [listed.text.clone(), format!("{:?}", shops.items())] {
        assert!(text.contains(hook.id()) && !text.contains(SECRET) && !text.contains(&secret), "{text}");
    }
    assert_eq!(listed.json["hooks"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn bad_hooks_are_refused_by_field_and_there_are_at_most_twenty() {
    let world = at(NOW).await;
    for (sent, field) in [
        (json!({ "platform": "shopify" }), "secret"),
        (json!({ "platform": "shopify", "secret": "short" }), "secret"),
        (json!({ "platform": "woocommerce", "secret": "x".repeat(256) }), "secret"),
        (json!({ "platform": "magento", "secret": SECRET }), "platform"),
        (json!({ "secret": SECRET }), "platform"),
        (json!({ "platform": "shopify", "secret": SECRET, "shop": "other" }), "shop"),
    ] {
        assert_eq!(world.post("/v1/hooks", &sent).await.told(), (422, field.into()), "{sent}");
    }
    for path in ["/v1/hooks/x", "/v1/hooks/0123456789ABCDEF"] {
        assert_eq!(world.get(path).await.told(), (422, "hook".into()), "{path}");
    }
    assert_eq!(world.get("/v1/hooks/0123456789abcdef").await.told(), (404, "not-found".into()));
    assert_eq!(world.call("PUT", "/v1/hooks/0123456789abcdef", "{}").await.told(), (404, "not-found".into()));
    for _ in 0..20 {
        Hook::woocommerce(&world).await;
    }
    let more = world.post("/v1/hooks", &json!({ "platform": "woocommerce" })).await;
    assert_eq!(more.told(), (409, "too-many-hooks".into()));
    let hooks: Value = world.get("/v1/hooks").await.json;
    assert_eq!(hooks["hooks"].as_array().map(Vec::len), Some(20));
    assert_eq!(world.ledger.hooks(&acme()).await.unwrap().hooks.len(), 20);
}
