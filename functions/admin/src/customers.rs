//! `GET /v1/customers/{id}` and its `/history`.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ledger::{CustomerId, CustomerKey, StoryItem};
use segmentation::moves::RecentMoves;
use segmentation::{Explanation, Label, Rhythm, explain};
use serde::Serialize;
use web::{App, Caller, PageQuery, PathId, Problem, Remembered, Row, page};

/// All that is kept of a customer, and what follows from it today.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Customer"))]
pub(crate) struct Answer {
    customer: CustomerId,
    /// Pseudonymous: stands in keys and events.
    key: CustomerKey,
    /// Keys of the other ids that were merged into this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<CustomerKey>,
    version: u64,
    orders: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
    rhythm: Rhythm,
    moves: RecentMoves,
    #[serde(flatten)]
    remembered: Remembered,
}

pub(crate) fn unknown() -> Problem {
    Problem::not_found("nothing of this customer is known")
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<CustomerId>,
) -> Result<Json<Answer>, Problem> {
    let shop = &caller.shop;
    let customer = app.ledger.customer(&shop.id, &id).await?.ok_or_else(unknown)?;
    let today = app.clock.today(shop.settings.time_zone);
    let window = shop.window();
    let orders = &customer.profile.orders;
    Ok(Json(Answer {
        version: customer.profile.version,
        orders: orders.len(),
        label: customer.profile.label(),
        explanation: shop.active.as_ref().and_then(|active| explain(orders, &active.cuts, today)),
        rhythm: Rhythm::of(orders, today, window),
        remembered: Remembered::named(&customer.profile, &app.ledger, &shop.id).await?,
        moves: customer.profile.moves,
        key: customer.key,
        aliases: customer.aliases,
        // Of an alias, the one it stands for.
        customer: customer.id,
    }))
}

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct StoryRow(StoryItem);

impl Serialize for StoryRow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl Row for StoryRow {
    // The kinds of items have no columns in common.
    const COLUMNS: &'static [&'static str] = &[];

    fn fields(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The customer's accepted items: one page is one Query of at most 1 MB.
pub(crate) async fn history(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<CustomerId>,
    query: Result<Query<PageQuery>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| Problem::field("query", error.body_text()))?;
    let position = query.position()?;
    let limit = i32::try_from(query.limit()?).unwrap_or(i32::MAX);
    let found = app.ledger.history(&caller.shop.id, &id, position.as_deref(), limit).await?;
    if found.items.is_empty() && position.is_none() {
        return Err(unknown());
    }
    let rows: Vec<StoryRow> = found.items.into_iter().map(StoryRow).collect();
    page(&query, &headers, &rows, found.next.as_deref())
}
