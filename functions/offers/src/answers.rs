//! `POST /v1/surveys/{survey}/answers`: what a customer said, for offers that ask first.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ledger::{AnswerId, AnswerReceipt, BadId, CustomerId, Said};
use segmentation::answers::{Answer, Survey};
use serde::Deserialize;
use web::{App, Body, Caller, PathId, Problem, at_field, read_json};

use crate::lookup::today;

/// An answer as the shop's page sends it: a `reason` to the survey of that name, a `score` to the others.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema::reason_or_score))]
pub(crate) struct AnswerIn {
    /// Unique for this customer and survey.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = AnswerId::MAX_BYTES)))]
    id: String,
    /// Who answered.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = CustomerId::MAX_BYTES)))]
    customer: String,
    /// Why the purchases stopped.
    reason: Option<ReasonIn>,
    /// 0 to 10 for `nps`, 1 to 5 for `purchase`.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 10)))]
    score: Option<i64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReasonToLeave"))]
pub(crate) enum ReasonIn {
    Price,
    Delivery,
    Quality,
    Assortment,
    Other,
}

impl From<ReasonIn> for Answer {
    fn from(reason: ReasonIn) -> Answer {
        match reason {
            ReasonIn::Price => Answer::Price,
            ReasonIn::Delivery => Answer::Delivery,
            ReasonIn::Quality => Answer::Quality,
            ReasonIn::Assortment => Answer::Assortment,
            ReasonIn::Other => Answer::Other,
        }
    }
}

/// 201 with the answer as it is stored, whether recorded now or before.
pub(crate) async fn record(
    State(app): State<App>,
    caller: Caller,
    PathId(survey): PathId<Survey>,
    Body(body): Body,
) -> Result<(StatusCode, Json<AnswerReceipt>), Problem> {
    let (customer, said) = read_json::<AnswerIn>(&body)?.read(survey)?;
    let receipt = app.ledger.record_answer(&caller.shop, today(&app, &caller), &customer, &said).await?;
    Ok((StatusCode::CREATED, Json(receipt)))
}

impl AnswerIn {
    fn read(self, survey: Survey) -> Result<(CustomerId, Said), Problem> {
        let id = at_field("id", AnswerId::try_from(self.id))?;
        let customer: Result<CustomerId, BadId> = self.customer.try_into();
        let customer = at_field("customer", customer)?;
        let (answer, score) = match (survey.scores(), self.reason, self.score) {
            (None, Some(reason), None) => (reason.into(), None),
            (None, None, _) => return Err(Problem::field("reason", "must be given for this survey")),
            (None, Some(_), Some(_)) => return Err(Problem::field("score", "is no part of this survey")),
            (Some(_), Some(_), _) => return Err(Problem::field("reason", "is no part of this survey")),
            (Some(_), None, None) => return Err(Problem::field("score", "must be given for this survey")),
            (Some((least, greatest)), None, Some(score)) => {
                let score = u8::try_from(score).ok();
                let answer = score.and_then(|score| survey.answer_of(score));
                let outside = || Problem::field("score", format!("is from {least} to {greatest}"));
                (answer.ok_or_else(outside)?, score)
            }
        };
        Ok((customer, Said { id, survey, answer, score }))
    }
}
