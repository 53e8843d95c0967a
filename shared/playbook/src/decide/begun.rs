//! What the customer has begun: a challenge or rising cashback that the first order would end, as an order moves them elsewhere.
//! It is a promise, kept until its last day, wherever they have moved since.

use crate::calendar::{Calendar, Open, Slot};
use crate::decide::closed;
use crate::decide::decision::Offer;
use crate::decide::facts::{Facts, Left};
use crate::decide::gate::{self, Gate};
use crate::decide::inputs::Inputs;
use crate::decide::life::Life;
use crate::decide::picks::Picks;
use crate::decide::proposal::{self, Proposal};
use crate::entry::Entry;
use crate::idea::Idea;
use crate::playbook::Playbook;
use crate::why::Withheld;

/// What is offered of it, or idea, series and why not.
pub(super) type Begun = Result<Offer, (String, String, Withheld)>;

/// Entries that were left, newest first, but the one that is read now: that one offers its ideas itself.
fn left<'a>(inputs: &'a Inputs, playbook: &'a Playbook) -> impl Iterator<Item = (&'a Left, &'a Entry)> {
    let elsewhere = |left: &&Left| Some(left.segment) != inputs.reading();
    inputs.customer.left.iter().filter(elsewhere).map(|left| (left, playbook.entry(left.segment)))
}

/// Ideas that count orders, of the entries left, each with its series: their shifts have to be known.
pub(super) fn ideas<'a>(
    inputs: &'a Inputs,
    playbook: &'a Playbook,
) -> impl Iterator<Item = (&'a Left, &'a Entry, &'a Idea, String)> {
    left(inputs, playbook).flat_map(|(left, entry)| {
        let counted = entry.ideas.iter().filter(|idea| idea.mechanic.counts_orders());
        counted.map(move |idea| (left, entry, idea, Playbook::series(entry, idea)))
    })
}

/// Promises begun elsewhere: of each entry at most as many as it may give.
pub(super) fn kept<'a>(inputs: &'a Inputs, playbook: &Playbook, picks: &mut Picks<'a>) -> Vec<Begun> {
    let mut begun: Vec<Begun> = Vec::new();
    for (left, entry, idea, series) in ideas(inputs, playbook) {
        let of_entry = |offer: &&Begun| {
            offer.as_ref().is_ok_and(|offer| offer.reason.campaign.starts_with(&format!("{}/", entry.name)))
        };
        let full = begun.iter().filter(of_entry).count() >= usize::from(entry.limit.rewards);
        let again = begun.iter().any(|other| match other {
            Ok(offer) => offer.idea == idea.code,
            Err((code, ..)) => *code == idea.code,
        });
        if full || again || Gate::of_left(inputs, entry, left).closed.is_some() {
            continue;
        }
        let Some(slot) = begun_slot(inputs, idea, &series, left) else { continue };
        let offer = match refused(inputs, idea, &series) {
            Some(why) => Err(why),
            None => {
                let proposal = Proposal { idea, series: &series, limit: Some(entry.limit) };
                proposal::offer(inputs, playbook, &proposal, slot, picks).map_err(|refused| refused.why)
            }
        };
        begun.push(offer.map_err(|why| (idea.code.clone(), series, why)));
    }
    begun
}

/// The slot that was open on the day they left and still is, with at least one order or used step in it.
pub(super) fn begun_slot(inputs: &Inputs, idea: &Idea, series: &str, left: &Left) -> Option<Slot> {
    let shift = inputs.series.shifts.get(series).copied()?;
    // Only slots of days, which ask for nothing that happened.
    let Calendar::Slots { .. } = idea.calendar else { return None };
    let life = Life { facts: &inputs.customer, products: &[], on: left.day, survey: None };
    let Open::In(slot) = idea.calendar.on(left.day, shift, &inputs.settings.sales, &life) else { return None };
    let Facts { recent_orders, .. } = &inputs.customer;
    let lasts = inputs.day <= slot.first.plus(i64::from(idea.validity) - 1);
    let begun = recent_orders.iter().any(|day| slot.contains(*day)) || closed::steps(inputs, series, slot) > 0;
    (lasts && begun).then_some(slot)
}

pub(super) fn refused(inputs: &Inputs, idea: &Idea, series: &str) -> Option<Withheld> {
    gate::shown_here(inputs, idea).err().or_else(|| gate::shut(inputs, series))
}
