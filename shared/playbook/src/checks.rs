//! What an idea has to keep by itself: laws 12 and 13 as far as data can break them, and texts that can be filled.

use segmentation::Minor;

use crate::calendar::{Calendar, Event};
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
pub(crate) fn idea(idea: &Idea, place: &str) -> Checked {
    text(&idea.text, &format!("{place}.text"))?;
    range(|| format!("{place}.show"), idea.show.into(), 1, 10)?;
    let counted = match idea.mechanic {
        Mechanic::Challenge { orders } => Some(("challenge", orders)),
        Mechanic::Regularity { orders } => Some(("regularity", orders)),
        _ => None,
    };
    if let Some((kind, orders)) = counted {
        range(|| format!("{place}.mechanic.{kind}.orders"), orders.into(), 2, 12)?;
    }
    gives(idea, place)?;
    conditions(idea, place)?;
    calendar(idea, place)?;
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
    idea.reward.iter().try_for_each(|reward| amount(reward, || format!("{place}.reward")))?;
    let mut answered = idea.by_answer.iter();
    answered.try_for_each(|(answer, reward)| amount(reward, || format!("{place}.by_answer.{}", answer.name())))?;
    let mut choices = idea.choices.iter().enumerate();
    choices.try_for_each(|(nth, reward)| amount(reward, || format!("{place}.choices[{nth}]")))
}

/// What an order has to keep is asked where a reward is used on it.
fn conditions(idea: &Idea, place: &str) -> Checked {
    if idea.kind() != IdeaKind::Reward && !idea.conditions.is_empty() {
        return Err(PlaybookError::WrongConditions { place: place.to_owned() });
    }
    let total = idea.conditions.min_total.unwrap_or(Minor::ZERO);
    if (Minor::ZERO..=Minor::MAX).contains(&total) {
        return Ok(());
    }
    let most = usize::try_from(Minor::MAX.0).unwrap_or(usize::MAX);
    Err(PlaybookError::OutOfRange { place: format!("{place}.conditions.min_total"), least: 0, most })
}

fn is_rising(reward: &Reward) -> bool {
    matches!(reward, Reward::RisingCashback(_))
}

fn amount(reward: &Reward, place: impl Fn() -> String) -> Checked {
    match reward {
        Reward::Discount(percent) => range(|| format!("{}.discount", place()), (*percent).into(), 1, 90),
        Reward::Cashback(percent) => range(|| format!("{}.cashback", place()), (*percent).into(), 1, 90),
        Reward::Points(times) => range(|| format!("{}.points", place()), (*times).into(), 2, 10),
        Reward::FreeDelivery => Ok(()),
        Reward::RisingCashback(steps) => {
            if !(2..=10).contains(&steps.len()) || !steps.is_sorted_by(|step, next| step < next) {
                let wants = "has to have 2 to 10 steps, each higher than the one before";
                return Err(PlaybookError::WrongReward { place: place(), wants });
            }
            let step = |(nth, percent): (usize, &u8)| {
                range(|| format!("{}.rising_cashback[{nth}]", place()), (*percent).into(), 1, 90)
            };
            steps.iter().enumerate().try_for_each(step)
        }
    }
}

/// Law 12: a reward has a slot, and V <= validity <= P; V = validity where orders are counted.
fn calendar(idea: &Idea, place: &str) -> Checked {
    let wrong = |wants| Err(PlaybookError::WrongCalendar { place: place.to_owned(), wants });
    let cycle = match idea.calendar {
        Calendar::Slots { every, open } => Some(("slots", every, open)),
        Calendar::Event { every, open, .. } => Some(("event", every, open)),
        Calendar::Always | Calendar::Sale | Calendar::FinalDays | Calendar::Month => None,
    };
    if let Some((kind, every, open)) = cycle {
        range(|| format!("{place}.calendar.{kind}.every"), every.into(), 1, LONGEST_CYCLE.into())?;
        range(|| format!("{place}.calendar.{kind}.open"), open.into(), 1, every.into())?;
    }
    if idea.kind() != IdeaKind::Reward {
        return range(|| format!("{place}.validity"), idea.validity.into(), 0, 0);
    }
    let by_answer = matches!(idea.mechanic, Mechanic::CodeByAnswer(_));
    if by_answer && !matches!(idea.calendar, Calendar::Event { on: Event::Answer, .. }) {
        return wrong("has to be the event answer: it gives by the answer, once for it");
    }
    let counts = idea.mechanic.counts_orders();
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
    // What is counted is shown as long as it is promised.
    let most = if counts { least } else { most };
    let least = if idea.mechanic == Mechanic::UsualDayCode { least.max(WEEK) } else { least };
    range(|| format!("{place}.validity"), idea.validity.into(), least.into(), most.into())
}

/// The form of an idea's code and of a series.
pub(crate) fn is_snake_case(code: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    code.len() <= 60 && code.starts_with(|c: char| c.is_ascii_lowercase()) && code.split('_').all(word)
}
