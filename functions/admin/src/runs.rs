//! `/v1/runs`: a run is a job, and the answer comes before its end (law 18).

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::{Extension, Json};
use ledger::{BeginRunError, Counts, Run, RunProgress, RunStatus};
use resegment::begin_run;
use resegment::schedule::StartRun;
use segmentation::Day;
use serde::{Deserialize, Serialize};
use web::{App, Body, Caller, PageQuery, PathId, Problem, Row, at_field, page, read_json};

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

/// A run in a list: as it is stored, so without how far it is.
#[derive(Serialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct RunRow(Run);

impl Row for RunRow {
    const COLUMNS: &'static [&'static str] = &[
        "run",
        "day",
        "status",
        "refit",
        "cuts",
        "started",
        "finished",
        "customers",
        "moved",
        "labels",
        "read_units",
        "write_units",
        "failure",
    ];

    fn fields(&self) -> Vec<String> {
        let RunRow(run) = self;
        let status = match run.status {
            RunStatus::Running => "running",
            RunStatus::Published => "published",
            RunStatus::Failed => "failed",
        };
        let counted = |of: fn(&Counts) -> String| run.counts.as_ref().map(of).unwrap_or_default();
        vec![
            run.run.to_string(),
            run.day.to_string(),
            status.to_owned(),
            run.refit.to_string(),
            run.cuts.as_ref().map(ToString::to_string).unwrap_or_default(),
            run.started.to_rfc3339(),
            run.finished.map(|finished| finished.to_rfc3339()).unwrap_or_default(),
            counted(|counts| counts.census.total().customers.to_string()),
            counted(|counts| counts.matrix.moved().to_string()),
            run.labels.to_string(),
            counted(|counts| counts.read_units.to_string()),
            run.write_units.to_string(),
            run.failure.clone().unwrap_or_default(),
        ]
    }
}

/// The shop's runs, the latest first.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<PageQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = at_field("query", query.map_err(|error| error.body_text()))?;
    let limit = i32::try_from(query.limit()?).unwrap_or(i32::MAX);
    let before = query.position()?.map(|run| at_field("cursor", run.parse::<u64>())).transpose()?;
    let found = app.ledger.runs(&caller.shop.id, before, limit).await?;
    let rows: Vec<RunRow> = found.runs.into_iter().map(RunRow).collect();
    page(&query, &headers, &rows, found.next.map(|run| run.to_string()).as_deref())
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
