//! The VIP beacon, falls of groups and the promising group's aim, through runs and the API.

use e2e::World;
use serde_json::{Value, json};

/// `customers` who buy every 3 to 21 days since the summer; each fifth one stopped a while ago.
pub(crate) async fn fill(world: &World, customers: u64) {
    let mut orders = Vec::new();
    for n in 0..customers {
        let gap = 3 + n % 15;
        let until = if n % 5 == 0 { 60 + n % 40 } else { 124 - n % 3 };
        let mut day = n % 30;
        while day <= until {
            let (month, date) = [(7, 31), (8, 31), (9, 30), (10, 31), (11, 30)]
                .into_iter()
                .scan(day, |left, (month, days)| {
                    let here = *left;
                    *left = left.wrapping_sub(days);
                    Some((month, days, here))
                })
                .find_map(|(month, days, here)| (here < days).then_some((month, here + 1)))
                .unwrap();
            let time = format!("2026-{month:02}-{date:02}T10:00:00Z");
            let mut order = crate::order(&format!("A-{n}-{day}"), &format!("c-{n}"), &time);
            order["total"] = json!(900 + n * 137 % 8_000);
            orders.push(order);
            // Now and then a purchase is skipped, and some come only once or twice.
            day += if n % 4 == 3 { 70 } else { gap + (n * 7 + day) % 5 };
        }
    }
    for batch in orders.chunks(100) {
        let answer = world.post("/v1/orders", &json!({ "orders": batch })).await;
        assert_eq!(answer.json["recorded"], batch.len(), "{}", answer.text);
    }
}

/// All pages of those who slip.
async fn slipping(world: &World) -> Vec<Value> {
    let (mut rows, mut path) = (Vec::new(), "/v1/beacon/customers?limit=7".to_owned());
    loop {
        let page = world.get(&path).await.json;
        rows.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { return rows };
        path = format!("/v1/beacon/customers?limit=7&cursor={next}");
    }
}

#[tokio::test]
async fn the_list_of_who_slips_adds_up_to_what_the_run_counted() {
    let world = World::on("2026-11-05").await;
    assert_eq!(world.get("/v1/beacon").await.status, 404);
    assert_eq!(slipping(&world).await, [json!(null); 0]);
    fill(&world, 180).await;
    let mut settings = world.get("/v1/settings").await.json;
    assert_eq!(settings["beacon"]["reading"], "recency");
    settings["beacon"] = json!({ "reading": "alive" });
    assert_eq!(world.call("PUT", "/v1/settings", settings.to_string()).await.status, 200);
    world.run().await;
    let summary = world.get("/v1/beacon").await.json;
    let vip = &summary["vip"];
    assert_eq!(summary["model"].as_array().map(Vec::len), Some(4), "{summary}");
    assert_eq!(vip["modelled"], vip["vips"]);
    let rows = slipping(&world).await;
    assert!(!rows.is_empty() && vip["slipping"] == rows.len(), "{vip} {}", rows.len());
    assert!(vip["slipping"].as_u64() < vip["vips"].as_u64());
    let sum: i64 = rows.iter().map(|row| row["at_risk"].as_i64().unwrap()).sum();
    assert_eq!(vip["slipping_at_risk"], sum);
    assert!(rows.iter().all(|row| row["alive_thousandths"].as_u64().unwrap() <= 500), "{rows:?}");
    let csv = world.get("/v1/beacon/customers?format=csv").await.text;
    assert!(csv.starts_with("customer,segment,recency_days,usual_gap_days,overdue_percent,"), "{csv}");
}

#[tokio::test]
async fn another_reading_is_a_setting_and_a_bad_one_is_named() {
    let world = World::on("2026-11-05").await;
    fill(&world, 120).await;
    let mut settings = world.get("/v1/settings").await.json;
    for (name, value, field) in
        [("alive_percent", json!(0), "beacon.alive_percent"), ("aim_days", json!(0), "beacon.aim_days")]
    {
        let mut bad = settings.clone();
        bad["beacon"][name] = value;
        assert_eq!(world.call("PUT", "/v1/settings", bad.to_string()).await.told(), (422, field.into()));
    }
    settings["beacon"] = json!({ "reading": "recency", "silent_days": 20 });
    assert_eq!(world.call("PUT", "/v1/settings", settings.to_string()).await.status, 200);
    world.run().await;
    let rows = slipping(&world).await;
    assert!(!rows.is_empty() && rows.iter().all(|row| row["recency_days"].as_u64().unwrap() >= 20), "{rows:?}");
    assert_eq!(world.get("/v1/beacon").await.json["vip"]["slipping"], rows.len());
}

#[tokio::test]
async fn a_group_that_falls_below_its_trend_is_told_once_and_listed() {
    let mut world = World::on("2026-11-05").await;
    fill(&world, 180).await;
    for day in 5..13 {
        world.move_to(&format!("2026-11-{day:02}"));
        assert_eq!(world.run().await["falls"], json!(null), "{day}");
    }
    // All orders of every VIP are cancelled.
    for segment in ["r3f3m3", "r2f3m3", "r1f3m3"] {
        let page = world.get(&format!("/v1/segments/{segment}/customers?limit=1000")).await.json;
        for member in page["items"].as_array().unwrap() {
            let customer = member["customer"].as_str().unwrap();
            let story = world.get(&format!("/v1/customers/{customer}/history?limit=1000")).await.json;
            for told in story["items"].as_array().unwrap().iter().filter(|told| told["kind"] == "order") {
                let placed = &told["order"];
                let mut order = crate::order("", customer, placed["time"].as_str().unwrap());
                order.as_object_mut().unwrap().remove("id");
                order["revision"] = json!(2);
                order["status"] = json!("cancelled");
                order["total"] = placed["total"].clone();
                let path = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
                assert_eq!(world.call("PUT", &path, order.to_string()).await.status, 200);
            }
        }
    }
    world.move_to("2026-11-13");
    let run = world.run().await;
    let told: Vec<&str> = run["falls"].as_array().unwrap().iter().map(|fall| fall["group"].as_str().unwrap()).collect();
    assert!(told.contains(&"vip"), "{}", run["falls"]);
    assert_eq!(world.get("/v1/beacon").await.json["falls"], run["falls"]);
    let listed = world.get("/v1/alerts?day=2026-11-13").await.json;
    let listed = listed["items"].as_array().unwrap();
    assert_eq!(listed.len(), told.len());
    assert!(listed.iter().all(|alert| alert["cause"] == "group_fall" && alert["run"] == run["run"]), "{listed:?}");
    let csv = world.get("/v1/alerts?format=csv").await.text;
    assert!(csv.contains("2026-11-13,,group_fall,,,,9,vip,"), "{csv}");
}
