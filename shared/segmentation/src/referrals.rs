//! Friends a customer brought: each earns once, when their first order counts.

use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::profile::Profile;
use crate::values::Window;

/// For how many days from the first counted order it may still be earned: whoever has ordered for longer was brought by nobody,
/// whatever is told of them later.
pub const EARNED_WITHIN: i64 = 7;

/// The key of the customer who is to be thanked for this one, if that is not too long ago.
#[must_use]
pub fn brought_by(friend: &Profile, window: Window, today: Day) -> Option<&str> {
    let first = friend.orders.iter().find(|entry| window.counts(entry))?.day;
    friend.attributes.referred_by().filter(|_| (0..=EARNED_WITHIN).contains(&today.since(first)))
}

/// A friend who ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Referral {
    /// The friend's customer key.
    #[serde(rename = "f")]
    pub friend: String,
    /// The shop day it was earned.
    #[serde(rename = "d")]
    pub day: Day,
}

/// The last friends, in the ledger's own sequence, and how many older ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Referrals {
    /// How many older ones the list no longer holds; the ledger has them.
    pub dropped: u64,
    /// At most [`Referrals::MAX`].
    pub list: Vec<Referral>,
}

impl Referrals {
    /// How many are kept.
    pub const MAX: usize = 24;

    /// Takes in one more.
    pub fn push(&mut self, referral: Referral) {
        self.list.push(referral);
        if self.list.len() > Referrals::MAX {
            self.list.remove(0);
            self.dropped += 1;
        }
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

    #[test]
    fn the_list_is_bounded_and_says_what_it_dropped() {
        let mut referrals = Referrals::default();
        for n in 0..30 {
            referrals.push(Referral { friend: n.to_string(), day: Day::from_epoch_days(n) });
        }
        assert_eq!((referrals.dropped, referrals.list.len()), (6, Referrals::MAX));
        assert_eq!(referrals.list[0].friend, "6");
    }
}
