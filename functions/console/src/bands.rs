//! What cuts mean in words, such as `5 orders or more`.

use iso_currency::Currency;
use maud::{Markup, html};
use segmentation::{Axis, AxisCuts, Cuts, Minor, Score};

use crate::numbers::about;
use crate::words::Words;

/// The axes, and how they are called where there is room.
pub(crate) fn axes(words: Words) -> [(Axis, &'static str); 3] {
    [
        (Axis::Recency, words.say("Recency: the last order", "Давность: последний заказ")),
        (Axis::Frequency, words.say("Frequency: orders", "Частота: число заказов")),
        (Axis::Monetary, words.say("Monetary value: spent", "Сумма: потрачено")),
    ]
}

/// All nine bands.
pub(crate) fn table(words: Words, cuts: &Cuts, currency: Currency) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(words.say("What the scores mean", "Что значат оценки")) { table.list {
            thead { tr {
                td {}
                @for score in Score::ALL.into_iter().rev() { th scope="col" { (score.number()) } }
            } }
            tbody { @for (axis, name) in axes(words) {
                tr {
                    th scope="row" { (name) }
                    @for score in Score::ALL.into_iter().rev() { td { (band(words, cuts, axis, score, currency)) } }
                }
            } }
        } }
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
