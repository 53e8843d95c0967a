//! `tercile import FILE.csv`: orders and returns of a file through the API, many at a time; sent twice they are counted once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axum::http::StatusCode;
use chrono::{DateTime, FixedOffset, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;
use flate2::read::GzDecoder;
use iso_currency::Currency;
use orders_csv::{Imported, Item, ParsedOrder, ParsedReturn, ShopTime};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::task::JoinSet;

use crate::api::{Answer, Api, Connection};
use crate::cli::ImportOptions;
use crate::shop::currency;
use crate::tell;

/// Orders of one request, at most: the API's limit.
const BATCH: usize = 100;
/// Bytes of one request, at most, well under the API's limit.
const BATCH_BYTES: usize = 3 << 20;
/// Requests on their way at the same time.
const AT_ONCE: usize = 8;
/// How often a request is sent again when the service is not available, or a return's order is not there yet.
const TRIES: u32 = 8;

pub(crate) async fn run(options: ImportOptions) -> Result<ExitCode> {
    let connection = Connection::open(&options.api).await?;
    let settings =
        connection.api.get("/v1/settings").await?.ok().context("the shop's settings (an admin key is needed)")?;
    let zone: Tz = settings["time_zone"].as_str().unwrap_or_default().parse().context("the shop's time zone")?;
    let currency = currency(settings["currency"].as_str().unwrap_or_default())?;
    let read = orders_csv::ImportOptions {
        columns: options.columns.columns(),
        time_zone: zone,
        returns: options.columns.returns(),
        decimals: u32::from(currency.exponent().unwrap_or(0)),
    };
    let file = read_file(&options.file, &read)?;
    let started = Instant::now();
    let sent = send(&connection.api, &file.items, Wire { zone, currency }).await?;
    summary(&file, &sent, currency, started.elapsed());
    connection.close().await?;
    Ok(if sent.refused.is_empty() && file.report.refused_rows == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// A file, ready to be sent; one whose name ends in `.gz` is unpacked first.
pub(crate) fn read_file(path: &Path, options: &orders_csv::ImportOptions) -> Result<Imported> {
    let read = |plain: &Path| orders_csv::import(plain, options, &AtomicU64::new(0)).map_err(anyhow::Error::from);
    let imported = if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz")) {
        File::open(path).map_err(anyhow::Error::from).and_then(unpacked).and_then(|plain| read(plain.path()))
    } else {
        read(path)
    };
    imported.with_context(|| path.display().to_string())
}

/// What was packed with gzip, as a file that goes with its handle.
pub(crate) fn unpacked(packed: impl Read) -> Result<NamedTempFile> {
    let mut plain = NamedTempFile::new().context("no temporary file")?;
    std::io::copy(&mut GzDecoder::new(packed), &mut plain).context("it could not be unpacked")?;
    Ok(plain)
}

/// What the service said.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    recorded: u64,
    duplicate: u64,
    ignored: u64,
    returns_recorded: u64,
    returns_duplicate: u64,
    /// What was refused: how often, with the first example, by the problem's type.
    refused: BTreeMap<String, (u64, String)>,
}

impl Sent {
    fn refuse(&mut self, what: &str, problem: &Value) {
        let kind = problem["type"].as_str().unwrap_or("unknown").rsplit(':').next().unwrap_or_default();
        let field = problem["errors"][0]["field"].as_str().unwrap_or_default();
        // `orders[3].time` and `orders[7].time` are one reason.
        let field = field.split_once("].").map_or(field, |(_, field)| field);
        let kind = if field.is_empty() { kind.to_owned() } else { format!("{kind} ({field})") };
        let example = format!("{what}: {}", problem["detail"].as_str().unwrap_or_default());
        self.refused.entry(kind).or_insert((0, example)).0 += 1;
    }

    fn merge(&mut self, other: Sent) {
        self.recorded += other.recorded;
        self.duplicate += other.duplicate;
        self.ignored += other.ignored;
        self.returns_recorded += other.returns_recorded;
        self.returns_duplicate += other.returns_duplicate;
        for (kind, (count, example)) in other.refused {
            self.refused.entry(kind).or_insert((0, example)).0 += count;
        }
    }
}

/// What the wire needs to know of the shop.
#[derive(Clone, Copy)]
pub(crate) struct Wire {
    pub(crate) zone: Tz,
    pub(crate) currency: Currency,
}

/// Sends all orders, then all returns: a profile is a fold of the set, so nothing else matters.
pub(crate) async fn send(api: &Api, items: &[Item], wire: Wire) -> Result<Sent> {
    let orders: Vec<Value> = items
        .iter()
        .filter_map(|item| match item {
            Item::Order(order) => Some(wire.order(order)),
            Item::Return(_) => None,
        })
        .collect();
    let returns: Vec<Value> = items
        .iter()
        .filter_map(|item| match item {
            Item::Return(back) => Some(wire.back(back)),
            Item::Order(_) => None,
        })
        .collect();
    let mut sent = Sent::default();
    let bar = tell::bar(orders.len() as u64, "sending orders");
    let mut tasks: JoinSet<Result<(u64, Sent)>> = JoinSet::new();
    for batch in batches(orders) {
        if tasks.len() >= AT_ONCE {
            settle(&mut tasks, &mut sent, &bar).await?;
        }
        let api = api.clone();
        tasks.spawn(async move { send_orders(&api, batch).await });
    }
    while !tasks.is_empty() {
        settle(&mut tasks, &mut sent, &bar).await?;
    }
    bar.finish_and_clear();
    let bar = tell::bar(returns.len() as u64, "sending returns");
    for back in returns {
        if tasks.len() >= AT_ONCE {
            settle(&mut tasks, &mut sent, &bar).await?;
        }
        let api = api.clone();
        tasks.spawn(async move { send_return(&api, &back).await });
    }
    while !tasks.is_empty() {
        settle(&mut tasks, &mut sent, &bar).await?;
    }
    bar.finish_and_clear();
    Ok(sent)
}

async fn settle(tasks: &mut JoinSet<Result<(u64, Sent)>>, sent: &mut Sent, bar: &indicatif::ProgressBar) -> Result<()> {
    if let Some(done) = tasks.join_next().await {
        let (count, part) = done??;
        bar.inc(count);
        sent.merge(part);
    }
    Ok(())
}

fn batches(orders: Vec<Value>) -> Vec<Vec<Value>> {
    let mut batches: Vec<Vec<Value>> = Vec::new();
    let mut bytes = 0;
    for order in orders {
        let size = order.to_string().len();
        if batches.last().is_none_or(|batch| batch.len() >= BATCH) || bytes + size > BATCH_BYTES {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(batch) = batches.last_mut() {
            batch.push(order);
        }
    }
    batches
}

/// Calls until the service is there, for a while.
async fn insist(api: &Api, path: &str, body: &Value) -> Result<Answer> {
    for tried in 1.. {
        let answer = api.post(path, body).await;
        let again = match &answer {
            Ok(answer) => matches!(answer.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY),
            Err(_) => true,
        };
        if !again || tried >= TRIES {
            return answer
                .context("sending broke off; run the import again, and what was recorded is not recorded twice");
        }
        tokio::time::sleep(Duration::from_millis(100 << tried.min(5))).await;
    }
    bail!("unreachable: the last try returns")
}

async fn send_orders(api: &Api, batch: Vec<Value>) -> Result<(u64, Sent)> {
    let count = batch.len() as u64;
    let mut sent = Sent::default();
    let mut waiting = batch;
    for _ in 0..TRIES {
        let answer = insist(api, "/v1/orders", &json!({ "orders": waiting })).await?.ok()?;
        let results = answer["results"].as_array().cloned().unwrap_or_default();
        let mut again = Vec::new();
        for (order, result) in waiting.into_iter().zip(results) {
            let id = order["id"].as_str().unwrap_or_default();
            match (result["receipt"]["status"].as_str(), result["code"].as_u64()) {
                (Some("recorded"), _) => sent.recorded += 1,
                (Some("duplicate"), _) => sent.duplicate += 1,
                (Some(_), _) => sent.ignored += 1,
                (None, Some(503)) => again.push(order),
                (None, _) => sent.refuse(&format!("order {id}"), &result["problem"]),
            }
        }
        waiting = again;
        if waiting.is_empty() {
            return Ok((count, sent));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    bail!("the service keeps being unavailable; run the import again, and what was recorded is not recorded twice")
}

async fn send_return(api: &Api, back: &Value) -> Result<(u64, Sent)> {
    let mut sent = Sent::default();
    let answer = insist(api, "/v1/returns", back).await?;
    match answer.body["status"].as_str() {
        Some("recorded") => sent.returns_recorded += 1,
        Some("duplicate") => sent.returns_duplicate += 1,
        _ => sent.refuse(&format!("return {}", back["id"].as_str().unwrap_or_default()), &answer.body),
    }
    Ok((1, sent))
}

impl Wire {
    fn order(&self, order: &ParsedOrder) -> Value {
        let lines: Vec<Value> = order
            .lines
            .iter()
            .map(|line| {
                let mut out = json!({ "amount": line.amount });
                let texts = [
                    ("product", &line.product),
                    ("name", &line.name),
                    ("category", &line.category),
                    ("brand", &line.brand),
                    ("quantity", &line.quantity),
                ];
                for (field, text) in texts {
                    if let Some(text) = text {
                        out[field] = json!(text);
                    }
                }
                out
            })
            .collect();
        json!({
            "id": order.id,
            "customer": order.customer,
            "time": self.moment(order.time).to_rfc3339(),
            "currency": self.currency.code(),
            "total": order.total,
            "lines": lines,
        })
    }

    fn back(&self, back: &ParsedReturn) -> Value {
        json!({ "id": back.id, "order": back.order, "time": self.moment(back.time).to_rfc3339(), "amount": back.amount })
    }

    /// A time without an offset is the shop's wall clock: of two such moments the earlier, and in the hour that a change to
    /// summer time leaves out, the moment an hour later.
    fn moment(&self, time: ShopTime) -> DateTime<FixedOffset> {
        let fixed = match time.offset {
            Some(offset) => offset.from_local_datetime(&time.local).earliest(),
            None => self.zone.from_local_datetime(&time.local).earliest().map(|local| local.fixed_offset()),
        };
        fixed.unwrap_or_else(|| {
            let later = time.local + TimeDelta::hours(1);
            self.zone
                .from_local_datetime(&later)
                .earliest()
                .map_or_else(|| later.and_utc().fixed_offset(), |local| local.with_timezone(&local.offset().fix()))
        })
    }
}

fn summary(file: &Imported, sent: &Sent, currency: Currency, took: Duration) {
    let report = &file.report;
    let n = |count: u64| tell::grouped(count as i64);
    println!(
        "Orders:  {} recorded, {} were there before, {} of guests ignored.",
        n(sent.recorded),
        n(sent.duplicate),
        n(sent.ignored)
    );
    println!("Returns: {} recorded, {} were there before.", n(sent.returns_recorded), n(sent.returns_duplicate));
    if report.returns_unmatched > 0 {
        let amount = tell::money(report.returns_unmatched_amount, currency);
        println!(
            "Returns without an earlier order of that product: {}, {amount}; they lower nothing.",
            n(report.returns_unmatched)
        );
    }
    if report.dropped_rows > 0 {
        println!("Rows dropped: {}.", n(report.dropped_rows));
    }
    if report.refused_rows > 0 {
        println!("Rows that could not be read: {}. The first:", n(report.refused_rows));
        for refused in file.refused.iter().take(5) {
            println!("  {refused}");
        }
    }
    if !sent.refused.is_empty() {
        println!("Refused by the service:");
        for (kind, (count, example)) in &sent.refused {
            println!("  {} x {kind}, such as {example}", n(*count));
        }
    }
    println!("Took {}.", tell::seconds(took));
}
