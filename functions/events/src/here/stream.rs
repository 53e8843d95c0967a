//! What the engine noted of writes into `Ledger`, in their order: see `engine::stream`.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use chrono::DateTime;
use ledger::LedgerError;

use crate::function::Change;

/// As many as Lambda gets at once in AWS.
const AT_ONCE: i32 = 100;
/// What one call deletes.
const DELETED_AT_ONCE: usize = 25;
/// The partition of what was written into `Ledger`.
const OF_LEDGER: &str = "Ledger";

#[derive(Clone, Debug)]
pub(super) struct Stream {
    client: Client,
    table: String,
}

impl Stream {
    pub(super) fn new(client: Client, table: &str) -> Stream {
        Stream { client, table: table.to_owned() }
    }

    /// The oldest records.
    pub(super) async fn read(&self) -> Result<Vec<Change>, LedgerError> {
        let query = self.client.query().table_name(&self.table).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", AttributeValue::S(OF_LEDGER.to_owned()));
        let found = query.limit(AT_ONCE).consistent_read(true).send().await.map_err(unavailable("Query"))?;
        found.items.unwrap_or_default().into_iter().map(change).collect()
    }

    /// Lets records go that were handed on.
    pub(super) async fn forget(&self, records: &[String]) -> Result<(), LedgerError> {
        for records in records.chunks(DELETED_AT_ONCE) {
            let request = |record: &String| {
                let key = [("pk", OF_LEDGER), ("sk", record)];
                let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
                let delete = DeleteRequest::builder().set_key(Some(key.into())).build();
                delete.map(|delete| WriteRequest::builder().delete_request(delete).build())
            };
            let requests = records.iter().map(request).collect::<Result<Vec<_>, _>>();
            let requests = requests.map_err(|error| LedgerError::Damaged(error.to_string()))?;
            let call = self.client.batch_write_item().request_items(&self.table, requests);
            call.send().await.map_err(unavailable("BatchWriteItem"))?;
        }
        Ok(())
    }
}

/// A record: its sort key is the moment in microseconds, made unlike every other.
fn change(mut stored: HashMap<String, AttributeValue>) -> Result<Change, LedgerError> {
    let damaged = || LedgerError::Damaged("a record of the stream".to_owned());
    let Some(AttributeValue::S(sequence_number)) = stored.remove("sk") else { return Err(damaged()) };
    let Some(AttributeValue::M(image)) = stored.remove("image") else { return Err(damaged()) };
    let at = sequence_number.parse().ok().and_then(DateTime::from_timestamp_micros).ok_or_else(damaged)?;
    Ok(Change { at, sequence_number, new_image: serde_dynamo::Item::from(image) })
}

/// The engine's table did not answer as it should.
pub(super) fn unavailable<E>(operation: &'static str) -> impl FnOnce(SdkError<E>) -> LedgerError
where
    E: std::error::Error + Send + Sync + 'static,
{
    move |error| LedgerError::Unavailable { operation, source: Box::new(error) }
}
