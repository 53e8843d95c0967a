//! Reading a payload's fields, so that what is not as documented is named.

use chrono::{DateTime, FixedOffset, NaiveDateTime};
use ledger::{BadId, OrderId};
use segmentation::Minor;
use serde::de::DeserializeOwned;
use web::read_json;

use super::amount::{Written, exact};
use super::told::{LeftOut, Money, Reason, moment};

/// Fields of one delivery: whose order they are of, for the error.
pub(crate) struct Fields {
    pub(crate) order: Option<OrderId>,
    pub(crate) money: Money,
}

/// Reads a payload. What does not read is told by the field alone: serde's own words repeat what was sent.
pub(crate) fn payload<T: DeserializeOwned>(body: &[u8]) -> Result<T, LeftOut> {
    read_json(body).map_err(|problem| {
        let field = problem.errors().first().map_or("body", |error| error.field.as_str());
        Reason::Unreadable.of(None, format!("{field}: is missing, or not as documented"))
    })
}

impl Fields {
    /// Of the order that a payload names in `field`.
    pub(crate) fn of_order(field: &str, id: Written, money: Money) -> Result<Fields, LeftOut> {
        let id = OrderId::try_from(id.0).map_err(|error| Reason::Unreadable.of(None, format!("{field}: {error}")))?;
        Ok(Fields { order: Some(id), money })
    }

    pub(crate) fn not(&self, field: &str, detail: impl std::fmt::Display) -> LeftOut {
        Reason::Unreadable.of(self.order.as_ref(), format!("{field}: {detail}"))
    }

    pub(crate) fn id<T: TryFrom<String, Error = BadId>>(&self, field: &str, id: Written) -> Result<T, LeftOut> {
        T::try_from(id.0).map_err(|error| self.not(field, error))
    }

    /// An order's own amount, not below zero.
    pub(crate) fn total(&self, field: &str, amount: &Written) -> Result<Minor, LeftOut> {
        let minor = self.amount(field, amount)?;
        if minor < Minor::ZERO { Err(self.not(field, "is below zero")) } else { Ok(minor) }
    }

    pub(crate) fn amount(&self, field: &str, amount: &Written) -> Result<Minor, LeftOut> {
        exact(&amount.0, self.money.digits).map_err(|detail| self.not(field, detail))
    }

    /// RFC 3339 with an offset.
    pub(crate) fn time(&self, field: &str, time: &str) -> Result<DateTime<FixedOffset>, LeftOut> {
        let read = DateTime::parse_from_rfc3339(time).ok().and_then(|time| moment(&time));
        read.ok_or_else(|| self.not(field, "is no time such as 2026-11-22T14:05:00+03:00, from 1970-01-02 on"))
    }

    /// A time in UTC that says no zone.
    pub(crate) fn time_gmt(&self, field: &str, time: &str) -> Result<DateTime<FixedOffset>, LeftOut> {
        let read = NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M:%S").ok();
        read.and_then(|time| moment(&time.and_utc()))
            .ok_or_else(|| self.not(field, "is no time such as 2026-11-22T14:05:00, from 1970-01-02 on"))
    }

    /// Is this the shop's currency?
    pub(crate) fn currency(&self, code: &str) -> Result<(), LeftOut> {
        if code == self.money.code {
            return Ok(());
        }
        let code: String = code.chars().take(8).collect();
        let detail = format!("is in `{code}`; this shop's is {}, and nothing is converted", self.money.code);
        Err(Reason::OtherCurrency.of(self.order.as_ref(), detail))
    }
}
