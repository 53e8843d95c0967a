//! What rewards change in a month: those who may get them beside those held out, with intervals drawn and said.

use axum::extract::Query;
use axum::http::StatusCode;
use iso_currency::Currency;
use maud::{Markup, html};
use playbook::uplift::Month;
use segmentation::{Day, Minor};
use serde::Deserialize;

use super::{Page, pages};
use crate::api::Refused;
use crate::frame::{Part, Shown, page};
use crate::numbers::{grouped, money, points, share};
use crate::pages::Settings;
use crate::staff::Staff;
use crate::words::Words;

#[derive(Deserialize)]
pub(crate) struct Asked {
    month: Option<String>,
}

/// A page of `GET /v1/uplift`: at most a thousand rows, which is more than a month has but for a shop with hundreds of holdouts.
#[derive(Deserialize)]
struct Rows {
    items: Vec<Row>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    month: Month,
    from: Day,
    through: Day,
    run: u64,
    segment: String,
    series: String,
    held_out_percent: u8,
    treated: Arm,
    held_out: Arm,
    uplift: Option<Effects>,
    extra_orders: Option<Interval<f64>>,
    cost_per_extra_order: Option<Minor>,
    reading: String,
}

#[derive(Deserialize)]
struct Arm {
    customers: u64,
    converted: u64,
    reward_cost: Minor,
}

#[derive(Deserialize)]
struct Effects {
    conversion: Interval<f64>,
    revenue: Option<Interval<Minor>>,
}

#[derive(Clone, Copy, Deserialize)]
struct Interval<T> {
    estimate: T,
    low: T,
    high: T,
}

/// All rewards together, as the API names it.
const EVERYTHING: &str = "*";

pub(crate) async fn uplift(staff: Staff, Query(asked): Query<Asked>) -> Shown {
    let words = staff.words;
    let month = asked.month.as_deref().map(|text| {
        text.parse::<Month>()
            .map_err(|_| Refused::field(words, ("month", "месяц"), ("is written like 2026-10", "пишется как 2026-10")))
    });
    let month = staff.or_sorry(month.transpose())?;
    let settings: Settings = staff.or_sorry(staff.api.get("/v1/settings").await)?;
    let of = month.map(|month| format!("&month={month}")).unwrap_or_default();
    let path = format!("/v1/uplift?limit=1000&lang={}{of}", words.0.tag());
    let found: Result<Rows, Refused> = staff.api.get(&path).await;
    let title = words.say("What rewards change", "Что меняют вознаграждения");
    let main = match found {
        Ok(rows) => html! {
            h1 { (title) }
            (pages(words, Some(Page::Uplift)))
            (months(words, rows.items.first().map(|row| row.month)))
            (measured(words, &rows, settings.currency))
        },
        Err(refused) if refused.status == StatusCode::NOT_FOUND => html! {
            h1 { (title) }
            (pages(words, Some(Page::Uplift)))
            (months(words, month))
            p { (unmeasured(words, &refused)) }
        },
        Err(refused) => return staff.or_sorry(Err(refused)),
    };
    Ok(page(&staff, Part::Campaigns, title, &main))
}

fn unmeasured(words: Words, refused: &Refused) -> &'static str {
    match refused.kind.as_str() {
        "no-holdout" => words.say(
            "Nobody is held out, so what rewards change cannot be told. Set `rewards.holdout.percent` in the settings, 10 say: that share \
             of customers gets no reward, and runs measure how the others differ from them.",
            "Контрольной группы нет, поэтому нельзя сказать, что меняют вознаграждения. Задайте в настройках \
             `rewards.holdout.percent`, например 10: эта доля клиентов не получает вознаграждений, и пересчёты измеряют, чем отличаются \
             остальные.",
        ),
        _ => words.say(
            "No run has measured this month. Each run measures the month of the day before it, up to that day.",
            "Этот месяц не измерял ни один пересчёт. Каждый пересчёт измеряет месяц предыдущего дня, по этот день.",
        ),
    }
}

/// The month before and the one after.
fn months(words: Words, month: Option<Month>) -> Markup {
    let Some(month) = month else { return html! {} };
    let before = Month::of(month.first().plus(-1));
    let after = Month::of(month.first().plus(31));
    html! {
        nav.switch aria-label=(words.say("Months", "Месяцы")) {
            a rel="prev" href={ "/console/uplift?month=" (before) } { "← " (before) }
            span aria-current="true" { (month) }
            a rel="next" href={ "/console/uplift?month=" (after) } { (after) " →" }
        }
    }
}

fn measured(words: Words, rows: &Rows, currency: Currency) -> Markup {
    let (all, apart): (Vec<&Row>, Vec<&Row>) = rows.items.iter().partition(|row| row.series == EVERYTHING);
    // What a series without a holdout of its own costs stands beside nobody to compare with.
    let apart: Vec<&Row> = apart.into_iter().filter(|row| row.held_out_percent > 0).collect();
    let scale = Scale::of(all.iter().chain(&apart).filter_map(|row| row.uplift.as_ref()));
    html! {
        @if let Some(first) = all.first() {
            p.soft {
                (words.say("Days", "Дни")) " " (first.from) " – " (first.through) "; "
                (words.say("measured by run", "измерено пересчётом")) " "
                a href={ "/console/runs/" (first.run) } { (first.run) } ". "
                (words.say(
                    "One of twenty intervals misses: believe the first row, then what comes back month after month.",
                    "Один интервал из двадцати промахивается: верьте первой строке, а затем тому, что повторяется из месяца в месяц.",
                ))
            }
            p.lead { (first.reading) }
        }
        (table(words, words.say("All rewards, by segment", "Все вознаграждения по сегментам"), &all, scale, currency))
        @if !apart.is_empty() {
            @let title = words.say("Campaigns with a holdout of their own", "Кампании со своей контрольной группой");
            (table(words, title, &apart, scale, currency))
        }
        @if rows.next.is_some() {
            p { (words.say(
                "There are further rows: GET /v1/uplift gives them all.",
                "Это не все строки: остальные даёт GET /v1/uplift.",
            )) }
        }
    }
}

fn table(words: Words, title: &str, rows: &[&Row], scale: Scale, currency: Currency) -> Markup {
    html! {
        section {
            h2 { (title) }
            div.wide tabindex="0" role="region" aria-label=(title) { table.list {
                caption.soft {
                    (words.say("The line from end to end of a drawing is", "Ширина рисунка от края до края –")) " ±"
                    (format!("{:.1}", scale.0 * 100.0)) " " (words.say("points of the share that bought.", "пункта доли купивших."))
                }
                thead { tr {
                    th scope="col" { (words.say("Segment", "Сегмент")) }
                    th.number scope="col" { (words.say("May get rewards", "Могут получать")) }
                    th.number scope="col" { (words.say("Held out", "Контрольная группа")) }
                    th scope="col" { (words.say("Difference in who bought", "Разница в доле купивших")) }
                    th.number scope="col" { (words.say("Revenue a customer more", "Больше выручки с клиента")) }
                    th.number scope="col" { (words.say("Rewards cost", "Стоимость вознаграждений")) }
                    th scope="col" { (words.say("Read", "Вывод")) }
                } }
                tbody { @for row in rows { (of_row(words, row, scale, currency)) } }
            } }
        }
    }
}

fn of_row(words: Words, row: &Row, scale: Scale, currency: Currency) -> Markup {
    let arm = |arm: &Arm| {
        html! {
            (grouped(arm.customers)) br;
            span.soft { (share(arm.converted, arm.customers)) " " (words.say("bought", "купили")) }
        }
    };
    html! { tr {
        th scope="row" {
            @match row.segment.as_str() {
                "all" => strong { (words.say("all", "все")) },
                segment => a href={ "/console/segments/" (segment) } { (segment) },
            }
            @if row.series != EVERYTHING { br; code.soft { (row.series) } }
        }
        td.number { (arm(&row.treated)) }
        td.number { (arm(&row.held_out)) }
        td {
            @match &row.uplift {
                Some(Effects { conversion, .. }) => {
                    (drawn(words, *conversion, scale))
                    span.soft { (interval(words, *conversion)) }
                }
                None => { "–" }
            }
        }
        td.number {
            @match row.uplift.as_ref().and_then(|effects| effects.revenue) {
                Some(revenue) => {
                    (money(revenue.estimate, currency)) br;
                    span.soft { (money(revenue.low, currency)) " … " (money(revenue.high, currency)) }
                }
                None => { "–" }
            }
        }
        td.number {
            (money(row.treated.reward_cost, currency))
            @if let Some(cost) = row.cost_per_extra_order {
                br; span.soft { (money(cost, currency)) " " (words.say("per extra order", "за лишний заказ")) }
            }
            @if let Some(extra) = row.extra_orders.filter(|extra| extra.low > 0.0) {
                br; span.soft { (format!("{:.0}", extra.estimate)) " " (words.say("extra orders", "заказов сверх")) }
            }
        }
        td { (row.reading) }
    } }
}

fn interval(words: Words, Interval { estimate, low, high }: Interval<f64>) -> String {
    let unit = words.say("points", "п. п.");
    format!("{} {unit} ({} … {})", points(estimate), points(low), points(high))
}

/// How far a drawing reaches on either side of nothing.
#[derive(Clone, Copy)]
struct Scale(f64);

impl Scale {
    /// So that all of them fit, and none fills a drawing that shows next to nothing.
    fn of<'a>(effects: impl Iterator<Item = &'a Effects>) -> Scale {
        let ends = effects.flat_map(|effects| [effects.conversion.low.abs(), effects.conversion.high.abs()]);
        Scale(ends.fold(0.01, f64::max))
    }

    /// Where a value stands in a drawing of 200 units.
    fn at(self, value: f64) -> f64 {
        (100.0 + value / self.0 * 95.0).clamp(0.0, 200.0).round()
    }
}

/// An estimate with its whiskers, and the line where nothing changes.
fn drawn(words: Words, of: Interval<f64>, scale: Scale) -> Markup {
    let (low, at, high) = (scale.at(of.low), scale.at(of.estimate), scale.at(of.high));
    let class = if of.low > 0.0 || of.high < 0.0 { "interval seen" } else { "interval" };
    html! {
        svg class=(class) viewBox="0 0 200 24" role="img" aria-label=(interval(words, of)) {
            line class="zero" x1="100" y1="0" x2="100" y2="24" {}
            line class="whisker" x1=(low) y1="12" x2=(high) y2="12" {}
            line class="whisker" x1=(low) y1="6" x2=(low) y2="18" {}
            line class="whisker" x1=(high) y1="6" x2=(high) y2="18" {}
            circle class="estimate" cx=(at) cy="12" r="5" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use playbook::Language;

    use super::*;

    #[test]
    fn an_interval_is_drawn_where_it_lies_and_said_beside_it() {
        let of = |estimate, low, high| Interval { estimate, low, high };
        let drawing = drawn(Words(Language::En), of(0.02, 0.01, 0.04), Scale(0.04)).into_string();
        assert!(drawing.contains("aria-label=\"+2.0 points (+1.0 … +4.0)\""), "{drawing}");
        assert!(drawing.contains("class=\"interval seen\"") && drawing.contains("cx=\"148\""), "{drawing}");
        assert!(drawing.contains("x1=\"124\" y1=\"12\" x2=\"195\""), "{drawing}");
        let unseen = drawn(Words(Language::Ru), of(0.0, -0.04, 0.04), Scale(0.04)).into_string();
        assert!(unseen.contains("class=\"interval\"") && unseen.contains("0.0 п. п. (−4.0 … +4.0)"), "{unseen}");
    }
}
