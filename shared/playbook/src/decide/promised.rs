//! What a code or an offer stands for on the day of its use. A code that we made proves that we gave it out, so it is asked only
//! whether it is in time and unused; an offer's id is no secret, so of it everything is asked that a decision asks.

use segmentation::Day;

use crate::calendar::{Calendar, Event, Open, Slot, next_usual_day};
use crate::campaign::{OwnCampaign, Terms};
use crate::decide::begun;
use crate::decide::closed;
use crate::decide::decision::On;
use crate::decide::gate::{self, Gate};
use crate::decide::inputs::Inputs;
use crate::decide::life::Life;
use crate::decide::mechanics;
use crate::decide::own;
use crate::decide::picks::Picks;
use crate::decide::proposal::{self, Proposal};
use crate::decide::{Refused, promise};
use crate::entry::Entry;
use crate::idea::IdeaKind;
use crate::mechanic::Mechanic;
use crate::playbook::Playbook;
use crate::redeem::{NotRedeemable, Promised};
use crate::reward::{Limit, Reward};
use crate::why::Withheld;

type Redeemable = Result<Promised, NotRedeemable>;

impl From<Withheld> for NotRedeemable {
    fn from(why: Withheld) -> NotRedeemable {
        match why {
            // The state of the series is asked before anything is made concrete.
            Withheld::Closed => NotRedeemable::Used,
            why => NotRedeemable::NotOffered(Some(why)),
        }
    }
}

/// What a code gives whose proof was checked, on `inputs.day`: gates, audience, place and what was asked of the customer when it
/// was given out are not asked again. Of the document it takes the facts, the products, the settings and of `series` the shift and
/// the closed steps of the terms' series. The products have to be gathered without a cart, or what lies in it is no candidate;
/// `cart` then says which favourite category is meant.
///
/// `entry`: whose limit cuts an own campaign that keeps to the rules, see [`promiser`]; else `None`.
///
/// # Errors
/// Why it cannot be used today.
pub fn by_code(inputs: &Inputs, terms: &Terms, entry: Option<&Entry>, slot: Day, step: u8) -> Redeemable {
    let limit = terms.limit.or(entry.map(|entry| entry.limit));
    let proposal = Proposal { idea: &terms.idea, series: &terms.series, limit };
    if terms.idea.mechanic == Mechanic::Choose {
        return chosen(inputs, &proposal, slot, step);
    }
    let slot = slot_of(inputs, &proposal, slot)?;
    let valid = in_time(inputs, &proposal, slot)?;
    unused(inputs, &proposal, slot, step)?;
    earned(inputs, &proposal, slot, step)?;
    let reward = promised_reward(inputs, &proposal)?;
    // Delivery fitted its limit when it was given: what orders usually come to is not weighed again.
    let fitting =
        limit.map_or_else(|| Some(reward.clone()), |limit| reward.within(limit, &inputs.settings.costs, None));
    let reward = fitting.ok_or(Withheld::RewardLimit)?;
    made(inputs, &proposal, slot, step, reward, valid)
}

/// What an offer gives that a decision would show today, at checkout or, with consent, in a mailing: however many rewards the
/// answer held, and also after its slot's open days, as long as it is valid. The document as for [`by_code`].
///
/// `own`: the shop's own campaign of the terms' series, where it is one. `terms`: those in force.
///
/// # Errors
/// Why it cannot be used today.
pub fn by_offer(
    inputs: &Inputs,
    playbook: &Playbook,
    own: Option<&OwnCampaign>,
    terms: &Terms,
    slot: Day,
    step: u8,
) -> Redeemable {
    let series = terms.series.as_str();
    if terms.idea.kind() != IdeaKind::Reward {
        return Err(NotRedeemable::NotOffered(None));
    }
    if terms.idea.mechanic == Mechanic::Choose {
        // Whoever is held out since keeps what they chose.
        promise::unavailable(inputs, series).map_or(Ok(()), |why| Err(NotRedeemable::NotOffered(Some(why))))?;
        let proposal = Proposal { idea: &terms.idea, series, limit: None };
        return chosen(inputs, &proposal, slot, step);
    }
    let proposal = Proposal { idea: &terms.idea, series, limit: terms.limit };
    let slot = slot_of(inputs, &proposal, slot)?;
    let valid = in_time(inputs, &proposal, slot)?;
    unused(inputs, &proposal, slot, step)?;
    let refused = |refused: Refused| NotRedeemable::NotOffered(Some(refused.why));
    let limit = match own.filter(|own| own.series == terms.series) {
        Some(campaign) => own_limit(inputs, playbook, campaign, slot).map_err(refused)?,
        None => Some(entry_limit(inputs, playbook, &proposal, slot).map_err(refused)?),
    };
    let proposal = Proposal { limit, ..proposal };
    earned(inputs, &proposal, slot, step)?;
    let concrete = proposal::concrete(inputs, &proposal, slot, &Picks::to_use(inputs))?;
    let reward = concrete.reward.ok_or(NotRedeemable::NotOffered(None))?;
    made(inputs, &proposal, slot, step, reward, valid)
}

/// The entry whose limit cuts an own campaign that keeps to the rules: the one that is read; where that leaves no room, the last
/// one left since the slot began that does, because it was promised there.
#[must_use]
pub fn promiser<'p>(inputs: &Inputs, playbook: &'p Playbook, slot: Day) -> &'p Entry {
    let read = inputs.entry(playbook);
    let room = |entry: &&Entry| entry.limit.percent > 0 && entry.limit.rewards > 0;
    let since = inputs.customer.left.iter().filter(|left| left.day >= slot);
    let left = since.map(|left| playbook.entry(left.segment));
    std::iter::once(read).chain(left).find(room).unwrap_or(read)
}

/// Asks all that a decision asks of the shop's own campaign before it is made concrete; the limit that cuts it.
fn own_limit(
    inputs: &Inputs,
    playbook: &Playbook,
    campaign: &OwnCampaign,
    slot: Slot,
) -> Result<Option<Limit>, Refused> {
    let read = inputs.entry(playbook);
    let proposal = own::proposal(campaign, read);
    let asked = last_asked(inputs, slot).min(campaign.until.unwrap_or(Day::MAX));
    own::concerns(inputs, campaign)?;
    own::runs(campaign, asked)?;
    shown_somewhere(inputs, &proposal)?;
    own::allowed(inputs, read, campaign, &Gate::of(inputs, read), 0)?;
    was_open(inputs, &proposal, slot, asked)?;
    Ok(proposal.limit)
}

/// The same of an idea of the entry that is read, or of one that was left where it was begun.
fn entry_limit(inputs: &Inputs, playbook: &Playbook, proposal: &Proposal<'_>, slot: Slot) -> Result<Limit, Refused> {
    let (read, series) = (inputs.entry(playbook), proposal.series);
    shown_somewhere(inputs, proposal)?;
    if read.ideas.iter().any(|idea| Playbook::series(read, idea) == series) {
        Gate::of(inputs, read).open_for(inputs, read, series, 0)?;
        was_open(inputs, proposal, slot, last_asked(inputs, slot))?;
        return Ok(read.limit);
    }
    let begun = begun::open(inputs, playbook).into_iter().find(|begun| begun.series == series && begun.slot == slot);
    let begun = begun.ok_or(Withheld::NotEligible)?;
    gate::shut(inputs, series).map_or(Ok(begun.entry.limit), |why| Err(why.into()))
}

/// At checkout, or in a mailing to who has consented.
fn shown_somewhere(inputs: &Inputs, proposal: &Proposal<'_>) -> Result<(), Refused> {
    let shown = proposal.idea.place.checkout() || inputs.customer.mailing_consent;
    if shown { Ok(()) } else { Err(Withheld::NoConsent.into()) }
}

/// What is valid for longer than it is open is asked about as on its last open day.
fn last_asked(inputs: &Inputs, slot: Slot) -> Day {
    inputs.day.min(slot.last)
}

fn was_open(inputs: &Inputs, proposal: &Proposal<'_>, slot: Slot, asked: Day) -> Result<(), Refused> {
    let open = proposal::open_slot(inputs, proposal, asked)?;
    if open.first == slot.first { Ok(()) } else { Err(Withheld::Cooldown.into()) }
}

/// The slot that begins on the day; a sale that is no longer in the settings has none.
fn slot_of(inputs: &Inputs, proposal: &Proposal<'_>, first: Day) -> Result<Slot, NotRedeemable> {
    let slot = proposal.idea.calendar.slot_from(first, &inputs.settings.sales);
    slot.ok_or(NotRedeemable::NotOffered(Some(Withheld::Cooldown)))
}

/// First and last day on which it may be used; today is one of them.
fn in_time(inputs: &Inputs, proposal: &Proposal<'_>, slot: Slot) -> Result<(Day, Day), NotRedeemable> {
    let (idea, today) = (proposal.idea, inputs.day);
    let by_answer = match (idea.mechanic, idea.calendar) {
        // Its slot is named by the answer's day.
        (_, Calendar::Event { on: Event::Answer, .. }) => None,
        (Mechanic::CodeByAnswer(survey), _) => inputs.customer.answer(survey),
        _ => None,
    };
    // It burns from the day of the answer, whatever day the calendar began.
    let last = by_answer
        .map_or_else(|| mechanics::last_day(idea, slot), |answer| answer.day.plus(i64::from(idea.validity) - 1));
    if today > last {
        return Err(NotRedeemable::Expired(last));
    }
    if today < slot.first {
        return Err(NotRedeemable::NotYet(slot.first));
    }
    let usual = inputs.customer.usual_day.filter(|_| idea.mechanic == Mechanic::UsualDayCode);
    match usual.map(|usual| next_usual_day(usual, today)) {
        None => Ok((slot.first, last)),
        Some(next) if next == today => Ok((today, today)),
        Some(next) if next <= last => Err(NotRedeemable::NotYet(next)),
        Some(_) => Err(NotRedeemable::Expired(last)),
    }
}

/// Neither this step nor what closes its slot was used.
fn unused(inputs: &Inputs, proposal: &Proposal<'_>, slot: Slot, step: u8) -> Result<(), NotRedeemable> {
    let Proposal { idea, series, .. } = *proposal;
    let this = inputs.series.used(series).iter().any(|used| used.slot == slot.first && used.step == step);
    let closed = this || closed::redeemed(inputs, idea, series, slot);
    if closed { Err(NotRedeemable::Used) } else { Ok(()) }
}

/// Is the step open? One that was given back is, also below a later one that was not.
fn earned(inputs: &Inputs, proposal: &Proposal<'_>, slot: Slot, step: u8) -> Result<(), NotRedeemable> {
    let facts = &inputs.customer;
    let orders = facts.orders_since(slot.first);
    let (last, done) = match proposal.idea.mechanic {
        Mechanic::RisingCashback => (closed::steps(inputs, proposal.series, slot).saturating_add(1), true),
        Mechanic::Challenge { orders: goal } => (1, orders >= u32::from(goal)),
        Mechanic::Regularity { orders: goal } => (1, orders.min(facts.streak) >= u32::from(goal)),
        _ => (1, true),
    };
    if done && (1..=last).contains(&step) { Ok(()) } else { Err(NotRedeemable::StepClosed) }
}

/// The reward before it is cut.
fn promised_reward(inputs: &Inputs, proposal: &Proposal<'_>) -> Result<Reward, NotRedeemable> {
    let reward = match proposal.idea.mechanic {
        Mechanic::CodeByAnswer(survey) => {
            let answer = inputs.customer.answer(survey).ok_or(Withheld::NotEligible)?;
            proposal.idea.by_answer.get(&answer.answer)
        }
        _ => proposal.idea.reward.as_ref(),
    };
    reward.cloned().ok_or(NotRedeemable::NotOffered(None))
}

fn made(
    inputs: &Inputs,
    proposal: &Proposal<'_>,
    slot: Slot,
    step: u8,
    reward: Reward,
    (valid_from, valid_until): (Day, Day),
) -> Redeemable {
    let reward = match reward {
        Reward::RisingCashback(steps) => {
            let at = usize::from(step).min(steps.len()).saturating_sub(1);
            Reward::Cashback(*steps.get(at).ok_or(NotRedeemable::StepClosed)?)
        }
        reward => reward,
    };
    let on = match proposal.idea.mechanic {
        Mechanic::CategoryTerms | Mechanic::CategoryCashback => {
            On::Category(mechanics::favourite_for(inputs).ok_or(Withheld::NotEligible)?)
        }
        // Which of them were shown is not remembered, so all that could have been qualify.
        Mechanic::Bundles => On::Products(Picks::to_use(inputs).of_bundles()),
        Mechanic::SelectionCashback => On::Products(Picks::to_use(inputs).of_selections()),
        _ => On::Anything,
    };
    let shift = inputs.series.shifts.get(proposal.series).copied().unwrap_or(0);
    let closes_until = proposal.idea.calendar.period_end(slot, shift);
    Ok(Promised { reward, on, valid_from, valid_until, closes_until })
}

/// What was chosen on the day `made`: exactly that, whatever the limits are by now.
fn chosen(inputs: &Inputs, proposal: &Proposal<'_>, made: Day, step: u8) -> Redeemable {
    let (facts, series) = (&inputs.customer, proposal.series);
    if inputs.series.used(series).iter().any(|used| used.slot == made) {
        return Err(NotRedeemable::Used);
    }
    let Some(choice) = facts.choice.as_ref().filter(|choice| choice.series == series && choice.made == made) else {
        let last = made.plus(i64::from(proposal.idea.validity) - 1);
        let over = facts.last_chosen.get(series) == Some(&made) && inputs.day > last;
        return Err(if over { NotRedeemable::Expired(last) } else { NotRedeemable::NotOffered(None) });
    };
    if step != 1 {
        return Err(NotRedeemable::StepClosed);
    }
    Ok(Promised {
        reward: Reward::from_code(&choice.reward).ok_or(NotRedeemable::NotOffered(None))?,
        on: On::Category(choice.category.clone()),
        valid_from: choice.made,
        valid_until: choice.until,
        closes_until: choice_closes(inputs, proposal, made),
    })
}

/// A choice closes the period of the slot in which it was made.
fn choice_closes(inputs: &Inputs, proposal: &Proposal<'_>, made: Day) -> Day {
    let calendar = proposal.idea.calendar;
    let shift = inputs.series.shifts.get(proposal.series).copied();
    if shift.is_none() && calendar.is_shifted() {
        return made;
    }
    let shift = shift.unwrap_or(0);
    let life = Life { facts: &inputs.customer, products: &[], on: made, survey: None };
    match calendar.on(made, shift, &inputs.settings.sales, &life) {
        Open::In(slot) => calendar.period_end(slot, shift),
        // The calendar was corrected since.
        Open::Closed(_) => made,
    }
}
