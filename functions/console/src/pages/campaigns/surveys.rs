//! What customers answered to the surveys, and whose answers are alerts.

use ledger::CustomerId;
use maud::{Markup, html};
use playbook::mechanic::{Answer, Survey};
use segmentation::Day;
use serde::Deserialize;

use super::{Page, pages, said};
use crate::frame::{Part, Shown, page};
use crate::numbers::{grouped, share};
use crate::staff::Staff;
use crate::words::Words;

/// Alerts that are looked through for answers.
const ALERTS: usize = 50;

/// What `GET /v1/surveys` gives.
#[derive(Deserialize)]
struct Counted {
    run: u64,
    day: Day,
    surveys: Vec<Asked>,
}

#[derive(Deserialize)]
struct Asked {
    survey: Survey,
    customers: u64,
    lately: u64,
    net_promoters: Option<f64>,
    answers: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    answer: Answer,
    customers: u64,
    lately: u64,
}

/// A page of `GET /v1/alerts`: customers' and the shop's own.
#[derive(Deserialize)]
struct Alerts {
    items: Vec<Alert>,
}

#[derive(Deserialize)]
struct Alert {
    day: Day,
    customer: Option<CustomerId>,
    #[serde(default)]
    cause: String,
    score: Option<u8>,
}

pub(crate) async fn surveys(staff: Staff) -> Shown {
    let words = staff.words;
    let found: Option<Counted> = staff.or_sorry(staff.api.find("/v1/surveys").await)?;
    let alerts: Alerts = staff.or_sorry(staff.api.get(&format!("/v1/alerts?limit={ALERTS}")).await)?;
    let title = words.say("What customers answer", "Что отвечают клиенты");
    let main = html! {
        h1 { (title) }
        (pages(words, Some(Page::Surveys)))
        @match &found {
            Some(counted) => {
                p.soft {
                    (words.say("Each customer's last answer, as counted by run", "Последний ответ клиента, по пересчёту")) " "
                    a href={ "/console/runs/" (counted.run) } { (counted.run) } " "
                    (words.say("for", "за")) " " (counted.day) "."
                }
                @for asked in &counted.surveys { (of(words, asked)) }
            }
            None => p { (words.say(
                "No run has counted answers yet.",
                "Ни один пересчёт ещё не посчитал ответы.",
            )) },
        }
        (alerted(words, &alerts))
    };
    Ok(page(&staff, Part::Campaigns, title, &main))
}

fn of(words: Words, asked: &Asked) -> Markup {
    html! {
        section {
            h2 { (said::survey(words, asked.survey)) }
            @if asked.customers == 0 {
                p { (words.say("Nobody has answered it.", "Никто не ответил.")) }
            } @else {
                p {
                    (words.say("Answered by", "Ответили")) " " (words.customers(asked.customers)) ", "
                    (grouped(asked.lately)) " " (words.say("of them in the last 30 days", "из них за последние 30 дней")) "."
                    @if let Some(net) = asked.net_promoters {
                        " " (words.say("For less against, of 100:", "«За» минус «против», на 100:")) " "
                        strong { (signed(net)) } "."
                    }
                }
                div.wide tabindex="0" role="region" aria-label=(said::survey(words, asked.survey)) { table.list {
                    thead { tr {
                        th scope="col" { (words.say("Answer", "Ответ")) }
                        th.number scope="col" { (words.say("Customers", "Клиенты")) }
                        th.number scope="col" { (words.say("Share", "Доля")) }
                        th.number scope="col" { (words.say("In the last 30 days", "За последние 30 дней")) }
                    } }
                    tbody { @for said in &asked.answers { tr {
                        th scope="row" { (said::answer(words, asked.survey, said.answer)) }
                        td.number { (grouped(said.customers)) }
                        td.number { (bar(said.customers, asked.customers)) " " (share(said.customers, asked.customers)) }
                        td.number { (grouped(said.lately)) }
                    } } }
                } }
            }
        }
    }
}

fn signed(net: f64) -> String {
    if net < 0.0 { format!("−{:.1}", net.abs()) } else { format!("+{net:.1}") }
}

/// A share beside its number, which says the same.
fn bar(part: u64, whole: u64) -> Markup {
    let width = (part as f64 / whole.max(1) as f64 * 100.0).round();
    html! {
        svg.share viewBox="0 0 100 10" aria-hidden="true" {
            rect class="ground" x="0" y="0" width="100" height="10" {}
            rect class="part" x="0" y="0" width=(width) height="10" {}
        }
    }
}

/// Whom to talk to: answers that say that something is wrong.
fn alerted(words: Words, alerts: &Alerts) -> Markup {
    let said = |alert: &Alert| match alert.cause.as_str() {
        "quality" => Some(words.say("stopped buying because of the quality", "больше не покупает из-за качества")),
        "detractor" => Some(words.say("would not recommend the shop", "не посоветует магазин")),
        _ => None,
    };
    let told: Vec<(&Alert, &CustomerId, &str)> =
        alerts.items.iter().filter_map(|alert| Some((alert, alert.customer.as_ref()?, said(alert)?))).collect();
    html! {
        section {
            h2 { (words.say("Whom to talk to", "С кем поговорить")) }
            p.soft { (words.say(
                "Answers among the shop's last alerts that say something is wrong. They are told at once, before any run.",
                "Ответы из последних оповещений магазина, которые говорят, что что-то не так. О них сообщается сразу, до пересчёта.",
            )) }
            @if told.is_empty() { p { (words.say("Nobody.", "Никто.")) } } @else {
                div.wide tabindex="0" role="region" aria-label=(words.say("Whom to talk to", "С кем поговорить")) { table.list {
                    thead { tr {
                        th scope="col" { (words.say("Day", "День")) }
                        th scope="col" { (words.say("Customer", "Клиент")) }
                        th scope="col" { (words.say("Said", "Ответ")) }
                    } }
                    tbody { @for (alert, customer, said) in told { tr {
                        td { (alert.day) }
                        th scope="row" { a href={ "/console/customers/" (customer.path_form()) } { bdi { (customer.as_str()) } } }
                        td { (said) @if let Some(score) = alert.score { " (" (score) ")" } }
                    } } }
                } }
            }
        }
    }
}
