//! A made-up base: customers whose profiles are as the ledger itself writes them, with the ties that real shops have. The same
//! number gives the same customer.

use ledger::{Customer, CustomerId, Ledger, LedgerError, ShopId};
use segmentation::{Bought, BoughtLine, Day, Entry, Flags, Minor, Orders, ProductKey, Profile};

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};

/// splitmix64: small, fast, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((u128::from(mixed ^ (mixed >> 31)) * u128::from(end)) >> 64) as u64
    }
}

/// How far back orders lie, in days.
const DAYS: u64 = 720;

/// The orders of one customer up to a day: a quarter pays a subscription of 9.99 a month, an eighth buys the one article that
/// costs 29.99, the others pay anything, with a heavy tail. The last order's days are spread evenly, so that about one customer in
/// 360 crosses a cut of recency each day.
#[must_use]
pub fn orders(number: u64, on: Day) -> Orders {
    entries(number, on).into_iter().collect()
}

fn entries(number: u64, on: Day) -> Vec<Entry> {
    let mut random = Random(number.wrapping_mul(0xD134_2543_DE82_EF95));
    let kind = random.below(8);
    let last = random.below(DAYS);
    let often = random.below(24) + 1;
    let count = random.below(often) + 1;
    let spread = 1 + random.below(16);
    (0..count)
        .map(|n| {
            let (day, net) = match kind {
                0 | 1 => (last + n * 30, 999),
                2 => (last + n * 45, 2_999),
                _ => (last + n * (20 + spread), 99 + random.below(1_000 * spread * spread / 4 + 2_000)),
            };
            Entry { day: on.plus(-day.cast_signed()), net: Minor(net.cast_signed()), flags: Flags::none() }
        })
        .collect()
}

/// One customer's profile, with what their baskets leave behind; no label yet.
#[must_use]
pub fn profile(number: u64, on: Day) -> Profile {
    let mut random = Random(number);
    let mut entries = entries(number, on);
    let mut profile = Profile { version: 1, orders: entries.iter().copied().collect(), ..Profile::default() };
    entries.sort_by_key(|entry| entry.day);
    for entry in entries {
        let lines = (0..=random.below(4)).map(|_| {
            let product = random.below(3_000);
            BoughtLine {
                product: Some(ProductKey::of(&format!("P-{product}"))),
                category: Some(format!("category-{}", product % 40)),
                brand: Some(format!("brand-{}", product % 90)),
                unit_price: Some(Minor(entry.net.0 / 2)),
            }
        });
        profile.remember(&Bought { day: entry.day, lines: lines.collect() });
    }
    profile
}

/// Puts customers of these numbers into the store, past the API: quick, and only for a store that has none of them.
///
/// # Errors
/// [`LedgerError`] when the store fails.
pub async fn fill(
    ledger: &Ledger,
    shop: &ShopId,
    numbers: std::ops::Range<u64>,
    on: Day,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let numbers: Vec<u64> = numbers.collect();
    for batch in numbers.chunks(25) {
        let mut puts = Vec::with_capacity(batch.len());
        for number in batch {
            let id = CustomerId::try_from(format!("c-{number}"))?;
            let mut customer = Customer::unknown(id.clone(), ledger.customer_key(shop, &id));
            customer.profile = profile(*number, on);
            let put = PutRequest::builder().set_item(Some(customer.to_item(shop)?)).build()?;
            puts.push(WriteRequest::builder().put_request(put).build());
        }
        let table = &ledger.tables().customers;
        let written = ledger.client().batch_write_item().request_items(table, puts).send().await?;
        if written.unprocessed_items.is_some_and(|left| !left.is_empty()) {
            return Err(LedgerError::Damaged("the engine left something unwritten".to_owned()).into());
        }
    }
    Ok(())
}
