//! Brings a database to the tables of the template: what is there is compared, what is missing is made.

use aws_sdk_dynamodb::Client;

use crate::error::EngineError;
use crate::table::Table;

/// Makes the tables that are missing in any store, after all that are there were found to be as they should.
///
/// # Errors
///
/// If the store fails, or has one of the tables with another definition ([`EngineError::SchemaDiffers`]); then nothing was changed.
pub async fn make_tables(client: &Client, wanted: &[Table]) -> Result<(), EngineError> {
    let mut found = Vec::new();
    for table in wanted {
        let existing = existing(client, &table.name).await?;
        if let Some(existing) = &existing {
            compare(table, existing)?;
        }
        found.push(existing);
    }
    for (table, existing) in wanted.iter().zip(found) {
        if existing.is_none() {
            table.creation(client)?.send().await.map_err(|error| failed(table, error))?;
        }
        let expiry = table.expiry_specification()?.filter(|_| existing.is_none_or(|found| found.expiry.is_none()));
        if let Some(expiry) = expiry {
            let call = client.update_time_to_live().table_name(&table.name).time_to_live_specification(expiry);
            call.send().await.map_err(|error| failed(table, error))?;
        }
    }
    Ok(())
}

/// The definition of the table of this name, if there is one.
async fn existing(client: &Client, name: &str) -> Result<Option<Table>, EngineError> {
    let failed =
        |error: aws_sdk_dynamodb::Error| EngineError::Table { table: name.to_owned(), source: Box::new(error) };
    let described = match client.describe_table().table_name(name).send().await {
        Err(error) if error.as_service_error().is_some_and(|e| e.is_resource_not_found_exception()) => return Ok(None),
        described => described.map_err(|error| failed(error.into()))?,
    };
    let expiry = client.describe_time_to_live().table_name(name).send().await.map_err(|error| failed(error.into()))?;
    let table = described.table().and_then(|table| Table::described(table, expiry.time_to_live_description()));
    table.map(Some).ok_or_else(|| EngineError::Keyless(name.to_owned()))
}

fn compare(wanted: &Table, existing: &Table) -> Result<(), EngineError> {
    // A table that has no expiry yet was left by a start that ended between the two calls that make it.
    let expiry = existing.expiry.clone().or_else(|| wanted.expiry.clone());
    let existing = Table { expiry, ..existing.clone() };
    match wanted.difference(&existing) {
        None => Ok(()),
        Some(difference) => Err(EngineError::SchemaDiffers {
            table: wanted.name.clone(),
            part: difference.part,
            wanted: difference.wanted,
            found: difference.found,
        }),
    }
}

fn failed(table: &Table, error: impl Into<aws_sdk_dynamodb::Error>) -> EngineError {
    EngineError::Table { table: table.name.clone(), source: Box::new(error.into()) }
}
