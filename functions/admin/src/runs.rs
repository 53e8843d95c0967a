//! `POST /v1/runs` and `GET /v1/runs/{id}`: a run is a job, and the answer comes before its end (law 18).

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use ledger::{BeginRunError, Run, RunProgress, RunStatus};
use resegment::begin_run;
use resegment::schedule::StartRun;
use segmentation::Day;
use serde::{Deserialize, Serialize};
use web::{App, Body, Caller, PathId, Problem, read_json};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RunIn"))]
pub(crate) struct Asked {
    /// Fit cuts anew, whatever the shop's policy.
    refit: bool,
    /// For another day than today, up to today: by default today.
    day: Option<Day>,
}

/// Begins a run: 202 with its number. An unfinished run whose lease has expired is gone on with.
pub(crate) async fn begin(
    State(app): State<App>,
    Extension(start): Extension<StartRun>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Run>), Problem> {
    let asked: Asked = if body.is_empty() { Asked::default() } else { read_json(&body)? };
    let today = app.clock.today(caller.shop.settings.time_zone);
    let day = asked.day.unwrap_or(today);
    if day > today {
        return Err(Problem::field("day", format!("lies after today, {today}")));
    }
    let begun = begin_run(&app.ledger, &caller.shop.id, day, asked.refit, app.clock.now()).await;
    let run = begun.map_err(|error| match error {
        BeginRunError::InProgress(run) => {
            let detail = format!("run {run} is not at its end; see GET /v1/runs/{run}");
            Problem::new(StatusCode::CONFLICT, "run-in-progress", "Two runs of a shop never overlap", detail)
        }
        BeginRunError::Store(error) => error.into(),
    })?;
    start(caller.shop.id.clone(), run.run).await.map_err(|error| Problem::internal(&error))?;
    Ok((StatusCode::ACCEPTED, Json(run)))
}

/// A run as it is shown.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ShownRun"))]
pub(crate) struct Shown {
    #[serde(flatten)]
    run: Run,
    /// How far it is, while it is running.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<RunProgress>,
    /// What is to be known of its preview.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(run): PathId<u64>,
) -> Result<Json<Shown>, Problem> {
    let found = app.ledger.run(&caller.shop.id, run).await?;
    let run = found.ok_or_else(|| Problem::not_found(format!("this shop has no run {run}")))?;
    let progress = match run.status {
        RunStatus::Running => Some(app.ledger.run_progress(&caller.shop.id, run.run, run.shards).await?),
        RunStatus::Published | RunStatus::Failed => None,
    };
    Ok(Json(Shown { notice: notice(&run), progress, run }))
}

fn notice(run: &Run) -> Option<String> {
    let (preview, counts) = (run.preview?, run.counts.as_ref()?);
    if counts.touched.is_none() {
        return Some(format!("preview {} was kept no longer, so nothing was compared with it", preview.job));
    }
    (preview.day != run.day).then(|| {
        let Run { day, .. } = run;
        format!(
            "the preview was of {}, and the run of {day}: who moved otherwise may owe it to the days between",
            preview.day
        )
    })
}
