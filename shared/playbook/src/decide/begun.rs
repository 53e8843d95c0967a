//! What the customer has begun: a challenge or rising cashback that the first order would end, as an order moves them elsewhere.
//! It is a promise, kept until its last day, wherever they have moved since.

use crate::calendar::{self, Calendar, Slot};
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

/// What was begun, of an entry that was left.
pub(super) struct Open<'a> {
    pub(super) entry: &'a Entry,
    pub(super) idea: &'a Idea,
    pub(super) series: String,
    pub(super) slot: Slot,
}

/// What was begun where rewards were open and still lasts, the last left first; of an idea begun in two of them the last.
pub(super) fn open<'a>(inputs: &'a Inputs, playbook: &'a Playbook) -> Vec<Open<'a>> {
    let mut begun: Vec<Open<'a>> = Vec::new();
    for (left, entry, idea, series) in ideas(inputs, playbook) {
        let again = begun.iter().any(|other| other.idea.code == idea.code);
        if again || Gate::of_left(inputs, entry, left).closed.is_some() {
            continue;
        }
        begun.extend(slot(inputs, idea, &series, left).map(|slot| Open { entry, idea, series, slot }));
    }
    begun
}

/// Promises begun elsewhere: of each entry at most as many as it may give.
pub(super) fn kept<'a>(inputs: &'a Inputs, playbook: &Playbook, picks: &mut Picks<'a>) -> Vec<Begun> {
    let mut kept: Vec<Begun> = Vec::new();
    for Open { entry, idea, series, slot } in open(inputs, playbook) {
        let of_entry = |offer: &&Begun| {
            offer.as_ref().is_ok_and(|offer| offer.reason.campaign.starts_with(&format!("{}/", entry.name)))
        };
        if kept.iter().filter(of_entry).count() >= usize::from(entry.limit.rewards) {
            continue;
        }
        let refused = gate::shown_here(inputs, idea).err().or_else(|| gate::shut(inputs, &series));
        let offer = match refused {
            Some(why) => Err(why),
            None => {
                let proposal = Proposal { idea, series: &series, limit: Some(entry.limit) };
                proposal::offer(inputs, playbook, &proposal, slot, picks).map_err(|refused| refused.why)
            }
        };
        kept.push(offer.map_err(|why| (idea.code.clone(), series, why)));
    }
    kept
}

/// The slot that was open on the day they left and still is, with at least one order or used step in it.
fn slot(inputs: &Inputs, idea: &Idea, series: &str, left: &Left) -> Option<Slot> {
    let shift = inputs.series.shifts.get(series).copied()?;
    // Only slots of days, which ask for nothing that happened.
    let Calendar::Slots { .. } = idea.calendar else { return None };
    let life = Life { facts: &inputs.customer, products: &[], on: left.day, survey: None };
    let calendar::Open::In(slot) = idea.calendar.on(left.day, shift, &inputs.settings.sales, &life) else {
        return None;
    };
    let Facts { recent_orders, .. } = &inputs.customer;
    let lasts = inputs.day <= slot.first.plus(i64::from(idea.validity) - 1);
    let begun = recent_orders.iter().any(|day| slot.contains(*day)) || closed::steps(inputs, series, slot) > 0;
    (lasts && begun).then_some(slot)
}
