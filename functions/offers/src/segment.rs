//! `GET /v1/customers/{id}/segment`.

use axum::Json;
use axum::extract::State;
use ledger::CustomerId;
use segmentation::{Activation, CutsVersion, Day, Explanation, LoyaltyGroup, Place, explain};
use serde::Serialize;
use web::{App, Caller, PathId, Problem};

use crate::lookup::{Found, look_up, today};

/// Where a customer stands now, and why.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Standing"))]
pub(crate) struct Answer {
    customer: CustomerId,
    /// `false`: of nobody with that id was anything sent yet.
    known: bool,
    day: Day,
    /// `none` without a counted order, or before the shop's first cuts.
    segment: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<LoyaltyGroup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activation: Option<Activation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cuts: Option<CutsVersion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(customer): PathId<CustomerId>,
) -> Result<Json<Answer>, Problem> {
    let shop = &caller.shop;
    let day = today(&app, &caller);
    let (known, explanation) = match look_up(&app, &caller, &customer).await? {
        Found::Known(customer) => {
            (true, shop.active.as_ref().and_then(|a| explain(&customer.profile.orders, &a.cuts, day)))
        }
        Found::Unknown => (false, None),
        Found::Degraded => return Err(Problem::unavailable()),
    };
    let segment = explanation.as_ref().map(|explanation| explanation.segment);
    Ok(Json(Answer {
        known,
        day,
        segment: Place(segment),
        group: segment.map(|segment| shop.settings.changeable.groups.of(segment)),
        activation: shop.active.as_ref().map(|active| active.activation),
        cuts: shop.active.as_ref().map(|active| active.version.clone()),
        explanation,
        customer,
    }))
}
