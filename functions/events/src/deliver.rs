//! Out of the queue: to the bus, to endpoints, and what asks for a replay.
//!
//! After a message that was not taken, those behind it in its group are handed over again too, so a receiver gets a customer's events in
//! order. Groups go side by side: what holds one back is nobody else's business.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::event::Event;
use crate::function::{Message, Out};
use crate::queue::{BUS, Bus, REPLAY, read_group};
use crate::{endpoint, replay};

/// What the bus takes in one call.
const AT_ONCE: usize = 10;
/// No delivery begins later than this after a batch came: one takes at most five seconds, and the function has thirty.
const BEGIN_WITHIN: Duration = Duration::from_secs(20);

/// Delivers these messages; the ids of those that were not taken, which the queue hands over again.
pub(crate) async fn deliver(out: &Out, messages: Vec<Message>) -> Vec<String> {
    let until = Instant::now() + BEGIN_WITHIN;
    let (mut for_bus, mut groups): (Vec<Message>, Vec<Vec<Message>>) = (Vec::new(), Vec::new());
    for message in messages {
        let group = &message.attributes.message_group_id;
        if read_group(group).is_some_and(|(receiver, _)| receiver == BUS) {
            for_bus.push(message);
        } else {
            match groups.iter_mut().find(|known| known[0].attributes.message_group_id == *group) {
                Some(known) => known.push(message),
                None => groups.push(vec![message]),
            }
        }
    }
    let mut tasks = JoinSet::new();
    for messages in groups {
        let (out, ids): (Out, Vec<String>) = (out.clone(), messages.iter().map(|one| one.message_id.clone()).collect());
        tasks.spawn(async move {
            let taken = group(&out, &messages, until).await;
            ids.into_iter().skip(taken).collect::<Vec<_>>()
        });
    }
    let mut failed = match &out.bus {
        Some(bus) => to_bus(&**bus, for_bus).await,
        None => Vec::new(),
    };
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(not_taken) => failed.extend(not_taken),
            // The runtime answers for the whole batch then, as where the function itself panics.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    failed
}

/// Delivers the messages of one group: how many were taken, from the first on.
async fn group(out: &Out, messages: &[Message], until: Instant) -> usize {
    let Some((receiver, shop)) = messages.first().and_then(|message| read_group(&message.attributes.message_group_id))
    else {
        tracing::error!("a message of the queue has no receiver");
        return 0;
    };
    let taken = match receiver {
        REPLAY => replay::go_on(out, &shop, messages).await,
        endpoint => endpoint::deliver(out, &shop, endpoint, messages, until).await,
    };
    taken.unwrap_or_else(|error| {
        tracing::error!(%shop, receiver, %error, "what is sent and to whom could not be read or noted");
        0
    })
}

async fn to_bus(bus: &dyn Bus, messages: Vec<Message>) -> Vec<String> {
    let (mut failed, mut held) = (Vec::new(), std::collections::HashSet::new());
    for messages in messages.chunks(AT_ONCE) {
        let read = messages.iter().map(|message| serde_json::from_str::<Event>(&message.body));
        let read: Vec<Option<Event>> = read
            .map(|event| match event {
                Ok(event) => Some(event),
                // Not ours: goes to the dead letters after its tries, to be looked at.
                Err(error) => {
                    tracing::error!(%error, "a message of the queue is no event");
                    None
                }
            })
            .collect();
        let events: Vec<(Event, &str)> = read
            .iter()
            .zip(messages)
            .filter_map(|(event, message)| Some((event.clone()?, message.body.as_str())))
            .collect();
        let mut taken = if events.is_empty() { Vec::new() } else { bus.put(&events).await }.into_iter();
        for (event, message) in read.iter().zip(messages) {
            let taken = event.is_some() && taken.next().unwrap_or(false);
            let group = message.attributes.message_group_id.clone();
            if !taken || held.contains(&group) {
                failed.push(message.message_id.clone());
                held.insert(group);
            }
        }
    }
    failed
}
