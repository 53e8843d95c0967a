//! `tercile demo`: a year of a real shop through the real functions, month by month, in memory; then what a marketer sees, and with
//! `--serve` the shop's console.

mod life;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use flate2::read::GzDecoder;
use iso_currency::Currency;
use ledger::{Changeable, Run, Scope, Settings, ShopId};
use orders_csv::Item;
use playbook::decide::{OfferSettings, Tier};
use segmentation::{Day, Minor, Place};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use web::{App, Clock};

use crate::api::Api;
use crate::cli::DemoOptions;
use crate::import::{Wire, read_file, send, unpacked};
use crate::learn::learn_once;
use crate::machine::{Machine, served};
use crate::resegment::run_once;
use crate::{picture, products, serve, tell};

use life::Life;

/// Real orders, half of the customers of "Online Retail" (Daqing Chen, CC BY 4.0): see `data/README.md`.
const ORDERS: &[u8] = include_bytes!("../../data/demo.csv.gz");
/// Its products: names as published, categories guessed, prices as paid.
const PRODUCTS: &[u8] = include_bytes!("../../data/products.csv.gz");
pub(crate) const CURRENCY: Currency = Currency::GBP;
const ZONE: chrono_tz::Tz = chrono_tz::Europe::London;

pub(crate) async fn run(options: DemoOptions) -> Result<ExitCode> {
    let started = Instant::now();
    // Before the year, which takes a while.
    let listener = match options.serve {
        true => Some(serve::listen(IpAddr::V4(Ipv4Addr::LOCALHOST), options.port).await?),
        false => None,
    };
    let mut life = options.serve.then(Life::default);
    anstream::println!("A year of a British gift shop (Online Retail, Daqing Chen, CC BY 4.0; half of its customers),");
    anstream::println!("sent order by order through the functions into an embedded engine, and segmented each month.");
    anstream::println!(
        "Made up for the demo: products' categories, the loyalty tiers, and that a third of the customers"
    );
    anstream::println!("agreed to mailings and joined the programme with their first order.\n");
    let items = items()?;
    let machine = Machine::in_memory().await?;
    let shop: ShopId = "demo".parse()?;
    let changeable = match life {
        Some(_) => Changeable { rewards: Life::rewards(), ..changeable() },
        None => changeable(),
    };
    let settings = Settings { version: 1, currency: CURRENCY, time_zone: ZONE, changeable };
    let keys = machine.ledger.create_shop(&shop, &settings, Clock::System.today(ZONE)).await?;

    let mut last: Option<Run> = None;
    let mut api = None;
    let mut rest = items.as_slice();
    while !rest.is_empty() {
        let ends = month_end(day_of(&rest[0])).min(options.as_of);
        let count = rest.iter().take_while(|item| day_of(item) < ends).count();
        let (month, later) = rest.split_at(count);
        // New states: what was bought in the month comes in on its last day, and the run is of the day after.
        let there = Api::here(&machine.app(Some(ends.plus(-1))), &shop)?;
        send(&there, month, Wire { zone: ZONE, currency: CURRENCY }).await?;
        let here = Api::here(&machine.app(Some(ends)), &shop)?;
        let run = run_once(&here, false).await?;
        told(&run, month.len());
        if let Some(life) = &mut life {
            life.month(&here, month, options.as_of).await?;
        }
        (last, api, rest) = (Some(run), Some(here), later);
        if ends >= options.as_of {
            break;
        }
    }
    let (run, api) = last.zip(api).context("there are no orders before that day")?;
    products::send(&api, &products::read(GzDecoder::new(PRODUCTS), CURRENCY)?).await?;
    machine.ledger.publish_now(&shop, Clock::System.now()).await?;
    let learned = learn_once(&api).await?.numbers.unwrap_or_default();
    anstream::println!(
        "\nLearned from {} customers' baskets what goes with what: {} pairs of {} products.",
        tell::grouped(learned.customers as i64),
        tell::grouped(learned.pairs as i64),
        tell::grouped(learned.products as i64)
    );
    consents(&api, &items[..items.len() - rest.len()]).await?;
    seen(&machine, &shop).await?;
    picture::base(&picture::Base::read(&api.get("/v1/segments").await?.ok()?)?, CURRENCY);
    movers(&run);
    for segment in ["r3f3m3", "r2f3m3", "r1f3m3", "r2f3m2", "r3f1m1"] {
        customer(&api, segment).await?;
    }
    mailings(&api).await?;
    match listener.zip(life) {
        Some((listener, life)) => {
            life::proposal(&api).await?;
            life.told();
            let admin = keys.iter().find(|key| key.scopes.contains(&Scope::Admin)).map_or("", |key| &key.token);
            open_house(&machine, &shop, run.day, admin, listener).await?;
            machine.stop().await?;
            anstream::println!("It is gone now: it was all in memory.");
        }
        None => {
            machine.stop().await?;
            anstream::println!(
                "\nThis took {} and is gone now: it was all in memory.",
                tell::seconds(started.elapsed())
            );
            go_on();
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Serves the shop as it stands on its last day until Ctrl-C, and says how to get in.
async fn open_house(machine: &Machine, shop: &ShopId, day: Day, admin: &str, listener: TcpListener) -> Result<()> {
    let address = format!("http://{}", listener.local_addr()?);
    let app = App::new(machine.telling().await?, Clock::AsOf(day)).with_public_url(&address);
    let telling = serve::telling(&app).await?;
    let (service, console) = served(&app);
    let bold = anstyle::Style::new().bold();
    anstream::println!("\n{bold}The shop's console{bold:#}, as of {day}, until Ctrl-C");
    anstream::println!(
        "  this link signs in once, within ten minutes:\n  {}",
        app.public(&console.sign_in_path(shop)?)
    );
    anstream::println!("  after that, and for the API under {address}/v1, the shop's admin key:\n  {admin}");
    serve::until_stopped(machine, &app, telling, listener, service).await
}

/// The file's orders and returns, by time.
pub(crate) fn items() -> Result<Vec<Item>> {
    let file = unpacked(ORDERS)?;
    let options = orders_csv::ImportOptions { time_zone: ZONE, ..orders_csv::ImportOptions::default() };
    Ok(read_file(file.path(), &options)?.items)
}

fn day_of(item: &Item) -> Day {
    match item {
        Item::Order(order) => order.time.day(),
        Item::Return(back) => back.time.day(),
    }
}

/// The first day of the next month.
fn month_end(day: Day) -> Day {
    let next = (1..=31).map(|days| day.plus(days)).find(|next| next.month_number() != day.month_number());
    next.unwrap_or(Day::MAX)
}

fn told(run: &Run, sent: usize) {
    let Some(counts) = &run.counts else { return };
    anstream::println!(
        "  {}  {:>6} orders and returns sent, {:>5} customers, {:>5} moved",
        run.day,
        tell::grouped(sent as i64),
        tell::grouped(counts.census.total().customers as i64),
        tell::grouped(counts.matrix.moved() as i64),
    );
}

/// Who moved in the last run, and why.
fn movers(run: &Run) {
    let Some(counts) = &run.counts else { return };
    let bold = anstyle::Style::new().bold();
    let steps: Vec<String> = counts
        .steps
        .iter()
        .map(|(cause, count)| format!("{} by {cause:?}", tell::grouped(*count as i64)).to_lowercase())
        .collect();
    anstream::println!(
        "\n{bold}Who moved in the run of {}{bold:#} (orders move their customers at once, each with its cause)",
        run.day
    );
    anstream::println!(
        "  {} of {} customers; steps: {}",
        tell::grouped(counts.matrix.moved() as i64),
        tell::grouped(counts.matrix.total() as i64),
        steps.join(", ")
    );
    let mut moves: Vec<(Place, Place, u64)> = counts.matrix.moves().collect();
    moves.sort_by_key(|(from, to, count)| (std::cmp::Reverse(*count), *from, *to));
    for (from, to, count) in moves.iter().take(6) {
        anstream::println!("  {:>5}  {from} → {to}", tell::grouped(*count as i64));
    }
}

/// One customer of a segment: why they stand there, and what the playbook says.
async fn customer(api: &Api, segment: &str) -> Result<()> {
    let members = api.get(&format!("/v1/segments/{segment}/customers?limit=1")).await?.ok()?;
    let Some(id) = members["items"][0]["customer"].as_str() else { return Ok(()) };
    let path = ledger::path_form(id);
    let stands = api.get(&format!("/v1/customers/{path}/segment")).await?.ok()?;
    let offers = api.get(&format!("/v1/customers/{path}/offers")).await?.ok()?;
    let decision = &offers["decision"];
    let bold = anstyle::Style::new().bold();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    anstream::println!("\n{bold}Customer {id}: {segment}, {}{bold:#}", text(&stands["group"]));
    let explanation = &stands["explanation"];
    let mut lines: BTreeMap<&str, String> = BTreeMap::new();
    lines.insert("why", text(&decision["reason"]));
    for axis in explanation["axes"].as_array().into_iter().flatten() {
        let Some(distance) = axis["to_next"].as_i64() else { continue };
        let words = match axis["axis"].as_str() {
            Some("recency") => "an order today takes recency to 3".to_owned(),
            Some("frequency") => format!("{distance} more orders to the next frequency"),
            _ => format!("{} more to the next monetary", tell::money(segmentation::Minor(distance), CURRENCY)),
        };
        lines.entry("next").and_modify(|all| *all = format!("{all}; {words}")).or_insert(words);
    }
    if let Some(day) = explanation["if_idle"]["day"].as_str() {
        lines.insert("idle", format!("without an order, {} from {day} on", text(&explanation["if_idle"]["to"])));
    }
    for name in ["why", "next", "idle"] {
        if let Some(line) = lines.get(name) {
            anstream::println!("  {name:<9} {line}");
        }
    }
    anstream::println!("  goal      {}", text(&decision["goal"]));
    anstream::println!("  mechanic  {}", text(&decision["mechanic"]));
    for offer in decision["offers"].as_array().into_iter().flatten() {
        anstream::println!("  {bold}offer{bold:#}     {}", text(&offer["text"]));
        anstream::println!("            because: {}", text(&offer["reason"]["text"]));
        if let Some(reward) = offer["reward"]["words"].as_str() {
            let until = text(&offer["reward"]["valid_until"]);
            anstream::println!("            reward: {reward}, until {until} ({})", text(&offer["reason"]["campaign"]));
        }
    }
    if let Some(why) = decision["no_reward"]["text"].as_str() {
        anstream::println!("  no reward {why}");
    }
    for withheld in decision["withheld"].as_array().into_iter().flatten().take(3) {
        anstream::println!("  withheld  {}: {}", text(&withheld["idea"]), text(&withheld["text"]));
    }
    Ok(())
}

/// How many letters a mailing to each of the best segments has today, and the first of them.
async fn mailings(api: &Api) -> Result<()> {
    let bold = anstyle::Style::new().bold();
    anstream::println!("\n{bold}Mailings for today{bold:#} (who agreed, and whose calendar is open)");
    for segment in ["r1f3m3", "r2f3m1", "r2f2m2"] {
        let path = format!("/v1/segments/{segment}/mailing?limit=1000");
        let page = api.get(&path).await?.ok()?;
        let letters = page["items"].as_array().map_or(0, Vec::len);
        let first = &page["items"][0]["offer"];
        let words = first["text"].as_str().unwrap_or("nobody to write to");
        anstream::println!("  {segment}  {letters:>4} letters, the freshest: {words}");
    }
    Ok(())
}

/// Waits until lookups see what was published: they fetch it beside their work, and look at the pointers once a minute.
async fn seen(machine: &Machine, shop: &ShopId) -> Result<()> {
    machine.ledger.forget_shop(shop);
    let shop = machine.ledger.shop(shop).await?.context("the demo's shop")?;
    let bar = tell::bar(1, "publishing");
    while machine.ledger.catalogue(&shop).await.popular().next().is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bar.finish_and_clear();
    Ok(())
}

/// Tiers that fit what customers of this shop spend in a year.
fn changeable() -> Changeable {
    let tier = |name: &str, pounds: i64| Tier { name: name.to_owned(), from: Minor(pounds * 100) };
    let tiers = vec![tier("Bronze", 500), tier("Silver", 2_000), tier("Gold", 10_000)];
    let offers = OfferSettings { tiers, ..OfferSettings::default() };
    Changeable { offers, ..Changeable::default() }
}

/// A third of the customers agree to mailings, and joined the programme with their first order.
async fn consents(api: &Api, items: &[Item]) -> Result<()> {
    let mut first: BTreeMap<&str, Day> = BTreeMap::new();
    for item in items {
        if let Item::Order(order) = item
            && let Some(customer) = &order.customer
        {
            let day = first.entry(customer.as_str()).or_insert(order.time.day());
            *day = (*day).min(order.time.day());
        }
    }
    for (customer, joined) in first.into_iter().step_by(3) {
        let told =
            json!({ "updated_at": format!("{joined}T12:00:00Z"), "programme_since": joined, "mailing_consent": true });
        api.put(&format!("/v1/customers/{}", ledger::path_form(customer)), &told).await?.ok()?;
    }
    Ok(())
}

fn go_on() {
    let bold = anstyle::Style::new().bold();
    anstream::println!("\n{bold}To go on{bold:#}");
    anstream::println!("  this shop in your browser    cargo run --release -- demo --serve");
    anstream::println!("  your own file, no database   cargo run --release -- segment ORDERS.csv");
    anstream::println!(
        "  your own shop, on this disk  cargo run --release -- shop create my-shop --currency EUR --time-zone Europe/Berlin"
    );
    anstream::println!("                               cargo run --release -- serve");
    anstream::println!("  the API and a deployment     README.md");
}
