//! `POST /v1/simulations`: a playbook over past orders, before it is published. It is a job (law 18).

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use playbook::simulate::Period;
use resegment::jobs::{BeginSimulationError, StartJob, begin_simulation};
use segmentation::Day;
use serde::Deserialize;
use serde_json::{Value, json};
use web::{App, Body, Caller, Problem, read_json};

use crate::{jobs, playbook as playbooks};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SimulationIn"))]
pub(crate) struct Asked {
    /// As `PUT /v1/playbook` takes it; by default the one in force.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::told::PlaybookIn>"))]
    playbook: Option<Value>,
    from: Day,
    until: Day,
}

/// Begins a simulation: 202 with its job. What is asked for is checked before. The same question as one that broke off goes
/// on with that one.
pub(crate) async fn begin(
    State(app): State<App>,
    Extension(start): Extension<StartJob>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<jobs::Begun>), Problem> {
    let asked: Asked = read_json(&body)?;
    let shop = app.ledger.fresh_shop(&caller.shop.id).await?.ok_or_else(Problem::unauthorized)?;
    let period = Period::new(asked.from, asked.until).map_err(|bad| Problem::field("until", bad.to_string()))?;
    let today = app.clock.today(shop.settings.time_zone);
    if asked.until > today {
        return Err(Problem::field("until", format!("lies after today, {today}: there are no orders yet")));
    }
    let playbook = match &asked.playbook {
        Some(changes) => playbooks::meant(&app, &shop, changes, "playbook").await?,
        None => shop.playbook.clone(),
    };
    let shown = json!({ "playbook": playbook.version(), "from": asked.from, "until": asked.until });
    let begun = begin_simulation(&app.ledger, &shop, &playbook, period, shown, app.clock.now()).await;
    let job = begun.map_err(|error| match error {
        BeginSimulationError::NoCuts => {
            let detail = "the shop has no cuts yet, so nobody has a segment; its first run makes them (POST /v1/runs)";
            Problem::new(StatusCode::CONFLICT, "no-cuts", "There is nothing to simulate", detail)
        }
        BeginSimulationError::Job(error) => jobs::not_begun(error),
    })?;
    (start.0)(shop.id.clone(), job.number).await.map_err(|error| Problem::internal(&error))?;
    Ok((StatusCode::ACCEPTED, Json(jobs::Begun::of(job.number))))
}
