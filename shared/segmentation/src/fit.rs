//! Fitting a cuts model to a base (law 5): terciles, the balanced law where ties swallow a class, the shop's fallback.

use serde::{Deserialize, Serialize};

use crate::buying::{Draw, History, Table};
use crate::cuts::{AxisCuts, Cuts, Law};
use crate::day::Day;
use crate::histogram::{Histogram, Tally};
use crate::orders::Orders;
use crate::summary::{AtRank, Bucket, Looked, Summarizer, Summary};
use crate::values::Window;

/// Two cuts as a shop types them, in the axis's own unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TypedCuts {
    /// The lower cut.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub c1: i64,
    /// The upper cut, above the lower.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub c2: i64,
}

/// What a shop wants of a fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FitPolicy {
    /// Which orders count.
    pub window: Window,
    /// Below this many customers in the base the fallback cuts apply.
    pub min_customers: u64,
    /// Fallback for recency, in days.
    pub fallback_recency: TypedCuts,
    /// Fallback for frequency, in orders.
    pub fallback_frequency: TypedCuts,
    /// Fallback for monetary value, as multiples of the median order.
    pub fallback_monetary_orders: TypedCuts,
    /// Recency fixed by the shop, in days.
    pub fixed_recency: Option<TypedCuts>,
    /// Frequency fixed by the shop, in orders.
    pub fixed_frequency: Option<TypedCuts>,
    /// Monetary value fixed by the shop, in minor units.
    pub fixed_monetary: Option<TypedCuts>,
    /// Is it enough to know the monetary cuts to within 0.1 % in rank? It saves a large base's run the second look.
    pub approximate: bool,
}

impl Default for FitPolicy {
    fn default() -> FitPolicy {
        FitPolicy {
            window: Window::default(),
            min_customers: 100,
            fallback_recency: TypedCuts { c1: 30, c2: 90 },
            fallback_frequency: TypedCuts { c1: 1, c2: 4 },
            fallback_monetary_orders: TypedCuts { c1: 1, c2: 3 },
            fixed_recency: None,
            fixed_frequency: None,
            fixed_monetary: None,
            approximate: false,
        }
    }
}

/// What is known of a base before its cuts: one histogram per axis, and the counted orders' net amounts. Of bounded size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Days since the last order, of each customer in the base.
    pub recency: Histogram,
    /// Orders inside the window, of each customer in the base.
    pub frequency: Histogram,
    /// Money inside the window, of each customer in the base, in minor units.
    pub monetary: Summary,
    /// Net amount of each counted order inside the window, in minor units: for the median order.
    pub order_totals: Summary,
    /// Each customer's purchase days, or those of a sample; only where they were asked for.
    #[serde(default)]
    pub buying: Table,
}

impl Survey {
    /// Both bases together; associative and commutative.
    #[must_use]
    pub fn merge(&self, other: &Survey) -> Survey {
        Survey {
            recency: self.recency.merge(&other.recency),
            frequency: self.frequency.merge(&other.frequency),
            monetary: self.monetary.merge(&other.monetary),
            order_totals: self.order_totals.merge(&other.order_totals),
            buying: self.buying.merge(&other.buying),
        }
    }

    /// Customers in the base.
    #[must_use]
    pub fn customers(&self) -> u64 {
        self.recency.total()
    }
}

/// Counts customers into a [`Survey`].
#[derive(Clone, Debug, Default)]
pub struct Surveyor {
    recency: Tally,
    frequency: Tally,
    monetary: Summarizer,
    order_totals: Summarizer,
    buying: Table,
}

impl From<Survey> for Surveyor {
    /// Goes on from what was surveyed before.
    fn from(survey: Survey) -> Surveyor {
        Surveyor {
            recency: survey.recency.into(),
            frequency: survey.frequency.into(),
            monetary: survey.monetary.into(),
            order_totals: survey.order_totals.into(),
            buying: survey.buying,
        }
    }
}

impl Surveyor {
    /// Takes in one customer; who is not in the base on that day is passed over.
    pub fn add(&mut self, orders: &Orders, on: Day, window: Window) {
        let Some(rfm) = orders.rfm(on, window).filter(crate::Rfm::in_base) else { return };
        self.recency.add(i64::from(rfm.recency_days));
        self.frequency.add(i64::from(rfm.frequency));
        self.monetary.add(rfm.monetary.0);
        for entry in orders.iter().filter(|e| window.counts(e) && e.day <= on && window.holds(e.day, on)) {
            self.order_totals.add(entry.net.0);
        }
    }

    /// Takes in one customer's purchase days for the beacon's model; `draw` says how long they stay in a sample.
    pub fn add_history(&mut self, draw: Draw, orders: &Orders, on: Day, window: Window) {
        if let Some(history) = History::of(orders, on, window) {
            self.buying.add(draw, history);
        }
    }

    /// The survey of all customers taken in.
    #[must_use]
    pub fn finish(self) -> Survey {
        Survey {
            recency: self.recency.finish(),
            frequency: self.frequency.finish(),
            monetary: self.monetary.finish(),
            order_totals: self.order_totals.finish(),
            buying: self.buying,
        }
    }
}

/// The cuts model of a surveyed base under a shop's policy. The same survey and policy give the same model. Where only buckets
/// of the money are known, its cuts are the ends of buckets, and the model says so.
#[must_use]
pub fn fit(survey: &Survey, policy: &FitPolicy) -> Cuts {
    fit_looked(survey, policy, None)
}

/// The buckets of which a second look must tell the exact counts before [`fit_looked`] is exact: those that hold the ranks
/// next to each tercile, so at most four. None where all is known, or the shop is content with less.
#[must_use]
pub fn to_look_at(survey: &Survey, policy: &FitPolicy) -> Vec<Bucket> {
    if policy.approximate || policy.fixed_monetary.is_some() || survey.customers() < policy.min_customers {
        return Vec::new();
    }
    let ranks = [1, 2].into_iter().filter_map(|thirds| ranks(survey.monetary.total(), thirds));
    let mut buckets: Vec<Bucket> = ranks
        .flat_map(|(low, _)| [low, low + 1])
        .filter_map(|rank| match survey.monetary.at_rank(rank, None) {
            Some(AtRank::In(bucket)) => Some(bucket),
            _ => None,
        })
        .collect();
    buckets.sort_unstable();
    buckets.dedup();
    buckets
}

/// The same as [`fit()`] with what a second look found.
#[must_use]
pub fn fit_looked(survey: &Survey, policy: &FitPolicy, looked: Option<&Looked>) -> Cuts {
    let few = survey.customers() < policy.min_customers;
    let typed = |cuts: TypedCuts, law| AxisCuts { c1: cuts.c1, c2: cuts.c2, law };
    let axis = |fitted: &dyn Fn() -> Option<AxisCuts>, fixed: Option<TypedCuts>, fallback: TypedCuts| match fixed {
        Some(cuts) => typed(cuts, Law::Fixed),
        None if few => typed(fallback, Law::FallbackFewCustomers),
        None => fitted().unwrap_or_else(|| typed(fallback, Law::FallbackFewValues)),
    };
    let exactly = |values: &Histogram| exact(values).or_else(|| balanced(values));
    Cuts {
        recency: axis(&|| exactly(&survey.recency), policy.fixed_recency, policy.fallback_recency),
        frequency: axis(&|| exactly(&survey.frequency), policy.fixed_frequency, policy.fallback_frequency),
        monetary: axis(
            &|| match survey.monetary.exact() {
                Some(values) => exactly(values),
                None => summarized(&survey.monetary, looked),
            },
            policy.fixed_monetary,
            multiples(policy.fallback_monetary_orders, &survey.order_totals),
        ),
        window: policy.window,
    }
}

/// Multiples of the median order: half of the orders are at or below it. At least of one minor unit, so that they differ.
fn multiples(orders: TypedCuts, totals: &Summary) -> TypedCuts {
    let median = totals.by_bucket().at_rank(totals.total().saturating_sub(1) / 2).unwrap_or(1).max(1);
    TypedCuts { c1: orders.c1.saturating_mul(median), c2: orders.c2.saturating_mul(median) }
}

/// The rank below the `thirds`/3 quantile, and how many thirds the quantile lies above it towards the next one.
fn ranks(total: u64, thirds: u64) -> Option<(u64, u64)> {
    let last = total.checked_sub(1)? * thirds;
    Some((last / 3, last % 3))
}

/// The floor of the `thirds`/3 quantile with linear interpolation (type 7 of Hyndman & Fan 1996, as pandas, Polars, DuckDB and
/// R compute it), by integer arithmetic: for integers `v`, `v <= floor(q)` is the same test as `v <= q`.
fn tercile(total: u64, thirds: u64, at: impl Fn(u64) -> Option<i64>) -> Option<i64> {
    let (rank, part) = ranks(total, thirds)?;
    let (low, high) = (i128::from(at(rank)?), i128::from(at(rank + 1)?));
    i64::try_from((low * 3 + (high - low) * i128::from(part)).div_euclid(3)).ok()
}

/// The tercile cuts, unless they leave a class empty. `at`: the value at a rank.
fn terciles(total: u64, largest: i64, law: Law, at: impl Fn(u64) -> Option<i64>) -> Option<AxisCuts> {
    let (c1, c2) = (tercile(total, 1, &at)?, tercile(total, 2, &at)?);
    // No value lies between two neighbouring ranks, so only those around the upper cut can be the middle class's highest.
    let (rank, _) = ranks(total, 2)?;
    let middle = [at(rank)?, at(rank + 1)?].into_iter().any(|value| value > c1 && value <= c2);
    (middle && largest > c2).then_some(AxisCuts { c1, c2, law })
}

fn exact(values: &Histogram) -> Option<AxisCuts> {
    terciles(values.total(), values.counts().last()?.0, Law::Tercile, |rank| values.at_rank(rank))
}

/// Cuts from buckets: terciles, exact where a second look tells all four ranks' values, else at the ends of buckets.
fn summarized(values: &Summary, looked: Option<&Looked>) -> Option<AxisCuts> {
    let at = |rank| match values.at_rank(rank, looked)? {
        AtRank::Value(value) => Some(value),
        AtRank::In(_) | AtRank::Moved => None,
    };
    let all_known = [1, 2].into_iter().all(|thirds| {
        ranks(values.total(), thirds).is_some_and(|(rank, _)| at(rank).is_some() && at(rank + 1).is_some())
    });
    let found = if all_known { terciles(values.total(), values.largest()?, Law::Tercile, at) } else { None };
    let buckets = values.by_bucket();
    let near = || {
        let ends = |thirds| ranks(values.total(), thirds).and_then(|(rank, _)| buckets.at_rank(rank));
        let (c1, c2) = (ends(1)?, ends(2)?);
        let full = c1 < c2 && values.largest()? > c2;
        full.then_some(AxisCuts { c1, c2, law: Law::TercileOfBuckets })
    };
    let fair = || balanced(&buckets).map(|cuts| AxisCuts { law: Law::BalancedOfBuckets, ..cuts });
    found.or_else(|| if all_known { None } else { near() }).or_else(fair)
}

/// The pair of observed values that minimises the sum of squared differences between class sizes and a third of the base;
/// on a tie the smaller c1, then the smaller c2. `None` below three distinct values.
fn balanced(histogram: &Histogram) -> Option<AxisCuts> {
    let counts = histogram.counts();
    if counts.len() < 3 {
        return None;
    }
    let up_to: Vec<i128> = counts
        .iter()
        .scan(0_i128, |sum, (_, count)| {
            *sum += i128::from(*count);
            Some(*sum)
        })
        .collect();
    let all = *up_to.last()?;
    // Three times each difference, to stay in integers.
    let cost = |i: usize, j: usize| {
        [up_to[i], up_to[j] - up_to[i], all - up_to[j]].into_iter().map(|size| (3 * size - all).pow(2)).sum::<i128>()
    };
    let mut best: Option<(i128, usize, usize)> = None;
    for i in 0..counts.len() - 2 {
        // With the lowest class given, the best upper cut halves the rest as evenly as it can: one of the two values
        // around the half.
        let half = up_to[i] + all;
        let at = up_to.partition_point(|sum| 2 * *sum < half);
        for j in [at.saturating_sub(1), at].map(|j| j.clamp(i + 1, counts.len() - 2)) {
            let candidate = (cost(i, j), i, j);
            best = Some(best.map_or(candidate, |found| found.min(candidate)));
        }
    }
    best.map(|(_, i, j)| AxisCuts { c1: counts[i].0, c2: counts[j].0, law: Law::Balanced })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::segment::{Axis, Score};

    fn histogram(values: &[(i64, u64)]) -> Histogram {
        values.iter().flat_map(|(value, count)| std::iter::repeat_n(*value, *count as usize)).collect()
    }

    fn sizes(histogram: &Histogram, cuts: &AxisCuts) -> [u64; 3] {
        Score::ALL.map(|score| histogram.counts().iter().filter(|(v, _)| cuts.score(*v) == score).map(|(_, n)| n).sum())
    }

    /// The balanced law as its sentence says it: over every pair.
    fn by_brute_force(histogram: &Histogram) -> Option<(i64, i64)> {
        let counts = histogram.counts();
        let all = histogram.total() as i128;
        let mut best = None;
        for i in 0..counts.len().saturating_sub(2) {
            for j in i + 1..counts.len() - 1 {
                let cuts = AxisCuts { c1: counts[i].0, c2: counts[j].0, law: Law::Balanced };
                let cost: i128 = sizes(histogram, &cuts).into_iter().map(|n| (3 * i128::from(n) - all).pow(2)).sum();
                if best.is_none_or(|(least, _, _)| cost < least) {
                    best = Some((cost, cuts.c1, cuts.c2));
                }
            }
        }
        best.map(|(_, c1, c2)| (c1, c2))
    }

    fn survey_of(frequencies: &[(i64, u64)]) -> Survey {
        let frequency = histogram(frequencies);
        let money = Summary::whole(frequency.clone());
        let buying = Table::default();
        Survey { recency: frequency.clone(), monetary: money.clone(), order_totals: money, frequency, buying }
    }

    #[test]
    fn terciles_cut_a_smooth_axis_in_three_equal_classes() {
        let values: Vec<(i64, u64)> = (1..=300).map(|v| (v, 1)).collect();
        let cuts = fit(&survey_of(&values), &FitPolicy::default());
        assert_eq!(cuts.monetary.law, Law::Tercile);
        assert_eq!(sizes(&histogram(&values), &cuts.monetary), [100, 100, 100]);
    }

    #[test]
    fn where_ties_swallow_a_class_the_balanced_law_keeps_three() {
        // 70 % bought once: both terciles are 1.
        let values = [(1, 700), (2, 150), (3, 100), (4, 50)];
        let cuts = fit(&survey_of(&values), &FitPolicy::default());
        assert_eq!((cuts.frequency.law, cuts.frequency.c1, cuts.frequency.c2), (Law::Balanced, 1, 2));
        // Most bought the most: nothing is above the upper tercile.
        let cuts = fit(&survey_of(&[(1, 50), (2, 50), (3, 900)]), &FitPolicy::default());
        assert_eq!((cuts.frequency.law, cuts.frequency.c1, cuts.frequency.c2), (Law::Balanced, 1, 2));
    }

    #[test]
    fn few_values_or_few_customers_take_the_fallback_and_say_so() {
        let cuts = fit(&survey_of(&[(1, 500), (2, 500)]), &FitPolicy::default());
        assert_eq!((cuts.frequency.law, cuts.frequency.c1, cuts.frequency.c2), (Law::FallbackFewValues, 1, 4));
        let few: Vec<(i64, u64)> = (1..=99).map(|v| (v * 100, 1)).collect();
        let cuts = fit(&survey_of(&few), &FitPolicy::default());
        assert_eq!((cuts.recency.law, cuts.recency.c1, cuts.recency.c2), (Law::FallbackFewCustomers, 30, 90));
        assert_eq!((cuts.monetary.c1, cuts.monetary.c2), (5000, 15_000));
    }

    #[test]
    fn a_base_of_nobody_still_gives_cuts_that_differ() {
        let cuts = fit(&Survey::default(), &FitPolicy::default());
        for axis in [Axis::Recency, Axis::Frequency, Axis::Monetary] {
            assert!(cuts.axis(axis).c1 < cuts.axis(axis).c2, "{axis:?}");
        }
    }

    #[test]
    fn a_shop_fixes_one_axis_and_the_others_are_fitted() {
        let values: Vec<(i64, u64)> = (1..=300).map(|v| (v, 1)).collect();
        let policy = FitPolicy { fixed_recency: Some(TypedCuts { c1: 7, c2: 14 }), ..FitPolicy::default() };
        let cuts = fit(&survey_of(&values), &policy);
        assert_eq!((cuts.recency.law, cuts.recency.c1), (Law::Fixed, 7));
        assert_eq!(cuts.frequency.law, Law::Tercile);
    }

    /// The same base, with money counted one by one and as a run would have it.
    fn both(money: &[i64]) -> (Survey, Survey) {
        let counts: Histogram = money.iter().copied().collect();
        let days: Histogram = (0..money.len() as i64).map(|n| n % 300).collect();
        let survey = |monetary: Summary| Survey {
            recency: days.clone(),
            frequency: days.clone(),
            order_totals: monetary.clone(),
            monetary,
            ..Survey::default()
        };
        (survey(Summary::whole(counts.clone())), survey(Summary::from(counts)))
    }

    #[test]
    fn what_moved_between_the_looks_leaves_the_first_answer_and_the_model_says_so() {
        let money: Vec<i64> = (0..9_000).map(|n| 5_000 + n * n % 90_001).collect();
        let (_, bucketed) = both(&money);
        let asked = to_look_at(&bucketed, &FitPolicy::default());
        assert!((1..=4).contains(&asked.len()), "{asked:?}");
        let moved = Looked::of(money.iter().copied().skip(10), &asked).merge(&Looked::of([asked[0].first], &asked));
        let more = moved.merge(&Looked::of([asked[0].first; 30], &asked));
        let cuts = fit_looked(&bucketed, &FitPolicy::default(), Some(&more));
        assert_eq!(cuts, fit(&bucketed, &FitPolicy::default()));
        assert_eq!(cuts.monetary.law, Law::TercileOfBuckets);
        let content = FitPolicy { approximate: true, ..FitPolicy::default() };
        assert_eq!(to_look_at(&bucketed, &content), []);
    }

    #[test]
    fn a_price_that_most_paid_swallows_a_class_of_buckets_too() {
        let money: Vec<i64> = (0..30_000).map(|n| if n % 10 < 7 { 2_999 } else { 3_000 + n }).collect();
        let (exact, bucketed) = both(&money);
        assert!(bucketed.monetary.exact().is_none());
        let looked = Looked::of(money.iter().copied(), &to_look_at(&bucketed, &FitPolicy::default()));
        let cuts = fit_looked(&bucketed, &FitPolicy::default(), Some(&looked)).monetary;
        assert_eq!((cuts.law, cuts.c1), (Law::BalancedOfBuckets, 2_999));
        let counts = sizes(exact.monetary.exact().unwrap_or(&Histogram::default()), &cuts);
        assert!(counts.iter().all(|size| *size > 0), "{counts:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn two_looks_are_exact_and_one_is_near(seed in 1..1_000_000_i64, tie in 0..200_000_i64, ties in 0..2_000_usize) {
            let mut money: Vec<i64> = (0..9_000).map(|n| (n * seed).rem_euclid(1_000_003) * (n % 7 + 1) / 3).collect();
            money.extend(std::iter::repeat_n(tie, ties));
            let policy = FitPolicy::default();
            let (exact, bucketed) = both(&money);
            prop_assume!(bucketed.monetary.exact().is_none());
            let (left, right) = money.split_at(money.len() / 3);
            let asked = to_look_at(&bucketed, &policy);
            let looked = Looked::of(right.iter().copied(), &asked).merge(&Looked::of(left.iter().copied(), &asked));
            prop_assert_eq!(fit_looked(&bucketed, &policy, Some(&looked)), fit(&exact, &policy));

            let near = fit(&bucketed, &policy).monetary;
            let first = sizes(&money.iter().copied().collect(), &fit(&exact, &policy).monetary);
            let got = sizes(&money.iter().copied().collect(), &near);
            // Off by no more than what lies in the buckets of the two cuts.
            let inside = |cut: i64| money.iter().filter(|value| Bucket::of(**value) == Bucket::of(cut)).count() as u64;
            prop_assert!(first[0].abs_diff(got[0]) <= inside(near.c1) && first[2].abs_diff(got[2]) <= inside(near.c2));
        }
    }

    proptest! {
        #[test]
        fn the_balanced_law_finds_what_brute_force_finds(values in prop::collection::vec((-20..20_i64, 1..40_u64), 1..20)) {
            let histogram = histogram(&values);
            prop_assert_eq!(balanced(&histogram).map(|cuts| (cuts.c1, cuts.c2)), by_brute_force(&histogram));
        }

        #[test]
        fn the_tercile_is_the_floor_of_linear_interpolation(mut values in prop::collection::vec(-1000..1000_i64, 1..60), thirds in 1..3_u64) {
            let histogram: Histogram = values.iter().copied().collect();
            values.sort_unstable();
            let position = (values.len() - 1) as f64 * thirds as f64 / 3.0;
            let low = values[position.floor() as usize] as f64;
            let high = values[(position.ceil() as usize).min(values.len() - 1)] as f64;
            let real = low + (high - low) * position.fract();
            // In floats 1/3 is not exact: compare where rounding cannot decide.
            let got = tercile(histogram.total(), thirds, |rank| histogram.at_rank(rank)).unwrap_or(i64::MIN) as f64;
            prop_assert!(got <= real + 1e-6 && got > real - 1.0 - 1e-6, "{} {}", got, real);
        }

        #[test]
        fn with_three_distinct_values_no_class_is_empty(values in prop::collection::vec((-20..20_i64, 1..40_u64), 1..20)) {
            let histogram = histogram(&values);
            prop_assume!(histogram.distinct() >= 3);
            let found = exact(&histogram).or_else(|| balanced(&histogram));
            prop_assert!(found.is_some_and(|cuts| sizes(&histogram, &cuts).into_iter().all(|size| size > 0)));
        }

        #[test]
        fn equal_values_never_part(values in prop::collection::vec(1..8_i64, 100..200)) {
            // A score is a function of the value alone, so it is enough that the classes' sizes add up value by value.
            let histogram: Histogram = values.iter().copied().collect();
            let money = Summary::whole(histogram.clone());
            let survey = Survey { recency: histogram.clone(), frequency: histogram.clone(), monetary: money.clone(), order_totals: money, ..Survey::default() };
            let cuts = fit(&survey, &FitPolicy::default());
            let mut scores = std::collections::BTreeMap::new();
            for value in values {
                let score = cuts.frequency.score(value);
                prop_assert_eq!(*scores.entry(value).or_insert(score), score);
            }
            prop_assert_eq!(sizes(&histogram, &cuts.frequency).iter().sum::<u64>(), histogram.total());
        }
    }
}
