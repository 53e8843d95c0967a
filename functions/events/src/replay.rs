//! Telling again: the stored events of some time are put into the queue once more, a bounded part per message, which ends by asking for
//! the next part.

use chrono::{DateTime, Utc};
use ledger::{LedgerError, OUT_KEPT, OutEvent, Replay, ReplayCursor, ReplayRequest, ShopId, keys, shop_day};
use serde::{Deserialize, Serialize};

use crate::function::{Message, Out};
use crate::queue::{REPLAY, Waiting, group};
use crate::stream::for_endpoint;

/// Events of one part.
const EVENTS: usize = 100;
/// Reads of one part, most of which find nothing in a shop with few events.
const READS: usize = 48;

#[derive(Serialize, Deserialize)]
struct Body {
    endpoint: String,
    number: u64,
}

/// The message that has a replay gone on with; `step` tells one from the others.
pub(crate) fn message(request: &ReplayRequest, now: DateTime<Utc>, step: u64) -> Waiting {
    let ReplayRequest { shop, endpoint, number } = request;
    let body = Body { endpoint: endpoint.clone(), number: *number };
    Waiting {
        group: group(REPLAY, shop, endpoint),
        id: format!("{endpoint}:{number}:{step}"),
        position: format!("{}{endpoint}#{number:08}#{step:08}", keys::out_from(now)),
        body: serde_json::to_string(&body).unwrap_or_default(),
    }
}

/// Goes on with what these messages ask for: how many of them are done with.
pub(crate) async fn go_on(out: &Out, shop: &ShopId, messages: &[Message]) -> Result<usize, LedgerError> {
    for (place, message) in messages.iter().enumerate() {
        let Ok(Body { endpoint, number }) = serde_json::from_str(&message.body) else {
            tracing::error!("a message of the queue is no replay");
            return Ok(place);
        };
        let request = ReplayRequest { shop: shop.clone(), endpoint, number };
        if !part(out, &request).await? {
            return Ok(place);
        }
    }
    Ok(messages.len())
}

/// Does one part. `false`: the queue did not take it.
async fn part(out: &Out, request: &ReplayRequest) -> Result<bool, LedgerError> {
    let ReplayRequest { shop, endpoint, number } = request;
    let found = out.ledger.replay(shop, endpoint).await?;
    let Some(mut replay) = found.filter(|replay| replay.number == *number && replay.done_at.is_none()) else {
        // It is done, or another one was begun.
        return Ok(true);
    };
    let known = out.ledger.endpoints(shop).await?;
    let Some(wanting) = known.into_iter().find(|known| known.id == *endpoint) else { return Ok(true) };
    let now = out.clock.now();
    let (events, next) = read(out, shop, &replay).await?;
    let ids = out.ledger.customer_ids(events.iter().filter_map(|one| Some((shop, one.news.customer()?)))).await?;
    let wanted = events.iter().filter(|event| wanting.wants(&event.news));
    let messages: Vec<Waiting> = wanted
        .filter_map(|event| {
            let id = event.news.customer().and_then(|key| ids.get(key)).cloned();
            for_endpoint(event, id, endpoint, Some(*number))
        })
        .collect();
    if out.queue.send(&messages).await.is_err() {
        return Ok(false);
    }
    replay.queued += messages.len() as u64;
    replay.noted_at = now;
    match next {
        Some(next) => replay.next = next,
        None => replay.done_at = Some(now),
    }
    let (done, step) = (replay.done_at.is_some(), replay.version + 1);
    if !out.ledger.note_replay(shop, endpoint, &replay).await? {
        // Somebody else does this part, and asks for the next.
        return Ok(true);
    }
    // Where this fails, the message comes again, and goes on from what was noted.
    Ok(done || out.queue.send(&[message(request, now, step)]).await.is_ok())
}

/// The next events of a replay, and where to go on after them; `None`: it is at its end.
async fn read(out: &Out, shop: &ShopId, replay: &Replay) -> Result<(Vec<OutEvent>, Option<ReplayCursor>), LedgerError> {
    let (mut at, mut events) = (replay.next.clone(), Vec::new());
    let (last, kept_from) = (shop_day(replay.until, chrono_tz::UTC), out.clock.now() - OUT_KEPT);
    for _ in 0..READS {
        if at.day > last {
            return Ok((events, None));
        }
        let limit = i32::try_from(EVENTS - events.len()).unwrap_or(1);
        let (found, next) = out.ledger.out_page(shop, (at.day, at.part), at.after.as_deref(), limit).await?;
        let in_time = |event: &OutEvent| event.at >= replay.from.max(kept_from) && event.at < replay.until;
        events.extend(found.into_iter().filter(in_time));
        at = match next {
            Some(after) => ReplayCursor { after: Some(after), ..at },
            None if at.part + 1 < keys::OUT_PARTS => ReplayCursor { part: at.part + 1, after: None, ..at },
            None => ReplayCursor { day: at.day.plus(1), part: 0, after: None },
        };
        if events.len() >= EVENTS {
            break;
        }
    }
    Ok((events, Some(at).filter(|at| at.day <= last)))
}
