//! `GET` and `PUT /v1/settings`.

use axum::Json;
use axum::extract::State;
use ledger::{Changeable, Settings};
use serde::Deserialize;
use web::{App, Body, Caller, Problem, read_json};

/// What a PUT may say of settings that never change: the same again, as a GET gave it.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Unchanging {
    version: Option<u64>,
    currency: Option<String>,
    time_zone: Option<String>,
}

pub(crate) async fn show(State(app): State<App>, caller: Caller) -> Result<Json<Settings>, Problem> {
    let shop = app.ledger.fresh_shop(&caller.shop.id).await?.ok_or_else(Problem::unauthorized)?;
    Ok(Json((*shop.settings).clone()))
}

/// Replaces what may be changed; what is left out takes its default, but for `edge`, which stays. With `version`, only if that is still the current one.
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<Json<Settings>, Problem> {
    let mut sent: serde_json::Map<String, serde_json::Value> = read_json(&body)?;
    let unchanging: Unchanging = read_json(&body)?;
    let shop = app.ledger.fresh_shop(&caller.shop.id).await?.ok_or_else(Problem::unauthorized)?;
    let settings = &shop.settings;
    if unchanging.currency.is_some_and(|currency| currency != settings.currency.code()) {
        return Err(Problem::field(
            "currency",
            format!("is {} for good; make another shop for another", settings.currency.code()),
        ));
    }
    if unchanging.time_zone.is_some_and(|zone| zone != settings.time_zone.name()) {
        return Err(Problem::field(
            "time_zone",
            format!("is {} for good; make another shop for another", settings.time_zone),
        ));
    }
    if unchanging.version.is_some_and(|version| version != settings.version) {
        return Err(ledger::LedgerError::Changed("settings").into());
    }
    for name in ["version", "currency", "time_zone"] {
        sent.remove(name);
    }
    // What was taken back stays so: who knows nothing of it does not change it, and nobody lowers it.
    let key = settings.changeable.edge.key;
    let kept = serde_json::to_value(settings.changeable.edge).map_err(|error| Problem::internal(&error))?;
    sent.entry("edge").or_insert(kept);
    let sent = serde_json::to_vec(&sent).map_err(|error| Problem::internal(&error))?;
    let changeable: Changeable = read_json(&sent)?;
    changeable.check().map_err(|bad| Problem::field(bad.field, bad.detail))?;
    if changeable.edge.key < key {
        return Err(Problem::field("edge.key", format!("is never lowered, and is {key}")));
    }
    Ok(Json(app.ledger.change_settings(&shop, changeable).await?))
}
