//! Out of the queue, to the event bus.

use std::collections::HashSet;

use aws_lambda_events::sqs::SqsMessage;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use crate::event::Event;
use crate::function::Out;

/// What events on the bus say they come from; rules match on it.
const SOURCE: &str = "tercile";
/// What the bus takes in one call.
const AT_ONCE: usize = 10;

/// Delivers these messages; the ids of those that were not taken, which the queue hands over again.
///
/// After one that was not taken, those behind it in its group are handed over again too, though the bus may have them: so a
/// receiver gets a customer's events in order, some of them twice, which their ids tell.
pub(crate) async fn deliver(out: &Out, messages: Vec<SqsMessage>) -> Vec<String> {
    let (mut failed, mut held) = (Vec::new(), HashSet::new());
    for messages in messages.chunks(AT_ONCE) {
        let taken = put(out, messages).await;
        for (message, taken) in messages.iter().zip(taken) {
            let group = message.attributes.get("MessageGroupId").cloned().unwrap_or_default();
            if !taken || held.contains(&group) {
                failed.push(message.message_id.clone().unwrap_or_default());
                held.insert(group);
            }
        }
    }
    failed
}

/// Puts messages on the bus in one call: of each, whether it was taken.
async fn put(out: &Out, messages: &[SqsMessage]) -> Vec<bool> {
    let mut taken = vec![false; messages.len()];
    let (mut places, mut entries) = (Vec::new(), Vec::new());
    for (place, message) in messages.iter().enumerate() {
        let body = message.body.as_deref().unwrap_or_default();
        match serde_json::from_str::<Event>(body) {
            Ok(event) => {
                places.push(place);
                let entry = PutEventsRequestEntry::builder().event_bus_name(&out.bus_name).source(SOURCE);
                entries.push(entry.detail_type(event.kind.name()).detail(body).build());
            }
            // Not ours: goes to the dead letters after its tries, to be looked at.
            Err(error) => tracing::error!(message = message.message_id, %error, "a message of the queue is no event"),
        }
    }
    if entries.is_empty() {
        return taken;
    }
    match out.bus.put_events().set_entries(Some(entries)).send().await {
        Ok(put) => {
            for (place, entry) in places.into_iter().zip(put.entries()) {
                taken[place] = entry.error_code().is_none();
                if let Some(code) = entry.error_code() {
                    tracing::warn!(code, "the bus refused an event");
                }
            }
        }
        Err(error) => {
            let error = aws_sdk_eventbridge::error::DisplayErrorContext(error);
            tracing::warn!(%error, "the bus took nothing");
        }
    }
    taken
}
