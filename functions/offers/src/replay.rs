//! `POST /v1/offers/replay`: a decision again from its document, byte for byte, for the shop's staff (law 11).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use playbook::{Decision, Inputs, decide};
use serde::Serialize;
use web::{App, Body, Caller, Problem, read_json};

/// The decision, and the hash of its document.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Replayed"))]
pub(crate) struct Answer {
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9a-f]{32}$")))]
    id: String,
    decision: Decision,
}

pub(crate) async fn replay(State(app): State<App>, caller: Caller, Body(body): Body) -> Result<Json<Answer>, Problem> {
    let document: Inputs = read_json(&body)?;
    if document.format != Inputs::FORMAT {
        return Err(Problem::field("format", format!("is {} in this version of the service", Inputs::FORMAT)));
    }
    let playbook = app.ledger.playbook(&caller.shop.id, &document.playbook).await?.ok_or_else(|| {
        let detail = format!("playbook: this shop has published no version {}", document.playbook);
        Problem::new(StatusCode::CONFLICT, "playbook-unknown", "The document's playbook is not here", detail)
    })?;
    Ok(Json(Answer { id: document.id(), decision: decide(&document, &playbook) }))
}
