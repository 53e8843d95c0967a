//! How long the Lambda binaries take to start and to answer, against others that do less, side by side in one run.
//!
//!     lambda_speed LAMBDA_DIR [PYTHON [NODE NODE_MODULES]]
//!
//! `LAMBDA_DIR` holds `offers/bootstrap`, `purchases/bootstrap`, `hello/bootstrap` and `raw_calls/bootstrap`, all built in the same
//! way (`.ci/measure lambda` does it). The store is the embedded engine in this process, over loopback and without TLS; so what
//! is compared is the functions' own time, and the ratios are what to read.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a panic is a failed measurement, and it is told where")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use e2e::bootstrap::{Bootstrap, request};
use e2e::processes::cpu;
use e2e::{World, acme, synthetic};
use ledger::{Scope, keys};
use resegment::Steps;
use serde_json::{Value, json};

const STARTS: usize = 21;
const REQUESTS: usize = 2_000;
const ORDERS: usize = 1_000;
const CUSTOMERS: u64 = 500;
/// In which requests are made by turns: short ones, so that whatever else the machine does falls on both.
const TURNS: usize = 20;

struct Program {
    name: &'static str,
    path: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
    /// What it is asked first.
    event: Value,
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let built = PathBuf::from(arguments.first().unwrap_or_else(|| panic!("see the head of this file")));
    let world = World::on("2026-11-22").await;
    synthetic::fill(&world.ledger, &acme(), 0..CUSTOMERS, "2026-11-21".parse().unwrap()).await.unwrap();
    let (shop, day, now) = (acme(), "2026-11-22".parse().unwrap(), world.app.clock.now());
    let run = resegment::begin_run(&world.ledger, &shop, day, false, now).await.unwrap();
    resegment::drive(&Steps::new(world.ledger.clone(), world.app.clock), &acme(), run.run, |_| {}).await.unwrap();

    let programs = programs(&world, &built, &arguments);
    starts(&programs).await;
    lookups(&world, &programs).await;
    orders(&world, &programs).await;
}

fn customer(n: u64) -> String {
    format!("c-{}", n % CUSTOMERS)
}

fn lookup(world: &World, n: u64) -> Value {
    let path = format!("/v1/customers/{}/offers", customer(n));
    request("GET", &path, "", world.key(Scope::Checkout), None)
}

fn raw_lookup(world: &World, n: u64) -> Value {
    let key = profile(world, n);
    let query = format!("pk={}&sk={}", key.pk.replace('#', "%23"), key.sk);
    request("GET", "/v1/raw", &query, world.key(Scope::Checkout), None)
}

fn profile(world: &World, n: u64) -> keys::Key {
    let id = customer(n).try_into().unwrap();
    keys::profile(&acme(), &world.ledger.customer_key(&acme(), &id))
}

fn programs(world: &World, built: &Path, arguments: &[String]) -> Vec<Program> {
    let store = ("AWS_ENDPOINT_URL_DYNAMODB", world.engine.as_ref().unwrap().endpoint().to_owned());
    let ours: Vec<_> = [
        ("CUSTOMERS_TABLE", "Customers"),
        ("LEDGER_TABLE", "Ledger"),
        ("SHOPS_TABLE", "Shops"),
        ("CUSTOMER_KEY_SECRET", "a secret of tests"),
        ("CODE_SECRET", "another one of tests"),
        ("RUST_LOG", "info"),
        ("PUBLISH_STATE_MACHINE_ARN", "arn"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into_iter()
    .chain([store.clone()])
    .collect();
    let program = |name: &'static str, event: Value| {
        let path = built.join(name).join("bootstrap");
        Program { name, path, arguments: Vec::new(), variables: ours.clone(), event }
    };
    let key = profile(world, 0);
    let one_item = json!({ "pk": key.pk, "sk": key.sk });
    let order = request("POST", "/v1/orders", "", world.key(Scope::Ingest), Some(&order(0)));
    let mut programs = vec![
        program("hello", Value::Null),
        program("raw_calls", raw_lookup(world, 0)),
        program("offers", lookup(world, 0)),
        program("purchases", order),
    ];
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    let peer = |name, program: &str, file: &str, variables| Program {
        name,
        path: program.into(),
        arguments: vec![peers.join(file).display().to_string()],
        variables,
        event: one_item.clone(),
    };
    if let Some(python) = arguments.get(1) {
        programs.push(peer("python", python, "get_item.py", vec![store.clone()]));
    }
    if let [_, _, node, modules] = arguments {
        programs.push(peer("node", node, "get_item.cjs", vec![store, ("NODE_PATH", modules.clone())]));
    }
    programs
}

async fn start(program: &Program) -> (Bootstrap, Duration) {
    let arguments: Vec<&str> = program.arguments.iter().map(String::as_str).collect();
    let variables: Vec<_> = program.variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut bootstrap = Bootstrap::start(&program.path, &arguments, &variables).await;
    let ready = bootstrap.ready().await;
    (bootstrap, ready)
}

/// From the process's start to its first poll, without and with its warm-up read, and to the end of its first request.
async fn starts(programs: &[Program]) {
    let mut rows: Vec<[Vec<f64>; 3]> = programs.iter().map(|_| Default::default()).collect();
    for _ in 0..STARTS {
        for (program, [alone, ready, answered]) in programs.iter().zip(&mut rows) {
            let began = Instant::now();
            let (bootstrap, polled) = start(program).await;
            let first = bootstrap.invoke(&program.event).await.unwrap();
            answered.push(ms(began.elapsed()));
            assert!(first["statusCode"].as_u64().is_none_or(|status| status < 300), "{}: {first}", program.name);
            let lines = bootstrap.lines();
            let warm_up = lines
                .iter()
                .find_map(|line| serde_json::from_str::<Value>(line).ok()?["fields"]["warm_up_us"].as_f64());
            ready.push(ms(polled));
            alone.push(ms(polled) - warm_up.unwrap_or(0.0) / 1000.0);
        }
    }
    println!("Cold starts, medians of {STARTS}, in turn; ms from the process's start");
    println!(
        "{:<12}{:>22}{:>18}{:>24}{:>10}",
        "", "first poll, no read", "first poll", "first request's end", "hello = 1"
    );
    let hello = median(&mut rows[0][0].clone());
    for (program, [alone, ready, answered]) in programs.iter().zip(&mut rows) {
        let (alone, ready, answered) = (median(alone), median(ready), median(answered));
        println!("{:<12}{alone:>22.1}{ready:>18.1}{answered:>24.1}{:>10.2}", program.name, alone / hello);
    }
}

async fn lookups(world: &World, programs: &[Program]) {
    println!("\nWarm lookups, {REQUESTS} each, one after the other, in {TURNS} turns");
    let raw = |n| raw_lookup(world, n);
    let ours = |n| lookup(world, n);
    compare(programs, ["raw_calls", "offers"], REQUESTS, [&raw, &ours], 200).await;
}

async fn orders(world: &World, programs: &[Program]) {
    println!("\nOne order of a known customer each, {ORDERS} each, in {TURNS} turns");
    let raw = |n: u64| {
        let key = profile(world, n);
        let body = json!({ "pk": key.pk, "sk": key.sk, "n": n }).to_string();
        request("POST", "/v1/raw", "", world.key(Scope::Ingest), Some(&body))
    };
    let ours = |n: u64| request("POST", "/v1/orders", "", world.key(Scope::Ingest), Some(&order(n + 1)));
    compare(programs, ["raw_calls", "purchases"], ORDERS, [&raw, &ours], 201).await;
}

fn order(n: u64) -> String {
    json!({ "id": format!("speed-{n}"), "customer": customer(n), "time": "2026-11-22T09:00:00Z", "currency": "GBP", "total": 1_250 })
        .to_string()
}

/// Requests to two programs by turns: wall and CPU time of each, and the median of the ratios within a turn.
async fn compare(
    programs: &[Program],
    names: [&str; 2],
    requests: usize,
    events: [&dyn Fn(u64) -> Value; 2],
    status: u64,
) {
    let mut running = Vec::new();
    for name in names {
        let program = programs.iter().find(|program| program.name == name).unwrap();
        running.push(start(program).await.0);
    }
    let (mut walls, mut cpus) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    let mut next = 0;
    let each = requests / TURNS;
    // The first turn warms up.
    for turn in 0..=TURNS {
        for (nth, bootstrap) in running.iter().enumerate() {
            let (before, began) = (cpu(bootstrap.process()), Instant::now());
            for n in 0..each as u64 {
                let answer = bootstrap.invoke(&events[nth](next + n)).await.unwrap();
                let got = answer["statusCode"].as_u64().unwrap_or_default();
                assert!(got == status || (nth == 0 && got == 200), "{answer}");
            }
            if turn > 0 {
                walls[nth].push(ms(began.elapsed()) * 1000.0 / each as f64);
                cpus[nth].push((cpu(bootstrap.process()) - before) * 1e6 / each as f64);
            }
        }
        next += each as u64;
    }
    println!("{:<12}{:>12}{:>12}", "medians", "wall µs", "CPU µs");
    let within_a_turn = |[raw, ours]: &[Vec<f64>; 2]| {
        median(&mut raw.iter().zip(ours).map(|(raw, ours)| ours / raw).collect::<Vec<_>>())
    };
    let (wall, cpu) = (within_a_turn(&walls), within_a_turn(&cpus));
    for (nth, name) in names.into_iter().enumerate() {
        println!("{name:<12}{:>12.0}{:>12.0}", median(&mut walls[nth]), median(&mut cpus[nth]));
    }
    println!("{:<12}{wall:>12.2}{cpu:>12.2}", "ratio");
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
