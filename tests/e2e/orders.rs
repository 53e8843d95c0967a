//! Orders, revisions and returns over the API.

use e2e::World;
use serde_json::json;
use tokio::task::JoinSet;

use crate::order;

const TIME: &str = "2026-11-20T14:05:00+00:00";

#[tokio::test]
async fn an_order_is_recorded_once_and_answered_the_same_again() {
    let world = World::on("2026-11-22").await;
    let first = world.post("/v1/orders", &order("A-1", "ann", TIME)).await;
    assert_eq!((first.status.as_u16(), &first.json["status"]), (201, &json!("recorded")));
    let again = world.post("/v1/orders", &order("A-1", "ann", TIME)).await;
    let mut expected = first.json.clone();
    expected["status"] = json!("duplicate");
    assert_eq!((again.status.as_u16(), again.json), (201, expected));
    let mut other = order("A-1", "ann", TIME);
    other["total"] = json!(1);
    assert_eq!(world.post("/v1/orders", &other).await.told(), (409, "other-content".into()));
    assert_eq!(
        world.post("/v1/orders", &order("A-1", "bob", TIME)).await.told(),
        (409, "order-of-another-customer".into())
    );
}

#[tokio::test]
async fn spelling_does_not_make_other_content() {
    let world = World::on("2026-11-22").await;
    let lines = json!([{ "product": "p", "quantity": 2, "amount": 1250 }]);
    let one =
        json!({ "id": "A-1", "customer": "ann", "time": "2026-11-20T14:05:00Z", "currency": "GBP", "lines": lines });
    let same = r#"{"lines":[{"amount":1250,"quantity":"2.0","product":"p","id":"1"}],"total":1250,"currency":"GBP",
        "time":"2026-11-20T14:05:00+00:00","customer":"ann","id":"A-1"}"#;
    assert_eq!(world.post("/v1/orders", &one).await.json["status"], "recorded");
    assert_eq!(world.call("POST", "/v1/orders", same).await.json["status"], "duplicate");
}

#[tokio::test]
async fn a_batch_answers_per_item_and_names_the_field() {
    let world = World::on("2026-11-22").await;
    let mut bad = order("A-2", "ann", TIME);
    bad["lines"] = json!([{ "quantity": -1, "amount": 5 }]);
    let batch = json!({ "orders": [order("A-1", "ann", TIME), bad, order("B-1", "bob", TIME), { "id": 7 }] });
    let answer = world.post("/v1/orders", &batch).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!((&answer.json["recorded"], &answer.json["refused"]), (&json!(2), &json!(2)));
    let codes: Vec<u64> =
        answer.json["results"].as_array().unwrap().iter().filter_map(|r| r["code"].as_u64()).collect();
    assert_eq!(codes, [201, 422, 201, 422]);
    assert_eq!(answer.json["results"][1]["problem"]["errors"][0]["field"], "orders[1].lines[0].quantity");
    assert_eq!(answer.json["results"][3]["problem"]["errors"][0]["field"], "orders[3].id");
    assert_eq!(world.count("Customers").await, 2);
}

#[tokio::test]
async fn more_than_a_hundred_orders_are_no_batch() {
    let world = World::on("2026-11-22").await;
    let orders: Vec<_> = (0..101).map(|n| order(&format!("A-{n}"), "ann", TIME)).collect();
    assert_eq!(world.post("/v1/orders", &json!({ "orders": orders })).await.told(), (422, "orders".into()));
    assert_eq!(world.post("/v1/orders", &json!({ "orders": [] })).await.told(), (422, "orders".into()));
    assert_eq!(world.count("Ledger").await, 0);
}

#[tokio::test]
async fn a_revision_creates_corrects_and_cancels() {
    let world = World::on("2026-11-22").await;
    let revised = |revision: u64, total: i64, status: &str| {
        let mut order = order("A-1", "ann", TIME);
        order["revision"] = json!(revision);
        order["total"] = json!(total);
        order["status"] = json!(status);
        order.to_string()
    };
    let created = world.call("PUT", "/v1/orders/A-1", revised(5, 900, "placed")).await;
    assert_eq!((created.status.as_u16(), &created.json["status"]), (200, &json!("recorded")));
    let again = world.call("PUT", "/v1/orders/A-1", revised(5, 900, "placed")).await;
    assert_eq!((again.status.as_u16(), &again.json["status"]), (200, &json!("duplicate")));
    assert_eq!(
        world.call("PUT", "/v1/orders/A-1", revised(5, 901, "placed")).await.told(),
        (409, "other-content".into())
    );
    assert_eq!(world.call("PUT", "/v1/orders/A-1", revised(6, 900, "cancelled")).await.status, 200);
    assert_eq!(world.call("PUT", "/v1/orders/B-9", revised(7, 900, "placed")).await.told(), (422, "id".into()));
    assert_eq!(
        world.call("PUT", "/v1/orders/A-1", order("A-1", "ann", TIME).to_string()).await.told(),
        (422, "revision".into())
    );
    let history = world.get("/v1/customers/ann/history").await;
    assert_eq!(history.json["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_return_before_its_order_is_to_be_sent_again() {
    let world = World::on("2026-11-22").await;
    let back = json!({ "id": "R-1", "order": "A-1", "time": TIME, "amount": 250 });
    assert_eq!(world.post("/v1/returns", &back).await.told(), (409, "order-unknown".into()));
    world.post("/v1/orders", &order("A-1", "ann", TIME)).await;
    let first = world.post("/v1/returns", &back).await;
    assert_eq!((first.status.as_u16(), &first.json["status"]), (201, &json!("recorded")));
    assert_eq!(world.post("/v1/returns", &back).await.json["status"], "duplicate");
    let much = json!({ "id": "R-2", "order": "A-1", "time": TIME, "amount": 1001 });
    assert_eq!(world.post("/v1/returns", &much).await.told(), (409, "return-exceeds-order".into()));
    let rest = json!({ "id": "R-3", "order": "A-1", "time": TIME, "whole": true });
    assert_eq!(world.post("/v1/returns", &rest).await.json["given_back"], "whole");
}

#[tokio::test]
async fn guests_are_refused_by_name_or_ignored_where_the_shop_says_so() {
    let world = World::on("2026-11-22").await;
    let guest = json!({ "id": "G-1", "time": TIME, "currency": "GBP", "total": 5 });
    assert_eq!(world.post("/v1/orders", &guest).await.told(), (422, "customer".into()));
    assert_eq!(world.call("PUT", "/v1/settings", r#"{"guests":"ignore"}"#).await.status, 200);
    let ignored = world.post("/v1/orders", &guest).await;
    assert_eq!((ignored.status.as_u16(), &ignored.json["status"]), (201, &json!("ignored")));
    assert_eq!(world.count("Ledger").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_copies_sent_at_once_one_is_recorded_and_of_64_customers_one_wins() {
    let world = std::sync::Arc::new(World::on("2026-11-22").await);
    let mut tasks = JoinSet::new();
    for n in 0..128 {
        let world = std::sync::Arc::clone(&world);
        tasks.spawn(async move {
            let sent = if n < 64 { order("A-1", "ann", TIME) } else { order("B-1", &format!("c{n}"), TIME) };
            let answer = world.post("/v1/orders", &sent).await;
            (n < 64, answer.status.as_u16(), answer.json["status"].to_string())
        });
    }
    let answers = tasks.join_all().await;
    let count = |copies: bool, status: u16, told: &str| {
        answers.iter().filter(|(c, s, t)| *c == copies && *s == status && t.contains(told)).count()
    };
    assert_eq!((count(true, 201, "recorded"), count(true, 201, "duplicate")), (1, 63), "{answers:?}");
    assert_eq!((count(false, 201, "recorded"), count(false, 409, "409")), (1, 63), "{answers:?}");
    assert_eq!(world.count("Customers").await, 2);
}
