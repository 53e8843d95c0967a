//! `/v1/endpoints`: where a shop has its events sent, how that goes, and having them sent again. What is done is done elsewhere
//! (`functions/events`); nothing here calls anybody.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use ledger::{BeginReplayError, Disabled, Endpoint, EndpointError, EndpointState, EventKind, OUT_KEPT, Replay};
use serde::{Deserialize, Serialize};
use web::{App, Body, Caller, EndpointId, PathId, Problem, at_field, read_json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct EndpointIn {
    /// An https address that is public.
    url: String,
    /// Which kinds of events; left out: all.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    types: Option<BTreeSet<EventKind>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "EndpointStanding"))]
enum Standing {
    Enabled,
    Disabled,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "EndpointStateIn"))]
pub(crate) struct StateIn {
    state: Standing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct ReplayIn {
    from: DateTime<Utc>,
    /// Before this moment; left out: now.
    until: Option<DateTime<Utc>>,
}

/// An endpoint as it is shown.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Endpoint"))]
pub(crate) struct Shown {
    id: String,
    url: String,
    /// Empty: all.
    types: BTreeSet<EventKind>,
    state: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<Disabled>,
    created_at: DateTime<Utc>,
    /// Until when the secret before this one signs too.
    #[serde(skip_serializing_if = "Option::is_none")]
    former_secret_until: Option<DateTime<Utc>>,
}

/// One that was made, or whose secret is new: the secret is shown here and nowhere else.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "EndpointWithSecret"))]
pub(crate) struct WithSecret {
    #[serde(flatten)]
    endpoint: Shown,
    secret: String,
}

/// One with what becomes of what is sent there.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "EndpointInFull"))]
pub(crate) struct InFull {
    #[serde(flatten)]
    endpoint: Shown,
    deliveries: EndpointState,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<ReplayOut>,
}

/// A replay as it is shown.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Replay"))]
pub(crate) struct ReplayOut {
    replay: u64,
    /// `running` or `done`.
    status: &'static str,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    asked_at: DateTime<Utc>,
    /// Events put into the queue so far.
    queued: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_at: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Endpoints"))]
pub(crate) struct Answer {
    endpoints: Vec<Shown>,
}

pub(crate) async fn add(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<WithSecret>), Problem> {
    let EndpointIn { url, types } = read_json(&body)?;
    at_field("url", app.receivers.read(&url))?;
    if types.as_ref().is_some_and(BTreeSet::is_empty) {
        return Err(Problem::field("types", "names one kind at least; left out, all are sent"));
    }
    let (shop, now) = (&caller.shop.id, app.clock.now());
    let made = app.ledger.add_endpoint(shop, &url, types.unwrap_or_default(), now).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(with_secret(&app, &caller, made))))
}

pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Answer>, Problem> {
    let now = app.clock.now();
    let endpoints = app.ledger.endpoints(&caller.shop.id).await?;
    Ok(Json(Answer { endpoints: endpoints.into_iter().map(|endpoint| shown(endpoint, now)).collect() }))
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<EndpointId>,
) -> Result<Json<InFull>, Problem> {
    let (shop, id) = (&caller.shop.id, id.as_str());
    let endpoint = find(&app, &caller, id).await?;
    let deliveries = app.ledger.endpoint_state(shop, id).await?;
    let replay = app.ledger.replay(shop, id).await?.map(ReplayOut::of);
    Ok(Json(InFull { endpoint: shown(endpoint, app.clock.now()), deliveries, replay }))
}

pub(crate) async fn rotate(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<EndpointId>,
) -> Result<Json<WithSecret>, Problem> {
    let now = app.clock.now();
    let rotated = app.ledger.change_endpoint(&caller.shop.id, id.as_str(), |endpoint| endpoint.rotate(now)).await;
    Ok(Json(with_secret(&app, &caller, rotated.map_err(refused)?)))
}

/// What is told while it is disabled is not sent there later, unless that is asked for.
pub(crate) async fn set_state(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<EndpointId>,
    Body(body): Body,
) -> Result<Json<Shown>, Problem> {
    let StateIn { state } = read_json(&body)?;
    let now = app.clock.now();
    let disabled = (state == Standing::Disabled).then(|| Disabled { at: now, why: "the shop asked for it".to_owned() });
    let changed = app.ledger.change_endpoint(&caller.shop.id, id.as_str(), |endpoint| {
        endpoint.disabled = disabled.clone().map(|new| endpoint.disabled.clone().unwrap_or(new));
    });
    Ok(Json(shown(changed.await.map_err(refused)?, now)))
}

pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<EndpointId>,
) -> Result<StatusCode, Problem> {
    app.ledger.remove_endpoint(&caller.shop.id, id.as_str()).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn replay(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<EndpointId>,
    Body(body): Body,
) -> Result<(StatusCode, Json<ReplayOut>), Problem> {
    let ReplayIn { from, until } = read_json(&body)?;
    let now = app.clock.now();
    let until = until.unwrap_or(now).min(now);
    if from < now - OUT_KEPT {
        return Err(Problem::field(
            "from",
            format!("lies more than {} days back; events are kept no longer", OUT_KEPT.num_days()),
        ));
    }
    if from >= until {
        return Err(Problem::field("from", "must lie before `until`, and not in the future"));
    }
    let endpoint = find(&app, &caller, id.as_str()).await?;
    let conflict = |name, title, detail: String| Problem::new(StatusCode::CONFLICT, name, title, detail);
    if endpoint.disabled.is_some() {
        return Err(conflict(
            "endpoint-disabled",
            "Nothing is sent to a disabled endpoint",
            "enable it first".to_owned(),
        ));
    }
    let begun = app.ledger.begin_replay(&caller.shop.id, id.as_str(), (from, until), now).await;
    let begun = begun.map_err(|error| match error {
        BeginReplayError::InProgress(_) => {
            conflict("replay-in-progress", "An endpoint has one replay at a time", error.to_string())
        }
        BeginReplayError::Store(error) => error.into(),
    })?;
    Ok((StatusCode::ACCEPTED, Json(ReplayOut::of(begun))))
}

impl ReplayOut {
    fn of(replay: Replay) -> ReplayOut {
        let Replay { number, from, until, asked_at, queued, done_at, .. } = replay;
        let status = if done_at.is_some() { "done" } else { "running" };
        ReplayOut { replay: number, status, from, until, asked_at, queued, done_at }
    }
}

/// An endpoint of the caller's own shop.
pub(crate) async fn find(app: &App, caller: &Caller, id: &str) -> Result<Endpoint, Problem> {
    let known = app.ledger.endpoints(&caller.shop.id).await?;
    let found = known.into_iter().find(|endpoint| endpoint.id == id);
    found.ok_or_else(|| refused(EndpointError::Unknown(id.to_owned())))
}

fn shown(endpoint: Endpoint, now: DateTime<Utc>) -> Shown {
    let Endpoint { id, url, types, created_at, overlap_until, disabled, .. } = endpoint;
    let state = if disabled.is_some() { Standing::Disabled } else { Standing::Enabled };
    let former_secret_until = overlap_until.filter(|until| *until > now);
    Shown { id, url, types, state, disabled, created_at, former_secret_until }
}

fn with_secret(app: &App, caller: &Caller, endpoint: Endpoint) -> WithSecret {
    let secret = app.ledger.shown_secret(&caller.shop.id, &endpoint);
    WithSecret { endpoint: shown(endpoint, app.clock.now()), secret }
}

fn refused(error: EndpointError) -> Problem {
    match error {
        EndpointError::TooMany => {
            let detail = error.to_string();
            Problem::new(StatusCode::CONFLICT, "too-many-endpoints", "The shop has as many endpoints as it may", detail)
        }
        EndpointError::Unknown(_) => Problem::not_found(error.to_string()),
        EndpointError::Store(error) => error.into(),
    }
}
