//! Mechanics that go by what the customer says: questions, codes by their answers, and choices.

use segmentation::Day;

use crate::calendar::{Calendar, Event, Slot};
use crate::decide::concrete::Concrete;
use crate::decide::inputs::Inputs;
use crate::decide::picks::Picks;
use crate::idea::Idea;
use crate::mechanic::{Answer, Placeholder, Survey};
use crate::why::Withheld;

/// Is there something to ask?
pub(super) fn open(inputs: &Inputs, survey: Survey, slot: Slot) -> Result<(), Withheld> {
    let facts = &inputs.customer;
    // Asked once a slot, and not again before there is something new to ask about: another purchase, or another
    // stay in the segment.
    let news = match survey {
        Survey::Purchase => facts.last_order().max(facts.here_since()),
        Survey::Reason | Survey::Nps => facts.here_since(),
    };
    let since = news.unwrap_or(Day::MIN).min(slot.first);
    if facts.answer(survey).is_some_and(|answer| answer.day >= since) {
        return Err(Withheld::Answered);
    }
    Ok(())
}

pub(super) fn by_answer<'a>(
    inputs: &'a Inputs,
    idea: &Idea,
    survey: Survey,
    picks: &Picks<'a>,
    made: &mut Concrete<'a>,
) -> Result<(), Withheld> {
    let since = inputs.customer.here_since().unwrap_or(Day::MIN);
    let answer = inputs.customer.answer(survey).filter(|answer| answer.day >= since).ok_or(Withheld::NotEligible)?;
    made.reward = idea.by_answer.get(&answer.answer).cloned();
    // It burns from the day of the answer, whatever day the calendar began; where the slot is itself named by an answer, from that
    // one: answering again makes nothing last longer.
    if !matches!(idea.calendar, Calendar::Event { on: Event::Answer, .. }) {
        made.valid_until = answer.day.plus(i64::from(idea.validity) - 1);
    }
    if answer.answer == Answer::Assortment {
        made.products = picks.unfamiliar(idea.show).unwrap_or_default();
    }
    Ok(())
}

/// Was the slot's choice made already? One choice a slot, however short it lasts (law 12).
pub(super) fn chosen_in(inputs: &Inputs, series: &str, slot: Slot) -> bool {
    inputs.customer.last_chosen.get(series).is_some_and(|made| slot.contains(*made))
}

pub(super) fn choose(inputs: &Inputs, idea: &Idea, made: &mut Concrete<'_>) -> Result<(), Withheld> {
    let facts = &inputs.customer;
    made.categories = facts.categories.iter().map(|favourite| favourite.name.clone()).collect();
    if made.categories.is_empty() {
        return Err(Withheld::NotEligible);
    }
    if facts.choice.is_some() {
        // What was chosen stands first in the answer; there is nothing to choose while it lasts.
        return Err(Withheld::OneIsEnough);
    }
    made.values.push((Placeholder::Category, made.categories[0].clone()));
    made.choices = idea.choices.clone();
    made.earned = false;
    // The days that are offered begin with the choice, which may be made on any open day.
    made.valid_until = inputs.day.plus(i64::from(idea.validity) - 1);
    Ok(())
}
