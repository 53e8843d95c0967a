//! What the shards of a run hand over to its fit: surveys and second looks, as references and never as a call's input.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bucket::Cursor;
use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::pieces::{PARTIALS, StoredCounts};
use crate::shop::Keyed;
use crate::store::{Ledger, item};

/// For what a shard's customers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// What they are like.
    Survey,
    /// The exact counts inside some buckets.
    Look,
}

/// How far one pass over a shard is; what it found lies beside it, in pieces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Partial {
    /// Counts the writes of this item.
    pub version: u64,
    /// Where to go on; `None` at the shard's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
    /// Read units it took.
    pub read_units: f64,
    found: StoredCounts,
    /// When it may go, in seconds since 1970.
    expires_at: i64,
}

impl Partial {
    /// Has it read the whole shard?
    #[must_use]
    pub fn done(&self) -> bool {
        self.next.is_none()
    }

    /// Bytes of what it found, as they are stored.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.found.bytes
    }
}

impl Ledger {
    /// How far a pass over a shard is.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn partial(
        &self,
        shop: &ShopId,
        run: u64,
        pass: Pass,
        shard: u32,
    ) -> Result<Option<Partial>, LedgerError> {
        self.get(&self.tables().shops, &keys::partial(shop, run, pass, shard), true).await
    }

    /// What it found so far.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails, or what it holds does not read back.
    pub async fn partial_found<T: DeserializeOwned>(
        &self,
        shop: &ShopId,
        run: u64,
        (pass, shard): (Pass, u32),
        partial: &Partial,
    ) -> Result<T, LedgerError> {
        let key = keys::partial(shop, run, pass, shard);
        let bytes = self.pieces(key.pk, format!("{}#{}#", key.sk, partial.found.hash), &partial.found).await?;
        serde_json::from_slice(&bytes).map_err(LedgerError::damaged)
    }

    /// Writes how far a pass over a shard is and what it found, on condition that it is as read.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] when another goes on with this shard.
    pub async fn write_partial<T: Serialize>(
        &self,
        shop: &ShopId,
        run: u64,
        (pass, shard): (Pass, u32),
        read: Option<&Partial>,
        (found, next, read_units): (&T, Option<Cursor>, f64),
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let key = keys::partial(shop, run, pass, shard);
        let content = serde_json::to_vec(found).map_err(LedgerError::damaged)?;
        let head = |hash: &str| format!("{}#{hash}#", key.sk);
        let found = self.put_pieces(&key.pk, head, content, now).await?;
        let read_version = read.map(|read| read.version);
        let partial = Partial {
            version: read_version.unwrap_or(0) + 1,
            next,
            read_units: read.map_or(0.0, |read| read.read_units) + read_units,
            found,
            expires_at: (now + PARTIALS).timestamp(),
        };
        let stored = item(&Keyed { key, value: &partial })?;
        let written = self.put_one(&self.tables().shops, stored, read_version).await?;
        if written { Ok(()) } else { Err(LedgerError::Changed("the shard's survey")) }
    }
}
