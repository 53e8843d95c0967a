//! The stored label and the moves that change it: every move has a cause (law 8).
//!
//! A segment is computed when it is asked for; the label exists for audiences and moves. It is brought up to date in steps:
//! the cuts it was made under on the new day (`decay`), the active cuts (`refit`), then the new fact.

use serde::{Deserialize, Serialize};

use crate::cuts::{Activation, Cuts};
use crate::day::Day;
use crate::orders::Orders;
use crate::segment::Place;

/// Why a customer moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Cause {
    /// Time went by: the same cuts on a later day.
    Decay,
    /// Another cuts model became active.
    Refit,
    /// An order came in.
    Order,
    /// Something was given back.
    Return,
    /// An order was revised, cancelled or restored.
    Correction,
    /// Two customers became one.
    Merge,
    /// One customer became two again.
    Unmerge,
    /// All that was known of the customer was erased.
    Erase,
}

impl Cause {
    /// In the order of their numbers.
    pub const ALL: [Cause; 8] = [
        Cause::Decay,
        Cause::Refit,
        Cause::Order,
        Cause::Return,
        Cause::Correction,
        Cause::Merge,
        Cause::Unmerge,
        Cause::Erase,
    ];

    /// Nobody did anything: a day or another cuts model came.
    #[must_use]
    pub fn is_of_time(self) -> bool {
        matches!(self, Cause::Decay | Cause::Refit)
    }

    /// The number under which it is stored.
    pub(crate) fn number(self) -> u64 {
        match self {
            Cause::Decay => 0,
            Cause::Refit => 1,
            Cause::Order => 2,
            Cause::Return => 3,
            Cause::Correction => 4,
            Cause::Merge => 5,
            Cause::Unmerge => 6,
            Cause::Erase => 7,
        }
    }

    /// The cause of a number.
    pub(crate) fn numbered(number: u64) -> Option<Cause> {
        Cause::ALL.get(usize::try_from(number).ok()?).copied()
    }
}

/// The stored segment with its day and activation; neither ever goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Label {
    /// Where the customer stood.
    pub place: Place,
    /// On which day.
    pub day: Day,
    /// Under which activation.
    pub activation: Activation,
}

/// One step of a move, with its one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Step {
    /// From here
    pub from: Place,
    /// to there
    pub to: Place,
    /// because of this.
    pub cause: Cause,
}

/// All steps of one transaction: from the old label to the new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Move {
    /// The label's new day.
    pub day: Day,
    /// The label's new activation.
    pub activation: Activation,
    /// One to three steps, each beginning where the one before ended.
    pub steps: Vec<Step>,
}

impl Move {
    /// The label that the move ends in.
    #[must_use]
    pub fn label(&self) -> Label {
        let place = self.steps.last().map_or(Place::NONE, |step| step.to);
        Label { place, day: self.day, activation: self.activation }
    }
}

/// An activated model, as those who bring labels up to date need it.
#[derive(Clone, Copy, Debug)]
pub struct Active<'a> {
    /// Its number.
    pub activation: Activation,
    /// Its cuts.
    pub cuts: &'a Cuts,
}

/// The label is of a newer activation than the one called active: the caller's pointer is stale and must be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the label is of activation {label}, newer than {active}")]
pub struct StaleActivation {
    /// The label's activation.
    pub label: Activation,
    /// The one the caller held for active.
    pub active: Activation,
}

/// The label as the last published run leaves it: where that run left it alone, it counts as dated by that run (law 6's
/// activation and law 7's day), since the run found the same segment.
#[must_use]
pub fn dated(label: Label, run_day: Day, run_activation: Activation) -> Label {
    if run_day >= label.day && run_activation >= label.activation {
        Label { day: run_day, activation: run_activation, ..label }
    } else {
        label
    }
}

/// The move that brings a label up to date on the day `on`, or `None` when the customer stays where they were.
///
/// `label` is what stands now (see [`dated`]) with the cuts of its activation; `before` and `after` are the orders without
/// and with the new fact, `fact` its cause (`None`: only time and cuts). The move's day is never before the label's.
///
/// # Errors
/// [`StaleActivation`] when the label is newer than `active`.
pub fn bring_up_to_date(
    label: Option<(Label, &Cuts)>,
    active: Active<'_>,
    before: &Orders,
    after: &Orders,
    on: Day,
    fact: Option<Cause>,
) -> Result<Option<Move>, StaleActivation> {
    let (start, day, decayed) = match label {
        Some((label, _)) if label.activation > active.activation => {
            return Err(StaleActivation { label: label.activation, active: active.activation });
        }
        Some((label, cuts)) => {
            let day = on.max(label.day);
            (label.place, day, cuts.place(before, day))
        }
        None => (Place::NONE, on, Place::NONE),
    };
    let mut steps = Vec::new();
    let mut go = |from: Place, to: Place, cause| {
        if from != to {
            steps.push(Step { from, to, cause });
        }
    };
    let refitted = active.cuts.place(before, day);
    // Decay and refit that together end where they began are no move.
    if refitted != start {
        go(start, decayed, Cause::Decay);
        go(decayed, refitted, Cause::Refit);
    }
    if let Some(cause) = fact {
        go(refitted, active.cuts.place(after, day), cause);
    }
    Ok((!steps.is_empty()).then_some(Move { day, activation: active.activation, steps }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuts::{AxisCuts, Law};
    use crate::money::Minor;
    use crate::orders::{Entry, Flags};
    use crate::values::Window;

    fn cuts(recency: (i64, i64)) -> Cuts {
        let axis = |c1, c2| AxisCuts { c1, c2, law: Law::Fixed };
        Cuts {
            recency: axis(recency.0, recency.1),
            frequency: axis(1, 4),
            monetary: axis(1000, 5000),
            window: Window::default(),
        }
    }

    fn orders(days: &[i64]) -> Orders {
        let entry = |day: &i64| Entry { day: Day::from_epoch_days(*day), net: Minor(600), flags: Flags::none() };
        days.iter().map(entry).collect()
    }

    fn label(place: &str, day: i64, activation: u32) -> Label {
        let place = Place::try_from(place.to_owned()).unwrap_or(Place::NONE);
        Label { place, day: Day::from_epoch_days(day), activation: Activation(activation) }
    }

    fn told(found: Result<Option<Move>, StaleActivation>) -> String {
        let Ok(Some(moved)) = found else { return format!("{found:?}") };
        moved.steps.iter().map(|s| format!("{}>{} {:?}", s.from, s.to, s.cause)).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_first_order_moves_a_newcomer_from_none() {
        let cuts = cuts((30, 90));
        let active = Active { activation: Activation(1), cuts: &cuts };
        let found = bring_up_to_date(
            None,
            active,
            &orders(&[]),
            &orders(&[100]),
            Day::from_epoch_days(100),
            Some(Cause::Order),
        );
        assert_eq!(told(found), "none>r3f1m1 Order");
    }

    #[test]
    fn an_order_after_silence_is_two_steps_with_two_causes() {
        let cuts = cuts((30, 90));
        let active = Active { activation: Activation(1), cuts: &cuts };
        let now = Day::from_epoch_days(150);
        let before = orders(&[100]);
        let found = bring_up_to_date(
            Some((label("r3f1m1", 100, 1), &cuts)),
            active,
            &before,
            &orders(&[100, 150]),
            now,
            Some(Cause::Order),
        );
        assert_eq!(told(found), "r3f1m1>r2f1m1 Decay, r2f1m1>r3f2m2 Order");
    }

    #[test]
    fn who_stands_still_through_decay_and_refit_does_not_move() {
        let (narrow, wide) = (cuts((30, 90)), cuts((60, 90)));
        let active = Active { activation: Activation(2), cuts: &wide };
        let orders = orders(&[100]);
        let found = bring_up_to_date(
            Some((label("r3f1m1", 100, 1), &narrow)),
            active,
            &orders,
            &orders,
            Day::from_epoch_days(140),
            None,
        );
        assert_eq!(found, Ok(None));
    }

    #[test]
    fn decay_and_refit_are_told_apart() {
        let (old, new) = (cuts((30, 90)), cuts((10, 40)));
        let active = Active { activation: Activation(2), cuts: &new };
        let orders = orders(&[100]);
        let found = bring_up_to_date(
            Some((label("r3f1m1", 100, 1), &old)),
            active,
            &orders,
            &orders,
            Day::from_epoch_days(145),
            None,
        );
        assert_eq!(told(found), "r3f1m1>r2f1m1 Decay, r2f1m1>r1f1m1 Refit");
    }

    #[test]
    fn a_label_never_goes_back_in_day_or_activation() {
        let cuts = cuts((30, 90));
        let orders = orders(&[100]);
        let late = label("r2f1m1", 140, 3);
        let active = |n| Active { activation: Activation(n), cuts: &cuts };
        let found = bring_up_to_date(Some((late, &cuts)), active(3), &orders, &orders, Day::from_epoch_days(110), None);
        assert_eq!(found, Ok(None));
        let found = bring_up_to_date(Some((late, &cuts)), active(2), &orders, &orders, Day::from_epoch_days(150), None);
        assert_eq!(found, Err(StaleActivation { label: Activation(3), active: Activation(2) }));
    }

    #[test]
    fn a_return_of_everything_ends_in_no_segment() {
        let cuts = cuts((30, 90));
        let active = Active { activation: Activation(1), cuts: &cuts };
        let returned: Orders = orders(&[100])
            .iter()
            .map(|e| Entry { net: Minor::ZERO, flags: e.flags.with(Flags::RETURNED, true), ..*e })
            .collect();
        let found = bring_up_to_date(
            Some((label("r3f1m1", 100, 1), &cuts)),
            active,
            &orders(&[100]),
            &returned,
            Day::from_epoch_days(101),
            Some(Cause::Return),
        );
        assert_eq!(told(found.clone()), "r3f1m1>none Return");
        assert_eq!(found.ok().flatten().map(|moved| moved.label().place), Some(Place::NONE));
    }

    #[test]
    fn a_run_dates_the_labels_it_left_alone_and_no_newer_ones() {
        let run = (Day::from_epoch_days(20), Activation(2));
        assert_eq!(dated(label("r3f1m1", 10, 1), run.0, run.1), label("r3f1m1", 20, 2));
        assert_eq!(dated(label("r3f1m1", 21, 2), run.0, run.1), label("r3f1m1", 21, 2));
        assert_eq!(dated(label("r3f1m1", 20, 3), run.0, run.1), label("r3f1m1", 20, 3));
    }
}
