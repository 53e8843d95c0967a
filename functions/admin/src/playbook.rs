//! `GET` and `PUT /v1/playbook`: what to do for whom, a shop's own changes laid over the built-in playbook.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use ledger::Shop;
use playbook::{Playbook, PlaybookError};
use segmentation::Day;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::{App, Body, Caller, Problem, at_field, named_field, read_json};

/// The largest document of changes, and of a merged playbook: an item of the store holds 400 KB.
const MAX_BYTES: usize = 300 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PlaybookAsked"))]
pub(crate) struct Asked {
    version: Option<String>,
}

/// A playbook, whole.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Playbook"))]
pub(crate) struct Answer {
    version: String,
    /// Is it the one in force?
    in_force: bool,
    /// When it was first published.
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<Day>,
    /// The version it replaced, which is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<playbook::PlaybookForm>"))]
    playbook: Option<Value>,
}

/// The one in force, or the `version` asked for.
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Answer>, Problem> {
    let Query(asked) = at_field("version", query.map_err(|error| error.body_text()))?;
    let shop = app.ledger.fresh_shop(&caller.shop.id).await?.ok_or_else(Problem::unauthorized)?;
    let version = asked.version.as_deref().unwrap_or(shop.playbook.version());
    let found = app.ledger.playbook(&shop.id, version).await?.ok_or_else(|| unknown(version))?;
    answer(&app, &caller, &found, shop.playbook.version(), None).await.map(Json)
}

/// Lays changes over the built-in playbook and puts the result in force; `{"version": …}` puts an earlier one in force again.
pub(crate) async fn publish(State(app): State<App>, caller: Caller, Body(body): Body) -> Result<Json<Answer>, Problem> {
    if body.len() > MAX_BYTES {
        return Err(Problem::field("body", format!("has {} bytes, at most {MAX_BYTES} are allowed", body.len())));
    }
    let changes: Value = read_json(&body)?;
    let shop = app.ledger.fresh_shop(&caller.shop.id).await?.ok_or_else(Problem::unauthorized)?;
    let today = app.clock.today(shop.settings.time_zone);
    let new = meant(&app, &shop, &changes, "").await?;
    app.ledger.publish_playbook(&shop, &new, today).await?;
    answer(&app, &caller, &new, new.version(), Some(shop.playbook.version())).await.map(Json)
}

/// The playbook that changes make of the built-in one, or that `{"version": …}` names; `at`: where in the body they stand.
pub(crate) async fn meant(app: &App, shop: &Shop, changes: &Value, at: &str) -> Result<Arc<Playbook>, Problem> {
    let place = |field: &str| match (at, field) {
        ("", field) => whole(field),
        (at, "") => at.to_owned(),
        (at, field) => format!("{at}.{field}"),
    };
    let new = match changes.get("version") {
        Some(version) => {
            let version = version.as_str().ok_or_else(|| Problem::field(place("version"), "is a text"))?;
            if changes.as_object().is_some_and(|fields| fields.len() > 1) {
                let text = "stands alone: an earlier playbook comes back as it was";
                return Err(Problem::field(place("version"), text));
            }
            app.ledger.playbook(&shop.id, version).await?.ok_or_else(|| unknown(version))?
        }
        None => Playbook::overridden(changes).map(Arc::new).map_err(|error| refused(error, place))?,
    };
    if new.source_json().to_string().len() > MAX_BYTES {
        return Err(Problem::field(place(""), format!("makes a playbook of more than {MAX_BYTES} bytes")));
    }
    Ok(new)
}

async fn answer(
    app: &App,
    caller: &Caller,
    playbook: &Playbook,
    in_force: &str,
    replaced: Option<&str>,
) -> Result<Answer, Problem> {
    let record = app.ledger.playbook_record(&caller.shop.id, playbook.version()).await?;
    let (day, previous) = record.map(|record| (record.day, record.previous)).unzip();
    // The one just replaced; of one that is shown, whole, the one it replaced when it was first published.
    let previous = replaced.map(str::to_owned).or(previous).filter(|previous| previous != playbook.version());
    Ok(Answer {
        version: playbook.version().to_owned(),
        in_force: playbook.version() == in_force,
        day,
        previous,
        playbook: replaced.is_none().then(|| playbook.source_json().clone()),
    })
}

fn unknown(version: &str) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "playbook-unknown",
        "There is no such playbook",
        format!("version: this shop has published no playbook {version}"),
    )
}

/// The fault of a playbook or campaign, at its field; `place`: how the body spells a dotted place, the empty one for all of it.
pub(crate) fn refused(error: PlaybookError, place: impl Fn(&str) -> String) -> Problem {
    if let PlaybookError::Form { place: at, message } = &error {
        let at = if at == "." { "" } else { at };
        return Problem::field(named_field(place(at), message), message);
    }
    let text = error.to_string();
    Problem::field(place(&error.place().unwrap_or_default()), text)
}

/// Places of a body that is all of it.
pub(crate) fn whole(field: &str) -> String {
    if field.is_empty() { "body".to_owned() } else { field.to_owned() }
}
