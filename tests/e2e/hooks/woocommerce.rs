//! WooCommerce's two topics.

use axum::http::Request;
use e2e::World;
use serde_json::{Value, json};

use super::{Hook, at, counted, story, taken, with};

pub(super) const CREATED: &str = include_str!("../../fixtures/woocommerce/order_created.json");
pub(super) const UPDATED: &str = include_str!("../../fixtures/woocommerce/order_updated.json");
const ANN: &str = "26";
const NOW: &str = "2026-11-22T08:00:00Z";

fn day(net: i64) -> Vec<(String, i64)> {
    vec![("2026-11-20".to_owned(), net)]
}

/// The order in a state, so many minutes after it was placed.
fn state(status: &str, minutes: u32, paid: bool) -> Value {
    let paid = if paid { json!("2026-11-20T14:02:14") } else { Value::Null };
    let modified = json!(format!("2026-11-20T15:{minutes:02}:00"));
    with(CREATED, &[("/status", json!(status)), ("/date_modified_gmt", modified), ("/date_paid_gmt", paid)])
}

#[tokio::test]
async fn an_order_and_two_partial_refunds_in_one_update_come_in() {
    let world = at(NOW).await;
    let hook = Hook::woocommerce(&world).await;
    assert_eq!(taken(&hook.send(&world, "order.created", &with(CREATED, &[])).await), "recorded");
    assert_eq!(counted(&world, ANN).await, day(5760));
    let history = world.get("/v1/customers/26/history").await.json;
    let order =
        history["items"].as_array().unwrap().iter().find(|item| item["kind"] == "order").unwrap()["order"].clone();
    let lines = json!([
        { "id": "315", "product": "93", "name": "Woollen blanket - Blue", "quantity": "2", "amount": 3780 },
        { "id": "316", "name": "Candle", "quantity": "1", "amount": 1020 }
    ]);
    assert_eq!((&order["lines"], &order["time"]), (&lines, &json!("2026-11-20T14:02:11Z")));
    assert_eq!(taken(&hook.send(&world, "order.updated", &with(UPDATED, &[])).await), "recorded");
    assert_eq!(counted(&world, ANN).await, day(4240));
    assert_eq!(story(&world, ANN).await.len(), 4, "two revisions, two returns");
    for (topic, document) in [("order.updated", UPDATED), ("order.created", CREATED)] {
        assert_eq!(taken(&hook.send(&world, topic, &with(document, &[])).await), "duplicate");
    }
    assert_eq!(counted(&world, ANN).await, day(4240));
}

#[tokio::test]
async fn an_order_counts_from_processing_or_completed_on() {
    let world = at(NOW).await;
    let hook = Hook::woocommerce(&world).await;
    for (minute, status) in ["pending", "on-hold", "checkout-draft", "failed", "cancelled", "trash"].iter().enumerate()
    {
        let answer = hook.send(&world, "order.updated", &state(status, minute as u32, false)).await;
        assert_eq!(taken(&answer), "not_placed", "{status}");
    }
    assert_eq!((world.count("Ledger").await, world.count("Customers").await), (0, 0));
    assert_eq!(taken(&hook.send(&world, "order.updated", &state("completed", 30, true)).await), "recorded");
    assert_eq!(counted(&world, ANN).await, day(5760));
    // What came before it was placed comes late, and says nothing of it.
    assert_eq!(taken(&hook.send(&world, "order.updated", &state("failed", 3, false)).await), "not_placed");
    assert_eq!(counted(&world, ANN).await, day(5760));
    assert_eq!(story(&world, ANN).await.len(), 1);
}

#[tokio::test]
async fn a_cancelled_or_failed_order_counts_again_when_it_is_restored() {
    let world = at(NOW).await;
    let hook = Hook::woocommerce(&world).await;
    let mut minute = 0;
    taken(&hook.send(&world, "order.created", &state("processing", 0, true)).await);
    for status in ["cancelled", "failed"] {
        for (status, counts) in [(status, false), ("on-hold", false), ("processing", true), ("on-hold", true)] {
            minute += 1;
            let answer = hook.send(&world, "order.updated", &state(status, minute, true)).await;
            assert_eq!(taken(&answer), if status == "on-hold" { "not_placed" } else { "recorded" });
            assert_eq!(counted(&world, ANN).await, if counts { day(5760) } else { vec![] }, "{status}");
        }
    }
}

#[tokio::test]
async fn a_cancellation_that_overtakes_its_order_holds() {
    let world = at(NOW).await;
    let hook = Hook::woocommerce(&world).await;
    for (id, paid, method) in [(1, true, "bacs"), (2, false, "cod")] {
        let of =
            |document: Value| with(&document.to_string(), &[("/id", json!(id)), ("/payment_method", json!(method))]);
        assert_eq!(taken(&hook.send(&world, "order.updated", &of(state("cancelled", 2, paid))).await), "recorded");
        assert_eq!(taken(&hook.send(&world, "order.created", &of(state("processing", 1, paid))).await), "recorded");
        assert_eq!(counted(&world, ANN).await.len(), id - 1, "{method}");
        assert_eq!(taken(&hook.send(&world, "order.updated", &of(state("processing", 3, paid))).await), "recorded");
        assert_eq!(counted(&world, ANN).await.len(), id, "{method}");
    }
}

#[tokio::test]
async fn of_two_states_of_one_second_the_cancelled_one_counts() {
    for statuses in [["processing", "cancelled"], ["cancelled", "processing"]] {
        let world = at(NOW).await;
        let hook = Hook::woocommerce(&world).await;
        for status in statuses {
            assert_eq!(taken(&hook.send(&world, "order.updated", &state(status, 1, true)).await), "recorded");
        }
        assert_eq!(counted(&world, ANN).await, []);
    }
}

#[tokio::test]
async fn a_status_of_the_shops_own_changes_nothing_but_brings_refunds() {
    let world = at(NOW).await;
    let hook = Hook::woocommerce(&world).await;
    taken(&hook.send(&world, "order.created", &state("processing", 0, true)).await);
    assert_eq!(taken(&hook.send(&world, "order.updated", &state("shipped", 1, true)).await), "not_placed");
    assert_eq!(counted(&world, ANN).await, day(5760));
    let mut shipped = state("shipped", 2, true);
    shipped["refunds"] = json!([{ "id": 730, "reason": "", "total": "-10.20" }]);
    assert_eq!(taken(&hook.send(&world, "order.updated", &shipped).await), "recorded");
    assert_eq!(counted(&world, ANN).await, day(4740));
}

#[tokio::test]
async fn a_refunded_order_is_one_that_was_given_back_in_full() {
    let world = at(NOW).await;
    let hook = Hook::woocommerce(&world).await;
    let mut refunded = with(UPDATED, &[("/status", json!("refunded"))]);
    refunded["refunds"].as_array_mut().unwrap().push(json!({ "id": 732, "reason": "", "total": "-42.40" }));
    refunded["refunds"].as_array_mut().unwrap().push(json!({ "id": 733, "reason": "restocked", "total": "0.00" }));
    assert_eq!(taken(&hook.send(&world, "order.updated", &refunded).await), "recorded");
    assert_eq!(counted(&world, ANN).await, []);
    assert_eq!(story(&world, ANN).await.len(), 4);
}

#[tokio::test]
async fn guests_other_currencies_and_unreadable_fields_are_ignored() {
    let world = at(NOW).await;
    let hook = Hook::woocommerce(&world).await;
    for (pointer, value, reason) in [
        ("/customer_id", json!(0), "guest"),
        ("/currency", json!("EUR"), "other_currency"),
        ("/total", json!("57.605"), "unreadable"),
        ("/total", json!(""), "unreadable"),
        ("/date_created_gmt", Value::Null, "unreadable"),
        // The site's own time says no zone that would be known here.
        ("/date_modified_gmt", json!("2026-11-20T14:02:14+01:00"), "unreadable"),
        ("/status", json!(5), "unreadable"),
    ] {
        let answer = hook.send(&world, "order.updated", &with(CREATED, &[(pointer, value.clone())])).await;
        assert_eq!(taken(&answer), reason, "{pointer} {value}");
    }
    assert_eq!(taken(&hook.send(&world, "order.deleted", &json!({ "id": 727 })).await), "topic");
    assert_eq!((world.count("Ledger").await, world.count("Customers").await), (1, 0), "the guest's head");
    // The customer is found later: WooCommerce links earlier orders to a new account.
    assert_eq!(taken(&hook.send(&world, "order.updated", &with(CREATED, &[])).await), "recorded");
    assert_eq!(counted(&world, ANN).await, day(5760));
}

#[tokio::test]
async fn the_ping_of_a_new_webhook_gets_200_and_changes_nothing() {
    let world = at(NOW).await;
    let hook = Hook::woocommerce(&world).await;
    let shops = world.count("Shops").await;
    let ping = |path: &str| {
        let request = Request::builder().method("POST").uri(path);
        request.header("content-type", "application/x-www-form-urlencoded").body("webhook_id=3".into()).unwrap()
    };
    assert_eq!(world.send(ping(&hook.path)).await.status, 200);
    assert_eq!(world.send(ping(&hook.path.replace("acme", "other"))).await.status, 401, "a wrong address is told");
    assert_eq!(world.send(ping(&hook.path.replace("woocommerce", "shopify"))).await.status, 401);
    assert_eq!((world.count("Ledger").await, world.count("Shops").await), (0, shops));
    for no_ping in ["webhook_id=", "webhook_id=3&x=1", "webhook_id=x", " webhook_id=3"] {
        assert_eq!(world.send(hook.request("", no_ping, None)).await.status, 401, "{no_ping}");
    }
}

#[tokio::test]
async fn an_order_is_of_the_shops_own_day() {
    // Half past midnight in London's summer is the day before in UTC.
    let world = World::on("2026-11-22").await;
    let hook = Hook::woocommerce(&world).await;
    let order = with(
        CREATED,
        &[("/date_created_gmt", json!("2026-07-01T23:30:00")), ("/date_modified_gmt", json!("2026-07-01T23:30:00"))],
    );
    assert_eq!(taken(&hook.send(&world, "order.created", &order).await), "recorded");
    assert_eq!(counted(&world, ANN).await, [("2026-07-02".to_owned(), 5760)]);
}
