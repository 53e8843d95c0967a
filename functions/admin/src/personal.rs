//! What a person may ask a shop for (law 17): to be erased, to see all that is stored, and to be one customer under several ids.
//! Each is a job (law 18); asked again it is the same job.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use ledger::{CustomerId, Job, RegroupError, ShopId};
use resegment::jobs::StartJob;
use serde::Deserialize;
use web::{App, Body, Caller, PathId, Problem, at_field, read_json};

use crate::customers::unknown;
use crate::jobs::{Begun, not_begun};

/// 202 with a job that does all this; it is set going unless somebody is at work.
async fn accepted(start: &StartJob, shop: &ShopId, (job, idle): (Job, bool)) -> Result<Response, Problem> {
    if idle {
        (start.0)(shop.clone(), job.number).await.map_err(|error| Problem::internal(&error))?;
    }
    let location = format!("/v1/jobs/{}", job.number);
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)], Json(Begun::of(job.number))).into_response())
}

/// Erases a customer with all their ids, and what is not known yet of them but dated before now.
pub(crate) async fn erase(
    State(app): State<App>,
    Extension(start): Extension<StartJob>,
    caller: Caller,
    PathId(customer): PathId<CustomerId>,
) -> Result<Response, Problem> {
    let shop = &caller.shop;
    let at = app.clock.moment(shop.settings.time_zone);
    let begun = app.ledger.begin_erasure(shop, &customer, at, app.clock.now()).await.map_err(not_begun)?;
    accepted(&start, &shop.id, begun).await
}

/// Puts all that is stored about a customer down, to be read in pages from the job's result.
pub(crate) async fn export(
    State(app): State<App>,
    Extension(start): Extension<StartJob>,
    caller: Caller,
    PathId(customer): PathId<CustomerId>,
) -> Result<Response, Problem> {
    let begun = app.ledger.begin_export(&caller.shop, &customer, app.clock.now()).await.map_err(not_begun)?;
    accepted(&start, &caller.shop.id, begun.ok_or_else(unknown)?).await
}

/// The last export that was begun, while it is kept: a GET begins nothing.
pub(crate) async fn exported(
    State(app): State<App>,
    caller: Caller,
    PathId(customer): PathId<CustomerId>,
) -> Result<Json<crate::jobs::Shown>, Problem> {
    let found = app.ledger.last_export(&caller.shop.id, &customer).await?;
    let none = || Problem::not_found("no export of this customer is kept; POST begins one");
    found.map(|job| Json(job.into())).ok_or_else(none)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct MergeIn {
    /// Who they are, too: the one that stays.
    #[cfg_attr(feature = "schema", schemars(with = "CustomerId"))]
    into: String,
}

/// The customer of the path becomes an alias of the one in the body.
pub(crate) async fn merge(
    State(app): State<App>,
    Extension(start): Extension<StartJob>,
    caller: Caller,
    PathId(customer): PathId<CustomerId>,
    Body(body): Body,
) -> Result<Response, Problem> {
    let shop = &caller.shop;
    let sent: MergeIn = read_json(&body)?;
    let into = at_field("into", CustomerId::try_from(sent.into))?;
    let today = app.clock.today(shop.settings.time_zone);
    let begun = app.ledger.begin_merge(shop, (&customer, &into), today, app.clock.now()).await.map_err(refused)?;
    accepted(&start, &shop.id, begun).await
}

/// An alias becomes a customer of its own again.
pub(crate) async fn unmerge(
    State(app): State<App>,
    Extension(start): Extension<StartJob>,
    caller: Caller,
    PathId(customer): PathId<CustomerId>,
) -> Result<Response, Problem> {
    let shop = &caller.shop;
    let today = app.clock.today(shop.settings.time_zone);
    let begun = app.ledger.begin_unmerge(shop, &customer, today, app.clock.now()).await.map_err(refused)?;
    accepted(&start, &shop.id, begun).await
}

fn refused(error: RegroupError) -> Problem {
    let detail = error.to_string();
    let conflict = |name, title| Problem::new(StatusCode::CONFLICT, name, title, detail.clone());
    match error {
        RegroupError::Unknown(_) => Problem::not_found(detail),
        RegroupError::Same => conflict("same-customer", "They are one customer already"),
        RegroupError::NotMerged => conflict("not-merged", "The id is no alias"),
        RegroupError::TooManyAliases(_) => conflict("too-many-aliases", "The customer would have too many ids"),
        RegroupError::TooManyOrders(_) => conflict("customer-full", "The customer would have too many orders"),
        RegroupError::Job(error) => not_begun(error),
    }
}
