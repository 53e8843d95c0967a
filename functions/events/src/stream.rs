//! From the ledger's stream into the queue: each event is stored, then a message is made of it for every receiver.

use std::collections::HashMap;

use ledger::{Endpoint, LedgerError, News, OutEvent, ReplayRequest, ShopId};
use tokio::task::JoinSet;

use crate::event::Event;
use crate::function::{Change, Out};
use crate::queue::{BUS, Delivery, Waiting, group};
use crate::replay;

/// Events that are stored at the same time.
const STORED_AT_ONCE: usize = 16;

/// What a record asks for.
enum Asked {
    Tell(OutEvent),
    Replay(ReplayRequest),
}

/// Puts what these records tell into the queue, in their order; the sequence number of the first one that failed, if one did.
/// What came after it may have been sent already: the queue knows it by its id and keeps one.
pub(crate) async fn forward(out: &Out, records: Vec<Change>) -> Option<String> {
    let (mut asked, mut failed) = (Vec::new(), None);
    for record in records {
        let sequence_number = record.sequence_number.clone();
        match read(record) {
            Ok(Some(found)) => asked.push((sequence_number, found)),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(sequence_number, %error, "a record of the stream cannot be read");
                failed = Some(sequence_number);
                break;
            }
        }
    }
    if let Some((place, error)) = store(out, &asked).await {
        tracing::error!(%error, "an event could not be stored");
        failed = Some(asked.swap_remove(place).0);
        asked.truncate(place);
    }
    let first = asked.first().map(|(sequence_number, _)| sequence_number.clone());
    let messages = match messages(out, asked).await {
        Ok(messages) => messages,
        Err(error) => {
            tracing::error!(%error, "the receivers or customers of a batch could not be read");
            return first;
        }
    };
    let (records, messages): (Vec<String>, Vec<Waiting>) = messages.into_iter().unzip();
    match out.queue.send(&messages).await {
        Ok(()) => failed,
        Err(place) => records.into_iter().nth(place).or(first),
    }
}

fn read(record: Change) -> Result<Option<Asked>, LedgerError> {
    let pk = match record.new_image.get("pk") {
        Some(serde_dynamo::AttributeValue::S(pk)) => pk.clone(),
        _ => String::new(),
    };
    if let Some(request) = ReplayRequest::of(&pk, record.new_image.clone())? {
        return Ok(Some(Asked::Replay(request)));
    }
    Ok(News::of(record.new_image)?.map(|news| Asked::Tell(OutEvent { at: record.at, news })))
}

/// Stores the events; the place of the first that could not be, and why.
async fn store(out: &Out, asked: &[(String, Asked)]) -> Option<(usize, LedgerError)> {
    let events = asked.iter().enumerate().filter_map(|(place, (_, asked))| match asked {
        Asked::Tell(event) => Some((place, event.clone())),
        Asked::Replay(_) => None,
    });
    let (mut tasks, mut failed) = (JoinSet::new(), Vec::new());
    let mut settle = |done: Result<(usize, Result<(), LedgerError>), tokio::task::JoinError>| match done {
        Ok((_, Ok(()))) => {}
        Ok((place, Err(error))) => failed.push((place, error)),
        Err(error) => failed.push((0, LedgerError::Damaged(error.to_string()))),
    };
    for (place, event) in events {
        if tasks.len() >= STORED_AT_ONCE
            && let Some(done) = tasks.join_next().await
        {
            settle(done);
        }
        let ledger = out.ledger.clone();
        tasks.spawn(async move { (place, ledger.store_out(&event).await) });
    }
    while let Some(done) = tasks.join_next().await {
        settle(done);
    }
    failed.into_iter().min_by_key(|(place, _)| *place)
}

/// A message for every receiver of every event, each with its record's sequence number. Whose customer is gone for good is told to nobody.
async fn messages(out: &Out, asked: Vec<(String, Asked)>) -> Result<Vec<(String, Waiting)>, LedgerError> {
    let customers = asked.iter().filter_map(|(_, asked)| match asked {
        Asked::Tell(OutEvent { news, .. }) => Some((&news.shop, news.customer()?)),
        Asked::Replay(_) => None,
    });
    let ids = out.ledger.customer_ids(customers).await?;
    let mut endpoints: HashMap<ShopId, Vec<Endpoint>> = HashMap::new();
    let mut messages = Vec::new();
    for (record, asked) in asked {
        let event = match asked {
            Asked::Replay(request) => {
                messages.push((record, replay::message(&request, out.clock.now(), 0)));
                continue;
            }
            Asked::Tell(event) => event,
        };
        let shop = event.news.shop.clone();
        if !endpoints.contains_key(&shop) {
            endpoints.insert(shop.clone(), out.ledger.endpoints(&shop).await?);
        }
        let id = event.news.customer().and_then(|key| ids.get(key)).cloned();
        let of_shop = endpoints.get(&shop).into_iter().flatten();
        let wanting: Vec<&Endpoint> =
            of_shop.filter(|endpoint| endpoint.disabled.is_none() && endpoint.wants(&event.news)).collect();
        if out.bus.is_some() {
            messages.extend(for_bus(&event, id.clone()).map(|message| (record.clone(), message)));
        }
        for endpoint in wanting {
            let message = for_endpoint(&event, id.clone(), &endpoint.id, None);
            messages.extend(message.map(|message| (record.clone(), message)));
        }
    }
    Ok(messages)
}

fn for_bus(event: &OutEvent, id: Option<ledger::CustomerId>) -> Option<Waiting> {
    let (position, shop) = (event.position(), event.news.shop.clone());
    let group = group(BUS, &shop, whose(&event.news));
    let event = Event::of(event.clone(), id)?;
    Some(Waiting { group, id: event.id.clone(), position, body: serde_json::to_string(&event).ok()? })
}

/// The message that brings an event to an endpoint; told again, where that is a replay's.
pub(crate) fn for_endpoint(
    event: &OutEvent,
    id: Option<ledger::CustomerId>,
    endpoint: &str,
    replay: Option<u64>,
) -> Option<Waiting> {
    let (position, shop) = (event.position(), event.news.shop.clone());
    let group = group(endpoint, &shop, whose(&event.news));
    let event = Event::of(event.clone(), id)?;
    // The queue would take an event that is told again within five minutes for the one it knows.
    let id = replay.map_or_else(|| event.id.clone(), |replay| format!("{}:again-{replay}", event.id));
    let delivery = Delivery { position: position.clone(), again: replay.is_some(), event };
    Some(Waiting { group, id, position, body: serde_json::to_string(&delivery).ok()? })
}

fn whose(news: &News) -> &str {
    news.customer().map_or("alerts", |key| key.as_str())
}
