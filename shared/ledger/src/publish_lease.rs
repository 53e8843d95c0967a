//! One publisher per shop: a lease with a version, on which every step of a publish is conditional. Who lost it can neither
//! move a pointer nor delete a chunk.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem};
use catalogue::ChunkHash;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::store::{Backoff, Change, Item, Ledger, attribute, item};

/// How long a publisher may be silent before another begins anew.
pub const PUBLISH_LEASE: TimeDelta = TimeDelta::minutes(5);
/// A shop's catalogue is published at most once in this time.
pub const PUBLISH_EVERY: TimeDelta = TimeDelta::seconds(60);

/// The item `publish`: what was published, until when it is worked at, and which versions may lie in the
/// store, so that what a dead publisher left is found and deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublishLease {
    /// The requests that the published version answers.
    #[serde(default)]
    pub(crate) published: u64,
    /// Raised by every step of a publisher; 0: there was none.
    #[serde(default)]
    pub(crate) version: u64,
    /// In milliseconds since 1970; 0: free.
    #[serde(default)]
    pub(crate) until: i64,
    /// When the last job began, likewise.
    #[serde(default)]
    pub(crate) begun: i64,
    /// Versions of products whose chunks may lie in the store.
    #[serde(default)]
    pub(crate) products: BTreeSet<String>,
    /// Versions of learned lists, likewise.
    #[serde(default)]
    pub(crate) learned: BTreeSet<String>,
    /// Chunks of stock, likewise.
    #[serde(default)]
    pub(crate) stock: BTreeSet<ChunkHash>,
}

#[derive(Default, Deserialize)]
struct Requests {
    requested: u64,
}

impl Ledger {
    pub(crate) async fn publish_lease(&self, shop: &ShopId) -> Result<PublishLease, LedgerError> {
        Ok(self.get(&self.tables().shops, &keys::publishing(shop), true).await?.unwrap_or_default())
    }

    /// How often a publish was asked for.
    pub(crate) async fn publish_requests(&self, shop: &ShopId) -> Result<u64, LedgerError> {
        let found: Option<Requests> = self.get(&self.tables().shops, &keys::publish_requests(shop), true).await?;
        Ok(found.unwrap_or_default().requested)
    }

    /// Notes that the catalogue differs from what is published; a job is to follow.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn request_publish(&self, shop: &ShopId) -> Result<(), LedgerError> {
        let one = Change {
            set: "ADD #requested :one",
            // Always so: an increment needs to know nothing of what it increments.
            on_condition: "attribute_not_exists(#pk) OR attribute_exists(#pk)",
            values: [(":one".to_owned(), attribute(&1)?)].into(),
        };
        let write = self.update(&self.tables().shops, &keys::publish_requests(shop), one)?;
        let mut pause = Backoff::default();
        while !self.transact(vec![write.clone()]).await? {
            pause.wait().await?;
        }
        Ok(())
    }

    /// Was anything asked for that is not published yet?
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn is_publish_due(&self, shop: &ShopId) -> Result<bool, LedgerError> {
        Ok(self.publish_requests(shop).await? > self.publish_lease(shop).await?.published)
    }

    /// Ends the lease of a publisher that is known to be dead, as [`Ledger::expire_lease`] does for a run.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn expire_publish_lease(&self, shop: &ShopId) -> Result<(), LedgerError> {
        let mut lease = self.publish_lease(shop).await?;
        if lease.until == 0 {
            return Ok(());
        }
        lease.until = 0;
        self.publish_step(shop, &mut lease, Vec::new()).await
    }

    /// Takes the lease for a job that begins now; `false`: somebody else was faster.
    pub(crate) async fn take_publish_lease(
        &self,
        shop: &ShopId,
        lease: &mut PublishLease,
        now: DateTime<Utc>,
    ) -> Result<bool, LedgerError> {
        lease.until = (now + PUBLISH_LEASE).timestamp_millis();
        match self.publish_step(shop, lease, Vec::new()).await {
            Err(LedgerError::Changed(_)) => Ok(false),
            taken => taken.map(|()| true),
        }
    }

    /// Writes a step of the publisher, and in the same transaction what goes with it, such as the shop's pointers.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] when another has taken the lease.
    pub(crate) async fn publish_step(
        &self,
        shop: &ShopId,
        lease: &mut PublishLease,
        also: Vec<TransactWriteItem>,
    ) -> Result<(), LedgerError> {
        let read = lease.version;
        lease.version += 1;
        let table = &self.tables().shops;
        let mut writes = vec![self.update(table, &keys::publishing(shop), lease.step(read)?)?];
        writes.extend(also);
        self.while_held(shop, read, writes).await
    }

    /// Runs deletions on condition that the lease is held.
    pub(crate) async fn delete_while_held(
        &self,
        shop: &ShopId,
        lease: &PublishLease,
        mut deletions: Vec<TransactWriteItem>,
    ) -> Result<(), LedgerError> {
        let check = ConditionCheck::builder()
            .table_name(&self.tables().shops)
            .set_key(Some(item(&keys::publishing(shop))?))
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", AttributeValue::N(lease.version.to_string()));
        let check = check.build().map_err(LedgerError::damaged)?;
        deletions.push(TransactWriteItem::builder().condition_check(check).build());
        self.while_held(shop, lease.version, deletions).await
    }

    /// One transaction on condition of the lease. Where it fails though the lease is as it was, somebody else was at one of
    /// the items (a run moves pointers too): it is tried again.
    async fn while_held(&self, shop: &ShopId, version: u64, writes: Vec<TransactWriteItem>) -> Result<(), LedgerError> {
        let mut pause = Backoff::default();
        while !self.transact(writes.clone()).await? {
            if self.publish_lease(shop).await?.version != version {
                return Err(LedgerError::Changed("the publisher's lease"));
            }
            pause.wait().await?;
        }
        Ok(())
    }
}

impl PublishLease {
    /// The update that makes the stored item this one, on condition of the version read.
    fn step(&self, read: u64) -> Result<Change, LedgerError> {
        let mut values: Item = [
            (":published".to_owned(), attribute(&self.published)?),
            (":version".to_owned(), attribute(&self.version)?),
            (":until".to_owned(), attribute(&self.until)?),
            (":begun".to_owned(), attribute(&self.begun)?),
            (":products".to_owned(), attribute(&self.products)?),
            (":learned".to_owned(), attribute(&self.learned)?),
            (":stock".to_owned(), attribute(&self.stock)?),
        ]
        .into();
        let on_condition = if read == 0 {
            "attribute_not_exists(#version)"
        } else {
            values.insert(":read".to_owned(), attribute(&read)?);
            "#version = :read"
        };
        let set = "SET #published = :published, #version = :version, #until = :until, #begun = :begun, \
                   #products = :products, #learned = :learned, #stock = :stock";
        Ok(Change { set, on_condition, values })
    }
}
