//! The learning of affinities: one at a time per shop by a lease, and one whose lease has expired is gone on with. Its item
//! also remembers the day, so that a shop with nothing to learn from is not asked each hour.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use catalogue::Learned;
use chrono::{DateTime, TimeDelta, Utc};
use segmentation::Day;
use serde::{Deserialize, Serialize};

use crate::chunks::Kind;
use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::lease::LEASE;
use crate::pieces::PARTIALS;
use crate::shop::{Current, Keyed};
use crate::store::{Change, Ledger, attribute, item};

/// How a learning stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LearningStatus {
    /// Begun, and not at its end; if its lease has expired, the next one to come goes on with it.
    Running,
    /// Its lists are the shop's.
    Done,
    /// Given up for good.
    Failed,
}

/// What a learning was made of and what it made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LearningNumbers {
    /// Customers with a basket.
    pub customers: u64,
    /// Products that lie in baskets.
    pub products: u64,
    /// Pairs of products that somebody bought both of.
    pub pairs: u64,
    /// Pairs that fewer customers bought were left out, so that the others fit into memory; 1: none was.
    pub pair_floor: u32,
    /// Products that got a list of what goes with them.
    pub lists: u64,
    /// Bytes of counts that passed through the store, compressed.
    pub bytes: u64,
}

/// A learning of one shop; only the last one is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Learning {
    /// Numbered per shop, from 1.
    pub number: u64,
    /// Fixed when it began: later purchases are not counted.
    pub day: Day,
    /// How it stands.
    pub status: LearningStatus,
    /// Into how many shards customers are split.
    pub shards: u32,
    /// Into how many parts products are split.
    pub parts: u16,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<DateTime<Utc>>,
    /// What it did, once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<LearningNumbers>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// The item: the learning, and until when it is worked at (in milliseconds since 1970; 0: at its end).
#[derive(Deserialize, Serialize)]
struct Held {
    learning: Learning,
    // Beside, for conditions: paths into a map are no names.
    number: u64,
    status: LearningStatus,
    until: i64,
}

/// Why no learning was begun.
#[derive(Debug, thiserror::Error)]
pub enum BeginLearningError {
    /// Another one holds the lease.
    #[error("learning {0} of this shop is not at its end")]
    InProgress(u64),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

/// A learning that broke off longer ago begins anew: its counts are about to expire, and are old.
const GO_ON_WITHIN: TimeDelta = TimeDelta::days(3);

impl Ledger {
    /// The shop's last learning.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn learning(&self, shop: &ShopId) -> Result<Option<Learning>, LedgerError> {
        Ok(self.held(shop).await?.map(|held| held.learning))
    }

    async fn held(&self, shop: &ShopId) -> Result<Option<Held>, LedgerError> {
        self.get(&self.tables().shops, &keys::learning(shop), true).await
    }

    /// Begins a learning, or takes over the one whose lease has expired: that one keeps its day, shards, parts and counts.
    ///
    /// # Errors
    /// [`BeginLearningError::InProgress`] while another one holds the lease.
    pub async fn begin_learning(
        &self,
        shop: &ShopId,
        day: Day,
        shards: u32,
        parts: u16,
        now: DateTime<Utc>,
    ) -> Result<Learning, BeginLearningError> {
        loop {
            let known = self.held(shop).await?;
            let goes_on = match &known {
                Some(held) if held.status == LearningStatus::Running => {
                    if now.timestamp_millis() < held.until {
                        return Err(BeginLearningError::InProgress(held.number));
                    }
                    now - held.learning.started < GO_ON_WITHIN
                }
                _ => false,
            };
            let learning = match &known {
                Some(held) if goes_on => held.learning.clone(),
                known => Learning {
                    number: known.as_ref().map_or(0, |held| held.number) + 1,
                    day,
                    status: LearningStatus::Running,
                    shards,
                    parts,
                    started: now,
                    finished: None,
                    numbers: None,
                    failure: None,
                },
            };
            let stored = item(&Keyed {
                key: keys::learning(shop),
                value: &Held::of(learning.clone(), (now + LEASE).timestamp_millis()),
            })?;
            let table = &self.tables().shops;
            let write = match &known {
                None => self.put_new(table, stored)?,
                Some(read) => {
                    let put = Put::builder()
                        .table_name(table)
                        .set_item(Some(stored))
                        .condition_expression("#number = :number AND #until = :until")
                        .expression_attribute_names("#number", "number")
                        .expression_attribute_names("#until", "until")
                        .expression_attribute_values(":number", attribute(&read.number)?)
                        .expression_attribute_values(":until", attribute(&read.until)?);
                    TransactWriteItem::builder().put(put.build().map_err(LedgerError::damaged)?).build()
                }
            };
            if self.transact(vec![write]).await? {
                return Ok(learning);
            }
        }
    }

    /// Says that a learning is alive.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] when it is at its end, or no more the last one.
    pub async fn renew_learning(&self, shop: &ShopId, number: u64, now: DateTime<Utc>) -> Result<(), LedgerError> {
        let renewed = self.set_learning_lease(shop, number, (now + LEASE).timestamp_millis()).await?;
        if renewed { Ok(()) } else { Err(LedgerError::Changed("the learning's lease")) }
    }

    /// Ends the lease of a learning that is known to be dead, as [`Ledger::expire_lease`] does for a run.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn expire_learning_lease(&self, shop: &ShopId) -> Result<(), LedgerError> {
        match self.learning(shop).await? {
            // Where it has ended meanwhile there is nothing to end.
            Some(learning) if learning.status == LearningStatus::Running => {
                self.set_learning_lease(shop, learning.number, 0).await.map(|_| ())
            }
            _ => Ok(()),
        }
    }

    async fn set_learning_lease(&self, shop: &ShopId, number: u64, until: i64) -> Result<bool, LedgerError> {
        let change = Change {
            set: "SET #until = :until",
            on_condition: "#number = :number AND #status = :running",
            values: [
                (":until".to_owned(), attribute(&until)?),
                (":number".to_owned(), attribute(&number)?),
                (":running".to_owned(), attribute(&LearningStatus::Running)?),
            ]
            .into(),
        };
        self.transact(vec![self.update(&self.tables().shops, &keys::learning(shop), change)?]).await
    }

    /// Publishes what a learning learned and ends it, in one transaction with the pointer.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] while another publisher is at work, [`LedgerError::Changed`] when the learning is at its end or
    /// no more the last one; else as [`Ledger::publish_learned`].
    pub async fn publish_learning(
        &self,
        shop: &ShopId,
        learning: &Learning,
        learned: &Learned,
        numbers: LearningNumbers,
        now: DateTime<Utc>,
    ) -> Result<Learning, LedgerError> {
        let last = self.learning(shop).await?;
        if last.is_none_or(|last| (last.number, last.status) != (learning.number, LearningStatus::Running)) {
            return Err(LedgerError::Changed("the learning"));
        }
        let done =
            Learning { status: LearningStatus::Done, finished: Some(now), numbers: Some(numbers), ..learning.clone() };
        self.publish_lists(shop, learned, now, Some(&done)).await?;
        Ok(done)
    }

    /// Gives a learning up.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] when it is at its end or no more the last one.
    pub async fn fail_learning(
        &self,
        shop: &ShopId,
        learning: &Learning,
        failure: String,
        now: DateTime<Utc>,
    ) -> Result<Learning, LedgerError> {
        let failed = Learning {
            status: LearningStatus::Failed,
            finished: Some(now),
            failure: Some(failure),
            ..learning.clone()
        };
        let ended = self.transact(vec![self.learning_end(shop, &failed)?]).await?;
        if ended { Ok(failed) } else { Err(LedgerError::Changed("the learning")) }
    }

    /// What ends a learning, on condition that it is the last one and not at its end.
    pub(crate) fn learning_end(&self, shop: &ShopId, ended: &Learning) -> Result<TransactWriteItem, LedgerError> {
        let stored = item(&Keyed { key: keys::learning(shop), value: &Held::of(ended.clone(), 0) })?;
        let put = Put::builder()
            .table_name(&self.tables().shops)
            .set_item(Some(stored))
            .condition_expression("#number = :number AND #status = :running")
            .expression_attribute_names("#number", "number")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":number", attribute(&ended.number)?)
            .expression_attribute_values(":running", attribute(&LearningStatus::Running)?);
        Ok(TransactWriteItem::builder().put(put.build().map_err(LedgerError::damaged)?).build())
    }

    /// How many products the shop's published catalogue has; `None`: it has none.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn published_products(&self, shop: &ShopId, current: &Current) -> Result<Option<u64>, LedgerError> {
        let Some(version) = &current.catalogue else { return Ok(None) };
        Ok(self.manifest(shop, Kind::Products, version).await?.map(|manifest| manifest.products))
    }
}

impl Held {
    fn of(learning: Learning, until: i64) -> Held {
        Held { number: learning.number, status: learning.status, until, learning }
    }
}

// Counts outlive every learning that may still be gone on with.
const _: () = assert!(GO_ON_WITHIN.num_days() < PARTIALS.num_days());
