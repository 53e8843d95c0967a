//! Holdout: the random share of customers who get no incentive, so that its effect can be measured (law 14).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The name under which a customer is held out of everything.
pub const EVERYTHING: &str = "*";

/// Who is held out, from the shop's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Holdout {
    /// Percent of customers who are held out of every series, 0 to 50.
    #[cfg_attr(feature = "schema", schemars(range(max = Holdout::MOST)))]
    pub percent: u8,
    /// Percent of customers who are held out of a series, beside those, 0 to 50.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub series: BTreeMap<String, u8>,
    /// Another text draws other customers.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = 100)))]
    pub salt: String,
}

impl Holdout {
    /// The largest share, in percent.
    pub const MOST: u8 = 50;

    /// The share of a series, or of [`EVERYTHING`], in percent.
    #[must_use]
    pub fn share(&self, series: &str) -> u8 {
        if series == EVERYTHING { self.percent } else { self.series.get(series).copied().unwrap_or(0) }
    }

    /// Is anybody held out of anything?
    #[must_use]
    pub fn holds_anybody(&self) -> bool {
        self.percent > 0 || self.series.values().any(|percent| *percent > 0)
    }

    /// Is a customer held out? `draw`: uniform over all 32-bit numbers, and fixed for customer, salt and series.
    #[must_use]
    pub fn takes(&self, series: &str, draw: u32) -> bool {
        (u64::from(draw) * 100) >> 32 < u64::from(self.share(series))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_are_kept_to_the_customer_over_evenly_spread_draws() {
        let holdout = Holdout { percent: 10, series: [("spring_sale".to_owned(), 33)].into(), salt: String::new() };
        // Every 2^16th draw: 65,536 of them.
        let taken = |series: &str| (0..=u16::MAX).filter(|n| holdout.takes(series, u32::from(*n) << 16)).count();
        assert_eq!([taken(EVERYTHING), taken("spring_sale"), taken("autumn_sale")], [6_554, 21_627, 0]);
    }

    proptest! {
        #[test]
        fn who_is_held_out_stays_so_at_every_greater_share(draw: u32, percent in 0..50_u8) {
            let at = |percent| Holdout { percent, ..Holdout::default() }.takes(EVERYTHING, draw);
            prop_assert!(!at(percent) || at(percent + 1));
            prop_assert!(!at(0));
        }
    }
}
