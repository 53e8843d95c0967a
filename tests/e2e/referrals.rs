//! A customer's code for friends, and the thanks it earns.

use e2e::World;
use serde_json::{Value, json};

/// Everybody is a frequent buyer of small things, who is always asked to bring friends: `vip` has bought, the others not yet.
async fn shop() -> World {
    let world = World::on("2026-11-22").await;
    let settings = json!({ "segmentation": { "fixed_recency": { "c1": 30, "c2": 90 }, "fixed_frequency": { "c1": 1, "c2": 4 },
        "fixed_monetary": { "c1": 1000, "c2": 5000 } } });
    assert_eq!(world.call("PUT", "/v1/settings", settings.to_string()).await.status, 200);
    let always = json!({ "idea": { "join_referral": { "calendar": "always" } } });
    assert_eq!(world.call("PUT", "/v1/playbook", always.to_string()).await.status, 200);
    for day in ["11-01", "11-04", "11-08", "11-12", "11-16", "11-20"] {
        assert_eq!(world.post("/v1/orders", &order(&format!("V-{day}"), "vip", day)).await.status, 201);
    }
    world.run().await;
    world
}

fn order(id: &str, customer: &str, day: &str) -> Value {
    json!({ "id": id, "customer": customer, "time": format!("2026-{day}T10:00:00Z"), "currency": "GBP", "total": 2_000 })
}

async fn offers(world: &World, customer: &str) -> Value {
    world.get(&format!("/v1/customers/{customer}/offers")).await.json
}

async fn tell(world: &World, customer: &str, told: Value) -> e2e::Answer {
    let mut told = told;
    told["updated_at"] = json!("2026-11-22T08:00:00Z");
    world.call("PUT", &format!("/v1/customers/{customer}"), told.to_string()).await
}

fn has(offers: &Value, idea: &str) -> bool {
    offers["decision"]["offers"].as_array().unwrap().iter().any(|offer| offer["idea"] == idea)
}

#[tokio::test]
pub(crate) async fn a_friend_who_types_the_code_earns_the_customer_one_reward() {
    let world = shop().await;
    let asked = offers(&world, "vip").await;
    let code = asked["referral_code"].as_str().unwrap_or_else(|| panic!("{asked}")).to_owned();
    assert!(has(&asked, "join_referral") && !has(&asked, "referral_reward"));
    assert_eq!(offers(&world, "nobody").await.get("referral_code"), None);
    let spoken = json!({ "referral_code": format!("{}-{}", &code[..6].to_lowercase(), &code[6..]) });
    assert_eq!(tell(&world, "ann", spoken.clone()).await.json["status"], "recorded");
    assert_eq!(tell(&world, "ann", spoken).await.json["status"], "duplicate");
    assert_eq!(world.get("/v1/customers/ann").await.json["attributes"]["referred_by"], "vip");
    assert!(!has(&offers(&world, "vip").await, "referral_reward"), "not before an order");
    for n in 0..3 {
        assert_eq!(world.post("/v1/orders", &order(&format!("A-{n}"), "ann", "11-21")).await.status, 201);
    }
    let thanked = offers(&world, "vip").await;
    assert!(has(&thanked, "referral_reward"), "{thanked}");
    let shown = world.get("/v1/customers/vip").await.json["referrals"].clone();
    assert_eq!(shown["list"].as_array().map(Vec::len), Some(1));
    let story = world.get("/v1/customers/vip/history").await.json;
    assert_eq!(story["items"].as_array().unwrap().iter().filter(|item| item["kind"] == "referral").count(), 1);
}

#[tokio::test]
async fn codes_that_are_wrong_are_refused_by_name_and_nothing_is_written() {
    let world = shop().await;
    let code = offers(&world, "vip").await["referral_code"].as_str().unwrap().to_owned();
    let other = if code.starts_with('0') { "1" } else { "0" };
    let nobody = world.ledger.customer_key(&e2e::acme(), &"ghost".to_owned().try_into().unwrap()).referral_code();
    let held = world.count("Ledger").await;
    for (customer, told) in [
        ("ann", json!({ "referral_code": "" })),
        ("ann", json!({ "referral_code": format!("{other}{}", &code[1..]) })),
        ("ann", json!({ "referral_code": nobody.to_string() })),
        ("ann", json!({ "referral_code": code, "referred_by": "vip" })),
        ("vip", json!({ "referral_code": code })),
    ] {
        let refused = tell(&world, customer, told).await;
        assert_eq!(refused.told(), (422, "referral_code".into()), "{}", refused.text);
    }
    assert_eq!(tell(&world, "vip", json!({ "referred_by": "vip" })).await.told(), (422, "referred_by".into()));
    assert_eq!(world.count("Ledger").await, held);
}

#[tokio::test]
pub(crate) async fn the_run_finishes_what_a_call_left_undone() {
    let world = shop().await;
    assert_eq!(tell(&world, "ann", json!({ "referred_by": "late" })).await.status, 200);
    assert_eq!(world.post("/v1/orders", &order("A-1", "ann", "11-21")).await.status, 201);
    // Whom nobody knew then, and so could not be thanked, as if the call had ended there.
    assert_eq!(world.post("/v1/orders", &order("L-1", "late", "11-20")).await.status, 201);
    assert_eq!(world.get("/v1/customers/late").await.json.get("referrals"), None);
    world.run().await;
    assert_eq!(world.get("/v1/customers/late").await.json["referrals"]["list"].as_array().map(Vec::len), Some(1));
    world.run().await;
    assert_eq!(world.get("/v1/customers/late").await.json["referrals"]["list"].as_array().map(Vec::len), Some(1));
}
