//! Writes a file of made-up orders for benchmarks: `generate ORDERS CUSTOMERS SEED FILE`. The same arguments give the same bytes.
//!
//! Rows are in order of time over three years, order ids count up, and how often a customer buys has a heavy tail: some hundred times
//! the average for the best. 10,000,000 orders of 1,000,000 customers are about 408 MB.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

use segmentation::Day;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [orders, customers, seed, path] = args.as_slice() else {
        return Err("usage: generate ORDERS CUSTOMERS SEED FILE".into());
    };
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    write(&mut out, orders.parse()?, customers.parse()?, seed.parse()?)?;
    out.flush()?;
    Ok(())
}

/// splitmix64: small, fast, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }
}

const SECONDS_IN_DAY: u64 = 86_400;
const DAYS: u64 = 3 * 365;

fn write(out: &mut impl Write, orders: u64, customers: u64, seed: u64) -> Result<(), Box<dyn Error>> {
    let mut random = Random(seed);
    let first: Day = "2023-01-01".parse()?;
    writeln!(out, "customer_id,order_id,timestamp,amount")?;
    let every = (orders / customers.max(1)).max(1);
    let mut today = (u64::MAX, String::new());
    for n in 0..orders {
        // Everyone buys once, at some time; the other orders go to low ranks far more often: three draws, each below the last.
        let rank = if n % every == 0 && n / every < customers {
            n / every
        } else {
            let below = random.below(customers) + 1;
            let below = random.below(below) + 1;
            random.below(below)
        };
        // Ranks are strewn over the ids, so that good customers are not neighbours.
        let customer = 1 + scatter(rank, customers);
        let second = n * DAYS * SECONDS_IN_DAY / orders.max(1);
        let (day, time) = (second / SECONDS_IN_DAY, second % SECONDS_IN_DAY);
        if today.0 != day {
            today = (day, first.plus(day.cast_signed()).to_string());
        }
        // Around 40.00 with a tail, some small change below.
        let spread = 1 + random.below(16);
        let cents = 99 + random.below(1_000 * spread * spread / 4 + 2_000);
        writeln!(
            out,
            "{customer},{},{} {:02}:{:02}:{:02},{}.{:02}",
            n + 1,
            today.1,
            time / 3600,
            time / 60 % 60,
            time % 60,
            cents / 100,
            cents % 100
        )?;
    }
    Ok(())
}

/// A permutation of `0..count`: a step that shares no factor with `count`.
fn scatter(rank: u64, count: u64) -> u64 {
    let mut step = (count as f64 * 0.618_034) as u64 | 1;
    while gcd(step, count) != 1 {
        step += 2;
    }
    ((u128::from(rank) * u128::from(step)) % u128::from(count)) as u64
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
