//! The form of redemptions on the wire: every field of a reservation checked, and what is answered.

use chrono::{DateTime, Utc};
use ledger::order::content_hash;
use ledger::{By, CustomerId, OrderId, Redemption, RedemptionState, Status};
use playbook::Code;
use playbook::decide::On;
use playbook::redeem::{self, CartLine, CartTotals};
use playbook::reward::Reward;
use segmentation::{Day, Minor};
use serde::{Deserialize, Serialize};
use web::{Problem, at_field};

use crate::not_redeemed;

/// The most lines of a cart.
const MAX_LINES: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema::code_or_offer))]
pub(crate) struct ReserveIn {
    /// As the customer typed it.
    code: Option<String>,
    /// Or an offer's id.
    offer: Option<String>,
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = CustomerId::MAX_BYTES)))]
    customer: String,
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = OrderId::MAX_BYTES)))]
    order: String,
    /// By default 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = u16::MAX)))]
    attempt: Option<i64>,
    /// The cart's, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = Minor::MAX.0)))]
    total: i64,
    /// What delivery costs, in minor units; by default as in the settings.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = Minor::MAX.0)))]
    delivery: Option<i64>,
    /// For a reward on a category or on products.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_LINES)))]
    lines: Vec<LineIn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CartLineIn"))]
pub(crate) struct LineIn {
    product: String,
    category: Option<String>,
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = Minor::MAX.0)))]
    amount: i64,
}

/// A redemption as it is answered: what the shop has to know of it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RedemptionAnswer"))]
pub(crate) struct Answer {
    /// Of a step: was it done now or before?
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    /// What confirm and release are called with.
    id: String,
    state: RedemptionState,
    customer: CustomerId,
    order: OrderId,
    attempt: u16,
    /// The campaign's number and lasting name.
    campaign: u16,
    series: String,
    slot: Day,
    step: u8,
    by: By,
    reward: Reward,
    on: On,
    /// The cart's, in minor units.
    total: Minor,
    /// What the reward comes to, in minor units: what to take off, or to give.
    value: Minor,
    reserved_at: DateTime<Utc>,
    /// Until when it is surely held.
    expires_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_at: Option<DateTime<Utc>>,
}

impl Answer {
    pub(crate) fn of(status: Option<Status>, redemption: Redemption) -> Answer {
        Answer {
            status,
            id: redemption.key.id(),
            state: redemption.state,
            customer: redemption.customer,
            order: redemption.key.order,
            attempt: redemption.key.attempt,
            campaign: redemption.campaign,
            series: redemption.key.series,
            slot: redemption.slot,
            step: redemption.step,
            by: redemption.by,
            reward: redemption.reward,
            on: redemption.on,
            total: redemption.total,
            value: redemption.value,
            reserved_at: redemption.reserved_at,
            expires_at: redemption.expires_at,
            settled_at: redemption.settled_at,
        }
    }

    pub(crate) fn step((status, redemption): (Status, Redemption)) -> Answer {
        Answer::of(Some(status), redemption)
    }
}

/// What is asked for, every field checked.
pub(crate) struct Asked {
    pub(crate) named: Named,
    pub(crate) customer: CustomerId,
    pub(crate) order: OrderId,
    pub(crate) attempt: u16,
    pub(crate) cart: CartTotals,
    /// The hash of all that was sent of the cart.
    pub(crate) content: String,
}

/// By what a reward is named.
pub(crate) enum Named {
    Code(Code),
    Offer(String, Day, u8),
}

impl ReserveIn {
    pub(crate) fn read(self) -> Result<Asked, Problem> {
        let money = |field: &str, amount: i64| {
            let valid = (0..=Minor::MAX.0).contains(&amount);
            valid
                .then_some(Minor(amount))
                .ok_or_else(|| Problem::field(field, format!("is from 0 to {} minor units", Minor::MAX)))
        };
        let named = match (self.code, self.offer) {
            (Some(code), None) => Named::Code(code.parse().map_err(|error| not_redeemed::mistyped(&error))?),
            (None, Some(offer)) => {
                let (series, slot, step) =
                    redeem::parse_offer_id(&offer).ok_or_else(|| Problem::field("offer", "is no offer's id"))?;
                Named::Offer(series.to_owned(), slot, step)
            }
            (None, None) => return Err(Problem::field("code", "or `offer` must be given")),
            (Some(_), Some(_)) => return Err(Problem::field("offer", "is left out where a code is given")),
        };
        let attempt = self.attempt.unwrap_or(1);
        let attempt = u16::try_from(attempt).ok().filter(|attempt| *attempt >= 1);
        if self.lines.len() > MAX_LINES {
            return Err(Problem::field("lines", format!("are at most {MAX_LINES}")));
        }
        let mut lines = Vec::with_capacity(self.lines.len());
        for (nth, line) in self.lines.into_iter().enumerate() {
            let amount = money(&format!("lines[{nth}].amount"), line.amount)?;
            lines.push(CartLine { product: line.product, category: line.category, amount });
        }
        let total = money("total", self.total)?;
        let sent: Vec<(&str, Option<&str>, i64)> =
            lines.iter().map(|line: &CartLine| (&*line.product, line.category.as_deref(), line.amount.0)).collect();
        let content = content_hash(&(total, self.delivery, sent));
        let sum = lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.amount.0));
        if sum > total.0 {
            return Err(Problem::field("lines", format!("come to {sum}, more than the total of {total}")));
        }
        Ok(Asked {
            named,
            customer: at_field("customer", CustomerId::try_from(self.customer))?,
            order: at_field("order", OrderId::try_from(self.order))?,
            attempt: attempt.ok_or_else(|| Problem::field("attempt", "is from 1 to 65535"))?,
            content,
            cart: CartTotals {
                total,
                lines,
                delivery: self.delivery.map(|delivery| money("delivery", delivery)).transpose()?,
            },
        })
    }
}
