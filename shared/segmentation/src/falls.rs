//! Group-level falls: today's customers of a group against the trend of the runs before.
//!
//! The trend is a line by Theil and Sen: the median slope over all pairs of runs, through the median rest. Its spread is the median distance from it,
//! scaled as for a normal distribution. Neither minds a few odd days, as a mean and least squares would.

use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::group::LoyaltyGroup;

/// A group has fallen below its trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fall {
    /// Which group.
    pub group: LoyaltyGroup,
    /// Customers on the run's day.
    pub customers: u64,
    /// What the trend says of that day, rounded.
    pub expected: u64,
    /// How far runs lie from the trend, rounded up; at least what chance alone makes of such a number.
    pub spread: u64,
}

/// With fewer earlier runs nothing is said.
pub const MIN_RUNS: usize = 7;
/// The most earlier runs that are looked at.
pub const MOST_RUNS: usize = 28;
/// The groups whose fall is bad news.
pub const WATCHED: [LoyaltyGroup; 3] = [LoyaltyGroup::Vip, LoyaltyGroup::Loyal, LoyaltyGroup::Promising];
/// A fall is this many spreads,
const SPREADS: f64 = 4.0;
/// and this share of what was expected.
const SHARE: f64 = 0.05;
/// From the median distance to a normal distribution's standard deviation.
const NORMAL: f64 = 1.4826;

/// Has the group fallen? `before`: customers of the group in earlier runs under the same cuts, at most one of a day, all
/// before `on`; the last [`MOST_RUNS`] are taken. `None` with fewer than [`MIN_RUNS`].
#[must_use]
pub fn fall(group: LoyaltyGroup, before: &[(Day, u64)], on: Day, customers: u64) -> Option<Fall> {
    let mut runs: Vec<(f64, f64)> =
        before.iter().map(|(day, customers)| (day.since(on) as f64, *customers as f64)).collect();
    runs.sort_by(|x, y| x.0.total_cmp(&y.0));
    let runs = &runs[runs.len().saturating_sub(MOST_RUNS)..];
    if runs.len() < MIN_RUNS {
        return None;
    }
    let pairs = runs.iter().enumerate().flat_map(|(n, x)| runs[n + 1..].iter().map(move |y| (x, y)));
    let slope = median(pairs.map(|(x, y)| (y.1 - x.1) / (y.0 - x.0)).collect())?;
    // Days are counted from `on`, so the line's height there is its constant.
    let expected = median(runs.iter().map(|run| run.1 - slope * run.0).collect())?.max(0.0);
    let distance = median(runs.iter().map(|run| (run.1 - slope * run.0 - expected).abs()).collect())?;
    let spread = (distance * NORMAL).max(expected.sqrt());
    let missing = expected - customers as f64;
    (missing > SPREADS * spread && missing > SHARE * expected).then_some(Fall {
        group,
        customers,
        expected: expected.round() as u64,
        spread: spread.ceil() as u64,
    })
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    Some(f64::midpoint(values[(values.len() - 1) / 2], upper))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(n: i64) -> Day {
        Day::from_epoch_days(n)
    }

    fn told(before: &[u64], today: u64) -> Option<Fall> {
        let first = 100 - before.len() as i64;
        let before: Vec<_> = before.iter().enumerate().map(|(n, c)| (day(first + n as i64), *c)).collect();
        fall(LoyaltyGroup::Vip, &before, day(100), today)
    }

    #[test]
    fn a_fall_below_a_steady_trend_is_told() {
        let growing: Vec<u64> = (0..20).map(|n| 10_000 + 50 * n).collect();
        assert_eq!(told(&growing, 10_990), None);
        let fall = told(&growing, 10_000).unwrap();
        assert_eq!((fall.customers, fall.expected, fall.spread), (10_000, 11_000, 105));
    }

    #[test]
    fn shrinking_as_it_did_before_is_no_fall() {
        let shrinking: Vec<u64> = (0..20).map(|n| 20_000 - 400 * n).collect();
        assert_eq!(told(&shrinking, 12_000), None);
        assert!(told(&shrinking, 11_000).is_some());
    }

    #[test]
    fn a_few_odd_days_neither_hide_a_fall_nor_make_one() {
        let mut runs = vec![10_000_u64; 20];
        (runs[3], runs[10], runs[17]) = (2_000, 30_000, 1_000);
        assert_eq!(told(&runs, 9_900), None);
        assert!(told(&runs, 9_000).is_some());
    }

    #[test]
    fn with_few_runs_or_few_customers_nothing_is_said() {
        assert_eq!(told(&[10_000; 6], 0), None);
        assert!(told(&[10_000; 7], 0).is_some());
        assert_eq!(told(&[9; 20], 0), None);
    }

    proptest! {
        #[test]
        fn a_lower_number_is_never_better_news(before in prop::collection::vec(0..50_000_u64, 7..40), today in 0..50_000_u64, less in 0..50_000_u64) {
            if told(&before, today).is_some() {
                prop_assert!(told(&before, today.saturating_sub(less)).is_some());
            }
        }

        #[test]
        fn only_the_last_runs_count(old in prop::collection::vec(0..50_000_u64, 0..9), last in prop::collection::vec(0..50_000_u64, MOST_RUNS), today in 0..50_000_u64) {
            let all: Vec<u64> = old.into_iter().chain(last.iter().copied()).collect();
            prop_assert_eq!(told(&all, today), told(&last, today));
        }
    }
}
