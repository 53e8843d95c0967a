//! One segment: what to do with it, who is in it, and where they came from.

use axum::extract::{Path, Query};
use axum::http::Method;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use iso_currency::Currency;
use ledger::CustomerId;
use maud::{Markup, html};
use playbook::Text;
use segmentation::{Axis, Day, Minor, Place, Segment};
use serde::Deserialize;

use crate::api::Refused;
use crate::frame::{Part, Sorry, page};
use crate::numbers::{about, grouped, money, share};
use crate::pages::base::{band, class};
use crate::pages::{Base, Run, Settings, base};
use crate::staff::Staff;
use crate::words::Words;

/// Rows of the audience's table.
const ROWS: usize = 50;

#[derive(Deserialize)]
pub(crate) struct Asked {
    after: Option<String>,
    format: Option<String>,
}

/// A page of the audience, as `GET /v1/segments/{segment}/customers` gives it.
#[derive(Deserialize)]
struct Audience {
    items: Vec<Member>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Member {
    customer: CustomerId,
    since: Day,
    recency_days: u32,
    frequency: u32,
    monetary: Minor,
}

/// What the playbook says of one segment.
#[derive(Deserialize)]
struct Entry {
    goal: Text,
    mechanic: Text,
    caution: Option<Text>,
    #[serde(default)]
    ideas: Vec<String>,
}

pub(crate) async fn show(
    staff: Staff,
    Path(segment): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Sorry> {
    let words = staff.words;
    let named: Result<Segment, _> = segment.parse();
    let Ok(segment) = named else {
        let must = ("is like r3f3m3: three scores of 1 to 3", "выглядит как r3f3m3: три оценки от 1 до 3");
        return Err(Sorry::new(words, Refused::field(words, ("segment", "сегмент"), must)));
    };
    if let Some(format) = asked.format {
        return download(&staff, segment, &format, asked.after.as_deref()).await;
    }
    let settings: Settings = staff.or_sorry(staff.api.get("/v1/settings").await)?;
    let Some(base) = staff.or_sorry(base(&staff.api).await)? else {
        let detail = words.say("No run has been published yet.", "Ни один пересчёт ещё не опубликован.").to_owned();
        let title = words.segment(segment);
        return Err(Sorry::new(words, Refused { status: axum::http::StatusCode::NOT_FOUND, title, detail }));
    };
    let after = asked.after.as_deref().map(|after| format!("&cursor={after}")).unwrap_or_default();
    let path = format!("/v1/segments/{segment}/customers?limit={ROWS}{after}");
    let audience: Audience = staff.or_sorry(staff.api.get(&path).await)?;
    let run: Option<Run> = staff.or_sorry(staff.api.find(&format!("/v1/runs/{}", base.run)).await)?;
    let playbook: serde_json::Value = staff.or_sorry(staff.api.get("/v1/playbook").await)?;
    let main = html! {
        (head(words, &base, segment, settings.currency))
        (advice(words, &playbook["playbook"], segment))
        @if let Some(example) = audience.items.first() { (example_of(words, &example.customer)) }
        @if let Some(run) = &run { (flows(words, run, segment)) }
        (members(words, segment, &audience, settings.currency))
    };
    Ok(page(&staff, Part::Base, &format!("{segment}: {}", words.segment(segment)), &main).into_response())
}

fn head(words: Words, base: &Base, segment: Segment, currency: Currency) -> Markup {
    let cell = base.at(Place::from(segment));
    let (customers, revenue) = cell.map_or((0, Minor::ZERO), |cell| (cell.customers, cell.revenue));
    html! {
        h1 {
            @if let Some(group) = cell.and_then(|cell| cell.group) {
                span class={ "key " (class(group)) } title=(words.group(group)) {} " "
            }
            (segment) ": " (words.segment(segment))
        }
        p.lead {
            (words.customers(customers)) ", " (share(customers, base.customers)) " " (words.say("of the base", "базы")) "; "
            (about(revenue, currency)) ". "
            @if let Some(group) = cell.and_then(|cell| cell.group) {
                (words.say("Loyalty group:", "Группа лояльности:")) " " (words.group(group)) "."
            }
        }
        ul.bands {
            @for (axis, score, name) in [
                (Axis::Recency, segment.r, words.say("last order", "последний заказ")),
                (Axis::Frequency, segment.f, words.say("orders", "заказов")),
                (Axis::Monetary, segment.m, words.say("spent", "потрачено")),
            ] {
                li { span.soft { (name) } " " (band(words, &base.cuts, axis, score, currency)) }
            }
        }
    }
}

/// Goal, mechanic and ideas in the playbook's own words.
fn advice(words: Words, playbook: &serde_json::Value, segment: Segment) -> Markup {
    let entry = &playbook["segment"][segment.to_string()];
    let Ok(entry) = serde_json::from_value::<Entry>(entry.clone()) else {
        return html! { p { (words.say("The playbook says nothing of this segment.", "В плейбуке об этом сегменте ничего нет.")) } };
    };
    let text = |text: &Text| text.in_language(words.0).to_owned();
    let ideas = entry.ideas.iter().filter_map(|name| {
        let idea = serde_json::from_value::<Text>(playbook["idea"][name]["text"].clone()).ok()?;
        Some((name, text(&idea)))
    });
    html! {
        section {
            h2 { (words.say("What to do", "Что делать")) }
            dl {
                dt { (words.say("Goal", "Цель")) } dd { (text(&entry.goal)) }
                dt { (words.say("Mechanic", "Механика")) } dd { (text(&entry.mechanic)) }
                @if let Some(caution) = &entry.caution {
                    dt { (words.say("Mind", "Учтите")) } dd { (text(caution)) }
                }
            }
            h3 { (words.say("Ideas, in the order in which they are tried", "Идеи в порядке применения")) }
            ol { @for (name, idea) in ideas { li { (idea) " " code.soft { (name) } } } }
        }
    }
}

fn example_of(words: Words, customer: &CustomerId) -> Markup {
    html! {
        p {
            (words.say("Filled in for a real customer:", "На примере настоящего клиента:")) " "
            a href={ "/console/customers/" (customer.path_form()) } { (customer.as_str()) }
        }
    }
}

/// Where its people were before the last run, and where those who left went.
fn flows(words: Words, run: &Run, segment: Segment) -> Markup {
    const MOST: usize = 6;
    let own = Place::from(segment);
    let Some(counts) = &run.counts else { return html! {} };
    let largest = |pairs: Vec<(Place, u64)>| {
        let mut pairs = pairs;
        pairs.sort_by_key(|(_, customers)| std::cmp::Reverse(*customers));
        pairs.truncate(MOST);
        pairs
    };
    let from =
        largest(counts.matrix.moves().filter(|(_, to, _)| *to == own).map(|(from, _, many)| (from, many)).collect());
    let to = largest(counts.matrix.moves().filter(|(from, ..)| *from == own).map(|(_, to, many)| (to, many)).collect());
    let list = |title: &str, pairs: &[(Place, u64)]| {
        html! {
            section {
                h3 { (title) }
                @if pairs.is_empty() { p.soft { (words.say("Nobody.", "Никто.")) } }
                ul.flows { @for (place, many) in pairs {
                    li {
                        @match place.0 {
                            Some(segment) => a href={ "/console/segments/" (segment) } { (segment) },
                            None => { (words.place(*place)) }
                        }
                        " " (grouped(*many))
                    }
                } }
            }
        }
    };
    html! {
        div.beside {
            (list(words.say("Came from, in the last run", "Откуда пришли за последний пересчёт"), &from))
            (list(words.say("Went to", "Куда ушли"), &to))
        }
    }
}

fn members(words: Words, segment: Segment, audience: &Audience, currency: Currency) -> Markup {
    html! {
        section {
            h2 { (words.say("Who is in it", "Кто в нём")) }
            p {
                a href={ "/console/segments/" (segment) "?format=csv" } { "CSV" } " · "
                a href={ "/console/segments/" (segment) "?format=ndjson" } { "NDJSON" }
            }
            table.list {
                thead { tr {
                    th scope="col" { (words.say("Customer", "Клиент")) }
                    th scope="col" { (words.say("In it since", "С какого дня")) }
                    th.number scope="col" { (words.say("Days since the last order", "Дней с последнего заказа")) }
                    th.number scope="col" { (words.say("Orders", "Заказов")) }
                    th.number scope="col" { (words.say("Spent", "Потрачено")) }
                } }
                tbody { @for member in &audience.items {
                    tr {
                        th scope="row" {
                            a href={ "/console/customers/" (member.customer.path_form()) } { bdi { (member.customer.as_str()) } }
                        }
                        td { (member.since) }
                        td.number { (grouped(member.recency_days.into())) }
                        td.number { (grouped(member.frequency.into())) }
                        td.number { (money(member.monetary, currency)) }
                    }
                } }
            }
            @if audience.items.is_empty() { p { (words.say("Nobody.", "Никого.")) } }
            @if let Some(next) = &audience.next {
                p { a rel="next" href={ "/console/segments/" (segment) "?after=" (next) } { (words.say("Further customers", "Дальше")) } }
            }
        }
    }
}

/// A page of the audience as a file, the largest that the API gives at once; the rest by its cursor.
async fn download(staff: &Staff, segment: Segment, format: &str, after: Option<&str>) -> Result<Response, Sorry> {
    let words = staff.words;
    let media = match format {
        "csv" => "text/csv; charset=utf-8",
        "ndjson" => "application/x-ndjson",
        _ => {
            let must = ("is csv or ndjson", "csv или ndjson");
            return Err(Sorry::new(words, Refused::field(words, ("format", "формат"), must)));
        }
    };
    let after = after.map(|after| format!("&cursor={after}")).unwrap_or_default();
    let path = format!("/v1/segments/{segment}/customers?format={format}&limit=1000{after}");
    let (_, bytes) = staff.or_sorry(staff.api.bytes(Method::GET, &path, None).await)?;
    let name = format!("attachment; filename=\"{segment}.{format}\"");
    Ok(([(CONTENT_TYPE, media.to_owned()), (CONTENT_DISPOSITION, name)], bytes).into_response())
}
