//! What-if: a playbook over the orders of the past, day by day, before it is published.
//!
//! Each day is decided in its morning: what is known is the orders of the days before it. Whoever has none by then is nobody yet.
//! It is decided for the checkout, and for a letter where the customer may be written to, so a promise is one that the customer could
//! have got, had they come or been written to on any day: what is promised is a ceiling. An order then uses every promise whose
//! time it falls into, whatever the customer would have done; that closes the promise's slot and lets the next one open.

mod course;
mod promises;
mod rows;
mod tally;

pub use course::simulate;
pub use rows::{Of, TallyRow};
pub use tally::{Line, SeriesLine, Tally};

use std::collections::BTreeSet;

use segmentation::{Activation, Cuts, Day, Groups, Minor, Profile};
use serde::{Deserialize, Serialize};

use crate::campaign::OwnCampaign;
use crate::decide::{Candidate, Favourite, MoneyWords, OfferSettings};

/// The most days one simulation may have.
pub const MAX_DAYS: i64 = 366;

/// Which days are simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    from: Day,
    until: Day,
}

/// Days that are no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPeriod {
    /// It ends before it begins.
    #[error("lies before `from`")]
    Backwards,
    /// It is too long.
    #[error("is more than {MAX_DAYS} days after `from`, which is the most")]
    TooLong,
}

impl Period {
    /// From a day until a day, both within.
    ///
    /// # Errors
    /// [`BadPeriod`], which speaks of `until`.
    pub fn new(from: Day, until: Day) -> Result<Period, BadPeriod> {
        match until.since(from) {
            ..0 => Err(BadPeriod::Backwards),
            MAX_DAYS.. => Err(BadPeriod::TooLong),
            _ => Ok(Period { from, until }),
        }
    }

    /// Its first day.
    #[must_use]
    pub fn from(&self) -> Day {
        self.from
    }

    /// Its last day.
    #[must_use]
    pub fn until(&self) -> Day {
        self.until
    }

    /// Its days, first to last.
    pub fn days(&self) -> impl Iterator<Item = Day> + use<> {
        let from = self.from;
        (0..=self.until.since(from)).map(move |n| from.plus(n))
    }
}

/// Cuts that are in force from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// From which day.
    pub from: Day,
    /// Their number; later ones have higher numbers.
    pub activation: Activation,
    /// The model.
    pub cuts: Cuts,
}

/// All of a simulation but customers and playbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Which days.
    pub period: Period,
    /// Cuts by day, oldest first; before the first one's day that one holds. Without any nobody has a segment.
    pub cuts: Vec<InForce>,
    /// Which group each segment belongs to.
    pub groups: Groups,
    /// The shop's terms.
    pub settings: OfferSettings,
    /// How money is written.
    pub money: MoneyWords,
    /// The shop's own campaigns that are open.
    pub campaigns: Vec<OwnCampaign>,
    /// Series that are paused: they promise nothing.
    pub paused: BTreeSet<String>,
    /// Count everyone as having agreed to mailings, where nobody's consent is known.
    pub everyone_agrees: bool,
}

impl Scenario {
    /// The cuts in force on a day.
    #[must_use]
    pub fn in_force(&self, on: Day) -> Option<&InForce> {
        self.cuts.iter().rev().find(|cuts| cuts.from <= on).or(self.cuts.first())
    }

    /// The cuts of an activation; of one that came before those known, the first ones.
    fn numbered(&self, activation: Activation) -> Option<&InForce> {
        self.cuts.iter().rev().find(|cuts| cuts.activation <= activation).or(self.cuts.first())
    }
}

/// What of a shop's products a simulation may use.
pub trait Shelf {
    /// Days from one look at the products to the next.
    const EVERY: i64 = 7;

    /// What may come into question for a customer on a day, and their favourite categories where the products tell more than
    /// the profile.
    fn look(&self, profile: &Profile, on: Day) -> (Vec<Candidate>, Option<Vec<Favourite>>);

    /// The upper edge of the lowest third of prices.
    fn low_band(&self) -> Option<Minor> {
        None
    }
}

/// No products: mechanics that show some give nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoShelf;

impl Shelf for NoShelf {
    fn look(&self, _: &Profile, _: Day) -> (Vec<Candidate>, Option<Vec<Favourite>>) {
        (Vec::new(), None)
    }
}
