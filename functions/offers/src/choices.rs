//! `POST /v1/customers/{id}/choices`: the category and reward a customer chose for themselves, for some days.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ledger::{ChoiceId, ChoiceReceipt, Chosen, Customer, CustomerId};
use playbook::decide;
use playbook::decide::Channel;
use segmentation::Day;
use serde::Deserialize;
use web::{App, Body, Caller, FieldError, PathId, Problem, Question, Subject, inputs, read_json};

use crate::lookup::{Found, look_up, today};

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
    well_formed(&chosen)?;
    match look_up(&app, &caller, &customer).await? {
        // Sent again: the ledger says whether it is the same.
        Found::Known(known) if known.profile.choices.list.iter().any(|made| made.id == chosen.id.as_str()) => {}
        Found::Known(known) => offered(&app, &caller, &known, &chosen, today).await?,
        Found::Unknown => return Err(not_offered("customer", "is nobody this shop knows".to_owned())),
        Found::Degraded => return Err(Problem::unavailable()),
    }
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

/// Is this among what a decision offers the customer on the day of the choice?
async fn offered(app: &App, caller: &Caller, customer: &Customer, chosen: &Chosen, today: Day) -> Result<(), Problem> {
    let day = chosen.made.unwrap_or(today);
    let catalogue = app.ledger.catalogue(&caller.shop).await;
    let question = Question { day, channel: Channel::Checkout, language: None, cart: None };
    let document = inputs(&app.ledger, &caller.shop, &catalogue, Subject::Known(customer), question);
    let decision = decide(&document, &caller.shop.playbook);
    let choice = decision.offers.iter().find(|offer| offer.reason.campaign == chosen.series);
    let Some(choice) = choice.and_then(|offer| offer.choice.as_ref()) else {
        return Err(not_offered(
            "series",
            format!("{} offers this customer nothing to choose on {day}", chosen.series),
        ));
    };
    if !choice.categories.contains(&chosen.category) {
        return Err(not_offered("category", format!("is one of {}", choice.categories.join(", "))));
    }
    if !choice.rewards.iter().any(|reward| reward.code == chosen.reward) {
        let codes: Vec<&str> = choice.rewards.iter().map(|reward| reward.code.as_str()).collect();
        return Err(not_offered("reward", format!("is one of {}", codes.join(", "))));
    }
    if chosen.days > choice.days {
        return Err(not_offered("days", format!("is at most {}", choice.days)));
    }
    Ok(())
}

fn not_offered(field: &str, detail: String) -> Problem {
    let detail = format!("{field}: {detail}");
    Problem::new(StatusCode::CONFLICT, "not-offered", "The customer was not offered this", detail)
}

/// Texts that say something, and days in bounds.
fn well_formed(chosen: &Chosen) -> Result<(), Problem> {
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
