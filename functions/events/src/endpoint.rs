//! One customer's events to one endpoint, in order: the first that fails holds back those behind it, until it is taken or given up.

use chrono::{DateTime, TimeDelta, Utc};
use ledger::{DeadLetter, Disabled, Endpoint, EndpointError, EndpointState, LedgerError, ShopId};
use tokio::time::Instant;

use crate::backoff::{GIVE_UP, next_try, rest, spread};
use crate::function::{Message, Out};
use crate::queue::Delivery;
use crate::send::{Failure, Sent};
use crate::sign::signatures;

/// A group on its way.
struct Way<'a> {
    out: &'a Out,
    shop: &'a ShopId,
    endpoint: Endpoint,
    state: EndpointState,
}

/// Delivers the messages of a group: how many are done with, from the first on.
pub(crate) async fn deliver(
    out: &Out,
    shop: &ShopId,
    id: &str,
    messages: &[Message],
    until: Instant,
) -> Result<usize, LedgerError> {
    let endpoints = out.ledger.endpoints(shop).await?;
    let Some(endpoint) = endpoints.into_iter().find(|endpoint| endpoint.id == id) else {
        // It was taken away, and whoever did that wants nothing any more.
        return Ok(messages.len());
    };
    let state = out.ledger.endpoint_state(shop, id).await?;
    let mut way = Way { out, shop, endpoint, state };
    for (place, message) in messages.iter().enumerate() {
        let wait = if Instant::now() >= until { Some(TimeDelta::zero()) } else { way.one(message).await? };
        if let Some(wait) = wait {
            let receipts: Vec<String> =
                messages[place..].iter().map(|message| message.receipt_handle.clone()).collect();
            out.queue.postpone(&receipts, spread(wait).to_std().unwrap_or_default()).await;
            return Ok(place);
        }
    }
    Ok(messages.len())
}

impl Way<'_> {
    /// Delivers one: `None` where it is done with, otherwise how long to wait for its next try.
    async fn one(&mut self, message: &Message) -> Result<Option<TimeDelta>, LedgerError> {
        let now = self.out.clock.now();
        let delivery: Delivery = match serde_json::from_str(&message.body) {
            Ok(delivery) => delivery,
            Err(error) => {
                tracing::error!(%error, "a message of the queue is no delivery");
                return Ok(Some(GIVE_UP));
            }
        };
        if let Some(disabled) = &self.endpoint.disabled {
            let why = format!("the endpoint is disabled: {}", disabled.why);
            return self.give_up(&delivery, why, now).await;
        }
        let age = message.sent_at().map_or(TimeDelta::zero(), |sent| now - sent);
        if let Some(failing) = &self.state.failing
            && let Some(rests_until) = failing.rests_until.filter(|until| *until > now)
        {
            // Whoever could not be reached for a day is not tried for each event anew.
            if age >= GIVE_UP && now - failing.since >= GIVE_UP {
                let why = failing.why.clone();
                return self.give_up(&delivery, why, now).await;
            }
            return Ok(Some(rests_until - now));
        }
        let failure = match self.send(&delivery, now).await {
            Ok(Sent) => return self.taken(&delivery, now).await,
            Err(failure) => failure,
        };
        let why = failure.to_string();
        tracing::warn!(shop = %self.shop, endpoint = self.endpoint.id, why, "a delivery failed");
        let (ledger, id) = (&self.out.ledger, &self.endpoint.id);
        let rests = |down| failure.is_of_the_receiver().then(|| rest(down));
        self.state = ledger.note_failure(self.shop, id, &why, rests, now).await?;
        if failure == Failure::Gone {
            self.disable(now).await?;
            return self.give_up(&delivery, why, now).await;
        }
        match next_try(age) {
            Some(wait) => Ok(Some(wait)),
            None => self.give_up(&delivery, why, now).await,
        }
    }

    async fn send(&self, delivery: &Delivery, now: DateTime<Utc>) -> Result<Sent, Failure> {
        // The same event has the same bytes at each try.
        let body = serde_json::to_string(&delivery.event).map_err(|error| Failure::NotSent(error.to_string()))?;
        let secrets = self.out.ledger.signing_secrets(self.shop, &self.endpoint, now);
        let id = &delivery.event.id;
        let signature = signatures(&secrets, id, now, &body);
        self.out.sender.post(&self.endpoint.url, id, now, &signature, body).await
    }

    async fn taken(&mut self, delivery: &Delivery, now: DateTime<Utc>) -> Result<Option<TimeDelta>, LedgerError> {
        let (ledger, id) = (&self.out.ledger, &self.endpoint.id);
        if !self.state.says_delivered(now) {
            self.state = ledger.note_delivery(self.shop, id, now).await?;
        }
        if delivery.again && self.state.dead_lettered > 0 {
            self.state = ledger.dig_up(self.shop, id, &delivery.position, now).await?;
        }
        Ok(None)
    }

    async fn give_up(
        &mut self,
        delivery: &Delivery,
        why: String,
        now: DateTime<Utc>,
    ) -> Result<Option<TimeDelta>, LedgerError> {
        let event = &delivery.event;
        let letter = DeadLetter { event: event.id.clone(), at: event.time, given_up_at: now, why };
        self.state = self.out.ledger.bury(self.shop, &self.endpoint.id, &delivery.position, &letter).await?;
        Ok(None)
    }

    /// Its owner said that it is gone for good.
    async fn disable(&mut self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        let disabled = Disabled { at: now, why: "it answered 410 Gone".to_owned() };
        let changed = self.out.ledger.change_endpoint(self.shop, &self.endpoint.id, |endpoint| {
            endpoint.disabled.get_or_insert_with(|| disabled.clone());
        });
        match changed.await {
            Ok(endpoint) => self.endpoint = endpoint,
            Err(EndpointError::Store(error)) => return Err(error),
            // Taken away meanwhile.
            Err(_) => self.endpoint.disabled = Some(disabled),
        }
        Ok(())
    }
}
