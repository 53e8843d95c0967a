//! Why something is not shown, and why nothing is given: codes for programs, each with a text in the playbook.

use serde::{Deserialize, Serialize};

/// Why an idea is withheld from this customer now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Withheld {
    /// What it needs of the customer's history is not there.
    NotEligible,
    /// Its calendar is closed on this day.
    Cooldown,
    /// The customer has answered it.
    Answered,
    /// A survey comes first.
    AskFirst,
    /// A reminder comes first.
    GentleFirst,
    /// The segment's time for rewards is over.
    Ended,
    /// It is worth more than the segment's limit, or the answer has as many rewards as it may.
    RewardLimit,
    /// It is for mailings, and the customer has not consented to them.
    NoConsent,
    /// It is not for this place.
    WrongPlace,
    /// What it would show is out of stock.
    OutOfStock,
    /// The customer is in the holdout.
    Holdout,
    /// Its budget is spent.
    Budget,
    /// Its campaign is paused or ended.
    Closed,
    /// There is no product to show.
    NothingToShow,
    /// Another idea of the same kind stands before it.
    OneIsEnough,
}

impl Withheld {
    /// All of them.
    pub const ALL: [Withheld; 15] = [
        Withheld::NotEligible,
        Withheld::Cooldown,
        Withheld::Answered,
        Withheld::AskFirst,
        Withheld::GentleFirst,
        Withheld::Ended,
        Withheld::RewardLimit,
        Withheld::NoConsent,
        Withheld::WrongPlace,
        Withheld::OutOfStock,
        Withheld::Holdout,
        Withheld::Budget,
        Withheld::Closed,
        Withheld::NothingToShow,
        Withheld::OneIsEnough,
    ];

    /// Its code.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Withheld::NotEligible => "not_eligible",
            Withheld::Cooldown => "cooldown",
            Withheld::Answered => "answered",
            Withheld::AskFirst => "ask_first",
            Withheld::GentleFirst => "gentle_first",
            Withheld::Ended => "ended",
            Withheld::RewardLimit => "reward_limit",
            Withheld::NoConsent => "no_consent",
            Withheld::WrongPlace => "wrong_place",
            Withheld::OutOfStock => "out_of_stock",
            Withheld::Holdout => "holdout",
            Withheld::Budget => "budget",
            Withheld::Closed => "closed",
            Withheld::NothingToShow => "nothing_to_show",
            Withheld::OneIsEnough => "one_is_enough",
        }
    }
}

/// Why an answer holds no reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum NoReward {
    /// The segment gives none.
    RuleNone,
    /// The segment gives one for a weighty reason only, and there is none today.
    RuleRare,
    /// A survey comes first.
    AskFirst,
    /// A reminder comes first.
    GentleFirst,
    /// The segment's time for rewards is over.
    Ended,
    /// The segment's limit leaves no room.
    Limit,
    /// None of the segment's rewards is open today.
    NotNow,
    /// Nobody knows this customer yet.
    Newcomer,
    /// The store cannot be read.
    Degraded,
}

impl NoReward {
    /// All of them.
    pub const ALL: [NoReward; 9] = [
        NoReward::RuleNone,
        NoReward::RuleRare,
        NoReward::AskFirst,
        NoReward::GentleFirst,
        NoReward::Ended,
        NoReward::Limit,
        NoReward::NotNow,
        NoReward::Newcomer,
        NoReward::Degraded,
    ];

    /// Its code.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            NoReward::RuleNone => "rule_none",
            NoReward::RuleRare => "rule_rare",
            NoReward::AskFirst => "ask_first",
            NoReward::GentleFirst => "gentle_first",
            NoReward::Ended => "ended",
            NoReward::Limit => "limit",
            NoReward::NotNow => "not_now",
            NoReward::Newcomer => "newcomer",
            NoReward::Degraded => "degraded",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_as_it_is_written() {
        for code in Withheld::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
        for code in NoReward::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
    }
}
