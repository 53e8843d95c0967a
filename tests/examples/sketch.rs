//! Cuts of merged surveys against exact ones: rank error, and the bytes that a shard hands over.
//!
//!     cargo run --release -p e2e --example sketch -- CUSTOMERS SHARDS FILE.csv …

use std::error::Error;
use std::path::Path;

use e2e::{accuracy, synthetic};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let customers: u64 = args.next().ok_or("how many customers?")?.parse()?;
    let shards: usize = args.next().ok_or("how many shards?")?.parse()?;
    println!(
        "| base | customers | shards | worst rank error, one look | two looks | buckets looked at | bytes per shard | merged |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for file in args {
        match accuracy::customers_of(Path::new(&file))? {
            None => eprintln!("{file} is not there: skipped"),
            Some((base, on)) => {
                let name = Path::new(&file).file_stem().unwrap_or_default().to_string_lossy();
                let shards = base.len().div_ceil(500);
                println!("{}", accuracy::row(&name, shards, &accuracy::measure(base.into_iter(), shards, on)?));
            }
        }
    }
    let on = "2026-11-01".parse()?;
    let base = (0..customers).map(|number| synthetic::orders(number, on));
    println!("{}", accuracy::row("made up", shards, &accuracy::measure(base, shards, on)?));
    Ok(())
}
