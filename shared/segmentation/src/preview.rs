//! Who would move on a day under other cuts: a run's moves before it is made, and of them those of people who did nothing.

use serde::{Deserialize, Serialize};

use crate::census::MoveMatrix;
use crate::day::Day;
use crate::label::{Cause, Move};
use crate::orders::Orders;
use crate::segment::Place;
use crate::values::Window;

/// Why somebody would move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PreviewKind {
    /// The cuts change.
    Refit,
    /// The day comes, and nothing else.
    Day,
}

/// How many would move, all and those who did nothing. Merges in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Who would move because the cuts change, with or without the day.
    pub refit: MoveMatrix,
    /// Of those, who did nothing.
    pub refit_idle: MoveMatrix,
    /// Who would move only because the day comes.
    pub day: MoveMatrix,
    /// Of those, who did nothing.
    pub day_idle: MoveMatrix,
    /// Who would stay.
    pub stay: u64,
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PreviewRow {
    /// From here
    pub from: Place,
    /// to there
    pub to: Place,
    /// because of this.
    pub kind: PreviewKind,
    /// So many customers,
    pub customers: u64,
    /// of whom so many did nothing.
    pub idle: u64,
}

impl Move {
    /// Where it begins.
    #[must_use]
    pub fn origin(&self) -> Place {
        self.steps.first().map_or(Place::NONE, |step| step.from)
    }

    /// Did a change of cuts have a part in it?
    #[must_use]
    pub fn is_by_refit(&self) -> bool {
        self.steps.iter().any(|step| step.cause == Cause::Refit)
    }
}

impl Preview {
    /// Counts one customer: where they would go, and whether they did nothing.
    pub fn count(&mut self, moved: Option<&Move>, idle: bool) {
        let Some(moved) = moved else {
            self.stay += 1;
            return;
        };
        let (all, of_idle) = if moved.is_by_refit() {
            (&mut self.refit, &mut self.refit_idle)
        } else {
            (&mut self.day, &mut self.day_idle)
        };
        let (from, to) = (moved.origin(), moved.label().place);
        all.count(from, to);
        if idle {
            of_idle.count(from, to);
        }
    }

    /// Both together.
    #[must_use]
    pub fn merge(&self, other: &Preview) -> Preview {
        Preview {
            refit: self.refit.merge(&other.refit),
            refit_idle: self.refit_idle.merge(&other.refit_idle),
            day: self.day.merge(&other.day),
            day_idle: self.day_idle.merge(&other.day_idle),
            stay: self.stay + other.stay,
        }
    }

    /// All cells that are not empty: by refit, then by the day.
    pub fn rows(&self) -> impl Iterator<Item = PreviewRow> {
        let of = |all: &MoveMatrix, idle: &MoveMatrix, kind| {
            let row = |(from, to, customers)| PreviewRow { from, to, kind, customers, idle: idle.at(from, to) };
            all.moves().map(row).collect::<Vec<_>>()
        };
        let refit = of(&self.refit, &self.refit_idle, PreviewKind::Refit);
        refit.into_iter().chain(of(&self.day, &self.day_idle, PreviewKind::Day))
    }
}

/// Did a customer place no counted order since a day, that day included?
#[must_use]
pub fn idle_since(orders: &Orders, since: Day, window: Window) -> bool {
    !orders.iter().any(|entry| entry.day >= since && window.counts(entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuts::Activation;
    use crate::label::Step;
    use crate::money::Minor;
    use crate::orders::{Entry, Flags};

    fn moved(places: &[&str], causes: &[Cause]) -> Move {
        let place = |text: &str| Place::try_from(text.to_owned()).unwrap();
        let steps = places.windows(2).zip(causes);
        let steps = steps.map(|(pair, cause)| Step { from: place(pair[0]), to: place(pair[1]), cause: *cause });
        Move { day: Day::from_epoch_days(1), activation: Activation(2), steps: steps.collect() }
    }

    #[test]
    fn a_move_counts_once_by_its_ends_and_a_refit_in_it_makes_it_one() {
        let mut preview = Preview::default();
        preview.count(Some(&moved(&["r3f1m1", "r2f1m1", "r1f1m1"], &[Cause::Decay, Cause::Refit])), true);
        preview.count(Some(&moved(&["r3f1m1", "r1f1m1"], &[Cause::Refit])), false);
        preview.count(Some(&moved(&["r3f1m1", "r2f1m1"], &[Cause::Decay])), true);
        preview.count(None, true);
        let rows: Vec<_> = preview.rows().map(|row| (row.to.to_string(), row.kind, row.customers, row.idle)).collect();
        assert_eq!(rows, [("r1f1m1".into(), PreviewKind::Refit, 2, 1), ("r2f1m1".into(), PreviewKind::Day, 1, 1)]);
        let twice = preview.merge(&preview);
        assert_eq!((twice.stay, twice.refit.moved(), twice.day_idle.moved()), (2, 4, 2));
    }

    #[test]
    fn an_order_that_counts_for_nothing_is_nothing() {
        let entry = |day, flags| Entry { day: Day::from_epoch_days(day), net: Minor(5), flags };
        let returned = Flags::none().with(Flags::RETURNED, true);
        let orders: Orders = [entry(10, Flags::none()), entry(20, returned)].into_iter().collect();
        let idle = |day| idle_since(&orders, Day::from_epoch_days(day), Window::default());
        assert_eq!([10, 11, 20].map(idle), [false, true, true]);
    }
}
