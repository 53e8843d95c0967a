//! What the shop is told at once: listed for its staff, in pages.

use e2e::World;
use serde_json::{Value, json};

#[tokio::test]
async fn alerts_are_listed_by_day_in_pages_and_in_csv() {
    let mut world = World::on("2026-11-21").await;
    for (on, customer, survey, said) in [
        ("2026-11-21", "ann", "reason", json!({ "reason": "quality" })),
        ("2026-11-22", "bob", "nps", json!({ "score": 6 })),
        ("2026-11-22", "cat", "nps", json!({ "score": 7 })),
        ("2026-11-22", "=dan", "purchase", json!({ "score": 1 })),
    ] {
        world.move_to(on);
        let mut said: Value = said;
        said["id"] = json!("1");
        said["customer"] = json!(customer);
        assert_eq!(world.post(&format!("/v1/surveys/{survey}/answers"), &said).await.status, 201);
    }
    let first = world.get("/v1/alerts?limit=1").await.json;
    assert_eq!(
        first["items"],
        json!([{ "customer": "bob", "version": 1, "cause": "detractor", "day": "2026-11-22", "survey": "nps", "answer": "1", "score": 6 }])
    );
    let second = world.get(&format!("/v1/alerts?limit=1&cursor={}", first["next"].as_str().unwrap())).await.json;
    assert_eq!((&second["items"][0]["customer"], &second["items"][0]["cause"]), (&json!("ann"), &json!("quality")));
    let of_day = world.get("/v1/alerts?day=2026-11-21").await.json;
    assert_eq!(of_day["items"].as_array().map(Vec::len), Some(1));
    let csv = world.get("/v1/alerts?format=csv").await.text;
    assert_eq!(
        csv.lines().next(),
        Some(
            "day,customer,cause,survey,score,answer,run,group,customers,expected,failure,recency_days,overdue_percent"
        )
    );
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert_eq!(world.get("/v1/alerts?day=today").await.told(), (422, "query".into()));
    // A cursor of another list leads nowhere else.
    let other = e2e::shop(&world.ledger, &"other".parse().unwrap()).await;
    let theirs = world.call_as(&other.last().unwrap().token, "GET", "/v1/alerts", "").await;
    assert_eq!(theirs.json["items"], json!([]));
}
