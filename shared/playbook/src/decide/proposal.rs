//! An idea put before a customer: its open slot, and the offer it comes to.

use segmentation::Day;

use crate::calendar::{Calendar, Open, Slot};
use crate::decide::Refused;
use crate::decide::asked;
use crate::decide::candidate::Candidate;
use crate::decide::closed;
use crate::decide::concrete::Concrete;
use crate::decide::decision::{Choice, ChoiceReward, Given, Offer, Reason, Shown};
use crate::decide::inputs::Inputs;
use crate::decide::life::Life;
use crate::decide::mechanics;
use crate::decide::picks::Picks;
use crate::decide::words;
use crate::idea::Idea;
use crate::mechanic::Mechanic;
use crate::playbook::Playbook;
use crate::reward::Limit;
use crate::why::Withheld;

/// An idea under its lasting name, and what its reward may come to; without a limit, what the idea says.
#[derive(Clone, Copy)]
pub(crate) struct Proposal<'p> {
    pub(crate) idea: &'p Idea,
    pub(crate) series: &'p str,
    pub(crate) limit: Option<Limit>,
}

/// Its slot that is open on the day.
pub(super) fn open_slot(inputs: &Inputs, proposal: &Proposal<'_>, on: Day) -> Result<Slot, Refused> {
    let Proposal { idea, series, .. } = proposal;
    let shift = inputs.series.shifts.get(*series).copied().unwrap_or(0);
    let survey = match idea.mechanic {
        Mechanic::Survey(survey) | Mechanic::CodeByAnswer(survey) => Some(survey),
        _ => None,
    };
    let life = Life { facts: &inputs.customer, products: &inputs.products, on, survey };
    match idea.calendar.on(on, shift, &inputs.settings.sales, &life) {
        Open::In(slot) => Ok(slot),
        Open::Closed(opens) => Err(Refused { why: Withheld::Cooldown, opens }),
    }
}

/// The idea in the slot, unless its reward was used, made concrete.
pub(super) fn concrete<'a>(
    inputs: &'a Inputs,
    proposal: &Proposal<'_>,
    slot: Slot,
    picks: &Picks<'a>,
) -> Result<Concrete<'a>, Withheld> {
    if closed::redeemed(inputs, proposal.idea, proposal.series, slot) {
        return Err(Withheld::Closed);
    }
    if proposal.idea.mechanic == Mechanic::Choose && asked::chosen_in(inputs, proposal.series, slot) {
        return Err(Withheld::Answered);
    }
    mechanics::make(inputs, proposal, slot, picks)
}

/// The idea in the slot, made concrete and said.
pub(super) fn offer<'a>(
    inputs: &'a Inputs,
    playbook: &Playbook,
    proposal: &Proposal<'_>,
    slot: Slot,
    picks: &mut Picks<'a>,
) -> Result<Offer, Refused> {
    let Proposal { idea, series, .. } = *proposal;
    picks.turn_to(series);
    let concrete = concrete(inputs, proposal, slot, picks)?;
    let always = idea.calendar == Calendar::Always;
    let Some((text, why)) = words::say(inputs, playbook, idea, &concrete) else {
        return Err(Withheld::NothingToShow.into());
    };
    let step = concrete.step;
    let id = if always { series.to_owned() } else { format!("{series}/{}/{step}", slot.first) };
    picks.shown(&concrete.products);
    Ok(Offer {
        id,
        code: None,
        idea: idea.code.clone(),
        mechanic: idea.mechanic,
        kind: idea.kind(),
        place: idea.place,
        text,
        reason: Reason { campaign: series.to_owned(), slot: (!always).then_some(slot.first), step, text: why },
        reward: given(inputs, playbook, &concrete),
        choice: choice(inputs, playbook, idea, &concrete),
        progress: concrete.progress,
        products: concrete.products.iter().map(|product| shown_product(product)).collect(),
        open: (!always).then_some(slot),
    })
}

fn given(inputs: &Inputs, playbook: &Playbook, concrete: &Concrete<'_>) -> Option<Given> {
    let reward = concrete.reward.clone()?;
    Some(Given {
        words: words::reward(playbook, &reward, concrete.step, inputs.language),
        reward,
        on: concrete.on.clone(),
        earned: concrete.earned,
        valid_from: concrete.valid_from,
        valid_until: concrete.valid_until,
    })
}

fn choice(inputs: &Inputs, playbook: &Playbook, idea: &Idea, concrete: &Concrete<'_>) -> Option<Choice> {
    let rewards: Vec<ChoiceReward> = concrete
        .choices
        .iter()
        .map(|reward| ChoiceReward {
            code: reward.code(),
            words: words::reward(playbook, reward, 1, inputs.language),
            reward: reward.clone(),
        })
        .collect();
    let categories = concrete.categories.clone();
    (!rewards.is_empty()).then_some(Choice { categories, rewards, days: idea.validity })
}

fn shown_product(product: &Candidate) -> Shown {
    Shown {
        id: product.id.clone(),
        name: product.name.clone(),
        price: product.price,
        list_price: product.list_price,
        image: product.image.clone(),
        url: product.url.clone(),
    }
}
