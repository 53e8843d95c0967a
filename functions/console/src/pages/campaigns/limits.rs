//! A campaign's limits: what is left of them, and the forms that set them.

use axum::http::StatusCode;
use iso_currency::Currency;
use maud::{Markup, html};
use segmentation::{Minor, Segment};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Budget;
use super::terms::Campaign;
use crate::api::Refused;
use crate::frame::form_field;
use crate::numbers::{grouped, minor, money, plain};
use crate::session::Session;
use crate::words::Words;

/// A limit as its form sends it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    pub(crate) form: String,
    /// `set` or `remove`.
    what: String,
    segment: String,
    monthly: Option<String>,
    amount: String,
    count: String,
    shards: String,
}

impl Sent {
    /// The form of this limit.
    fn of(budget: &Budget, currency: Currency) -> Sent {
        Sent {
            segment: budget.segment.map(|segment| segment.to_string()).unwrap_or_default(),
            monthly: budget.monthly.then(|| "yes".to_owned()),
            amount: budget.amount.map(|amount| plain(amount, currency)).unwrap_or_default(),
            count: budget.count.map(|count| count.to_string()).unwrap_or_default(),
            shards: budget.shards.to_string(),
            ..Sent::default()
        }
    }

    /// Is it about this limit?
    fn is_of(&self, budget: &Budget) -> bool {
        let segment = budget.segment.map(|segment| segment.to_string()).unwrap_or_default();
        (self.segment.as_str(), self.monthly.is_some()) == (segment.as_str(), budget.monthly)
    }

    /// The body of `PUT /v1/budgets`. What is plainly wrong is told here, in the page's words.
    pub(super) fn read(&self, words: Words, campaign: &Campaign, currency: Currency) -> Result<Value, Refused> {
        let segment = match self.segment.as_str() {
            "" => None,
            text => Some(text.parse::<Segment>().map_err(|_| {
                let must = ("is like r3f3m3", "выглядит как r3f3m3");
                Refused::field(words, ("segment", "сегмент"), must)
            })?),
        };
        let mut body = json!({ "series": campaign.series, "segment": segment, "monthly": self.monthly.is_some() });
        if self.what == "remove" {
            return Ok(body);
        }
        let known = campaign.figures.budgets.iter().find(|budget| self.is_of(budget));
        let (amount, count) = (self.amount.trim(), self.count.trim());
        if amount.is_empty() && count.is_empty() {
            let title = words.say("A limit limits something", "Лимит что-то ограничивает");
            let detail = words.say(
                "Say an amount, a number of rewards, or both.",
                "Укажите сумму, число вознаграждений или и то, и другое.",
            );
            return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, title, detail));
        }
        if !amount.is_empty() {
            let of = minor(amount, currency).ok_or_else(|| {
                let must = ("is an amount of money, such as 1500.50", "это сумма денег, например 1500,50");
                Refused::field(words, ("amount", "сумма"), must)
            })?;
            if let Some(known) = known.filter(|known| known.used_amount > of) {
                return Err(below(words, &money(known.used_amount, currency)));
            }
            body["amount"] = json!(of);
        }
        if !count.is_empty() {
            let of = count.parse::<u64>().map_err(|_| {
                let must = ("is a whole number from 0", "это целое число от 0");
                Refused::field(words, ("number of rewards", "число вознаграждений"), must)
            })?;
            if let Some(known) = known.filter(|known| known.used_count > of) {
                return Err(below(words, &grouped(known.used_count)));
            }
            body["count"] = json!(of);
        }
        if let Ok(shards) = self.shards.parse::<u8>() {
            body["shards"] = json!(shards);
        }
        Ok(body)
    }
}

fn below(words: Words, used: &str) -> Refused {
    let title = words.say("A limit cannot be below what is used", "Лимит не может быть меньше использованного");
    let detail = format!("{}: {used}", words.say("used or set aside already", "уже использовано или отложено"));
    Refused::new(StatusCode::UNPROCESSABLE_ENTITY, title, detail)
}

/// What a form was refused for, and what it said.
pub(super) struct Tried {
    pub(super) sent: Sent,
    pub(super) wrong: String,
}

pub(super) fn section(
    words: Words,
    session: &Session,
    campaign: &Campaign,
    currency: Currency,
    tried: Option<&Tried>,
    done: bool,
) -> Markup {
    let budgets = &campaign.figures.budgets;
    let of = |budget: Option<&Budget>| {
        tried.filter(|tried| match budget {
            Some(budget) => tried.sent.is_of(budget),
            None => !budgets.iter().any(|budget| tried.sent.is_of(budget)),
        })
    };
    html! {
        section id="limits" {
            h2 { (words.say("Limits", "Лимиты")) }
            @if done { p role="status" { (words.say("Done: the limits are these.", "Готово: лимиты теперь такие.")) } }
            @if budgets.is_empty() {
                p { (words.say(
                    "It has no limit. So nothing of it is counted as it happens: what is set aside, released or given back is seen \
                     here from when it has one. What is used, each run counts all the same.",
                    "Лимита нет, поэтому ничего не считается сразу: сколько отложено, освобождено или возвращено, видно здесь с того \
                     момента, как лимит появится. Использованное считает каждый пересчёт и без него.",
                )) }
            } @else {
                (table(words, budgets, currency))
                p.soft { (words.say(
                    "Counted as it happens, since the limit was first set. Used and set aside: confirmed rewards and reservations that \
                     wait for their order; what was released, not confirmed in time or given back is free again.",
                    "Считается сразу, с тех пор как лимит задан впервые. Использовано и отложено – подтверждённые вознаграждения и брони, \
                     ждущие своего заказа; освобождённое, не подтверждённое вовремя и возвращённое снова свободно.",
                )) }
            }
            @for budget in budgets {
                @let tried = of(Some(budget));
                details open[tried.is_some()] {
                    summary { (words.say("Change:", "Изменить:")) " " (name(words, budget)) }
                    (form(words, session, campaign, Some(budget), &Sent::of(budget, currency), tried))
                }
            }
            @let tried = of(None);
            details open[tried.is_some() || budgets.is_empty()] {
                summary { (words.say("A new limit", "Новый лимит")) }
                (form(words, session, campaign, None, &Sent::default(), tried))
            }
        }
    }
}

/// Which limit of the series it is.
fn name(words: Words, budget: &Budget) -> String {
    let segment = budget.segment.map(|segment| segment.to_string());
    let segment = segment.unwrap_or_else(|| words.say("in all", "всего").to_owned());
    match &budget.month {
        Some(month) => format!("{segment}, {} ({})", words.say("each month", "каждый месяц"), month),
        None => segment,
    }
}

fn table(words: Words, budgets: &[Budget], currency: Currency) -> Markup {
    let both = |amount: Option<Minor>, count: Option<u64>| {
        let count = count.map(|count| words.rewards(count));
        let parts: Vec<String> = count.into_iter().chain(amount.map(|amount| money(amount, currency))).collect();
        parts.join("; ")
    };
    html! {
        div.wide tabindex="0" role="region" aria-label=(words.say("Limits", "Лимиты")) { table.list {
            thead { tr {
                th scope="col" { (words.say("Limit", "Лимит")) }
                th scope="col" { (words.say("Allowed", "Можно")) }
                th scope="col" { (words.say("Used and set aside", "Использовано и отложено")) }
                th.number scope="col" { (words.say("Set aside now", "Отложено сейчас")) }
                th scope="col" { (words.say("Left", "Осталось")) }
                th.number scope="col" { (words.say("Released", "Освобождено")) }
                th.number scope="col" { (words.say("Not confirmed in time", "Не подтверждено вовремя")) }
                th.number scope="col" { (words.say("Given back", "Возвращено")) }
            } }
            tbody { @for budget in budgets { tr {
                th scope="row" { (name(words, budget)) }
                td { (both(budget.amount, budget.count)) }
                td { (both(Some(budget.used_amount), Some(budget.used_count))) }
                td.number { @if let Some(held) = &budget.held {
                    (grouped(held.count)) @if held.more { " " (words.say("or more", "или больше")) }
                } }
                td {
                    @if budget.is_spent() { strong { (words.say("spent", "исчерпан")) } " " }
                    (both(budget.left_amount, budget.left_count))
                }
                td.number { (grouped(budget.released_count)) }
                td.number { (grouped(budget.lapsed_count)) }
                td.number { (grouped(budget.given_back_count)) }
            } } }
        } }
    }
}

/// The form of a limit, or of a new one.
fn form(
    words: Words,
    session: &Session,
    campaign: &Campaign,
    budget: Option<&Budget>,
    now: &Sent,
    tried: Option<&Tried>,
) -> Markup {
    let sent = tried.map_or(now, |tried| &tried.sent);
    let id = budget.map_or_else(
        || "new".to_owned(),
        |budget| {
            let segment = budget.segment.map_or_else(|| "all".to_owned(), |segment| segment.to_string());
            if budget.monthly { format!("{segment}-monthly") } else { segment }
        },
    );
    let of = |field: &str| format!("{field}-{id}");
    let wrong = tried.map(|_| of("wrong"));
    html! {
        form.door method="post" action={ "/console/campaigns/" (campaign.number) "/limit" } {
            (form_field(session))
            @if let Some(tried) = tried { p.alarm role="alert" id=(of("wrong")) { (tried.wrong) } }
            @match budget {
                Some(_) => {
                    input type="hidden" name="segment" value=(now.segment);
                    input type="hidden" name="shards" value=(now.shards);
                    @if now.monthly.is_some() { input type="hidden" name="monthly" value="yes"; }
                }
                None => {
                    (segments(words, campaign, &of("segment"), &sent.segment))
                    label.box for=(of("monthly")) {
                        input type="checkbox" id=(of("monthly")) name="monthly" value="yes" checked[sent.monthly.is_some()];
                        " " (words.say("anew each calendar month", "заново каждый календарный месяц"))
                    }
                }
            }
            label for=(of("amount")) { (words.say("Money at most; empty: any", "Денег не больше; пусто – сколько угодно")) }
            input id=(of("amount")) name="amount" inputmode="decimal" autocomplete="off" value=(sent.amount)
                aria-describedby=[wrong.as_deref()] aria-invalid=[wrong.as_ref().map(|_| "true")];
            label for=(of("count")) { (words.say("Rewards at most; empty: any", "Вознаграждений не больше; пусто – сколько угодно")) }
            input id=(of("count")) name="count" inputmode="numeric" autocomplete="off" value=(sent.count)
                aria-describedby=[wrong.as_deref()] aria-invalid=[wrong.as_ref().map(|_| "true")];
            div.buttons {
                button name="what" value="set" { (words.say("Set the limit", "Задать лимит")) }
                @if budget.is_some() {
                    button.quiet name="what" value="remove" { (words.say("Take the limit away", "Убрать лимит")) }
                }
            }
        }
    }
}

/// Which of its segments the limit is for, where it has several.
fn segments(words: Words, campaign: &Campaign, id: &str, chosen: &str) -> Markup {
    let places = campaign.places();
    let several: Vec<Segment> = match &places {
        Some(places) => places.iter().filter_map(|place| place.0).collect(),
        None => Segment::all().collect(),
    };
    html! {
        @if several.len() > 1 {
            label for=(id) { (words.say("For customers of", "Для клиентов из")) }
            select id=(id) name="segment" {
                option value="" selected[chosen.is_empty()] { (words.say("all its segments", "всех её сегментов")) }
                @for segment in several {
                    @let name = segment.to_string();
                    option value=(name) selected[name == chosen] { (name) ": " (words.segment(segment)) }
                }
            }
        }
    }
}
