//! May this customer be rewarded now at all? The rules of the seeds: do not push who buys anyway, remind before rewarding,
//! ask before rewarding who was lost, and stop where nothing comes back.

use segmentation::Day;

use crate::decide::Refused;
use crate::decide::facts::{Facts, Left};
use crate::decide::inputs::{Channel, Inputs};
use crate::entry::{Entry, Rule};
use crate::idea::Idea;
use crate::mechanic::Mechanic;
use crate::why::{NoReward, Withheld};

/// What holds for every reward of one decision.
pub(super) struct Gate {
    /// Closed to all rewards, and why.
    pub(super) closed: Option<NoReward>,
    opens: Option<Day>,
}

impl Gate {
    pub(super) fn of(inputs: &Inputs, entry: &Entry) -> Gate {
        Gate::as_of(inputs, entry, inputs.day)
    }

    /// As it stood on a day; closed by what asks for days here where the customer had not come yet.
    pub(super) fn as_of(inputs: &Inputs, entry: &Entry, day: Day) -> Gate {
        Gate::on(inputs, entry, inputs.customer.here_since(), day)
    }

    /// As it stood on the day on which they left the entry's segment.
    pub(super) fn of_left(inputs: &Inputs, entry: &Entry, left: &Left) -> Gate {
        Gate::on(inputs, entry, left.since, left.day)
    }

    fn on(inputs: &Inputs, entry: &Entry, here: Option<Day>, day: Day) -> Gate {
        let facts = &inputs.customer;
        let after = |days: u16| here.map(|here| here.plus(i64::from(days)));
        let closed = |why, opens| Gate { closed: Some(why), opens };
        if inputs.degraded {
            return closed(NoReward::Degraded, None);
        }
        if facts.segment.is_none() {
            return closed(NoReward::Newcomer, None);
        }
        if entry.reward == Rule::None {
            return closed(NoReward::RuleNone, None);
        }
        if entry.limit.percent == 0 || entry.limit.rewards == 0 {
            return closed(NoReward::Limit, None);
        }
        if entry.ends_after.and_then(after).is_some_and(|end| day >= end) {
            return closed(NoReward::Ended, None);
        }
        if entry.reward == Rule::AfterAnswer && !answered(facts, entry, here, day) {
            let opens = entry.opens_unanswered_after.and_then(after);
            if opens.is_none_or(|opens| day < opens) {
                return closed(NoReward::AskFirst, opens);
            }
        }
        if let Some(opens) = after(entry.gentle_days)
            && day < opens
        {
            return closed(NoReward::GentleFirst, Some(opens));
        }
        Gate { closed: None, opens: None }
    }

    /// Is it open for one more reward, of this series?
    pub(super) fn open_for(&self, inputs: &Inputs, entry: &Entry, series: &str, rewards: u8) -> Result<(), Refused> {
        if let Some(why) = self.closed {
            let why = match why {
                NoReward::AskFirst => Withheld::AskFirst,
                NoReward::GentleFirst => Withheld::GentleFirst,
                NoReward::Ended => Withheld::Ended,
                _ => Withheld::RewardLimit,
            };
            return Err(Refused { why, opens: self.opens });
        }
        match shut(inputs, series) {
            Some(why) => Err(why.into()),
            None if rewards >= entry.limit.rewards => Err(Withheld::OneIsEnough.into()),
            None => Ok(()),
        }
    }
}

/// Is it for this place, and may this customer be written to where it is a letter?
pub(super) fn shown_here(inputs: &Inputs, idea: &Idea) -> Result<(), Withheld> {
    let shown = match inputs.channel {
        Channel::Checkout => idea.place.checkout(),
        Channel::Mailing if !inputs.customer.mailing_consent => return Err(Withheld::NoConsent),
        Channel::Mailing => idea.place.mailing(),
    };
    if shown { Ok(()) } else { Err(Withheld::WrongPlace) }
}

/// Why a series gives nothing to this customer now, whatever the segment's rule.
pub(super) fn shut(inputs: &Inputs, series: &str) -> Option<Withheld> {
    let states = &inputs.series;
    if states.not_open.contains(series) {
        Some(Withheld::Closed)
    } else if states.held_out.contains("*") || states.held_out.contains(series) {
        Some(Withheld::Holdout)
    } else if states.exhausted.contains(series) {
        Some(Withheld::Budget)
    } else {
        None
    }
}

/// An answer, to any survey that the entry asks, given since they came here.
fn answered(facts: &Facts, entry: &Entry, here: Option<Day>, day: Day) -> bool {
    let since = here.unwrap_or(Day::MIN);
    let mut asked = entry.ideas.iter().filter_map(|idea| match idea.mechanic {
        Mechanic::Survey(survey) => Some(survey),
        _ => None,
    });
    asked.any(|survey| facts.answer(survey).is_some_and(|answer| (since..=day).contains(&answer.day)))
}
