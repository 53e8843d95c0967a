//! Rewards a customer has used: each closes the steps of its series until the period of its slot is over (law 12).

use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::money::Minor;

/// A reward that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedStep {
    /// The campaign's lasting name.
    pub series: String,
    /// The slot, by its first day.
    pub slot: Day,
    /// The step of the slot, from 1.
    pub step: u8,
    /// The last day of the slot's period: no slot of the series that begins up to then opens again, whatever its calendar
    /// has become.
    pub until: Day,
    /// The shop day on which it was reserved.
    pub day: Day,
    /// What it was worth, in minor units of the shop's currency.
    pub value: Minor,
}

impl ClosedStep {
    /// Is it this series, slot and step?
    #[must_use]
    pub fn is(&self, series: &str, slot: Day, step: u8) -> bool {
        self.series == series && self.slot == slot && self.step == step
    }
}

/// The last rewards used, in the ledger's own sequence, and how many older ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedSteps {
    /// How many the list no longer holds; the ledger has them.
    #[serde(default)]
    pub dropped: u64,
    /// At most [`ClosedSteps::MAX`], the last settled one last.
    pub list: Vec<ClosedStep>,
}

impl ClosedSteps {
    /// How many are kept.
    pub const MAX: usize = 32;

    /// Takes in a reward that was used.
    pub fn push(&mut self, step: ClosedStep) {
        self.list.push(step);
        if self.list.len() > ClosedSteps::MAX {
            self.list.remove(0);
            self.dropped += 1;
        }
    }

    /// Takes out the last one of this series, slot and step: it was given back.
    pub fn give_back(&mut self, series: &str, slot: Day, step: u8) {
        if let Some(at) = self.list.iter().rposition(|closed| closed.is(series, slot, step)) {
            self.list.remove(at);
        }
    }

    /// Those used up to a day, oldest first.
    pub fn up_to(&self, on: Day) -> impl Iterator<Item = &ClosedStep> {
        self.list.iter().filter(move |closed| closed.day <= on)
    }

    /// None at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(n: i64) -> ClosedStep {
        let day = Day::from_epoch_days(n);
        ClosedStep { series: "s".to_owned(), slot: day, step: 1, until: day.plus(6), day, value: Minor(100) }
    }

    #[test]
    fn what_is_given_back_is_open_again_and_the_rest_stays() {
        let mut closed = ClosedSteps::default();
        [1, 2, 3].into_iter().for_each(|n| closed.push(step(n)));
        closed.give_back("s", Day::from_epoch_days(2), 1);
        closed.give_back("s", Day::from_epoch_days(3), 2);
        assert_eq!(closed.list, [step(1), step(3)]);
        assert_eq!(closed.up_to(Day::from_epoch_days(2)).count(), 1);
    }

    #[test]
    fn the_list_is_bounded_and_says_what_it_dropped() {
        let mut closed = ClosedSteps::default();
        (0..35).for_each(|n| closed.push(step(n)));
        assert_eq!((closed.list.len(), closed.dropped, &closed.list[0]), (32, 3, &step(3)));
    }
}
