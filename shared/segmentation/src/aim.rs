//! The promising group's aim: to become recent again, and to stay so.

use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::group::{Groups, LoyaltyGroup};
use crate::label::{Cause, Step};
use crate::moves::RecentMoves;
use crate::segment::{Place, Score};

/// How many of the promising group reached recency 3, and what became of those who reached it before. Whole numbers, so shards add up in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AimCount {
    /// Customers in the group on the day.
    pub promising: u64,
    /// Reached recency 3 from the group within the last N days, the day itself included.
    pub reached: u64,
    /// Reached it in the N days before those.
    pub reached_before: u64,
    /// Of [`AimCount::reached_before`]: at recency 3 on the day.
    pub still_there: u64,
    /// Of [`AimCount::reached_before`]: in the group `churning` on the day.
    pub churning: u64,
}

impl AimCount {
    /// Counts a customer who stands in `place` on the day `on`, by the moves that their profile remembers; `days` is N. New cuts bring
    /// nobody there. Who moved more often than a profile remembers may be missed.
    pub fn count(&mut self, moves: &RecentMoves, place: Place, on: Day, days: u16, groups: &Groups) {
        let in_group = |place: Place, group| place.0.is_some_and(|segment| groups.of(segment) == group);
        let at_three = |place: Place| place.0.is_some_and(|segment| segment.r == Score::Three);
        let reaches = |step: &Step| {
            let up = in_group(step.from, LoyaltyGroup::Promising) && !at_three(step.from) && at_three(step.to);
            up && step.cause != Cause::Refit
        };
        let days = i64::from(days);
        let reached_within = |from: i64, until: i64| {
            let inside = |day: Day| (from..until).contains(&on.since(day));
            moves.list.iter().any(|made| inside(made.moved.day) && made.moved.steps.iter().any(reaches))
        };
        self.promising += u64::from(in_group(place, LoyaltyGroup::Promising));
        self.reached += u64::from(reached_within(0, days));
        if reached_within(days, 2 * days) {
            self.reached_before += 1;
            self.still_there += u64::from(at_three(place));
            self.churning += u64::from(in_group(place, LoyaltyGroup::Churning));
        }
    }

    /// Both together; associative and commutative.
    #[must_use]
    pub fn merge(&self, other: &AimCount) -> AimCount {
        AimCount {
            promising: self.promising + other.promising,
            reached: self.reached + other.reached,
            reached_before: self.reached_before + other.reached_before,
            still_there: self.still_there + other.still_there,
            churning: self.churning + other.churning,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Move;
    use crate::moves::VersionedMove;
    use crate::{Activation, Cause};

    fn place(text: &str) -> Place {
        Place::try_from(text.to_owned()).unwrap()
    }

    fn moves(list: &[(i64, &str, &str, Cause)]) -> RecentMoves {
        let mut moves = RecentMoves::default();
        for (version, (day, from, to, cause)) in list.iter().enumerate() {
            let steps = vec![Step { from: place(from), to: place(to), cause: *cause }];
            let moved = Move { day: Day::from_epoch_days(*day), activation: Activation(1), steps };
            moves.push(VersionedMove { version: version as u64, moved });
        }
        moves
    }

    fn count(list: &[(i64, &str, &str, Cause)], now: &str) -> AimCount {
        let mut found = AimCount::default();
        found.count(&moves(list), place(now), Day::from_epoch_days(100), 30, &Groups::default());
        found
    }

    #[test]
    fn an_order_that_brings_a_promising_customer_to_r3_reaches_the_aim() {
        let reached = AimCount { reached: 1, ..AimCount::default() };
        assert_eq!(count(&[(71, "r2f2m2", "r3f2m2", Cause::Order)], "r3f2m2"), reached);
        assert_eq!(count(&[(100, "r2f3m1", "r3f3m3", Cause::Order)], "r3f3m3"), reached);
        assert_eq!(count(&[(71, "r2f2m2", "r3f2m2", Cause::Refit)], "r3f2m2"), AimCount::default());
        assert_eq!(count(&[(71, "r2f1m1", "r3f2m2", Cause::Order)], "r3f2m2"), AimCount::default());
        assert_eq!(count(&[(71, "r3f2m2", "r2f2m2", Cause::Decay)], "r2f2m2").promising, 1);
    }

    #[test]
    fn who_reached_it_earlier_is_followed() {
        let earlier = (70, "r2f2m2", "r3f2m2", Cause::Order);
        let found = count(&[earlier], "r3f2m2");
        assert_eq!((found.reached, found.reached_before, found.still_there, found.churning), (0, 1, 1, 0));
        let found = count(&[earlier, (80, "r3f2m2", "r2f2m2", Cause::Decay)], "r1f2m2");
        assert_eq!((found.reached_before, found.still_there, found.churning), (1, 0, 1));
        assert_eq!(count(&[(41, "r2f2m2", "r3f2m2", Cause::Order)], "r3f2m2").reached_before, 1);
        assert_eq!(count(&[(40, "r2f2m2", "r3f2m2", Cause::Order)], "r3f2m2"), AimCount::default());
    }

    #[test]
    fn counts_add_up() {
        let (one, other) = (count(&[], "r2f2m2"), count(&[(71, "r2f2m2", "r3f2m2", Cause::Order)], "r3f2m2"));
        assert_eq!(one.merge(&other), other.merge(&one));
        assert_eq!((one.merge(&other).promising, one.merge(&other).reached), (1, 1));
    }
}
