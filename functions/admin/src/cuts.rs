//! `/v1/cuts`: the model in force and what is known, candidates, previews, and what the next run is to activate (law 6).

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use ledger::{ActivationRecord, BeginJobError, CutsRecord, DueCuts, JobKind, JobStatus, MadeBy, Previewed, Shop};
use resegment::jobs::{StartJob, begin_fit, begin_preview};
use segmentation::fit::TypedCuts;
use segmentation::{Activation, AxisCuts, Cuts, CutsVersion, Day, Law, Window};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use web::{App, Body, Caller, PageQuery, PathId, Problem, at_field, cursor, read_json};

use crate::jobs::{Begun, not_begun};

/// Activations that are shown.
const ACTIVATIONS: i32 = 50;
/// No day of a run is further ahead.
const DAYS_AHEAD: i64 = 366;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CutsAsked"))]
pub(crate) struct Asked {
    /// Where a page before this one ended, as it said.
    cursor: Option<String>,
    /// How many items at most; by default 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = PageQuery::MAX)))]
    limit: Option<usize>,
}

/// The shop's cuts.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "KnownCuts"))]
pub(crate) struct Shown {
    /// `null` before the first run.
    active: Option<ActiveModel>,
    due: Option<DueCuts>,
    /// The latest first.
    activations: Vec<ActivationRecord>,
    known: Known,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ActiveCuts"))]
struct ActiveModel {
    activation: Activation,
    since: Day,
    #[serde(flatten)]
    model: CutsRecord,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CutsPage"))]
struct Known {
    items: Vec<CutsRecord>,
    next: Option<String>,
}

/// A candidate that was typed in.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CutsCandidate"))]
pub(crate) struct Candidate {
    #[serde(flatten)]
    model: CutsRecord,
    /// `false`: the same model was known already.
    new: bool,
}

/// What was settled, and when it comes.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SettledCuts"))]
pub(crate) struct Settled {
    due: Option<DueCuts>,
    says: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CandidateIn"))]
pub(crate) struct AskedCandidate {
    day: Option<Day>,
    recency: Option<TypedCuts>,
    frequency: Option<TypedCuts>,
    monetary: Option<TypedCuts>,
    window: Option<Window>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PreviewIn"))]
pub(crate) struct AskedPreview {
    day: Option<Day>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ActivationIn"))]
pub(crate) struct AskedActivation {
    day: Option<Day>,
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    preview: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RollbackIn"))]
pub(crate) struct AskedRollback {
    to: Option<Activation>,
}

/// A candidate: typed in, or a job that fits it.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum CandidateAnswer {
    Typed(Candidate),
    Begun(Begun),
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Shown>, Problem> {
    let Query(asked) = at_field("query", query.map_err(|error| error.body_text()))?;
    let query = PageQuery::new(asked.cursor, asked.limit, None);
    let limit = i32::try_from(query.limit()?).unwrap_or(i32::MAX);
    let shop = fresh(&app, &caller).await?;
    let active = match &shop.active {
        Some(active) => Some(ActiveModel {
            activation: active.activation,
            since: app.ledger.activated_on(&shop.id, active.activation).await?,
            model: model(&app, &shop, &active.version).await?,
        }),
        None => None,
    };
    let activations = app.ledger.activations(&shop.id, ACTIVATIONS).await?;
    let known = app.ledger.cuts_models(&shop.id, query.position()?.as_deref(), limit).await?;
    let known = Known { items: known.models, next: known.next.as_deref().map(cursor) };
    Ok(Json(Shown { active, due: shop.current.due.clone(), activations, known }))
}

pub(crate) async fn candidate(
    State(app): State<App>,
    Extension(start): Extension<StartJob>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<CandidateAnswer>), Problem> {
    let asked: AskedCandidate = read_or_default(&body)?;
    let shop = fresh(&app, &caller).await?;
    let today = app.clock.today(shop.settings.time_zone);
    let AskedCandidate { day, recency, frequency, monetary, window } = asked;
    if [recency, frequency, monetary].iter().all(Option::is_none) && window.is_none() {
        let day = day.unwrap_or(today);
        if day > today {
            return Err(Problem::field("day", format!("lies after today, {today}: there are no orders yet")));
        }
        let begun = begin_fit(&app.ledger, &shop, day, json!({ "day": day }), app.clock.now()).await;
        let begun = started(&start, &shop, begun).await?;
        return Ok((StatusCode::ACCEPTED, Json(CandidateAnswer::Begun(begun))));
    }
    if day.is_some() {
        return Err(Problem::field("day", "is of a fit; cuts that are typed in have none"));
    }
    let cuts = typed(&shop, [recency, frequency, monetary], window)?;
    let (model, new) = app.ledger.put_cuts(&shop.id, cuts, MadeBy::Typed { typed: today }).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(CandidateAnswer::Typed(Candidate { model, new }))))
}

pub(crate) async fn preview(
    State(app): State<App>,
    Extension(start): Extension<StartJob>,
    caller: Caller,
    PathId(version): PathId<CutsVersion>,
    Body(body): Body,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let asked: AskedPreview = read_or_default(&body)?;
    let shop = fresh(&app, &caller).await?;
    let model = model(&app, &shop, &version).await?;
    let today = app.clock.today(shop.settings.time_zone);
    // The schedule's next run: a day that has its run gets no other one by itself.
    let next = if shop.current.last_run.is_some_and(|run| run.day >= today) { today.plus(1) } else { today };
    let day = asked.day.unwrap_or(next);
    check_day(&shop, day, today)?;
    let shown = json!({ "cuts": version, "day": day });
    let begun = begin_preview(&app.ledger, &shop, &model, day, shown, app.clock.now()).await;
    Ok((StatusCode::ACCEPTED, Json(started(&start, &shop, begun).await?)))
}

pub(crate) async fn activate(
    State(app): State<App>,
    caller: Caller,
    PathId(version): PathId<CutsVersion>,
    Body(body): Body,
) -> Result<(StatusCode, Json<Settled>), Problem> {
    let asked: AskedActivation = read_or_default(&body)?;
    let shop = fresh(&app, &caller).await?;
    let model = model(&app, &shop, &version).await?;
    let preview = match asked.preview {
        Some(job) => Some(previewed(&app, &shop, &version, job).await?),
        None => None,
    };
    let today = app.clock.today(shop.settings.time_zone);
    let day = asked.day.unwrap_or_else(|| preview.map_or(today, |preview| preview.day));
    check_day(&shop, day, today)?;
    set_due(&app, &shop, DueCuts { cuts: model.version, day, preview, rolls_back: None }, today).await
}

pub(crate) async fn rollback(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Settled>), Problem> {
    let asked: AskedRollback = read_or_default(&body)?;
    let shop = fresh(&app, &caller).await?;
    let nothing = || {
        let detail = "there is no activation before the one in force";
        Problem::new(StatusCode::CONFLICT, "nothing-before", "There is nothing to go back to", detail)
    };
    let active = shop.current.activation.filter(|active| active.0 > 1).ok_or_else(nothing)?;
    let to = asked.to.unwrap_or(Activation(active.0 - 1));
    if to >= active || to.0 == 0 {
        return Err(Problem::field("to", format!("is the number of an activation before {active}")));
    }
    let cuts = app.ledger.activated(&shop.id, to).await?.version.clone();
    let today = app.clock.today(shop.settings.time_zone);
    set_due(&app, &shop, DueCuts { cuts, day: today, preview: None, rolls_back: Some(to) }, today).await
}

/// Sets what is due; the model that is in force withdraws it.
async fn set_due(app: &App, shop: &Shop, due: DueCuts, today: Day) -> Result<(StatusCode, Json<Settled>), Problem> {
    if shop.active.as_ref().is_some_and(|active| active.version == due.cuts) {
        if shop.current.due.is_some() {
            app.ledger.set_due(&shop.id, &shop.current, None).await?;
        }
        let says = format!("Cuts {} are in force; nothing else is due.", due.cuts);
        return Ok((StatusCode::OK, Json(Settled { due: None, says })));
    }
    app.ledger.set_due(&shop.id, &shop.current, Some(&due)).await?;
    let now = if due.day <= today { "POST /v1/runs begins one now." } else { "A run before that day leaves it alone." };
    let says = format!("Nothing changes until the first run of {} or later. {now}", due.day);
    Ok((StatusCode::ACCEPTED, Json(Settled { due: Some(due), says })))
}

async fn fresh(app: &App, caller: &Caller) -> Result<Arc<Shop>, Problem> {
    app.ledger.fresh_shop(&caller.shop.id).await?.ok_or_else(Problem::unauthorized)
}

async fn model(app: &App, shop: &Shop, version: &CutsVersion) -> Result<CutsRecord, Problem> {
    let found = app.ledger.cuts_model(&shop.id, version).await?;
    found.ok_or_else(|| Problem::not_found(format!("this shop knows no cuts {version}; see GET /v1/cuts")))
}

/// The preview that an activation names.
async fn previewed(app: &App, shop: &Shop, version: &CutsVersion, number: u64) -> Result<Previewed, Problem> {
    let job = app.ledger.job(&shop.id, number).await?.filter(|job| job.kind == JobKind::Preview);
    let job = job.ok_or_else(|| Problem::field("preview", format!("this shop has no preview {number}")))?;
    if job.status != JobStatus::Done {
        return Err(Problem::field("preview", format!("job {number} is not done")));
    }
    if job.asked["cuts"] != version.0.as_str() {
        return Err(Problem::field("preview", format!("job {number} is a preview of cuts {}", job.asked["cuts"])));
    }
    let day = job.asked["day"].as_str().and_then(|day| day.parse().ok());
    day.map(|day| Previewed { job: number, day }).ok_or_else(|| Problem::field("preview", "has no day"))
}

/// A day that a run may yet have.
fn check_day(shop: &Shop, day: Day, today: Day) -> Result<(), Problem> {
    if let Some(last) = shop.current.last_run.filter(|last| day < last.day) {
        return Err(Problem::field("day", format!("lies before the last run's, {}", last.day)));
    }
    if day > today.plus(DAYS_AHEAD) {
        return Err(Problem::field("day", format!("lies more than {DAYS_AHEAD} days ahead")));
    }
    Ok(())
}

/// The model that staff mean; what they do not say stays as it is.
fn typed(shop: &Shop, axes: [Option<TypedCuts>; 3], window: Option<Window>) -> Result<Cuts, Problem> {
    let active = shop.active.as_ref().map(|active| active.cuts);
    let axis = |name: &str, typed: Option<TypedCuts>, kept: Option<AxisCuts>| match typed {
        Some(TypedCuts { c1, c2 }) if 0 <= c1 && c1 < c2 => Ok(AxisCuts { c1, c2, law: Law::Fixed }),
        Some(_) => Err(Problem::field(name, "needs 0 <= c1 < c2")),
        None => kept.ok_or_else(|| Problem::field(name, "is missing, and the shop has no cuts yet to keep")),
    };
    let window = window.or(active.map(|cuts| cuts.window));
    let window = window.unwrap_or(shop.settings.changeable.segmentation.window);
    if window.days == Some(0) {
        return Err(Problem::field("window.days", "must be at least 1, or null for the lifetime"));
    }
    let [recency, frequency, monetary] = axes;
    Ok(Cuts {
        recency: axis("recency", recency, active.map(|cuts| cuts.recency))?,
        frequency: axis("frequency", frequency, active.map(|cuts| cuts.frequency))?,
        monetary: axis("monetary", monetary, active.map(|cuts| cuts.monetary))?,
        window,
    })
}

async fn started(start: &StartJob, shop: &Shop, begun: Result<ledger::Job, BeginJobError>) -> Result<Begun, Problem> {
    let job = begun.map_err(not_begun)?;
    (start.0)(shop.id.clone(), job.number).await.map_err(|error| Problem::internal(&error))?;
    Ok(Begun::of(job.number))
}

fn read_or_default<T: Default + serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if body.is_empty() { Ok(T::default()) } else { read_json(body) }
}
