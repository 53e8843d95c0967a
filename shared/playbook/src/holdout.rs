//! Holdout: the random share of customers who get no incentive, so that its effect can be measured (law 14).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The name under which a customer is held out of everything.
pub const EVERYTHING: &str = "*";

/// Who is held out, from the shop's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Holdout {
    /// Percent of customers who are held out of every series, 0 to 50.
    pub percent: u8,
    /// Percent of customers who are held out of a series, beside those, 0 to 50.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub series: BTreeMap<String, u8>,
    /// Another text draws other customers.
    #[serde(skip_serializing_if = "String::is_empty")]
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
