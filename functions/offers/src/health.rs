//! `GET /v1/health` and `GET /v1/ready`, for whoever watches: no key is asked for, and nothing of a shop is told.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use web::{App, Problem};

use crate::lookup::DEADLINE;

/// How it is.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Health {
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["alive", "ready"])))]
    status: &'static str,
}

/// It answers, whatever the store does.
pub(crate) async fn alive() -> Json<Health> {
    Json(Health { status: "alive" })
}

/// The store answers as fast as a lookup needs it: one read of half a unit, of an item that is not there.
pub(crate) async fn ready(State(app): State<App>) -> Result<Json<Health>, Problem> {
    match tokio::time::timeout(DEADLINE, app.ledger.warm_up()).await {
        Ok(Ok(())) => Ok(Json(Health { status: "ready" })),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            Err(Problem::unavailable())
        }
        Err(_) => Err(Problem::unavailable()),
    }
}
