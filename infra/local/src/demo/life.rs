//! What the shop's customers might have done with what they were offered. It is made up, for the console of `demo --serve` alone, and
//! sent through the API as a shop would send it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use axum::http::StatusCode;
use ledger::RewardSettings;
use orders_csv::{Item, ParsedOrder};
use playbook::Holdout;
use segmentation::Day;
use serde_json::{Value, json};

use crate::api::Api;
use crate::{cuts, tell};

/// The shop's own campaign.
const CAMPAIGN: &str = "winter_gifts";
/// One of so many customers who ordered in a month uses what they are offered, and not more than so many in all.
const EVERY: usize = 5;
const MOST: usize = 60;
/// Who left and is asked why, so many of each segment and month.
const ASKED: [&str; 2] = ["r1f3m3", "r2f2m3"];
const ANSWER: usize = 3;
const REASONS: [&str; 5] = ["assortment", "price", "delivery", "quality", "other"];
const MARKS: [u8; 8] = [9, 10, 8, 9, 7, 10, 6, 9];

/// What came of it so far.
#[derive(Default)]
pub(super) struct Life {
    months: usize,
    used: usize,
    given_up: usize,
    answers: usize,
}

impl Life {
    /// A tenth of the customers get no reward, so that the effect of rewards can be measured.
    pub(super) fn rewards() -> RewardSettings {
        RewardSettings { holdout: Holdout { percent: 10, ..Holdout::default() }, ..RewardSettings::default() }
    }

    /// A month's end, after its run. What is reserved last of all in the last month stays so.
    pub(super) async fn month(&mut self, api: &Api, items: &[Item], last_day: Day) -> Result<()> {
        if self.months == 0 {
            campaign(api, last_day).await?;
        }
        let mut orders: BTreeMap<&str, &ParsedOrder> = BTreeMap::new();
        for item in items {
            if let Item::Order(order) = item
                && let Some(customer) = &order.customer
            {
                orders.insert(customer, order);
            }
        }
        for (customer, order) in orders.into_iter().skip(self.months % EVERY).step_by(EVERY).take(MOST) {
            let Some(id) = reserved(api, customer, order).await? else { continue };
            self.used += 1;
            // Now and then somebody leaves the cart behind.
            let end = if self.used.is_multiple_of(9) { "release" } else { "confirm" };
            self.given_up += usize::from(end == "release");
            api.post(&format!("/v1/redemptions/{id}/{end}"), &json!({})).await?.ok()?;
            if self.used.is_multiple_of(3) {
                let score = MARKS[self.answers % MARKS.len()];
                self.answer(api, "nps", json!({ "customer": customer, "score": score })).await?;
            }
        }
        for segment in ASKED {
            let gone = api.get(&format!("/v1/segments/{segment}/customers?limit={ANSWER}")).await?.ok()?;
            for member in gone["items"].as_array().into_iter().flatten() {
                let reason = REASONS[self.answers % REASONS.len()];
                self.answer(api, "reason", json!({ "customer": member["customer"], "reason": reason })).await?;
            }
        }
        self.months += 1;
        Ok(())
    }

    async fn answer(&mut self, api: &Api, survey: &str, mut said: Value) -> Result<()> {
        self.answers += 1;
        said["id"] = json!(format!("answer-{}", self.answers));
        api.post(&format!("/v1/surveys/{survey}/answers"), &said).await?.ok()?;
        Ok(())
    }

    pub(super) fn told(&self) {
        anstream::println!(
            "\nMade up as well, so that the console has something to show: a tenth of the customers who get no reward, the\n\
             campaign `{CAMPAIGN}`, three budgets, {} rewards reserved for these orders, {} of them given up, {} answers to\n\
             surveys, and a proposal of other cuts. Nobody of this year saw an offer, so what the holdout shows is chance.",
            tell::grouped(self.used as i64),
            tell::grouped(self.given_up as i64),
            tell::grouped(self.answers as i64),
        );
    }
}

/// A campaign of the shop's own around the last day, and limits to what it and two others give.
async fn campaign(api: &Api, last_day: Day) -> Result<()> {
    let campaign = json!({
        "series": CAMPAIGN, "from": last_day.plus(-40), "until": last_day.plus(20), "beyond_rules": true,
        "idea": {
            "mechanic": "code", "place": "both", "calendar": { "slots": { "every": 30, "open": 30 } }, "validity": 30,
            "reward": { "discount": 10 }, "conditions": { "min_total": 15_000 },
            "text": { "en": "Greet the winter.", "ru": "Встретьте зиму." },
            "say": { "en": "For your gifts: {reward}. Last day: {until}.", "ru": "На ваши подарки: {reward}. Последний день: {until}." },
            "why": { "en": "Winter is the time of gifts.", "ru": "Зима – пора подарков." },
        },
    });
    api.post("/v1/campaigns", &campaign).await?.ok()?;
    let limits = [
        json!({ "series": CAMPAIGN, "amount": 400_000, "count": 100 }),
        json!({ "series": "r2f3m3/free_delivery", "count": 500, "monthly": true }),
        json!({ "series": "r3f2m2/regularity_bonus", "amount": 1_000_000 }),
    ];
    for limit in limits {
        api.put("/v1/budgets", &limit).await?.ok()?;
    }
    Ok(())
}

/// Reserves what the checkout offers this customer for an order; `None`: nothing is offered that this order can use.
async fn reserved(api: &Api, customer: &str, order: &ParsedOrder) -> Result<Option<String>> {
    let offers = api.get(&format!("/v1/customers/{}/offers", ledger::path_form(customer))).await?.ok()?;
    let offers = offers["decision"]["offers"].as_array().cloned().unwrap_or_default();
    // By the offer's id: codes name days from 2020 on.
    let Some(offer) = offers.iter().find(|offer| offer["reward"]["earned"] == true) else { return Ok(None) };
    let lines = order.lines.iter().filter(|line| line.amount.0 >= 0).take(1_000);
    let line = |line: &orders_csv::ParsedLine| json!({ "product": line.product, "category": line.category, "amount": line.amount });
    let cart = json!({
        "offer": offer["id"], "customer": customer, "order": order.id, "total": order.total,
        "lines": lines.map(line).collect::<Vec<_>>(),
    });
    let answer = api.post("/v1/redemptions", &cart).await?;
    // The cart is too small for it, or a budget is spent.
    if matches!(answer.status, StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY) {
        return Ok(None);
    }
    let body = answer.ok()?;
    Ok(Some(body["id"].as_str().context("a redemption without its id")?.to_owned()))
}

/// Other cuts, typed in and previewed, for the staff to decide on.
pub(super) async fn proposal(api: &Api) -> Result<()> {
    let typed = api.post("/v1/cuts/candidates", &json!({ "recency": { "c1": 30, "c2": 90 } })).await?.ok()?;
    let version = typed["version"].as_str().context("cuts without their version")?;
    let begun = api.post(&format!("/v1/cuts/{version}/preview"), &json!({})).await?.ok()?;
    cuts::finished(api, &begun, "previewing").await?;
    Ok(())
}
