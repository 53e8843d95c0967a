//! A shop in a store that others made, for `infra/deploy-locally`: makes it, or fills it, begins a run, and tells what became of it.
//!
//!     state_machine_shop make SHOP ZONE                a shop without orders, in pounds; its keys by scope, as JSON
//!     state_machine_shop fill SHOP CUSTOMERS SHARDS    a shop with a run that was begun; without customers it is empty
//!     state_machine_shop tell SHOP                     its last run, as JSON
//!     state_machine_shop here CUSTOMERS                the same orders in the embedded engine, the run driven by one machine
//!     state_machine_shop lease SHOP                    can another run begin?
//!
//! The store is at AWS_ENDPOINT_URL, in AWS_DEFAULT_REGION, under AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; its tables and secrets are told as the functions are told them, in
//! CUSTOMERS_TABLE, LEDGER_TABLE, SHOPS_TABLE, CUSTOMER_KEY_SECRET and CODE_SECRET.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a panic is a failed check, and it is told where")]

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, Region};
use e2e::{World, acme, shop};
use ledger::{
    BeginRunError, Changeable, CodeSecrets, CustomerId, KeySecret, Ledger, Order, Run, Secrets, Settings, ShopId,
    Tables,
};
use resegment::Steps;
use segmentation::{Day, Minor, RevisionKey};
use serde_json::{Value, json};
use web::Clock;

const DAY: &str = "2026-11-01";

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let world = World::on(DAY).await;
    match arguments[..] {
        ["make", name, zone] => {
            let settings = Settings {
                version: 1,
                currency: iso_currency::Currency::GBP,
                time_zone: zone.parse().unwrap(),
                changeable: Changeable::default(),
            };
            let today = Clock::System.today(settings.time_zone);
            let keys = elsewhere(&world).create_shop(&name.parse().unwrap(), &settings, today).await.unwrap();
            let keys: BTreeMap<String, String> =
                keys.into_iter().map(|key| (key.scopes[0].to_string(), key.token)).collect();
            println!("{}", json!(keys));
        }
        ["fill", name, customers, shards] => {
            let (ledger, id) = (elsewhere(&world), name.parse().unwrap());
            shop(&ledger, &id).await;
            fill(&ledger, &id, customers.parse().unwrap()).await;
            let run = begin(&ledger, &id, shards.parse().unwrap()).await.unwrap();
            println!("{}", json!({ "shop": id, "run": run.run }));
        }
        ["tell", name] => {
            let (ledger, id) = (elsewhere(&world), name.parse().unwrap());
            let runs = ledger.read_current(&id).await.unwrap().unwrap().runs;
            println!("{}", told(&ledger.run(&id, runs).await.unwrap().unwrap()));
        }
        ["lease", name] => {
            let free = begin(&elsewhere(&world), &name.parse().unwrap(), 1).await.is_ok();
            println!("{free}");
        }
        ["here", customers] => {
            fill(&world.ledger, &acme(), customers.parse().unwrap()).await;
            let run = begin(&world.ledger, &acme(), 1).await.unwrap();
            let steps = Steps::new(world.ledger.clone(), Clock::System);
            println!("{}", told(&resegment::drive(&steps, &acme(), run.run, |_| {}).await.unwrap()));
        }
        _ => panic!("see the head of this file"),
    }
}

/// The ledger over the store at AWS_ENDPOINT_URL.
fn elsewhere(world: &World) -> Ledger {
    let told = |name| std::env::var(name).unwrap();
    let url = told("AWS_ENDPOINT_URL");
    let region = Region::new(told("AWS_DEFAULT_REGION"));
    let tables =
        Tables { customers: told("CUSTOMERS_TABLE"), ledger: told("LEDGER_TABLE"), shops: told("SHOPS_TABLE") };
    let secrets = Secrets {
        keys: KeySecret::new(told("CUSTOMER_KEY_SECRET")),
        codes: CodeSecrets::new(told("CODE_SECRET"), None),
    };
    let credentials =
        Credentials::new(told("AWS_ACCESS_KEY_ID"), told("AWS_SECRET_ACCESS_KEY"), None, None, "environment");
    let config = world.ledger.client().config().to_builder().endpoint_url(url).region(region);
    let config = config.credentials_provider(credentials).build();
    Ledger::new(Client::from_conf(config), tables, secrets)
}

async fn begin(ledger: &Ledger, shop: &ShopId, shards: u32) -> Result<Run, BeginRunError> {
    ledger.begin_run(shop, day(), false, shards, Clock::System.now()).await
}

/// Each bought 1 to 4 times.
async fn fill(ledger: &Ledger, id: &ShopId, customers: usize) {
    let shop = ledger.fresh_shop(id).await.unwrap().unwrap();
    let mut orders = Vec::new();
    for n in 0..customers {
        for m in 0..=(n * 7 % 4) {
            orders.push(Order {
                id: format!("A-{n}-{m}").try_into().unwrap(),
                customer: CustomerId::try_from(format!("c-{n}")).unwrap(),
                revision: RevisionKey::default(),
                time: format!("2026-0{}-1{}T10:00:00Z", 5 + (n + m) % 5, n % 9).parse().unwrap(),
                total: Minor(500 + ((n * 37 + m * 101) % 9_000) as i64),
                cancelled: false,
                lines: Vec::new(),
            });
        }
    }
    for answer in ledger.record_orders(&shop, day(), orders).await {
        answer.unwrap();
    }
}

fn day() -> Day {
    DAY.parse().unwrap()
}

/// What must not depend on who drove it.
fn told(run: &Run) -> Value {
    let counts = run.counts.as_ref();
    json!({
        "status": run.status, "failure": run.failure, "shards": run.shards, "cuts": run.cuts, "labels": run.labels,
        "census": counts.map(|counts| &counts.census), "matrix": counts.map(|counts| &counts.matrix),
        "steps": counts.map(|counts| &counts.steps),
    })
}
