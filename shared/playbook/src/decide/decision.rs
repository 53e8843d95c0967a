//! What a decision says: offers in order, each with its reason, and what was withheld and why.

use segmentation::{Day, LoyaltyGroup, Minor, Place, Segment};
use serde::{Deserialize, Serialize};

use crate::calendar::Slot;
use crate::idea::{IdeaKind, ShownAt};
use crate::mechanic::Mechanic;
use crate::reward::Reward;
use crate::why::{NoReward, Withheld};

/// On what a reward is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RewardOn"))]
pub enum On {
    /// Any purchase.
    Anything,
    /// This category.
    Category(String),
    /// These products, by id.
    Products(Vec<String>),
}

/// A product as a page can show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OfferedProduct"))]
pub struct Shown {
    /// The shop's id.
    pub id: String,
    /// Its name: plain text, to be escaped where it is shown.
    pub name: String,
    /// Its price, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Minor>,
    /// Its price before markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Minor>,
    /// Its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What is given, and on what terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "GivenReward"))]
pub struct Given {
    /// The reward, within the segment's limit.
    #[serde(flatten)]
    pub reward: Reward,
    /// In words.
    pub words: String,
    /// On what.
    pub on: On,
    /// May it be redeemed now? `false`: it is promised, see the offer's progress.
    pub earned: bool,
    /// First day on which it may be used.
    pub valid_from: Day,
    /// Last day.
    pub valid_until: Day,
}

/// Orders done of those it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OfferProgress"))]
pub struct Progress {
    /// Counted orders since the slot began.
    pub done: u32,
    /// How many it takes.
    pub goal: u32,
}

/// What a customer may choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OfferedChoice"))]
pub struct Choice {
    /// One of these categories
    pub categories: Vec<String>,
    /// and one of these rewards, each within the segment's limit
    pub rewards: Vec<ChoiceReward>,
    /// for so many days.
    pub days: u16,
}

/// A reward to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChoiceReward {
    /// What a choice names.
    pub code: String,
    /// The reward.
    #[serde(flatten)]
    pub reward: Reward,
    /// In words.
    pub words: String,
}

/// Why this offer: what was computed, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OfferReason"))]
pub struct Reason {
    /// The series whose terms these are.
    pub campaign: String,
    /// The slot, by its first day; absent where it is always open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<Day>,
    /// Which step of the slot, from 1.
    pub step: u8,
    /// To the customer: plain text.
    pub text: String,
}

/// A mechanic made concrete for one customer at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Offer {
    /// Unique in the answer, the same as long as campaign, slot and step are.
    pub id: String,
    /// The customer's personal code for it. Filled in after the decision, so no part of its bytes (law 11).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The idea's code.
    pub idea: String,
    /// What kind of action it is.
    pub mechanic: Mechanic,
    /// Message, question or reward.
    pub kind: IdeaKind,
    /// Where it may be shown.
    pub place: ShownAt,
    /// To the customer: plain text, to be escaped where it is shown.
    pub text: String,
    /// Why.
    pub reason: Reason,
    /// What is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reward: Option<Given>,
    /// What may be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
    /// How far the customer is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// What to show.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<Shown>,
    /// How long it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<Slot>,
}

impl Offer {
    /// Series, slot and step of a reward that can be redeemed; `None` where there is none, or it is not earned or chosen yet.
    #[must_use]
    pub fn redeemable(&self) -> Option<(&str, Day, u8)> {
        self.reward.as_ref().filter(|given| given.earned)?;
        Some((&self.reason.campaign, self.reason.slot?, self.reason.step))
    }
}

/// An idea that is not offered now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotOffered {
    /// The idea's code.
    pub idea: String,
    /// Its series.
    pub campaign: String,
    /// Why not.
    pub why: Withheld,
    /// In words, to the shop's staff.
    pub text: String,
    /// The day on which it opens, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens: Option<Day>,
}

/// Why there is no reward in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unrewarded {
    /// Why.
    pub why: NoReward,
    /// In words, to the shop's staff.
    pub text: String,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decision {
    /// The shop day it is for.
    pub day: Day,
    /// By the cuts.
    pub segment: Place,
    /// The segment's group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<LoyaltyGroup>,
    /// By a VIP's own rhythm, where that is what the playbook was read for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads_as: Option<Segment>,
    /// Which entry of the playbook answered
    pub entry: String,
    /// and of which version.
    pub playbook: String,
    /// What should change.
    pub goal: String,
    /// By what kind of action.
    pub mechanic: String,
    /// What must not be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
    /// Why they stand there, in one sentence, to the shop's staff.
    pub reason: String,
    /// Best first.
    pub offers: Vec<Offer>,
    /// Why no reward, where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_reward: Option<Unrewarded>,
    /// What was not offered.
    pub withheld: Vec<NotOffered>,
}
