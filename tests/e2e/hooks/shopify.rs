//! Shopify's four topics.

use e2e::World;
use serde_json::{Value, json};

use super::{Hook, at, counted, go_to, story, taken, with};

pub(super) const CREATE: &str = include_str!("../../fixtures/shopify/orders_create.json");
pub(super) const UPDATED: &str = include_str!("../../fixtures/shopify/orders_updated.json");
pub(super) const CANCELLED: &str = include_str!("../../fixtures/shopify/orders_cancelled.json");
pub(super) const REFUND: &str = include_str!("../../fixtures/shopify/refunds_create.json");
const ANN: &str = "7102394821911";
const ORDER: &str = "5530712834321";
/// Half an hour after the first refund.
const NOW: &str = "2026-11-21T15:30:00Z";
const LATER: &str = "2026-11-22T08:00:00Z";

fn day(net: i64) -> Vec<(String, i64)> {
    vec![("2026-11-20".to_owned(), net)]
}

#[tokio::test]
async fn an_order_its_refunds_and_its_cancellation_come_in() {
    let world = at(LATER).await;
    let hook = Hook::shopify(&world).await;
    assert_eq!(taken(&hook.send(&world, "orders/create", &with(CREATE, &[])).await), "recorded");
    assert_eq!(counted(&world, ANN).await, day(4850));
    let history = world.get(&format!("/v1/customers/{ANN}/history")).await.json;
    let order =
        history["items"].as_array().unwrap().iter().find(|item| item["kind"] == "order").unwrap()["order"].clone();
    assert_eq!(
        (&order["id"], &order["total"], &order["time"]),
        (&json!(ORDER), &json!(4850), &json!("2026-11-20T14:15:01Z"))
    );
    // 2 x 19.50 less 3.90; the prices have their tax.
    let lines = json!([
        { "id": "14230012345601", "product": "8101234567801", "name": "Teapot", "brand": "Kettle & Co", "quantity": "2", "amount": 3510 },
        { "id": "14230012345602", "name": "Gift wrapping", "quantity": "1", "amount": 900 }
    ]);
    assert_eq!(order["lines"], lines);

    assert_eq!(taken(&hook.send(&world, "orders/updated", &with(UPDATED, &[])).await), "recorded");
    assert_eq!(counted(&world, ANN).await, day(3950));
    assert_eq!(taken(&hook.send(&world, "refunds/create", &with(REFUND, &[])).await), "duplicate", "the update had it");
    assert_eq!(counted(&world, ANN).await, day(3950));
    assert_eq!(taken(&hook.send(&world, "orders/cancelled", &with(CANCELLED, &[])).await), "recorded");
    assert_eq!(counted(&world, ANN).await, []);
}

#[tokio::test]
async fn replays_and_older_states_change_nothing() {
    let world = at(LATER).await;
    let hook = Hook::shopify(&world).await;
    let sent = [
        ("orders/cancelled", CANCELLED),
        ("orders/updated", UPDATED),
        ("orders/create", CREATE),
        ("refunds/create", REFUND),
    ];
    for (topic, document) in sent {
        taken(&hook.send(&world, topic, &with(document, &[])).await);
    }
    assert_eq!(counted(&world, ANN).await, [], "the cancellation is the latest, whatever came last");
    let before = (story(&world, ANN).await, world.count("Ledger").await);
    for (topic, document) in sent.into_iter().chain(sent) {
        assert_eq!(taken(&hook.send(&world, topic, &with(document, &[])).await), "duplicate", "{topic}");
    }
    assert_eq!((story(&world, ANN).await, world.count("Ledger").await), before);
}

#[tokio::test]
async fn tax_that_is_not_in_the_prices_is_added_to_the_lines() {
    let world = at(LATER).await;
    let hook = Hook::shopify(&world).await;
    let document = with(CREATE, &[("/taxes_included", json!(false))]);
    assert_eq!(taken(&hook.send(&world, "orders/create", &document).await), "recorded");
    let history = world.get(&format!("/v1/customers/{ANN}/history")).await.json;
    let order =
        history["items"].as_array().unwrap().iter().find(|item| item["kind"] == "order").unwrap()["order"].clone();
    assert_eq!((&order["lines"][0]["amount"], &order["total"]), (&json!(4095), &json!(4850)));
}

#[tokio::test]
async fn a_refund_waits_an_hour_for_its_order_and_comes_with_it_after_that() {
    let mut world = at(NOW).await;
    let hook = Hook::shopify(&world).await;
    let refund = with(REFUND, &[]);
    assert_eq!(hook.send(&world, "refunds/create", &refund).await.told(), (409, "order-unknown".into()));
    assert_eq!(world.count("Ledger").await, 0);
    go_to(&mut world, "2026-11-21T15:59:59Z");
    assert_eq!(hook.send(&world, "refunds/create", &refund).await.status, 409);
    go_to(&mut world, "2026-11-21T16:00:00Z");
    assert_eq!(taken(&hook.send(&world, "refunds/create", &refund).await), "order_unknown");
    // As it was before the refund, and after it.
    assert_eq!(taken(&hook.send(&world, "orders/create", &with(CREATE, &[])).await), "recorded");
    assert_eq!(counted(&world, ANN).await, day(4850));
    assert_eq!(taken(&hook.send(&world, "orders/updated", &with(UPDATED, &[])).await), "recorded");
    assert_eq!(counted(&world, ANN).await, day(3950));
}

#[tokio::test]
async fn a_refund_that_came_before_its_order_is_taken_when_it_comes_again() {
    let world = at(NOW).await;
    let hook = Hook::shopify(&world).await;
    assert_eq!(hook.send(&world, "refunds/create", &with(REFUND, &[])).await.status, 409);
    taken(&hook.send(&world, "orders/create", &with(CREATE, &[])).await);
    assert_eq!(taken(&hook.send(&world, "refunds/create", &with(REFUND, &[])).await), "recorded");
    assert_eq!(counted(&world, ANN).await, day(3950));
}

#[tokio::test]
async fn a_refund_of_more_than_is_known_to_be_paid_waits_for_the_order_too() {
    let mut world = at(NOW).await;
    let hook = Hook::shopify(&world).await;
    taken(&hook.send(&world, "orders/create", &with(CREATE, &[("/total_price", json!("5.00"))])).await);
    let refund = with(REFUND, &[]);
    assert_eq!(hook.send(&world, "refunds/create", &refund).await.told(), (409, "return-exceeds-order".into()));
    go_to(&mut world, LATER);
    assert_eq!(taken(&hook.send(&world, "refunds/create", &refund).await), "return_exceeds_order");
    assert_eq!(counted(&world, ANN).await, day(500));
}

#[tokio::test]
async fn what_is_given_back_is_what_was_paid_back() {
    let world = at(NOW).await;
    let hook = Hook::shopify(&world).await;
    taken(&hook.send(&world, "orders/create", &with(CREATE, &[])).await);
    for (changes, reason) in [
        (("/transactions/0/status", json!("pending")), "nothing_given_back"),
        (("/transactions/0/status", json!("failure")), "nothing_given_back"),
        (("/transactions/0/kind", json!("void")), "nothing_given_back"),
        (("/transactions/0/test", json!(true)), "nothing_given_back"),
        (("/transactions/0/amount", json!("0.00")), "nothing_given_back"),
        (("/transactions", json!([])), "nothing_given_back"),
        (("/transactions/0/currency", json!("USD")), "other_currency"),
    ] {
        let answer = hook.send(&world, "refunds/create", &with(REFUND, std::slice::from_ref(&changes))).await;
        assert_eq!(taken(&answer), reason, "{changes:?}");
    }
    assert_eq!(counted(&world, ANN).await, day(4850));
    // Two payments of one refund, one of them still on its way: it comes with the order's next update.
    let second = |status: &str| {
        let mut second = with(REFUND, &[])["transactions"][0].clone();
        second["id"] = json!(179_259_969_099_u64);
        second["amount"] = json!("1.25");
        second["status"] = json!(status);
        second
    };
    let mut refund = with(REFUND, &[]);
    refund["transactions"].as_array_mut().unwrap().push(second("pending"));
    assert_eq!(taken(&hook.send(&world, "refunds/create", &refund).await), "recorded");
    assert_eq!(counted(&world, ANN).await, day(3950));
    let mut updated = with(UPDATED, &[]);
    updated["refunds"][0]["transactions"].as_array_mut().unwrap().push(second("success"));
    assert_eq!(taken(&hook.send(&world, "orders/updated", &updated).await), "recorded");
    assert_eq!(counted(&world, ANN).await, day(3825));
}

#[tokio::test]
async fn guests_leave_a_head_so_that_their_refunds_need_not_come_again() {
    let world = at(NOW).await;
    let hook = Hook::shopify(&world).await;
    for setting in ["refuse", "ignore"] {
        let body = json!({ "guests": setting }).to_string();
        assert_eq!(world.call("PUT", "/v1/settings", body).await.status, 200);
        let guest = with(CREATE, &[("/customer", Value::Null)]);
        assert_eq!(taken(&hook.send(&world, "orders/create", &guest).await), "guest", "{setting}");
    }
    assert_eq!((world.count("Ledger").await, world.count("Customers").await), (1, 0));
    assert_eq!(taken(&hook.send(&world, "refunds/create", &with(REFUND, &[])).await), "guest");
    let by_hand = json!({ "id": "R-1", "order": ORDER, "time": "2026-11-21T10:00:00Z", "amount": 5 });
    assert_eq!(world.post("/v1/returns", &by_hand).await.told(), (409, "order-of-guest".into()));
    // They make an account afterwards: the order is theirs, with what was given back of it.
    assert_eq!(taken(&hook.send(&world, "orders/updated", &with(UPDATED, &[])).await), "recorded");
    assert_eq!(counted(&world, ANN).await, day(3950));
    // And late news of the guest takes it from nobody.
    let guest = with(CREATE, &[("/customer", Value::Null)]);
    assert_eq!(taken(&hook.send(&world, "orders/create", &guest).await), "guest");
    assert_eq!(counted(&world, ANN).await, day(3950));
}

#[tokio::test]
async fn what_cannot_be_helped_is_ignored_and_says_why() {
    let world = at(NOW).await;
    let hook = Hook::shopify(&world).await;
    for (changes, reason, detail) in [
        (vec![("/currency", json!("USD"))], "other_currency", "is in `USD`; this shop's is GBP"),
        // Yens have no pence: what cannot be read as pounds must not look unreadable.
        (vec![("/currency", json!("JPY")), ("/total_price", json!("4850.5"))], "other_currency", "is in `JPY`"),
        (vec![("/test", json!(true))], "test", "is a test order"),
        (vec![("/id", json!(""))], "unreadable", "id: must not be empty"),
        (vec![("/id", json!(1.5))], "unreadable", "id: is missing, or not as documented"),
        (vec![("/customer/id", json!(["ann@example.com"]))], "unreadable", "customer.id: is missing, or not as"),
        (vec![("/total_price", json!("48.505"))], "unreadable", "total_price: has more decimals"),
        (vec![("/total_price", json!("-1.00"))], "unreadable", "total_price: is below zero"),
        (vec![("/total_price", json!("a lot"))], "unreadable", "total_price: is not a decimal"),
        (vec![("/total_price", json!(48.5))], "unreadable", "total_price: is missing, or not as documented"),
        (vec![("/total_price", json!("99999999999999999999"))], "unreadable", "total_price: is too large"),
        (vec![("/updated_at", json!("yesterday"))], "unreadable", "updated_at: is no time"),
        (vec![("/updated_at", json!("1969-12-31T00:00:00Z"))], "unreadable", "updated_at: is no time"),
        (vec![("/updated_at", json!("2027-01-01T00:00:00Z"))], "unreadable", "the order's time lies in the future"),
        (vec![("/processed_at", json!("2026-11-20T09:15:01"))], "unreadable", "processed_at: is no time"),
        (vec![("/line_items/1/price", json!("ann@example.com"))], "unreadable", "line_items[1].price: is not"),
        (vec![("/line_items/0", json!(7))], "unreadable", "line_items[0]: is missing, or not as documented"),
    ] {
        let answer = hook.send(&world, "orders/create", &with(CREATE, &changes)).await;
        assert_eq!(taken(&answer), reason, "{changes:?}: {}", answer.text);
        let told = answer.json["detail"].as_str().unwrap();
        assert!(told.starts_with(detail), "{changes:?}: {told}");
        assert!(!answer.text.contains("ann@example"), "{}", answer.text);
    }
    for topic in ["orders/paid", "orders/delete", "", "order.created"] {
        assert_eq!(taken(&hook.send(&world, topic, &with(CREATE, &[])).await), "topic", "{topic}");
    }
    for body in ["", "[]", "{", "\u{0}", "null", "{\"id\":1}{}"] {
        let signature = super::sign(&hook.secret, body.as_bytes());
        let answer = world.send(hook.request("orders/create", body, Some(&signature))).await;
        assert_eq!(taken(&answer), "unreadable", "{body}");
    }
    assert_eq!((world.count("Ledger").await, world.count("Customers").await), (0, 0));
}

#[tokio::test]
async fn an_order_that_another_customer_has_stays_theirs() {
    let world = at(NOW).await;
    let hook = Hook::shopify(&world).await;
    taken(&hook.send(&world, "orders/create", &with(CREATE, &[])).await);
    let other = with(UPDATED, &[("/customer/id", json!(5))]);
    assert_eq!(taken(&hook.send(&world, "orders/updated", &other).await), "order_of_another_customer");
    assert_eq!((counted(&world, ANN).await, counted(&world, "5").await), (day(4850), vec![]));
}

#[tokio::test]
async fn who_was_erased_stays_so_and_begins_anew_with_a_later_order() {
    let mut world = at(NOW).await;
    let hook = Hook::shopify(&world).await;
    taken(&hook.send(&world, "orders/create", &with(CREATE, &[])).await);
    let guest = |id: u64, placed: &str| {
        with(CREATE, &[("/id", json!(id)), ("/customer", Value::Null), ("/processed_at", json!(placed))])
    };
    let hers = |id: u64, placed: &str| with(CREATE, &[("/id", json!(id)), ("/processed_at", json!(placed))]);
    let (before, after) = ("2026-11-19T10:00:00Z", "2026-11-22T07:00:00Z");
    assert_eq!(taken(&hook.send(&world, "orders/create", &guest(7, before)).await), "guest");
    assert_eq!(crate::personal::erase(&world, ANN).await["status"], "done");
    for (topic, document) in [
        ("orders/create", with(CREATE, &[])),
        ("orders/updated", with(UPDATED, &[])),
        ("refunds/create", with(REFUND, &[])),
        ("orders/create", hers(9, before)),
        ("orders/updated", hers(7, before)),
    ] {
        assert_eq!(taken(&hook.send(&world, topic, &document).await), "customer_erased", "{topic}");
    }
    assert_eq!(counted(&world, ANN).await, []);
    go_to(&mut world, LATER);
    assert_eq!(taken(&hook.send(&world, "orders/create", &guest(8, after)).await), "guest");
    assert_eq!(taken(&hook.send(&world, "orders/updated", &hers(8, after)).await), "recorded", "a guest's became hers");
    assert_eq!(counted(&world, ANN).await, [("2026-11-22".to_owned(), 4850)]);
    let refund = with(REFUND, &[("/order_id", json!(8)), ("/transactions/0/created_at", json!(after))]);
    assert_eq!(taken(&hook.send(&world, "refunds/create", &refund).await), "recorded");
    assert_eq!(counted(&world, ANN).await, [("2026-11-22".to_owned(), 3950)]);
}

#[tokio::test]
async fn ids_of_any_characters_stay_whole() {
    let world = at(NOW).await;
    let hook = Hook::shopify(&world).await;
    for (n, id) in ["a#b", "../../other", "head", "order#1#head", "\u{0}", "ｏrder", "é", "~x"].into_iter().enumerate()
    {
        let customer = format!("{id}{n}");
        let order = with(CREATE, &[("/id", json!(id)), ("/customer/id", json!(customer))]);
        assert_eq!(taken(&hook.send(&world, "orders/create", &order).await), "recorded", "{id}");
        let refund = with(REFUND, &[("/order_id", json!(id)), ("/transactions/0/id", json!(id))]);
        assert_eq!(taken(&hook.send(&world, "refunds/create", &refund).await), "recorded", "{id}");
        assert_eq!(counted(&world, &customer).await, day(3950), "{id}");
    }
}

#[tokio::test]
async fn an_order_of_very_many_lines_comes_in_by_its_total() {
    let world = World::on("2026-11-22").await;
    let hook = Hook::shopify(&world).await;
    let mut order = with(CREATE, &[]);
    let line = order["line_items"][0].clone();
    let lines = (0..1_500).map(|n| {
        let mut line = line.clone();
        line["id"] = json!(n);
        line["title"] = json!("é".repeat(1_500));
        line
    });
    order["line_items"] = lines.collect();
    assert_eq!(taken(&hook.send(&world, "orders/create", &order).await), "recorded");
    assert_eq!(counted(&world, ANN).await, day(4850));
}
