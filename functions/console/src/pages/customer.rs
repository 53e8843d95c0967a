//! One customer: where they stand and why, when they drop, what is offered to them, and their story.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use iso_currency::Currency;
use ledger::{CustomerId, StoryItem};
use maud::{Markup, html};
use segmentation::{Axis, Explanation, LoyaltyGroup, Minor};
use serde::Deserialize;

use crate::api::Refused;
use crate::frame::{Part, Shown, Sorry, page};
use crate::numbers::money;
use crate::pages::base::class;
use crate::pages::decided::{Decision, decided};
use crate::pages::story::{READ, timeline};
use crate::pages::{Listed, Settings};
use crate::staff::Staff;
use crate::words::Words;

#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    id: String,
}

/// What `GET /v1/customers/{id}/segment` says.
#[derive(Deserialize)]
struct Standing {
    known: bool,
    group: Option<LoyaltyGroup>,
    explanation: Option<Explanation>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    after: Option<String>,
}

/// Looks somebody up by their id.
pub(crate) async fn find(staff: Staff, Query(Wanted { id }): Query<Wanted>) -> Response {
    if id.is_empty() {
        return search(&staff, None).into_response();
    }
    match CustomerId::try_from(id) {
        Ok(id) => {
            let to = format!("/console/customers/{}", id.path_form());
            (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response()
        }
        Err(bad) => (StatusCode::UNPROCESSABLE_ENTITY, search(&staff, Some(&bad.to_string()))).into_response(),
    }
}

fn search(staff: &Staff, wrong: Option<&str>) -> axum::response::Html<String> {
    let words = staff.words;
    let title = words.say("Find a customer", "Найти клиента");
    let main = html! {
        h1 { (title) }
        form.door method="get" action="/console/customers" {
            @if let Some(wrong) = wrong { p.alarm role="alert" id="wrong" { (wrong) } }
            label for="id" { (words.say("The customer's id in the shop", "Номер клиента в магазине")) }
            input id="id" name="id" required autocomplete="off" aria-describedby=[wrong.map(|_| "wrong")];
            button { (words.say("Show", "Показать")) }
        }
    };
    page(staff, Part::Customers, title, &main)
}

pub(crate) async fn show(staff: Staff, Path(id): Path<String>, Query(asked): Query<Asked>) -> Shown {
    let words = staff.words;
    let id = CustomerId::from_path_form(&id).map_err(|bad| {
        let (title, detail) = (words.say("No customer's id", "Такого номера не бывает").to_owned(), bad.to_string());
        Sorry::new(words, Refused::new(StatusCode::UNPROCESSABLE_ENTITY, title, detail))
    })?;
    let api = format!("/v1/customers/{}", id.path_form());
    let standing: Standing = staff.or_sorry(staff.api.get(&format!("{api}/segment")).await)?;
    if !standing.known {
        let title = words.say("Nobody of this id is known", "Клиента с таким номером нет").to_owned();
        let detail = words.say("Nothing was bought under it.", "Под этим номером ничего не куплено.").to_owned();
        return Err(Sorry::new(words, Refused::new(StatusCode::NOT_FOUND, title, detail)));
    }
    let settings: Settings = staff.or_sorry(staff.api.get("/v1/settings").await)?;
    let decided = staff.or_sorry(decided(&staff, &id).await)?;
    let after = asked.after.map(|after| format!("&cursor={after}")).unwrap_or_default();
    let story = staff.api.get(&format!("{api}/history?limit={READ}{after}")).await;
    let story: Listed<StoryItem> = staff.or_sorry(story)?;
    let main = html! {
        h1 { bdi { (id.as_str()) } }
        (stands(words, &standing, settings.currency))
        (offered(words, &decided))
        (timeline(&staff, &id, &story, settings.currency))
    };
    Ok(page(&staff, Part::Customers, id.as_str(), &main))
}

fn stands(words: Words, standing: &Standing, currency: Currency) -> Markup {
    let Some(explanation) = &standing.explanation else {
        return html! { p.lead { (words.say("In no segment: no order counts.", "Вне сегментов: нет учитываемых заказов.")) } };
    };
    let segment = explanation.segment;
    let of = |axis: Axis, value: i64| match axis {
        Axis::Recency => words.count(u64::try_from(value).unwrap_or(0), ["day", "days"], ["день", "дня", "дней"]),
        Axis::Frequency => {
            words.count(u64::try_from(value).unwrap_or(0), ["order", "orders"], ["заказ", "заказа", "заказов"])
        }
        Axis::Monetary => money(Minor(value), currency),
    };
    let name = |axis: Axis| match axis {
        Axis::Recency => words.say("Since the last order", "С последнего заказа"),
        Axis::Frequency => words.say("Ordered", "Заказов"),
        Axis::Monetary => words.say("Spent", "Потрачено"),
    };
    html! {
        p.lead {
            @if let Some(group) = standing.group { span class={ "key " (class(group)) } {} " " (words.group(group)) ", " }
            a href={ "/console/segments/" (segment) } { (segment) } ": " (words.segment(segment)) "."
        }
        div.wide tabindex="0" role="region" aria-label=(words.say("Why they stand here", "Почему клиент здесь")) { table.list {
            caption { (words.say("Why, and how far the next cell is", "Почему, и сколько до соседней ячейки")) }
            thead { tr {
                td {}
                th.number scope="col" { (words.say("Value", "Значение")) }
                th.number scope="col" { (words.say("Score", "Оценка")) }
                th scope="col" { (words.say("Cuts", "Границы")) }
                th scope="col" { (words.say("To the next score", "До следующей оценки")) }
            } }
            tbody { @for axis in &explanation.axes {
                tr {
                    th scope="row" { (name(axis.axis)) }
                    td.number { (of(axis.axis, axis.value)) }
                    td.number { (axis.score) }
                    td { (of(axis.axis, axis.c1)) "; " (of(axis.axis, axis.c2)) }
                    td { @match axis.to_next {
                        Some(left) => { (of(axis.axis, left)) }
                        None => { (words.say("the highest", "высшая")) }
                    } }
                }
            } }
        } }
        @if let Some(idle) = &explanation.if_idle {
            p { (words.say("Without an order they drop on", "Без нового заказа перейдут")) " " (idle.day) " "
                (words.say("to", "в")) " " (words.place(idle.to)) "." }
        }
    }
}

fn offered(words: Words, decision: &Decision) -> Markup {
    html! {
        section {
            h2 { (words.say("What they see at checkout now", "Что они видят сейчас при оформлении заказа")) }
            dl {
                @if let Some(goal) = &decision.goal { dt { (words.say("Goal", "Цель")) } dd { (goal) } }
                @if let Some(mechanic) = &decision.mechanic { dt { (words.say("Mechanic", "Механика")) } dd { (mechanic) } }
            }
            @if decision.offers.is_empty() { p { (words.say("No offer today.", "Сегодня предложений нет.")) } }
            ul { @for offer in &decision.offers {
                li {
                    (offer.text) @if let Some(code) = &offer.code { " " code { (code) } }
                    " " code.soft { (offer.idea) }
                    br; span.soft { (words.say("Because:", "Потому что:")) " " (offer.reason.text) }
                    @if let Some(reward) = &offer.reward {
                        br; span.soft { (words.say("Reward:", "Награда:")) " " (reward.words)
                            @if let Some(until) = &reward.valid_until { ", " (words.say("until", "до")) " " (until) } }
                    }
                }
            } }
            @if let Some(none) = &decision.no_reward { p { (none.text) } }
            @if !decision.withheld.is_empty() {
                details {
                    summary { (words.say("Withheld, and why", "Что не показано и почему")) " (" (decision.withheld.len()) ")" }
                    ul { @for withheld in &decision.withheld {
                        li { code { (withheld.idea) } " " (withheld.text)
                            @if let Some(opens) = &withheld.opens { " " span.soft { (words.say("It opens on", "Откроется")) " " (opens) "." } } }
                    } }
                }
            }
        }
    }
}
