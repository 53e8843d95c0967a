//! `GET /v1/segments/{segment}/customers`: an audience, freshest label first; and `POST …/export`, a job for a long one.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::{Extension, Json};
use ledger::{Customer, CustomerId, Shop};
use resegment::jobs::{StartJob, begin_audience};
use segmentation::{Day, Minor, Segment};
use serde::Serialize;
use web::{App, Caller, PageQuery, PathId, Problem, Row, page};

use crate::jobs::{Begun, not_begun};

/// One customer of an audience, with today's values.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Member {
    customer: CustomerId,
    segment: Segment,
    /// The label's day: since when, as far as is known.
    since: Option<Day>,
    recency_days: u32,
    frequency: u32,
    monetary: Minor,
}

impl Member {
    /// Today's values of somebody with a counted order.
    pub(crate) fn of(shop: &Shop, today: Day, customer: Customer) -> Option<Member> {
        let cuts = &shop.active.as_ref()?.cuts;
        let values = customer.profile.orders.rfm(today, cuts.window)?;
        Some(Member {
            since: customer.profile.label().map(|label| label.day),
            customer: customer.id,
            segment: cuts.segment(&values),
            recency_days: values.recency_days,
            frequency: values.frequency,
            monetary: values.monetary,
        })
    }
}

impl Row for Member {
    const COLUMNS: &'static [&'static str] = &["customer", "segment", "since", "recency_days", "frequency", "monetary"];

    fn fields(&self) -> Vec<String> {
        vec![
            self.customer.to_string(),
            self.segment.to_string(),
            self.since.map(|day| day.to_string()).unwrap_or_default(),
            self.recency_days.to_string(),
            self.frequency.to_string(),
            self.monetary.to_string(),
        ]
    }
}

/// A page reads its profiles, and drops who is no longer in the segment today; who came since the last run comes with the
/// next one.
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(segment): PathId<Segment>,
    query: Result<Query<PageQuery>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| Problem::field("query", error.body_text()))?;
    let shop = &caller.shop;
    let found = app.ledger.audience(&shop.id, segment, query.position()?.as_deref(), query.limit()?).await?;
    let today = app.clock.today(shop.settings.time_zone);
    let members: Vec<Member> = found
        .members
        .into_iter()
        .filter_map(|member| Member::of(shop, today, member.customer).filter(|member| member.segment == segment))
        .collect();
    page(&query, &headers, &members, found.next.as_deref())
}

/// Begins a job that lists the whole audience as it is now.
pub(crate) async fn export(
    State(app): State<App>,
    Extension(start): Extension<StartJob>,
    caller: Caller,
    PathId(segment): PathId<Segment>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let begun = begin_audience(&app.ledger, &caller.shop.id, segment, app.clock.now()).await;
    let job = begun.map_err(not_begun)?;
    (start.0)(caller.shop.id.clone(), job.number).await.map_err(|error| Problem::internal(&error))?;
    Ok((StatusCode::ACCEPTED, Json(Begun::of(job.number))))
}
