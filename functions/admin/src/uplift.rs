//! `GET /v1/uplift`: what rewards changed in a month, by segment and series, from the arms that runs have summed (law 14).

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ledger::{Shop, UpliftRecord};
use playbook::holdout::EVERYTHING;
use playbook::mechanic::Mechanic;
use playbook::uplift::{Cell, Interval, Month, Period, Report};
use playbook::{Language, Playbook};
use segmentation::Segment;
use serde::{Deserialize, Serialize};
use web::{App, Caller, Format, PageQuery, Problem, Row, language, page};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "UpliftAsked"))]
pub(crate) struct Asked {
    /// By default that of yesterday.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")))]
    month: Option<String>,
    /// Of what `reading` says; by default English.
    #[cfg_attr(feature = "schema", schemars(with = "Option<playbook::Language>"))]
    lang: Option<String>,
    /// Where a page before this one ended, as it said.
    cursor: Option<String>,
    /// How many items at most; by default 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = PageQuery::MAX)))]
    limit: Option<usize>,
    format: Option<Format>,
}

/// One comparison.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "UpliftRow"))]
pub(crate) struct Measured {
    month: Month,
    #[serde(flatten)]
    period: Period,
    /// Which run measured it.
    run: u64,
    /// The cohort: the segment on the first day; `all` for all of them together.
    segment: String,
    /// `*`: all rewards together.
    series: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mechanic: Option<Mechanic>,
    /// The share that is held out of the series.
    held_out_percent: u8,
    #[serde(flatten)]
    report: Report,
}

/// The month asked for, by default that of yesterday, which the last run measured.
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(Asked { month, lang, cursor, limit, format }) =
        query.map_err(|error| Problem::field("query", error.body_text()))?;
    let shop = &caller.shop;
    let month = match month {
        Some(text) => text.parse().map_err(|_| Problem::field("month", "is written like 2026-10"))?,
        None => Month::of(app.clock.today(shop.settings.time_zone).plus(-1)),
    };
    let lang = lang.as_deref().map(language).transpose()?.unwrap_or_default();
    let query = PageQuery::new(cursor, limit, format);
    let at = query.position()?.map_or(Ok(0), |position| position.parse::<usize>());
    let at = at.map_err(|_| Problem::field("cursor", "is not one that a page gave"))?;
    let limit = query.limit()?;
    let found = app.ledger.uplift(&shop.id, month).await?.ok_or_else(|| unmeasured(shop, month))?;
    let rows = rows(shop, month, &found, lang);
    let more = rows.len() > at.saturating_add(limit);
    let items: Vec<Measured> = rows.into_iter().skip(at).take(limit).collect();
    page(&query, &headers, &items, more.then(|| (at + limit).to_string()).as_deref())
}

fn unmeasured(shop: &Shop, month: Month) -> Problem {
    if shop.settings.changeable.rewards.holdout.holds_anybody() {
        return Problem::not_found(format!(
            "no run has measured {month}; each run measures the month of the day before it, up to that day; the first run after the \
             holdout was set begins, and one on a later day has the first results"
        ));
    }
    let detail = format!(
        "{month} was not measured, as nobody is held out: set `rewards.holdout.percent` in PUT /v1/settings, 10 say; what is \
         measured begins with the next run, and a run on a later day has the first results"
    );
    Problem::new(StatusCode::NOT_FOUND, "no-holdout", "Nothing is measured without a holdout", detail)
}

/// All segments together, then each cell. What a series without a holdout of its own gave is shown beside the customers of
/// its segment who may get rewards; nobody is there to compare them with.
fn rows(shop: &Shop, month: Month, found: &UpliftRecord, lang: Language) -> Vec<Measured> {
    let row = |segment: Option<Segment>, series: &str, cell: &Cell| Measured {
        month,
        period: found.measured.period,
        run: found.run,
        segment: segment.map_or_else(|| "all".to_owned(), |segment| segment.to_string()),
        series: series.to_owned(),
        mechanic: mechanic(shop, series),
        held_out_percent: found.measured.holdout.share(series),
        report: Report::of(cell).in_language(lang),
    };
    let cells = found.tally.cells().map(|(segment, series, cell)| {
        let alone = Cell {
            treated: found.tally.at(segment, EVERYTHING).treated.with_rewards_of(&cell.treated),
            held_out: cell.held_out,
        };
        let counted = cell.treated.customers > 0 || cell.held_out.customers > 0;
        row(Some(segment), series, if counted { cell } else { &alone })
    });
    [row(None, EVERYTHING, &found.tally.total())].into_iter().chain(cells).collect()
}

/// The mechanic of a series, as the playbook and the shop's own campaigns have it now.
fn mechanic(shop: &Shop, series: &str) -> Option<Mechanic> {
    let Some((segment, _)) = series.split_once('/') else {
        return shop.campaigns.own.get(series).map(|own| own.idea.mechanic);
    };
    let entry = shop.playbook.entry(segment.parse().ok()?);
    let mut ideas = entry.ideas.iter();
    ideas.find(|idea| Playbook::series(entry, idea) == series).map(|idea| idea.mechanic)
}

impl Row for Measured {
    const COLUMNS: &'static [&'static str] = &[
        "month",
        "from",
        "through",
        "segment",
        "series",
        "held_out_percent",
        "treated_customers",
        "held_out_customers",
        "treated_conversion",
        "held_out_conversion",
        "conversion_uplift",
        "conversion_uplift_low",
        "conversion_uplift_high",
        "treated_orders_per_customer",
        "held_out_orders_per_customer",
        "orders_uplift",
        "orders_uplift_low",
        "orders_uplift_high",
        "treated_revenue_per_customer",
        "held_out_revenue_per_customer",
        "revenue_uplift",
        "revenue_uplift_low",
        "revenue_uplift_high",
        "treated_average_order",
        "held_out_average_order",
        "redeemers",
        "reward_cost",
        "extra_orders",
        "cost_per_extra_order",
        "bought_anyway_share",
        "bought_anyway_cost",
        "more_treated_needed",
        "more_held_out_needed",
        "reading",
    ];

    fn fields(&self) -> Vec<String> {
        let Report { treated, held_out, uplift, .. } = &self.report;
        let mut fields = vec![
            self.month.to_string(),
            self.period.from.to_string(),
            self.period.through.to_string(),
            self.segment.clone(),
            self.series.clone(),
            self.held_out_percent.to_string(),
            treated.customers.to_string(),
            held_out.customers.to_string(),
            known(treated.conversion),
            known(held_out.conversion),
        ];
        fields.extend(interval(uplift.map(|effects| effects.conversion)));
        fields.extend([known(treated.orders_per_customer), known(held_out.orders_per_customer)]);
        fields.extend(interval(uplift.and_then(|effects| effects.orders)));
        fields.extend([known(treated.revenue_per_customer), known(held_out.revenue_per_customer)]);
        fields.extend(interval(uplift.and_then(|effects| effects.revenue)));
        let needed = self.report.needed_for_one_point;
        fields.extend([
            known(treated.average_order),
            known(held_out.average_order),
            treated.redeemers.to_string(),
            treated.reward_cost.to_string(),
            known(self.report.extra_orders.map(|extra| extra.estimate)),
            known(self.report.cost_per_extra_order),
            known(self.report.bought_anyway.map(|anyway| anyway.share)),
            known(self.report.bought_anyway.map(|anyway| anyway.reward_cost)),
            known(needed.map(|needed| needed.more_treated)),
            known(needed.map(|needed| needed.more_held_out)),
            self.report.reading.clone(),
        ]);
        fields
    }
}

fn known(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn interval<T: ToString + Copy>(interval: Option<Interval<T>>) -> [String; 3] {
    [interval.map(|i| i.estimate), interval.map(|i| i.low), interval.map(|i| i.high)].map(known)
}
