//! `tercile products FILE.csv`: a shop's products through the API, a hundred at a time; sent twice, nothing changes.

use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use iso_currency::Currency;
use serde_json::{Map, Value, json};

use crate::api::{Api, Connection};
use crate::cli::ProductsOptions;
use crate::shop::currency;
use crate::tell;

/// Products of one request, at most: the API's limit.
const BATCH: usize = 100;
const TEXTS: [&str; 7] = ["id", "name", "category", "brand", "season", "image", "url"];
const PRICES: [&str; 2] = ["price", "list_price"];
const NUMBERS: [&str; 2] = ["stock", "margin_percent"];
const PARTS: &str = "parts";

pub(crate) async fn run(options: ProductsOptions) -> Result<ExitCode> {
    let connection = Connection::open(&options.api).await?;
    let settings = connection.api.get("/v1/settings").await?.ok()?;
    let currency = currency(settings["currency"].as_str().unwrap_or_default())?;
    let file = std::fs::File::open(&options.file).with_context(|| options.file.display().to_string())?;
    let products = read(file, currency).with_context(|| options.file.display().to_string())?;
    let sent = send(&connection.api, &products).await?;
    println!(
        "Products: {} recorded, {} were there before",
        tell::grouped(sent.recorded),
        tell::grouped(sent.duplicate)
    );
    for refused in &sent.refused {
        println!("  refused: {refused}");
    }
    if connection.machine.is_some() {
        println!("Lookups see them when `tercile serve` next publishes, within two minutes of its start.");
    }
    connection.close().await?;
    Ok(if sent.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// The file's products as the API takes them. A row that cannot be read is refused by its number and column, and so is a
/// column nobody knows.
pub(crate) fn read(file: impl Read, currency: Currency) -> Result<Vec<Value>> {
    let decimals = u32::from(currency.exponent().unwrap_or(0));
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers()?.clone();
    let known =
        |name: &str| TEXTS.contains(&name) || PRICES.contains(&name) || NUMBERS.contains(&name) || name == PARTS;
    if let Some(unknown) = header.iter().find(|name| !known(name)) {
        bail!(
            "there is a column `{unknown}`; known ones are id, name, category, brand, price, list_price, season, stock, margin_percent, parts, image, url"
        );
    }
    for needed in ["id", "name"] {
        if !header.iter().any(|name| name == needed) {
            bail!("there is no column `{needed}`");
        }
    }
    let mut products = Vec::new();
    for (row, record) in (2..).zip(reader.records()) {
        let record = record?;
        let mut product = Map::new();
        for (name, cell) in header.iter().zip(record.iter()).filter(|(_, cell)| !cell.is_empty()) {
            let at = || format!("row {row}, column `{name}`");
            let value = if PRICES.contains(&name) {
                json!(orders_csv::minor(cell, decimals).map_err(anyhow::Error::msg).with_context(at)?)
            } else if NUMBERS.contains(&name) {
                json!(cell.parse::<u64>().with_context(at)?)
            } else if name == PARTS {
                json!(cell.split(';').map(str::trim).collect::<Vec<&str>>())
            } else {
                json!(cell)
            };
            product.insert(name.to_owned(), value);
        }
        products.push(Value::Object(product));
    }
    Ok(products)
}

/// What the service said.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    recorded: u64,
    duplicate: u64,
    refused: Vec<String>,
}

/// Sends them.
pub(crate) async fn send(api: &Api, products: &[Value]) -> Result<Sent> {
    let bar = tell::bar(products.len() as u64, "sending products");
    let mut sent = Sent::default();
    for batch in products.chunks(BATCH) {
        let answer = api.put("/v1/products", &json!({ "products": batch })).await?.ok()?;
        sent.recorded += answer["recorded"].as_u64().unwrap_or_default();
        sent.duplicate += answer["duplicate"].as_u64().unwrap_or_default();
        let results = answer["results"].as_array().into_iter().flatten();
        for (product, result) in batch.iter().zip(results) {
            if let Some(detail) = result["problem"]["detail"].as_str() {
                sent.refused.push(format!("{}: {detail}", product["id"].as_str().unwrap_or_default()));
            }
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(file: &str) -> String {
        format!("{:#}", read(file.as_bytes(), Currency::EUR).unwrap_err())
    }

    #[test]
    fn prices_are_read_in_minor_units_and_empty_cells_say_nothing() {
        let file = "id,name,price,list_price,stock,parts\nP-1,Set,12.50,,3,A; B\n";
        let product = json!({ "id": "P-1", "name": "Set", "price": 1250, "stock": 3, "parts": ["A", "B"] });
        assert_eq!(read(file.as_bytes(), Currency::EUR).unwrap(), [product]);
    }

    #[test]
    fn what_cannot_be_read_is_named_by_row_and_column() {
        assert!(refused("id,name,price\nP-1,Tea,4.50\nP-2,Cup,x\n").starts_with("row 3, column `price`"));
        assert!(refused("id,name,stock\nP-1,Tea,-1\n").starts_with("row 2, column `stock`"));
        assert!(refused("id,name,colour\n").contains("`colour`"));
        assert!(refused("id,price\n").contains("no column `name`"));
    }
}
