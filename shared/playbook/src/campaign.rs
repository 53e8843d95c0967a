//! Campaigns: the terms a reward is given on. Each has a number, names immutable terms and belongs to a series, the name that
//! lasts (law 13). Every rewarded idea of the playbook is a series of its own; a shop may publish further ones.

use std::collections::BTreeSet;

use segmentation::{Day, Minor, Segment};
use serde::{Deserialize, Serialize};

use crate::idea::Idea;
use crate::reward::Limit;

/// What an order has to keep for a reward to be used on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Conditions {
    /// The least total of the cart, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_total: Option<Minor>,
    /// May it be used on an order together with other stacking rewards?
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stacks: bool,
}

impl Conditions {
    /// None at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Conditions::default()
    }
}

/// A campaign that a shop publishes beside its playbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OwnCampaign {
    /// Its lasting name, in snake_case: that of its idea. The playbook's series have a `/`, so the two never meet.
    pub series: String,
    /// For which segments; `None`: for everyone, newcomers too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments: Option<BTreeSet<Segment>>,
    /// Its first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Day>,
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// Given also where the segment's rule and limit would withhold it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beyond_rules: bool,
    /// What is done and given, and when.
    pub idea: Idea,
}

impl OwnCampaign {
    /// Can something that it gave be valid on this day?
    #[must_use]
    pub fn lasts(&self, on: Day) -> bool {
        self.until.is_none_or(|until| on <= until.plus(i64::from(self.idea.validity)))
    }
}

/// The immutable terms behind a campaign number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The number.
    pub number: u16,
    /// The lasting name.
    pub series: String,
    /// The version of the playbook whose entry's limit holds; of a shop's own campaign, that in force when it was published.
    pub playbook: String,
    /// What is done and given, and when.
    pub idea: Idea,
    /// What the reward may come to; `None`: as published.
    pub limit: Option<Limit>,
    /// The first day of a shop's own campaign.
    pub from: Option<Day>,
    /// Its last day.
    pub until: Option<Day>,
}
