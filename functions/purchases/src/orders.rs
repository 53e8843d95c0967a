//! `POST /v1/orders`, one or up to 100, and `PUT /v1/orders/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ledger::{LedgerError, Order, OrderId, OrderReceipt, RecordError, Shop, Status};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use web::{App, Body, Caller, PathId, Problem, read_json};

use crate::wire::{OrderIn, Read};

/// The most orders of one request.
const MAX_BATCH: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderBatch"))]
pub(crate) struct Batch<'a> {
    #[serde(borrow)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<crate::schema::Placed>", length(min = 1, max = MAX_BATCH)))]
    orders: Vec<&'a RawValue>,
}

/// What is sent: one order, or a batch. Each order of a batch is read by itself.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged, rename = "OrderOrBatch"))]
#[expect(dead_code, reason = "for the OpenAPI document, which says what is read")]
pub(crate) enum OneOrMany<'a> {
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Placed"))]
    One(OrderIn),
    Many(Batch<'a>),
}

/// A revision, as the OpenAPI document has it.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transparent))]
#[expect(dead_code, reason = "for the OpenAPI document, which says what is read")]
pub(crate) struct Revision(#[cfg_attr(feature = "schema", schemars(with = "crate::schema::Revised"))] OrderIn);

/// One order's answer within a batch: what it would have got alone.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderResult"))]
pub(crate) struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
    /// The HTTP status it would have had.
    code: u16,
}

#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderAnswer"))]
pub(crate) enum Receipt {
    Order(OrderReceipt),
    /// A guest's, and the shop ignores them.
    Ignored {
        #[cfg_attr(feature = "schema", schemars(extend("const" = "ignored")))]
        status: &'static str,
    },
}

#[derive(Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderResults"))]
pub(crate) struct Answers {
    recorded: usize,
    duplicate: usize,
    ignored: usize,
    refused: usize,
    results: Vec<Answer>,
}

/// One order: 201, whether recorded now or before. Up to 100 in `orders`: 200, with such an answer for each.
pub(crate) async fn record(State(app): State<App>, caller: Caller, Body(body): Body) -> Result<Response, Problem> {
    if body.trim_ascii_start().starts_with(b"{")
        && let Ok(Batch { orders }) = serde_json::from_slice(&body)
    {
        return record_batch(&app, &caller, &orders).await.map(|answers| Json(answers).into_response());
    }
    let sent: OrderIn = match read_json(&body) {
        // What has `orders` is a batch with a mistake in it, not an order.
        Err(_) if serde_json::from_slice::<serde_json::Value>(&body).is_ok_and(|v| v.get("orders").is_some()) => {
            return Err(Problem::field("orders", "must be the only field, and an array of orders"));
        }
        sent => sent?,
    };
    let answer = record_one(&app, &caller, sent.placed(&caller.shop, app.clock)?).await?;
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// A revision: 200, whether recorded now or before; it creates the order if it is unknown.
pub(crate) async fn revise(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<OrderId>,
    Body(body): Body,
) -> Result<Response, Problem> {
    let sent: OrderIn = read_json(&body)?;
    let answer = record_one(&app, &caller, sent.revised(&id, &caller.shop, app.clock)?).await?;
    Ok(Json(answer).into_response())
}

async fn record_one(app: &App, caller: &Caller, read: Read) -> Result<Receipt, Problem> {
    let order = match read {
        Read::Order(order) => *order,
        Read::IgnoredGuest => return Ok(Receipt::Ignored { status: "ignored" }),
    };
    Ok(Receipt::Order(record_order(app, &caller.shop, order).await?))
}

/// One order into the ledger.
pub(crate) async fn record_order(app: &App, shop: &Arc<Shop>, order: Order) -> Result<OrderReceipt, RecordError> {
    let today = app.clock.today(shop.settings.time_zone);
    let cancelled = order.cancelled;
    let answer = app.ledger.record_orders(shop, today, vec![order]).await.pop();
    let receipt = answer.unwrap_or_else(|| Err(LedgerError::Busy.into()))?;
    if cancelled {
        free_rewards(app, shop, &receipt).await;
    }
    Ok(receipt)
}

/// Sets free what is reserved on a cancelled order. The order is recorded, so its answer does not depend on this: sent again, it
/// is done then, and otherwise the reservations lapse.
async fn free_rewards(app: &App, shop: &Shop, receipt: &OrderReceipt) {
    if let Err(error) = app.ledger.free_cancelled_order(shop, &receipt.order, app.clock.now()).await {
        tracing::warn!(%error, "rewards on a cancelled order stay reserved until they lapse");
    }
}

async fn record_batch(app: &App, caller: &Caller, orders: &[&RawValue]) -> Result<Answers, Problem> {
    if orders.is_empty() || orders.len() > MAX_BATCH {
        return Err(Problem::field("orders", format!("are from 1 to {MAX_BATCH}, not {}", orders.len())));
    }
    let read = orders.iter().enumerate().map(|(at, json)| {
        let sent = read_json::<OrderIn>(json.get().as_bytes()).and_then(|sent| sent.placed(&caller.shop, app.clock));
        sent.map_err(|problem| problem.under(&format!("orders[{at}]")))
    });
    let read: Vec<Result<Read, Problem>> = read.collect();
    let sound: Vec<Order> = read
        .iter()
        .filter_map(|read| match read {
            Ok(Read::Order(order)) => Some((**order).clone()),
            _ => None,
        })
        .collect();
    let today = app.clock.today(caller.shop.settings.time_zone);
    let mut recorded = app.ledger.record_orders(&caller.shop, today, sound).await.into_iter();
    let mut answers = Answers::default();
    for one in read {
        let receipt = match one {
            Err(problem) => Err(problem),
            Ok(Read::IgnoredGuest) => Ok(Receipt::Ignored { status: "ignored" }),
            Ok(Read::Order(_)) => match recorded.next() {
                Some(answer) => answer.map(Receipt::Order).map_err(|error: RecordError| error.into()),
                None => Err(Problem::unavailable()),
            },
        };
        let count = match &receipt {
            Ok(Receipt::Order(receipt)) if receipt.status == Status::Recorded => &mut answers.recorded,
            Ok(Receipt::Order(_)) => &mut answers.duplicate,
            Ok(Receipt::Ignored { .. }) => &mut answers.ignored,
            Err(_) => &mut answers.refused,
        };
        *count += 1;
        answers.results.push(match receipt {
            Ok(receipt) => Answer { code: StatusCode::CREATED.as_u16(), receipt: Some(receipt), problem: None },
            Err(problem) => Answer { code: problem.status().as_u16(), receipt: None, problem: Some(problem) },
        });
    }
    Ok(answers)
}
