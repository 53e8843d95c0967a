//! How long the console's pages take over a large base, and what each asks of the store: `console_speed [CUSTOMERS]`.
//!
//! A page is a request into the router and its answer, without a socket; the embedded engine is in this process, as under
//! `tercile serve`. The browser's own work is not in it.

#![expect(clippy::unwrap_used, reason = "a measurement that fails has nothing to say")]

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use e2e::visitor::Visitor;
use e2e::{World, acme, served, synthetic};
use segmentation::Day;
use serde_json::{Value, json};

/// Requests of each page.
const TIMES: usize = 200;
/// What no page may take, but for one in a hundred.
const LIMIT: Duration = Duration::from_millis(50);
const DAYS: [&str; 3] = ["2026-10-21", "2026-11-01", "2026-11-22"];
/// A customer with a story, which those who are made up in numbers have not.
const REGULAR: &str = "regular";

#[tokio::main]
async fn main() {
    let customers: u64 = std::env::args().nth(1).map_or(100_000, |number| number.parse().unwrap());
    let mut world = World::on(DAYS[0]).await;
    synthetic::fill(&world.ledger, &acme(), 0..customers, DAYS[0].parse().unwrap()).await.unwrap();
    for day in DAYS {
        world.move_to(day);
        world.run().await;
    }
    story(&world).await;
    let typed = world.post("/v1/cuts/candidates", &json!({ "recency": { "c1": 30, "c2": 90 } })).await;
    assert_eq!(typed.status, StatusCode::CREATED, "{}", typed.text);
    let (service, console) = served(&world.app, &world.driver);
    let visitor = Visitor::enter(&service, &console, &acme()).await;

    println!("{customers} customers, {} runs; {TIMES} requests of each page, one after the other.\n", DAYS.len());
    println!("| page | p50, ms | p99, ms | longest, ms | KB | calls of the store |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let mut slow = Vec::new();
    for (pattern, mut path) in visitor.walk(&[], 1).await.pages {
        if pattern == "/console/customers/{id}" {
            path = format!("/console/customers/{REGULAR}");
        }
        for _ in 0..10 {
            visitor.get(&path).await;
        }
        let mut took = Vec::with_capacity(TIMES);
        let mut bytes = 0;
        world.calls.take();
        for _ in 0..TIMES {
            let began = Instant::now();
            let page = visitor.get(&path).await;
            took.push(began.elapsed());
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
            bytes = page.text.len();
        }
        took.sort();
        let [p50, p99, longest] = [TIMES / 2, TIMES * 99 / 100, TIMES - 1].map(|at| took[at].as_secs_f64() * 1e3);
        let each: Vec<String> =
            world.calls.take().into_iter().map(|(call, all)| format!("{} {call}", all / TIMES)).collect();
        println!("| `{path}` | {p50:.1} | {p99:.1} | {longest:.1} | {} | {} |", bytes / 1000, each.join(", "));
        if took[TIMES * 99 / 100] > LIMIT {
            slow.push(path);
        }
    }
    let slow = if slow.is_empty() { "none".to_owned() } else { slow.join(", ") };
    println!("\nOver {} ms at p99: {slow}.", LIMIT.as_millis());
}

async fn story(world: &World) {
    let last: Day = DAYS[2].parse().unwrap();
    let order = |nth: i64| {
        json!({ "id": format!("o-{nth}"), "customer": REGULAR, "time": format!("{}T10:00:00Z", last.plus(-14 * nth)),
                "currency": "GBP", "total": 2_000 + 10 * nth })
    };
    let orders: Vec<Value> = (1..=60).map(order).collect();
    let sent = world.post("/v1/orders", &json!({ "orders": orders })).await;
    assert_eq!(sent.json["recorded"], 60, "{}", sent.text);
}
