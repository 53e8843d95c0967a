//! What a playbook says about one kind of customer. Ideas stand best first; what an idea costs is bounded by its entry's reward.

use serde::{Deserialize, Serialize};

use crate::language::Text;

/// How far an entry's rewards may go. Amounts are the shop's settings; this says which limit applies, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reward {
    /// No reward; a markdown that is already in a product's price is none.
    None,
    /// Now and then, personal, and only for a weighty reason.
    Rare,
    /// At low cost.
    Modest,
    /// Fitted to the customer; personalised rather than raised.
    Personal,
    /// None before the customer has answered the survey, then personal.
    AfterAnswer,
}

/// Where an idea is shown. A mailing also needs the customer's consent, which is not a playbook's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShownAt {
    /// In a mailing only.
    Mailing,
    /// At checkout only.
    Checkout,
    /// In either.
    Both,
}

impl ShownAt {
    /// May it be shown at checkout?
    #[must_use]
    pub fn checkout(self) -> bool {
        self != ShownAt::Mailing
    }

    /// May it go out in a mailing?
    #[must_use]
    pub fn mailing(self) -> bool {
        self != ShownAt::Checkout
    }
}

/// What an idea asks of the shop, so that code can tell what an entry's [`Reward`] bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdeaKind {
    /// Attention only: a pick, a reminder, a word about prices that everyone gets.
    Message,
    /// A question; its answer may open an [`Reward::AfterAnswer`] entry.
    Survey,
    /// Something given to this customer: a code, cashback, points, free delivery.
    Reward,
}

/// One campaign idea. A code means the same in every entry of a playbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Idea {
    /// Its stable name, in snake_case.
    pub code: String,
    /// Message, survey or reward.
    pub kind: IdeaKind,
    /// Where it is shown.
    pub place: ShownAt,
    /// One sentence to the marketer.
    pub text: Text,
}

/// What to do for one segment, one part of a loyalty group, or a customer nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its place in the file: `segment.r3f3m3`, `group.one_time.r3`, `newcomer`.
    pub name: String,
    /// How far its rewards may go.
    pub reward: Reward,
    /// What should change in the customer's behaviour.
    pub goal: Text,
    /// By what kind of action.
    pub mechanic: Text,
    /// What must not be done, where there is such a thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caution: Option<Text>,
    /// Campaign ideas, best first; at least one.
    pub ideas: Vec<Idea>,
}
