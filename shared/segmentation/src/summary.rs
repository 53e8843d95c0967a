//! What is known of an axis with very many values: exact counts while they are few, beyond that counts of log-linear
//! buckets, and then of single buckets again by a second look (law 5).
//!
//! A bucket is all values that agree in their first 11 significant bits, and is named by the smallest of them: a histogram
//! of buckets is a [`Histogram`], and merging is the same. t-digest and DDSketch were measured and rejected: they misplace
//! ties.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;

/// Up to so many distinct values are counted one by one; a few tens of KB, compressed less.
pub const MOST_DISTINCT: usize = 4_096;
/// Values below 2^11 have a bucket of their own, and no bucket is wider than a 1,024th of its values.
const SIGNIFICANT_BITS: u32 = 11;

/// All values from `first` to `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "MoneyBucket"))]
pub struct Bucket {
    /// The smallest value.
    pub first: i64,
    /// The largest value.
    pub last: i64,
}

impl Bucket {
    /// The bucket of a value. Negative values, which no axis has, are buckets of their own.
    #[must_use]
    pub fn of(value: i64) -> Bucket {
        let bits = i64::BITS - value.max(0).leading_zeros();
        let width = 1_i64 << bits.saturating_sub(SIGNIFICANT_BITS);
        let first = value & !(width - 1);
        Bucket { first, last: first + (width - 1) }
    }

    fn is_one_value(self) -> bool {
        self.first == self.last
    }
}

/// How often each value occurs, or each bucket of values. Merging is associative and commutative: whether values are counted
/// one by one depends on all of them together, not on who met whom first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// By value, or by the smallest value of the bucket.
    counts: Histogram,
    /// Are those buckets?
    bucketed: bool,
    /// The largest value, exactly.
    largest: Option<i64>,
    /// Up to so many distinct values are counted one by one, if more than [`MOST_DISTINCT`].
    #[serde(skip)]
    most: usize,
}

impl From<Histogram> for Summary {
    fn from(counts: Histogram) -> Summary {
        Summary::up_to(0, counts)
    }
}

impl Summary {
    /// Exact counts, however many: for a base that is in memory anyway.
    #[must_use]
    pub fn whole(counts: Histogram) -> Summary {
        Summary::up_to(usize::MAX, counts)
    }

    fn up_to(most: usize, counts: Histogram) -> Summary {
        let largest = counts.counts().last().map(|(value, _)| *value);
        Summary { counts, bucketed: false, largest, most }.within(MOST_DISTINCT)
    }

    /// How many values were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.total()
    }

    /// The values, or buckets by their smallest value, with their counts; smallest first.
    #[must_use]
    pub fn counts(&self) -> &[(i64, u64)] {
        self.counts.counts()
    }

    /// The exact counts; `None` where only buckets are known.
    #[must_use]
    pub fn exact(&self) -> Option<&Histogram> {
        (!self.bucketed).then_some(&self.counts)
    }

    /// The counts by bucket, each named by its largest value: cuts taken from it never part equal values.
    #[must_use]
    pub fn by_bucket(&self) -> Histogram {
        self.counts.map(|value| if self.bucketed { Bucket::of(value).last } else { value })
    }

    /// The largest value, exactly.
    #[must_use]
    pub fn largest(&self) -> Option<i64> {
        self.largest
    }

    /// Both together.
    #[must_use]
    pub fn merge(&self, other: &Summary) -> Summary {
        self.merge_within(other, MOST_DISTINCT)
    }

    fn merge_within(&self, other: &Summary, most: usize) -> Summary {
        let bucketed = self.bucketed || other.bucketed;
        let (left, right) =
            if bucketed { (&self.clone().collapsed(), &other.clone().collapsed()) } else { (self, other) };
        let largest = self.largest.max(other.largest);
        let counts = left.counts.merge(&right.counts);
        Summary { counts, bucketed, largest, most: self.most.max(other.most) }.within(most)
    }

    fn within(self, most: usize) -> Summary {
        if self.counts.distinct() > most.max(self.most) { self.collapsed() } else { self }
    }

    fn collapsed(self) -> Summary {
        Summary { counts: self.counts.map(|value| Bucket::of(value).first), bucketed: true, ..self }
    }

    /// The value at a rank counted from 0 in sorted order; `None` when nothing was counted.
    #[must_use]
    pub fn at_rank(&self, rank: u64, looked: Option<&Looked>) -> Option<AtRank> {
        let (named, below, count) = self.counts.place_of(rank)?;
        let bucket = Bucket::of(named);
        if !self.bucketed || bucket.is_one_value() {
            return Some(AtRank::Value(named));
        }
        Some(match looked.map(|looked| looked.inside(bucket)) {
            None => AtRank::In(bucket),
            Some(inside) if inside.total() == count => {
                inside.at_rank(rank.saturating_sub(below)).map_or(AtRank::Moved, AtRank::Value)
            }
            Some(_) => AtRank::Moved,
        })
    }
}

/// What is known of a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtRank {
    /// The value there.
    Value(i64),
    /// It is one of this bucket: a second look tells which.
    In(Bucket),
    /// It was looked for, and the bucket held another number of values than before: facts came in between.
    Moved,
}

/// A second look: exact counts of the values inside some buckets; mergeable in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Looked(BTreeMap<i64, Histogram>);

impl Looked {
    /// Counts those of the values that lie in one of the buckets.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = i64>, buckets: &[Bucket]) -> Looked {
        let mut inside: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for value in values {
            let bucket = Bucket::of(value);
            if buckets.contains(&bucket) {
                inside.entry(bucket.first).or_default().push(value);
            }
        }
        Looked(inside.into_iter().map(|(bucket, values)| (bucket, values.into_iter().collect())).collect())
    }

    /// Both together.
    #[must_use]
    pub fn merge(mut self, other: &Looked) -> Looked {
        for (bucket, counts) in &other.0 {
            let merged = self.0.get(bucket).map_or_else(|| counts.clone(), |known| known.merge(counts));
            self.0.insert(*bucket, merged);
        }
        self
    }

    fn inside(&self, bucket: Bucket) -> Histogram {
        self.0.get(&bucket.first).cloned().unwrap_or_default()
    }
}

/// Counts values into a [`Summary`] in memory that follows [`MOST_DISTINCT`], not the number of values.
#[derive(Clone, Debug, Default)]
pub struct Summarizer {
    counted: Summary,
    pending: Vec<i64>,
}

impl From<Summary> for Summarizer {
    /// Goes on from what was counted before.
    fn from(counted: Summary) -> Summarizer {
        Summarizer { counted, pending: Vec::new() }
    }
}

impl Summarizer {
    const PENDING: usize = 1 << 14;

    /// Counts one value.
    pub fn add(&mut self, value: i64) {
        self.pending.push(value);
        if self.pending.len() >= Summarizer::PENDING {
            self.settle();
        }
    }

    /// The summary of all values added.
    #[must_use]
    pub fn finish(mut self) -> Summary {
        self.settle();
        self.counted
    }

    fn settle(&mut self) {
        let fresh: Histogram = self.pending.drain(..).collect();
        self.counted = self.counted.merge(&fresh.into());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Vec<i64>> {
        prop::collection::vec(prop_oneof![0..30_i64, 2_000..40_000_i64, 0..i64::MAX], 0..60)
    }

    /// With room for ten values, so that some are exact and some are not.
    fn summary(values: &[i64]) -> Summary {
        let counts: Histogram = values.iter().copied().collect();
        Summary { largest: values.iter().max().copied(), counts, bucketed: false, most: 0 }.within(10)
    }

    proptest! {
        #[test]
        fn merging_is_associative_and_commutative(a in values(), b in values(), c in values()) {
            let (x, y, z) = (summary(&a), summary(&b), summary(&c));
            prop_assert_eq!(x.merge_within(&y, 10), y.merge_within(&x, 10));
            prop_assert_eq!(x.merge_within(&y, 10).merge_within(&z, 10), x.merge_within(&y.merge_within(&z, 10), 10));
            let together: Vec<i64> = a.into_iter().chain(b).chain(c).collect();
            prop_assert_eq!(x.merge_within(&y, 10).merge_within(&z, 10), summary(&together));
        }

        #[test]
        fn buckets_follow_each_other_and_are_narrow(value in 0..i64::MAX, other in 0..i64::MAX) {
            let bucket = Bucket::of(value);
            prop_assert!(bucket.first <= value && value <= bucket.last);
            prop_assert_eq!(Bucket::of(bucket.first), bucket);
            prop_assert_eq!(Bucket::of(bucket.last), bucket);
            prop_assert!((bucket.last - bucket.first) <= bucket.first / 1_024);
            prop_assert_eq!(Bucket::of(other) == bucket, bucket.first <= other && other <= bucket.last);
        }

        #[test]
        fn a_second_look_finds_the_value_at_every_rank(mut values in values()) {
            let summary = summary(&values);
            values.sort_unstable();
            for (rank, value) in values.iter().enumerate() {
                let rank = rank as u64;
                let found = match summary.at_rank(rank, None) {
                    Some(AtRank::In(bucket)) => {
                        let (left, right) = values.split_at(values.len() / 2);
                        let looked = |part: &[i64]| Looked::of(part.iter().copied(), &[bucket]);
                        summary.at_rank(rank, Some(&looked(right).merge(&looked(left))))
                    }
                    known => known,
                };
                prop_assert_eq!(found, Some(AtRank::Value(*value)));
            }
        }

        #[test]
        fn a_summarizer_goes_on_from_where_it_stood(values in values(), at in any::<prop::sample::Index>()) {
            let (first, rest) = values.split_at(at.index(values.len() + 1));
            let mut begun = Summarizer::default();
            first.iter().for_each(|value| begun.add(*value));
            let mut goes_on = Summarizer::from(begun.finish());
            rest.iter().for_each(|value| goes_on.add(*value));
            prop_assert_eq!(goes_on.finish(), Summary::from(values.into_iter().collect::<Histogram>()));
        }
    }

    #[test]
    fn a_bucket_that_changed_between_the_looks_says_so() {
        let values: Vec<i64> = (0..20).map(|n| 1_000_000 + n).collect();
        let summary = summary(&values);
        let Some(AtRank::In(bucket)) = summary.at_rank(5, None) else { panic!("a bucket") };
        let looked = Looked::of(values.into_iter().chain([1_000_003]), &[bucket]);
        assert_eq!(summary.at_rank(5, Some(&looked)), Some(AtRank::Moved));
    }

    #[test]
    fn very_many_values_are_counted_in_few_buckets() {
        let mut all = Summarizer::default();
        (0..300_000_i64).for_each(|n| all.add(n * 97 % 5_000_000));
        let summary = all.finish();
        assert!(summary.exact().is_none() && summary.counts().len() < 16_000, "{}", summary.counts().len());
        assert_eq!((summary.total(), summary.largest()), (300_000, Some(4_999_983)));
    }
}
