//! A shop with a past: orders over most of a year, three runs, moves by orders, by returns and by days alone, campaigns with limits,
//! rewards used, answers, other cuts proposed.

use e2e::World;
use serde_json::{Value, json};

use crate::order;
use crate::redemptions::{by_code, campaign, redeem, step};

/// The last day of the past.
pub(crate) const TODAY: &str = "2026-11-22";
const CUSTOMERS: u32 = 60;

/// Where forms have led, and no link does: the pages of jobs.
pub(crate) const JOBS: [&str; 2] = ["/console/jobs/1", "/console/jobs/2"];

pub(crate) async fn shop() -> World {
    let mut world = World::on("2026-08-31").await;
    let settings = json!({ "rewards": { "holdout": { "percent": 20 } } });
    assert_eq!(world.call("PUT", "/v1/settings", settings.to_string()).await.status, 200);
    let tea = json!({ "products": [
        { "id": "p-0", "name": "Green tea", "category": "Tea", "price": 590 },
        { "id": "p-1", "name": "Oolong", "category": "Tea", "price": 740 },
        { "id": "p-2", "name": "Teapot", "category": "Cups and pots", "price": 2900, "list_price": 3500 },
    ] });
    assert_eq!(world.call("PUT", "/v1/products", tea.to_string()).await.status, 200);
    world.publish().await;
    let welcome = campaign("welcome_all", &json!({ "discount": 10 }), 30);
    assert_eq!(world.post("/v1/campaigns", &welcome).await.status, 201);
    let limit = json!({ "series": "welcome_all", "amount": 50_000, "count": 100 });
    assert_eq!(world.call("PUT", "/v1/budgets", limit.to_string()).await.status, 200);
    let mut sent = 0;
    for day in ["2026-08-31", "2026-10-31", TODAY] {
        world.move_to(day);
        let all = orders();
        let until = all.iter().take_while(|order| order["time"].as_str().unwrap() < day).count();
        for batch in all[sent..until].chunks(100) {
            let answer = world.post("/v1/orders", &json!({ "orders": batch })).await;
            assert_eq!(answer.json["recorded"], batch.len(), "{}", answer.text);
        }
        sent = until;
        world.run().await;
    }
    let back = json!({ "id": "r-1", "order": "o-9-0", "time": "2026-11-20T10:00:00Z", "whole": true });
    assert_eq!(world.post("/v1/returns", &back).await.status, 201);
    rewards(&world).await;
    jobs(&world).await;
    world
}

/// By time.
fn orders() -> Vec<Value> {
    let mut orders = Vec::new();
    for nth in 0..CUSTOMERS {
        for time in 0..=(nth % 5) {
            let day = format!("2026-{:02}-{:02}T10:00:00Z", 1 + (nth * 7 + time * 3) % 11, 1 + nth % 21);
            let mut sent = order(&format!("o-{nth}-{time}"), &format!("c-{nth}"), &day);
            let amount = 500 + nth * 137;
            sent["total"] = Value::Null;
            sent["lines"] = json!([{ "product": format!("p-{}", nth % 3), "category": "Tea", "amount": amount }]);
            orders.push(sent);
        }
    }
    orders.sort_by_key(|order| order["time"].as_str().unwrap().to_owned());
    orders
}

/// A reward that was used, one that was given up, one that is reserved; and what customers said.
async fn rewards(world: &World) {
    let mut ends = [Some("confirm"), Some("release"), None].into_iter();
    for nth in 0..CUSTOMERS {
        let customer = format!("c-{nth}");
        let answer = world.get(&format!("/v1/customers/{customer}/offers")).await.json;
        let mut offers = answer["decision"]["offers"].as_array().unwrap().iter();
        // Who is held out has none.
        let Some(offer) = offers.find(|offer| offer["reason"]["campaign"] == "welcome_all") else { continue };
        let Some(end) = ends.next() else { break };
        let code = offer["code"].as_str().unwrap();
        let reserved = redeem(world, &by_code(code, &customer, &format!("new-{nth}"))).await;
        assert_eq!(reserved.status, 201, "{}", reserved.text);
        if let Some(end) = end {
            assert_eq!(step(world, &reserved.json["id"], end).await.status, 200);
        }
        let said = json!({ "id": "a-1", "customer": customer, "score": 3 + nth % 8 });
        assert_eq!(world.post("/v1/surveys/nps/answers", &said).await.status, 201);
    }
}

/// Other cuts, typed in and previewed; and an export.
async fn jobs(world: &World) {
    let typed = world.post("/v1/cuts/candidates", &json!({ "recency": { "c1": 30, "c2": 90 } })).await;
    let version = typed.json["version"].as_str().unwrap();
    let preview = format!("/v1/cuts/{version}/preview");
    for (path, page) in [preview.as_str(), "/v1/segments/r1f1m1/export"].iter().zip(JOBS) {
        let begun = world.post(path, &json!({})).await;
        let job = begun.json["location"].as_str().unwrap_or_else(|| panic!("{}", begun.text));
        assert_eq!(job.rsplit('/').next(), page.rsplit('/').next());
        while world.get(job).await.json["status"] != "done" {
            tokio::task::yield_now().await;
        }
    }
}
