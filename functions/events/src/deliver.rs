//! Out of the queue, to the event bus.

use aws_lambda_events::sqs::SqsMessage;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use crate::event::Event;
use crate::function::Out;

/// What events on the bus say they come from; rules match on it.
const SOURCE: &str = "tercile";
/// What the bus takes in one call.
const AT_ONCE: usize = 10;

/// Delivers these messages; the ids of those that were not taken, which the queue hands over again.
pub(crate) async fn deliver(out: &Out, messages: Vec<SqsMessage>) -> Vec<String> {
    let mut failed = Vec::new();
    for messages in messages.chunks(AT_ONCE) {
        let (mut ids, mut entries) = (Vec::new(), Vec::new());
        for message in messages {
            let id = message.message_id.clone().unwrap_or_default();
            let body = message.body.clone().unwrap_or_default();
            match serde_json::from_str::<Event>(&body) {
                Ok(event) => {
                    ids.push(id);
                    let entry = PutEventsRequestEntry::builder().event_bus_name(&out.bus_name).source(SOURCE);
                    entries.push(entry.detail_type(event.kind.name()).detail(body).build());
                }
                // Not ours: goes to the dead letters after its tries, to be looked at.
                Err(error) => {
                    tracing::error!(message = id, %error, "a message of the queue is no event");
                    failed.push(id);
                }
            }
        }
        if entries.is_empty() {
            continue;
        }
        match out.bus.put_events().set_entries(Some(entries)).send().await {
            Ok(put) => {
                for (id, entry) in ids.into_iter().zip(put.entries()) {
                    if let Some(code) = entry.error_code() {
                        tracing::warn!(message = id, code, "the bus refused an event");
                        failed.push(id);
                    }
                }
            }
            Err(error) => {
                let error = aws_sdk_eventbridge::error::DisplayErrorContext(error);
                tracing::warn!(%error, "the bus took nothing");
                failed.extend(ids);
            }
        }
    }
    failed
}
