//! Keys and scopes (law 15).

use axum::body::Body;
use axum::http::Request;
use e2e::{World, acme};
use ledger::Scope;

use crate::order;

const PATHS: &[(&str, &str, Scope)] = &[
    ("POST", "/v1/orders", Scope::Ingest),
    ("PUT", "/v1/orders/A-1", Scope::Ingest),
    ("POST", "/v1/returns", Scope::Ingest),
    ("PUT", "/v1/products", Scope::Ingest),
    ("PUT", "/v1/products/stock", Scope::Ingest),
    ("GET", "/v1/products/P-1", Scope::Ingest),
    ("GET", "/v1/customers/ann/segment", Scope::Checkout),
    ("GET", "/v1/customers/ann/offers", Scope::Checkout),
    ("PUT", "/v1/customers/ann", Scope::Ingest),
    ("POST", "/v1/customers/ann/choices", Scope::Checkout),
    ("POST", "/v1/surveys/nps/answers", Scope::Checkout),
    ("POST", "/v1/redemptions", Scope::Checkout),
    ("GET", "/v1/redemptions/x", Scope::Checkout),
    ("POST", "/v1/redemptions/x/confirm", Scope::Checkout),
    ("POST", "/v1/redemptions/x/release", Scope::Checkout),
    ("GET", "/v1/budgets", Scope::Admin),
    ("PUT", "/v1/budgets", Scope::Admin),
    ("POST", "/v1/offers", Scope::Checkout),
    ("POST", "/v1/offers/replay", Scope::Admin),
    ("GET", "/v1/playbook", Scope::Admin),
    ("PUT", "/v1/playbook", Scope::Admin),
    ("POST", "/v1/campaigns", Scope::Admin),
    ("GET", "/v1/campaigns", Scope::Admin),
    ("GET", "/v1/campaigns/1", Scope::Admin),
    ("POST", "/v1/campaigns/1/state", Scope::Admin),
    ("GET", "/v1/segments/r1f1m1/mailing", Scope::Admin),
    ("GET", "/v1/settings", Scope::Admin),
    ("PUT", "/v1/settings", Scope::Admin),
    ("POST", "/v1/keys", Scope::Admin),
    ("GET", "/v1/keys", Scope::Admin),
    ("DELETE", "/v1/keys/0123456789ab", Scope::Admin),
    ("POST", "/v1/keys/0123456789ab/rotate", Scope::Admin),
    ("POST", "/v1/hooks", Scope::Admin),
    ("GET", "/v1/hooks", Scope::Admin),
    ("GET", "/v1/hooks/0123456789abcdef", Scope::Admin),
    ("PUT", "/v1/hooks/0123456789abcdef", Scope::Admin),
    ("DELETE", "/v1/hooks/0123456789abcdef", Scope::Admin),
    ("POST", "/v1/runs", Scope::Admin),
    ("GET", "/v1/runs", Scope::Admin),
    ("GET", "/v1/runs/1", Scope::Admin),
    ("GET", "/v1/runs/1/touched", Scope::Admin),
    ("GET", "/v1/cuts", Scope::Admin),
    ("POST", "/v1/cuts/candidates", Scope::Admin),
    ("POST", "/v1/cuts/0123456789abcdef/preview", Scope::Admin),
    ("POST", "/v1/cuts/0123456789abcdef/activate", Scope::Admin),
    ("POST", "/v1/cuts/rollback", Scope::Admin),
    ("POST", "/v1/affinities", Scope::Admin),
    ("GET", "/v1/affinities", Scope::Admin),
    ("POST", "/v1/simulations", Scope::Admin),
    ("GET", "/v1/jobs/1", Scope::Admin),
    ("GET", "/v1/jobs/1/result", Scope::Admin),
    ("GET", "/v1/alerts", Scope::Admin),
    ("GET", "/v1/beacon", Scope::Admin),
    ("GET", "/v1/beacon/customers", Scope::Admin),
    ("GET", "/v1/customers/ann", Scope::Admin),
    ("GET", "/v1/customers/ann/history", Scope::Admin),
    ("GET", "/v1/segments", Scope::Admin),
    ("GET", "/v1/segments/r1f1m1/customers", Scope::Admin),
    ("POST", "/v1/segments/r1f1m1/export", Scope::Admin),
    ("GET", "/v1/uplift", Scope::Admin),
];

/// Routes that want no key: the page of a survey, which customers open from a letter. What is verified is its address. (Those of
/// webhooks want a signature: `hooks/signatures.rs`.)
const OPEN: [(&str, &str); 2] = [("GET", "/s/forged"), ("POST", "/s/forged")];

#[tokio::test]
async fn what_wants_no_key_wants_a_proof() {
    let world = World::on("2026-11-22").await;
    for (method, path) in OPEN {
        let without = world.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await;
        assert_eq!(without.status, 404, "{method} {path}");
        assert_eq!(world.call(method, path, "").await.text, without.text, "a key adds nothing");
    }
}

#[tokio::test]
async fn every_route_wants_a_key_of_its_scope() {
    let world = World::on("2026-11-22").await;
    for &(method, path, scope) in PATHS {
        let without = world.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await;
        assert_eq!(without.told(), (401, "unauthorized".into()), "{method} {path}");
        for held in Scope::ALL {
            let status = world.call_as(world.key(held), method, path, "").await.status.as_u16();
            assert_eq!(status == 403, !held.opens(scope), "{method} {path} with {held}: {status}");
        }
    }
}

#[tokio::test]
async fn unknown_and_wrong_keys_get_one_answer_and_no_read_of_the_shop() {
    let world = World::on("2026-11-22").await;
    let sound = world.key(Scope::Admin).to_owned();
    let mut wrong_secret = sound.clone();
    let last = if wrong_secret.pop() == Some('0') { '1' } else { '0' };
    wrong_secret.push(last);
    let wrong_id = sound.replacen(&sound[9..12], "fff", 1);
    let answers = [
        world.call_as(&wrong_secret, "GET", "/v1/settings", "").await,
        world.call_as(&wrong_id, "GET", "/v1/settings", "").await,
        world.call_as("nonsense", "GET", "/v1/settings", "").await,
        world.call_as(&sound.replace("_acme_", "_other_"), "GET", "/v1/settings", "").await,
    ];
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.text), (401, &answers[0].text));
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
}

#[tokio::test]
async fn a_shop_sees_only_itself() {
    let world = World::on("2026-11-22").await;
    let other = e2e::shop(&world.ledger, &"other".parse().unwrap()).await;
    let theirs = &other.last().unwrap().token;
    assert_eq!(world.post("/v1/orders", &order("A-1", "ann", "2026-11-01T10:00:00Z")).await.status, 201);
    world.run().await;
    assert_eq!(world.call_as(theirs, "GET", "/v1/customers/ann", "").await.status, 404);
    assert_eq!(world.call_as(theirs, "GET", "/v1/customers/ann/history", "").await.status, 404);
    assert_eq!(world.call_as(theirs, "GET", "/v1/runs/1", "").await.status, 404);
    assert_eq!(world.call_as(theirs, "GET", "/v1/segments", "").await.status, 404);
    let looked_up = world.call_as(theirs, "GET", "/v1/customers/ann/segment", "").await;
    assert_eq!(looked_up.json["known"], false);
    let mine = order("A-1", "bob", "2026-11-02T10:00:00Z").to_string();
    assert_eq!(world.call_as(theirs, "POST", "/v1/orders", mine).await.status, 201, "their A-1 is another order");
    assert_eq!(acme().as_str(), "acme");
}

#[tokio::test]
async fn warm_checks_of_a_key_cost_no_read() {
    let world = World::on("2026-11-22").await;
    world.get("/v1/customers/ann/segment").await;
    world.calls.take();
    assert_eq!(world.call_as("tcl_acme_x_y", "GET", "/v1/customers/ann/segment", "").await.status, 401);
    assert!(world.calls.take().is_empty(), "what is no key is refused before any read");
}
