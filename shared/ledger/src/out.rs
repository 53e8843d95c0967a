//! Events as they were told, kept for 30 days so that they can be told again.
//!
//! Stored is what happened and to which customer key, not whose id that is: who was erased meanwhile is told of to nobody.

use chrono::{DateTime, TimeDelta, Utc};
use segmentation::Day;
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys::{self, Key};
use crate::news::News;
use crate::order::shop_day;
use crate::store::{Ledger, item, parse};

/// How long events are kept.
pub const OUT_KEPT: TimeDelta = TimeDelta::days(30);

/// Something that happened, and when it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutEvent {
    /// When the ledger took it in, to the second or better.
    pub at: DateTime<Utc>,
    /// What.
    pub news: News,
}

#[derive(Serialize)]
struct Stored<'a> {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    event: &'a OutEvent,
    expires_at: i64,
}

impl OutEvent {
    /// Where it stands among a shop's events: by time, and those of a customer in their sequence.
    #[must_use]
    pub fn position(&self) -> String {
        keys::out_position(self.at, self.news.customer(), &self.news.place())
    }
}

impl Ledger {
    /// Stores an event; one that is stored already stays as it is.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn store_out(&self, event: &OutEvent) -> Result<(), LedgerError> {
        let (news, day) = (&event.news, shop_day(event.at, chrono_tz::UTC));
        let key = keys::out(&news.shop, day, news.customer(), &event.position());
        let stored = item(&Stored { key, event, expires_at: (event.at + OUT_KEPT).timestamp() })?;
        self.put_one(&self.tables().shops, stored, None).await.map(|_| ())
    }

    /// A page of at most `limit` events of a day's part, in order, after a position; with the position where the next one begins.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn out_page(
        &self,
        shop: &ShopId,
        (day, part): (Day, u8),
        after: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<OutEvent>, Option<String>), LedgerError> {
        let pk = keys::out_part(shop, day, part);
        let start = after.map(|sk| Key { pk: pk.clone(), sk: sk.to_owned() });
        let (found, next) = self.query_from(&self.tables().shops, &pk, None, false, start, limit).await?;
        Ok((found.into_iter().map(parse).collect::<Result<_, _>>()?, next))
    }
}
