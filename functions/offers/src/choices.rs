//! `POST /v1/customers/{id}/choices`: the category and reward a customer chose for themselves, for some days.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ledger::{ChoiceId, ChoiceReceipt, Chosen, CustomerId};
use segmentation::Day;
use serde::Deserialize;
use web::{App, Body, Caller, FieldError, PathId, Problem, read_json};

use crate::lookup::today;

/// The longest a choice holds.
const MAX_DAYS: u16 = 365;
/// The longest text, in bytes: that of a category in an order.
const MAX_TEXT: usize = 1024;

/// A choice as the shop's page sends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChoiceIn {
    /// Unique for this customer.
    id: String,
    /// The offer's series.
    series: String,
    /// The category, as the offer names it.
    category: String,
    /// The reward, as the offer names it.
    reward: String,
    /// Its first day; by default today.
    made: Option<Day>,
    /// For how many days it holds.
    days: u16,
}

/// 201 with the choice as it is stored, whether recorded now or before.
pub(crate) async fn record(
    State(app): State<App>,
    caller: Caller,
    PathId(customer): PathId<CustomerId>,
    Body(body): Body,
) -> Result<(StatusCode, Json<ChoiceReceipt>), Problem> {
    let sent: ChoiceIn = read_json(&body)?;
    let today = today(&app, &caller);
    let chosen = sent.read(today)?;
    offered(&chosen)?;
    let receipt = app.ledger.record_choice(&caller.shop, today, &customer, &chosen).await?;
    Ok((StatusCode::CREATED, Json(receipt)))
}

impl ChoiceIn {
    fn read(self, today: Day) -> Result<Chosen, Problem> {
        let id = ChoiceId::try_from(self.id).map_err(|bad| Problem::field("id", bad.to_string()))?;
        if self.made.is_some_and(|made| made > today) {
            return Err(Problem::field("made", "lies in the future"));
        }
        Ok(Chosen {
            id,
            series: self.series,
            category: self.category,
            reward: self.reward,
            made: self.made,
            days: self.days,
        })
    }
}

/// Is this among what the customer may choose? Today only its form is checked: texts that say something, and its days.
fn offered(chosen: &Chosen) -> Result<(), Problem> {
    let mut errors = Vec::new();
    let mut fail = |field: &str, detail: String| errors.push(FieldError { field: field.to_owned(), detail });
    for (field, text) in [("series", &chosen.series), ("category", &chosen.category), ("reward", &chosen.reward)] {
        match text.len() {
            _ if text.trim().is_empty() => fail(field, "must not be empty".to_owned()),
            len if len > MAX_TEXT => fail(field, format!("has {len} bytes of UTF-8, at most {MAX_TEXT} are allowed")),
            _ => {}
        }
    }
    if !(1..=MAX_DAYS).contains(&chosen.days) {
        fail("days", format!("is from 1 to {MAX_DAYS}"));
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(errors)) }
}
