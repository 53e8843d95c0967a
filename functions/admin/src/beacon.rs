//! `GET /v1/beacon`: what the last run says of the VIPs, of falls and of the promising group's aim; and
//! `GET /v1/beacon/customers`: the VIPs who slip, in pages.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ledger::CustomerId;
use segmentation::beacon::Outlook;
use segmentation::{AimCount, BeaconCount, BeaconRule, Day, Fall, LoyaltyGroup, Segment};
use serde::Serialize;
use web::{App, Caller, PageQuery, Problem, Row, at_field, page};

/// What a run found.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Beacon"))]
pub(crate) struct Summary {
    run: u64,
    day: Day,
    rule: BeaconRule,
    /// Shape and rate of the purchase rates, and both parameters of the chance to stop: `r`, `alpha` in days, `a`, `b`.
    model: Option<[f64; 4]>,
    vip: BeaconCount,
    falls: Vec<Fall>,
    aim: AimCount,
}

/// The last run's summary.
pub(crate) async fn show(State(app): State<App>, caller: Caller) -> Result<Json<Summary>, Problem> {
    let none = || Problem::not_found("this shop has no run with a beacon yet".to_owned());
    let mark = caller.shop.current.last_run.ok_or_else(none)?;
    let run = app.ledger.run(&caller.shop.id, mark.run).await?.ok_or_else(none)?;
    let (terms, counts) = run.beacon.zip(run.counts).ok_or_else(none)?;
    let model = terms.buying.map(|fitted| fitted.model.parameters());
    let (vip, aim) = (counts.beacon, counts.aim);
    Ok(Json(Summary { run: run.run, day: run.day, rule: terms.rule, model, vip, falls: run.falls, aim }))
}

/// A VIP who slips, with today's values.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Slipping {
    customer: CustomerId,
    segment: Segment,
    #[serde(flatten)]
    outlook: Outlook,
}

impl Row for Slipping {
    const COLUMNS: &'static [&'static str] = &[
        "customer",
        "segment",
        "recency_days",
        "usual_gap_days",
        "overdue_percent",
        "alive_thousandths",
        "orders_thousandths",
        "at_risk",
    ];

    fn fields(&self) -> Vec<String> {
        fn text<T: ToString>(value: Option<T>) -> String {
            value.map(|value| value.to_string()).unwrap_or_default()
        }
        let Outlook { recency_days, usual_gap_days, overdue_percent, expected, .. } = &self.outlook;
        vec![
            self.customer.to_string(),
            self.segment.to_string(),
            recency_days.to_string(),
            text(*usual_gap_days),
            text(*overdue_percent),
            text(expected.map(|expected| expected.alive_thousandths)),
            text(expected.map(|expected| expected.orders_thousandths)),
            text(expected.map(|expected| expected.at_risk)),
        ]
    }
}

/// A page reads the profiles of one VIP segment and keeps who slips today, so it may be short or empty before the last one.
/// Its position is the segment, and the place in that segment's audience.
pub(crate) async fn customers(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<PageQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = at_field("query", query.map_err(|error| error.body_text()))?;
    let shop = &caller.shop;
    let settings = &shop.settings.changeable;
    let segments: Vec<Segment> = settings.groups.segments(LoyaltyGroup::Vip).collect();
    let (segment, after) = match query.position()? {
        Some(position) => {
            let (segment, after) = position.split_once('/').unwrap_or((&position, ""));
            let segment = at_field("cursor", segment.parse::<Segment>())?;
            (Some(segment), Some(after.to_owned()).filter(|after| !after.is_empty()))
        }
        None => (segments.first().copied(), None),
    };
    let (Some(segment), Some(active)) = (segment, &shop.active) else {
        return page::<Slipping>(&query, &headers, &[], None);
    };
    let found = app.ledger.audience(&shop.id, segment, after.as_deref(), query.limit()?).await?;
    let today = app.clock.today(shop.settings.time_zone);
    let model = shop.current.buying.as_ref().map(|fitted| &fitted.model);
    let slipping = found.members.into_iter().filter_map(|member| {
        let orders = &member.customer.profile.orders;
        let values = orders.rfm(today, active.cuts.window)?;
        if active.cuts.segment(&values) != segment {
            return None;
        }
        let outlook = settings.beacon.read(orders, today, active.cuts.window, segment.r, model)?;
        outlook.slipping.then_some(Slipping { customer: member.customer.id, segment, outlook })
    });
    let rows: Vec<Slipping> = slipping.collect();
    let after_it = segments.iter().skip_while(|other| **other != segment).nth(1);
    let next = found.next.map(|place| format!("{segment}/{place}")).or(after_it.map(|next| format!("{next}/")));
    page(&query, &headers, &rows, next.as_deref())
}
