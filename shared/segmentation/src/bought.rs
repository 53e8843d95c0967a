//! What an order says about taste: its lines as far as a profile remembers them.

use crate::day::Day;
use crate::money::Minor;
use crate::product::ProductKey;

/// An order as it was first accepted. What is given back or corrected later does not undo what was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bought {
    /// The shop day on which it was placed.
    pub day: Day,
    /// Its lines.
    pub lines: Vec<BoughtLine>,
}

/// One line of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoughtLine {
    /// What was bought.
    pub product: Option<ProductKey>,
    /// Its category, as the shop names it.
    pub category: Option<String>,
    /// Its brand, as the shop names it.
    pub brand: Option<String>,
    /// What was paid for one of it, in minor units.
    pub unit_price: Option<Minor>,
}
