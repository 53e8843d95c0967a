//! `GET /v1/surveys`: what customers answered, as the last run counted it.

use axum::Json;
use axum::extract::State;
use segmentation::answers::{Answer as Said, Survey};
use segmentation::{Answering, Day, Responses};
use serde::Serialize;
use web::{App, Caller, Problem};

/// Customers whose last answer to a survey it is.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountedAnswer"))]
struct Counted {
    answer: Said,
    customers: u64,
    /// How many of them answered within 30 days up to the run's.
    lately: u64,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountedSurvey"))]
struct Asked {
    survey: Survey,
    /// Customers who have answered it.
    customers: u64,
    /// How many of them within 30 days up to the run's.
    lately: u64,
    /// Of 100 customers, how many more are promoters than detractors; absent where answers are words, and before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    net_promoters: Option<f64>,
    answers: Vec<Counted>,
}

/// Each customer's last answer to each survey.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Surveys"))]
pub(crate) struct Answer {
    run: u64,
    day: Day,
    surveys: Vec<Asked>,
}

pub(crate) async fn show(State(app): State<App>, caller: Caller) -> Result<Json<Answer>, Problem> {
    let none = || Problem::not_found("no run has counted answers yet; POST /v1/runs begins one");
    let found = app.ledger.responses(&caller.shop.id).await?.ok_or_else(none)?;
    let surveys = Survey::ALL.into_iter().map(|survey| counted(survey, &found.responses)).collect();
    Ok(Json(Answer { run: found.run, day: found.day, surveys }))
}

fn counted(survey: Survey, responses: &Responses) -> Asked {
    let answers: Vec<Counted> = survey
        .answers()
        .iter()
        .map(|answer| {
            let Answering { customers, lately } = responses.answering(survey, *answer);
            Counted { answer: *answer, customers, lately }
        })
        .collect();
    let customers = answers.iter().map(|answer| answer.customers).sum();
    let lately = answers.iter().map(|answer| answer.lately).sum();
    let of = |said: Said| responses.answering(survey, said).customers as f64;
    let net = || ((of(Said::Promoter) - of(Said::Detractor)) * 1_000.0 / customers as f64).round() / 10.0;
    let net_promoters = (survey.scores().is_some() && customers > 0).then(net);
    Asked { survey, customers, lately, net_promoters, answers }
}
