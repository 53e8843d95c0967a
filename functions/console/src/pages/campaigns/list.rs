//! All campaigns, the playbook's and the shop's own, by series.

use axum::extract::Query;
use iso_currency::Currency;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Budget, Figures, Listed, Page, Source, audience, badge, pages, said};
use crate::api::Refused;
use crate::frame::{Part, Shown, page};
use crate::numbers::{about, grouped, money};
use crate::pages::{Settings, cursor};
use crate::staff::Staff;
use crate::words::Words;

/// Rows of a page: each asks for the counters of its limits.
const ROWS: usize = 30;

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    only: String,
    after: Option<String>,
}

/// A page of `GET /v1/campaigns`.
#[derive(Deserialize)]
struct Series {
    items: Vec<Listed>,
    next: Option<String>,
}

/// Which campaigns are listed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Only {
    All,
    Open,
    Paused,
    Ended,
    Own,
}

impl Only {
    const ALL: [Only; 5] = [Only::All, Only::Open, Only::Paused, Only::Ended, Only::Own];

    /// As it stands in the address; of all, nothing does.
    fn name(self) -> &'static str {
        match self {
            Only::All => "",
            Only::Open => "open",
            Only::Paused => "paused",
            Only::Ended => "ended",
            Only::Own => "own",
        }
    }

    fn asked_of_the_api(self) -> &'static str {
        match self {
            Only::All => "",
            Only::Open => "&state=open",
            Only::Paused => "&state=paused",
            Only::Ended => "&state=ended",
            Only::Own => "&from=own",
        }
    }

    fn said(self, words: Words) -> &'static str {
        match self {
            Only::All => words.say("All", "Все"),
            Only::Open => words.say("Open", "Открытые"),
            Only::Paused => words.say("Paused", "На паузе"),
            Only::Ended => words.say("Ended", "Завершённые"),
            Only::Own => words.say("The shop's own", "Собственные"),
        }
    }
}

pub(crate) async fn list(staff: Staff, Query(asked): Query<Asked>) -> Shown {
    let words = staff.words;
    let only = Only::ALL.into_iter().find(|only| only.name() == asked.only).ok_or_else(|| {
        let must = ("is open, paused, ended or own", "open, paused, ended или own");
        Refused::field(words, ("only", "only"), must)
    });
    let only = staff.or_sorry(only)?;
    let after = staff.or_sorry(cursor(words, asked.after.as_deref()))?;
    let settings: Settings = staff.or_sorry(staff.api.get("/v1/settings").await)?;
    let lang = words.0.tag();
    let path = format!("/v1/campaigns?figures=1&limit={ROWS}&lang={lang}{}{after}", only.asked_of_the_api());
    let found: Series = staff.or_sorry(staff.api.get(&path).await)?;
    let title = words.say("Campaigns", "Кампании");
    let main = html! {
        h1 { (title) }
        (pages(words, Some(Page::List)))
        (switch(words, only))
        (as_of(words, found.items.first()))
        (table(words, &found.items, settings.currency))
        @if found.items.is_empty() { p { (words.say("There is none.", "Таких нет.")) } }
        @if let Some(next) = &found.next {
            p { a rel="next" href={ "/console/campaigns?only=" (only.name()) "&after=" (next) } {
                (words.say("Further campaigns", "Дальше"))
            } }
        }
    };
    Ok(page(&staff, Part::Campaigns, title, &main))
}

fn switch(words: Words, on: Only) -> Markup {
    html! {
        nav.switch aria-label=(words.say("Which campaigns", "Какие кампании")) {
            @for only in Only::ALL {
                a href={ "/console/campaigns" @if only != Only::All { "?only=" (only.name()) } }
                    aria-current=[(only == on).then_some("true")] { (only.said(words)) }
            }
        }
    }
}

/// Which of the figures are of the last run, and which of now.
fn as_of(words: Words, first: Option<&Listed>) -> Markup {
    html! {
        p.soft {
            @match first.and_then(|listed| listed.figures.run.zip(listed.figures.day)) {
                Some((run, day)) => {
                    (words.say("Customers and used rewards as counted by run", "Клиенты и использованное – по пересчёту"))
                    " " a href={ "/console/runs/" (run) } { (run) } " " (words.say("for", "за")) " " (day) ". "
                }
                None => { (words.say(
                    "No run has been published yet, so customers and used rewards are not counted. ",
                    "Ни один пересчёт ещё не опубликован, поэтому клиенты и использованное не посчитаны. ",
                )) }
            }
            (words.say("Limits are as they stand now.", "Лимиты показаны на этот момент."))
        }
    }
}

fn table(words: Words, listed: &[Listed], currency: Currency) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(words.say("Campaigns", "Кампании")) { table.list {
            thead { tr {
                th scope="col" { (words.say("Campaign", "Кампания")) }
                th scope="col" { (words.say("For whom", "Для кого")) }
                th scope="col" { (words.say("State", "Состояние")) }
                th scope="col" { (words.say("When", "Когда")) }
                th.number scope="col" { (words.say("Customers", "Клиенты")) }
                th.number scope="col" { (words.say("Used", "Использовано")) }
                th scope="col" { (words.say("Limits", "Лимиты")) }
            } }
            tbody { @for one in listed { (row(words, one, currency)) } }
        } }
    }
}

fn row(words: Words, one: &Listed, currency: Currency) -> Markup {
    html! { tr {
        th scope="row" {
            a href={ "/console/campaigns/" (one.number) } { (one.reward) @if one.reward.is_empty() { (one.series) } }
            @if one.from == Source::Own { " " span.soft { (words.say("the shop's own", "собственная")) } }
            @if !one.text.is_empty() { br; (one.text) }
            br; code.soft { (one.series) }
        }
        td { (audience(words, one.segments.as_deref())) }
        td { (badge(words, one.state)) }
        td {
            @if let Some(calendar) = one.calendar { (said::calendar(words, calendar)) }
            @if let Some(opens) = one.opens { "; " (words.say("from", "с")) " " (opens) }
            @if let Some(closes) = one.closes { "; " (words.say("up to", "до")) " " (closes) }
        }
        td.number { @match one.figures.customers { Some(customers) => { (grouped(customers)) } None => { "–" } } }
        td.number { (used(words, &one.figures, currency)) }
        td { (limits(words, &one.figures.budgets, currency)) }
    } }
}

fn used(words: Words, figures: &Figures, currency: Currency) -> Markup {
    let Some(used) = &figures.used else { return html! { "–" } };
    html! {
        (grouped(used.rewards))
        @if used.rewards > 0 {
            br; span.soft { (about(used.value, currency)) }
            br; span.soft { "+" (grouped(used.lately)) " " (words.say("in 30 days", "за 30 дней")) }
        }
    }
}

/// What is left of each limit.
fn limits(words: Words, budgets: &[Budget], currency: Currency) -> Markup {
    html! {
        @if budgets.is_empty() { span.soft { (words.say("none", "нет")) } }
        @for budget in budgets {
            div {
                @if let Some(segment) = budget.segment { (segment) " " }
                @if let Some(month) = &budget.month { (month) " " }
                @if budget.is_spent() { strong { (words.say("spent", "исчерпан")) } ": " }
                (left(words, budget, currency))
            }
        }
    }
}

fn left(words: Words, budget: &Budget, currency: Currency) -> String {
    let of = words.say("of", "из");
    let count = budget.count.zip(budget.left_count);
    let count = count.map(|(whole, left)| format!("{} {of} {}", grouped(left), grouped(whole)));
    let amount = budget.amount.zip(budget.left_amount);
    let amount = amount.map(|(whole, left)| format!("{} {of} {}", money(left, currency), money(whole, currency)));
    let parts: Vec<String> = count.into_iter().chain(amount).collect();
    format!("{} {}", words.say("left", "осталось"), parts.join("; "))
}
