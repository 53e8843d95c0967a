//! `GET` and `PUT /v1/budgets`: how much each series may give away, and what is left of it.

use axum::Json;
use axum::extract::State;
use ledger::{BudgetLimit, BudgetReport, SetBudgetError};
use segmentation::{Minor, Segment};
use serde::{Deserialize, Serialize};
use web::{App, Body, Caller, Problem, read_json};

/// The most money of a limit: ten thousand times the largest order.
const MAX_AMOUNT: i64 = 1_000_000_000_000_000_000;

/// One limit; without `amount` and `count` it is taken away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct LimitIn {
    series: String,
    segment: Option<Segment>,
    #[serde(default)]
    monthly: bool,
    /// In minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = MAX_AMOUNT)))]
    amount: Option<i64>,
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = BudgetLimit::MAX_COUNT)))]
    count: Option<i64>,
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = BudgetLimit::MAX_SHARDS)))]
    shards: Option<i64>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Budgets"))]
pub(crate) struct Answer {
    budgets: Vec<BudgetReport>,
}

pub(crate) async fn show(State(app): State<App>, caller: Caller) -> Result<Json<Answer>, Problem> {
    let shop = app.ledger.fresh_shop(&caller.shop.id).await?.ok_or_else(Problem::unauthorized)?;
    let today = app.clock.today(shop.settings.time_zone);
    Ok(Json(Answer { budgets: app.ledger.budget_reports(&shop.id, &shop.budgets.limits, today).await? }))
}

/// Sets one limit, named by series, segment and `monthly`. What is spent of it already counts.
pub(crate) async fn set(State(app): State<App>, caller: Caller, Body(body): Body) -> Result<Json<Answer>, Problem> {
    let limit = read_json::<LimitIn>(&body)?.read()?;
    let shop = app.ledger.fresh_shop(&caller.shop.id).await?.ok_or_else(Problem::unauthorized)?;
    if !shop.campaigns.series.contains_key(&limit.series) {
        return Err(Problem::field("series", "is none of this shop's campaigns; GET /v1/campaigns lists them"));
    }
    let today = app.clock.today(shop.settings.time_zone);
    let budgets = app.ledger.set_budget(&shop, limit.clone(), today).await.map_err(|error| match error {
        SetBudgetError::Field { field, detail } => Problem::field(field, detail),
        SetBudgetError::Store(error) => error.into(),
    })?;
    let set: Vec<BudgetLimit> = budgets.limits.into_iter().filter(|known| known.same_name(&limit)).collect();
    Ok(Json(Answer { budgets: app.ledger.budget_reports(&shop.id, &set, today).await? }))
}

impl LimitIn {
    fn read(self) -> Result<BudgetLimit, Problem> {
        let within = |field: &str, value: Option<i64>, least: i64, most: i64| match value {
            Some(value) if !(least..=most).contains(&value) => {
                Err(Problem::field(field, format!("is from {least} to {most}")))
            }
            value => Ok(value),
        };
        let most = i64::try_from(BudgetLimit::MAX_COUNT).unwrap_or(i64::MAX);
        let amount = within("amount", self.amount, 0, MAX_AMOUNT)?;
        let count = within("count", self.count, 0, most)?;
        let shards = within("shards", self.shards, 1, BudgetLimit::MAX_SHARDS.into())?;
        Ok(BudgetLimit {
            series: self.series,
            segment: self.segment,
            monthly: self.monthly,
            amount: amount.map(Minor),
            count: count.and_then(|count| u64::try_from(count).ok()),
            shards: shards.and_then(|shards| u8::try_from(shards).ok()).unwrap_or(1),
        })
    }
}
