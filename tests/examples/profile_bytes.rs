//! Bytes per profile on real data: the packed orders, and the whole item with the eight moves it keeps at most.
//!
//!     cargo run --release -p e2e --example profile_bytes -- FILE.csv …

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicU64;

use aws_sdk_dynamodb::types::AttributeValue;
use ledger::{Customer, CustomerId, KeySecret, LedgerError};
use orders_csv::{ImportOptions, Item, import};
use segmentation::{Activation, Cause, Day, Entry, Flags, Move, Orders, Place, Profile, Segment, Step};

fn main() -> ExitCode {
    println!("| file | customers | packed orders p50 / p95 / max | whole item p50 / p95 / max |");
    println!("| --- | --- | --- | --- |");
    for file in std::env::args().skip(1) {
        match measure(Path::new(&file)) {
            Ok(row) => println!("{row}"),
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn measure(file: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mut customers: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for item in import(file, &ImportOptions::default(), &AtomicU64::new(0))?.items {
        if let Item::Order(order) = item
            && let Some(customer) = order.customer
        {
            let entry = Entry { day: order.time.day(), net: order.total, flags: Flags::none() };
            customers.entry(customer).or_default().push(entry);
        }
    }
    let shop = "acme".parse()?;
    let secret = KeySecret::new(*b"sizes do not depend on it");
    let (mut packed, mut whole) = (Vec::new(), Vec::new());
    for (id, entries) in customers {
        let orders: Orders = entries.into_iter().collect();
        packed.push(orders.to_bytes().len());
        let id = CustomerId::try_from(id)?;
        let mut customer = Customer::unknown(id.clone(), secret.customer(&shop, &id));
        customer.profile = Profile { orders, ..Profile::default() };
        moves().for_each(|moved| customer.profile.commit(Some(moved)));
        whole.push(item_bytes(&customer, &shop)?);
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("| {name} | {} | {} | {} |", packed.len(), quantiles(&mut packed), quantiles(&mut whole)))
}

/// A long story: every move kept, of two steps each.
fn moves() -> impl Iterator<Item = Move> {
    let places: Vec<Place> = Segment::all().map(Place::from).collect();
    (0..12_usize).map(move |n| {
        let step = |from: usize, cause| Step { from: places[from % 27], to: places[(from + 1) % 27], cause };
        let steps = vec![step(n, Cause::Decay), step(n + 1, Cause::Order)];
        Move { day: Day::from_epoch_days(20_000), activation: Activation(24), steps }
    })
}

/// As DynamoDB counts an item: names and values; 3 bytes for a list or map and 1 for each of its members.
fn item_bytes(customer: &Customer, shop: &ledger::ShopId) -> Result<usize, LedgerError> {
    Ok(customer.to_item(shop)?.iter().map(|(name, value)| name.len() + value_bytes(value)).sum())
}

fn value_bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number.len().div_ceil(2) + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(list) => 3 + list.iter().map(|one| 1 + value_bytes(one)).sum::<usize>(),
        AttributeValue::M(map) => 3 + map.iter().map(|(name, one)| 1 + name.len() + value_bytes(one)).sum::<usize>(),
        _ => 1,
    }
}

fn quantiles(values: &mut [usize]) -> String {
    values.sort_unstable();
    let at = |percent: usize| values.get((values.len().saturating_sub(1)) * percent / 100).copied().unwrap_or(0);
    format!("{} / {} / {}", at(50), at(95), at(100))
}
