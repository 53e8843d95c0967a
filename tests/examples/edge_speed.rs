//! The edge's component under wasmtime against the Lambda path, side by side in one run: size, start, time per request.
//!
//!     edge_speed WASMTIME [REQUESTS]
//!
//! Needs the function's optimised binary beside it (`.ci/measure edge` makes both) and what `infra/edge/build` needs. The store is the
//! embedded engine in this process, over loopback and without TLS: of a real store's round trip there is nothing in the Lambda's figures,
//! nor of API Gateway's, nor of a CDN's in the edge's. What is asked is the same: offers for one of 200 customers.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a panic is a failed measurement, and it is told where")]

use std::process::Command;
use std::time::Instant;

use axum::body::Body;
use axum::http::Request;
use e2e::bootstrap::{Bootstrap, built, request};
use e2e::components::{Built, Served};
use e2e::processes::cpu;
use e2e::{World, acme, synthetic};
use http_body_util::BodyExt;
use ledger::Scope;
use resegment::Steps;
use serde_json::{Value, json};
use tower::ServiceExt;
use web::{App, Clock};

const CUSTOMERS: u64 = 200;
/// In which requests are made by turns, so that whatever else the machine does falls on all.
const TURNS: usize = 20;
const STARTS: usize = 11;

/// What is compared: name, times of requests in ms, CPU time of the answering process in ms.
struct Row {
    name: &'static str,
    times: Vec<f64>,
    cpu: f64,
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let wasmtime = arguments.next().unwrap_or_else(|| panic!("see the head of this file"));
    let requests: usize = arguments.next().map_or(4_000, |number| number.parse().unwrap());
    let world = world().await;
    let bundle = bundle(&world).await;
    println!("bundle: {} bytes", bundle.len());
    let components = Built::with(&bundle);
    println!("{}", components.sizes);
    let mut tokens = Vec::new();
    for n in 0..CUSTOMERS {
        let made = world.post(&format!("/v1/customers/c-{n}/snapshot"), &json!({})).await;
        tokens.push(made.json["token"].as_str().unwrap().to_owned());
    }
    let mut lengths: Vec<usize> = tokens.iter().map(String::len).collect();
    lengths.sort_unstable();
    println!("tokens: median {} characters, longest {}\n", lengths[lengths.len() / 2], lengths[lengths.len() - 1]);

    let serve = |reuse: u32, cached: &'static str| {
        let (wasmtime, file) = (wasmtime.clone(), components.file("edge-http.wasm"));
        Served::by(move |port| {
            let mut command = Command::new(wasmtime);
            command.args(["serve", "-C", cached, "--addr", &format!("127.0.0.1:{port}")]);
            command.args(["--max-instance-reuse-count", &reuse.to_string()]).arg(file);
            command
        })
    };
    for (cached, what) in [("cache=n", "compiled anew"), ("cache=y", "out of wasmtime's cache")] {
        let mut starts = Vec::new();
        for _ in 0..STARTS {
            starts.push(serve(1, cached).await.started.as_secs_f64() * 1e3);
        }
        println!("wasmtime's start to its first answer, {what}: median {:.0} ms of {STARTS}", at(&mut starts, 0.5));
    }
    println!();

    let lambda = lambda(&world).await;
    let (fresh, reused) = (serve(1, "cache=y").await, serve(1_000, "cache=y").await);
    let mut rows = [
        "Lambda, full lookup",
        "Lambda, from a token",
        "edge, an instance each",
        "edge, instances kept",
        "edge, nobody known",
    ]
    .map(|name| Row { name, times: Vec::new(), cpu: 0.0 });
    let each = requests / TURNS;
    // The first turn warms up.
    for turn in 0..=TURNS {
        for (nth, row) in rows.iter_mut().enumerate() {
            let process = match nth {
                0 | 1 => lambda.process(),
                3 => reused.process(),
                _ => fresh.process(),
            };
            let before = cpu(process);
            for n in 0..each {
                let customer = (turn * each + n) % tokens.len();
                let token = tokens[customer].as_str();
                let began = Instant::now();
                match nth {
                    0 => {
                        called(
                            &lambda,
                            request(
                                "GET",
                                &format!("/v1/customers/c-{customer}/offers"),
                                "",
                                world.key(Scope::Checkout),
                                None,
                            ),
                        )
                        .await
                    }
                    1 => called(&lambda, request("POST", "/v1/edge/offers", "", token, Some("{}"))).await,
                    2 => asked(&fresh, Some(token), true).await,
                    3 => asked(&reused, Some(token), true).await,
                    _ => asked(&fresh, None, false).await,
                }
                if turn > 0 {
                    row.times.push(began.elapsed().as_secs_f64() * 1e3);
                }
            }
            if turn > 0 {
                row.cpu += (cpu(process) - before) * 1e3;
            }
        }
    }
    println!("{requests} requests of each, one after the other, in {TURNS} turns; ms");
    println!("{:<26}{:>8}{:>8}{:>8}{:>14}{:>22}", "", "p50", "p99", "longest", "CPU each", "p50, full lookup = 1");
    let base = at(&mut rows[0].times, 0.5);
    for row in &mut rows {
        let (p50, p99, longest) = (at(&mut row.times, 0.5), at(&mut row.times, 0.99), at(&mut row.times, 1.0));
        let cpu = row.cpu / row.times.len() as f64;
        println!("{:<26}{p50:>8.3}{p99:>8.3}{longest:>8.2}{cpu:>14.3}{:>22.2}", row.name, p50 / base);
    }
}

/// Customers with a past, products, a run; at the present moment, which wasmtime has too.
async fn world() -> World {
    let mut world = World::on("2026-11-22").await;
    world.app = App::new(world.ledger.clone(), Clock::System);
    world.router = e2e::router(&world.app, &world.driver);
    let today = Clock::System.today(chrono_tz::Europe::London);
    synthetic::fill(&world.ledger, &acme(), 0..CUSTOMERS, today.plus(-1)).await.unwrap();
    let products: Vec<Value> = (0..300)
        .map(|n| {
            json!({ "id": format!("p-{n}"), "name": format!("Product {n}"), "category": format!("category {}", n % 12),
                    "brand": format!("brand {}", n % 20), "price": 300 + n * 11, "list_price": 400 + n * 11,
                    "url": format!("https://shop.example/p/{n}"), "image": format!("https://shop.example/i/{n}.jpg") })
        })
        .collect();
    for batch in products.chunks(100) {
        let put = world.call("PUT", "/v1/products", json!({ "products": batch }).to_string()).await;
        assert_eq!(put.json["recorded"], batch.len(), "{}", put.text);
    }
    world.publish().await;
    let orders: Vec<Value> = (0..CUSTOMERS)
        .map(|n| {
            let line = |k: u64| json!({ "product": format!("p-{}", (n * 7 + k * 13) % 300), "amount": 900 + k });
            json!({ "id": format!("o-{n}"), "customer": format!("c-{n}"), "time": world.app.clock.now().to_rfc3339(),
                    "currency": "GBP", "lines": [line(0), line(1), line(2)] })
        })
        .collect();
    for batch in orders.chunks(100) {
        let sent = world.post("/v1/orders", &json!({ "orders": batch })).await;
        assert_eq!(sent.json["recorded"], batch.len(), "{}", sent.text);
    }
    let learned = world.learn().await;
    assert_eq!(learned["status"], "done", "{learned}");
    let now = world.app.clock.now();
    let run = resegment::begin_run(&world.ledger, &acme(), today, false, now).await.unwrap();
    resegment::drive(&Steps::new(world.ledger.clone(), world.app.clock), &acme(), run.run, |_| {}).await.unwrap();
    // As a new process: what is in force is looked at once a minute.
    world.ledger = world.process();
    world.app = App::new(world.ledger.clone(), Clock::System);
    world.router = e2e::router(&world.app, &world.driver);
    world
}

async fn bundle(world: &World) -> Vec<u8> {
    let request = Request::builder().uri("/v1/edge/bundle?origin=http://127.0.0.1:9");
    let request = request.header("authorization", format!("Bearer {}", world.key(Scope::Admin)));
    let Ok(answer) = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await;
    answer.into_body().collect().await.unwrap().to_bytes().to_vec()
}

async fn lambda(world: &World) -> Bootstrap {
    let store = world.engine.as_ref().unwrap().endpoint().to_owned();
    let variables = [
        ("CUSTOMERS_TABLE", "Customers"),
        ("LEDGER_TABLE", "Ledger"),
        ("SHOPS_TABLE", "Shops"),
        ("CUSTOMER_KEY_SECRET", "a secret of tests"),
        ("CODE_SECRET", "another one of tests"),
        ("RUST_LOG", "info"),
        ("RATE_PER_KEY", "1000000"),
        ("AWS_ENDPOINT_URL_DYNAMODB", store.as_str()),
    ];
    let mut bootstrap = Bootstrap::start(&built().join("offers"), &[], &variables).await;
    bootstrap.ready().await;
    bootstrap
}

async fn called(lambda: &Bootstrap, event: Value) {
    let answer = lambda.invoke(&event).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
}

async fn asked(served: &Served, token: Option<&str>, known: bool) {
    let (status, body) = served.ask("GET", "/offers", token, Default::default()).await.unwrap();
    let wanted: &[u8] = if known { br#"{"known":true"# } else { br#"{"known":false"# };
    assert!(status == 200 && body.starts_with(wanted), "{}", String::from_utf8_lossy(&body));
}

fn at(times: &mut [f64], part: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times[((times.len() - 1) as f64 * part) as usize]
}
