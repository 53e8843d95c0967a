//! `GET /v1/jobs/{id}` and `…/result`: how far a job is, and what came of it, in pages (law 18).

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use ledger::{AudiencePlace, BeginJobError, ExportRow, Job, JobKind, JobStatus};
use playbook::simulate::TallyRow;
use segmentation::{AxisCuts, PreviewKind, PreviewRow};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::{App, Caller, PageQuery, PathId, Problem, Row, at_field, page};

use crate::audiences::Member;

/// Bytes of a page at which it ends early: an answer has at most 4 MB (law 18).
const FULL: usize = 3 * 1024 * 1024;

/// A job as it is shown.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Job"))]
pub(crate) struct Shown {
    job: u64,
    kind: JobKind,
    status: JobStatus,
    #[cfg_attr(feature = "schema", schemars(with = "crate::told::Asked"))]
    asked: Value,
    progress: Progress,
    created: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<DateTime<Utc>>,
    /// The result in short.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::told::Summary>"))]
    summary: Option<Value>,
    /// Rows of the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// Until when job and result are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_until: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "JobProgress"))]
struct Progress {
    done: u32,
    of: u32,
}

impl From<Job> for Shown {
    fn from(job: Job) -> Shown {
        Shown {
            job: job.number,
            kind: job.kind,
            status: job.status,
            asked: job.asked,
            progress: Progress { done: job.done, of: job.of },
            created: job.created,
            finished: job.finished,
            summary: job.summary,
            rows: job.rows,
            failure: job.failure,
            kept_until: DateTime::from_timestamp(job.expires_at, 0),
        }
    }
}

/// A job that was begun.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "BegunJob"))]
pub(crate) struct Begun {
    job: u64,
    /// Where to ask how far it is.
    location: String,
}

impl Begun {
    pub(crate) fn of(job: u64) -> Begun {
        Begun { job, location: format!("/v1/jobs/{job}") }
    }
}

/// Why a job was not begun.
pub(crate) fn not_begun(error: BeginJobError) -> Problem {
    match error {
        BeginJobError::InProgress(job) => in_progress(job),
        BeginJobError::TooMany(jobs) => {
            let detail = format!("{jobs} jobs of customers are not at their end; ask again when some are");
            Problem::new(StatusCode::CONFLICT, "too-many-jobs", "Too many jobs are unfinished", detail)
        }
        BeginJobError::Store(error) => error.into(),
    }
}

/// Two jobs of a kind never overlap.
pub(crate) fn in_progress(job: u64) -> Problem {
    let detail = format!("job {job} is not at its end; see GET /v1/jobs/{job}");
    Problem::new(StatusCode::CONFLICT, "job-in-progress", "Two jobs of a kind never overlap", detail)
}

async fn job(app: &App, caller: &Caller, number: u64) -> Result<Job, Problem> {
    let found = app.ledger.job(&caller.shop.id, number).await?;
    found.ok_or_else(|| Problem::not_found(format!("this shop has no job {number}; jobs are kept for 7 days")))
}

/// How far it is.
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(number): PathId<u64>,
) -> Result<Json<Shown>, Problem> {
    Ok(Json(job(&app, &caller, number).await?.into()))
}

/// A page of what came of it; 409 before its end.
pub(crate) async fn result(
    State(app): State<App>,
    caller: Caller,
    PathId(number): PathId<u64>,
    query: Result<Query<PageQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = at_field("query", query.map_err(|error| error.body_text()))?;
    let job = job(&app, &caller, number).await?;
    let Some(rows) = job.rows.filter(|_| job.status == JobStatus::Done) else {
        let detail = match job.failure {
            Some(failure) => format!("job {number} failed: {failure}"),
            None => format!("{} of {} parts of job {number} are done", job.done, job.of),
        };
        return Err(Problem::new(StatusCode::CONFLICT, "job-not-done", "The job has no result", detail));
    };
    let from = match query.position()? {
        Some(position) => {
            position.parse::<usize>().map_err(|_| Problem::field("cursor", "is not one that a page gave"))?
        }
        None => 0,
    };
    let at = Position { number, from, of: rows };
    match job.kind {
        JobKind::Simulation => rows_from::<SimulationRow>(&app, &caller, at, &query, &headers).await,
        JobKind::Fit => rows_from::<FitRow>(&app, &caller, at, &query, &headers).await,
        JobKind::Preview => rows_from::<PreviewedRow>(&app, &caller, at, &query, &headers).await,
        JobKind::Audience => members_from(&app, &caller, at, &query, &headers).await,
        JobKind::Export => rows_from::<Exported>(&app, &caller, at, &query, &headers).await,
        // What they have done is told by their summary.
        JobKind::Erase | JobKind::Merge | JobKind::Unmerge => page(&query, &headers, &[] as &[FitRow], None),
    }
}

/// Where a page of a result begins.
struct Position {
    number: u64,
    from: usize,
    of: u64,
}

async fn rows_from<T: Row + DeserializeOwned>(
    app: &App,
    caller: &Caller,
    Position { number, from, of }: Position,
    query: &PageQuery,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let mut items: Vec<T> = app.ledger.job_rows(&caller.shop.id, number, from, query.limit()?).await?;
    let mut bytes = 0;
    let fit = items.iter().take_while(|item| {
        let before = bytes;
        bytes += serde_json::to_vec(item).map_or(0, |json| json.len());
        before == 0 || bytes <= FULL
    });
    items.truncate(fit.count());
    let next = from + items.len();
    let next = ((next as u64) < of && !items.is_empty()).then(|| next.to_string());
    page(query, headers, &items, next.as_deref())
}

/// The members who are still there, with today's values; so a page may be shorter than was asked for.
async fn members_from(
    app: &App,
    caller: &Caller,
    Position { number, from, of }: Position,
    query: &PageQuery,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let places: Vec<AudiencePlace> = app.ledger.job_rows(&caller.shop.id, number, from, query.limit()?).await?;
    let today = app.clock.today(caller.shop.settings.time_zone);
    let customers = app.ledger.customers_at(&places).await?;
    let members: Vec<Member> =
        customers.into_iter().filter_map(|customer| Member::of(&caller.shop, today, customer)).collect();
    let next = from + places.len();
    let next = ((next as u64) < of && !places.is_empty()).then(|| next.to_string());
    page(query, headers, &members, next.as_deref())
}

/// Something that is stored about a customer.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Exported(ExportRow);

impl Row for Exported {
    const COLUMNS: &'static [&'static str] = &["of", "customer_key", "stored"];

    fn fields(&self) -> Vec<String> {
        let ExportRow { of, customer_key, stored } = &self.0;
        vec![of.clone(), customer_key.as_str().to_owned(), stored.to_string()]
    }
}

/// The cuts of an axis that was fitted.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct FitRow {
    axis: String,
    #[serde(flatten)]
    cuts: AxisCuts,
}

impl Row for FitRow {
    const COLUMNS: &'static [&'static str] = &["axis", "c1", "c2", "law"];

    fn fields(&self) -> Vec<String> {
        let AxisCuts { c1, c2, law } = self.cuts;
        vec![self.axis.clone(), c1.to_string(), c2.to_string(), law.to_string()]
    }
}

/// How many would move from one place to another.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct PreviewedRow(PreviewRow);

impl Row for PreviewedRow {
    const COLUMNS: &'static [&'static str] = &["from", "to", "kind", "customers", "idle"];

    fn fields(&self) -> Vec<String> {
        let PreviewRow { from, to, kind, customers, idle } = self.0;
        let kind = match kind {
            PreviewKind::Refit => "refit",
            PreviewKind::Day => "day",
        };
        vec![from.to_string(), to.to_string(), kind.to_owned(), customers.to_string(), idle.to_string()]
    }
}

/// A heading of a simulation.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct SimulationRow(TallyRow);

impl Row for SimulationRow {
    const COLUMNS: &'static [&'static str] = &[
        "of",
        "segment",
        "mechanic",
        "series",
        "stood",
        "customers",
        "days",
        "rewarded",
        "promises",
        "ceiling",
        "used",
        "used_cost",
    ];

    fn fields(&self) -> Vec<String> {
        let TallyRow { of, segment, mechanic, series, stood, line } = &self.0;
        let of = serde_json::to_value(of).ok().and_then(|of| of.as_str().map(str::to_owned));
        let numbers = [line.customers, line.days, line.rewarded, line.promises].map(|number| number.to_string());
        let texts = [
            of,
            segment.map(|place| place.to_string()),
            mechanic.clone(),
            series.clone(),
            stood.map(|customers| customers.to_string()),
        ];
        let money = [line.ceiling.to_string(), line.used.to_string(), line.used_cost.to_string()];
        texts.into_iter().map(Option::unwrap_or_default).chain(numbers).chain(money).collect()
    }
}
