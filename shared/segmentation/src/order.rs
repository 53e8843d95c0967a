//! What one order counts for: its revisions and returns fold into a single [`Entry`] (law 2).
//!
//! The fold is of a *set*: whatever the order in which the same revisions and returns came, the same entry results.

use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::money::Minor;
use crate::orders::{Entry, Flags};

/// Place of a revision among an order's revisions: the number counts first, then the tie.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RevisionKey {
    /// 0 for the order as first placed; at most 2^53-1.
    pub number: u64,
    /// Tells revisions of one number apart: at most 64 characters `[A-Za-z0-9]`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tie: String,
}

impl RevisionKey {
    /// The largest number: 2^53-1, which every JSON reader holds exactly; it has 16 digits.
    pub const MAX_NUMBER: u64 = (1 << 53) - 1;
}

/// One state of an order, as the shop told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Which revision this is.
    pub key: RevisionKey,
    /// The shop day on which the order was placed.
    pub day: Day,
    /// The order's total before refunds.
    pub total: Minor,
    /// A cancelled order counts for nothing until a later revision restores it.
    pub cancelled: bool,
}

/// What is given back of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum GivenBack {
    /// An amount, more than zero.
    Amount(Minor),
    /// All of it, whatever the order's total is or becomes.
    Whole,
}

/// Did a revision change what the order counts for?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revised {
    /// It is the highest and counts now.
    Current,
    /// A higher one came before; only the highest total may have changed.
    Lower,
}

/// The returns of an order would exceed the highest total that any of its revisions had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("returns of {asked} in sum exceed the order's highest total of {highest_total}")]
pub struct ReturnExceedsOrder {
    /// What would be returned in sum.
    pub asked: Minor,
    /// The most that can be.
    pub highest_total: Minor,
}

/// The fold of one order's revisions and returns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFold {
    current: Option<Revision>,
    highest_total: Minor,
    returned: Minor,
    returned_whole: bool,
}

impl OrderFold {
    /// Takes in a revision. One that is already there must not be given again: the ledger's key sees to that.
    pub fn revise(&mut self, revision: Revision) -> Revised {
        self.highest_total = self.highest_total.max(revision.total);
        match &self.current {
            Some(current) if current.key > revision.key => Revised::Lower,
            _ => {
                self.current = Some(revision);
                Revised::Current
            }
        }
    }

    /// Takes in a return.
    ///
    /// # Errors
    /// [`ReturnExceedsOrder`] when the sum of all returns would be above the highest total that any revision had; the
    /// fold is then unchanged. After a return of the whole there is nothing left to give back.
    pub fn give_back(&mut self, back: GivenBack) -> Result<(), ReturnExceedsOrder> {
        let asked = match back {
            GivenBack::Amount(amount) if self.returned_whole => self.highest_total + amount,
            GivenBack::Amount(amount) => self.returned + amount,
            GivenBack::Whole if self.returned_whole => self.highest_total + self.highest_total,
            GivenBack::Whole => self.highest_total,
        };
        if asked > self.highest_total {
            return Err(ReturnExceedsOrder { asked, highest_total: self.highest_total });
        }
        match back {
            GivenBack::Amount(amount) => self.returned += amount,
            GivenBack::Whole => self.returned_whole = true,
        }
        Ok(())
    }

    /// Has nothing come yet?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == OrderFold::default()
    }

    /// The revision that counts, if any came.
    #[must_use]
    pub fn current(&self) -> Option<&Revision> {
        self.current.as_ref()
    }

    /// The highest total that any revision had.
    #[must_use]
    pub fn highest_total(&self) -> Minor {
        self.highest_total
    }

    /// What was given back so far: the sum of amounts, or all of the current total.
    #[must_use]
    pub fn returned(&self) -> Minor {
        match &self.current {
            Some(current) if self.returned_whole => self.returned.max(current.total),
            _ => self.returned,
        }
    }

    /// What the order counts for, on its own day; `None` before its first revision.
    #[must_use]
    pub fn entry(&self) -> Option<Entry> {
        let current = self.current.as_ref()?;
        let returned = self.returned();
        Some(Entry {
            day: current.day,
            net: (current.total - returned).at_least_zero(),
            flags: Flags::none()
                .with(Flags::ZERO, current.total == Minor::ZERO)
                .with(Flags::RETURNED, current.total > Minor::ZERO && returned >= current.total)
                .with(Flags::CANCELLED, current.cancelled),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(number: u64, total: i64) -> Revision {
        let key = RevisionKey { number, tie: String::new() };
        Revision { key, day: Day::from_epoch_days(100), total: Minor(total), cancelled: false }
    }

    #[test]
    fn the_highest_revision_counts_and_a_lower_one_only_lifts_the_return_limit() {
        let mut order = OrderFold::default();
        assert_eq!(order.revise(revision(5, 800)), Revised::Current);
        assert_eq!(order.revise(revision(0, 1000)), Revised::Lower);
        assert_eq!(order.entry().map(|e| e.net), Some(Minor(800)));
        assert_eq!(order.give_back(GivenBack::Amount(Minor(1000))), Ok(()));
        assert!(order.entry().is_some_and(|e| e.net == Minor::ZERO && e.flags.has(Flags::RETURNED)));
    }

    #[test]
    fn of_two_revisions_with_one_number_the_greater_tie_counts() {
        let tied =
            |tie: &str, total| Revision { key: RevisionKey { number: 7, tie: tie.to_owned() }, ..revision(7, total) };
        let mut one = OrderFold::default();
        let mut other = OrderFold::default();
        one.revise(tied("a", 1));
        one.revise(tied("b", 2));
        other.revise(tied("b", 2));
        other.revise(tied("a", 1));
        assert_eq!(one, other);
        assert_eq!(one.entry().map(|e| e.net), Some(Minor(2)));
    }

    #[test]
    fn returns_lower_the_order_and_never_exceed_it() {
        let mut order = OrderFold::default();
        order.revise(revision(0, 1000));
        assert_eq!(order.give_back(GivenBack::Amount(Minor(400))), Ok(()));
        assert_eq!(order.entry().map(|e| (e.net, e.flags)), Some((Minor(600), Flags::none())));
        let before = order.clone();
        assert!(order.give_back(GivenBack::Amount(Minor(601))).is_err());
        assert_eq!(order, before);
        assert_eq!(order.give_back(GivenBack::Whole), Ok(()));
        assert_eq!(order.returned(), Minor(1000));
        assert!(order.give_back(GivenBack::Amount(Minor(1))).is_err());
        assert!(order.give_back(GivenBack::Whole).is_err());
    }

    #[test]
    fn a_whole_return_stays_whole_when_the_order_is_revised() {
        let mut early = OrderFold::default();
        early.revise(revision(0, 1000));
        assert_eq!(early.give_back(GivenBack::Whole), Ok(()));
        early.revise(revision(1, 1200));
        let mut late = OrderFold::default();
        late.revise(revision(1, 1200));
        late.revise(revision(0, 1000));
        assert_eq!(late.give_back(GivenBack::Whole), Ok(()));
        assert_eq!(early, late);
        assert_eq!(early.entry().map(|e| e.net), Some(Minor::ZERO));
    }

    #[test]
    fn a_cancelled_order_counts_again_when_a_later_revision_restores_it() {
        let mut order = OrderFold::default();
        order.revise(revision(0, 500));
        order.revise(Revision { cancelled: true, ..revision(1, 500) });
        assert!(order.entry().is_some_and(|e| e.flags.has(Flags::CANCELLED)));
        order.revise(revision(2, 500));
        assert_eq!(order.entry().map(|e| e.flags), Some(Flags::none()));
    }

    #[test]
    fn an_order_of_nothing_is_marked_and_is_not_returned_in_full() {
        let mut order = OrderFold::default();
        order.revise(revision(0, 0));
        assert_eq!(order.entry().map(|e| e.flags), Some(Flags::none().with(Flags::ZERO, true)));
    }
}
