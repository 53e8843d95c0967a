//! The shop's own campaigns: inside the rules of the entry that is read, or beyond them where the shop says so.

use segmentation::Day;

use crate::campaign::OwnCampaign;
use crate::decide::Refused;
use crate::decide::decision::Offer;
use crate::decide::gate::{self, Gate};
use crate::decide::inputs::Inputs;
use crate::decide::picks::Picks;
use crate::decide::proposal::{self, Proposal};
use crate::entry::Entry;
use crate::playbook::Playbook;
use crate::why::Withheld;

/// `entry` and `gate` are of the segment that is read; `rewards`: how many the answer holds already.
pub(super) fn offered<'a>(
    inputs: &'a Inputs,
    playbook: &Playbook,
    entry: &Entry,
    campaign: &OwnCampaign,
    gate: &Gate,
    rewards: u8,
    picks: &mut Picks<'a>,
) -> Result<Offer, Refused> {
    concerns(inputs, campaign)?;
    runs(campaign, inputs.day)?;
    gate::shown_here(inputs, &campaign.idea)?;
    allowed(inputs, entry, campaign, gate, rewards)?;
    let proposal = proposal(campaign, entry);
    let slot = proposal::open_slot(inputs, &proposal, inputs.day)?;
    proposal::offer(inputs, playbook, &proposal, slot, picks)
}

/// Beyond the rules nothing cuts it.
pub(super) fn proposal<'p>(campaign: &'p OwnCampaign, entry: &Entry) -> Proposal<'p> {
    let limit = (!campaign.beyond_rules).then_some(entry.limit);
    Proposal { idea: &campaign.idea, series: &campaign.series, limit }
}

pub(super) fn concerns(inputs: &Inputs, campaign: &OwnCampaign) -> Result<(), Refused> {
    if campaign.concerns(inputs) { Ok(()) } else { Err(Withheld::NotEligible.into()) }
}

/// Is the day one of its days?
pub(super) fn runs(campaign: &OwnCampaign, on: Day) -> Result<(), Refused> {
    let later = campaign.from.filter(|from| on < *from);
    if later.is_some() || campaign.until.is_some_and(|until| until < on) {
        return Err(Refused { why: Withheld::Cooldown, opens: later });
    }
    Ok(())
}

/// May this customer have it now?
pub(super) fn allowed(
    inputs: &Inputs,
    entry: &Entry,
    campaign: &OwnCampaign,
    gate: &Gate,
    rewards: u8,
) -> Result<(), Refused> {
    // Where the store did not answer, the customer is nobody in particular, whom nobody meant to reward.
    if !campaign.beyond_rules || inputs.degraded {
        return gate.open_for(inputs, entry, &campaign.series, rewards);
    }
    gate::shut(inputs, &campaign.series).map_or(Ok(()), |why| Err(why.into()))
}
