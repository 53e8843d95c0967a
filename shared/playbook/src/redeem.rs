//! What a code or an offer gives when it is used on an order, and what that is worth in minor units.

use std::collections::BTreeSet;

use segmentation::{Day, Minor};

use crate::campaign::Conditions;
use crate::decide::On;
pub use crate::decide::{by_code, by_offer, promiser};
use crate::reward::{Reward, RewardCosts};
use crate::why::Withheld;

/// What was promised, ready to be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promised {
    /// The reward, within its limit; of a rising one, the cashback of the step.
    pub reward: Reward,
    /// On what.
    pub on: On,
    /// First day on which it may be used.
    pub valid_from: Day,
    /// Last day.
    pub valid_until: Day,
    /// Once it is used, its series stays closed up to this day.
    pub closes_until: Day,
}

/// Why it cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRedeemable {
    /// It is not offered to this customer, as far as known because of this.
    #[error("is not offered to this customer{}", .0.map(|why| format!(" ({})", why.name())).unwrap_or_default())]
    NotOffered(Option<Withheld>),
    /// Its last day is over.
    #[error("has expired: its last day was {0}")]
    Expired(Day),
    /// Its first day is still to come.
    #[error("is not valid before {0}")]
    NotYet(Day),
    /// A step before it is not confirmed, or what it takes is not done yet.
    #[error("is not earned yet")]
    StepClosed,
    /// The customer has had it, or another one that closes its slot.
    #[error("has been used")]
    Used,
}

/// One line of the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartLine {
    /// The product's id.
    pub product: String,
    /// Its category, where it is known.
    pub category: Option<String>,
    /// What the line comes to, in minor units.
    pub amount: Minor,
}

/// What the order comes to, in minor units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CartTotals {
    /// The whole of it.
    pub total: Minor,
    /// Its lines, as far as sent.
    pub lines: Vec<CartLine>,
    /// What delivery costs, where the shop says so.
    pub delivery: Option<Minor>,
}

/// Why a reward cannot be used on these lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CartRefused {
    /// It is on a category or on products, and no line was sent.
    #[error("are needed: the reward is on some goods only")]
    NeedsLines,
    /// No line is of what it is on.
    #[error("hold nothing of what the reward is on")]
    NoLineQualifies,
}

impl Promised {
    /// What it is worth on this order, in whole minor units, rounded down. A percentage is of what it is on, never of more than
    /// the order's total; points count what they give beyond the usual ones; delivery what it costs on this order, else usually,
    /// else nothing.
    ///
    /// # Errors
    /// Where it is on some goods only, and none of them is there.
    pub fn value(&self, cart: &CartTotals, costs: &RewardCosts) -> Result<Minor, CartRefused> {
        let base = self.base(cart)?;
        let percent = match &self.reward {
            Reward::Discount(percent) | Reward::Cashback(percent) => u64::from(*percent),
            // No promise of ours: it holds the cashback of its step.
            Reward::RisingCashback(steps) => u64::from(steps.iter().max().copied().unwrap_or(0)),
            Reward::Points(times) => u64::from(times.saturating_sub(1)) * costs.points_percent(),
            Reward::FreeDelivery => {
                return Ok(cart.delivery.or(costs.delivery).unwrap_or(Minor::ZERO).at_least_zero());
            }
        };
        Ok(Minor(i64::try_from(base * i128::from(percent) / 100).unwrap_or(i64::MAX)))
    }

    /// What a percentage is of.
    fn base(&self, cart: &CartTotals) -> Result<i128, CartRefused> {
        let total = i128::from(cart.total.0.max(0));
        let products: BTreeSet<&str>;
        let qualifies: &dyn Fn(&CartLine) -> bool = match &self.on {
            On::Anything => return Ok(total),
            On::Category(category) => &|line: &CartLine| line.category.as_ref() == Some(category),
            On::Products(ids) => {
                products = ids.iter().map(String::as_str).collect();
                &|line: &CartLine| products.contains(line.product.as_str())
            }
        };
        if cart.lines.is_empty() {
            return Err(CartRefused::NeedsLines);
        }
        let mut qualifying = cart.lines.iter().filter(|line| qualifies(line)).peekable();
        if qualifying.peek().is_none() {
            return Err(CartRefused::NoLineQualifies);
        }
        let sum: i128 = qualifying.map(|line| i128::from(line.amount.0)).sum();
        // A discount on the whole order can bring its total below its lines.
        Ok(sum.clamp(0, total))
    }
}

/// Does an order of this total, in minor units, keep the conditions?
#[must_use]
pub fn qualifies(conditions: &Conditions, total: Minor) -> bool {
    conditions.min_total.is_none_or(|least| total >= least)
}

/// Series, slot and step of an offer's id: `r2f3m1/time_limited_code/2026-03-01/1`, `spring_sale/2026-03-01/1`; `None` for what
/// is no id of an offer that could be redeemed.
#[must_use]
pub fn parse_offer_id(id: &str) -> Option<(&str, Day, u8)> {
    let (rest, step) = id.rsplit_once('/')?;
    let (series, slot) = rest.rsplit_once('/')?;
    let (slot, step): (Day, u8) = (slot.parse().ok()?, step.parse().ok()?);
    // One spelling each, so that two ids are never one offer.
    (!series.is_empty() && step > 0 && format!("{series}/{slot}/{step}") == id).then_some((series, slot, step))
}
