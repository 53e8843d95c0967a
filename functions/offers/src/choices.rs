//! `POST /v1/customers/{id}/choices`: the category and reward a customer chose for themselves, for some days.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use catalogue::Catalogue;
use ledger::{ChoiceId, ChoiceReceipt, Chosen, Customer, CustomerId, Refusal};
use playbook::decide;
use playbook::decide::Channel;
use segmentation::Day;
use serde::Deserialize;
use web::{App, Body, Caller, FieldError, PathId, Problem, Question, Subject, at_field, inputs, read_json};

use crate::lookup::today;

/// A choice may be told a day late, and no later: it is weighed by the day on which it was made.
const MOST_DAYS_LATE: i64 = 1;
/// The longest a choice holds.
const MAX_DAYS: u16 = 365;
/// The longest text, in bytes: that of a category in an order.
const MAX_TEXT: usize = 1024;

/// A choice as the shop's page sends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct ChoiceIn {
    /// Unique for this customer.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = ChoiceId::MAX_BYTES)))]
    id: String,
    /// The offer's series.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = MAX_TEXT)))]
    series: String,
    /// The category, as the offer names it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = MAX_TEXT)))]
    category: String,
    /// The reward, as the offer names it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = MAX_TEXT)))]
    reward: String,
    /// Its first day; by default today.
    made: Option<Day>,
    /// For how many days it holds.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = MAX_DAYS)))]
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
    let catalogue = app.ledger.whole_catalogue(&caller.shop).await?;
    let offered = |customer: &Customer| offered(&app, &caller, &catalogue, customer, &chosen, today);
    let receipt = app.ledger.record_choice(&caller.shop, today, &customer, &chosen, &offered).await?;
    Ok((StatusCode::CREATED, Json(receipt)))
}

impl ChoiceIn {
    fn read(self, today: Day) -> Result<Chosen, Problem> {
        let id = at_field("id", ChoiceId::try_from(self.id))?;
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

/// Is this among what a decision offers the customer, at checkout or in a mailing, on the day of the choice?
fn offered(
    app: &App,
    caller: &Caller,
    catalogue: &Catalogue,
    customer: &Customer,
    chosen: &Chosen,
    today: Day,
) -> Result<(), Refusal> {
    let not_offered = |field, detail: String| Err(Refusal::NotOffered { field, detail });
    let day = chosen.made.unwrap_or(today);
    if !(0..=MOST_DAYS_LATE).contains(&today.since(day)) {
        return not_offered("made", format!("{day} is neither today, {today}, nor the day before"));
    }
    let choice = [Channel::Checkout, Channel::Mailing].into_iter().find_map(|channel| {
        let question = Question { day, channel, language: None, cart: None };
        let document = inputs(&app.ledger, &caller.shop, catalogue, Subject::Known(customer), question);
        let offers = decide(&document, &caller.shop.playbook).offers;
        offers.into_iter().find(|offer| offer.reason.campaign == chosen.series).and_then(|offer| offer.choice)
    });
    let Some(choice) = choice else {
        return not_offered("series", format!("{} offers this customer nothing to choose on {day}", chosen.series));
    };
    if !choice.categories.contains(&chosen.category) {
        return not_offered("category", format!("is one of {}", choice.categories.join(", ")));
    }
    if !choice.rewards.iter().any(|reward| reward.code == chosen.reward) {
        let codes: Vec<&str> = choice.rewards.iter().map(|reward| reward.code.as_str()).collect();
        return not_offered("reward", format!("is one of {}", codes.join(", ")));
    }
    if chosen.days > choice.days {
        return not_offered("days", format!("is at most {}", choice.days));
    }
    Ok(())
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
