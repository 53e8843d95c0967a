//! What stands for the stream of the table `Ledger`, and for the queue behind it, where there is no AWS.
//!
//! The engine's own streams (dynoxide-rs 3.2) number each record by a scan over all earlier ones. So the transaction that writes a move or
//! an alert notes it in a table beside, in the same transaction: both are there or neither is, whatever is killed when. What is handed on
//! is deleted there; so nothing is looked for among what was told long ago.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::types::{AttributeValue, BillingMode, Put, ScalarAttributeType, TransactWriteItem};

use crate::error::EngineError;
use crate::prepare;
use crate::table::{Key, Table};

/// The table of what was written into `Ledger`: partition key `Ledger`, sort key the moment in microseconds in 20 digits, made unlike every
/// other, and the item as `image`.
pub const STREAM: &str = "Stream";
/// A table for whoever queues what is to be delivered.
pub const QUEUE: &str = "Queue";

const LEDGER: &str = "Ledger";

/// Notes what transactions write.
#[derive(Debug, Clone)]
pub(crate) struct Noting {
    last: Arc<AtomicI64>,
}

impl Noting {
    /// Makes the tables where they are missing, and goes on after the last record there is.
    pub(crate) async fn over(client: &Client) -> Result<Noting, EngineError> {
        prepare::make_tables(client, &[table(STREAM), table(QUEUE)]).await?;
        let query = client.query().table_name(STREAM).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", AttributeValue::S(LEDGER.to_owned()));
        let found = query.scan_index_forward(false).limit(1).send().await;
        let found =
            found.map_err(|error| EngineError::Table { table: STREAM.to_owned(), source: Box::new(error.into()) })?;
        let last = found.items().first().and_then(|record| record.get("sk")?.as_s().ok()?.parse().ok());
        Ok(Noting { last: Arc::new(AtomicI64::new(last.unwrap_or(0))) })
    }

    /// A moment after every other that was given, also where the clock goes back.
    fn next(&self) -> i64 {
        #[expect(clippy::disallowed_methods, reason = "the time a stream gives its records is the store's own")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_micros()).unwrap_or(i64::MAX - 1);
        let after = |last: i64| Some(now.max(last + 1));
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after).unwrap_or_default();
        now.max(last + 1)
    }

    fn note(&self, image: &Put) -> Option<TransactWriteItem> {
        let item = [
            ("pk", AttributeValue::S(LEDGER.to_owned())),
            ("sk", AttributeValue::S(format!("{:020}", self.next()))),
            ("image", AttributeValue::M(image.item().clone())),
        ];
        let item = item.map(|(name, value)| (name.to_owned(), value)).into();
        let put =
            Put::builder().table_name(STREAM).set_item(Some(item)).condition_expression("attribute_not_exists(pk)");
        Some(TransactWriteItem::builder().put(put.build().ok()?).build())
    }
}

impl Intercept for Noting {
    fn name(&self) -> &'static str {
        "Noting"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(input) = context.input_mut().downcast_mut::<TransactWriteItemsInput>() else { return Ok(()) };
        let Some(writes) = input.transact_items.as_mut() else { return Ok(()) };
        let notes: Vec<_> = writes
            .iter()
            .filter_map(TransactWriteItem::put)
            .filter(|put| is_told(put))
            .filter_map(|put| self.note(put))
            .collect();
        writes.extend(notes);
        Ok(())
    }
}

/// Would the template's mapping hand it to the function `events`?
fn is_told(put: &Put) -> bool {
    let text = |name| put.item().get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str);
    let (pk, sk) = (text("pk"), text("sk"));
    put.table_name() == LEDGER && (sk.starts_with("move#") || pk.ends_with("#alerts") || pk.ends_with("#replays"))
}

fn table(name: &str) -> Table {
    let text = |name: &str| (name.to_owned(), ScalarAttributeType::S);
    Table {
        name: name.to_owned(),
        key: Key { hash: "pk".to_owned(), range: Some("sk".to_owned()) },
        attributes: [text("pk"), text("sk")].into(),
        indexes: [].into(),
        billing: BillingMode::PayPerRequest,
        expiry: None,
    }
}
