//! Routes that want no key want a proof: a page's address, a signature. Proofs of one shop open nothing of another one.

use axum::body::Body;
use axum::http::Request;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use e2e::{Answer, acme};
use hmac::{Hmac, KeyInit, Mac};
use ledger::{CustomerId, Scope};
use segmentation::answers::Survey;
use serde_json::{Value, json};
use sha2::Sha256;

use super::full::{Full, HOOK_SECRET, neighbour};
use super::items_of;
use super::marks::foreign;

const CREATED: &str = include_str!("../../fixtures/woocommerce/order_created.json");

/// An order as WooCommerce tells it; customer 0 is a guest.
pub(super) fn delivery(order: u64, customer: u64) -> String {
    let mut document: Value = serde_json::from_str(CREATED).unwrap();
    document["id"] = json!(order);
    document["customer_id"] = json!(customer);
    document.to_string()
}

/// A delivery, signed.
pub(super) fn signed(path: &str, body: &str, secret: &str) -> Request<Body> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(body.as_bytes());
    let signature = BASE64.encode(&mac.finalize().into_bytes());
    let request = Request::builder().method("POST").uri(path).header("content-type", "application/json");
    let request = request.header("x-wc-webhook-topic", "order.created").header("x-wc-webhook-signature", &signature);
    // Shopify's headers, too: a path of the one is called with a proof of the other.
    let request = request.header("x-shopify-topic", "orders/create").header("x-shopify-hmac-sha256", &signature);
    request.body(body.to_owned().into()).unwrap()
}

/// Pages, hooks, health and the document, with proofs that do not fit.
pub(super) async fn proofs(full: &Full) {
    let world = &full.world;
    let theirs = neighbour(world, "acme-3").await;
    let made = world.call_as(&theirs, "POST", "/v1/hooks", json!({ "platform": "woocommerce" }).to_string()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let (own_path, own_secret) = (made.json["url"].as_str().unwrap(), made.json["secret"].as_str().unwrap());
    let own_id = own_path.rsplit('/').next().unwrap();
    let before = items_of(world, "acme-3").await;

    let (path, id) = (full.ids.hook_path.as_str(), full.ids.hook.as_str());
    let body = delivery(7_001, 27);
    let mut answers: Vec<(String, Answer)> = Vec::new();
    for (path, secret) in [
        // The shop's hook and its secret under the neighbour's name, and the other way round.
        (path.replace("/acme/", "/acme-3/"), HOOK_SECRET),
        (own_path.replace("/acme-3/", "/acme/"), own_secret),
        // Each at its own place with the other's secret.
        (path.to_owned(), own_secret),
        (own_path.to_owned(), HOOK_SECRET),
        // The one's name with the other's hook.
        (path.replace(id, own_id), HOOK_SECRET),
        (path.replace(id, own_id), own_secret),
        (own_path.replace(own_id, id), own_secret),
        (own_path.replace(own_id, id), HOOK_SECRET),
        // At the other platform's route, and with a path that would read as the shop's once it is decoded.
        (path.replace("woocommerce", "shopify"), HOOK_SECRET),
        (path.replace("/acme/", "/acme-3%2F..%2Facme/"), HOOK_SECRET),
        (path.replace("/acme/", "/acme%23/"), HOOK_SECRET),
        (path.replace("/acme/", "/%D0%B0cme/"), HOOK_SECRET),
    ] {
        answers.push((path.clone(), world.send(signed(&path, &body, secret)).await));
    }
    for (path, answer) in &answers {
        assert_eq!((answer.status.as_u16(), &answer.text), (401, &answers[0].1.text), "{path}");
    }
    assert_eq!(items_of(world, "acme-3").await, before, "what is not proven was written");
    let taken = world.send(signed(own_path, &body, own_secret)).await;
    assert_eq!((taken.status.as_u16(), &taken.json["status"]), (200, &json!("recorded")), "{}", taken.text);

    // A link of the neighbour's to a customer of the same id, and the shop's with the neighbour's name or proof put in.
    let ann: CustomerId = full.ids.ann.clone().try_into().unwrap();
    let until = "2026-12-22".parse().unwrap();
    let shop = "acme-3".parse().unwrap();
    let key = world.ledger.customer_key(&acme(), &ann);
    let foreign_link = world.ledger.survey_link(&shop, &key, Survey::Purchase, until);
    let own_link = world.ledger.survey_link(&shop, &world.ledger.customer_key(&shop, &ann), Survey::Purchase, until);
    let token = full.ids.page.strip_prefix("/s/").unwrap();
    // Format, survey, day, customer, shop, proof: parts of the one with parts of the other.
    let [bytes, foreign_bytes, own_bytes] =
        [token, foreign_link.as_str(), own_link.as_str()].map(|link| BASE64URL_NOPAD.decode(link.as_bytes()).unwrap());
    let (body, foreign_body) = (bytes.len() - 16, foreign_bytes.len() - 16);
    let mixed = |front: &[u8], back: &[u8]| BASE64URL_NOPAD.encode(&[front, back].concat());
    let nothing = world.send(Request::builder().uri("/s/forged").body(Body::empty()).unwrap()).await;
    for forged in [
        foreign_link.clone(),
        own_link.clone(),
        mixed(&bytes[..body], &foreign_bytes[foreign_body..]),
        mixed(&foreign_bytes[..foreign_body], &bytes[body..]),
        mixed(&own_bytes[..22], &bytes[22..]),
        mixed(&bytes[..22], &own_bytes[22..]),
        format!("{token}{own_link}"),
        format!("{token}~"),
    ] {
        for (method, form) in [("GET", ""), ("POST", "answer=3")] {
            let request = Request::builder().method(method).uri(format!("/s/{forged}"));
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            let answer = world.send(request.body(form.into()).unwrap()).await;
            assert_eq!((answer.status.as_u16(), &answer.text), (404, &nothing.text), "{method} {forged}");
        }
    }
    // The right one asks, and a neighbour's key beside it changes nothing.
    let page = |key: Option<&str>| {
        let request = Request::builder().uri(&full.ids.page);
        let key = key.map(|key| format!("Bearer {key}"));
        world.send(
            key.into_iter()
                .fold(request, |request, key| request.header("authorization", key))
                .body(Body::empty())
                .unwrap(),
        )
    };
    let asked = page(None).await;
    assert_eq!((asked.status.as_u16(), asked.text.matches("type=\"radio\"").count()), (200, 5));
    assert_eq!(page(Some(&theirs)).await.text, asked.text);
    assert!(foreign(&asked.text, "").is_empty(), "the question names nobody: {}", asked.text);

    let admin = world.key(Scope::Admin).to_owned();
    for path in ["/v1/health", "/v1/ready", "/v1/openapi.json"] {
        for key in ["nonsense", theirs.as_str(), admin.as_str()] {
            let answer = world.call_as(key, "GET", path, "").await;
            assert_eq!(answer.status, 200, "{path}");
            assert!(foreign(&answer.text, "").is_empty(), "{path}: {}", answer.text);
        }
    }
}
