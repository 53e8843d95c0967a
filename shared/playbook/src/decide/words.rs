//! What is said to the customer: templates filled with their facts, days and money written out.

use segmentation::{Day, Minor};

use crate::decide::concrete::Concrete;
use crate::decide::facts::Chosen;
use crate::decide::inputs::{Inputs, MoneyWords};
use crate::idea::Idea;
use crate::language::Language;
use crate::mechanic::Placeholder;
use crate::playbook::Playbook;
use crate::reward::Reward;

const EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const RU: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];

/// `5 March 2026`, `5 марта 2026`.
pub(super) fn day(day: Day, language: Language) -> String {
    let month = usize::try_from(day.month_number() % 12).unwrap_or(0);
    let name = match language {
        Language::En => EN[month],
        Language::Ru => RU[month],
    };
    format!("{} {name} {}", day.day_of_month(), day.month_number() / 12)
}

/// `1 234.50 EUR`: the point and the code read the same in both languages.
pub(super) fn money(amount: Minor, words: &MoneyWords) -> String {
    let unit = 10_u64.pow(u32::from(words.digits.min(6)));
    let (whole, part) = (amount.0.unsigned_abs() / unit, amount.0.unsigned_abs() % unit);
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    let sign = if amount.0 < 0 { "-" } else { "" };
    if words.digits == 0 {
        format!("{sign}{grouped} {}", words.code)
    } else {
        format!("{sign}{grouped}.{part:0width$} {}", words.code, width = usize::from(words.digits.min(6)))
    }
}

/// A reward in words; of a rising one, what the step gives.
pub(super) fn reward(playbook: &Playbook, reward: &Reward, step: u8, language: Language) -> String {
    playbook.reward_words(reward, usize::from(step.max(1)) - 1, language)
}

/// Text and reason of an offer; `None` where a text speaks of what is not known.
pub(super) fn say(inputs: &Inputs, playbook: &Playbook, idea: &Idea, made: &Concrete<'_>) -> Option<(String, String)> {
    let language = inputs.language;
    let rewards: Vec<String> =
        made.reward.iter().chain(&made.choices).map(|given| reward(playbook, given, made.step, language)).collect();
    let (given, until) = (rewards.join(" / "), day(made.valid_until, language));
    let value = |placeholder: Placeholder| match placeholder {
        Placeholder::Reward => (!given.is_empty()).then_some(given.as_str()),
        Placeholder::Until => Some(until.as_str()),
        named => made.values.iter().find(|(placeholder, _)| *placeholder == named).map(|(_, value)| value.as_str()),
    };
    Some((idea.say.fill(language, value)?, idea.why.fill(language, value)?))
}

/// Text and reason of what was chosen.
pub(super) fn chosen(inputs: &Inputs, playbook: &Playbook, chosen: &Chosen, given: &str) -> Option<(String, String)> {
    let language = inputs.language;
    let until = day(chosen.until, language);
    let value = |placeholder: Placeholder| match placeholder {
        Placeholder::Reward => Some(given),
        Placeholder::Until => Some(until.as_str()),
        Placeholder::Category => Some(chosen.category.as_str()),
        _ => None,
    };
    let words = playbook.words().chosen();
    Some((words.say.fill(language, value)?, words.why.fill(language, value)?))
}

/// A median gap is whole halves of a day: `10`, `10.5`.
fn half_days(days: f64) -> String {
    let halves = (days * 2.0).round() as i64;
    format!("{}{}", halves / 2, if halves % 2 == 0 { "" } else { ".5" })
}

/// Where the customer stands and why: what was computed, not a guess.
pub(super) fn standing(inputs: &Inputs) -> String {
    let facts = &inputs.customer;
    let (Some(values), Some(segment)) = (facts.values, facts.segment) else {
        let text = match (inputs.degraded, inputs.language) {
            (true, Language::En) => "the store did not answer in time: what anyone may be offered",
            (true, Language::Ru) => "хранилище не ответило вовремя: предложение для всех",
            (false, Language::En) => "no counted order yet, or the shop has no cuts: a newcomer",
            (false, Language::Ru) => "учтённых заказов ещё нет или у магазина нет порогов: новичок",
        };
        return text.to_owned();
    };
    let [r, f, m] = [segment.r, segment.f, segment.m].map(segmentation::Score::number);
    let (days, orders, spent) = (values.recency_days, values.frequency, money(values.monetary, &inputs.money));
    let mut text = match inputs.language {
        Language::En => format!(
            "days since the last order: {days} (recency {r} of 3); orders: {orders} (frequency {f} of 3); spent: {spent} (monetary {m} of 3)"
        ),
        Language::Ru => format!(
            "дней с последнего заказа: {days} (давность {r} из 3); заказов: {orders} (частота {f} из 3); потрачено: {spent} (сумма {m} из 3)"
        ),
    };
    if let Some((own, gap)) = facts.reads_as.zip(facts.usual_gap_days) {
        let gap = half_days(gap);
        let own = own.r.number();
        text += &match inputs.language {
            Language::En => {
                format!("; by their own rhythm, usually {gap} days from order to order: recency {own} of 3")
            }
            Language::Ru => format!("; по собственному ритму, обычно дней между заказами: {gap}, давность {own} из 3"),
        };
    }
    text
}
