//! What an idea has to keep by itself: laws 12 and 13 as far as data can break them, and texts that can be filled.

use crate::calendar::Calendar;
use crate::error::PlaybookError;
use crate::idea::{Idea, IdeaKind};
use crate::language::{Language, Text};
use crate::mechanic::{Answer, Mechanic, Placeholder};
use crate::reward::Reward;
use crate::template::Template;

/// Longest text, in characters.
const LONGEST_TEXT: usize = 500;
/// Longest time between two slots: two years.
const LONGEST_CYCLE: u16 = 730;
/// A code for a usual day has to reach every weekday.
const WEEK: u16 = 7;

type Checked = Result<(), PlaybookError>;

/// A text is there in both languages and of a bearable length.
pub(crate) fn text(text: &Text, place: &str) -> Checked {
    for language in Language::ALL {
        let said = text.in_language(language);
        if said.trim().is_empty() {
            return Err(PlaybookError::EmptyText { place: place.to_owned(), language });
        }
        if said.chars().count() > LONGEST_TEXT {
            return Err(PlaybookError::LongText { place: place.to_owned(), language, most: LONGEST_TEXT });
        }
    }
    Ok(())
}

/// A number stands between two others.
pub(crate) fn range(place: impl FnOnce() -> String, value: usize, least: usize, most: usize) -> Checked {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(PlaybookError::OutOfRange { place: place(), least, most })
    }
}

/// Everything an idea has to keep whoever it is for.
pub(crate) fn idea(idea: &Idea) -> Checked {
    let place = format!("idea.{}", idea.code);
    if !is_snake_case(&idea.code) {
        return Err(PlaybookError::NotSnakeCase { code: idea.code.chars().take(80).collect() });
    }
    text(&idea.text, &format!("{place}.text"))?;
    range(|| format!("{place}.show"), idea.show.into(), 1, 10)?;
    if let Mechanic::Challenge { orders } | Mechanic::Regularity { orders } = idea.mechanic {
        range(|| format!("{place}.mechanic.orders"), orders.into(), 2, 12)?;
    }
    gives(idea, &place)?;
    calendar(idea, &place)?;
    [("say", &idea.say), ("why", &idea.why)]
        .into_iter()
        .try_for_each(|(field, template)| names(idea, template, &format!("{place}.{field}")))
}

/// A text names only what can be filled in.
fn names(idea: &Idea, template: &Template, place: &str) -> Checked {
    text(template.text(), place)?;
    let gives = idea.rewards().next().is_some();
    let known = |named: &Placeholder| match named {
        Placeholder::Until => true,
        Placeholder::Reward => gives,
        other => idea.mechanic.knows().contains(other),
    };
    for language in Language::ALL {
        if let Some(foreign) = template.names(language).find(|named| !known(named)) {
            return Err(PlaybookError::ForeignPlaceholder { place: place.to_owned(), language, name: foreign.name() });
        }
    }
    Ok(())
}

/// The idea gives what its mechanic gives, in bounds.
fn gives(idea: &Idea, place: &str) -> Checked {
    let wrong = |wants| Err(PlaybookError::WrongReward { place: place.to_owned(), wants });
    let (one, answers, choices) = (idea.reward.is_some(), !idea.by_answer.is_empty(), !idea.choices.is_empty());
    match idea.mechanic {
        Mechanic::CodeByAnswer(survey) => {
            let wanted = survey.answers();
            if !idea.by_answer.keys().eq(wanted) {
                let names: Vec<&str> = wanted.iter().map(|answer: &Answer| answer.name()).collect();
                return Err(PlaybookError::WrongAnswers { place: place.to_owned(), answers: names.join(", ") });
            }
            if one || choices {
                return wrong("gives by answer, so it has `by_answer` only");
            }
        }
        Mechanic::Choose => {
            if one || answers {
                return wrong("gives what is chosen, so it has `choices` only");
            }
            range(|| format!("{place}.choices"), idea.choices.len(), 1, 5)?;
        }
        _ if answers || choices => return wrong("is neither by answer nor a choice, so it has `reward` only"),
        mechanic if one && !mechanic.may_give() => return wrong("is a question or an invitation and gives nothing"),
        mechanic if !one && mechanic.must_give() => return wrong("promises a reward, so it needs `reward`"),
        _ => {}
    }
    let rising = matches!(idea.reward, Some(Reward::RisingCashback(_)));
    if rising != (idea.mechanic == Mechanic::RisingCashback)
        || idea.by_answer.values().chain(&idea.choices).any(is_rising)
    {
        return wrong("has to give rising cashback if that is its mechanic, and only then");
    }
    idea.rewards().try_for_each(|reward| amount(reward, place))
}

fn is_rising(reward: &Reward) -> bool {
    matches!(reward, Reward::RisingCashback(_))
}

fn amount(reward: &Reward, place: &str) -> Checked {
    let percent = |percent: u8| range(|| format!("{place}: a reward's percent"), percent.into(), 1, 90);
    match reward {
        Reward::Discount(value) | Reward::Cashback(value) => percent(*value),
        Reward::RisingCashback(steps) => {
            range(|| format!("{place}: the number of steps"), steps.len(), 2, 10)?;
            steps.iter().try_for_each(|value| percent(*value))?;
            let wants = "has to give cashback that rises with each step";
            let rises = steps.is_sorted_by(|step, next| step < next);
            if rises { Ok(()) } else { Err(PlaybookError::WrongReward { place: place.to_owned(), wants }) }
        }
        Reward::Points(times) => range(|| format!("{place}: a reward's points"), (*times).into(), 2, 10),
        Reward::FreeDelivery => Ok(()),
    }
}

/// Law 12: a reward has a slot, and V <= validity <= P.
fn calendar(idea: &Idea, place: &str) -> Checked {
    let wrong = |wants| Err(PlaybookError::WrongCalendar { place: place.to_owned(), wants });
    if let Calendar::Slots { every, open } | Calendar::Event { every, open, .. } = idea.calendar {
        range(|| format!("{place}.calendar.every"), every.into(), 1, LONGEST_CYCLE.into())?;
        range(|| format!("{place}.calendar.open"), open.into(), 1, every.into())?;
    }
    if idea.kind() != IdeaKind::Reward {
        return range(|| format!("{place}.validity"), idea.validity.into(), 0, 0);
    }
    let counts =
        matches!(idea.mechanic, Mechanic::RisingCashback | Mechanic::Challenge { .. } | Mechanic::Regularity { .. });
    if counts && !matches!(idea.calendar, Calendar::Slots { .. }) {
        return wrong("has to be slots: orders are counted inside one");
    }
    let (least, most) = match idea.calendar {
        Calendar::Always => return wrong("may not be always: a reward has to have a slot"),
        Calendar::Slots { every, open } | Calendar::Event { every, open, .. } => (open, every),
        // A month's slot is at most 31 days, and its offers end with it.
        Calendar::Month => (31, 31),
        // How long a sale lasts stands in the shop's settings; its offers end with it.
        Calendar::Sale | Calendar::FinalDays => (1, LONGEST_CYCLE),
    };
    let least = if idea.mechanic == Mechanic::UsualDayCode { least.max(WEEK) } else { least };
    range(|| format!("{place}.validity"), idea.validity.into(), least.into(), most.into())
}

fn is_snake_case(code: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    code.len() <= 60 && code.starts_with(|c: char| c.is_ascii_lowercase()) && code.split('_').all(word)
}
