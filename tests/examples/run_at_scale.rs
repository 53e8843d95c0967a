//! A run over very many customers: time against two raw concurrent reads of the same buckets, units, and memory. The engine is
//! a process of its own, so that what is measured here is the run's.
//!
//!     cargo run --release -p e2e --example run_at_scale -- CUSTOMERS …

#![expect(clippy::unwrap_used, reason = "a measurement that fails has nothing to say")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use e2e::{acme, secrets, shop, synthetic};
use engine::Engine;
use ledger::{Changeable, Ledger, Run, Tables, Units, keys};
use resegment::Steps;
use segmentation::{Day, FitPolicy};
use web::Clock;

/// Each figure is the median of so many.
const ROUNDS: usize = 3;

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == "engine") {
        return serve().await;
    }
    println!(
        "| customers | two raw reads, s | quiet run with a survey, s (of the raw reads) | 3 % changed, s | all changed, s | \
         customers a second, quiet | CPU µs a customer and pass | read units per 1,000 | write units per 1,000: 0 %, 3 %, all | \
         MiB before, peak |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for customers in args {
        // A process each: a peak of memory never goes down.
        let (mut engine, endpoint) = start();
        measure(&endpoint, customers.parse().unwrap()).await;
        drop(engine.stdin.take());
        engine.wait().unwrap();
    }
}

/// The engine's process: it says where it listens, and lives until its input ends.
async fn serve() {
    let engine = Engine::memory().await.unwrap();
    println!("{}", engine.endpoint());
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await.unwrap().unwrap();
    engine.stop().await.unwrap();
}

fn start() -> (Child, String) {
    let program = std::env::current_exe().unwrap();
    let piped = Command::new(program).arg("engine").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut engine = piped.unwrap();
    let mut endpoint = String::new();
    BufReader::new(engine.stdout.take().unwrap()).read_line(&mut endpoint).unwrap();
    (engine, endpoint.trim().to_owned())
}

async fn measure(endpoint: &str, customers: u64) {
    let client = engine::connect(endpoint);
    let units = Units::default();
    let counting = Client::from_conf(client.config().to_builder().interceptor(units.clone()).build());
    let ledger = Ledger::new(counting, Tables::default(), secrets());
    let day: Day = "2026-11-01".parse().unwrap();
    shop(&ledger, &acme()).await;
    let known = ledger.shop(&acme()).await.unwrap().unwrap();
    // Two reads of everyone, survey and assign: a second look would be a third.
    let segmentation = FitPolicy { approximate: true, ..FitPolicy::default() };
    ledger.change_settings(&known, Changeable { segmentation, ..Changeable::default() }).await.unwrap();
    let half = customers / 2;
    let (shop_id, other) = (acme(), ledger.clone());
    let filling = tokio::spawn(async move { synthetic::fill(&other, &shop_id, 0..half, day).await });
    synthetic::fill(&ledger, &acme(), half..customers, day).await.unwrap();
    filling.await.unwrap().unwrap();

    let all = run(&ledger, &units, day, false).await;
    let before = memory("VmRSS");
    let (mut raws, mut quiets, mut cpus) = (Vec::new(), Vec::new(), Vec::new());
    let mut quiet = None;
    for _ in 0..ROUNDS {
        raws.push(raw(&client).await);
        let cpu = cpu_seconds();
        let ran = run(&ledger, &units, day, true).await;
        cpus.push((cpu_seconds() - cpu) / 2.0 / customers as f64 * 1e6);
        assert_eq!(ran.moved, 0, "a refit of the same base moves nobody");
        quiets.push(ran.took.as_secs_f64());
        quiet = Some(ran);
    }
    let quiet = quiet.unwrap();
    let some = run(&ledger, &units, day.plus(11), false).await;
    let (raw, took, cpu) = (median(&mut raws), median(&mut quiets), median(&mut cpus));
    let per = |units: f64| units * 1_000.0 / customers as f64;
    println!(
        "| {customers} | {raw:.1} | {took:.1} ({:.2}) | {:.1} ({:.1} %) | {:.1} | {:.0} | {cpu:.1} | {:.0} | {:.1}, {:.0}, {:.0} | {before}, {} |",
        took / raw,
        some.took.as_secs_f64(),
        some.moved as f64 * 100.0 / customers as f64,
        all.took.as_secs_f64(),
        customers as f64 / took,
        per(quiet.reads / 2.0),
        per(quiet.writes),
        per(some.writes),
        per(all.writes),
        memory("VmHWM"),
    );
}

struct Ran {
    took: Duration,
    moved: u64,
    reads: f64,
    writes: f64,
}

async fn run(ledger: &Ledger, units: &Units, day: Day, refit: bool) -> Ran {
    let clock = Clock::AsOf(day);
    let begun = resegment::begin_run(ledger, &acme(), day, refit, clock.now()).await.unwrap();
    units.take();
    let began = Instant::now();
    let run: Run = resegment::drive(&Steps::new(ledger.clone(), clock), &acme(), begun.run, |_| {}).await.unwrap();
    let took = began.elapsed();
    let used = units.take();
    let reads = used.get("Customers").map_or(0.0, |used| used.reads);
    Ran { took, moved: run.counts.unwrap().matrix.moved(), reads, writes: used.values().map(|used| used.writes).sum() }
}

/// Two tasks, each reading every bucket: the SDK's calls and nothing else.
async fn raw(client: &Client) -> f64 {
    let began = Instant::now();
    let read = |client: Client| async move {
        for bucket in 0..keys::BUCKETS {
            let pk = keys::bucket(&acme(), bucket);
            let mut start = None;
            loop {
                let page = client
                    .query()
                    .table_name("Customers")
                    .key_condition_expression("pk = :pk")
                    .expression_attribute_values(":pk", AttributeValue::S(pk.clone()))
                    .set_exclusive_start_key(start)
                    .send()
                    .await
                    .unwrap();
                assert!(page.count > 0, "bucket {bucket} is empty");
                start = page.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
        }
    };
    let [one, two] = [tokio::spawn(read(client.clone())), tokio::spawn(read(client.clone()))];
    one.await.unwrap();
    two.await.unwrap();
    began.elapsed().as_secs_f64()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// MiB of this process.
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap() / 1024
}

/// CPU of this process so far, all threads; the kernel counts hundredths of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit(')').next().unwrap();
    after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
