//! What a profile remembers beyond orders: told by the shop, chosen or said at the checkout, bought.

use e2e::World;
use ledger::{CustomerId, Scope};
use serde_json::json;

use crate::order;

#[tokio::test]
async fn attributes_are_taken_once_in_any_order_and_before_any_purchase() {
    let world = World::on("2026-11-22").await;
    let told = json!({ "updated_at": "2026-11-21T10:00:00.250+03:00", "programme_since": "2025-03-01", "language": "pt-BR",
        "mailing_consent": true, "referred_by": "bob" });
    let first = world.call("PUT", "/v1/customers/ann", told.to_string()).await;
    assert_eq!(
        (first.status.as_u16(), first.json),
        (200, json!({ "status": "recorded", "customer": "ann", "updated_at": "2026-11-21T07:00:00.250Z" }))
    );
    let written = (world.count("Ledger").await, world.count("Customers").await);
    let mut again = told.clone();
    again["updated_at"] = json!("2026-11-21T07:00:00.250Z");
    let again = world.call("PUT", "/v1/customers/ann", again.to_string()).await;
    assert_eq!((again.status.as_u16(), &again.json["status"]), (200, &json!("duplicate")), "{}", again.text);
    assert_eq!((world.count("Ledger").await, world.count("Customers").await), written);

    let cleared = json!({ "updated_at": "2026-11-22T10:00:00Z", "language": null, "mailing_consent": false });
    world.call("PUT", "/v1/customers/ann", cleared.to_string()).await;
    let older = json!({ "updated_at": "2026-11-20T10:00:00Z", "language": "de", "mailing_consent": true });
    assert_eq!(world.call("PUT", "/v1/customers/ann", older.to_string()).await.json["status"], "recorded");
    let shown = world.get("/v1/customers/ann").await;
    // Profiles name others by key, and nobody of that id is known.
    let nobody_known = world.ledger.customer_key(&e2e::acme(), &CustomerId::try_from("bob".to_owned()).unwrap());
    assert_eq!(
        (shown.status.as_u16(), &shown.json["orders"], &shown.json["attributes"]),
        (
            200,
            &json!(0),
            &json!({ "programme_since": "2025-03-01", "mailing_consent": false, "referred_by": nobody_known })
        )
    );
    let segment = world.get("/v1/customers/ann/segment").await.json;
    assert_eq!((&segment["known"], &segment["segment"]), (&json!(true), &json!("none")));
    assert_eq!(world.get("/v1/customers/ann/offers").await.json["decision"]["entry"], "newcomer");
    let story = world.get("/v1/customers/ann/history").await.json;
    assert_eq!(story["items"].as_array().map(Vec::len), Some(3));
    assert_eq!(story["items"][0]["kind"], "attributes");
}

#[tokio::test]
async fn answers_are_stored_once_and_shown() {
    let world = World::on("2026-11-22").await;
    let checkout = world.key(Scope::Checkout);
    let say = async |survey: &str, sent: serde_json::Value| {
        world.call_as(checkout, "POST", &format!("/v1/surveys/{survey}/answers"), sent.to_string()).await
    };
    let nps = json!({ "id": "1", "customer": "ann", "score": 10 });
    let said = say("nps", nps.clone()).await;
    assert_eq!(
        (said.status.as_u16(), said.json),
        (
            201,
            json!({ "status": "recorded", "customer": "ann", "id": "1", "survey": "nps", "answer": "promoter", "score": 10,
                "day": "2026-11-22" })
        )
    );
    assert_eq!(say("nps", nps).await.json["status"], "duplicate");
    assert_eq!(
        say("nps", json!({ "id": "1", "customer": "ann", "score": 9 })).await.told(),
        (409, "other-content".into())
    );
    say("reason", json!({ "id": "1", "customer": "ann", "reason": "delivery" })).await;
    say("reason", json!({ "id": "2", "customer": "ann", "reason": "price" })).await;
    let shown = world.get("/v1/customers/ann").await.json;
    let answers: Vec<_> =
        shown["answers"].as_array().unwrap().iter().filter_map(|held| held["answer"].as_str()).collect();
    assert_eq!(answers, ["price", "promoter"]);
    let story = world.get("/v1/customers/ann/history").await.json;
    let kinds: Vec<_> = story["items"].as_array().unwrap().iter().map(|item| item["kind"].clone()).collect();
    assert_eq!(kinds, ["answer", "answer", "answer"]);
}

#[tokio::test]
async fn tastes_come_from_orders_and_nobody_without_orders_is_segmented() {
    let mut world = World::on("2026-11-22").await;
    let mut bought = order("A-1", "ann", "2026-11-01T10:00:00Z");
    bought["lines"] = json!([
        { "product": "t1", "category": "tea", "brand": "Oolong & Co", "quantity": 2, "amount": 600 },
        { "product": "t2", "category": "tea", "quantity": 1, "amount": 300 },
        { "product": "c1", "category": "cups", "amount": 350 }]);
    assert_eq!(world.post("/v1/orders", &bought).await.status, 201);
    let consent = json!({ "updated_at": "2026-11-01T10:00:00Z", "mailing_consent": true }).to_string();
    assert_eq!(world.call("PUT", "/v1/customers/bob", consent.clone()).await.status, 200);
    let run = world.run().await;
    assert_eq!(run["counts"]["matrix"].as_array().map(Vec::len), Some(2), "{run}");
    assert_eq!(world.get("/v1/segments").await.json["moved"], 1);
    assert_eq!(world.get("/v1/customers/bob").await.json["label"], json!(null));

    // A label's day and place stay what they were when only a fact comes.
    let label = world.get("/v1/customers/ann").await.json["label"].clone();
    assert!(label.is_object());
    world.move_to("2026-11-24");
    assert_eq!(world.call("PUT", "/v1/customers/ann", consent).await.status, 200);
    let ann = world.get("/v1/customers/ann").await.json;
    assert_eq!(ann["label"], label);
    assert_eq!(
        (&ann["tastes"], &ann["baskets"]),
        (
            &json!({ "categories": { "dropped": 0, "list": [
                    { "name": "cups", "orders": 1, "first": "2026-11-01", "last": "2026-11-01" },
                    { "name": "tea", "orders": 1, "first": "2026-11-01", "last": "2026-11-01" }] },
                "brands": { "dropped": 0, "list": [
                    { "name": "Oolong & Co", "orders": 1, "first": "2026-11-01", "last": "2026-11-01" }] },
                "price_band": [288, 351] }),
            &json!({ "baskets": 1, "dropped": 0, "products": 3, "cut": 0 })
        )
    );
    let shop = world.ledger.shop(&e2e::acme()).await.unwrap().unwrap();
    for customer in ["ann", "bob"] {
        let id = CustomerId::try_from(customer.to_owned()).unwrap();
        let stored = world.ledger.customer(&shop.id, &id).await.unwrap().unwrap().profile;
        assert_eq!(world.ledger.rebuild(&shop, &id).await.unwrap(), Some(stored));
    }
}
