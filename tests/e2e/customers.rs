//! Customers, their stories and audiences.

use e2e::World;
use serde_json::json;

use crate::order;

#[tokio::test]
async fn a_story_is_given_in_pages_to_the_end() {
    let world = World::on("2026-11-22").await;
    let orders: Vec<_> = (0..25).map(|n| order(&format!("A-{n}"), "ann", "2026-11-01T10:00:00Z")).collect();
    assert_eq!(world.post("/v1/orders", &json!({ "orders": orders })).await.json["recorded"], 25);
    let (mut seen, mut cursor, mut pages) = (std::collections::BTreeSet::new(), String::new(), 0);
    loop {
        let page = world.get(&format!("/v1/customers/ann/history?limit=10{cursor}")).await;
        for item in page.json["items"].as_array().unwrap() {
            assert!(seen.insert(item["order"]["id"].to_string()));
        }
        pages += 1;
        let Some(next) = page.json["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!((seen.len(), pages), (25, 3));
    let lines = world.get("/v1/customers/ann/history?format=ndjson").await;
    assert_eq!(
        (lines.text.lines().count(), &lines.headers["content-type"]),
        (25, &"application/x-ndjson".parse().unwrap())
    );
}

#[tokio::test]
async fn an_audience_has_todays_members_in_pages_and_as_csv() {
    let mut world = World::on("2026-11-22").await;
    let fixed = json!({ "segmentation": { "fixed_recency": { "c1": 30, "c2": 90 }, "fixed_frequency": { "c1": 1, "c2": 4 },
        "fixed_monetary": { "c1": 1000, "c2": 5000 } } });
    assert_eq!(world.call("PUT", "/v1/settings", fixed.to_string()).await.status, 200);
    let orders: Vec<_> =
        (0..7).map(|n| order(&format!("A-{n}"), &format!("c,{n}"), &format!("2026-11-0{}T10:00:00Z", n + 1))).collect();
    world.post("/v1/orders", &json!({ "orders": orders })).await;
    let run = world.run().await;
    assert_eq!(run["counts"]["matrix"], json!([["none", "r3f1m2", 7]]), "{run}");
    let (mut members, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/segments/r3f1m2/customers?limit=3{cursor}")).await;
        members.extend(
            page.json["items"].as_array().unwrap().iter().map(|item| item["customer"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page.json["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    members.sort();
    assert_eq!(members, (0..7).map(|n| format!("c,{n}")).collect::<Vec<_>>());
    let csv = world.get("/v1/segments/r3f1m2/customers?format=csv").await.text;
    assert!(csv.starts_with("customer,segment,since,recency_days,frequency,monetary\n"), "{csv}");
    assert!(csv.contains("\"c,0\",r3f1m2,2026-11-22,21,1,1250\n"), "{csv}");
    // A month later all have decayed; who left is dropped, and the next run moves the labels.
    world.move_to("2026-12-25");
    assert_eq!(world.get("/v1/segments/r3f1m2/customers").await.json["items"], json!([]));
    assert_eq!(world.get("/v1/segments/r2f1m2/customers").await.json["items"], json!([]));
    world.run().await;
    assert_eq!(world.get("/v1/segments/r2f1m2/customers").await.json["items"].as_array().map(Vec::len), Some(7));
}

#[tokio::test]
pub(crate) async fn a_customer_is_shown_with_rhythm_moves_and_reasons() {
    let world = World::on("2026-11-22").await;
    let days = ["2026-10-24", "2026-10-31", "2026-11-07", "2026-11-14"];
    for (n, day) in days.iter().enumerate() {
        world.post("/v1/orders", &order(&format!("A-{n}"), "ann", &format!("{day}T10:00:00Z"))).await;
    }
    world.run().await;
    let shown = world.get("/v1/customers/ann").await.json;
    assert_eq!((&shown["orders"], &shown["rhythm"]["usual_gap_days"]), (&json!(4), &json!(7.0)));
    assert_eq!(shown["rhythm"]["usual_day"], json!({ "weekday": "Sat" }));
    assert_eq!(shown["label"]["place"], shown["explanation"]["segment"]);
    assert_eq!(shown["moves"]["list"][0]["steps"][0]["cause"], "refit");
    assert_eq!(world.get("/v1/customers/nobody").await.told(), (404, "not-found".into()));
}
