//! How long a product lasts: exact counts of days from one purchase to the next.

use std::collections::BTreeMap;

use catalogue::Interval;
use segmentation::Day;

/// How often each gap, in days from 1, was seen. Merging adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps(pub(crate) BTreeMap<u16, u32>);

impl Gaps {
    /// Counts the gaps between a customer's purchase days. Days may repeat and come in any order.
    pub(crate) fn add(&mut self, days: &mut Vec<Day>) {
        days.sort_unstable();
        days.dedup();
        for pair in days.windows(2) {
            let gap = u16::try_from(pair[1].since(pair[0])).unwrap_or(u16::MAX);
            self.count(gap, 1);
        }
    }

    pub(crate) fn count(&mut self, gap: u16, times: u32) {
        let counted = self.0.entry(gap).or_default();
        *counted = counted.saturating_add(times);
    }

    pub(crate) fn merge(&mut self, other: &Gaps) {
        other.0.iter().for_each(|(gap, times)| self.count(*gap, *times));
    }

    /// From how many pairs of purchases.
    #[must_use]
    pub fn pairs(&self) -> u32 {
        self.0.values().fold(0, |sum: u32, times| sum.saturating_add(*times))
    }

    /// The quartiles: the smallest gap by which at least a quarter, a half, three quarters of the next purchases had come.
    /// `None` below `floor` pairs, and of nothing.
    #[must_use]
    pub fn interval(&self, floor: u32) -> Option<Interval> {
        let pairs = self.pairs();
        if pairs < floor.max(1) {
            return None;
        }
        let quartile = |quarters: u64| {
            let mut sum = 0_u64;
            self.0
                .iter()
                .find(|(_, times)| {
                    sum += u64::from(**times);
                    sum * 4 >= u64::from(pairs) * quarters
                })
                .map(|(gap, _)| *gap)
        };
        Some(Interval { early: quartile(1)?, median: quartile(2)?, late: quartile(3)?, pairs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(days: &[i64]) -> Vec<Day> {
        days.iter().map(|day| Day::from_epoch_days(*day)).collect()
    }

    #[test]
    fn quartiles_are_gaps_that_were_seen() {
        let mut gaps = Gaps::default();
        gaps.add(&mut days(&[0, 10, 10, 30, 60, 100]));
        assert_eq!(gaps.interval(4), Some(Interval { early: 10, median: 20, late: 30, pairs: 4 }));
        assert_eq!(gaps.interval(5), None);
        assert_eq!(Gaps::default().interval(0), None);
    }

    #[test]
    fn one_purchase_day_has_no_gap_and_a_very_long_one_is_kept_in_range() {
        let mut gaps = Gaps::default();
        gaps.add(&mut days(&[5, 5]));
        assert_eq!(gaps.pairs(), 0);
        gaps.add(&mut days(&[0, 90_000]));
        assert_eq!(gaps.interval(1).map(|interval| interval.median), Some(u16::MAX));
    }
}
