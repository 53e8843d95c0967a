//! What becomes of deliveries to an endpoint: the last one, what fails and why, and the events that no try brought there.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys::{self, Key};
use crate::out::OUT_KEPT;
use crate::shop::Keyed;
use crate::store::{Backoff, Ledger, item, parse};

/// How deliveries to an endpoint went lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EndpointState {
    /// When an event was last taken there, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_delivery: Option<DateTime<Utc>>,
    /// What has failed since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<Failing>,
    /// How many events no try brought there, and no replay since.
    #[serde(default)]
    pub dead_lettered: u64,
    /// When the first of those was written: a replay from here brings them all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_lettered_from: Option<DateTime<Utc>>,
    /// Counts the writes of this item.
    version: u64,
    /// When it may go, in seconds since 1970: long after the last delivery.
    expires_at: i64,
}

/// Deliveries that fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Failing {
    /// Since when.
    pub since: DateTime<Utc>,
    /// The last one.
    pub last: DateTime<Utc>,
    /// How many there were.
    pub failures: u64,
    /// Why the last one failed.
    pub why: String,
    /// Where it could not be reached at all: nothing is tried before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests_until: Option<DateTime<Utc>>,
}

/// An event that no try brought to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeadLetter {
    /// Its id.
    pub event: String,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// When it was given up.
    pub given_up_at: DateTime<Utc>,
    /// Why the last try failed.
    pub why: String,
}

#[derive(Serialize)]
struct StoredLetter<'a> {
    #[serde(flatten)]
    letter: &'a DeadLetter,
    expires_at: i64,
}

impl EndpointState {
    /// Is its last delivery told to the minute, and nothing of failures?
    #[must_use]
    pub fn says_delivered(&self, now: DateTime<Utc>) -> bool {
        self.failing.is_none() && self.last_delivery.is_some_and(|last| now - last < TimeDelta::minutes(1))
    }
}

impl Ledger {
    /// How deliveries to an endpoint went lately.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn endpoint_state(&self, shop: &ShopId, endpoint: &str) -> Result<EndpointState, LedgerError> {
        Ok(self.get(&self.tables().shops, &keys::endpoint_state(shop, endpoint), true).await?.unwrap_or_default())
    }

    /// Notes a delivery.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn note_delivery(
        &self,
        shop: &ShopId,
        endpoint: &str,
        now: DateTime<Utc>,
    ) -> Result<EndpointState, LedgerError> {
        let noted = |state: EndpointState| EndpointState { last_delivery: Some(now), failing: None, ..state };
        self.change_state(shop, endpoint, now, None, noted).await
    }

    /// Notes a failure, and until when nothing is to be tried.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn note_failure(
        &self,
        shop: &ShopId,
        endpoint: &str,
        why: &str,
        rests: impl Fn(TimeDelta) -> Option<TimeDelta>,
        now: DateTime<Utc>,
    ) -> Result<EndpointState, LedgerError> {
        let noted = |state: EndpointState| {
            let since = state.failing.as_ref().map_or(now, |failing| failing.since);
            let failures = state.failing.as_ref().map_or(0, |failing| failing.failures) + 1;
            let rests_until = rests(now - since).map(|rest| now + rest);
            let failing = Some(Failing { since, last: now, failures, why: why.to_owned(), rests_until });
            EndpointState { failing, ..state }
        };
        self.change_state(shop, endpoint, now, None, noted).await
    }

    /// Puts an event away that is given up; one that lies there already is not counted again.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn bury(
        &self,
        shop: &ShopId,
        endpoint: &str,
        position: &str,
        letter: &DeadLetter,
    ) -> Result<EndpointState, LedgerError> {
        let (key, now) = (keys::dead(shop, endpoint, position), letter.given_up_at);
        let stored = StoredLetter { letter, expires_at: (letter.at + OUT_KEPT).timestamp() };
        let write = self.put_new(&self.tables().shops, item(&Keyed { key: key.clone(), value: &stored })?)?;
        let counted = |state: EndpointState| EndpointState {
            dead_lettered: state.dead_lettered + 1,
            dead_lettered_from: Some(state.dead_lettered_from.map_or(letter.at, |from| from.min(letter.at))),
            ..state
        };
        let beside = Beside { write, key, there: true };
        self.change_state(shop, endpoint, now, Some(beside), counted).await
    }

    /// Takes back what a replay brought there after all; nothing where it was not put away.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn dig_up(
        &self,
        shop: &ShopId,
        endpoint: &str,
        position: &str,
        now: DateTime<Utc>,
    ) -> Result<EndpointState, LedgerError> {
        let key = keys::dead(shop, endpoint, position);
        let write = self.delete(&self.tables().shops, &key)?;
        let counted = |state: EndpointState| {
            let dead_lettered = state.dead_lettered.saturating_sub(1);
            let dead_lettered_from = state.dead_lettered_from.filter(|_| dead_lettered > 0);
            EndpointState { dead_lettered, dead_lettered_from, ..state }
        };
        let beside = Beside { write, key, there: false };
        self.change_state(shop, endpoint, now, Some(beside), counted).await
    }

    /// A page of at most `limit` events that an endpoint was never brought to take, the oldest first.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn dead_letters(
        &self,
        shop: &ShopId,
        endpoint: &str,
        after: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<DeadLetter>, Option<String>), LedgerError> {
        let pk = keys::endpoint_part(shop, endpoint);
        let start = after.map(|sk| Key { pk: pk.clone(), sk: sk.to_owned() });
        let (found, next) = self.query_from(&self.tables().shops, &pk, Some(keys::DEAD), false, start, limit).await?;
        Ok((found.into_iter().map(parse).collect::<Result<_, _>>()?, next))
    }

    /// Changes the state on condition that it is as read, with another write beside it where that is still to be done.
    async fn change_state(
        &self,
        shop: &ShopId,
        endpoint: &str,
        now: DateTime<Utc>,
        beside: Option<Beside>,
        change: impl Fn(EndpointState) -> EndpointState,
    ) -> Result<EndpointState, LedgerError> {
        /// Well beyond what is kept of events.
        const KEPT: TimeDelta = TimeDelta::days(90);
        let table = &self.tables().shops;
        let mut pause = Backoff::default();
        loop {
            let read = self.endpoint_state(shop, endpoint).await?;
            if let Some(beside) = &beside
                && self.get_item(table, &beside.key, true).await?.is_some() == beside.there
            {
                return Ok(read);
            }
            let version = (read.version > 0).then_some(read.version);
            let next =
                EndpointState { version: read.version + 1, expires_at: (now + KEPT).timestamp(), ..change(read) };
            let stored = item(&Keyed { key: keys::endpoint_state(shop, endpoint), value: &next })?;
            let written = match &beside {
                None => self.put_one(table, stored, version).await?,
                Some(beside) => {
                    self.transact(vec![beside.write.clone(), self.put_as_read(table, stored, version)?]).await?
                }
            };
            if written {
                return Ok(next);
            }
            pause.wait().await?;
        }
    }
}

/// A write that goes with a change of the state, unless the item under its key is there, or is not, as it would leave it.
struct Beside {
    write: aws_sdk_dynamodb::types::TransactWriteItem,
    key: Key,
    there: bool,
}
