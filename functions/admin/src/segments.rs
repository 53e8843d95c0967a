//! `GET /v1/segments`: the census of the last run, by segment and by loyalty group.

use axum::Json;
use axum::extract::State;
use segmentation::census::Holding;
use segmentation::{Cuts, CutsVersion, Day, LoyaltyGroup, Minor, Place};
use serde::Serialize;
use web::{App, Caller, Problem};

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CensusCell"))]
struct Cell {
    segment: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<LoyaltyGroup>,
    customers: u64,
    revenue: Minor,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct GroupSum {
    group: LoyaltyGroup,
    customers: u64,
    revenue: Minor,
}

/// The base as the last run counted it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ShownCensus"))]
pub(crate) struct Answer {
    run: u64,
    day: Day,
    cuts_version: CutsVersion,
    cuts: Cuts,
    customers: u64,
    revenue: Minor,
    moved: u64,
    groups: Vec<GroupSum>,
    /// All 28 places, `none` last.
    segments: Vec<Cell>,
}

pub(crate) async fn census(State(app): State<App>, caller: Caller) -> Result<Json<Answer>, Problem> {
    let none = || Problem::not_found("no run has been published yet; POST /v1/runs begins one");
    let shop = app.ledger.fresh_shop(&caller.shop.id).await?.ok_or_else(Problem::unauthorized)?;
    let mark = shop.current.last_run.ok_or_else(none)?;
    let run = app.ledger.run(&shop.id, mark.run).await?.ok_or_else(none)?;
    let counts = run.counts.ok_or_else(none)?;
    let model = app.ledger.activated(&shop.id, mark.activation).await?;
    let groups = &shop.settings.changeable.groups;
    let Holding { customers, revenue } = counts.census.total();
    let sum = |group| {
        let Holding { customers, revenue } = counts.census.group(group, groups);
        GroupSum { group, customers, revenue }
    };
    let cell = |place: Place| {
        let Holding { customers, revenue } = counts.census.at(place);
        Cell { segment: place, group: place.0.map(|segment| groups.of(segment)), customers, revenue }
    };
    Ok(Json(Answer {
        run: mark.run,
        day: mark.day,
        cuts_version: model.version.clone(),
        cuts: model.cuts,
        customers,
        revenue,
        moved: counts.matrix.moved(),
        groups: LoyaltyGroup::ALL.map(sum).into(),
        segments: Place::all().map(cell).collect(),
    }))
}
