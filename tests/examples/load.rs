//! Lookups against the real `tercile serve` at rising load: `load [SECONDS]`, by default 10 at each rate.
//!
//! An open loop: requests leave at their moments whether or not earlier ones were answered, and each is timed from the moment at
//! which it should have left. So a server that stalls is seen by all who would have come meanwhile (no coordinated omission).
//! Generator and server share the machine; `docs/measurements.md` says which.

#![expect(clippy::unwrap_used, reason = "a measurement by hand")]

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use e2e::bootstrap;
use e2e::processes::Running;
use fastrand::Rng;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

const CUSTOMERS: u64 = 5_000;
/// Arrivals per second.
const RATES: [u64; 9] = [50, 100, 200, 400, 800, 1_200, 1_600, 2_000, 3_000];
/// Requests under way at once; beyond that the generator itself would be measured.
const AT_ONCE: usize = 4_000;

type Http = Client<HttpConnector, Full<Bytes>>;

#[tokio::main]
async fn main() {
    let seconds = std::env::args().nth(1).map_or(10, |seconds| seconds.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let tercile = || {
        let mut command = std::process::Command::new(bootstrap::built().join("tercile"));
        command.env_remove("TERCILE_DATA").env("RUST_LOG", "error,dynoxide=off").stderr(Stdio::null());
        command
    };
    let made = tercile()
        .args(["shop", "create", "acme", "--currency", "EUR", "--time-zone", "UTC", "--data", data])
        .output()
        .unwrap();
    let made = String::from_utf8(made.stdout).unwrap();
    let key = |scope: &str| {
        let line = made.lines().find(|line| line.trim_start().starts_with(scope)).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    let serve = |more: &[&str]| {
        let mut command = tercile();
        command.args(["serve", "--port", "0", "--as-of", "2026-11-22", "--data", data]).args(more);
        command
    };
    let server = Running::start(serve(&[])).await.unwrap();
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let http: Http = Client::builder(TokioExecutor::new()).build(connector);
    fill(&http, &server.address, &key("admin")).await;

    println!(
        "| offered /s | answered 200 /s | p50 ms | p95 ms | p99 ms | other answers |\n| ---: | ---: | ---: | ---: | ---: | --- |"
    );
    for path in ["offers", "segment"] {
        println!("| `{path}` | | | | | |");
        for rate in RATES {
            let load = burst(&http, &server.address, &key("checkout"), path, rate, seconds).await;
            println!("{}", load.row(rate));
            // What is offered beyond what it can do only makes the queue longer.
            if load.answered_per_second() < 0.9 * rate as f64 {
                break;
            }
        }
    }
    drop(server);
    let server = Running::start(serve(&["--rate", "200"])).await.unwrap();
    println!("| with `--rate 200` | | | | | |");
    println!("{}", burst(&http, &server.address, &key("checkout"), "offers", 400, seconds).await.row(400));
}

/// Orders of these customers, and a run over them.
async fn fill(http: &Http, server: &str, key: &str) {
    let mut rng = Rng::with_seed(1);
    let customers: Vec<u64> = (0..CUSTOMERS).collect();
    for some in customers.chunks(25) {
        let orders: Vec<_> = some
            .iter()
            .flat_map(|customer| (0..4).map(move |nth| (*customer, nth)))
            .map(|(customer, nth)| {
                let (month, day, amount) = (rng.u8(1..=10), rng.u8(1..=28), rng.u32(500..20_000));
                json!({ "id": format!("o-{customer}-{nth}"), "customer": format!("c-{customer}"), "currency": "EUR",
                    "time": format!("2026-{month:02}-{day:02}T12:00:00Z"),
                    "lines": [{ "product": format!("p-{}", rng.u8(0..200)), "category": format!("k-{}", nth), "amount": amount }] })
            })
            .collect();
        let (status, _) = ask(http, server, key, "POST", "/v1/orders", json!({ "orders": orders }).to_string()).await;
        assert_eq!(status, 200);
    }
    let (status, _) = ask(http, server, key, "POST", "/v1/runs", "{}".to_owned()).await;
    assert_eq!(status, 202);
    while ask(http, server, key, "GET", "/v1/segments", String::new()).await.0 != 200 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn ask(http: &Http, server: &str, key: &str, method: &str, path: &str, body: String) -> (u16, bool) {
    let request = Request::builder().method(method).uri(format!("{server}{path}"));
    let request = request.header("authorization", format!("Bearer {key}"));
    let Ok(answer) = http.request(request.body(Full::from(body)).unwrap()).await else { return (0, false) };
    let (status, retry) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
    match answer.into_body().collect().await {
        Ok(_) => (status, retry),
        Err(_) => (0, false),
    }
}

/// What came of one rate.
#[derive(Default)]
struct Load {
    took: Vec<Duration>,
    /// Other answers by status, 0 for none; `true` where `Retry-After` was said.
    others: BTreeMap<(u16, bool), u64>,
    not_sent: u64,
    seconds: f64,
}

impl Load {
    fn answered_per_second(&self) -> f64 {
        self.took.len() as f64 / self.seconds
    }

    fn row(&self, rate: u64) -> String {
        let at = |share: f64| {
            let nth = ((self.took.len() as f64 * share).ceil() as usize).clamp(1, self.took.len().max(1)) - 1;
            self.took.get(nth).map_or(f64::NAN, |took| took.as_secs_f64() * 1_000.0)
        };
        let retry = |retry: bool| if retry { " with `Retry-After`" } else { "" };
        let mut others: Vec<String> =
            self.others.iter().map(|((status, said), count)| format!("{count} × {status}{}", retry(*said))).collect();
        if self.not_sent > 0 {
            others.push(format!("{} not sent: {AT_ONCE} were under way", self.not_sent));
        }
        let others = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
        let (answered, p50, p95, p99) = (self.answered_per_second(), at(0.50), at(0.95), at(0.99));
        format!("| {rate} | {answered:.0} | {p50:.1} | {p95:.1} | {p99:.1} | {others} |")
    }
}

/// Lookups of random customers at this rate.
async fn burst(http: &Http, server: &str, key: &str, what: &str, rate: u64, seconds: u64) -> Load {
    let (mut rng, room) = (Rng::with_seed(rate), Arc::new(Semaphore::new(AT_ONCE)));
    let (mut load, mut under_way, began) = (Load::default(), JoinSet::new(), Instant::now());
    for nth in 0..rate * seconds {
        let leaves = began + Duration::from_secs_f64(nth as f64 / rate as f64);
        sleep_until(leaves).await;
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            load.not_sent += 1;
            continue;
        };
        let (http, server, key) = (http.clone(), server.to_owned(), key.to_owned());
        let path = format!("/v1/customers/c-{}/{what}", rng.u64(0..CUSTOMERS));
        under_way.spawn(async move {
            let answer = ask(&http, &server, &key, "GET", &path, String::new()).await;
            drop(place);
            (answer, leaves.elapsed())
        });
    }
    while let Some(Ok((answer, took))) = under_way.join_next().await {
        match answer {
            (200, _) => load.took.push(took),
            other => *load.others.entry(other).or_default() += 1,
        }
    }
    load.seconds = began.elapsed().as_secs_f64();
    load.took.sort_unstable();
    load
}
