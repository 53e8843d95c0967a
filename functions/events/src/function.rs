//! The function's two triggers: a batch of the ledger's stream, and a batch of the queue.

use aws_lambda_events::dynamodb::EventRecord;
use aws_lambda_events::sqs::SqsMessage;
use ledger::Ledger;
use serde::{Deserialize, Serialize};

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
    Written(Box<EventRecord>),
    /// An event waits to be delivered.
    #[serde(rename = "aws:sqs")]
    Waiting(Box<SqsMessage>),
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

/// Where events come from and go to.
#[derive(Clone, Debug)]
pub struct Out {
    /// To ask for customers' ids.
    pub ledger: Ledger,
    /// The queue's service.
    pub sqs: aws_sdk_sqs::Client,
    /// The queue (FIFO).
    pub queue_url: String,
    /// The event bus's service.
    pub bus: aws_sdk_eventbridge::Client,
    /// The bus.
    pub bus_name: String,
}

/// Handles one batch; never fails as a whole, so what was done is not done again.
pub async fn handle(out: &Out, batch: Batch) -> Answer {
    let (mut written, mut waiting) = (Vec::new(), Vec::new());
    for record in batch.records {
        match record {
            Record::Written(record) => written.push(*record),
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
