//! When a campaign is open (law 12). A cooldown is a calendar, so nobody has to remember what was shown.

use segmentation::Day;
use serde::{Deserialize, Serialize};

/// When an idea is open for a customer. Days are shop days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Calendar {
    /// Every day. For messages only: a reward has to have a slot.
    #[default]
    Always,
    /// Slots of `every` days, shifted per customer and series, open in the first `open` days of each.
    Slots {
        /// P: days from one slot to the next, 1 to 730.
        every: u16,
        /// V: open days of each, 1 to P.
        open: u16,
    },
    /// The shop's sale periods, from the settings; a slot begins with the sale.
    Sale,
    /// The final days of the shop's sale periods, from the settings.
    FinalDays,
    /// The calendar month.
    Month,
    /// Something that happened to this customer: open V days from it, and at most once in P.
    Event {
        /// What happened.
        on: Event,
        /// V: open days from it.
        open: u16,
        /// P: not again within so many days.
        every: u16,
    },
}

/// What happens to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A year in the programme, or another one.
    Anniversary,
    /// A product bought before is about to run out.
    RunOut,
    /// The day of the week or month on which they usually buy.
    UsualDay,
    /// A round number of orders: 10, 25, 50, 100, and each further 100.
    Achievement,
    /// They came into this segment.
    Move,
    /// Their first order.
    FirstOrder,
    /// They answered the survey that the idea goes by.
    Answer,
}

/// A time in which an idea is open for a customer. It is named by its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// First day: the slot's name.
    pub first: Day,
    /// Last day on which it is open.
    pub last: Day,
}
