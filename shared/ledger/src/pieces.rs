//! Bytes too long for an item: compressed, cut into pieces that are named by the hash of the whole, and found by a note that
//! names them. Both go after a week.

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
use crate::keys::Key;
use crate::shop::Keyed;
use crate::store::{Ledger, item};

/// How long what is on its way is kept: a learning's counts, a job's parts and its result.
pub(crate) const PARTIALS: TimeDelta = TimeDelta::days(7);
/// A stored item holds 400 KB.
const PIECE: usize = 350_000;

/// Where bytes lie.
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

#[derive(Serialize)]
struct Expiring<'a, T> {
    #[serde(flatten)]
    value: &'a T,
    /// In seconds since 1970.
    expires_at: i64,
}

impl Ledger {
    /// Writes the pieces of a content; `head` makes of its hash what their sort keys begin with.
    pub(crate) async fn put_pieces(
        &self,
        pk: &str,
        head: impl Fn(&str) -> String,
        content: Vec<u8>,
        now: DateTime<Utc>,
    ) -> Result<StoredCounts, LedgerError> {
        let length = content.len() as u64;
        let packed = tokio::task::spawn_blocking(move || pack(&content)).await.map_err(LedgerError::damaged)?;
        let (hash, bytes) = packed?;
        let pieces: Vec<&[u8]> = bytes.chunks(PIECE).collect();
        let head = head(&hash);
        for (at, piece) in pieces.iter().enumerate() {
            let mut stored = item(&Key { pk: pk.to_owned(), sk: format!("{head}{at:04}") })?;
            stored.insert("bytes".to_owned(), AttributeValue::B(Blob::new(*piece)));
            stored.insert("expires_at".to_owned(), AttributeValue::N((now + PARTIALS).timestamp().to_string()));
            // There already: the same bytes, as the key names them.
            self.put_one(&self.tables().shops, stored, None).await?;
        }
        let items = u32::try_from(pieces.len()).map_err(LedgerError::damaged)?;
        Ok(StoredCounts { hash, items, content: length, bytes: bytes.len() as u64 })
    }

    /// Reads the pieces of a content whose sort keys begin with `head`.
    pub(crate) async fn pieces(&self, pk: String, head: String, stored: &StoredCounts) -> Result<Vec<u8>, LedgerError> {
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
                    return Err(LedgerError::damaged("a piece has no bytes"));
                };
                bytes.extend_from_slice(piece.as_ref());
            }
        }
        let stored = stored.clone();
        tokio::task::spawn_blocking(move || unpack(&stored, &bytes)).await.map_err(LedgerError::damaged)?
    }

    /// Writes a note unless there is one under the key; gives the one that holds.
    pub(crate) async fn note<T: Serialize + DeserializeOwned>(
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
        self.get(table, &key, true).await?.ok_or_else(|| LedgerError::damaged("a note is gone"))
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
    if hash(&content) == stored.hash { Ok(content) } else { Err(LedgerError::damaged("pieces of another content")) }
}
