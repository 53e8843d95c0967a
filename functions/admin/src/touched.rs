//! `GET /v1/runs/{id}/touched`: who did not move in a run as had been previewed, since they were touched in between.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ledger::{CustomerId, Shift, Touched};
use serde::Serialize;
use web::{App, Caller, PageQuery, PathId, Problem, Row, at_field, page};

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct TouchedRow {
    customer: CustomerId,
    /// `null`: no move by the cuts was previewed.
    previewed: Option<Shift>,
    /// `null`: the cuts moved them nowhere.
    came: Option<Shift>,
    /// The profile's version when it was previewed, where a move was, and when the run read it.
    previewed_version: Option<u64>,
    version: u64,
}

impl From<(CustomerId, Touched)> for TouchedRow {
    fn from((customer, touched): (CustomerId, Touched)) -> TouchedRow {
        TouchedRow {
            customer,
            previewed: touched.previewed.map(|(shift, _)| shift),
            came: touched.came,
            previewed_version: touched.previewed.map(|(_, version)| version),
            version: touched.version,
        }
    }
}

impl Row for TouchedRow {
    const COLUMNS: &'static [&'static str] =
        &["customer", "previewed_from", "previewed_to", "came_from", "came_to", "previewed_version", "version"];

    fn fields(&self) -> Vec<String> {
        let ends = |shift: Option<Shift>| {
            let Some(Shift { from, to }) = shift else { return [String::new(), String::new()] };
            [from.to_string(), to.to_string()]
        };
        let read = self.previewed_version.map(|version| version.to_string()).unwrap_or_default();
        let [previewed, came] = [ends(self.previewed), ends(self.came)];
        let versions = [read, self.version.to_string()];
        [self.customer.to_string()].into_iter().chain(previewed).chain(came).chain(versions).collect()
    }
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(run): PathId<u64>,
    query: Result<Query<PageQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = at_field("query", query.map_err(|error| error.body_text()))?;
    let found = app.ledger.run(&caller.shop.id, run).await?;
    let found = found.ok_or_else(|| Problem::not_found(format!("this shop has no run {run}")))?;
    if found.preview.is_none() {
        return Err(Problem::not_found(format!("run {run} activated nothing that had been previewed")));
    }
    let position = query.position()?;
    let found = app.ledger.touched(&caller.shop.id, run, position.as_deref(), query.limit()?).await?;
    let rows: Vec<TouchedRow> = found.touched.into_iter().map(TouchedRow::from).collect();
    page(&query, &headers, &rows, found.next.as_deref())
}
