//! The binary `tercile` as a person runs it: files in, words and numbers out, servers started and killed.
//!
//! What takes minutes in an unoptimised build is ignored here; `.ci/run` runs it with the release binary.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

mod cuts;
mod demo;
mod import;
mod keys;
mod lists;
mod segment;
mod server;
mod simulate;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn tercile() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tercile"));
    command.env_remove("TERCILE_KEY").env_remove("TERCILE_DATA");
    command
}

/// Runs to the end.
fn run(arguments: &[&str]) -> Output {
    tercile().args(arguments).output().unwrap()
}

/// Runs to a good end and gives what was printed.
fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs to a bad end and gives what was said.
fn refused(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

/// A file of the shared data, or `None` with a word where it is absent.
fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if !path.exists() {
        eprintln!("skipped: {name} is not beside the repository");
    }
    path.exists().then_some(path)
}

/// Customers per segment of a census, without the empty ones and without `none`.
fn census(document: &Value) -> Vec<(String, u64)> {
    let cells = document["segments"].as_array().unwrap().iter();
    let cells = cells.map(|cell| (cell["segment"].as_str().unwrap().to_owned(), cell["customers"].as_u64().unwrap()));
    cells.filter(|(segment, customers)| *customers > 0 && segment != "none").collect()
}

/// The same from `r,f,m,n` rows.
fn expected_census(path: &Path) -> Vec<(String, u64)> {
    let text = std::fs::read_to_string(path).unwrap();
    let cell = |row: &str| {
        let fields: Vec<&str> = row.split(',').collect();
        (format!("r{}f{}m{}", fields[0], fields[1], fields[2]), fields[3].parse().unwrap())
    };
    text.lines().skip(1).map(cell).filter(|(_, customers)| *customers > 0).collect()
}

/// A file of orders: `customers` with 1 to 5 orders each, spread over 2026, some lines returned.
fn orders(directory: &Path, customers: u32) -> PathBuf {
    let mut text = String::from("customer_id,order_id,timestamp,amount,product,qty\n");
    for customer in 0..customers {
        for order in 0..=(customer * 7 % 5) {
            let (month, day) = (1 + (customer + order * 3) % 10, 1 + (customer * 5 + order * 11) % 28);
            let amount = 3 + (customer * 37 + order * 101) % 90;
            text.push_str(&format!(
                "c{customer},o{customer}-{order},2026-{month:02}-{day:02} 10:00:00,{amount}.50,p{order},1\n"
            ));
            if customer % 9 == 4 && order == 0 {
                text.push_str(&format!("c{customer},C{customer},2026-11-01 10:00:00,-{amount}.50,p0,-1\n"));
            }
        }
    }
    let path = directory.join("orders.csv");
    std::fs::write(&path, text).unwrap();
    path
}
