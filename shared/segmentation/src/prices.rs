//! What a customer pays for an item: a histogram of unit prices whose buckets grow with the price, in integers throughout.

use crate::money::Minor;
use crate::packed::{Damaged, Reader, put_varint};

/// Counts of lines by unit price. Eight buckets to a doubling, so a bucket is at most an eighth of its price wide; at most
/// [`Prices::MAX`] of them, and a price that would need one more is counted in the nearest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices(Vec<(u16, u32)>);

impl Prices {
    /// The most buckets kept.
    pub const MAX: usize = 64;
    /// The fewest lines of which a middle half can be told.
    pub const MIN_LINES: u64 = 3;

    /// Counts a line. What was free says nothing about price and is passed over.
    pub(crate) fn count(&mut self, price: Minor) {
        let Ok(price) = u64::try_from(price.0.min(Minor::MAX.0)) else { return };
        if price == 0 {
            return;
        }
        let bucket = bucket_of(price);
        let at = match self.0.binary_search_by_key(&bucket, |held| held.0) {
            Ok(at) => at,
            Err(at) if self.0.len() < Prices::MAX => {
                self.0.insert(at, (bucket, 0));
                at
            }
            Err(at) => {
                let distance = |at: usize| self.0.get(at).map_or(u16::MAX, |held| held.0.abs_diff(bucket));
                if at > 0 && distance(at - 1) <= distance(at) { at - 1 } else { at }
            }
        };
        if let Some(held) = self.0.get_mut(at) {
            held.1 = held.1.saturating_add(1);
        }
    }

    /// Lines counted.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.0.iter().map(|held| u64::from(held.1)).sum()
    }

    /// The middle half of the prices: from the least price of the first quartile's bucket to the greatest of the third's;
    /// `None` below [`Prices::MIN_LINES`] lines.
    #[must_use]
    pub fn middle_half(&self) -> Option<(Minor, Minor)> {
        let lines = self.lines();
        if lines < Prices::MIN_LINES {
            return None;
        }
        let at_rank = |rank: u64| {
            let mut passed = 0;
            self.0.iter().find_map(|held| {
                passed += u64::from(held.1);
                (passed > rank).then_some(held.0)
            })
        };
        let (low, high) = (at_rank((lines - 1) / 4)?, at_rank((3 * (lines - 1)).div_ceil(4))?);
        Some((Minor(range_of(low).0.cast_signed()), Minor(range_of(high).1.cast_signed())))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of buckets, then for each the distance from the one before, and its count.
    pub(crate) fn put(&self, bytes: &mut Vec<u8>) {
        put_varint(bytes, self.0.len() as u64);
        let mut previous = 0;
        for (bucket, count) in &self.0 {
            put_varint(bytes, u64::from(bucket - previous));
            put_varint(bytes, u64::from(*count));
            previous = *bucket;
        }
    }

    pub(crate) fn take(reader: &mut Reader<'_>) -> Result<Prices, Damaged> {
        let len: usize = reader.number()?;
        let (mut held, mut bucket) = (Vec::new(), 0_u16);
        for n in 0..len.min(Prices::MAX + 1) {
            let start = reader.at();
            let step: u16 = reader.number()?;
            bucket = bucket.checked_add(step).filter(|at| *at <= LAST_BUCKET).ok_or(Damaged(start))?;
            if n >= Prices::MAX || (n > 0 && step == 0) {
                return Err(Damaged(start));
            }
            held.push((bucket, reader.number()?));
        }
        Ok(Prices(held))
    }
}

/// The bucket of the highest amount there is, 10^14.
const LAST_BUCKET: u16 = 8 * (46 - 2) + 7;

/// Prices below 16 have a bucket each; from there on, eight to a doubling.
fn bucket_of(price: u64) -> u16 {
    let doubling = price.max(1).ilog2().max(3);
    let part = price >> (doubling - 3);
    // Below 8, `part` is the price itself; from 8 on it is 8 to 15.
    u16::try_from(8 * u64::from(doubling - 3) + part).unwrap_or(LAST_BUCKET)
}

/// The least and the greatest price of a bucket.
fn range_of(bucket: u16) -> (u64, u64) {
    let (doubling, part) = match bucket {
        0..8 => (0, u64::from(bucket)),
        _ => (u32::from(bucket / 8 - 1), u64::from(bucket % 8) + 8),
    };
    (part << doubling, ((part + 1) << doubling) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(prices: &[i64]) -> Prices {
        let mut counted = Prices::default();
        prices.iter().for_each(|price| counted.count(Minor(*price)));
        counted
    }

    proptest! {
        #[test]
        fn every_price_lies_in_its_bucket_and_a_bucket_is_at_most_an_eighth_wide(price in 1..=Minor::MAX.0.unsigned_abs()) {
            let (low, high) = range_of(bucket_of(price));
            prop_assert!(low <= price && price <= high && (high - low) * 8 <= low);
            prop_assert!(bucket_of(price) <= LAST_BUCKET);
            prop_assert_eq!(bucket_of(high + 1), bucket_of(price) + 1);
        }

        #[test]
        fn the_band_holds_the_middle_half_of_what_was_paid(mut prices in prop::collection::vec(1..1_000_i64, 3..60)) {
            let (low, high) = of(&prices).middle_half().unwrap();
            prices.sort_unstable();
            let last = prices.len() - 1;
            prop_assert!(low.0 <= prices[last / 4] && prices[last / 4] <= low.0 + low.0 / 8);
            prop_assert!(high.0 >= prices[(3 * last).div_ceil(4)]);
        }
    }

    #[test]
    fn a_few_lines_and_free_ones_tell_no_band() {
        assert_eq!(of(&[500, 600]).middle_half(), None);
        assert_eq!(of(&[500, 600, 0, 0]).middle_half(), None);
        assert_eq!(of(&[7, 7, 7]).middle_half(), Some((Minor(7), Minor(7))));
    }

    #[test]
    fn a_price_beyond_the_last_bucket_kept_is_counted_in_the_nearest() {
        let mut prices = Prices::default();
        for doubling in 0..46 {
            prices.count(Minor(1 << doubling));
            prices.count(Minor((1 << doubling) + (1 << doubling) / 2));
        }
        prices.count(Minor::MAX);
        assert_eq!((prices.0.len(), prices.lines()), (Prices::MAX, 93));
    }
}
