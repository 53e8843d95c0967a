//! `POST /v1/returns`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ledger::ReturnReceipt;
use web::{App, Body, Caller, Problem, read_json};

use crate::wire::ReturnIn;

/// 201, whether recorded now or before; 409 `order-unknown` where its order is still to come: to be sent again.
pub(crate) async fn record(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<ReturnReceipt>), Problem> {
    let back = read_json::<ReturnIn>(&body)?.read(&caller.shop, app.clock)?;
    let today = app.clock.today(caller.shop.settings.time_zone);
    let receipt = app.ledger.record_return(&caller.shop, today, &back).await?;
    Ok((StatusCode::CREATED, Json(receipt)))
}
