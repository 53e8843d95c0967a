//! Money is an integer in minor units of the shop's currency (law 3): never a float, never converted.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// An amount in minor units (pence, cents) of the shop's one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Minor(pub i64);

impl Minor {
    /// Nothing.
    pub const ZERO: Minor = Minor(0);
    /// The largest total of one order or amount of one line: 10^14 minor units. A customer's 40,000 orders of it still
    /// sum within 64 bits, so no sum of valid amounts overflows.
    pub const MAX: Minor = Minor(100_000_000_000_000);

    /// This amount, or zero where it is negative.
    #[must_use]
    pub fn at_least_zero(self) -> Minor {
        self.max(Minor::ZERO)
    }
}

impl Add for Minor {
    type Output = Minor;

    fn add(self, other: Minor) -> Minor {
        Minor(self.0 + other.0)
    }
}

impl AddAssign for Minor {
    fn add_assign(&mut self, other: Minor) {
        self.0 += other.0;
    }
}

impl Sub for Minor {
    type Output = Minor;

    fn sub(self, other: Minor) -> Minor {
        Minor(self.0 - other.0)
    }
}

impl Sum for Minor {
    fn sum<I: Iterator<Item = Minor>>(amounts: I) -> Minor {
        amounts.fold(Minor::ZERO, Add::add)
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
