//! A customer's story as a timeline: what they bought and gave back, how they moved and why, and what they used and said.

use iso_currency::Currency;
use ledger::{CustomerId, RedemptionState, Regroup, StoryItem};
use maud::{Markup, html};
use segmentation::{AlertCause, Day};

use crate::numbers::money;
use crate::pages::Listed;
use crate::staff::Staff;
use crate::words::Words;

/// Items that are read at once; they are put in the order of their days here, as the ledger lists them by kind.
pub(crate) const READ: usize = 200;

/// The latest first.
pub(crate) fn timeline(staff: &Staff, id: &CustomerId, story: &Listed<StoryItem>, currency: Currency) -> Markup {
    let words = staff.words;
    let mut items: Vec<(Day, &StoryItem)> = story.items.iter().map(|item| (day(item), item)).collect();
    items.sort_by_key(|(day, item)| {
        let sequence = item.sequence().map(|sequence| (sequence.version, sequence.place));
        std::cmp::Reverse((*day, sequence))
    });
    html! {
        section {
            h2 { (words.say("Their story", "История")) }
            ol.story { @for (day, item) in items {
                li { time datetime=(day) { (day) } " " (told(words, item, currency)) }
            } }
            @if let Some(next) = &story.next {
                p { a rel="next" href={ "/console/customers/" (id.path_form()) "?after=" (next) } { (words.say("Further", "Дальше")) } }
            }
        }
    }
}

/// The day that it belongs to; of an order and a return in the offset that they were sent with.
fn day(item: &StoryItem) -> Day {
    let date = |date: chrono::NaiveDate| date.to_string().parse().unwrap_or(Day::MIN);
    match item {
        StoryItem::Order { order, .. } => date(order.time.date_naive()),
        StoryItem::Return { returned, .. } => date(returned.sent.time.date_naive()),
        StoryItem::Attributes { attributes, .. } => {
            let at = i64::try_from(attributes.updated_at).ok().and_then(chrono::DateTime::from_timestamp_millis);
            at.map_or(Day::MIN, |at| date(at.date_naive()))
        }
        StoryItem::Choice { choice, .. } => choice.made,
        StoryItem::Answer { answer, .. } => answer.day,
        StoryItem::Redemption { redemption, .. } => redemption.day,
        StoryItem::GivenBack { slot, .. } => *slot,
        StoryItem::Referral { referral, .. } => referral.day,
        StoryItem::Alert { alert, .. } => alert.day,
        StoryItem::Merge { day, .. } => *day,
        StoryItem::Move { moved, .. } => moved.day,
    }
}

fn told(words: Words, item: &StoryItem, currency: Currency) -> Markup {
    match item {
        StoryItem::Order { order, .. } => html! {
            strong { (words.say("Order", "Заказ")) } " " bdi { (order.id) }
            @if order.revision.number > 0 { " (" (words.say("revision", "версия")) " " (order.revision.number) ")" }
            @if order.cancelled { " – " (words.say("cancelled", "отменён")) }
            ": " (money(order.total, currency))
            @if !order.lines.is_empty() {
                ", " (words.count(order.lines.len() as u64, ["line", "lines"], ["позиция", "позиции", "позиций"]))
            }
        },
        StoryItem::Return { returned, .. } => html! {
            strong { (words.say("Return", "Возврат")) } " " bdi { (returned.sent.id) } " "
            (words.say("of order", "по заказу")) " " bdi { (returned.sent.order) }
        },
        StoryItem::Move { moved, .. } => html! {
            strong { (words.say("Move", "Переход")) }
            @for step in &moved.steps {
                " " (words.place(step.from)) " → " (words.place(step.to)) " " span.soft { "(" (words.cause(step.cause)) ")" }
            }
        },
        StoryItem::Attributes { attributes, .. } => html! {
            strong { (words.say("What the shop told of them", "Что сообщил магазин")) }
            @if let Some(Some(since)) = attributes.programme_since { ": " (words.say("in the programme since", "в программе с")) " " (since) }
            @if let Some(Some(consent)) = attributes.mailing_consent {
                ", " @if consent { (words.say("agreed to mailings", "согласие на рассылки")) }
                    @else { (words.say("no mailings", "рассылки запрещены")) }
            }
        },
        StoryItem::Choice { choice, .. } => html! {
            strong { (words.say("Chose", "Выбор")) } " " bdi { (choice.category) } ", " bdi { (choice.reward) } " "
            (words.say("until", "до")) " " (choice.until)
        },
        StoryItem::Answer { answer, .. } => html! {
            strong { (words.say("Answered the survey", "Ответ на опрос")) } " " (answer.survey)
            @if let Some(score) = answer.score { ": " (score) }
        },
        StoryItem::Redemption { redemption, .. } => html! {
            strong { (words.say("Reward", "Награда")) } " " code { (redemption.key.series) } " "
            (words.say("on order", "по заказу")) " " bdi { (redemption.key.order) } ": "
            (money(redemption.value, currency)) ", " (state(words, redemption.state))
        },
        StoryItem::GivenBack { redemption, .. } => html! {
            strong { (words.say("Reward given back", "Награда возвращена")) } " " code { (redemption.series) } " "
            (words.say("with order", "вместе с заказом")) " " bdi { (redemption.order) }
        },
        StoryItem::Referral { .. } => {
            html! { strong { (words.say("A friend they brought has ordered", "Приведённый друг сделал заказ")) } }
        }
        StoryItem::Alert { alert, .. } => {
            html! { strong { (words.say("The shop was alerted:", "Магазин предупреждён:")) } " " (alerted(words, alert.cause)) }
        }
        StoryItem::Merge { what, .. } => html! {
            strong { @match what {
                Regroup::Merge => { (words.say("Became one with another customer", "Объединён с другим клиентом")) }
                Regroup::Unmerge => { (words.say("Parted from another customer", "Отделён от другого клиента")) }
            } }
        },
    }
}

fn state(words: Words, state: RedemptionState) -> &'static str {
    match state {
        RedemptionState::Reserved => words.say("reserved", "забронирована"),
        RedemptionState::Confirmed => words.say("used", "использована"),
        RedemptionState::Released => words.say("released", "отпущена"),
        RedemptionState::Lapsed => words.say("not used in time", "не использована вовремя"),
        RedemptionState::GivenBack => words.say("given back", "возвращена"),
    }
}

fn alerted(words: Words, cause: AlertCause) -> &'static str {
    match cause {
        AlertCause::Quality => words.say("stopped buying because of the quality", "перестали покупать из-за качества"),
        AlertCause::Detractor => words.say("would not recommend the shop", "не порекомендуют магазин"),
        AlertCause::VipSlipping => words.say("a VIP slips", "VIP уходит"),
        AlertCause::VipLost => words.say("a VIP is lost", "VIP потерян"),
    }
}
