//! The decision: which offers this customer should see now, in order, each with its reason; and what was withheld, and why.
//!
//! [`decide`] is pure and knows no secret (law 11): everything it rests on is in [`Inputs`] and in the playbook's version.
//! What was promised before stands first (`promise`, `begun`). Then it goes through the ideas of one entry of the playbook. For
//! each it asks, in this order: may it be shown here and may this customer be rewarded now (`gate`), is its calendar open, and can
//! its mechanic be made concrete from what is known of them (`mechanics`)? The first question answered with no is the reason it
//! is withheld.

mod arrivals;
mod asked;
mod begun;
mod candidate;
mod concrete;
mod decision;
mod facts;
mod gate;
mod inputs;
mod known;
mod life;
mod mechanics;
mod picks;
mod promise;
mod words;

pub use candidate::{Candidate, RunsOut};
pub use decision::{Choice, ChoiceReward, Decision, Given, NotOffered, Offer, On, Progress, Reason, Shown, Unrewarded};
pub use facts::{Chosen, Facts, Favourite, LastAnswer, Left, Milestone};
pub use inputs::{Cart, CategoryPair, Channel, Inputs, MoneyWords, OfferSettings, RhythmRule, SeriesStates, Tier};
pub use known::Standing;
pub use picks::LEFT_BEHIND;

use segmentation::Place;

use crate::calendar::{Calendar, Event, Open, Slot};
use crate::decide::concrete::Concrete;
use crate::decide::gate::Gate;
use crate::decide::life::Life;
use crate::decide::picks::Picks;
use crate::entry::{Entry, Rule};
use crate::idea::{Idea, IdeaKind};
use crate::mechanic::Mechanic;
use crate::playbook::Playbook;
use crate::why::{NoReward, Withheld};

/// An idea that is not offered now.
struct Refused {
    why: Withheld,
    opens: Option<segmentation::Day>,
}

impl From<Withheld> for Refused {
    fn from(why: Withheld) -> Refused {
        Refused { why, opens: None }
    }
}

/// Decides. The playbook has to be of the version the document names; the same document and version give the same decision.
#[must_use]
pub fn decide(inputs: &Inputs, playbook: &Playbook) -> Decision {
    let entry = inputs.reading().map_or(playbook.newcomer(), |segment| playbook.entry(segment));
    let gate = Gate::of(inputs, entry);
    let mut picks = Picks::new(inputs);
    let (mut offers, mut withheld) = (Vec::new(), Vec::new());
    // What was promised is given in this answer too, so it counts against what the answer may give.
    let mut rewards = 0;
    match promise::kept(inputs, playbook) {
        Some(Ok(promise)) => {
            rewards += 1;
            offers.push(promise);
        }
        Some(Err((idea, campaign, why))) => withheld.push(not_offered(playbook, inputs, idea, campaign, why.into())),
        None => {}
    }
    for begun in begun::kept(inputs, playbook, &mut picks) {
        match begun {
            Ok(offer) => {
                rewards += 1;
                offers.push(offer);
            }
            Err((idea, campaign, why)) => withheld.push(not_offered(playbook, inputs, idea, campaign, why.into())),
        }
    }
    for idea in &entry.ideas {
        let series = Playbook::series(entry, idea);
        match offer(inputs, playbook, entry, idea, &series, &gate, rewards, &mut picks) {
            Ok(offer) if offer.choice.is_some() && offers.iter().any(|before: &Offer| before.choice.is_some()) => {
                // One question at a time: only one choice can be kept.
                let refused = Withheld::OneIsEnough.into();
                withheld.push(not_offered(playbook, inputs, idea.code.clone(), series, refused));
            }
            Ok(offer) => {
                rewards += u8::from(offer.kind == IdeaKind::Reward);
                offers.push(offer);
            }
            Err(refused) => withheld.push(not_offered(playbook, inputs, idea.code.clone(), series, refused)),
        }
    }
    if let Some(cart) = &inputs.cart {
        // What is about the cart comes first; otherwise the playbook's order stands.
        offers.sort_by_key(|offer| !about_cart(inputs, cart, offer));
    }
    let language = inputs.language;
    let no_reward = (rewards == 0).then(|| {
        let why = gate.closed.unwrap_or(if entry.reward == Rule::Rare { NoReward::RuleRare } else { NoReward::NotNow });
        Unrewarded { why, text: playbook.no_reward(why, language).to_owned() }
    });
    Decision {
        day: inputs.day,
        segment: Place(inputs.customer.segment),
        group: inputs.customer.group,
        reads_as: inputs.customer.reads_as,
        entry: entry.name.clone(),
        playbook: inputs.playbook.clone(),
        goal: entry.goal.in_language(language).to_owned(),
        mechanic: entry.mechanic.in_language(language).to_owned(),
        caution: entry.caution.as_ref().map(|caution| caution.in_language(language).to_owned()),
        reason: words::standing(inputs),
        offers,
        no_reward,
        withheld,
    }
}

fn not_offered(playbook: &Playbook, inputs: &Inputs, idea: String, campaign: String, refused: Refused) -> NotOffered {
    let Refused { why, opens } = refused;
    NotOffered { idea, campaign, why, text: playbook.withheld(why, inputs.language).to_owned(), opens }
}

#[expect(clippy::too_many_arguments, reason = "one idea's whole context, used once")]
fn offer<'a>(
    inputs: &'a Inputs,
    playbook: &Playbook,
    entry: &Entry,
    idea: &Idea,
    series: &str,
    gate: &Gate,
    rewards: u8,
    picks: &mut Picks<'a>,
) -> Result<Offer, Refused> {
    gate::shown_here(inputs, idea)?;
    let kind = idea.kind();
    if kind == IdeaKind::Reward {
        gate.open_for(inputs, entry, series, rewards)?;
    }
    let slot = slot(inputs, idea, series)?;
    if redeemed(inputs, idea, series, slot) {
        return Err(Withheld::Closed.into());
    }
    concrete_offer(inputs, playbook, entry, idea, series, slot, picks)
}

/// The idea in its open slot, made concrete and said.
fn concrete_offer<'a>(
    inputs: &'a Inputs,
    playbook: &Playbook,
    entry: &Entry,
    idea: &Idea,
    series: &str,
    slot: Slot,
    picks: &mut Picks<'a>,
) -> Result<Offer, Refused> {
    if idea.mechanic == Mechanic::Choose && asked::chosen_in(inputs, series, slot) {
        return Err(Withheld::Answered.into());
    }
    let concrete = mechanics::make(inputs, entry, idea, slot, picks)?;
    let always = idea.calendar == Calendar::Always;
    let Some((text, why)) = words::say(inputs, playbook, idea, &concrete) else {
        return Err(Withheld::NothingToShow.into());
    };
    let step = concrete.step;
    let id = if always { series.to_owned() } else { format!("{series}/{}/{step}", slot.first) };
    picks.shown(&concrete.products);
    Ok(Offer {
        id,
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

/// Has the customer had what this slot gives? An event that comes again within P days gives nothing anew: answering twice
/// earns one code.
fn redeemed(inputs: &Inputs, idea: &Idea, series: &str, slot: Slot) -> bool {
    let Some(slots) = inputs.series.redeemed.get(series) else { return false };
    match idea.calendar {
        // Its steps open with the orders, so the same slot gives again.
        _ if idea.mechanic == Mechanic::RisingCashback => false,
        // A choice is redeemed by the day on which it was made, any of the slot's.
        _ if idea.mechanic == Mechanic::Choose => slots.iter().any(|made| slot.contains(*made)),
        // The usual day after a slot's beginning can be a little less than P after the one before.
        Calendar::Event { on: Event::UsualDay, .. } => slots.contains(&slot.first),
        Calendar::Event { every, .. } => {
            let period = i64::from(every);
            slots.iter().any(|first| (1 - period..period).contains(&slot.first.since(*first)))
        }
        _ => slots.contains(&slot.first),
    }
}

fn slot(inputs: &Inputs, idea: &Idea, series: &str) -> Result<Slot, Refused> {
    let shift = inputs.series.shifts.get(series).copied().unwrap_or(0);
    let survey = match idea.mechanic {
        Mechanic::Survey(survey) | Mechanic::CodeByAnswer(survey) => Some(survey),
        _ => None,
    };
    let life = Life { facts: &inputs.customer, products: &inputs.products, on: inputs.day, survey };
    match idea.calendar.on(inputs.day, shift, &inputs.settings.sales, &life) {
        Open::In(slot) => Ok(slot),
        Open::Closed(opens) => Err(Refused { why: Withheld::Cooldown, opens }),
    }
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

/// Does the offer show what goes with the cart, or give something on what lies in it?
fn about_cart(inputs: &Inputs, cart: &Cart, offer: &Offer) -> bool {
    let goes_with = |shown: &Shown| inputs.products.iter().any(|product| product.id == shown.id && product.cart > 0);
    let on_it = offer.reward.as_ref().is_some_and(|given| match &given.on {
        On::Anything => false,
        On::Category(category) => cart.categories.contains(category),
        On::Products(products) => products.iter().any(|product| cart.products.contains(product)),
    });
    on_it || offer.products.iter().any(goes_with)
}
