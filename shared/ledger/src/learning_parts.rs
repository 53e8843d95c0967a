//! A learning's counts on their way: bytes too long for an item, cut into pieces that are named by the hash of the whole,
//! and a note which bytes hold.
//!
//! Who repeats a step writes the same pieces again, that is, nothing. Who counts a shard that another counts too (a profile
//! may have changed in between) writes other pieces; the first note wins, and both go on with what it names.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::pieces::StoredCounts;
use crate::store::Ledger;

/// That a shard is counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedShard {
    /// Which shard.
    pub shard: u32,
    /// Customers with a basket.
    pub customers: u64,
    /// Its counts, part by part.
    pub parts: Vec<StoredCounts>,
}

/// That a part is merged over all shards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedPart {
    /// Which part.
    pub part: u16,
    /// Products whose hash is of this part.
    pub products: u64,
    /// Pairs of products in it that at least 1, 2, 3 … customers bought both of.
    pub pairs: Vec<u64>,
    /// Its counts.
    pub counts: StoredCounts,
}

impl Ledger {
    /// Writes the counts of a part, of one shard or merged, and says where they lie. Nobody reads them before a note names
    /// them.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn put_counts(
        &self,
        shop: &ShopId,
        number: u64,
        part: u16,
        of_shard: Option<u32>,
        content: Vec<u8>,
        now: DateTime<Utc>,
    ) -> Result<StoredCounts, LedgerError> {
        let pk = keys::learning_part(shop, number, part);
        self.put_pieces(&pk, |hash| keys::pieces(of_shard, hash), content, now).await
    }

    /// Reads counts that a note names.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] when a piece is missing or the content is another one; or the store fails.
    pub async fn counts(
        &self,
        shop: &ShopId,
        number: u64,
        part: u16,
        of_shard: Option<u32>,
        stored: &StoredCounts,
    ) -> Result<Vec<u8>, LedgerError> {
        let pk = keys::learning_part(shop, number, part);
        self.pieces(pk, keys::pieces(of_shard, &stored.hash), stored).await
    }

    /// The note that a shard is counted, if it is.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn counted_shard(
        &self,
        shop: &ShopId,
        number: u64,
        shard: u32,
    ) -> Result<Option<CountedShard>, LedgerError> {
        self.get(&self.tables().shops, &keys::shard_counted(shop, number, shard), true).await
    }

    /// Notes that a shard is counted, unless that is noted; gives the note that holds.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn note_counted(
        &self,
        shop: &ShopId,
        number: u64,
        counted: CountedShard,
        now: DateTime<Utc>,
    ) -> Result<CountedShard, LedgerError> {
        self.note(keys::shard_counted(shop, number, counted.shard), counted, now).await
    }

    /// The note that a part is merged, if it is.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn merged_part(&self, shop: &ShopId, number: u64, part: u16) -> Result<Option<MergedPart>, LedgerError> {
        self.get(&self.tables().shops, &keys::part_merged(shop, number, part), true).await
    }

    /// Notes that a part is merged, unless that is noted; gives the note that holds.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn note_merged(
        &self,
        shop: &ShopId,
        number: u64,
        merged: MergedPart,
        now: DateTime<Utc>,
    ) -> Result<MergedPart, LedgerError> {
        self.note(keys::part_merged(shop, number, merged.part), merged, now).await
    }
}
