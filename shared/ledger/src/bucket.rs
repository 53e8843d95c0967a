//! Shards of a shop's customers, read page by page, and the run's label updates (law 9).

use aws_sdk_dynamodb::config::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, TransactWriteItem};
use segmentation::{Alert, Move};
use serde::{Deserialize, Serialize};

use crate::alerts::listed;
use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::items::{Customer, Sequence, StoryItem};
use crate::keys::{self, BUCKETS, CustomerKey, Key};
use crate::store::{Change, Item, Ledger, attribute, item, parse};

/// A range of (bucket, customer key) of one shop: the `index`-th of `count` equal parts. Keys are uniform, so parts of the
/// key space are parts of the base; one shard or a thousand are the same code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Counted from 0.
    pub index: u32,
    /// How many there are.
    pub count: u32,
}

/// A part of a bucket: customer keys from `from` up to and including `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Range {
    bucket: u8,
    from: String,
    to: String,
}

/// Where a shard's reading stands: after this customer. Ordered as customers are read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cursor {
    /// In this bucket
    pub bucket: u8,
    /// after this key; `None` when all of the bucket's part is still to be read.
    pub after: Option<CustomerKey>,
}

/// Some customers of a shard.
#[derive(Debug)]
pub struct BucketPage {
    /// In the order of their keys, all of one bucket; there may be none before the shard's end.
    pub customers: Vec<Customer>,
    /// Where to go on; `None` at the shard's end.
    pub next: Option<Cursor>,
    /// Read units the page took.
    pub read_units: f64,
}

const KEYS_PER_BUCKET: u64 = 1 << 32;

impl Shard {
    /// All shards of a shop.
    #[must_use]
    pub fn all(count: u32) -> Vec<Shard> {
        (0..count).map(|index| Shard { index, count }).collect()
    }

    /// The buckets' parts that make up this shard. Bounds are the first 8 digits of keys: 32 bits.
    fn ranges(self) -> Vec<Range> {
        let space = u64::from(BUCKETS) * KEYS_PER_BUCKET;
        let bound = |index: u32| {
            u64::try_from(u128::from(space) * u128::from(index) / u128::from(self.count.max(1))).unwrap_or(space)
        };
        let (start, end) = (bound(self.index), bound(self.index + 1));
        (0..BUCKETS)
            .filter_map(|bucket| {
                let base = u64::from(bucket) * KEYS_PER_BUCKET;
                let from = start.max(base) - base;
                let to = end.min(base + KEYS_PER_BUCKET).checked_sub(base)?;
                // `g` sorts after every hex digit: all keys that begin with the last prefix belong to it.
                (from < to).then(|| Range { bucket, from: format!("{from:08x}"), to: format!("{:08x}g", to - 1) })
            })
            .collect()
    }
}

impl Ledger {
    /// The next page of a shard, eventually consistent; `None` for the cursor begins at its start. A page that the store
    /// throttles is not tried again here, so that a run gives way to lookups, which do try again.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails or a profile does not read back.
    pub async fn page(&self, shop: &ShopId, shard: Shard, cursor: Option<&Cursor>) -> Result<BucketPage, LedgerError> {
        let ranges = shard.ranges();
        let at = cursor.map_or(Some(0), |cursor| ranges.iter().position(|range| range.bucket == cursor.bucket));
        let Some((at, range)) = at.and_then(|at| Some((at, ranges.get(at)?))) else {
            return Ok(BucketPage { customers: Vec::new(), next: None, read_units: 0.0 });
        };
        let pk = keys::bucket(shop, range.bucket);
        let start = cursor
            .and_then(|cursor| cursor.after.as_ref())
            .map(|key| Key { pk: pk.clone(), sk: key.as_str().to_owned() });
        let answer = self
            .inner
            .client
            .query()
            .table_name(&self.tables().customers)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", AttributeValue::S(pk))
            .expression_attribute_values(":from", AttributeValue::S(range.from.clone()))
            .expression_attribute_values(":to", AttributeValue::S(range.to.clone()))
            .set_exclusive_start_key(start.as_ref().map(item).transpose()?)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .config_override(Config::builder().retry_config(RetryConfig::disabled()))
            .send()
            .await
            .map_err(crate::error::store("Query"))?;
        let read_units = answer.consumed_capacity().and_then(|used| used.capacity_units()).unwrap_or(0.0);
        let last = answer.last_evaluated_key.map(parse::<Key>).transpose()?;
        // Aliases and markers are nobody to count or to label.
        let found = answer.items.unwrap_or_default().into_iter().map(Customer::from_item);
        let customers = found.filter_map(Result::transpose).collect::<Result<Vec<Customer>, _>>()?;
        let next = match last {
            Some(Key { sk, .. }) => Some(Cursor { bucket: range.bucket, after: Some(CustomerKey::stored(&sk)) }),
            None => ranges.get(at + 1).map(|range| Cursor { bucket: range.bucket, after: None }),
        };
        Ok(BucketPage { customers, next, read_units })
    }

    /// Writes a profile anew that lies in an older layout, on condition that it is as read. It says the same as before, so its
    /// version stays, and the ledger needs no item. `Ok(false)`: it was changed meanwhile, and so written anew.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn upgrade(&self, shop: &ShopId, customer: &Customer) -> Result<bool, LedgerError> {
        self.put_one(&self.tables().customers, customer.to_item(shop)?, customer.read_version()).await
    }

    /// The update of a profile's version, moves and index attributes.
    fn label_update(&self, shop: &ShopId, read: &Customer, after: &Customer) -> Result<TransactWriteItem, LedgerError> {
        let mut values: Item = [
            (":version".to_owned(), attribute(&after.profile.version)?),
            (":moves".to_owned(), AttributeValue::B(Blob::new(after.profile.moves.packed()))),
            (":read".to_owned(), attribute(&read.profile.version)?),
        ]
        .into();
        let set = match after.audience(shop) {
            Some((pk, sk)) => {
                values.insert(":audience_pk".to_owned(), AttributeValue::S(pk));
                values.insert(":audience_sk".to_owned(), AttributeValue::S(sk));
                "SET #version = :version, #moves = :moves, #audience_pk = :audience_pk, #audience_sk = :audience_sk"
            }
            None => "SET #version = :version, #moves = :moves REMOVE #audience_pk, #audience_sk",
        };
        let change = Change { set, on_condition: "#version = :read", values };
        self.update(&self.tables().customers, &keys::profile(shop, &read.key), change)
    }

    /// Writes what a run makes of a customer, on condition that the profile is as read: a move with its label, an alert, or both. Of the
    /// profile a label is written and nothing else; an alert, which a VIP has once until they order again, writes it whole.
    /// `Ok(None)`: it was changed meanwhile. Otherwise the write units are given.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn write_label(
        &self,
        shop: &ShopId,
        customer: &Customer,
        moved: Option<Move>,
        alert: Option<Alert>,
    ) -> Result<Option<f64>, LedgerError> {
        let (previous, version) = (customer.profile.last_event(), customer.profile.version + 1);
        let sequence = Sequence { version, place: 0 };
        let listing = alert.as_ref().map(|alert| listed(shop, customer, version, alert)).transpose()?;
        let story = match (moved.clone(), alert) {
            (Some(moved), alert) => StoryItem::Move { sequence, previous, moved, alert },
            (None, Some(alert)) => StoryItem::Alert { sequence, previous, alert },
            (None, None) => return Ok(Some(0.0)),
        };
        let mut after = customer.clone();
        story.fold_into(&mut after.profile);
        after.profile.commit(moved);
        let label = if customer.is_outdated() || listing.is_some() {
            self.put_as_read(&self.tables().customers, after.to_item(shop)?, customer.read_version())?
        } else {
            self.label_update(shop, customer, &after)?
        };
        let ledger = &self.tables().ledger;
        let mut writes =
            vec![label, self.put_new(ledger, story.to_item(keys::move_of(shop, &customer.key, version))?)?];
        if let Some(listing) = listing {
            writes.push(self.put_new(ledger, listing)?);
        }
        self.transact_counting(writes).await
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_key_lies_in_exactly_one_shard(count in 1..300_u32, prefix in any::<u32>(), bucket in 0..BUCKETS) {
            let key = format!("{prefix:08x}{:024x}", bucket);
            let holding: Vec<u32> = Shard::all(count)
                .into_iter()
                .filter(|shard| shard.ranges().iter().any(|r| r.bucket == bucket && r.from <= key && key <= r.to))
                .map(|shard| shard.index)
                .collect();
            prop_assert_eq!(holding.len(), 1, "{:?}", holding);
        }
    }

    #[test]
    fn a_shard_of_many_is_a_part_of_one_bucket() {
        let shard = Shard { index: 129, count: 128 * 2 };
        assert_eq!(shard.ranges(), [Range { bucket: 32, from: "40000000".into(), to: "7fffffffg".into() }]);
    }
}
