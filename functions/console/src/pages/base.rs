//! The base: 27 cells, grouped by loyalty, as the last run counted them.

use axum::extract::{Query, State};
use iso_currency::Currency;
use maud::{Markup, html};
use segmentation::census::Census;
use segmentation::{Axis, AxisCuts, Cuts, LoyaltyGroup, Minor, Place, Score, Segment};
use serde::Deserialize;

use crate::Console;
use crate::frame::{Part, Shown, page};
use crate::numbers::{about, change, grouped, share};
use crate::pages::{Base, Run, Settings, base, run_before};
use crate::staff::Staff;
use crate::words::Words;

/// What the cells show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum By {
    #[default]
    Customers,
    Revenue,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    by: By,
}

pub(crate) async fn show(State(_): State<Console>, staff: Staff, Query(asked): Query<Asked>) -> Shown {
    let words = staff.words;
    let title = words.say("The base", "База");
    let Some(base) = staff.or_sorry(base(&staff.api).await)? else {
        return Ok(page(&staff, Part::Base, title, &nothing_yet(words)));
    };
    let settings: Settings = staff.or_sorry(staff.api.get("/v1/settings").await)?;
    let before = staff.or_sorry(run_before(&staff.api, base.run).await)?;
    let main = html! {
        h1 { (title) }
        p.lead {
            (words.customers(base.customers)) ", " (about(base.revenue, settings.currency)) ". "
            (words.say("As the run of", "По пересчёту за")) " " (base.day) " "
            (words.say("counted them.", "."))
        }
        (switch(words, asked.by))
        (cells(words, &base, before.as_ref(), asked.by, settings.currency))
        div.beside {
            (groups(words, &base, settings.currency))
            (cuts(words, &base, settings.currency))
        }
    };
    Ok(page(&staff, Part::Base, title, &main))
}

fn nothing_yet(words: Words) -> Markup {
    html! {
        h1 { (words.say("The base", "База")) }
        p { (words.say(
            "No run has been published yet, so nobody stands in a segment. Send orders, then start a run.",
            "Ни один пересчёт ещё не опубликован, и сегментов пока нет. Отправьте заказы и запустите пересчёт.",
        )) }
        p { a href="/console/runs" { (words.say("To the runs", "К пересчётам")) } }
    }
}

fn switch(words: Words, by: By) -> Markup {
    let one = |of: By, path: &str, name: &str| {
        html! { a href=(path) aria-current=[(of == by).then_some("true")] { (name) } }
    };
    html! {
        nav.switch aria-label=(words.say("What the cells show", "Что показывают ячейки")) {
            (one(By::Customers, "/console?by=customers", words.say("Customers", "Клиенты")))
            (one(By::Revenue, "/console?by=revenue", words.say("Revenue", "Выручка")))
        }
    }
}

/// A class of its own for each loyalty group; styles stand in the style sheet alone.
pub(crate) fn class(group: LoyaltyGroup) -> &'static str {
    match group {
        LoyaltyGroup::Vip => "vip",
        LoyaltyGroup::Loyal => "loyal",
        LoyaltyGroup::Promising => "promising",
        LoyaltyGroup::Churning => "churning",
        LoyaltyGroup::OneTime => "one-time",
    }
}

fn cells(words: Words, base: &Base, before: Option<&Run>, by: By, currency: Currency) -> Markup {
    let counts = before.and_then(|run| run.counts.as_ref());
    html! {
        div.cube {
            @for r in Score::ALL.into_iter().rev() {
                table.cells {
                    caption { strong { "r" (r.number()) " " (words.recency(r)) } " " span.soft { (band(words, &base.cuts, Axis::Recency, r, currency)) } }
                    thead { tr {
                        td {}
                        @for m in Score::ALL {
                            th scope="col" { "m" (m.number()) " " span.soft { (words.monetary(m)) } }
                        }
                    } }
                    tbody { @for f in Score::ALL.into_iter().rev() {
                        tr {
                            th scope="row" { "f" (f.number()) " " span.soft { (words.frequency(f)) } }
                            @for m in Score::ALL {
                                (cell(words, base, counts.map(|counts| &counts.census), Segment { r, f, m }, by, currency))
                            }
                        }
                    } }
                }
            }
        }
    }
}

fn cell(words: Words, base: &Base, before: Option<&Census>, segment: Segment, by: By, currency: Currency) -> Markup {
    let place = Place::from(segment);
    let Some(found) = base.at(place) else { return html! { td {} } };
    let revenue = |minor: Minor| u64::try_from(minor.0).unwrap_or(0);
    let of_base = share(found.customers, base.customers);
    let of_revenue = share(revenue(found.revenue), revenue(base.revenue));
    let changed = before.and_then(|census| change(found.customers, census.at(place).customers));
    let named = words.segment(segment);
    html! {
        td class=(found.group.map_or("", class)) {
            a href={ "/console/segments/" (segment) } title=(named) {
                span.name { (segment) }
                span.figure {
                    @match by {
                        By::Customers => { (grouped(found.customers)) }
                        By::Revenue => { (about(found.revenue, currency)) }
                    }
                }
                span.soft {
                    (of_base) " " (words.say("of the base", "базы")) br;
                    (of_revenue) " " (words.say("of revenue", "выручки"))
                }
                @if let Some(changed) = changed {
                    span.change { (changed) " " (words.say("since the run before", "с прошлого пересчёта")) }
                }
            }
        }
    }
}

fn groups(words: Words, base: &Base, currency: Currency) -> Markup {
    html! {
        section {
            h2 { (words.say("By loyalty", "По лояльности")) }
            table.list {
                thead { tr {
                    th scope="col" { (words.say("Group", "Группа")) }
                    th.number scope="col" { (words.say("Customers", "Клиенты")) }
                    th.number scope="col" { (words.say("Share", "Доля")) }
                    th.number scope="col" { (words.say("Revenue", "Выручка")) }
                } }
                tbody { @for group in LoyaltyGroup::ALL {
                    @let own = || base.segments.iter().filter(|cell| cell.group == Some(group));
                    @let customers = own().map(|cell| cell.customers).sum::<u64>();
                    tr {
                        th scope="row" { span class={ "key " (class(group)) } {} (words.group(group)) }
                        td.number { (grouped(customers)) }
                        td.number { (share(customers, base.customers)) }
                        td.number { (about(own().map(|cell| cell.revenue).sum(), currency)) }
                    }
                } }
            }
        }
    }
}

fn cuts(words: Words, base: &Base, currency: Currency) -> Markup {
    let axes = [
        (Axis::Recency, words.say("Recency: the last order", "Давность: последний заказ")),
        (Axis::Frequency, words.say("Frequency: orders", "Частота: число заказов")),
        (Axis::Monetary, words.say("Monetary value: spent", "Сумма: потрачено")),
    ];
    html! {
        section {
            h2 { (words.say("Where the cuts lie", "Где проходят границы")) }
            table.list {
                thead { tr {
                    td {}
                    @for score in Score::ALL.into_iter().rev() { th scope="col" { (score.number()) } }
                } }
                tbody { @for (axis, name) in axes {
                    tr {
                        th scope="row" { (name) }
                        @for score in Score::ALL.into_iter().rev() { td { (band(words, &base.cuts, axis, score, currency)) } }
                    }
                } }
            }
            p.soft { (words.say("Version", "Версия")) " " code { (base.cuts_version) } }
        }
    }
}

/// What a score means in words, such as `5 orders or more`.
pub(crate) fn band(words: Words, cuts: &Cuts, axis: Axis, score: Score, currency: Currency) -> String {
    let AxisCuts { c1, c2, .. } = *cuts.axis(axis);
    // No cut of days or orders lies below zero.
    let whole = |value: i64| u64::try_from(value).unwrap_or(0);
    let up_to = |bound: String| format!("{} {bound}", words.say("up to", "до"));
    let above = |bound: String| format!("{} {bound}", words.say("more than", "больше"));
    let days = |bound: i64| words.count(whole(bound), ["day", "days"], ["дня", "дней", "дней"]);
    let orders = |bound: i64| words.count(whole(bound), ["order", "orders"], ["заказа", "заказов", "заказов"]);
    let between = |unit: &str| format!("{}–{} {unit}", c1 + 1, c2);
    match (axis, score) {
        (Axis::Recency, Score::Three) => up_to(days(c1)),
        (Axis::Recency, Score::Two) => between(words.say("days", "дн.")),
        (Axis::Recency, Score::One) => above(days(c2)),
        (Axis::Frequency, Score::Three) => above(orders(c2)),
        (Axis::Frequency, Score::Two) if c1 + 1 == c2 => format!("{c2} {}", words.say("orders", "заказа")),
        (Axis::Frequency, Score::Two) => between(words.say("orders", "заказов")),
        (Axis::Frequency, Score::One) if c1 == 1 => words.say("1 order", "1 заказ").to_owned(),
        (Axis::Frequency, Score::One) => up_to(orders(c1)),
        (Axis::Monetary, Score::Three) => above(about(Minor(c2), currency)),
        (Axis::Monetary, Score::Two) => format!("{}–{}", about(Minor(c1), currency), about(Minor(c2), currency)),
        (Axis::Monetary, Score::One) => up_to(about(Minor(c1), currency)),
    }
}
