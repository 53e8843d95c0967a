//! When a customer came into the segment that the playbook is read for: by their own rhythm where that is read, else by moves
//! and by time.

use segmentation::{Activation, AxisCuts, Cause, Cuts, Day, Label, Profile, Score, Segment};

use crate::decide::facts::Left;
use crate::decide::inputs::RhythmRule;

impl RhythmRule {
    /// The score of so many days of silence, at a usual gap in days.
    pub(super) fn score(&self, silence: i64, gap: f64) -> Score {
        if silence < self.begins_after(gap, Score::Two) {
            Score::Three
        } else if silence < self.begins_after(gap, Score::One) {
            Score::Two
        } else {
            Score::One
        }
    }

    /// The first day of silence with the score.
    pub(super) fn begins_after(&self, gap: f64, score: Score) -> i64 {
        let percent = match score {
            Score::Three => return 0,
            Score::Two => self.late_percent,
            Score::One => self.gone_percent,
        };
        // A median gap is whole halves of a day, so 1.1 times 10 days is 11 and not a little more.
        let halves = (gap * 2.0).round() as i64;
        i64::from(percent) * halves / 200 + 1
    }

    /// The days, up to `on`, on which silence after an order led to the score.
    pub(super) fn arrivals(&self, orders: &[Day], gap: f64, score: Score, on: Day) -> Vec<Day> {
        let silence = self.begins_after(gap, score);
        let ends = orders.iter().skip(1).copied().chain([Day::MAX]);
        let mut arrivals: Vec<Day> = orders
            .iter()
            .zip(ends)
            .map(|(from, until)| (from.plus(silence), until))
            .filter(|(arrived, until)| arrived < until && *arrived <= on)
            .map(|(arrived, _)| arrived)
            .collect();
        if score == Score::Three {
            // Back from a silence, or here since the first order known: not anew with every order.
            let late = self.begins_after(gap, Score::Two);
            let returns = orders.windows(2).filter(|pair| pair[1].since(pair[0]) >= late).map(|pair| pair[1]);
            arrivals = orders.first().copied().into_iter().chain(returns).collect();
        }
        arrivals
    }

    /// The silent segments of `segment`'s frequency and money that an order ended, the last left first.
    pub(super) fn left(&self, orders: &[Day], gap: f64, segment: Segment) -> Vec<Left> {
        let silences = orders.windows(2).rev().map(|pair| (pair[0], pair[1], self.score(pair[1].since(pair[0]), gap)));
        silences
            .filter(|(.., r)| *r != Score::Three)
            .map(|(from, day, r)| {
                let since = Some(from.plus(self.begins_after(gap, r)));
                Left { segment: Segment { r, ..segment }, since, day }
            })
            .collect()
    }
}

/// The segments that moves left up to `on`, the last left first; `orders`: the counted ones' days, oldest first.
pub(super) fn left(profile: &Profile, cuts: &Cuts, orders: &[Day], on: Day) -> Vec<Left> {
    let AxisCuts { c1, c2, .. } = cuts.recency;
    let mut left: Vec<Left> = Vec::new();
    let mut since: Option<Day> = None;
    for moved in profile.moves.list.iter().map(|versioned| &versioned.moved).filter(|moved| moved.day <= on) {
        for step in &moved.steps {
            if let Some(segment) = step.from.0 {
                left.push(Left { segment, since, day: moved.day });
            }
            // What silence did is written down with the next order, maybe long after it.
            let silence = match step.to.0 {
                Some(Segment { r: Score::Two, .. }) if step.cause == Cause::Decay => Some(c1 + 1),
                Some(Segment { r: Score::One, .. }) if step.cause == Cause::Decay => Some(c2 + 1),
                _ => None,
            };
            let before = orders.iter().rev().find(|order| **order < moved.day);
            let arrived = silence.zip(before).map(|(silence, before)| before.plus(silence));
            since = Some(arrived.map_or(moved.day, |day| day.min(moved.day)));
        }
    }
    left.reverse();
    left
}

/// When the customer came into the segment: by the moves that ended in it, and by the cut that time has carried them over
/// since the last label. `labels`: where moves ended, oldest first.
pub(super) fn by_labels(
    labels: &[Label],
    segment: Segment,
    activation: Activation,
    cuts: &Cuts,
    last_order: Option<Day>,
    on: Day,
) -> Vec<Day> {
    // On a day in the past the label of that day counts, not today's.
    let known = || labels.iter().filter(|label| label.day <= on);
    let ended_here = |label: &&Label| label.place.0 == Some(segment);
    let mut days: Vec<Day> = known().filter(ended_here).map(|label| label.day).collect();
    let label = known().next_back();
    let labelled = label.filter(ended_here).is_some_and(|label| label.activation <= activation);
    if !labelled && let Some(last) = last_order {
        let AxisCuts { c1, c2, .. } = cuts.recency;
        let silence = match segment.r {
            Score::Three => 0,
            Score::Two => c1 + 1,
            Score::One => c2 + 1,
        };
        // Not before the day on which they are known to have stood elsewhere: another axis may have carried them.
        let elsewhere = label.map_or(Day::MIN, |label| label.day);
        days.push(last.plus(silence).max(elsewhere).min(on));
    }
    days.sort_unstable();
    days
}
