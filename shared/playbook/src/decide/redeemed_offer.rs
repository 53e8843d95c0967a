//! What an offer stands for on the day of its use. Its id is no secret, so everything is asked that a decision asks.

use segmentation::Day;

use crate::calendar::Slot;
use crate::campaign::{OwnCampaign, Terms};
use crate::decide::Refused;
use crate::decide::begun;
use crate::decide::gate::{self, Gate};
use crate::decide::inputs::Inputs;
use crate::decide::own;
use crate::decide::picks::Picks;
use crate::decide::promise;
use crate::decide::promised::{Redeemable, chosen, earned, in_time, made, slot_of, unused};
use crate::decide::proposal::{self, Proposal};
use crate::idea::IdeaKind;
use crate::mechanic::Mechanic;
use crate::playbook::Playbook;
use crate::redeem::NotRedeemable;
use crate::reward::Limit;
use crate::why::Withheld;

/// What an offer gives that a decision would show today, at checkout or, with consent, in a mailing: however many rewards the
/// answer held, and also after its slot's open days, as long as it is valid. The document as for [`by_code`](crate::redeem::by_code).
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
    own::allowed(inputs, read, campaign, &Gate::as_of(inputs, read, asked), 0)?;
    was_open(inputs, &proposal, slot, asked)?;
    Ok(proposal.limit)
}

/// The same of an idea of the entry that is read, or of one that was left where it was begun.
fn entry_limit(inputs: &Inputs, playbook: &Playbook, proposal: &Proposal<'_>, slot: Slot) -> Result<Limit, Refused> {
    let (read, series) = (inputs.entry(playbook), proposal.series);
    shown_somewhere(inputs, proposal)?;
    if read.ideas.iter().any(|idea| Playbook::series(read, idea) == series) {
        let asked = last_asked(inputs, slot);
        Gate::as_of(inputs, read, asked).open_for(inputs, read, series, 0)?;
        was_open(inputs, proposal, slot, asked)?;
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
