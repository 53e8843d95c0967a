//! How a base spreads over the values of each axis, in few bars: what people look at beside the cuts. Cuts are fitted from exact counts
//! ([`Survey`](crate::Survey)), never from these.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::segment::Axis;
use crate::values::Rfm;

/// Values that agree in their first three significant bits stand in one bar: at most four bars from a value to its double.
const SIGNIFICANT_BITS: u32 = 3;

/// How many customers stand in each bar, by the bar's smallest value; at most some 240 bars.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(i64, u64)>", into = "Vec<(i64, u64)>")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Bars(BTreeMap<i64, u64>);

impl Bars {
    fn count(&mut self, value: i64) {
        *self.0.entry(bar(value).0).or_default() += 1;
    }

    /// The bars that are not empty: their smallest value, and how many customers.
    pub fn iter(&self) -> impl Iterator<Item = (i64, u64)> {
        self.0.iter().map(|(first, customers)| (*first, *customers))
    }

    fn merge(&self, other: &Bars) -> Bars {
        let mut merged = self.clone();
        for (first, customers) in other.iter() {
            *merged.0.entry(first).or_default() += customers;
        }
        merged
    }
}

impl From<Vec<(i64, u64)>> for Bars {
    fn from(listed: Vec<(i64, u64)>) -> Bars {
        let one = |(first, customers)| Bars(BTreeMap::from([(bar(first).0, customers)]));
        listed.into_iter().map(one).fold(Bars::default(), |sum, one| sum.merge(&one))
    }
}

impl From<Bars> for Vec<(i64, u64)> {
    fn from(bars: Bars) -> Self {
        bars.iter().collect()
    }
}

/// The smallest and the largest value of the bar of a value. What is negative, which no axis has, counts as zero.
#[must_use]
pub fn bar(value: i64) -> (i64, i64) {
    let value = value.max(0);
    let bits = i64::BITS - value.leading_zeros();
    let width = 1_i64 << bits.saturating_sub(SIGNIFICANT_BITS);
    let first = value & !(width - 1);
    (first, first.saturating_add(width - 1))
}

/// Where a value lies when all bars are drawn equally wide: the number of its bar from that of zero on, and how far in it.
#[must_use]
pub fn position(value: i64) -> f64 {
    let (first, last) = bar(value);
    let bits = i64::BITS - first.leading_zeros();
    let number = if bits <= SIGNIFICANT_BITS {
        first
    } else {
        let doublings = i64::from(bits - SIGNIFICANT_BITS);
        let (whole, half) = (1 << SIGNIFICANT_BITS, 1 << (SIGNIFICANT_BITS - 1));
        whole + (doublings - 1) * half + ((first >> (bits - SIGNIFICANT_BITS)) - half)
    };
    number as f64 + (value.max(0) - first) as f64 / ((last - first) as f64 + 1.0)
}

/// The bars of the three axes, of all customers with a counted order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Spread {
    /// Days since the last order.
    pub recency: Bars,
    /// Counted orders of the window.
    pub frequency: Bars,
    /// Minor units spent in the window.
    pub monetary: Bars,
}

impl Spread {
    /// Counts one customer.
    pub fn count(&mut self, rfm: &Rfm) {
        self.recency.count(rfm.recency_days.into());
        self.frequency.count(rfm.frequency.into());
        self.monetary.count(rfm.monetary.0);
    }

    /// Is nobody counted?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Spread::default()
    }

    /// The bars of an axis.
    #[must_use]
    pub fn axis(&self, axis: Axis) -> &Bars {
        match axis {
            Axis::Recency => &self.recency,
            Axis::Frequency => &self.frequency,
            Axis::Monetary => &self.monetary,
        }
    }

    /// Both together; associative and commutative.
    #[must_use]
    pub fn merge(&self, other: &Spread) -> Spread {
        Spread {
            recency: self.recency.merge(&other.recency),
            frequency: self.frequency.merge(&other.frequency),
            monetary: self.monetary.merge(&other.monetary),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::money::Minor;

    proptest! {
        #[test]
        fn a_value_lies_in_its_bar_and_bars_are_narrow(value in 0..i64::MAX) {
            let (first, last) = bar(value);
            prop_assert!(first <= value && value <= last);
            prop_assert!(bar(first) == (first, last) && bar(last) == (first, last));
            prop_assert!(last - first <= first / 4, "{} to {}", first, last);
            prop_assert_eq!(position(first).fract(), 0.0);
        }

        #[test]
        fn positions_are_in_the_order_of_values_and_leave_no_bar_out(value in 0..1_i64 << 50) {
            let (first, last) = bar(value);
            prop_assert!(position(value) >= position(first) && position(value) < position(last + 1));
            prop_assert_eq!(position(last + 1), position(first) + 1.0);
        }
    }

    #[test]
    fn bars_of_shards_add_up_and_read_back() {
        let rfm = |recency_days, frequency, monetary| Rfm { recency_days, frequency, monetary: Minor(monetary) };
        let (mut one, mut other) = (Spread::default(), Spread::default());
        assert!(one.is_empty());
        one.count(&rfm(3, 1, 1_000));
        other.count(&rfm(3, 2, 1_010));
        let both = one.merge(&other);
        assert_eq!(both, other.merge(&one));
        assert_eq!(both.axis(Axis::Recency).iter().collect::<Vec<_>>(), [(3, 2)]);
        assert_eq!(both.axis(Axis::Frequency).iter().collect::<Vec<_>>(), [(1, 1), (2, 1)]);
        assert_eq!(both.axis(Axis::Monetary).iter().collect::<Vec<_>>(), [(896, 2)]);
        let listed: Vec<_> = both.monetary.clone().into();
        assert_eq!(Bars::from(listed), both.monetary);
    }
}
