//! `GET /v1/endpoints/{id}/dead-letters`: the events that no try brought to an endpoint, the oldest first.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ledger::DeadLetter;
use serde::{Serialize, Serializer};
use web::{App, Caller, EndpointId, PageQuery, PathId, Problem, Row, at_field, page};

use crate::endpoints::find;

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "DeadLetterRow"))]
pub(crate) struct LetterRow(DeadLetter);

impl Serialize for LetterRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl Row for LetterRow {
    const COLUMNS: &'static [&'static str] = &["event", "at", "given_up_at", "why"];

    fn fields(&self) -> Vec<String> {
        let DeadLetter { event, at, given_up_at, why } = &self.0;
        vec![event.clone(), at.to_rfc3339(), given_up_at.to_rfc3339(), why.clone()]
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<EndpointId>,
    query: Result<Query<PageQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = at_field("query", query.map_err(|error| error.body_text()))?;
    let limit = i32::try_from(query.limit()?).unwrap_or(i32::MAX);
    let (position, endpoint) = (query.position()?, find(&app, &caller, id.as_str()).await?);
    let found = app.ledger.dead_letters(&caller.shop.id, &endpoint.id, position.as_deref(), limit).await?;
    let rows: Vec<LetterRow> = found.0.into_iter().map(LetterRow).collect();
    page(&query, &headers, &rows, found.1.as_deref())
}
