//! What a customer may be given, and what that is worth. The shop credits it; this service says what, when, and once.

use serde::{Deserialize, Serialize};

/// A reward. Percents are whole and from 1 to 90.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reward {
    /// Percent off the price.
    Discount(u8),
    /// Percent of the price back.
    Cashback(u8),
    /// Percent of the price back, by how many purchases of the slot came before: the last one for all further. 2 to 10 steps, each higher.
    RisingCashback(Vec<u8>),
    /// So many times the usual points, 2 to 10.
    Points(u8),
    /// Delivery at the shop's cost.
    FreeDelivery,
}

/// What a segment's rewards may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Percent of an order that one reward may be worth; 0: no reward.
    pub percent: u8,
    /// Rewards in one answer.
    pub rewards: u8,
}

/// What rewards cost this shop, from its settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RewardCosts {
    /// What a delivery costs, in minor units; without it free delivery counts as within any limit above 0.
    pub delivery: Option<segmentation::Minor>,
    /// Percent of the price that points are usually worth; by default 1.
    pub points_percent: Option<u8>,
}
