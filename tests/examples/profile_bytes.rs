//! Bytes per profile on real data: the packed orders, and the whole item with the eight moves it keeps at most, tastes,
//! baskets, all attributes, an answer to every survey and a choice. Where the file has no categories and brands, the first two
//! and the first three letters of a product's id stand in for them.
//!
//!     cargo run --release -p e2e --example profile_bytes -- FILE.csv …

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicU64;

use aws_sdk_dynamodb::types::AttributeValue;
use ledger::order::paid_per_item;
use ledger::{Customer, CustomerId, KeySecret};
use orders_csv::{ImportOptions, Item, ParsedLine, import};
use segmentation::answers::Survey;
use segmentation::{
    Activation, Answer, Answered, AttributeUpdate, Bought, BoughtLine, Cause, Choice, Day, Entry, Flags, Move, Orders,
    Place, ProductKey, Profile, Segment, Step,
};

fn main() -> ExitCode {
    println!("| file | customers | packed orders p50 / p95 / max | tastes | baskets | whole item |");
    println!("| --- | --- | --- | --- | --- | --- |");
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
    let mut customers: BTreeMap<String, Vec<(Entry, Bought)>> = BTreeMap::new();
    for item in import(file, &ImportOptions::default(), &AtomicU64::new(0))?.items {
        if let Item::Order(order) = item
            && let Some(customer) = order.customer
        {
            let entry = Entry { day: order.time.day(), net: order.total, flags: Flags::none() };
            let bought = Bought { day: entry.day, lines: order.lines.into_iter().map(bought_line).collect() };
            customers.entry(customer).or_default().push((entry, bought));
        }
    }
    let shop = "acme".parse()?;
    let secret = KeySecret::new(*b"sizes do not depend on it");
    let (mut packed, mut tastes, mut baskets, mut whole) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (id, bought) in customers {
        let orders: Orders = bought.iter().map(|(entry, _)| *entry).collect();
        packed.push(orders.to_bytes().len());
        let id = CustomerId::try_from(id)?;
        let mut customer = Customer::unknown(id.clone(), secret.customer(&shop, &id));
        customer.profile = Profile { orders, ..Profile::default() };
        bought.iter().for_each(|(_, bought)| customer.profile.remember(bought));
        tell(&mut customer.profile);
        moves().for_each(|moved| customer.profile.commit(Some(moved)));
        let item = customer.to_item(&shop)?;
        let of = |name: &str| item.get(name).map_or(0, value_bytes);
        tastes.push(of("tastes"));
        baskets.push(of("baskets"));
        whole.push(item.iter().map(|(name, value)| name.len() + value_bytes(value)).sum());
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let customers = packed.len();
    let [packed, tastes, baskets, whole] = [packed, tastes, baskets, whole].map(|mut bytes| quantiles(&mut bytes));
    Ok(format!("| {name} | {customers} | {packed} | {tastes} | {baskets} | {whole} |"))
}

fn bought_line(line: ParsedLine) -> BoughtLine {
    let quantity = line.quantity.as_deref().and_then(|quantity| quantity.parse().ok());
    let stand_in = |letters: usize| line.product.as_ref().map(|id| id.chars().take(letters).collect());
    let (category, brand) = (line.category.clone().or_else(|| stand_in(2)), line.brand.clone().or_else(|| stand_in(3)));
    BoughtLine {
        product: line.product.as_deref().map(ProductKey::of),
        category,
        brand,
        unit_price: Some(paid_per_item(line.amount, quantity)),
    }
}

/// What the shop and the customer told.
fn tell(profile: &mut Profile) {
    let day = Day::from_epoch_days(20_000);
    let text = |text: &str| text.to_owned();
    let update = AttributeUpdate {
        updated_at: 1_763_800_000_000,
        programme_since: Some(Some(day)),
        language: Some(Some(text("pt-BR"))),
        mailing_consent: Some(Some(true)),
        referred_by: Some(Some(text("customer-12345"))),
    };
    profile.attributes.update(&update, u64::MAX);
    for (survey, answer) in
        [(Survey::Reason, Answer::Delivery), (Survey::Nps, Answer::Promoter), (Survey::Purchase, Answer::Promoter)]
    {
        profile.answers.put(Answered {
            id: text("answer-12345"),
            survey,
            answer,
            score: Some(9),
            day,
            earlier: Vec::new(),
        });
    }
    let (series, category, reward) = (text("vip-choose"), text("kitchen"), text("cashback10"));
    profile.choices.push(Choice { id: text("choice-12345"), series, category, reward, made: day, until: day.plus(30) });
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

/// As DynamoDB counts: names and values; 3 bytes for a list or map and 1 for each of its members.
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
