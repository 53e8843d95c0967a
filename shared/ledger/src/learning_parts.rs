//! A learning's counts on their way: bytes too long for an item, cut into pieces that are named by the hash of the whole,
//! and a note which bytes hold.
//!
//! Who repeats a step writes the same pieces again, that is, nothing. Who counts a shard that another counts too (a profile
//! may have changed in between) writes other pieces; the first note wins, and both go on with what it names.

use std::io::{Read, Write};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{LedgerError, store};
use crate::ids::ShopId;
use crate::keys::{self, Key};
use crate::shop::Keyed;
use crate::store::{Ledger, item};

/// How long a learning's counts are kept.
pub(crate) const PARTIALS: TimeDelta = TimeDelta::days(7);
/// A stored item holds 400 KB.
const PIECE: usize = 350_000;

/// Where counts lie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCounts {
    /// The first 64 bits of SHA-256 over the content, as small hex digits.
    pub hash: String,
    /// In how many items.
    pub items: u32,
    /// Bytes of the content.
    pub content: u64,
    /// Bytes as they are stored.
    pub bytes: u64,
}

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

#[derive(Serialize)]
struct Expiring<'a, T> {
    #[serde(flatten)]
    value: &'a T,
    /// In seconds since 1970.
    expires_at: i64,
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
        let length = content.len() as u64;
        let packed = tokio::task::spawn_blocking(move || pack(&content)).await.map_err(LedgerError::damaged)?;
        let (hash, bytes) = packed?;
        let pieces: Vec<&[u8]> = bytes.chunks(PIECE).collect();
        let (pk, head) = (keys::learning_part(shop, number, part), keys::pieces(of_shard, &hash));
        for (at, piece) in pieces.iter().enumerate() {
            let mut stored = item(&Key { pk: pk.clone(), sk: format!("{head}{at:04}") })?;
            stored.insert("bytes".to_owned(), AttributeValue::B(Blob::new(*piece)));
            stored.insert("expires_at".to_owned(), AttributeValue::N((now + PARTIALS).timestamp().to_string()));
            // There already: the same bytes, as the key names them.
            self.put_one(&self.tables().shops, stored, None).await?;
        }
        let items = u32::try_from(pieces.len()).map_err(LedgerError::damaged)?;
        Ok(StoredCounts { hash, items, content: length, bytes: bytes.len() as u64 })
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
        let (pk, head) = (keys::learning_part(shop, number, part), keys::pieces(of_shard, &stored.hash));
        let query = self.inner.client.query().table_name(&self.tables().shops).consistent_read(true);
        let mut pages = query
            .key_condition_expression("pk = :pk AND begins_with(sk, :head)")
            .expression_attribute_values(":pk", AttributeValue::S(pk))
            .expression_attribute_values(":head", AttributeValue::S(head))
            .into_paginator()
            .send();
        let mut bytes = Vec::with_capacity(usize::try_from(stored.bytes).unwrap_or_default().min(64 * PIECE));
        while let Some(page) = pages.next().await {
            for mut piece in page.map_err(store("Query"))?.items.unwrap_or_default() {
                let Some(AttributeValue::B(piece)) = piece.remove("bytes") else {
                    return Err(LedgerError::damaged("a piece of counts has no bytes"));
                };
                bytes.extend_from_slice(piece.as_ref());
            }
        }
        let stored = stored.clone();
        tokio::task::spawn_blocking(move || unpack(&stored, &bytes)).await.map_err(LedgerError::damaged)?
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

    async fn note<T: Serialize + DeserializeOwned>(
        &self,
        key: Key,
        note: T,
        now: DateTime<Utc>,
    ) -> Result<T, LedgerError> {
        let table = &self.tables().shops;
        let expiring = Expiring { value: &note, expires_at: (now + PARTIALS).timestamp() };
        if self.put_one(table, item(&Keyed { key: key.clone(), value: &expiring })?, None).await? {
            return Ok(note);
        }
        self.get(table, &key, true).await?.ok_or_else(|| LedgerError::damaged("a note of a learning is gone"))
    }
}

fn hash(content: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(content)[..8])
}

fn pack(content: &[u8]) -> Result<(String, Vec<u8>), LedgerError> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
    packer.write_all(content).map_err(LedgerError::damaged)?;
    Ok((hash(content), packer.finish().map_err(LedgerError::damaged)?))
}

fn unpack(stored: &StoredCounts, bytes: &[u8]) -> Result<Vec<u8>, LedgerError> {
    let mut content = Vec::new();
    // A byte more than it should be is enough to see that it is another content.
    ZlibDecoder::new(bytes).take(stored.content + 1).read_to_end(&mut content).map_err(LedgerError::damaged)?;
    if hash(&content) == stored.hash { Ok(content) } else { Err(LedgerError::damaged("counts of another content")) }
}
