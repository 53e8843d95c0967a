//! The base: 27 cells, grouped by loyalty, as the last run counted them.

use axum::extract::Query;
use iso_currency::Currency;
use maud::{Markup, html};
use segmentation::census::Census;
use segmentation::{Axis, LoyaltyGroup, Minor, Place, Score, Segment};
use serde::Deserialize;

use crate::bands::{self, band};
use crate::frame::{Part, Shown, page};
use crate::numbers::{about, change, grouped, share};
use crate::pages::{Base, Run, Settings, Status, base, runs};
use crate::staff::Staff;
use crate::words::Words;

/// Among so many runs is the one published before the last; runs that failed lie between.
const LOOK_BACK: usize = 5;

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

pub(crate) async fn show(staff: Staff, Query(asked): Query<Asked>) -> Shown {
    let words = staff.words;
    let title = words.say("The base", "База");
    let Some(base) = staff.or_sorry(base(&staff.api).await)? else {
        return Ok(page(&staff, Part::Base, title, &nothing_yet(words)));
    };
    let settings: Settings = staff.or_sorry(staff.api.get("/v1/settings").await)?;
    let last = staff.or_sorry(runs(&staff.api, LOOK_BACK, None).await)?.items;
    let before = last.into_iter().find(|run| run.run < base.run && run.status == Status::Published);
    let main = html! {
        h1 { (title) }
        p.lead {
            (words.customers(base.customers)) ", " (about(base.revenue, settings.currency)) ". "
            (words.say("As the run of", "По пересчёту за")) " " (base.day) " "
            (words.say("counted them.", "."))
        }
        (switch(words, asked.by))
        @if before.is_some() {
            p.soft { (words.say("+ and −: customers more or less than at the run before.", "+ и −: на сколько клиентов больше или меньше, чем на прошлый пересчёт.")) }
        }
        (cells(words, &base, before.as_ref(), asked.by, settings.currency))
        div.beside {
            (groups(words, &base, settings.currency))
            section {
                h2 { (words.say("Where the cuts lie", "Где проходят границы")) }
                (bands::table(words, &base.cuts, settings.currency))
                p.soft { (words.say("Version", "Версия")) " " a href={ "/console/cuts/" (base.cuts_version) } { code { (base.cuts_version) } } }
            }
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
                @if let Some(changed) = changed {
                    span.change { (changed) span.unseen { " " (words.say("since the run before", "с прошлого пересчёта")) } }
                }
                span.soft {
                    (of_base) " " (words.say("of base", "базы")) br;
                    (of_revenue) " " (words.say("of revenue", "выручки"))
                }
            }
        }
    }
}

fn groups(words: Words, base: &Base, currency: Currency) -> Markup {
    html! {
        section {
            h2 { (words.say("By loyalty", "По лояльности")) }
            div.wide tabindex="0" role="region" aria-label=(words.say("By loyalty", "По лояльности")) { table.list {
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
            } }
        }
    }
}
