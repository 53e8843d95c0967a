//! What a playbook says about one kind of customer. Ideas stand best first; what they may cost is bounded by the entry.

use serde::{Deserialize, Serialize};

use crate::idea::Idea;
use crate::language::Text;
use crate::reward::Limit;

/// When an entry's rewards may be given at all. How much is its [`Limit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RewardRule"))]
pub enum Rule {
    /// No reward; a markdown that is already in a product's price is none.
    None,
    /// Now and then, personal, and only for a weighty reason: something that happened to the customer.
    Rare,
    /// At low cost.
    Modest,
    /// Fitted to the customer; personalised rather than raised.
    Personal,
    /// None before the customer has answered the survey, then personal.
    AfterAnswer,
}

/// What to do for one segment, or for a customer nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The segment, or `newcomer`.
    pub name: String,
    /// When its rewards may be given.
    pub reward: Rule,
    /// What they may come to.
    pub limit: Limit,
    /// What should change in the customer's behaviour.
    pub goal: Text,
    /// By what kind of action.
    pub mechanic: Text,
    /// What must not be done, where there is such a thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<Text>,
    /// [`Rule::AfterAnswer`]: unanswered days after which rewards open anyway; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_unanswered_after: Option<u16>,
    /// Only messages in the first so many days after the move into the segment; rewards open after that.
    pub gentle_days: u16,
    /// Nothing is given after so many days since the move into the segment; `None`: no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_after: Option<u16>,
    /// Campaign ideas, best first; at least one.
    pub ideas: Vec<Idea>,
}
