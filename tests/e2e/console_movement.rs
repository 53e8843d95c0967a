//! Movement: what runs count of it, their list, and the page over both.

use std::collections::BTreeMap;

use e2e::World;
use serde_json::{Value, json};

use crate::console::{base, signed_in};
use crate::order;

/// Where everybody stands, by the API's census.
async fn standing(world: &World) -> BTreeMap<String, u64> {
    let census = world.get("/v1/segments").await.json;
    let cell = |cell: &Value| (cell["segment"].as_str().unwrap().to_owned(), cell["customers"].as_u64().unwrap());
    census["segments"].as_array().unwrap().iter().map(cell).filter(|(_, customers)| *customers > 0).collect()
}

async fn stands(world: &World, customer: &str) -> String {
    let stands = world.get(&format!("/v1/customers/{customer}/segment")).await.json;
    stands["segment"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_run_counts_who_stands_elsewhere_whatever_moved_them() {
    let mut world = base().await;
    let before = standing(&world).await;
    let from = stands(&world, "c-1").await;
    world.move_to("2026-11-25");
    // An order moves its customer at once, so the run itself moves them nowhere.
    let mut sent = order("big", "c-1", "2026-11-25T08:00:00Z");
    sent["total"] = json!(900_000);
    assert_eq!(world.post("/v1/orders", &sent).await.status, 201);
    let to = stands(&world, "c-1").await;
    assert_ne!(from, to);
    assert_eq!(world.post("/v1/orders", &order("new", "newcomer", "2026-11-25T09:00:00Z")).await.status, 201);
    let run = world.run().await;
    let movement = run["counts"]["movement"].as_array().unwrap();
    assert!(movement.contains(&json!([from, to, "order", 1])), "{movement:?}");
    let newcomer = stands(&world, "newcomer").await;
    assert!(movement.contains(&json!(["none", newcomer, "order", 1])), "{movement:?}");
    assert!(
        run["counts"]["matrix"].as_array().unwrap().iter().all(|cell| cell[0] != from || cell[1] != to),
        "not by the run"
    );

    // From the census before, by the movement, to the census after.
    let mut walked = before;
    *walked.entry("none".to_owned()).or_default() += 1;
    for cell in movement {
        let customers = cell[3].as_u64().unwrap();
        *walked.get_mut(cell[0].as_str().unwrap()).unwrap() -= customers;
        *walked.entry(cell[1].as_str().unwrap().to_owned()).or_default() += customers;
    }
    walked.retain(|_, customers| *customers > 0);
    assert_eq!(walked, standing(&world).await);

    let spread = &run["counts"]["spread"];
    for axis in ["recency", "frequency", "monetary"] {
        let counted: u64 = spread[axis].as_array().unwrap().iter().map(|bar| bar[1].as_u64().unwrap()).sum();
        assert_eq!(counted, 31, "{axis}: everybody has a counted order");
    }
}

#[tokio::test]
async fn runs_are_listed_the_latest_first() {
    let mut world = base().await;
    for day in ["2026-11-23", "2026-11-24"] {
        world.move_to(day);
        world.run().await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/runs?limit=2{cursor}")).await;
        for run in page.json["items"].as_array().unwrap() {
            assert_eq!(*run, world.get(&format!("/v1/runs/{}", run["run"])).await.json);
            seen.push(run["run"].as_u64().unwrap());
        }
        match page.json["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, [3, 2, 1]);
    let csv = world.get("/v1/runs?format=csv").await.text;
    assert_eq!(csv.lines().count(), 4, "{csv}");
    assert!(csv.lines().nth(1).unwrap().starts_with("3,2026-11-24,published,false,"), "{csv}");
    for cursor in ["x", &web::cursor("run#1"), &web::cursor("-1")] {
        assert_eq!(world.get(&format!("/v1/runs?cursor={cursor}")).await.told(), (422, "cursor".into()), "{cursor}");
    }
}

#[tokio::test]
pub(crate) async fn the_page_shows_the_flows_and_why() {
    let mut world = base().await;
    let browser = signed_in(&world).await;
    let page = browser.get("/console/movement").await;
    assert!(page.status == 200 && page.text.contains("from the second run on"), "{}", page.text);
    assert!(!page.text.contains("class=\"ribbon"), "{}", page.text);

    world.move_to("2026-11-25");
    let (from, mut sent) = (stands(&world, "c-1").await, order("big", "c-1", "2026-11-25T08:00:00Z"));
    sent["total"] = json!(900_000);
    world.post("/v1/orders", &sent).await;
    let to = stands(&world, "c-1").await;
    let run = world.run().await;
    let browser = signed_in(&world).await;
    let page = browser.get("/console/movement").await.text;
    let ordered: u64 = run["counts"]["movement"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|cell| cell[0] == from && cell[1] == to)
        .map(|cell| cell[3].as_u64().unwrap())
        .sum();
    assert!(page.contains(&format!("title=\"{from} → {to}: order {ordered}\">{ordered}</td>")), "{page}");
    assert!(page.contains("class=\"ribbon") && page.contains("class=\"line vip\""), "{page}");
    // Only moves of one cause, and only between the chosen runs.
    let decayed = browser.get("/console/movement?cause=decay").await.text;
    assert!(!decayed.contains(&format!("title=\"{from} → {to}")), "{decayed}");
    let one = browser.get("/console/movement?first=2&last=2").await.text;
    assert!(!one.contains("class=\"ribbon"), "{one}");
    assert_eq!(
        browser.get("/console/movement?first=99&last=0").await.status,
        200,
        "no such runs: the latest are shown"
    );
    assert_eq!(browser.get("/console/movement?first=x").await.status, 400);

    // Earlier runs, too, are on the list of runs, each with what it cost.
    let list = browser.get("/console/runs").await.text;
    for run in [1, 2] {
        assert!(list.contains(&format!("href=\"/console/runs/{run}\"")), "{list}");
    }
    let units = format!("{:.1}", run["counts"]["read_units"].as_f64().unwrap());
    assert!(list.contains(&format!("<td class=\"number\">{units}</td>")), "{units}: {list}");
}
