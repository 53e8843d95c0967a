//! What a customer may be given, what it is worth, and how it is cut to a segment's limit. The shop credits it; this service
//! says what, when, and once.

use segmentation::Minor;
use serde::{Deserialize, Serialize};

/// A reward. Percents are whole and from 1 to 90.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = word_first))]
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

/// A variant without content is told in an `enum` that comes first: only so does schemars know that among the fields of a document it is one
/// that is null.
#[cfg(feature = "schema")]
fn word_first(schema: &mut schemars::Schema) {
    let Some(variants) = schema.get_mut("oneOf").and_then(serde_json::Value::as_array_mut) else { return };
    for at in 0..variants.len() {
        if let Some(word) = variants[at].get("const").cloned() {
            variants.remove(at);
            variants.insert(0, serde_json::json!({ "type": "string", "enum": [word] }));
        }
    }
}

/// What a segment's rewards may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RewardLimit"))]
pub struct Limit {
    /// Percent of an order that one reward may be worth; 0: no reward.
    pub percent: u8,
    /// Rewards in one answer.
    pub rewards: u8,
}

/// What rewards cost this shop, from its settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RewardCosts {
    /// What a delivery costs, in minor units; without it free delivery counts as within any limit above 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub delivery: Option<Minor>,
    /// Percent of the price that points are usually worth; by default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(max = 100)))]
    pub points_percent: Option<u8>,
}

impl RewardCosts {
    pub(crate) fn points_percent(&self) -> u64 {
        u64::from(self.points_percent.unwrap_or(1))
    }
}

impl Reward {
    /// What it is worth in hundredths of a percent of an order of `order` minor units; the most it can be where it rises.
    /// Free delivery without a known cost or order is worth 0: its limit is then only whether there may be a reward at all.
    #[must_use]
    pub fn worth(&self, costs: &RewardCosts, order: Option<Minor>) -> u64 {
        match self {
            Reward::Discount(percent) | Reward::Cashback(percent) => u64::from(*percent) * 100,
            Reward::RisingCashback(steps) => steps.iter().max().map_or(0, |percent| u64::from(*percent) * 100),
            Reward::Points(times) => u64::from(times.saturating_sub(1)) * costs.points_percent() * 100,
            Reward::FreeDelivery => match (costs.delivery, order) {
                (Some(Minor(delivery)), Some(Minor(order))) if delivery > 0 && order > 0 => {
                    u64::try_from(i128::from(delivery) * 10_000 / i128::from(order)).unwrap_or(u64::MAX)
                }
                _ => 0,
            },
        }
    }

    /// Its kind and how much of it, in one word: what a choice names.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Reward::Discount(percent) => format!("discount-{percent}"),
            Reward::Cashback(percent) => format!("cashback-{percent}"),
            Reward::RisingCashback(steps) => {
                let steps: Vec<String> = steps.iter().map(u8::to_string).collect();
                format!("rising_cashback-{}", steps.join("-"))
            }
            Reward::Points(times) => format!("points-{times}"),
            Reward::FreeDelivery => "free_delivery".to_owned(),
        }
    }

    /// The reward of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Reward> {
        let number = |text: &str| text.parse::<u8>().ok();
        match code.split_once('-') {
            None => (code == "free_delivery").then_some(Reward::FreeDelivery),
            Some(("discount", percent)) => number(percent).map(Reward::Discount),
            Some(("cashback", percent)) => number(percent).map(Reward::Cashback),
            Some(("points", times)) => number(times).map(Reward::Points),
            Some(("rising_cashback", steps)) => {
                steps.split('-').map(number).collect::<Option<Vec<u8>>>().map(Reward::RisingCashback)
            }
            Some(_) => None,
        }
    }

    /// The reward cut to the limit; `None` where nothing of it fits.
    #[must_use]
    pub fn within(&self, limit: Limit, costs: &RewardCosts, order: Option<Minor>) -> Option<Reward> {
        let most = limit.percent;
        let cut = match self {
            _ if most == 0 => return None,
            Reward::Discount(percent) => Reward::Discount((*percent).min(most)),
            Reward::Cashback(percent) => Reward::Cashback((*percent).min(most)),
            Reward::RisingCashback(steps) => Reward::RisingCashback(steps.iter().map(|p| (*p).min(most)).collect()),
            Reward::Points(times) => {
                let affordable = u64::from(most).checked_div(costs.points_percent()).unwrap_or(u64::MAX);
                let times = u64::from(*times).min(affordable.saturating_add(1));
                if times < 2 {
                    return None;
                }
                Reward::Points(u8::try_from(times).unwrap_or(u8::MAX))
            }
            Reward::FreeDelivery => Reward::FreeDelivery,
        };
        (cut.worth(costs, order) <= u64::from(most) * 100).then_some(cut)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rewards() -> impl Strategy<Value = Reward> {
        prop_oneof![
            (1..=90_u8).prop_map(Reward::Discount),
            (1..=90_u8).prop_map(Reward::Cashback),
            prop::collection::vec(1..=90_u8, 1..6).prop_map(Reward::RisingCashback),
            (2..=10_u8).prop_map(Reward::Points),
            Just(Reward::FreeDelivery),
        ]
    }

    proptest! {
        #[test]
        fn a_code_names_its_reward(reward in rewards()) {
            prop_assert_eq!(Reward::from_code(&reward.code()), Some(reward));
        }

        #[test]
        fn what_is_cut_to_a_limit_is_never_worth_more(
            reward in rewards(), percent in 0..=90_u8, delivery in prop::option::of(0..100_000_i64),
            points_percent in prop::option::of(0..=20_u8), order in prop::option::of(1..1_000_000_i64),
        ) {
            let costs = RewardCosts { delivery: delivery.map(Minor), points_percent };
            let order = order.map(Minor);
            let cut = reward.within(Limit { percent, rewards: 1 }, &costs, order);
            if let Some(cut) = &cut {
                prop_assert!(cut.worth(&costs, order) <= u64::from(percent) * 100);
            }
            let fits = percent > 0 && reward.worth(&costs, order) <= u64::from(percent) * 100;
            prop_assert!(!fits || cut == Some(reward), "what fits is left as it is");
        }
    }

    #[test]
    fn free_delivery_is_weighed_against_the_usual_order() {
        let costs = RewardCosts { delivery: Some(Minor(500)), points_percent: None };
        let limit = Limit { percent: 5, rewards: 1 };
        assert_eq!(Reward::FreeDelivery.within(limit, &costs, Some(Minor(10_000))), Some(Reward::FreeDelivery));
        assert_eq!(Reward::FreeDelivery.within(limit, &costs, Some(Minor(9_000))), None);
        assert_eq!(Reward::Points(3).within(limit, &costs, None), Some(Reward::Points(3)));
        assert_eq!(Reward::Points(9).within(limit, &costs, None), Some(Reward::Points(6)));
    }
}
