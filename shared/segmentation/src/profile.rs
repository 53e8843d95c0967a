//! The profile: what the accepted items of one customer fold into (law 1).
//!
//! Every transaction that changes a profile raises its version by one. Its orders are a multiset and its
//! attributes the latest of each, so any order of the same facts gives the same ones; tastes, baskets, choices, answers,
//! closed steps, referrals and moves stand in the ledger's own sequence, the version.

use serde::{Deserialize, Serialize};

use crate::answers::Answers;
use crate::attributes::Attributes;
use crate::baskets::Baskets;
use crate::bought::Bought;
use crate::choices::Choices;
use crate::closed::ClosedSteps;
use crate::day::Day;
use crate::label::{Label, Move};
use crate::moves::{RecentMoves, VersionedMove};
use crate::orders::{Entry, Orders, OrdersError};
use crate::referrals::Referrals;
use crate::tastes::Tastes;

/// When a customer last became one with another, or was parted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regrouped {
    /// The profile's version after that transaction.
    pub version: u64,
    /// Its shop day.
    pub day: Day,
}

/// One customer's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// How many transactions changed it; 0 before the first.
    pub version: u64,
    /// What was bought.
    pub orders: Orders,
    /// Where the customer stood lately.
    pub moves: RecentMoves,
    /// Categories, brands and prices.
    #[serde(default, skip_serializing_if = "Tastes::is_empty")]
    pub tastes: Tastes,
    /// What was bought together lately.
    #[serde(default, skip_serializing_if = "Baskets::is_empty")]
    pub baskets: Baskets,
    /// What the shop told of them.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
    /// What they chose for themselves.
    #[serde(default, skip_serializing_if = "Choices::is_empty")]
    pub choices: Choices,
    /// What they said.
    #[serde(default, skip_serializing_if = "Answers::is_empty")]
    pub answers: Answers,
    /// Which rewards they have used.
    #[serde(default, skip_serializing_if = "ClosedSteps::is_empty")]
    pub closed: ClosedSteps,
    /// Which friends they brought.
    #[serde(default, skip_serializing_if = "Referrals::is_empty")]
    pub referrals: Referrals,
    /// The version of the last transaction that alerted the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_alerted: Option<u64>,
    /// The last merge or unmerge: what was counted of them before is another customer's too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regrouped: Option<Regrouped>,
    /// The day on which the shop was last told that this customer slips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_slip: Option<Day>,
}

impl Profile {
    /// The stored label: where the last move ended. It is written only when the segment changes, so it has no field.
    #[must_use]
    pub fn label(&self) -> Option<Label> {
        self.moves.list.last().map(|last| last.moved.label())
    }

    /// The version of the customer's last move.
    #[must_use]
    pub fn last_moved(&self) -> Option<u64> {
        self.moves.list.last().map(|last| last.version)
    }

    /// The version of the customer's last event, move or alert: receivers of events see a gap by it.
    #[must_use]
    pub fn last_event(&self) -> Option<u64> {
        self.last_moved().max(self.last_alerted)
    }

    /// Takes out one order's old entry and puts in its new one.
    ///
    /// # Errors
    /// [`OrdersError`], with nothing changed.
    pub fn replace(&mut self, old: Option<Entry>, new: Option<Entry>) -> Result<(), OrdersError> {
        self.orders.replace(old, new)
    }

    /// Takes in an order as it was first accepted, unless that was as cancelled; in the ledger's own sequence.
    pub fn remember(&mut self, bought: &Bought) {
        self.tastes.remember(bought);
        self.baskets.remember(bought);
    }

    /// Ends a transaction: raises the version and takes in its move, if it has one.
    pub fn commit(&mut self, moved: Option<Move>) {
        self.version += 1;
        if let Some(moved) = moved {
            self.moves.push(VersionedMove { version: self.version, moved });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Cause, Place, Step};

    #[test]
    fn the_list_of_moves_is_bounded_and_says_what_it_dropped() {
        let mut profile = Profile::default();
        for n in 0..11 {
            let step = Step { from: Place::NONE, to: Place::NONE, cause: Cause::Decay };
            profile.commit(Some(Move { day: Day::from_epoch_days(n), activation: Activation(1), steps: vec![step] }));
        }
        profile.commit(None);
        assert_eq!((profile.version, profile.moves.dropped, profile.moves.list.len()), (12, 3, 8));
        assert_eq!(profile.last_moved(), Some(11));
        assert_eq!(profile.label().map(|label| label.day), Some(Day::from_epoch_days(10)));
    }
}
