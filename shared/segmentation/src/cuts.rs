//! Cuts: per axis two values that separate scores 1, 2 and 3; immutable, versioned by content (laws 5 and 6).

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::day::Day;
use crate::orders::Orders;
use crate::segment::{Axis, Place, Score, Segment};
use crate::values::{Rfm, Window};

/// By which law an axis was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Law {
    /// The 1/3 and 2/3 quantiles of the base.
    Tercile,
    /// Ties had swallowed a tercile: the pair of values whose classes are nearest to a third each.
    Balanced,
    /// Fewer than three distinct values: the shop's fallback cuts.
    FallbackFewValues,
    /// Fewer customers than the shop's minimum: the shop's fallback cuts.
    FallbackFewCustomers,
    /// The shop fixed this axis itself.
    Fixed,
    /// The quantiles to within a bucket of a 1,024th of their value: the shop is content with that, or facts came in between
    /// two looks.
    TercileOfBuckets,
    /// The balanced law over buckets.
    BalancedOfBuckets,
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Law::Tercile => "terciles",
            Law::Balanced => "balanced classes, as ties swallowed a tercile",
            Law::FallbackFewValues => "fallback, as there are fewer than three distinct values",
            Law::FallbackFewCustomers => "fallback, as there are too few customers",
            Law::Fixed => "fixed by the shop",
            Law::TercileOfBuckets => "terciles to within 0.1 %",
            Law::BalancedOfBuckets => "balanced classes to within 0.1 %, as ties swallowed a tercile",
        })
    }
}

/// Two cuts on one axis, in the axis's own unit: `v <= c1`, `c1 < v <= c2`, `v > c2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AxisCuts {
    /// The lower cut.
    pub c1: i64,
    /// The upper cut.
    pub c2: i64,
    /// Where they come from.
    pub law: Law,
}

impl AxisCuts {
    /// The class of a value when more is better.
    #[must_use]
    pub fn score(&self, value: i64) -> Score {
        if value <= self.c1 {
            Score::One
        } else if value <= self.c2 {
            Score::Two
        } else {
            Score::Three
        }
    }
}

/// A cuts model: all that turns a customer's orders and a day into a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cuts {
    /// In days; fewest days score 3.
    pub recency: AxisCuts,
    /// In orders.
    pub frequency: AxisCuts,
    /// In minor units.
    pub monetary: AxisCuts,
    /// Which orders count.
    pub window: Window,
}

/// A model's content hash: 16 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^[0-9a-f]{16}$")))]
pub struct CutsVersion(pub String);

impl fmt::Display for CutsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The number of the moment from which a model is the shop's; 1 is the first, a rollback is a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Activation(pub u32);

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Cuts {
    /// The cuts of one axis.
    #[must_use]
    pub fn axis(&self, axis: Axis) -> &AxisCuts {
        match axis {
            Axis::Recency => &self.recency,
            Axis::Frequency => &self.frequency,
            Axis::Monetary => &self.monetary,
        }
    }

    /// The segment of three values. Nobody without an order in the window is above f1 m1, whatever the cuts.
    #[must_use]
    pub fn segment(&self, rfm: &Rfm) -> Segment {
        let inside = rfm.in_base();
        let or_lowest = |score| if inside { score } else { Score::One };
        Segment {
            r: self.recency.score(i64::from(rfm.recency_days)).reversed(),
            f: or_lowest(self.frequency.score(i64::from(rfm.frequency))),
            m: or_lowest(self.monetary.score(rfm.monetary.0)),
        }
    }

    /// Where a customer with these orders stands on the day `on` (law 7).
    #[must_use]
    pub fn place(&self, orders: &Orders, on: Day) -> Place {
        Place(orders.rfm(on, self.window).map(|rfm| self.segment(&rfm)))
    }

    /// The hash of the content: equal models have one version, wherever they were fitted.
    #[must_use]
    pub fn version(&self) -> CutsVersion {
        let mut hash = Sha256::new();
        hash.update(b"tercile cuts 1");
        for axis in [&self.recency, &self.frequency, &self.monetary] {
            hash.update(axis.c1.to_be_bytes());
            hash.update(axis.c2.to_be_bytes());
            hash.update([axis.law as u8]);
        }
        hash.update(self.window.days.map_or(-1, i64::from).to_be_bytes());
        hash.update([self.window.zero_orders as u8]);
        CutsVersion(HEXLOWER.encode(&hash.finalize()[..8]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::money::Minor;

    fn cuts() -> Cuts {
        let axis = |c1, c2| AxisCuts { c1, c2, law: Law::Fixed };
        Cuts { recency: axis(30, 90), frequency: axis(1, 4), monetary: axis(1000, 5000), window: Window::default() }
    }

    fn segment(recency_days: u32, frequency: u32, monetary: i64) -> String {
        cuts().segment(&Rfm { recency_days, frequency, monetary: Minor(monetary) }).to_string()
    }

    #[test]
    fn a_value_on_a_cut_belongs_below_it_and_few_days_score_best() {
        assert_eq!(segment(30, 1, 1000), "r3f1m1");
        assert_eq!(segment(31, 2, 1001), "r2f2m2");
        assert_eq!(segment(90, 4, 5000), "r2f2m2");
        assert_eq!(segment(91, 5, 5001), "r1f3m3");
    }

    #[test]
    fn outside_the_window_frequency_and_money_are_lowest() {
        let mut low = cuts();
        low.frequency.c1 = -1;
        low.monetary.c1 = -1;
        let old = Rfm { recency_days: 400, frequency: 0, monetary: Minor::ZERO };
        assert_eq!(low.segment(&old).to_string(), "r1f1m1");
    }

    #[test]
    fn every_part_of_the_content_changes_the_version() {
        let base = cuts();
        let others = [
            Cuts { recency: AxisCuts { c1: 31, ..base.recency }, ..base },
            Cuts { frequency: AxisCuts { c2: 5, ..base.frequency }, ..base },
            Cuts { monetary: AxisCuts { law: Law::Tercile, ..base.monetary }, ..base },
            Cuts { window: Window { days: Some(365), ..base.window }, ..base },
            Cuts { window: Window { zero_orders: crate::ZeroOrders::Count, ..base.window }, ..base },
        ];
        let versions: std::collections::BTreeSet<_> = others.iter().chain([&base]).map(Cuts::version).collect();
        assert_eq!(versions.len(), others.len() + 1);
        assert_eq!(cuts().version(), base.version());
    }

    proptest! {
        #[test]
        fn more_days_never_score_better_and_more_money_never_worse(days in 0..1000_u32, more in 0..1000_u32) {
            let cuts = cuts();
            let at = |recency_days, monetary| cuts.segment(&Rfm { recency_days, frequency: 1, monetary: Minor(monetary) });
            prop_assert!(at(days + more, 0).r <= at(days, 0).r);
            prop_assert!(at(0, i64::from(days + more) * 10).m >= at(0, i64::from(days) * 10).m);
        }
    }
}
