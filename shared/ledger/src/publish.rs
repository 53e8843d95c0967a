//! The publish job: products, learned lists and stock as chunks, of which only new ones are written; then the pointer moves;
//! then what neither this version nor the one before it names is deleted. A job that dies on the way leaves the old version
//! served, and what it wrote is deleted by a later one.

use std::collections::BTreeSet;

use catalogue::{ChunkHash, Learned, Manifest, Packed, Product, Stock, named_by, pack, pack_learned};
use chrono::{DateTime, Utc};
use segmentation::ProductKey;
use serde::Serialize;

use crate::chunks::{Kind, hashes};
use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::learning::Learning;
use crate::publish_lease::{PUBLISH_EVERY, PublishLease};
use crate::shop::Current;
use crate::store::{Change, Ledger, attribute};

/// What became of a publish job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publish {
    /// What was asked for is published already.
    Nothing,
    /// The last job began less than [`PUBLISH_EVERY`] ago, or is at work: not before this moment.
    NotBefore(DateTime<Utc>),
    /// Done.
    Done(PublishNumbers),
}

/// What a publish did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PublishNumbers {
    /// Products in the version.
    pub products: u64,
    /// Products out of stock.
    pub out_of_stock: u64,
    /// Chunks of the version.
    pub chunks: u64,
    /// Chunks that were written, those of stock among them.
    pub written: u64,
    /// Chunks that nobody reads any more and were deleted.
    pub deleted: u64,
}

impl Ledger {
    /// Publishes the products and their stock if that was asked for, at most once in [`PUBLISH_EVERY`].
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails, or [`LedgerError::Changed`] when another publisher took over.
    pub async fn publish(&self, shop: &ShopId, now: DateTime<Utc>) -> Result<Publish, LedgerError> {
        let lease = self.publish_lease(shop).await?;
        if self.publish_requests(shop).await? == lease.published {
            return Ok(Publish::Nothing);
        }
        let due = lease.begun + PUBLISH_EVERY.num_milliseconds();
        if now.timestamp_millis() < due {
            return Ok(Publish::NotBefore(DateTime::from_timestamp_millis(due).unwrap_or(now)));
        }
        self.publish_now(shop, now).await
    }

    /// The same whatever was asked for and however short ago the last job was; one at a time still.
    ///
    /// # Errors
    /// As [`Ledger::publish`].
    pub async fn publish_now(&self, shop: &ShopId, now: DateTime<Utc>) -> Result<Publish, LedgerError> {
        let Some((mut lease, current)) = self.begin_publish(shop, now).await? else {
            return Ok(Publish::NotBefore(now + PUBLISH_EVERY));
        };
        lease.begun = now.timestamp_millis();
        // First the count of requests, then the products: who asks after this is answered by the next job.
        let requests = self.publish_requests(shop).await?;
        let stored = self.all_products(shop).await?;
        let out = stored.iter().filter(|stored| stored.out_of_stock()).map(|stored| ProductKey::of(&stored.product.id));
        let stock = Stock::out_of(out);
        let products: Vec<Product> = stored.into_iter().map(|stored| stored.product).collect();
        let packed = tokio::task::spawn_blocking(move || pack(products)).await.map_err(LedgerError::damaged)?;
        let mut numbers = PublishNumbers {
            products: packed.manifest.products,
            out_of_stock: stock.len() as u64,
            chunks: packed.chunks.len() as u64,
            ..PublishNumbers::default()
        };
        let stock = stock.pack();
        lease.products.insert(packed.manifest.version.clone());
        lease.stock.extend(stock.manifest.chunks.iter().cloned());
        self.publish_step(shop, &mut lease, Vec::new()).await?;
        numbers.written += self.write_version(shop, Kind::Products, &packed, current.catalogue.as_deref()).await?;
        for chunk in stock.chunks.iter().filter(|chunk| !current.stock.contains(&chunk.hash)) {
            numbers.written += u64::from(self.put_chunk(shop, Kind::Stock, chunk).await?);
        }
        let change = Change {
            set: "SET #catalogue = :catalogue, #stock = :stock",
            on_condition: "attribute_exists(#pk)",
            values: [
                (":catalogue".to_owned(), attribute(&packed.manifest.version)?),
                (":stock".to_owned(), hashes(&stock.manifest.chunks)?),
            ]
            .into(),
        };
        lease.published = requests;
        let pointers = self.update(&self.tables().shops, &keys::current(shop), change)?;
        self.publish_step(shop, &mut lease, vec![pointers]).await?;
        let (kept, deleted) =
            self.sweep(shop, Kind::Products, &lease, &packed.manifest, current.catalogue.as_deref()).await?;
        lease.products = kept;
        numbers.deleted += deleted + self.sweep_stock(shop, &mut lease, &stock.manifest, &current.stock).await?;
        self.end_publish(shop, lease).await?;
        Ok(Publish::Done(numbers))
    }

    /// Publishes what was learned of purchases.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] while another publisher is at work; else as [`Ledger::publish`].
    pub async fn publish_learned(
        &self,
        shop: &ShopId,
        learned: &Learned,
        now: DateTime<Utc>,
    ) -> Result<PublishNumbers, LedgerError> {
        self.publish_lists(shop, learned, now, None).await
    }

    /// The same; with a learning, its end goes with the pointer, so that one that is no more the shop's last moves nothing.
    pub(crate) async fn publish_lists(
        &self,
        shop: &ShopId,
        learned: &Learned,
        now: DateTime<Utc>,
        learning: Option<&Learning>,
    ) -> Result<PublishNumbers, LedgerError> {
        let packed = pack_learned(learned);
        let Some((mut lease, current)) = self.begin_publish(shop, now).await? else { return Err(LedgerError::Busy) };
        lease.learned.insert(packed.manifest.version.clone());
        self.publish_step(shop, &mut lease, Vec::new()).await?;
        let written = self.write_version(shop, Kind::Learned, &packed, current.learned.as_deref()).await?;
        let mut change = Change {
            set: "SET #learned = :learned",
            on_condition: "attribute_exists(#pk)",
            values: [(":learned".to_owned(), attribute(&packed.manifest.version)?)].into(),
        };
        let mut also = Vec::new();
        if let Some(learning) = learning {
            change.set = "SET #learned = :learned, #last_learned = :day";
            change.values.insert(":day".to_owned(), attribute(&learning.day)?);
            also.push(self.learning_end(shop, learning)?);
        }
        also.push(self.update(&self.tables().shops, &keys::current(shop), change)?);
        self.publish_step(shop, &mut lease, also).await?;
        let (kept, deleted) =
            self.sweep(shop, Kind::Learned, &lease, &packed.manifest, current.learned.as_deref()).await?;
        lease.learned = kept;
        self.end_publish(shop, lease).await?;
        let (products, chunks) = (packed.manifest.products, packed.chunks.len() as u64);
        Ok(PublishNumbers { products, out_of_stock: 0, chunks, written, deleted })
    }

    async fn begin_publish(
        &self,
        shop: &ShopId,
        now: DateTime<Utc>,
    ) -> Result<Option<(PublishLease, Current)>, LedgerError> {
        let mut lease = self.publish_lease(shop).await?;
        if now.timestamp_millis() < lease.until || !self.take_publish_lease(shop, &mut lease, now).await? {
            return Ok(None);
        }
        let current = self.read_current(shop).await?.ok_or_else(|| LedgerError::damaged("no such shop"))?;
        Ok(Some((lease, current)))
    }

    async fn end_publish(&self, shop: &ShopId, mut lease: PublishLease) -> Result<(), LedgerError> {
        lease.until = 0;
        self.publish_step(shop, &mut lease, Vec::new()).await?;
        self.forget_shop(shop);
        Ok(())
    }

    /// Writes the chunks that the served version does not have, and the manifest; gives how many were new.
    async fn write_version(
        &self,
        shop: &ShopId,
        kind: Kind,
        packed: &Packed,
        served: Option<&str>,
    ) -> Result<u64, LedgerError> {
        if served == Some(&packed.manifest.version) {
            return Ok(0);
        }
        self.put_manifest(shop, kind, &packed.manifest).await?;
        let served = match served {
            Some(version) => self.manifest(shop, kind, version).await?,
            None => None,
        };
        let there = named_by(&served);
        let mut written = 0;
        for chunk in packed.chunks.iter().filter(|chunk| !there.contains(&chunk.hash)) {
            written += u64::from(self.put_chunk(shop, kind, chunk).await?);
        }
        Ok(written)
    }

    /// Deletes every version but the new one and the one served until now: readers may be in the middle of that. Gives the
    /// versions that are left.
    async fn sweep(
        &self,
        shop: &ShopId,
        kind: Kind,
        lease: &PublishLease,
        new: &Manifest,
        before: Option<&str>,
    ) -> Result<(BTreeSet<String>, u64), LedgerError> {
        let versions = if kind == Kind::Learned { &lease.learned } else { &lease.products };
        // The version before this one may be newer than a reader's: it goes when this one does.
        if before == Some(&new.version) {
            return Ok((versions.clone(), 0));
        }
        let keep: BTreeSet<String> =
            [Some(new.version.as_str()), before].into_iter().flatten().map(str::to_owned).collect();
        let mut deleted = 0;
        if versions.is_subset(&keep) {
            return Ok((keep, deleted));
        }
        let before = match before {
            Some(version) => self.manifest(shop, kind, version).await?,
            None => None,
        };
        let kept = named_by(before.iter().chain([new]));
        for version in versions.difference(&keep) {
            let Some(old) = self.manifest(shop, kind, version).await? else { continue };
            let gone: Vec<&ChunkHash> = old.chunks.iter().filter(|hash| !kept.contains(hash)).collect();
            deleted += gone.len() as u64;
            for deletions in self.deletions(shop, kind, gone, Some(version))? {
                self.delete_while_held(shop, lease, deletions).await?;
            }
        }
        Ok((keep, deleted))
    }

    async fn sweep_stock(
        &self,
        shop: &ShopId,
        lease: &mut PublishLease,
        new: &Manifest,
        before: &[ChunkHash],
    ) -> Result<u64, LedgerError> {
        if new.chunks == before {
            return Ok(0);
        }
        let keep = new.chunks.iter().chain(before).cloned().collect();
        let gone: Vec<&ChunkHash> = lease.stock.difference(&keep).collect();
        let deleted = gone.len() as u64;
        for deletions in self.deletions(shop, Kind::Stock, gone, None)? {
            self.delete_while_held(shop, lease, deletions).await?;
        }
        lease.stock = keep;
        Ok(deleted)
    }
}
