//! The function's two triggers: a batch of the ledger's stream, and a batch of the queue. Of both only what is needed here is read.
//!
//! Source: "Using AWS Lambda with Amazon DynamoDB" and "… with Amazon SQS", AWS Lambda Developer Guide.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use ledger::Ledger;
use serde::{Deserialize, Deserializer, Serialize};
use web::Clock;

use crate::queue::{Bus, Queue};
use crate::send::Sender;
use crate::{deliver, stream};

/// What the function is called with: records of one source.
#[derive(Clone, Debug, Deserialize)]
pub struct Batch {
    /// In their order.
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// A record, told by where it comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "eventSource")]
pub enum Record {
    /// An item of the table `Ledger` was written.
    #[serde(rename = "aws:dynamodb")]
    Written(Box<Written>),
    /// An event waits to be delivered.
    #[serde(rename = "aws:sqs")]
    Waiting(Box<Message>),
}

/// A record of a stream.
#[derive(Clone, Debug, Deserialize)]
pub struct Written {
    /// What was written.
    pub dynamodb: Change,
}

/// What was written into a table.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Change {
    /// When: the same each time the record is handed over.
    #[serde(rename = "ApproximateCreationDateTime", deserialize_with = "seconds")]
    pub at: DateTime<Utc>,
    /// The record's place in the stream.
    pub sequence_number: String,
    /// The item.
    #[serde(default)]
    pub new_image: serde_dynamo::Item,
}

/// A message of a queue.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id, by which it is said to have failed.
    pub message_id: String,
    /// By which it can be kept back.
    pub receipt_handle: String,
    /// What it says.
    pub body: String,
    /// The queue's own.
    pub attributes: Attributes,
}

/// What the queue says of a message.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attributes {
    /// What shares it keeps its order.
    pub message_group_id: String,
    /// When it was put in, in milliseconds since 1970.
    pub sent_timestamp: String,
}

impl Message {
    /// When it was put in.
    pub(crate) fn sent_at(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.attributes.sent_timestamp.parse().ok()?)
    }
}

/// Seconds since 1970, which may be a fraction.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    let found = DateTime::from_timestamp_millis((seconds * 1e3) as i64);
    found.ok_or_else(|| serde::de::Error::custom("no moment"))
}

impl Batch {
    /// Where its records come from, for logs and metrics.
    #[must_use]
    pub fn source(&self) -> &'static str {
        match self.records.first() {
            None => "nothing",
            Some(Record::Written(_)) => "stream",
            Some(Record::Waiting(_)) => "queue",
        }
    }
}

/// Which records failed and are to be handed over again; a stream goes on at the first one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// None: all is done.
    pub batch_item_failures: Vec<Failed>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// A stream record's sequence number, or a message's id.
    pub item_identifier: String,
}

/// Where events come from and go to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Out {
    /// Where they are kept, and customers' ids and shops' endpoints are read.
    pub ledger: Ledger,
    /// Between the two halves.
    pub queue: Arc<dyn Queue>,
    /// Who gets all of them; on one machine there is none.
    pub bus: Option<Arc<dyn Bus>>,
    /// The way to endpoints.
    pub sender: Sender,
    /// What time it is.
    pub clock: Clock,
}

/// Handles one batch; never fails as a whole, so what was done is not done again.
pub async fn handle(out: &Out, batch: Batch) -> Answer {
    let (mut written, mut waiting) = (Vec::new(), Vec::new());
    for record in batch.records {
        match record {
            Record::Written(record) => written.push(record.dynamodb),
            Record::Waiting(message) => waiting.push(*message),
        }
    }
    let failed = match stream::forward(out, written).await {
        Some(first) => vec![first],
        None => deliver::deliver(out, waiting).await,
    };
    let failed = failed.into_iter().map(|item_identifier| Failed { item_identifier });
    Answer { batch_item_failures: failed.collect() }
}
