//! Telling again: a shop asks that an endpoint be sent the events of some time once more, and what is done of that is noted.
//!
//! The request is an item of `Ledger`, so its stream hands it to whoever sends; how far that is lies beside the endpoint's state.

use chrono::{DateTime, TimeDelta, Utc};
use segmentation::Day;
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::shop::Keyed;
use crate::store::{Ledger, item};

/// A replay to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Counts an endpoint's replays, from 1.
    pub number: u64,
    /// Events written from this moment on
    pub from: DateTime<Utc>,
    /// and before this one.
    pub until: DateTime<Utc>,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// How many events were put into the queue so far.
    pub queued: u64,
    /// When that was noted.
    pub noted_at: DateTime<Utc>,
    /// When all of them were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<DateTime<Utc>>,
    /// Where to go on.
    pub next: ReplayCursor,
    /// Counts the writes of this item.
    pub version: u64,
}

/// Where a replay stands: after this position of a day's part; `None`: at its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayCursor {
    /// A day of UTC.
    pub day: Day,
    /// Which of its parts.
    pub part: u8,
    /// The last position that was queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// That a replay was asked for, as the ledger's stream tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayRequest {
    /// Of which shop.
    pub shop: ShopId,
    /// To which endpoint.
    pub endpoint: String,
    /// Its number.
    pub number: u64,
}

/// Why no replay was begun.
#[derive(Debug, thiserror::Error)]
pub enum BeginReplayError {
    /// The one before is not at its end.
    #[error("replay {0} of this endpoint is not at its end")]
    InProgress(u64),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

impl Replay {
    /// One that was not heard of for so long broke off; another may begin.
    const BROKEN_AFTER: TimeDelta = TimeDelta::hours(1);
}

impl ReplayRequest {
    /// What an item of the table `Ledger` asks for; `None`: it asks for no replay.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] when it does, and cannot be read.
    pub fn of(pk: &str, stored: serde_dynamo::Item) -> Result<Option<ReplayRequest>, LedgerError> {
        let Some(shop) = keys::read_replays(pk) else { return Ok(None) };
        let request: ReplayRequest = serde_dynamo::from_item(stored).map_err(LedgerError::damaged)?;
        Ok(Some(request).filter(|request| request.shop == shop))
    }
}

impl Ledger {
    /// Asks for a replay.
    ///
    /// # Errors
    /// [`BeginReplayError::InProgress`] while the one before is at work.
    pub async fn begin_replay(
        &self,
        shop: &ShopId,
        endpoint: &str,
        (from, until): (DateTime<Utc>, DateTime<Utc>),
        now: DateTime<Utc>,
    ) -> Result<Replay, BeginReplayError> {
        let last = self.replay(shop, endpoint).await?;
        if let Some(last) = &last
            && last.done_at.is_none()
            && now - last.noted_at < Replay::BROKEN_AFTER
        {
            return Err(BeginReplayError::InProgress(last.number));
        }
        let replay = Replay {
            number: last.as_ref().map_or(0, |last| last.number) + 1,
            from,
            until,
            asked_at: now,
            queued: 0,
            noted_at: now,
            done_at: None,
            next: ReplayCursor { day: crate::order::shop_day(from, chrono_tz::UTC), part: 0, after: None },
            version: last.as_ref().map_or(0, |last| last.version) + 1,
        };
        let request = ReplayRequest { shop: shop.clone(), endpoint: endpoint.to_owned(), number: replay.number };
        let key = keys::replay_request(shop, endpoint, replay.number);
        let stored = item(&Keyed { key: keys::endpoint_replay(shop, endpoint), value: &replay })?;
        let writes = vec![
            self.put_as_read(&self.tables().shops, stored, last.as_ref().map(|last| last.version))?,
            self.put_new(&self.tables().ledger, item(&Keyed { key, value: &request })?)?,
        ];
        match self.transact(writes).await? {
            true => Ok(replay),
            false => Err(BeginReplayError::InProgress(replay.number)),
        }
    }

    /// An endpoint's last replay.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn replay(&self, shop: &ShopId, endpoint: &str) -> Result<Option<Replay>, LedgerError> {
        self.get(&self.tables().shops, &keys::endpoint_replay(shop, endpoint), true).await
    }

    /// Notes how far a replay is, on condition that it is as read. `Ok(false)`: somebody else went on with it.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn note_replay(&self, shop: &ShopId, endpoint: &str, replay: &Replay) -> Result<bool, LedgerError> {
        let next = Replay { version: replay.version + 1, ..replay.clone() };
        let stored = item(&Keyed { key: keys::endpoint_replay(shop, endpoint), value: &next })?;
        self.put_one(&self.tables().shops, stored, Some(replay.version)).await
    }
}
