//! From the ledger's stream into the queue.

use aws_lambda_events::dynamodb::EventRecord;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use ledger::{LedgerError, News};

use crate::event::Event;
use crate::function::Out;

/// What the queue takes in one call.
const AT_ONCE: usize = 10;
/// The one receiver there is, as it stands in a message's group.
const BUS: &str = "bus";

/// An event on its way into the queue.
struct Message {
    /// Of the stream record it was made of.
    sequence_number: String,
    /// Receiver and customer: what shares it keeps its order.
    group: String,
    event: Event,
}

/// Puts what these records tell into the queue, in their order; the sequence number of the first one that failed, if one did.
/// What came after it may have been sent already: the queue knows it by its id and keeps one.
pub(crate) async fn forward(out: &Out, records: Vec<EventRecord>) -> Option<String> {
    let mut told = Vec::new();
    let mut failed = None;
    for record in records {
        let sequence_number = record.change.sequence_number.unwrap_or_default();
        match News::of(record.change.new_image) {
            Ok(Some(news)) => told.push((sequence_number, news)),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(sequence_number, %error, "a record of the stream cannot be read");
                failed = Some(sequence_number);
                break;
            }
        }
    }
    let first = told.first().map(|(sequence_number, _)| sequence_number.clone());
    match messages(out, told).await {
        Ok(messages) => send(out, messages).await.or(failed),
        Err(error) => {
            tracing::error!(%error, "the customers of a batch could not be read");
            first
        }
    }
}

/// The events of this news. Whose customer is gone for good is told to nobody.
async fn messages(out: &Out, told: Vec<(String, News)>) -> Result<Vec<Message>, LedgerError> {
    let customers = told.iter().filter_map(|(_, news)| Some((&news.shop, news.customer()?)));
    let ids = out.ledger.customer_ids(customers).await?;
    let message = |(sequence_number, news): (String, News)| {
        let whose = news.customer().map_or("alerts", |key| key.as_str());
        let group = format!("{BUS}#{}#{whose}", news.shop);
        let id = news.customer().and_then(|key| ids.get(key)).cloned();
        Some(Message { sequence_number, group, event: Event::of(news, id)? })
    };
    Ok(told.into_iter().filter_map(message).collect())
}

async fn send(out: &Out, messages: Vec<Message>) -> Option<String> {
    for messages in messages.chunks(AT_ONCE) {
        let entries = messages.iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>();
        let first = || messages.first().map(|message| message.sequence_number.clone());
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                tracing::error!(error, "an event cannot be written down");
                return first();
            }
        };
        let sent = out.sqs.send_message_batch().queue_url(&out.queue_url).set_entries(Some(entries)).send().await;
        let refused = match sent {
            Ok(sent) => sent.failed,
            Err(error) => {
                let error = aws_sdk_sqs::error::DisplayErrorContext(error);
                tracing::error!(%error, "the queue took nothing");
                return first();
            }
        };
        let place = |id: &str| id.parse().unwrap_or(0_usize);
        if let Some(refused) = refused.iter().min_by_key(|entry| place(entry.id())) {
            tracing::error!(code = refused.code(), "the queue refused an event");
            return messages.get(place(refused.id())).map(|message| message.sequence_number.clone());
        }
    }
    None
}

fn entry((place, message): (usize, &Message)) -> Result<SendMessageBatchRequestEntry, String> {
    SendMessageBatchRequestEntry::builder()
        .id(place.to_string())
        .message_group_id(&message.group)
        .message_deduplication_id(&message.event.id)
        .message_body(serde_json::to_string(&message.event).map_err(|error| error.to_string())?)
        .build()
        .map_err(|error| error.to_string())
}
