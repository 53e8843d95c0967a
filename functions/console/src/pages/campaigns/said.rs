//! Terms in words: when, to whom and on which conditions.

use iso_currency::Currency;
use playbook::calendar::{Calendar, Event};
use playbook::mechanic::{Answer, Survey};
use playbook::reward::Limit;
use playbook::{Conditions, Language, ShownAt};

use crate::numbers::money;
use crate::words::Words;

pub(super) fn days(words: Words, days: u16) -> String {
    words.count(days.into(), ["day", "days"], ["день", "дня", "дней"])
}

/// The same after `out of`, where Russian has the genitive.
fn of_days(words: Words, days: u16) -> String {
    words.count(days.into(), ["day", "days"], ["дня", "дней", "дней"])
}

/// When it is open for a customer.
pub(super) fn calendar(words: Words, calendar: Calendar) -> String {
    match calendar {
        Calendar::Always => words.say("every day", "каждый день").to_owned(),
        Calendar::Slots { every, open } if open >= every => words.say("every day", "каждый день").to_owned(),
        Calendar::Slots { every, open } => {
            let (open, every) = (days(words, open), of_days(words, every));
            match words.0 {
                Language::En => format!("{open} out of {every}, on other days for other customers"),
                Language::Ru => format!("{open} из {every}, у разных клиентов в разные дни"),
            }
        }
        Calendar::Sale => words.say("while a sale of the shop lasts", "пока идёт распродажа магазина").to_owned(),
        Calendar::FinalDays => words.say("in the final days of a sale", "в последние дни распродажи").to_owned(),
        Calendar::Month => words.say("in each calendar month", "в каждом календарном месяце").to_owned(),
        Calendar::Event { on, open, every } => {
            let (on, open, every) = (event(words, on), days(words, open), days(words, every));
            match words.0 {
                Language::En => format!("{on}, for {open}; at most once in {every}"),
                Language::Ru => format!("{on}, на {open}; не чаще раза в {every}"),
            }
        }
    }
}

fn event(words: Words, event: Event) -> &'static str {
    match event {
        Event::Anniversary => words.say("on the anniversary in the programme", "в годовщину участия в программе"),
        Event::RunOut => {
            words.say("when a product they bought must run out", "когда купленный товар должен заканчиваться")
        }
        Event::UsualDay => words.say("on the day they usually buy", "в день, когда клиент обычно покупает"),
        Event::Achievement => words.say("at a round number of orders", "при круглом числе заказов"),
        Event::Move => words.say("when they come into the segment", "при переходе в сегмент"),
        Event::FirstOrder => words.say("after the first order", "после первого заказа"),
        Event::Answer => words.say("after an answer to the survey", "после ответа на опрос"),
        Event::Referral => words.say("when a friend they brought has ordered", "когда приведённый друг сделал заказ"),
    }
}

pub(super) fn shown_at(words: Words, place: ShownAt) -> &'static str {
    match place {
        ShownAt::Mailing => words.say("in mailings", "в рассылках"),
        ShownAt::Checkout => words.say("at checkout", "при оформлении заказа"),
        ShownAt::Both => words.say("at checkout and in mailings", "при оформлении заказа и в рассылках"),
    }
}

/// What the order has to keep.
pub(super) fn conditions(words: Words, conditions: &Conditions, currency: Currency) -> String {
    let least = conditions.min_total.map(|least| match words.0 {
        Language::En => format!("from {}", money(least, currency)),
        Language::Ru => format!("от {}", money(least, currency)),
    });
    let stacks = match conditions.stacks {
        true => words.say("together with other rewards that allow it", "вместе с другими, которые это допускают"),
        false => words.say("one reward per order", "одно вознаграждение на заказ"),
    };
    least.into_iter().chain([stacks.to_owned()]).collect::<Vec<_>>().join("; ")
}

/// What an entry's rewards may come to.
pub(super) fn limit(words: Words, Limit { percent, rewards }: Limit) -> String {
    let rewards = words.rewards(rewards.into());
    match words.0 {
        Language::En => format!("at most {percent} % of an order, and {rewards} at a time"),
        Language::Ru => format!("не больше {percent} % заказа и {rewards} за раз"),
    }
}

pub(super) fn survey(words: Words, survey: Survey) -> &'static str {
    match survey {
        Survey::Reason => words.say("Why did you stop buying?", "Почему вы перестали покупать?"),
        Survey::Nps => words.say("Would you recommend us? (0 to 10)", "Посоветуете ли нас друзьям? (от 0 до 10)"),
        Survey::Purchase => {
            words.say("How was the last purchase? (1 to 5)", "Как прошла последняя покупка? (от 1 до 5)")
        }
    }
}

pub(super) fn answer(words: Words, survey: Survey, answer: Answer) -> &'static str {
    match (answer, survey) {
        (Answer::Price, _) => words.say("Too expensive", "Дорого"),
        (Answer::Delivery, _) => words.say("Delivery", "Доставка"),
        (Answer::Quality, _) => words.say("Quality", "Качество"),
        (Answer::Assortment, _) => words.say("Nothing new, or not what was looked for", "Нет нового или нужного"),
        (Answer::Other, _) => words.say("Another reason", "Другая причина"),
        (Answer::Detractor, Survey::Nps) => words.say("0 to 6: would rather not", "0–6: скорее нет"),
        (Answer::Passive, Survey::Nps) => words.say("7 or 8: neither", "7–8: ни да, ни нет"),
        (Answer::Promoter, Survey::Nps) => words.say("9 or 10: would", "9–10: да"),
        (Answer::Detractor, _) => words.say("1 or 2: badly", "1–2: плохо"),
        (Answer::Passive, _) => words.say("3: so so", "3: так себе"),
        (Answer::Promoter, _) => words.say("4 or 5: well", "4–5: хорошо"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendars_are_said_in_both_languages() {
        let said = |of: Calendar| [Language::En, Language::Ru].map(|language| calendar(Words(language), of));
        assert_eq!(
            said(Calendar::Slots { every: 30, open: 7 }),
            [
                "7 days out of 30 days, on other days for other customers",
                "7 дней из 30 дней, у разных клиентов в разные дни"
            ]
        );
        assert_eq!(said(Calendar::Slots { every: 30, open: 30 })[0], "every day");
        assert_eq!(
            said(Calendar::Event { on: Event::Move, open: 3, every: 21 }),
            [
                "when they come into the segment, for 3 days; at most once in 21 days",
                "при переходе в сегмент, на 3 дня; не чаще раза в 21 день"
            ]
        );
    }
}
