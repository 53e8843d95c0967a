//! Fitting a cuts model to a base (law 5): terciles, the balanced law where ties swallow a class, the shop's fallback.

use serde::{Deserialize, Serialize};

use crate::cuts::{AxisCuts, Cuts, Law};
use crate::day::Day;
use crate::histogram::{Histogram, Tally};
use crate::orders::Orders;
use crate::segment::Axis;
use crate::values::Window;

/// Two cuts as a shop types them, in the axis's own unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypedCuts {
    /// The lower cut.
    pub c1: i64,
    /// The upper cut, above the lower.
    pub c2: i64,
}

/// What a shop wants of a fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
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
        }
    }
}

/// What is known of a base before its cuts: one histogram per axis, and the counted orders' net amounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Days since the last order, of each customer in the base.
    pub recency: Histogram,
    /// Orders inside the window, of each customer in the base.
    pub frequency: Histogram,
    /// Money inside the window, of each customer in the base, in minor units.
    pub monetary: Histogram,
    /// Net amount of each counted order inside the window, in minor units: for the median order.
    pub order_totals: Histogram,
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
    monetary: Tally,
    order_totals: Tally,
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

    /// The survey of all customers taken in.
    #[must_use]
    pub fn finish(self) -> Survey {
        Survey {
            recency: self.recency.finish(),
            frequency: self.frequency.finish(),
            monetary: self.monetary.finish(),
            order_totals: self.order_totals.finish(),
        }
    }
}

/// The cuts model of a surveyed base under a shop's policy. The same survey and policy give the same model.
#[must_use]
pub fn fit(survey: &Survey, policy: &FitPolicy) -> Cuts {
    // Half of the orders are at or below it; at least one minor unit, so that its multiples differ.
    let median_order =
        survey.order_totals.at_rank(survey.order_totals.total().saturating_sub(1) / 2).unwrap_or(1).max(1);
    let orders = policy.fallback_monetary_orders;
    let fallback_monetary =
        TypedCuts { c1: orders.c1.saturating_mul(median_order), c2: orders.c2.saturating_mul(median_order) };
    let axis = |axis| {
        let (histogram, fixed, fallback) = match axis {
            Axis::Recency => (&survey.recency, policy.fixed_recency, policy.fallback_recency),
            Axis::Frequency => (&survey.frequency, policy.fixed_frequency, policy.fallback_frequency),
            Axis::Monetary => (&survey.monetary, policy.fixed_monetary, fallback_monetary),
        };
        let typed = |cuts: TypedCuts, law| AxisCuts { c1: cuts.c1, c2: cuts.c2, law };
        match fixed {
            Some(cuts) => typed(cuts, Law::Fixed),
            None if survey.customers() < policy.min_customers => typed(fallback, Law::FallbackFewCustomers),
            None => terciles(histogram)
                .or_else(|| balanced(histogram))
                .unwrap_or_else(|| typed(fallback, Law::FallbackFewValues)),
        }
    };
    Cuts {
        recency: axis(Axis::Recency),
        frequency: axis(Axis::Frequency),
        monetary: axis(Axis::Monetary),
        window: policy.window,
    }
}

/// The tercile cuts, unless they leave a class empty.
fn terciles(histogram: &Histogram) -> Option<AxisCuts> {
    let (c1, c2) = (histogram.tercile(1)?, histogram.tercile(2)?);
    let (smallest, largest) = (histogram.counts().first()?.0, histogram.counts().last()?.0);
    // The lowest class always holds the smallest value; the middle one needs a value in (c1, c2], the top one above c2.
    let middle = histogram.counts().iter().any(|(value, _)| *value > c1 && *value <= c2);
    (smallest <= c1 && middle && largest > c2).then_some(AxisCuts { c1, c2, law: Law::Tercile })
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
    use crate::segment::Score;

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
        Survey { recency: frequency.clone(), monetary: frequency.clone(), order_totals: frequency.clone(), frequency }
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

    proptest! {
        #[test]
        fn the_balanced_law_finds_what_brute_force_finds(values in prop::collection::vec((-20..20_i64, 1..40_u64), 1..20)) {
            let histogram = histogram(&values);
            prop_assert_eq!(balanced(&histogram).map(|cuts| (cuts.c1, cuts.c2)), by_brute_force(&histogram));
        }

        #[test]
        fn with_three_distinct_values_no_class_is_empty(values in prop::collection::vec((-20..20_i64, 1..40_u64), 1..20)) {
            let histogram = histogram(&values);
            prop_assume!(histogram.distinct() >= 3);
            let found = terciles(&histogram).or_else(|| balanced(&histogram));
            prop_assert!(found.is_some_and(|cuts| sizes(&histogram, &cuts).into_iter().all(|size| size > 0)));
        }

        #[test]
        fn equal_values_never_part(values in prop::collection::vec(1..8_i64, 100..200)) {
            // A score is a function of the value alone, so it is enough that the classes' sizes add up value by value.
            let histogram: Histogram = values.iter().copied().collect();
            let survey = Survey { recency: histogram.clone(), frequency: histogram.clone(), monetary: histogram.clone(), order_totals: histogram.clone() };
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
