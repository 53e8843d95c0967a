//! Why a customer stands where they stand, how far the next cell is, and when they drop if they do nothing.

use serde::{Deserialize, Serialize};

use crate::cuts::{AxisCuts, Cuts, Law};
use crate::day::Day;
use crate::money::Minor;
use crate::orders::{Entry, Orders};
use crate::segment::{Axis, Place, Segment};
use crate::values::{Rfm, Window};

/// One axis of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AxisExplanation {
    /// Which axis.
    pub axis: Axis,
    /// The customer's value: days, orders, or minor units.
    pub value: i64,
    /// 1, 2 or 3.
    pub score: u8,
    /// The lower cut, in the axis's unit.
    pub c1: i64,
    /// The upper cut.
    pub c2: i64,
    /// Where the cuts come from.
    pub law: Law,
    /// How far the value is from the next better score: days less, orders more, or minor units more. Absent at score 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_next: Option<i64>,
}

/// Where an idle customer goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IdleDrop {
    /// The first day on which the segment is another one.
    pub day: Day,
    /// Which one.
    pub to: Place,
}

/// All that led to a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Explanation {
    /// The segment.
    pub segment: Segment,
    /// The three values.
    pub values: Rfm,
    /// Which orders counted.
    pub window: Window,
    /// Recency, frequency, monetary.
    pub axes: [AxisExplanation; 3],
    /// The next change if nothing is bought or given back; absent when there is none to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_idle: Option<IdleDrop>,
}

/// Explains the segment on the day `on`; `None` when the customer has none.
#[must_use]
pub fn explain(orders: &Orders, cuts: &Cuts, on: Day) -> Option<Explanation> {
    let values = orders.rfm(on, cuts.window)?;
    let segment = cuts.segment(&values);
    let axis = |axis: Axis, value: i64| {
        let AxisCuts { c1, c2, law } = *cuts.axis(axis);
        let score = segment.score(axis);
        let to_next = score.better().map(|better| match (axis, better.number()) {
            (Axis::Recency, 3) => value - c1,
            (Axis::Recency, _) => value - c2,
            (_, 3) => c2 + 1 - value,
            (_, _) => c1 + 1 - value,
        });
        AxisExplanation { axis, value, score: score.number(), c1, c2, law, to_next }
    };
    Some(Explanation {
        segment,
        values,
        window: cuts.window,
        axes: [
            axis(Axis::Recency, i64::from(values.recency_days)),
            axis(Axis::Frequency, i64::from(values.frequency)),
            axis(Axis::Monetary, values.monetary.0),
        ],
        if_idle: idle_drop(orders, cuts, on, values, segment),
    })
}

/// Walks the days on which anything can change for an idle customer: recency passing a cut, and orders leaving the window.
fn idle_drop(orders: &Orders, cuts: &Cuts, on: Day, values: Rfm, segment: Segment) -> Option<IdleDrop> {
    let last = on.plus(-i64::from(values.recency_days));
    let first_after = |cut: i64| last.plus(cut.saturating_add(1));
    let mut passings: Vec<Day> =
        [cuts.recency.c1, cuts.recency.c2].into_iter().map(first_after).filter(|day| *day > on).collect();
    passings.sort_unstable();
    let mut leaving = orders
        .iter()
        .filter(|entry| cuts.window.counts(entry) && entry.day <= on && cuts.window.holds(entry.day, on))
        .filter_map(|entry| Some((entry.day.plus(i64::from(cuts.window.days?) + 1), entry)))
        .peekable();
    let mut now = values;
    let mut passings = passings.into_iter().peekable();
    loop {
        let day = match (leaving.peek().map(|(day, _)| *day), passings.peek().copied()) {
            (Some(a), Some(b)) => a.min(b),
            (Some(day), None) | (None, Some(day)) => day,
            (None, None) => return None,
        };
        passings.next_if_eq(&day);
        while let Some((_, entry)) = leaving.next_if(|(leaves, _)| *leaves == day) {
            now = without(now, entry);
        }
        now.recency_days = u32::try_from(day.since(last)).unwrap_or(u32::MAX);
        let to = cuts.segment(&now);
        if to != segment {
            return Some(IdleDrop { day, to: to.into() });
        }
    }
}

fn without(values: Rfm, entry: &Entry) -> Rfm {
    Rfm { frequency: values.frequency - 1, monetary: Minor(values.monetary.0 - entry.net.0), ..values }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::orders::Flags;

    fn cuts(window: Option<u32>) -> Cuts {
        let axis = |c1, c2| AxisCuts { c1, c2, law: Law::Fixed };
        Cuts {
            recency: axis(30, 90),
            frequency: axis(1, 4),
            monetary: axis(1000, 5000),
            window: Window { days: window, ..Window::default() },
        }
    }

    fn orders(list: &[(i64, i64)]) -> Orders {
        list.iter()
            .map(|(day, net)| Entry { day: Day::from_epoch_days(*day), net: Minor(*net), flags: Flags::none() })
            .collect()
    }

    #[test]
    fn it_says_how_far_the_next_cell_is_on_each_axis() {
        let found = explain(&orders(&[(100, 400), (110, 800)]), &cuts(None), Day::from_epoch_days(145));
        let found = found.map(|e| (e.segment.to_string(), e.axes.map(|axis| (axis.value, axis.to_next))));
        assert_eq!(found, Some(("r2f2m2".to_owned(), [(35, Some(5)), (2, Some(3)), (1200, Some(3801))])));
    }

    #[test]
    fn an_idle_customer_drops_on_the_day_after_the_cut() {
        let found = explain(&orders(&[(100, 400)]), &cuts(None), Day::from_epoch_days(100));
        let drop = found.and_then(|e| e.if_idle).map(|drop| (drop.day.epoch_days(), drop.to.to_string()));
        assert_eq!(drop, Some((131, "r2f1m1".to_owned())));
        let lost = explain(&orders(&[(100, 400)]), &cuts(None), Day::from_epoch_days(300));
        assert_eq!(lost.map(|e| e.if_idle), Some(None));
    }

    #[test]
    fn nobody_is_explained_without_an_order() {
        assert_eq!(explain(&Orders::default(), &cuts(None), Day::from_epoch_days(100)), None);
    }

    proptest! {
        /// Against the definition: the first later day whose segment differs.
        #[test]
        fn the_drop_day_is_the_first_day_with_another_segment(
            list in prop::collection::vec((0..200_i64, 1..3000_i64), 1..12),
            window in prop::option::of(1..250_u32),
            on in 200..300_i64,
        ) {
            let (orders, cuts, on) = (orders(&list), cuts(window), Day::from_epoch_days(on));
            let today = cuts.place(&orders, on);
            let expected = (1..1000).map(|n| on.plus(n)).find(|day| cuts.place(&orders, *day) != today);
            let found = explain(&orders, &cuts, on).and_then(|e| e.if_idle);
            prop_assert_eq!(found.map(|drop| drop.day), expected);
            if let Some(drop) = found {
                prop_assert_eq!(cuts.place(&orders, drop.day), drop.to);
            }
        }
    }
}
