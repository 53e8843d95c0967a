//! `tercile shop create`.

use std::process::ExitCode;

use anyhow::{Context, Result};
use iso_currency::Currency;
use ledger::{Changeable, CreateShopError, Settings};
use web::Clock;

use crate::cli::CreateOptions;
use crate::machine::Machine;

/// A currency by its ISO 4217 code.
pub(crate) fn currency(code: &str) -> Result<Currency> {
    Currency::from_code(&code.to_ascii_uppercase()).with_context(|| format!("`{code}` is no ISO 4217 currency"))
}

pub(crate) async fn create(options: CreateOptions) -> Result<ExitCode> {
    let mut changeable = Changeable::default();
    changeable.segmentation.window.zero_orders = options.zero_orders.into();
    let currency = currency(&options.currency)?;
    let settings = Settings { version: 1, currency, time_zone: options.time_zone, changeable };
    let machine = Machine::open(&options.data.data).await?;
    let today = Clock::System.today(options.time_zone);
    let keys = machine.ledger.create_shop(&options.shop, &settings, today).await.map_err(|error| match error {
        CreateShopError::Exists(shop) => {
            anyhow::anyhow!("shop `{shop}` exists already in {}", options.data.data.display())
        }
        CreateShopError::Store(error) => error.into(),
    })?;
    println!("Shop `{}` is made: {}, days in {}.", options.shop, settings.currency.code(), settings.time_zone);
    println!("Its keys, shown this once and stored only as hashes:\n");
    for key in &keys {
        let scopes: Vec<String> = key.scopes.iter().map(ToString::to_string).collect();
        println!("  {:<9} {}", scopes.join(","), key.token);
    }
    println!("\n`ingest` sends orders, `checkout` asks for offers, `admin` does everything.");
    machine.stop().await?;
    Ok(ExitCode::SUCCESS)
}
