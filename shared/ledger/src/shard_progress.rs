//! How far each shard of a run is: what makes a run resumable (law 9).
//!
//! A stretch is some pages one after the other. What it counts is written into the shard's item before its labels; who comes
//! after a crash finishes the labels of the last stretch, counts nothing twice, and goes on.

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::bucket::Cursor;
use crate::counts::Counts;
use crate::error::{LedgerError, store};
use crate::ids::ShopId;
use crate::keys;
use crate::pieces::PARTIALS;
use crate::shop::Keyed;
use crate::store::{Ledger, item, names_in, parse};
use crate::touched::Touched;

/// What a shard has done so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShardProgress {
    /// Counts the writes of this item.
    pub version: u64,
    /// Where the stretch begins whose labels may still be missing; `None`: at the shard's beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Cursor>,
    /// The last customer of that stretch; `None`: nobody's label is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Cursor>,
    /// Where the stretch after it begins; `None` at the shard's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
    /// Is everybody counted and labelled?
    #[serde(default)]
    pub done: bool,
    /// What came of it so far.
    #[serde(flatten)]
    pub assigned: Assigned,
    /// When the item may go, in seconds since 1970.
    pub expires_at: i64,
}

/// How many shards of a run are done with each pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunProgress {
    /// Into how many it is split.
    pub shards: u32,
    /// Surveyed; none where no fit was due.
    pub surveyed: u32,
    /// Looked at a second time; none where no fit asked for it.
    pub looked: u32,
    /// Assigned.
    pub assigned: u32,
}

/// What assigning came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Assigned {
    /// What all stretches up to the last one counted.
    pub counts: Counts,
    /// Labels written, but for those whose writing was cut off before it was noted.
    #[serde(default)]
    pub labels: u64,
    /// Write units of those.
    #[serde(default)]
    pub write_units: f64,
}

impl Assigned {
    /// Both together.
    #[must_use]
    pub fn merge(&self, other: &Assigned) -> Assigned {
        Assigned {
            counts: self.counts.merge(&other.counts),
            labels: self.labels + other.labels,
            write_units: self.write_units + other.write_units,
        }
    }
}

impl Ledger {
    /// What a shard has done so far.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn shard_progress(
        &self,
        shop: &ShopId,
        run: u64,
        shard: u32,
    ) -> Result<Option<ShardProgress>, LedgerError> {
        self.get(&self.tables().shops, &keys::shard(shop, run, shard), true).await
    }

    /// What all shards of a run have done so far, given to `each` one after the other: never all in memory.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn each_shard(
        &self,
        shop: &ShopId,
        run: u64,
        mut each: impl FnMut(ShardProgress),
    ) -> Result<(), LedgerError> {
        let (pk, mut start) = (keys::run_partials(shop, run), None);
        loop {
            let table = &self.tables().shops;
            let (items, next) = self.query_from(table, &pk, Some(keys::SHARD), false, start, i32::MAX).await?;
            for stored in items {
                each(parse(stored)?);
            }
            let Some(sk) = next else { return Ok(()) };
            start = Some(keys::Key { pk: pk.clone(), sk });
        }
    }

    /// How far a run is: the store counts, and reads each shard's items for it.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn run_progress(&self, shop: &ShopId, run: u64, shards: u32) -> Result<RunProgress, LedgerError> {
        let passed = "attribute_exists(read_units) AND attribute_not_exists(#next)";
        Ok(RunProgress {
            shards,
            surveyed: self.count_shards(shop, run, keys::SURVEY, passed).await?,
            looked: self.count_shards(shop, run, keys::LOOK, passed).await?,
            assigned: self.count_shards(shop, run, keys::SHARD, "done = :done").await?,
        })
    }

    async fn count_shards(&self, shop: &ShopId, run: u64, begins: &str, filter: &str) -> Result<u32, LedgerError> {
        let query = self
            .inner
            .client
            .query()
            .table_name(&self.tables().shops)
            .select(Select::Count)
            .key_condition_expression("pk = :pk AND begins_with(sk, :begins)")
            .filter_expression(filter)
            .set_expression_attribute_names(Some(names_in(filter)).filter(|names| !names.is_empty()))
            .expression_attribute_values(":pk", AttributeValue::S(keys::run_partials(shop, run)))
            .expression_attribute_values(":begins", AttributeValue::S(begins.to_owned()));
        let query = if filter.contains(":done") {
            query.expression_attribute_values(":done", AttributeValue::Bool(true))
        } else {
            query
        };
        let (mut pages, mut count) = (query.into_paginator().send(), 0);
        while let Some(page) = pages.next().await {
            count += page.map_err(store("Query"))?.count().unsigned_abs();
        }
        Ok(count)
    }

    /// Writes how far a shard is, on condition that its item is as read; with it, those of the stretch it counts who did not
    /// move as was previewed.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] when another goes on with this shard.
    pub async fn write_progress(
        &self,
        shop: &ShopId,
        run: u64,
        shard: u32,
        mut progress: ShardProgress,
        touched: &[Touched],
        now: DateTime<Utc>,
    ) -> Result<ShardProgress, LedgerError> {
        let read = (progress.version > 0).then_some(progress.version);
        progress.version += 1;
        progress.expires_at = (now + PARTIALS).timestamp();
        let stored = item(&Keyed { key: keys::shard(shop, run, shard), value: &progress })?;
        let table = &self.tables().shops;
        let written = if touched.is_empty() {
            self.put_one(table, stored, read).await?
        } else {
            let key = keys::touched(shop, run, shard, progress.version);
            let beside = self.put_touched(key, touched, progress.expires_at)?;
            self.transact(vec![self.put_as_read(table, stored, read)?, beside]).await?
        };
        if written { Ok(progress) } else { Err(LedgerError::Changed("the shard's progress")) }
    }
}
