//! What is ignored is counted and shown; what a delivery costs; what is said while the store is away.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Hook, at, counted, go_to, shopify, sign, taken, with, woocommerce};

const NOW: &str = "2026-11-21T15:30:00Z";

#[tokio::test]
async fn a_shop_sees_what_came_and_what_was_left_out() {
    let mut world = at(NOW).await;
    let hook = Hook::shopify(&world).await;
    hook.send(&world, "refunds/create", &with(shopify::REFUND, &[])).await;
    for _ in 0..2 {
        hook.send(&world, "orders/create", &with(shopify::CREATE, &[])).await;
    }
    for (id, customer) in [(1, "a"), (2, "b")] {
        let guest = with(shopify::CREATE, &[("/id", json!(id)), ("/customer", json!({ "email": customer }))]);
        hook.send(&world, "orders/create", &guest).await;
    }
    let unreadable = with(shopify::CREATE, &[("/total_price", json!("ann@example.com"))]);
    hook.send(&world, "orders/create", &unreadable).await;
    go_to(&mut world, "2026-11-22T00:10:00Z");
    hook.send(&world, "orders/create", &with(shopify::CREATE, &[("/id", json!(3)), ("/customer", Value::Null)])).await;

    let expected = json!({ "guest": 3, "unreadable": 1 });
    let listed = world.get("/v1/hooks").await.json["hooks"][0].clone();
    assert_eq!((&listed["ignored"], &listed["last_delivery"]), (&expected, &json!("2026-11-22")));
    assert_eq!((&listed["recorded"], &listed["duplicate"], &listed["again"]), (&json!(1), &json!(1), &json!(1)));
    let shown = world.get(&format!("/v1/hooks/{}", hook.id())).await;
    assert_eq!(shown.json["ignored"], expected);
    let days = [
        json!({ "day": "2026-11-22", "recorded": 0, "duplicate": 0, "again": 0, "ignored": { "guest": {
            "count": 1, "last": { "at": "2026-11-22T00:10:00Z", "order": "3", "detail": "is a guest's order" } } } }),
        json!({ "day": "2026-11-21", "recorded": 1, "duplicate": 1, "again": 1, "ignored": {
            "guest": { "count": 2, "last": { "at": NOW, "order": "2", "detail": "is a guest's order" } },
            "unreadable": { "count": 1, "last": { "at": NOW, "order": "5530712834321",
                "detail": "total_price: is not a decimal such as 409.94" } } } }),
    ];
    assert_eq!(shown.json["days"], json!(days));
    assert!(!shown.text.contains("example.com"), "{}", shown.text);
}

#[tokio::test]
async fn a_delivery_costs_as_much_as_its_order_and_one_count() {
    let world = at(NOW).await;
    let hook = Hook::shopify(&world).await;
    let order = |id: u64, at: &str| with(shopify::CREATE, &[("/id", json!(id)), ("/updated_at", json!(at))]);
    let calls = |expected: &[(&str, usize)]| -> BTreeMap<String, usize> {
        expected.iter().map(|(call, n)| ((*call).to_owned(), *n)).collect()
    };
    taken(&hook.send(&world, "orders/create", &order(1, NOW)).await);
    world.calls.take();

    // Head and copy, profile; one transaction; the count. Hook, shop and settings are known.
    let recorded = calls(&[("BatchGetItem", 1), ("GetItem", 1), ("TransactWriteItems", 1), ("UpdateItem", 1)]);
    assert_eq!(taken(&hook.send(&world, "orders/create", &order(2, NOW)).await), "recorded");
    assert_eq!(world.calls.take(), recorded);
    let duplicate = calls(&[("BatchGetItem", 1), ("GetItem", 1), ("UpdateItem", 1)]);
    assert_eq!(taken(&hook.send(&world, "orders/create", &order(2, NOW)).await), "duplicate");
    assert_eq!(world.calls.take(), duplicate);

    // Head, profile, the return.
    let refund = with(shopify::REFUND, &[("/order_id", json!(2))]);
    assert_eq!(taken(&hook.send(&world, "refunds/create", &refund).await), "recorded");
    assert_eq!(world.calls.take(), calls(&[("GetItem", 3), ("TransactWriteItems", 1), ("UpdateItem", 1)]));
    assert_eq!(taken(&hook.send(&world, "refunds/create", &refund).await), "duplicate");
    assert_eq!(world.calls.take(), calls(&[("GetItem", 3), ("UpdateItem", 1)]));

    // What is left out: the count alone; a guest leaves a head.
    assert_eq!(taken(&hook.send(&world, "orders/paid", &order(3, NOW)).await), "topic");
    assert_eq!(world.calls.take(), calls(&[("UpdateItem", 1)]));
    let guest = with(shopify::CREATE, &[("/id", json!(4)), ("/customer", Value::Null)]);
    assert_eq!(taken(&hook.send(&world, "orders/create", &guest).await), "guest");
    assert_eq!(world.calls.take(), calls(&[("PutItem", 1), ("UpdateItem", 1)]));

    // A stranger costs nothing where the shop's hooks are known, and one read where they are not.
    let unsigned = world.send(hook.request("orders/create", "{}", None)).await;
    assert_eq!((unsigned.status.as_u16(), world.calls.take()), (401, calls(&[])));
    let mut world = world;
    go_to(&mut world, NOW);
    assert_eq!(world.send(hook.request("orders/create", "{}", None)).await.status, 401);
    assert_eq!(world.calls.take(), calls(&[("GetItem", 1)]));
}

#[tokio::test]
async fn while_the_store_is_away_nothing_is_lost() {
    let mut world = at(NOW).await;
    let (hook, woo) = (Hook::shopify(&world).await, Hook::woocommerce(&world).await);
    taken(&hook.send(&world, "orders/create", &with(shopify::CREATE, &[])).await);
    world.engine = None;
    let guest = with(shopify::CREATE, &[("/customer", Value::Null)]);
    let sent = [
        hook.send(&world, "orders/updated", &with(shopify::UPDATED, &[])).await,
        hook.send(&world, "refunds/create", &with(shopify::REFUND, &[])).await,
        hook.send(&world, "orders/create", &guest).await,
        // Left out for good, but it could not be counted.
        hook.send(&world, "orders/paid", &guest).await,
        woo.send(&world, "order.updated", &with(woocommerce::UPDATED, &[])).await,
    ];
    for answer in sent {
        assert_eq!(answer.told(), (503, "unavailable".into()));
        assert!(answer.headers.contains_key("retry-after"));
    }
    // Who is no platform learns nothing of it.
    assert_eq!(world.send(hook.request("orders/create", "{}", Some(&sign("x", b"{}")))).await.status, 401);
}

#[tokio::test]
async fn a_cancelled_order_sets_its_rewards_free() {
    let world = at("2026-11-22T08:00:00Z").await;
    let hook = Hook::woocommerce(&world).await;
    let campaign = crate::redemptions::campaign("welcome_all", &json!({ "discount": 10 }), 30);
    assert_eq!(world.post("/v1/campaigns", &campaign).await.status, 201);
    let offers = world.get("/v1/customers/26/offers").await.json["decision"]["offers"].take();
    let offer = offers.as_array().unwrap().iter().find(|offer| offer["reason"]["campaign"] == "welcome_all").cloned();
    let sent = json!({ "code": offer.unwrap()["code"], "customer": "26", "order": "727", "total": 5_760 });
    let reserved = world.post("/v1/redemptions", &sent).await;
    assert_eq!(reserved.status, 201, "{}", reserved.text);
    assert_eq!(taken(&hook.send(&world, "order.created", &with(woocommerce::CREATED, &[])).await), "recorded");
    let cancelled = [("/status", json!("cancelled")), ("/date_modified_gmt", json!("2026-11-21T09:00:00"))];
    assert_eq!(taken(&hook.send(&world, "order.updated", &with(woocommerce::CREATED, &cancelled)).await), "recorded");
    let id = reserved.json["id"].as_str().unwrap();
    let redemption = world.get(&format!("/v1/redemptions/{id}")).await;
    assert_eq!(redemption.json["state"], "released", "{}", redemption.text);
    assert_eq!(counted(&world, "26").await, []);
}
