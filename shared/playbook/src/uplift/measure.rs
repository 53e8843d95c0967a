//! The pass over profiles: whose cohort, which arm, what they did.

use std::collections::{BTreeMap, BTreeSet};

use segmentation::{Activation, Cuts, Day, Place, Profile, Segment};
use serde::{Deserialize, Serialize};

use super::arm::Outcome;
use super::period::Period;
use super::tally::Tally;
use crate::campaign::OwnCampaign;
use crate::holdout::{EVERYTHING, Holdout};
use crate::idea::IdeaKind;
use crate::playbook::Playbook;

/// What is measured, fixed when a run begins, so that all of its shards measure the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Measured {
    /// Over which days.
    pub period: Period,
    /// Who is held out.
    pub holdout: Holdout,
    /// The run day on which this holdout was first seen.
    pub since: Day,
    /// Under the cuts of which activation cohorts are made; `None`: there were none, and nothing is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// Of which version of the playbook the series are.
    pub playbook: String,
    /// The shop's own campaigns that gave rewards in the period, and for which segments; `None`: all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub own: BTreeMap<String, Option<BTreeSet<Segment>>>,
    /// How many more of them there were than are measured by themselves.
    #[serde(default)]
    pub own_left_out: usize,
}

impl Measured {
    /// At most this many cells of the shop's own campaigns, by name, so that a tally fits an item of the store.
    pub const MOST_OWN_CELLS: usize = 400;

    /// Takes in those of the shop's own campaigns that give rewards inside the period.
    #[must_use]
    pub fn with_own(mut self, campaigns: &BTreeMap<String, OwnCampaign>) -> Measured {
        let mut cells = 0;
        for (series, campaign) in campaigns {
            let begun = campaign.from.is_none_or(|from| from <= self.period.through);
            let over = campaign.until.is_some_and(|until| until < self.period.from);
            if !begun || over || campaign.idea.kind() != IdeaKind::Reward {
                continue;
            }
            let more = campaign.segments.as_ref().map_or(Segment::COUNT, BTreeSet::len);
            if cells + more > Measured::MOST_OWN_CELLS {
                self.own_left_out += 1;
            } else {
                cells += more;
                self.own.insert(series.clone(), campaign.segments.clone());
            }
        }
        self
    }

    /// Is there anything to measure?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.period.is_empty() || self.activation.is_none()
    }
}

/// A series of a cohort: does it hold anybody out by itself?
#[derive(Clone, Debug)]
struct Measurable {
    series: String,
    drawn: bool,
}

/// What is measured, ready for one profile after another.
#[derive(Clone, Debug)]
pub struct Measure {
    period: Period,
    cuts: Cuts,
    /// Is anybody held out of everything?
    everything: bool,
    /// By [`Segment::index`].
    series: Vec<Vec<Measurable>>,
}

impl Measure {
    /// At most this many rewarded ideas of an entry.
    const MOST_IDEAS: usize = 20;

    /// `cuts` are those of the activation, `playbook` is that of the version, named in `measured`.
    #[must_use]
    pub fn new(measured: &Measured, cuts: Cuts, playbook: &Playbook) -> Measure {
        let holdout = &measured.holdout;
        let measurable = |series: String| Measurable { drawn: holdout.share(&series) > 0, series };
        let of_segment = |segment: Segment| {
            let entry = playbook.entry(segment);
            let rewarded = entry.ideas.iter().filter(|idea| idea.kind() == IdeaKind::Reward).take(Measure::MOST_IDEAS);
            let for_it = |audience: &Option<BTreeSet<Segment>>| audience.as_ref().is_none_or(|a| a.contains(&segment));
            let own = measured.own.iter().filter(|(_, audience)| for_it(audience)).map(|(series, _)| series.clone());
            rewarded.map(|idea| Playbook::series(entry, idea)).chain(own).map(measurable).collect()
        };
        Measure {
            period: measured.period,
            cuts,
            everything: holdout.share(EVERYTHING) > 0,
            series: Segment::all().map(of_segment).collect(),
        }
    }

    /// Adds a customer to the cells of their cohort: the segment of their orders before the period, as of its first day. Who
    /// had none is in no cohort; who was merged or parted since then is in none either, as both arms may be in them. `held_out` says of a series, or of [`EVERYTHING`], whether the customer was drawn; it is
    /// asked only where somebody is.
    pub fn add(&self, tally: &mut Tally, profile: &Profile, held_out: impl Fn(&str) -> bool) {
        if profile.regrouped.is_some_and(|at| at.day >= self.period.from) {
            return;
        }
        let before = profile.orders.before(self.period.from);
        let Place(Some(cohort)) = self.cuts.place(&before, self.period.from) else { return };
        let bought = Outcome::of(&profile.orders, self.period, self.cuts.window);
        let used = || profile.closed.list.iter().filter(|step| self.period.contains(step.day));
        let mut outcome = bought;
        used().for_each(|step| outcome.redeem(step.value));
        let out = self.everything && held_out(EVERYTHING);
        tally.add(cohort, EVERYTHING, out, &outcome);
        if out {
            return;
        }
        for Measurable { series, drawn } in &self.series[cohort.index()] {
            let mut outcome = bought;
            used().filter(|step| step.series == *series).for_each(|step| outcome.redeem(step.value));
            if *drawn {
                tally.add(cohort, series, held_out(series), &outcome);
            } else if outcome.redeemed {
                tally.add_rewards(cohort, series, &outcome);
            }
        }
    }
}
