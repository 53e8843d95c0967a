//! `PUT /v1/customers/{id}`: what a shop tells of a customer beyond orders.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, TimeDelta};
use ledger::{AttributesReceipt, BadId, CustomerId, ReferralCode, Shop};
use segmentation::attributes::given;
use segmentation::{AttributeUpdate, Day};
use serde::Deserialize;
use web::{App, Body, Caller, Clock, PathId, Problem, at_field, read_json};

use crate::wire::Checks;

/// How far ahead the shop's own time of change may lie: it only orders the updates among themselves.
const AHEAD: TimeDelta = TimeDelta::days(1);
/// The longest language tag: what BCP 47 asks software to take.
const MAX_LANGUAGE: usize = 35;
const OWN: &str = "is the customer's own: nobody brings themselves";

/// An update as a shop sends it. A field that is left out stays as it is, `null` clears it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct AttributesIn {
    /// RFC 3339, with an offset: when the shop changed them. The latest value of each field counts.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    updated_at: String,
    /// `YYYY-MM-DD`: since when they are in the loyalty programme.
    #[serde(default, deserialize_with = "given")]
    programme_since: Option<Option<Day>>,
    /// BCP 47, such as `en` or `pt-BR`.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_LANGUAGE), regex(pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")))]
    language: Option<Option<String>>,
    /// May they be written to?
    #[serde(default, deserialize_with = "given")]
    mailing_consent: Option<Option<bool>>,
    /// The customer who brought them.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = CustomerId::MAX_BYTES)))]
    referred_by: Option<Option<String>>,
    /// The same, by the code that customer gives to friends.
    referral_code: Option<String>,
}

/// 200, whether recorded now or before; the customer need not have bought anything.
pub(crate) async fn record(
    State(app): State<App>,
    caller: Caller,
    PathId(customer): PathId<CustomerId>,
    Body(body): Body,
) -> Result<Json<AttributesReceipt>, Problem> {
    let shop = &caller.shop;
    let mut sent: AttributesIn = read_json(&body)?;
    if let Some(code) = sent.referral_code.take() {
        if sent.referred_by.is_some() {
            return Err(Problem::field("referral_code", "stands for `referred_by`: give one of them"));
        }
        let code: ReferralCode = at_field("referral_code", code.parse())?;
        let found = app.ledger.customer_by_referral_code(&shop.id, code).await?;
        let referrer = found.ok_or_else(|| Problem::field("referral_code", "is nobody's code"))?.id;
        if referrer == customer {
            return Err(Problem::field("referral_code", OWN));
        }
        sent.referred_by = Some(Some(referrer.into()));
    }
    let update = sent.read(&customer, shop, app.clock)?;
    let today = app.clock.today(shop.settings.time_zone);
    Ok(Json(app.ledger.record_attributes(shop, today, &customer, &update).await?))
}

impl AttributesIn {
    fn read(self, customer: &CustomerId, shop: &Shop, clock: Clock) -> Result<AttributeUpdate, Problem> {
        let mut checks = Checks::default();
        let updated_at = checks.take("updated_at", moment(&self.updated_at, shop, clock));
        if let Some(Some(language)) = &self.language
            && !is_language(language)
        {
            checks.fail("language", format!("is no BCP 47 tag of at most {MAX_LANGUAGE} letters, such as en or pt-BR"));
        }
        if let Some(Some(id)) = &self.referred_by {
            let referrer: Result<CustomerId, BadId> = id.clone().try_into();
            if checks.take("referred_by", referrer).is_some_and(|referrer| referrer == *customer) {
                checks.fail("referred_by", OWN);
            }
        }
        checks.end(updated_at.map(|updated_at| AttributeUpdate {
            updated_at,
            programme_since: self.programme_since,
            language: self.language,
            mailing_consent: self.mailing_consent,
            referred_by: self.referred_by,
        }))
    }
}

/// Milliseconds since 1970.
fn moment(text: &str, shop: &Shop, clock: Clock) -> Result<u64, &'static str> {
    let parsed = DateTime::parse_from_rfc3339(text)
        .map_err(|_| "must be RFC 3339 with an offset, such as 2026-11-22T14:05:00+03:00 or …Z")?;
    if NaiveDate::from_ymd_opt(1970, 1, 2).is_some_and(|first| parsed.date_naive() < first) {
        return Err("lies before 1970-01-02");
    }
    if clock.is_ahead(&(parsed - AHEAD), shop.settings.time_zone) {
        return Err("lies more than a day in the future");
    }
    Ok(parsed.timestamp_millis().unsigned_abs())
}

fn is_language(text: &str) -> bool {
    let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let first = text.split('-').next().unwrap_or_default();
    text.len() <= MAX_LANGUAGE
        && text.split('-').all(part)
        && first.len() >= 2
        && first.bytes().all(|b| b.is_ascii_alphabetic())
}
