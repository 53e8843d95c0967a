//! `GET /v1/alerts`: what the shop should know at once, the latest day first.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ledger::{CustomerAlert, ListedAlert, ShopAlert, ShopNews};
use segmentation::Day;
use serde::{Deserialize, Serialize, Serializer};
use web::{App, Caller, Format, PageQuery, Problem, Row, at_field, page};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "AlertsAsked"))]
pub(crate) struct Asked {
    /// Of this shop day; by default of all days.
    day: Option<Day>,
    /// Where a page before this one ended, as it said.
    cursor: Option<String>,
    /// How many items at most; by default 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = PageQuery::MAX)))]
    limit: Option<usize>,
    format: Option<Format>,
}

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct AlertRow(ListedAlert);

impl Serialize for AlertRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl Row for AlertRow {
    const COLUMNS: &'static [&'static str] = &[
        "day",
        "customer",
        "cause",
        "survey",
        "score",
        "answer",
        "run",
        "group",
        "customers",
        "expected",
        "failure",
        "recency_days",
        "overdue_percent",
    ];

    fn fields(&self) -> Vec<String> {
        let (own, rest) = match &self.0 {
            ListedAlert::Customer(CustomerAlert { customer, alert, .. }) => (
                vec![
                    alert.day.to_string(),
                    customer.to_string(),
                    alert.cause.to_string(),
                    alert.survey.map(|survey| survey.to_string()).unwrap_or_default(),
                    alert.score.map(|score| score.to_string()).unwrap_or_default(),
                    alert.answer.clone().unwrap_or_default(),
                ],
                [&[const { String::new() }; 5][..], &[alert.recency_days, alert.overdue_percent].map(number)].concat(),
            ),
            ListedAlert::Shop(ShopAlert { day, run, news }) => {
                let none = String::new;
                let found = match news {
                    ShopNews::GroupFall(fall) => {
                        [fall.group.to_string(), fall.customers.to_string(), fall.expected.to_string(), none()]
                    }
                    ShopNews::RunFailed { failure } => [none(), none(), none(), failure.clone()],
                };
                (
                    vec![day.to_string(), none(), news.name().to_owned(), none(), none(), none()],
                    [vec![run.to_string()], found.to_vec(), vec![none(), none()]].concat(),
                )
            }
        };
        [own, rest].concat()
    }
}

fn number(number: Option<u32>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(asked) = at_field("query", query.map_err(|error| error.body_text()))?;
    let query = PageQuery::new(asked.cursor, asked.limit, asked.format);
    let limit = i32::try_from(query.limit()?).unwrap_or(i32::MAX);
    let found = app.ledger.alerts(&caller.shop.id, asked.day, query.position()?.as_deref(), limit).await?;
    let rows: Vec<AlertRow> = found.alerts.into_iter().map(AlertRow).collect();
    page(&query, &headers, &rows, found.next.as_deref())
}
