//! A redemption: the single use of a reward on one order. It is reserved, then confirmed or released (law 13).

use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use playbook::decide::On;
use playbook::reward::Reward;
use segmentation::{ClosedStep, Day, Minor, Segment};
use serde::{Deserialize, Serialize};

use crate::counters::Charge;
use crate::error::{LedgerError, Refusal};
use crate::ids::{CustomerId, OrderId};
use crate::items::is_zero;
use crate::keys::CustomerKey;

/// Whose redemption of what, on which order, and which attempt: its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RedemptionKey {
    /// The customer's key.
    pub customer_key: CustomerKey,
    /// The order.
    pub order: OrderId,
    /// The campaign's lasting name.
    pub series: String,
    /// From 1; each later one follows an attempt that was released, taken back or given back.
    pub attempt: u16,
}

impl RedemptionKey {
    /// As it stands in a path: base64url, without a secret in it.
    #[must_use]
    pub fn id(&self) -> String {
        // Neither a key nor a series has a `#`; an order's id may, and so comes last.
        let RedemptionKey { customer_key, order, series, attempt } = self;
        BASE64URL_NOPAD.encode(format!("{}#{series}#{attempt}#{order}", customer_key.as_str()).as_bytes())
    }

    /// The name in a path; `None` where it is none of ours.
    #[must_use]
    pub fn from_id(id: &str) -> Option<RedemptionKey> {
        let text = String::from_utf8(BASE64URL_NOPAD.decode(id.as_bytes()).ok()?).ok()?;
        let mut parts = text.splitn(4, '#');
        let (key, series, attempt, order) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_key = key.len() == 32 && key.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let is_series = !series.is_empty() && series.len() <= 200 && series.is_ascii();
        (is_key && is_series).then_some(())?;
        Some(RedemptionKey {
            customer_key: CustomerKey::stored(key),
            order: order.to_owned().try_into().ok()?,
            series: series.to_owned(),
            attempt: attempt.parse().ok()?,
        })
    }
}

/// How far a redemption is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RedemptionState {
    /// Set aside until its time is over, and after that until somebody else needs it.
    Reserved,
    /// Used.
    Confirmed,
    /// Set free by the shop.
    Released,
    /// Taken back, since it was not confirmed in time.
    Lapsed,
    /// Used, and given back when the order was cancelled or returned.
    GivenBack,
}

/// By what the shop named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RedeemedBy"))]
pub enum By {
    /// A code.
    Code,
    /// An offer's id.
    Offer,
}

/// A redemption, as it is stored in its customer's story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Redemption {
    /// Its name.
    #[serde(flatten)]
    pub key: RedemptionKey,
    /// The shop's id of the customer.
    pub customer: CustomerId,
    /// How far it is.
    pub state: RedemptionState,
    /// By what it was named.
    pub by: By,
    /// The campaign whose terms hold.
    pub campaign: u16,
    /// The slot, by its first day.
    pub slot: Day,
    /// The step of the slot.
    pub step: u8,
    /// What is given.
    pub reward: Reward,
    /// On what.
    pub on: On,
    /// The cart's total, in minor units.
    pub total: Minor,
    /// Of all that was sent of the cart: another one is another request.
    pub cart: String,
    /// What the reward comes to for this cart, in minor units: what the budgets are charged.
    pub value: Minor,
    /// The last day of the slot's period.
    pub closes_until: Day,
    /// The last day on which it could be reserved.
    pub valid_until: Day,
    /// May other stacking rewards stand on the same order?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stacks: bool,
    /// Where the customer stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
    /// The shop day on which it was reserved.
    pub day: Day,
    /// When it was reserved.
    pub reserved_at: DateTime<Utc>,
    /// Until when it is surely held.
    pub expires_at: DateTime<Utc>,
    /// When it was confirmed, released or taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<DateTime<Utc>>,
    /// The version of the customer's last marker when it was reserved; 0 where they were never erased (law 17).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub epoch: u64,
    /// From which counters it was taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charged: Vec<Charge>,
}

impl Redemption {
    /// What it closes once it is confirmed.
    #[must_use]
    pub fn closes(&self) -> ClosedStep {
        ClosedStep {
            series: self.key.series.clone(),
            slot: self.slot,
            step: self.step,
            until: self.closes_until,
            day: self.day,
            value: self.value,
        }
    }

    /// Is its time over, so that it may be taken back?
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.state == RedemptionState::Reserved && self.expires_at <= now
    }

    /// Was the same asked for?
    pub(crate) fn asks_the_same(&self, other: &Redemption) -> bool {
        self.key == other.key && (self.slot, self.step, &self.cart) == (other.slot, other.step, &other.cart)
    }
}

/// Why a redemption did not go through. Nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRedeemed {
    /// There is no such redemption.
    #[error("there is no such redemption")]
    Unknown,
    /// The reward was used.
    #[error("the reward was used already")]
    Used,
    /// It is set aside for another order or attempt.
    #[error("the reward is reserved for order `{0}`; release that first, or wait until it expires")]
    ReservedElsewhere(OrderId),
    /// Another one stands on the order.
    #[error("order `{order}` has another reward already ({series}), and they do not go together")]
    OnePerOrder {
        /// The order.
        order: OrderId,
        /// Its reward's series.
        series: String,
    },
    /// The order has as many as it may.
    #[error("order `{order}` has {max} rewards already", max = crate::uses::MAX_PER_ORDER)]
    OrderFull {
        /// The order.
        order: OrderId,
    },
    /// The order was cancelled.
    #[error("order `{0}` is cancelled")]
    OrderCancelled(OrderId),
    /// Nothing is left of a limit.
    #[error("the budget of {0} is spent")]
    Exhausted(String),
    /// An attempt comes before the one before it has ended.
    #[error("attempt {attempt} needs attempt {before} to have been released, taken back or given back; it is {state}", before = attempt.saturating_sub(1))]
    AttemptOpen {
        /// The attempt asked for.
        attempt: u16,
        /// What the one before it is.
        state: &'static str,
    },
    /// It ended another way.
    #[error("the redemption is {0} already")]
    Settled(&'static str),
}

impl RedemptionState {
    /// In a sentence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            RedemptionState::Reserved => "reserved",
            RedemptionState::Confirmed => "confirmed",
            RedemptionState::Released => "released",
            RedemptionState::Lapsed => "lapsed",
            RedemptionState::GivenBack => "given_back",
        }
    }
}

/// What stood in the way of a step.
#[derive(Debug, thiserror::Error)]
pub enum RedeemError {
    /// A law of redemptions.
    #[error(transparent)]
    Not(#[from] NotRedeemed),
    /// A law of the ledger.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

impl RedeemError {
    /// For whoever takes back what others left: anything but a failing store is a contradiction between items.
    pub(crate) fn into_store(self) -> LedgerError {
        match self {
            RedeemError::Store(error) => error,
            other => LedgerError::damaged(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_as_it_is_written_whatever_the_order_is_called() {
        for order in ["O-1", "a#b#c#d", "~x/ü", "1"] {
            let key = RedemptionKey {
                customer_key: CustomerKey::stored("00112233445566778899aabbccddeeff"),
                order: order.to_owned().try_into().unwrap(),
                series: "r2f3m1/time_limited_code".to_owned(),
                attempt: 12,
            };
            assert_eq!(RedemptionKey::from_id(&key.id()), Some(key));
        }
        for foreign in ["", "x", "~~~", "MDAx", &BASE64URL_NOPAD.encode(b"zz#s#1#o")] {
            assert_eq!(RedemptionKey::from_id(foreign), None, "{foreign}");
        }
    }
}
