//! An order, a line and a return as the ledger keeps them: parsed, in the shop's currency and with their times.

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;
use data_encoding::HEXLOWER;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use segmentation::{Bought, BoughtLine, Day, GivenBack, Minor, ProductKey, Revision, RevisionKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::{CustomerId, LineId, OrderId, ProductId, ReturnId};

/// The most lines an order may have.
pub const MAX_LINES: usize = 1000;
/// The most bytes an order may have as JSON: an item of the store holds 400 KB.
pub const MAX_ORDER_BYTES: usize = 350 * 1024;

/// One product row of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderLine"))]
pub struct Line {
    /// Unique within the order.
    pub id: LineId,
    /// What was bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductId>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Its brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// How much of it, not below zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub quantity: Option<Decimal>,
    /// The line's total in minor units; often no multiple of a unit price.
    pub amount: Minor,
    /// Only informative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Minor>,
}

/// One revision of an order: the whole of it, as the shop told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Order {
    /// Unique in the shop.
    pub id: OrderId,
    /// Who bought.
    pub customer: CustomerId,
    /// When it was placed, with its offset.
    pub time: DateTime<FixedOffset>,
    /// Total before refunds, in minor units.
    pub total: Minor,
    /// Which revision this is; number 0 for the order as first placed.
    pub revision: RevisionKey,
    /// A cancelled order counts for nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
    /// What was bought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
}

/// What was paid for one: the amount by the quantity, rounded half up; the amount where no quantity is known.
#[must_use]
pub fn paid_per_item(amount: Minor, quantity: Option<Decimal>) -> Minor {
    let quantity = quantity.filter(|quantity| *quantity > Decimal::ZERO).unwrap_or(Decimal::ONE);
    let each = Decimal::from(amount.0).checked_div(quantity);
    let each = each.map(|each| each.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero));
    each.and_then(|each| each.to_i64()).map_or(Minor::MAX, |each| Minor(each).min(Minor::MAX))
}

impl Order {
    /// What a profile remembers of it (tastes and baskets), if this is the order as first accepted; `None` where it came as
    /// cancelled, since nothing was bought.
    #[must_use]
    pub fn bought(&self, zone: Tz) -> Option<Bought> {
        let line = |line: &Line| BoughtLine {
            product: line.product.as_ref().map(|product| ProductKey::of(product.as_str())),
            category: line.category.clone(),
            brand: line.brand.clone(),
            unit_price: Some(paid_per_item(line.amount, line.quantity)),
        };
        (!self.cancelled).then(|| Bought { day: self.day(zone), lines: self.lines.iter().map(line).collect() })
    }

    /// The shop day on which it was placed.
    #[must_use]
    pub fn day(&self, zone: Tz) -> Day {
        shop_day(self.time, zone)
    }

    /// What the fold of the order needs of this revision.
    #[must_use]
    pub fn fold(&self, zone: Tz) -> Revision {
        Revision { key: self.revision.clone(), day: self.day(zone), total: self.total, cancelled: self.cancelled }
    }

    /// Its size as JSON, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |json| json.len())
    }
}

/// The shop day of a moment (law 4), from 1970 on.
#[must_use]
pub fn shop_day<T: chrono::TimeZone>(time: DateTime<T>, zone: Tz) -> Day {
    Day::from_date(time.with_timezone(&zone).date_naive()).unwrap_or(Day::MIN)
}

/// What a return asks to give back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReturnAsked"))]
pub enum Asked {
    /// All of the order.
    Whole,
    /// An amount in minor units, above zero.
    Amount(Minor),
    /// These lines, each whole or the amount named.
    Lines(Vec<(LineId, Option<Minor>)>),
}

/// Money and goods given back of one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Return {
    /// Unique within its order.
    pub id: ReturnId,
    /// Of which order.
    pub order: OrderId,
    /// When it was given back.
    pub time: DateTime<FixedOffset>,
    /// What was asked for.
    pub asked: Asked,
}

/// A return as it was accepted: what was asked, and what that came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AcceptedReturn {
    /// As it was sent.
    #[serde(flatten)]
    pub sent: Return,
    /// What was given back.
    pub given_back: GivenBack,
}

/// SHA-256 over the content's JSON, in hex: equal content, however it was spelled at the wire, has an equal hash.
#[must_use]
pub fn content_hash(content: &impl Serialize) -> String {
    let json = serde_json::to_vec(content).unwrap_or_default();
    HEXLOWER.encode(&Sha256::digest(json))
}
