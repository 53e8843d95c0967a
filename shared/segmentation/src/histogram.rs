//! Exact counts per value, mergeable: what cuts are fitted from. Days and order counts are few; for money see
//! [`Summary`](crate::Summary).

use serde::{Deserialize, Serialize};

/// How often each value occurs, sorted by value. Merging is associative and commutative: the same in any order of shards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram(Vec<(i64, u64)>);

impl Histogram {
    /// The values with their counts, smallest first.
    #[must_use]
    pub fn counts(&self) -> &[(i64, u64)] {
        &self.0
    }

    /// How many values were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// How many different values there are.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.0.len()
    }

    /// The counts of both together.
    #[must_use]
    pub fn merge(&self, other: &Histogram) -> Histogram {
        let mut merged = Vec::with_capacity(self.0.len().max(other.0.len()));
        let (mut left, mut right) = (self.0.as_slice(), other.0.as_slice());
        while let (Some((a, rest_a)), Some((b, rest_b))) = (left.split_first(), right.split_first()) {
            match a.0.cmp(&b.0) {
                std::cmp::Ordering::Less => {
                    merged.push(*a);
                    left = rest_a;
                }
                std::cmp::Ordering::Greater => {
                    merged.push(*b);
                    right = rest_b;
                }
                std::cmp::Ordering::Equal => {
                    merged.push((a.0, a.1 + b.1));
                    (left, right) = (rest_a, rest_b);
                }
            }
        }
        merged.extend_from_slice(left);
        merged.extend_from_slice(right);
        Histogram(merged)
    }

    /// The value at a rank counted from 0 in sorted order; the largest beyond the end, `None` when nothing was counted.
    #[must_use]
    pub fn at_rank(&self, rank: u64) -> Option<i64> {
        self.place_of(rank).map(|(value, _, _)| value)
    }

    /// The same with how many values are smaller, and how many are equal.
    pub(crate) fn place_of(&self, rank: u64) -> Option<(i64, u64, u64)> {
        let (mut below, mut place) = (0, None);
        for (value, count) in &self.0 {
            place = Some((*value, below, *count));
            below += count;
            if rank < below {
                break;
            }
        }
        place
    }

    /// Each value as another one; `f` keeps their order, and what becomes equal is counted together.
    #[must_use]
    pub(crate) fn map(&self, f: impl Fn(i64) -> i64) -> Histogram {
        let mut mapped: Vec<(i64, u64)> = Vec::with_capacity(self.0.len());
        for (value, count) in &self.0 {
            let value = f(*value);
            match mapped.last_mut() {
                Some((last, sum)) if *last == value => *sum += count,
                _ => mapped.push((value, *count)),
            }
        }
        Histogram(mapped)
    }
}

impl FromIterator<i64> for Histogram {
    fn from_iter<I: IntoIterator<Item = i64>>(values: I) -> Histogram {
        let mut tally = Tally::default();
        values.into_iter().for_each(|value| tally.add(value));
        tally.finish()
    }
}

/// Counts values into a [`Histogram`] in memory that follows the number of distinct values, not of values.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counted: Histogram,
    pending: Vec<i64>,
}

impl From<Histogram> for Tally {
    /// Goes on from what was counted before.
    fn from(counted: Histogram) -> Tally {
        Tally { counted, pending: Vec::new() }
    }
}

impl Tally {
    const PENDING: usize = 1 << 16;

    /// Counts one value.
    pub fn add(&mut self, value: i64) {
        self.pending.push(value);
        // Growing with what is counted keeps the merging linear over all.
        if self.pending.len() >= Tally::PENDING.max(self.counted.distinct()) {
            self.settle();
        }
    }

    /// The counts of all values added.
    #[must_use]
    pub fn finish(mut self) -> Histogram {
        self.settle();
        self.counted
    }

    fn settle(&mut self) {
        self.pending.sort_unstable();
        let fresh = Histogram(self.pending.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect());
        self.counted = if self.counted.0.is_empty() { fresh } else { self.counted.merge(&fresh) };
        self.pending.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn histogram() -> impl Strategy<Value = Histogram> {
        prop::collection::vec(-50..50_i64, 0..80).prop_map(|values| values.into_iter().collect())
    }

    proptest! {
        #[test]
        fn merging_is_associative_and_commutative(a in histogram(), b in histogram(), c in histogram()) {
            prop_assert_eq!(a.merge(&b), b.merge(&a));
            prop_assert_eq!(a.merge(&b).merge(&c), a.merge(&b.merge(&c)));
            prop_assert_eq!(a.merge(&Histogram::default()), a);
        }

        #[test]
        fn a_split_in_two_and_merged_counts_the_same(values in prop::collection::vec(any::<i64>(), 0..200), at in any::<prop::sample::Index>()) {
            let (left, right) = values.split_at(at.index(values.len() + 1));
            let merged = left.iter().copied().collect::<Histogram>().merge(&right.iter().copied().collect());
            prop_assert_eq!(merged, values.into_iter().collect::<Histogram>());
        }
    }

    #[test]
    fn a_tally_of_more_than_it_holds_pending_counts_all() {
        let histogram: Histogram = (0..200_000_i64).map(|n| n % 3).collect();
        assert_eq!(histogram.counts(), [(0, 66_667), (1, 66_667), (2, 66_666)]);
        assert_eq!(histogram.at_rank(66_667), Some(1));
        assert_eq!(Histogram::default().at_rank(0), None);
    }
}
