//! Who went where between two runs, and why: what a run's matrix leaves out, since an order moves its customer at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::label::{Cause, Move, Step};
use crate::moves::RecentMoves;
use crate::segment::Place;

/// Customers who stand elsewhere than at the run before, each once: from where, to where, and the cause of their last step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(Place, Place, Cause, u64)>", into = "Vec<(Place, Place, Cause, u64)>")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Movement(BTreeMap<(Place, Place, Cause), u64>);

impl Movement {
    /// Counts one customer who went from the first step's place to the last one's.
    pub fn count(&mut self, step: Step) {
        *self.0.entry((step.from, step.to, step.cause)).or_default() += 1;
    }

    /// Did nobody move?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// From where, to where, why and how many.
    pub fn cells(&self) -> impl Iterator<Item = (Place, Place, Cause, u64)> {
        self.0.iter().map(|((from, to, cause), customers)| (*from, *to, *cause, *customers))
    }

    /// Both together; associative and commutative.
    #[must_use]
    pub fn merge(&self, other: &Movement) -> Movement {
        let mut merged = self.clone();
        for (cell, customers) in &other.0 {
            *merged.0.entry(*cell).or_default() += customers;
        }
        merged
    }
}

impl From<Vec<(Place, Place, Cause, u64)>> for Movement {
    fn from(listed: Vec<(Place, Place, Cause, u64)>) -> Movement {
        let one = |(from, to, cause, customers)| Movement(BTreeMap::from([((from, to, cause), customers)]));
        listed.into_iter().map(one).fold(Movement::default(), |sum, one| sum.merge(&one))
    }
}

impl From<Movement> for Vec<(Place, Place, Cause, u64)> {
    fn from(movement: Movement) -> Self {
        movement.cells().collect()
    }
}

/// From where to where somebody went since a run of the day `previous`, with the cause of the last step; `now`: what this run
/// is about to write. `None`: they stand where they stood.
///
/// Moves have a day and no time of it. One of the run's own day was after it if a fact caused it: by itself that day moved nobody any more.
/// So an order of that day before the run counts once more.
#[must_use]
pub fn since(moves: &RecentMoves, previous: Option<Day>, now: Option<&Move>) -> Option<Step> {
    let is_after = |moved: &Move| match previous {
        Some(day) if moved.day == day => moved.steps.last().is_some_and(|step| !step.cause.is_of_time()),
        Some(day) => moved.day > day,
        None => true,
    };
    let before = moves.list.iter().map(|versioned| &versioned.moved).filter(|moved| is_after(moved));
    let mut steps = before.chain(now).flat_map(|moved| &moved.steps);
    let first = steps.next()?;
    let last = steps.last().unwrap_or(first);
    (first.from != last.to).then_some(Step { from: first.from, ..*last })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuts::Activation;
    use crate::moves::VersionedMove;

    fn place(text: &str) -> Place {
        Place::try_from(text.to_owned()).unwrap_or(Place::NONE)
    }

    fn moved(day: i64, steps: &[(&str, &str, Cause)]) -> Move {
        let step = |(from, to, cause): &(&str, &str, Cause)| Step { from: place(from), to: place(to), cause: *cause };
        Move { day: Day::from_epoch_days(day), activation: Activation(1), steps: steps.iter().map(step).collect() }
    }

    fn story(moves: &[Move]) -> RecentMoves {
        let mut story = RecentMoves::default();
        for (version, moved) in (1..).zip(moves) {
            story.push(VersionedMove { version, moved: moved.clone() });
        }
        story
    }

    fn went(moves: &[Move], previous: i64, now: Option<&Move>) -> Option<(String, String, Cause)> {
        let step = since(&story(moves), Some(Day::from_epoch_days(previous)), now)?;
        Some((step.from.to_string(), step.to.to_string(), step.cause))
    }

    #[test]
    fn steps_since_the_run_before_become_one() {
        let moves = [
            moved(10, &[("none", "r3f1m1", Cause::Order)]),
            moved(20, &[("r3f1m1", "r2f1m1", Cause::Decay)]),
            moved(25, &[("r2f1m1", "r3f2m1", Cause::Order)]),
        ];
        let now = moved(30, &[("r3f2m1", "r3f2m2", Cause::Refit)]);
        let told = |from: &str, to: &str, cause| Some((from.to_owned(), to.to_owned(), cause));
        assert_eq!(
            went(&moves, 20, Some(&now)),
            told("r2f1m1", "r3f2m2", Cause::Refit),
            "the run of day 20 was before"
        );
        assert_eq!(went(&moves, 20, None), told("r2f1m1", "r3f2m1", Cause::Order));
        assert_eq!(went(&moves, 25, None), told("r2f1m1", "r3f2m1", Cause::Order), "an order of that day is after it");
        assert_eq!(went(&moves, 26, None), None);
        assert_eq!(
            since(&story(&moves), None, None).map(|step| step.from),
            Some(Place::NONE),
            "there was no run before"
        );
        let back = [moves[1].clone(), moved(26, &[("r2f1m1", "r3f1m1", Cause::Order)])];
        assert_eq!(went(&back, 15, None), None, "they stand where they stood");
    }

    #[test]
    fn movements_of_shards_add_up_and_read_back() {
        let (mut one, mut other) = (Movement::default(), Movement::default());
        let step = |to: &str, cause| Step { from: place("none"), to: place(to), cause };
        one.count(step("r3f1m1", Cause::Order));
        other.count(step("r3f1m1", Cause::Order));
        other.count(step("r3f1m1", Cause::Correction));
        let both = one.merge(&other);
        assert_eq!(both, other.merge(&one));
        assert_eq!(both.cells().map(|(.., customers)| customers).collect::<Vec<_>>(), [2, 1]);
        let listed: Vec<_> = both.clone().into();
        assert_eq!(Movement::from(listed), both);
    }
}
