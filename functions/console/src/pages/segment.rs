//! One segment: what to do with it, who is in it, and where they came from.

use std::collections::BTreeMap;

use axum::extract::{Path, Query};
use iso_currency::Currency;
use ledger::CustomerId;
use maud::{Markup, html};
use playbook::Text;
use segmentation::{Axis, Minor, Place, Segment};
use serde::Deserialize;

use crate::api::Refused;
use crate::bands::band;
use crate::frame::{Part, Shown, Sorry, page};
use crate::numbers::{about, grouped, share};
use crate::pages::audience::{self, Member, ROWS};
use crate::pages::base::class;
use crate::pages::decided::{Decision, decided};
use crate::pages::{Base, Listed, Run, Settings, base};
use crate::staff::Staff;
use crate::words::Words;

#[derive(Deserialize)]
pub(crate) struct Asked {
    after: Option<String>,
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

pub(crate) async fn show(staff: Staff, Path(segment): Path<String>, Query(asked): Query<Asked>) -> Shown {
    let words = staff.words;
    let segment = of_path(words, &segment)?;
    let settings: Settings = staff.or_sorry(staff.api.get("/v1/settings").await)?;
    let Some(base) = staff.or_sorry(base(&staff.api).await)? else {
        let detail = words.say("No run has been published yet.", "Ни один пересчёт ещё не опубликован.").to_owned();
        let title = words.segment(segment);
        return Err(Sorry::new(words, Refused::new(axum::http::StatusCode::NOT_FOUND, title, detail)));
    };
    let after = asked.after.as_deref().map(|after| format!("&cursor={after}")).unwrap_or_default();
    let path = format!("/v1/segments/{segment}/customers?limit={ROWS}{after}");
    let audience: Listed<Member> = staff.or_sorry(staff.api.get(&path).await)?;
    let run: Option<Run> = staff.or_sorry(staff.api.find(&format!("/v1/runs/{}", base.run)).await)?;
    let playbook: serde_json::Value = staff.or_sorry(staff.api.get("/v1/playbook").await)?;
    let example = match audience.items.first() {
        Some(member) => Some((member.customer.clone(), staff.or_sorry(decided(&staff, &member.customer).await)?)),
        None => None,
    };
    let main = html! {
        (head(words, &base, segment, settings.currency))
        (advice(words, &playbook["playbook"], segment))
        @if let Some((customer, decided)) = &example { (example_of(words, customer, decided)) }
        @if let Some(run) = &run { (flows(words, run, segment)) }
        (audience::members(&staff, segment, &audience, base.at(Place::from(segment)).map_or(0, |cell| cell.customers), settings.currency))
    };
    Ok(page(&staff, Part::Base, &format!("{segment}: {}", words.segment(segment)), &main))
}

/// The segment that an address names.
pub(crate) fn of_path(words: Words, segment: &str) -> Result<Segment, Sorry> {
    segment.parse().map_err(|_| {
        let must = ("is like r3f3m3: three scores of 1 to 3", "выглядит как r3f3m3: три оценки от 1 до 3");
        Sorry::new(words, Refused::field(words, ("segment", "сегмент"), must))
    })
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

/// The ideas as somebody of the segment sees them now.
fn example_of(words: Words, customer: &CustomerId, decided: &Decision) -> Markup {
    html! {
        section {
            h3 {
                (words.say("Filled in for a real customer:", "На примере настоящего клиента:")) " "
                a href={ "/console/customers/" (customer.path_form()) } { bdi { (customer.as_str()) } }
            }
            @if decided.offers.is_empty() { p { (words.say("They see no offer today.", "Сегодня этот клиент ничего не увидит.")) } }
            ul { @for offer in &decided.offers { li { (offer.text) " " code.soft { (offer.idea) } } } }
        }
    }
}

/// Where its people were at the run before the last, and where those who left went.
fn flows(words: Words, run: &Run, segment: Segment) -> Markup {
    const MOST: usize = 6;
    let own = Place::from(segment);
    let Some(counts) = &run.counts else { return html! {} };
    let largest = |pairs: BTreeMap<Place, u64>| {
        let mut pairs: Vec<(Place, u64)> = pairs.into_iter().collect();
        pairs.sort_by_key(|(_, customers)| std::cmp::Reverse(*customers));
        pairs.truncate(MOST);
        pairs
    };
    let (mut from, mut to) = (BTreeMap::new(), BTreeMap::new());
    for (here, there, _, customers) in counts.movement.cells() {
        if there == own {
            *from.entry(here).or_default() += customers;
        }
        if here == own {
            *to.entry(there).or_default() += customers;
        }
    }
    let (from, to) = (largest(from), largest(to));
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
            (list(words.say("Came from, since the run before", "Откуда пришли с прошлого пересчёта"), &from))
            (list(words.say("Went to", "Куда ушли"), &to))
        }
    }
}
