//! `POST /v1/affinities` and `GET /v1/affinities`: learning what goes with what is a job, and the answer comes before its end
//! (law 18).

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use ledger::{BeginLearningError, Learning};
use resegment::learn;
use resegment::schedule::StartLearn;
use serde::Serialize;
use web::{App, Body, Caller, Problem};

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Learning"))]
pub(crate) struct Shown {
    #[serde(flatten)]
    learning: Learning,
    /// From its beginning to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

impl From<Learning> for Shown {
    fn from(learning: Learning) -> Shown {
        let took = learning.finished.map(|finished| finished - learning.started);
        Shown { seconds: took.map(|took| took.num_milliseconds() as f64 / 1000.0), learning }
    }
}

/// Begins a learning: 202. An unfinished one whose lease has expired is gone on with.
pub(crate) async fn begin(
    State(app): State<App>,
    Extension(start): Extension<StartLearn>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Shown>), Problem> {
    if !body.is_empty() {
        // Nothing can be asked for; what is sent must be an empty document.
        let _: Nothing = web::read_json(&body)?;
    }
    let today = app.clock.today(caller.shop.settings.time_zone);
    let begun = learn::begin(&app.ledger, &caller.shop.id, today, app.clock.now()).await;
    let learning = begun.map_err(|error| match error {
        BeginLearningError::InProgress(number) => {
            let detail = format!("learning {number} is not at its end; see GET /v1/affinities");
            Problem::new(StatusCode::CONFLICT, "learning-in-progress", "Two learnings of a shop never overlap", detail)
        }
        BeginLearningError::Store(error) => error.into(),
    })?;
    (start.0)(caller.shop.id.clone(), learning.number).await.map_err(|error| Problem::internal(&error))?;
    Ok((StatusCode::ACCEPTED, Json(learning.into())))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Nothing {}

/// The last learning.
pub(crate) async fn show(State(app): State<App>, caller: Caller) -> Result<Json<Shown>, Problem> {
    let last = app.ledger.learning(&caller.shop.id).await?;
    last.map(|last| Json(last.into())).ok_or_else(|| Problem::not_found("this shop has not learned affinities yet"))
}
