//! The ledger under fire, at any size: `fire [ITEMS] [SEED]`, by default the 50,000 of docs/faults.md. It prints a table, and ends
//! with 1 where a law was broken.
//!
//! `tercile` and the example `store` must have been built in the same profile.

#![expect(clippy::unwrap_used, reason = "a measurement by hand")]

use std::process::ExitCode;

use e2e::bootstrap;
use e2e::fire::{Fire, burn};

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|number| number.parse::<u64>().unwrap());
    let (items, seed) = (arguments.next().unwrap_or(50_000), arguments.next().unwrap_or(1));
    let work = tempfile::tempdir().unwrap();
    let fire = Fire { items: items.try_into().unwrap(), ..Fire::full(seed, bootstrap::built(), work.path()) };
    let report = burn(&fire).await.unwrap();
    println!("{report}");
    if report.wrong.is_empty() {
        return ExitCode::SUCCESS;
    }
    // What is left is evidence.
    println!("The store and the servers' logs: {}", work.keep().display());
    ExitCode::FAILURE
}
