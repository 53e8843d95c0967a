//! Published content in the store: chunks named by their hash, and the lists of them. Neither ever changes once written.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem};
use catalogue::{Chunk, ChunkHash, Manifest};
use serde::Serialize;

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys::{self, Key};
use crate::store::{Ledger, attribute, item};

/// What is published in chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Products,
    Learned,
    Stock,
}

impl Kind {
    /// As it stands in keys.
    fn name(self) -> &'static str {
        match self {
            Kind::Products => "products",
            Kind::Learned => "learned",
            Kind::Stock => "stock",
        }
    }
}

/// Deletions of one transaction: it holds 4 MB, and a chunk is at most 350 KB.
const DELETED_AT_ONCE: usize = 10;

#[derive(Serialize)]
struct StoredManifest<'a> {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    manifest: &'a Manifest,
}

impl Ledger {
    pub(crate) async fn manifest(
        &self,
        shop: &ShopId,
        kind: Kind,
        version: &str,
    ) -> Result<Option<Manifest>, LedgerError> {
        self.get(&self.tables().shops, &keys::manifest(shop, kind.name(), version), true).await
    }

    /// Writes a manifest unless it is there.
    pub(crate) async fn put_manifest(&self, shop: &ShopId, kind: Kind, manifest: &Manifest) -> Result<(), LedgerError> {
        let key = keys::manifest(shop, kind.name(), &manifest.version);
        self.put_one(&self.tables().shops, item(&StoredManifest { key, manifest })?, None).await.map(|_| ())
    }

    /// Writes a chunk; `false`: it was there.
    pub(crate) async fn put_chunk(&self, shop: &ShopId, kind: Kind, chunk: &Chunk) -> Result<bool, LedgerError> {
        let mut stored = item(&keys::chunk(shop, kind.name(), &chunk.hash))?;
        stored.insert("bytes".to_owned(), AttributeValue::B(Blob::new(chunk.bytes.clone())));
        self.put_one(&self.tables().shops, stored, None).await
    }

    /// Reads chunks by their hashes; all of them, or an error.
    pub(crate) async fn chunks(
        &self,
        shop: &ShopId,
        kind: Kind,
        hashes: &[ChunkHash],
    ) -> Result<HashMap<ChunkHash, Vec<u8>>, LedgerError> {
        let mut by_key: HashMap<String, ChunkHash> =
            hashes.iter().map(|hash| (keys::chunk(shop, kind.name(), hash).sk, hash.clone())).collect();
        let keys: Vec<Key> = by_key.values().map(|hash| keys::chunk(shop, kind.name(), hash)).collect();
        let mut chunks = HashMap::with_capacity(keys.len());
        let table = &self.tables().shops;
        let found = match keys.as_slice() {
            [] => Vec::new(),
            [one] => self.get_item(table, one, true).await?.into_iter().collect(),
            _ => self.batch_get(table, &keys, true, None).await?,
        };
        for mut stored in found {
            let Some(AttributeValue::S(sk)) = stored.remove("sk") else { continue };
            let Some(hash) = by_key.remove(&sk) else { continue };
            let Some(AttributeValue::B(bytes)) = stored.remove("bytes") else {
                return Err(LedgerError::damaged(format!("{sk} has no bytes")));
            };
            chunks.insert(hash, bytes.into_inner());
        }
        match by_key.keys().next() {
            None => Ok(chunks),
            Some(missing) => Err(LedgerError::damaged(format!("{missing} is not there"))),
        }
    }

    /// What deletes these chunks, in pieces that a transaction holds.
    pub(crate) fn deletions<'a>(
        &self,
        shop: &ShopId,
        kind: Kind,
        hashes: impl IntoIterator<Item = &'a ChunkHash>,
        manifest: Option<&str>,
    ) -> Result<Vec<Vec<TransactWriteItem>>, LedgerError> {
        let chunks = hashes.into_iter().map(|hash| keys::chunk(shop, kind.name(), hash));
        // The list goes last: while it is there, a broken-off deletion is gone on with.
        let keys: Vec<Key> = chunks.chain(manifest.map(|version| keys::manifest(shop, kind.name(), version))).collect();
        keys.chunks(DELETED_AT_ONCE).map(|keys| keys.iter().map(|key| self.deletion(key)).collect()).collect()
    }

    fn deletion(&self, key: &Key) -> Result<TransactWriteItem, LedgerError> {
        let delete = Delete::builder().table_name(&self.tables().shops).set_key(Some(item(key)?));
        Ok(TransactWriteItem::builder().delete(delete.build().map_err(LedgerError::damaged)?).build())
    }
}

/// Hashes as an attribute.
pub(crate) fn hashes(hashes: &[ChunkHash]) -> Result<AttributeValue, LedgerError> {
    attribute(&hashes)
}
