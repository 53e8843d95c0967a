//! The queue and the bus in AWS.

use std::time::Duration;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, SendMessageBatchRequestEntry};

use crate::event::Event;
use crate::queue::{Bus, Pending, Queue, Waiting};

/// What the queue takes in one call.
const AT_ONCE: usize = 10;
/// What events on the bus say they come from; rules match on it.
const SOURCE: &str = "tercile";

/// A FIFO queue of SQS.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    /// The service.
    pub client: aws_sdk_sqs::Client,
    /// The queue.
    pub url: String,
}

impl Queue for SqsQueue {
    fn send<'a>(&'a self, messages: &'a [Waiting]) -> Pending<'a, Result<(), usize>> {
        Box::pin(async move {
            for (chunk, messages) in messages.chunks(AT_ONCE).enumerate() {
                let first = chunk * AT_ONCE;
                let entries = messages.iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>();
                let entries = entries.map_err(|error| {
                    tracing::error!(%error, "a message cannot be put together");
                    first
                })?;
                let sent =
                    self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await;
                let sent = sent.map_err(|error| {
                    let error = aws_sdk_sqs::error::DisplayErrorContext(error);
                    tracing::error!(%error, "the queue took nothing");
                    first
                })?;
                let place = |id: &str| id.parse().unwrap_or(0_usize);
                if let Some(refused) = sent.failed.iter().min_by_key(|entry| place(entry.id())) {
                    tracing::error!(code = refused.code(), "the queue refused a message");
                    return Err(first + place(refused.id()));
                }
            }
            Ok(())
        })
    }

    fn postpone<'a>(&'a self, receipts: &'a [String], by: Duration) -> Pending<'a, ()> {
        Box::pin(async move {
            // The queue counts whole seconds, and at most twelve hours.
            let seconds = i32::try_from(by.as_secs().clamp(1, 43_200)).unwrap_or(43_200);
            for receipts in receipts.chunks(AT_ONCE) {
                let entry = |(place, receipt): (usize, &String)| {
                    let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(place.to_string());
                    entry.receipt_handle(receipt).visibility_timeout(seconds).build()
                };
                let Ok(entries) = receipts.iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>() else { return };
                let call = self.client.change_message_visibility_batch().queue_url(&self.url);
                // They stay hidden for the queue's own time then.
                match call.set_entries(Some(entries)).send().await {
                    Ok(answer) if answer.failed.is_empty() => {}
                    Ok(answer) => tracing::warn!(failed = answer.failed.len(), "messages were not kept back"),
                    Err(error) => {
                        let error = aws_sdk_sqs::error::DisplayErrorContext(error);
                        tracing::warn!(%error, "messages were not kept back");
                    }
                }
            }
        })
    }
}

fn entry((place, message): (usize, &Waiting)) -> Result<SendMessageBatchRequestEntry, BuildError> {
    SendMessageBatchRequestEntry::builder()
        .id(place.to_string())
        .message_group_id(&message.group)
        .message_deduplication_id(&message.id)
        .message_body(&message.body)
        .build()
}

/// A bus of EventBridge.
#[derive(Clone, Debug)]
pub struct EventBridge {
    /// The service.
    pub client: aws_sdk_eventbridge::Client,
    /// The bus.
    pub name: String,
}

impl Bus for EventBridge {
    fn put<'a>(&'a self, events: &'a [(Event, &'a str)]) -> Pending<'a, Vec<bool>> {
        Box::pin(async move {
            let entry = |(event, body): &(Event, &str)| {
                let entry = PutEventsRequestEntry::builder().event_bus_name(&self.name).source(SOURCE);
                entry.detail_type(event.kind.name()).detail(*body).build()
            };
            match self.client.put_events().set_entries(Some(events.iter().map(entry).collect())).send().await {
                Ok(put) => {
                    let mut taken: Vec<bool> = put.entries().iter().map(|entry| entry.error_code().is_none()).collect();
                    taken.resize(events.len(), false);
                    if let Some(code) = put.entries().iter().find_map(|entry| entry.error_code()) {
                        tracing::warn!(code, "the bus refused an event");
                    }
                    taken
                }
                Err(error) => {
                    let error = aws_sdk_eventbridge::error::DisplayErrorContext(error);
                    tracing::warn!(%error, "the bus took nothing");
                    vec![false; events.len()]
                }
            }
        })
    }
}
