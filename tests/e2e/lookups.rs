//! The checkout's questions: one read when warm, nothing written, an answer for anyone, and without the store too (law 10).

use e2e::{World, acme};
use serde_json::json;

use crate::order;

async fn base(world: &World) {
    let fixed = json!({ "segmentation": { "fixed_recency": { "c1": 30, "c2": 90 }, "fixed_frequency": { "c1": 1, "c2": 4 },
        "fixed_monetary": { "c1": 1000, "c2": 5000 } } });
    assert_eq!(world.call("PUT", "/v1/settings", fixed.to_string()).await.status, 200);
    assert_eq!(world.post("/v1/orders", &order("A-1", "ann", "2026-11-01T10:00:00Z")).await.status, 201);
    world.run().await;
}

#[tokio::test]
async fn a_warm_lookup_is_one_get_item() {
    let world = World::on("2026-11-22").await;
    base(&world).await;
    for path in ["/v1/customers/ann/segment", "/v1/customers/ann/offers", "/v1/customers/nobody/offers"] {
        world.get(path).await;
        world.calls.take();
        assert_eq!(world.get(path).await.status, 200);
        assert_eq!(world.calls.take(), [("GetItem".to_owned(), 1)].into(), "{path}");
    }
}

#[tokio::test]
async fn a_warm_lookup_is_one_get_item_with_a_catalogue_too() {
    let world = World::on("2026-11-22").await;
    base(&world).await;
    let products = json!({ "products": [{ "id": "P-1", "name": "Tea", "category": "tea", "price": 450 }] });
    assert_eq!(world.call("PUT", "/v1/products", products.to_string()).await.json["recorded"], 1);
    world.publish().await;
    let shop = world.ledger.shop(&acme()).await.unwrap().unwrap();
    assert_eq!(world.ledger.catalogue(&shop).await.len(), 1);
    for path in ["/v1/customers/ann/segment", "/v1/customers/ann/offers", "/v1/customers/nobody/offers"] {
        world.get(path).await;
        world.calls.take();
        assert_eq!(world.get(path).await.status, 200);
        assert_eq!(world.ledger.catalogue(&shop).await.len(), 1);
        assert_eq!(world.calls.take(), [("GetItem".to_owned(), 1)].into(), "{path}");
    }
}

#[tokio::test]
async fn a_segment_is_computed_now_and_explained() {
    let mut world = World::on("2026-11-22").await;
    base(&world).await;
    let now = world.get("/v1/customers/ann/segment").await.json;
    assert_eq!((&now["segment"], &now["group"], &now["known"]), (&json!("r3f1m2"), &json!("one_time"), &json!(true)));
    assert_eq!(now["explanation"]["values"], json!({ "recency_days": 21, "frequency": 1, "monetary": 1250 }));
    assert_eq!(now["explanation"]["axes"][1]["to_next"], 1);
    assert_eq!(now["explanation"]["if_idle"], json!({ "day": "2026-12-02", "to": "r2f1m2" }));
    // No run in between: the label is old, the answer is not.
    world.move_to("2026-12-02");
    assert_eq!(world.get("/v1/customers/ann/segment").await.json["segment"], "r2f1m2");
    assert_eq!(world.get("/v1/customers/ann").await.json["label"]["place"], "r3f1m2");
}

#[tokio::test]
async fn an_unknown_customer_gets_a_newcomers_answer() {
    let world = World::on("2026-11-22").await;
    let before = world.get("/v1/customers/ann/offers").await;
    assert_eq!(
        (before.status.as_u16(), &before.json["decision"]["entry"], &before.json["decision"]["segment"]),
        (200, &json!("newcomer"), &json!("none"))
    );
    base(&world).await;
    let unknown = world.get("/v1/customers/nobody/offers").await.json;
    assert_eq!(
        (
            &unknown["decision"]["entry"],
            unknown["decision"]["offers"].as_array().is_some_and(|offers| !offers.is_empty())
        ),
        (&json!("newcomer"), true)
    );
    let segment = world.get("/v1/customers/nobody/segment").await.json;
    assert_eq!((&segment["known"], &segment["segment"]), (&json!(false), &json!("none")));
}

#[tokio::test]
async fn offers_are_the_playbooks_in_the_language_asked_for() {
    let world = World::on("2026-11-22").await;
    base(&world).await;
    let english = world.get("/v1/customers/ann/offers").await.json;
    let russian = world.get("/v1/customers/ann/offers?lang=ru").await.json;
    let (english, russian) = (&english["decision"], &russian["decision"]);
    assert_eq!(english["entry"], russian["entry"]);
    assert!(english["goal"].as_str().is_some_and(|goal| goal.is_ascii()));
    assert!(russian["goal"].as_str().is_some_and(|goal| goal.chars().any(|c| ('а'..='я').contains(&c))));
    assert!(english["reason"].as_str().is_some_and(|reason| reason.contains("last order: 21")));
}

#[tokio::test]
async fn without_the_store_a_warm_checkout_gets_public_offers_and_a_cold_one_a_503() {
    let mut world = World::on("2026-11-22").await;
    base(&world).await;
    assert_eq!(world.get("/v1/customers/ann/offers").await.json["degraded"], json!(null));
    world.engine.take().unwrap().stop().await.unwrap();
    let warm = world.get("/v1/customers/ann/offers").await;
    assert_eq!(
        (warm.status.as_u16(), &warm.json["degraded"], &warm.json["decision"]["entry"]),
        (200, &json!(true), &json!("newcomer"))
    );
    assert_eq!(world.get("/v1/customers/ann/segment").await.told(), (503, "unavailable".into()));
    let order = world.post("/v1/orders", &order("A-2", "ann", "2026-11-02T10:00:00Z")).await;
    assert_eq!((order.told(), &order.headers["retry-after"]), ((503, "unavailable".into()), &"1".parse().unwrap()));
    world.move_to("2026-11-22");
    assert_eq!(world.get("/v1/customers/ann/offers").await.told(), (503, "unavailable".into()));
}
