//! `POST` and `GET /v1/keys`, `DELETE /v1/keys/{id}`, `POST /v1/keys/{id}/rotate`: the shop's API keys (law 15). A key's secret is in the
//! answer that made it, and nowhere else.

use std::collections::BTreeSet;
use std::ops::Bound;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use ledger::{AskedKey, KeyId, KeyRecord, MadeKey, Rotation, Scope, Status};
use segmentation::Day;
use serde::{Deserialize, Serialize};
use web::{App, Body, Caller, FieldError, PageQuery, PathId, Problem, Row, at_field, page, read_json};

/// The longest name of a key, in characters.
const MAX_NAME: usize = 100;
/// How long both keys are good where nobody says otherwise, and at most: a day, and thirty.
const OVERLAP: i64 = 24 * 60;
const MAX_OVERLAP: i64 = 30 * OVERLAP;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct KeyIn {
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    scopes: BTreeSet<Scope>,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = MAX_NAME)))]
    name: Option<String>,
    #[serde(default)]
    valid_until: Option<DateTime<Utc>>,
    #[serde(default)]
    id: Option<KeyId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct RotationIn {
    #[serde(default = "a_day")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = MAX_OVERLAP)))]
    overlap_minutes: i64,
    #[serde(default)]
    valid_until: Option<DateTime<Utc>>,
    #[serde(default)]
    id: Option<KeyId>,
}

fn a_day() -> i64 {
    OVERLAP
}

/// How a key stands.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
enum KeyState {
    Usable,
    Expired,
    Revoked,
}

/// A key without its secret.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Key"))]
pub(crate) struct Shown {
    id: KeyId,
    scopes: BTreeSet<Scope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    state: KeyState,
    created: Day,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<KeyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced_by: Option<KeyId>,
}

/// What came of a call that may write.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "MadeKey"))]
pub(crate) struct Answer {
    status: Status,
    /// The whole key, this once; absent where it was made before.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(flatten)]
    shown: Shown,
}

impl Shown {
    fn of(id: KeyId, record: KeyRecord, now: DateTime<Utc>) -> Shown {
        let state = match record.revoked_at {
            Some(_) => KeyState::Revoked,
            None if record.is_usable(now) => KeyState::Usable,
            None => KeyState::Expired,
        };
        let KeyRecord { scopes, created, name, valid_until, revoked_at, last_used, replaces, replaced_by, .. } = record;
        Shown { id, scopes, name, state, created, valid_until, revoked_at, last_used, replaces, replaced_by }
    }
}

impl Row for Shown {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "scopes",
        "name",
        "state",
        "created",
        "valid_until",
        "revoked_at",
        "last_used",
        "replaces",
        "replaced_by",
    ];

    fn fields(&self) -> Vec<String> {
        fn text(value: Option<impl ToString>) -> String {
            value.map(|value| value.to_string()).unwrap_or_default()
        }
        let moment = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339()).unwrap_or_default();
        let state = match self.state {
            KeyState::Usable => "usable",
            KeyState::Expired => "expired",
            KeyState::Revoked => "revoked",
        };
        vec![
            self.id.to_string(),
            self.scopes.iter().map(Scope::to_string).collect::<Vec<_>>().join(" "),
            self.name.clone().unwrap_or_default(),
            state.to_owned(),
            self.created.to_string(),
            moment(self.valid_until),
            moment(self.revoked_at),
            text(self.last_used),
            text(self.replaces.as_ref()),
            text(self.replaced_by.as_ref()),
        ]
    }
}

/// Makes a key: 201, with the key. With an `id`, the same again is that key, without its secret.
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let KeyIn { scopes, name, valid_until, id } = read_json(&body)?;
    let now = app.clock.now();
    let mut wrong = Vec::new();
    if scopes.is_empty() {
        wrong.push(("scopes", "are one or more of ingest, checkout, admin".to_owned()));
    }
    let fits = |name: &String| (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if name.as_ref().is_some_and(|name| !fits(name)) {
        wrong.push(("name", format!("has 1 to {MAX_NAME} characters, none of them a control character")));
    }
    wrong.extend(past(valid_until, now));
    refuse(wrong)?;
    let made = app
        .ledger
        .create_key(&caller.shop.id, &AskedKey { id, scopes, name, valid_until }, now, today(&app, &caller))
        .await?;
    Ok((StatusCode::CREATED, Json(told(made, now))))
}

/// Every key, by id; those that ended in the last 30 days too.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<PageQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = at_field("query", query.map_err(|error| error.body_text()))?;
    let (after, limit) = (query.position()?, query.limit()?);
    let after = after.map(|id| at_field("cursor", id.parse::<KeyId>())).transpose()?;
    let now = app.clock.now();
    let keys = app.ledger.api_keys(&caller.shop.id, now).await?;
    let rest = keys.range((after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded));
    let mut shown: Vec<Shown> =
        rest.take(limit + 1).map(|(id, record)| Shown::of(id.clone(), record.clone(), now)).collect();
    let more = shown.len() > limit;
    shown.truncate(limit);
    let next = shown.last().filter(|_| more).map(|key| key.id.as_str());
    page(&query, &headers, &shown, next)
}

/// Ends a key for good: within a minute everywhere. Once it is revoked, the same answer.
pub(crate) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<KeyId>,
) -> Result<Json<Answer>, Problem> {
    let now = app.clock.now();
    let (status, record) = app.ledger.revoke_key(&caller.shop.id, &id, now).await?;
    app.forget_key(&caller.shop.id, &id);
    Ok(Json(Answer { status, key: None, shown: Shown::of(id, record, now) }))
}

/// Makes a key of the same scopes and name, and lets the old one end after an overlap: 201, with the new key.
pub(crate) async fn rotate(
    State(app): State<App>,
    caller: Caller,
    PathId(old): PathId<KeyId>,
    Body(body): Body,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let RotationIn { overlap_minutes, valid_until, id } = read_json(&body)?;
    let now = app.clock.now();
    let mut wrong = Vec::new();
    if !(0..=MAX_OVERLAP).contains(&overlap_minutes) {
        wrong.push(("overlap_minutes", format!("is from 0 to {MAX_OVERLAP}")));
    }
    wrong.extend(past(valid_until, now));
    refuse(wrong)?;
    let rotation = Rotation { id, overlap: TimeDelta::minutes(overlap_minutes), valid_until };
    let made = app.ledger.rotate_key(&caller.shop.id, &old, &rotation, now, today(&app, &caller)).await?;
    app.forget_key(&caller.shop.id, &old);
    Ok((StatusCode::CREATED, Json(told(made, now))))
}

fn past(valid_until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<(&'static str, String)> {
    valid_until.filter(|until| *until <= now).map(|_| ("valid_until", "is over already".to_owned()))
}

fn refuse(wrong: Vec<(&'static str, String)>) -> Result<(), Problem> {
    if wrong.is_empty() {
        return Ok(());
    }
    let error = |(field, detail): (&str, String)| FieldError { field: field.to_owned(), detail };
    Err(Problem::fields(wrong.into_iter().map(error).collect()))
}

fn today(app: &App, caller: &Caller) -> Day {
    app.clock.today(caller.shop.settings.time_zone)
}

fn told(MadeKey { status, id, record, token }: MadeKey, now: DateTime<Utc>) -> Answer {
    Answer { status, key: token, shown: Shown::of(id, record, now) }
}
