//! What customers chose for themselves: a category and a reward on it, for some days.

use serde::{Deserialize, Serialize};

use crate::day::Day;

/// One choice, as it was made out of what was offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Choice {
    /// Unique for this customer.
    pub id: String,
    /// The campaign's lasting name.
    pub series: String,
    /// The category, as the offer named it.
    pub category: String,
    /// The reward, as the offer named it.
    pub reward: String,
    /// Its first day.
    pub made: Day,
    /// Its last day.
    pub until: Day,
}

/// The last choices in the ledger's own sequence, and how many older ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Choices {
    /// How many the list no longer holds; the ledger has them.
    #[serde(default)]
    pub dropped: u64,
    /// At most [`Choices::MAX`], the last accepted one last.
    pub list: Vec<Choice>,
}

impl Choices {
    /// How many are kept.
    pub const MAX: usize = 8;

    /// Takes in a choice that was accepted.
    pub fn push(&mut self, choice: Choice) {
        self.list.push(choice);
        if self.list.len() > Choices::MAX {
            self.list.remove(0);
            self.dropped += 1;
        }
    }

    /// Those that hold on a day, the last accepted one first.
    pub fn active(&self, on: Day) -> impl Iterator<Item = &Choice> {
        self.list.iter().rev().filter(move |choice| (choice.made..=choice.until).contains(&on))
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

    fn choice(n: i64, days: i64) -> Choice {
        let made = Day::from_epoch_days(n);
        let text = |text: &str| text.to_owned();
        Choice {
            id: n.to_string(),
            series: text("choose"),
            category: text("tea"),
            reward: text("p10"),
            made,
            until: made.plus(days - 1),
        }
    }

    #[test]
    fn a_choice_holds_from_its_first_day_to_its_last() {
        let mut choices = Choices::default();
        choices.push(choice(100, 7));
        choices.push(choice(104, 30));
        let on = |day| choices.active(Day::from_epoch_days(day)).map(|choice| choice.id.as_str()).collect::<Vec<_>>();
        assert_eq!(
            (on(99), on(100), on(106), on(107), on(134)),
            (vec![], vec!["100"], vec!["104", "100"], vec!["104"], vec![])
        );
    }

    #[test]
    fn the_list_is_bounded_and_says_what_it_dropped() {
        let mut choices = Choices::default();
        (0..11).for_each(|n| choices.push(choice(n, 1)));
        assert_eq!((choices.list.len(), choices.dropped, choices.list[0].id.as_str()), (8, 3, "3"));
    }
}
