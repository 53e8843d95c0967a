//! Recency, frequency and monetary value of a customer on a day.

use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::money::Minor;
use crate::orders::{Entry, Flags, Orders};

/// Does an order whose total is zero count as a purchase? By default it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ZeroOrders {
    /// It is kept as a fact and counts for nothing.
    #[default]
    Ignore,
    /// It counts for recency and frequency.
    Count,
}

/// Which orders count for frequency and monetary value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Window {
    /// Orders at most this many days old are inside; `None`: the customer's lifetime.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub days: Option<u32>,
    /// The rule for orders of zero.
    pub zero_orders: ZeroOrders,
}

impl Window {
    /// Does this order count as a purchase at all (in or out of the window)?
    #[must_use]
    pub fn counts(&self, entry: &Entry) -> bool {
        let zero = entry.flags.has(Flags::ZERO) && self.zero_orders == ZeroOrders::Ignore;
        !zero && !entry.flags.has(Flags::RETURNED) && !entry.flags.has(Flags::CANCELLED)
    }

    /// Is an order placed on `day` inside the window on the day `on`?
    #[must_use]
    pub fn holds(&self, day: Day, on: Day) -> bool {
        self.days.is_none_or(|days| on.since(day) <= i64::from(days))
    }
}

/// A customer's three values on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rfm {
    /// Days since the last counted order, in or out of the window; 0 on its own day.
    pub recency_days: u32,
    /// Counted orders inside the window.
    pub frequency: u32,
    /// Their sum, net of returns, in minor units.
    pub monetary: Minor,
}

impl Rfm {
    /// Is the customer in the base, that is, with at least one counted order inside the window?
    #[must_use]
    pub fn in_base(&self) -> bool {
        self.frequency > 0
    }
}

impl Orders {
    /// The values on the day `on`, from the orders placed up to and including that day; `None` without a counted one.
    ///
    /// Who has only orders older than the window keeps the true recency, with frequency and monetary zero (law 5).
    #[must_use]
    pub fn rfm(&self, on: Day, window: Window) -> Option<Rfm> {
        let mut last: Option<Day> = None;
        let (mut frequency, mut monetary) = (0, Minor::ZERO);
        for entry in self.iter().filter(|entry| window.counts(entry)) {
            // Sorted by day: what follows lies in the future of `on`.
            if entry.day > on {
                break;
            }
            last = Some(entry.day);
            if window.holds(entry.day, on) {
                frequency += 1;
                monetary += entry.net;
            }
        }
        let recency_days = u32::try_from(on.since(last?)).ok()?;
        Some(Rfm { recency_days, frequency, monetary })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(day: i64, net: i64, flags: Flags) -> Entry {
        Entry { day: Day::from_epoch_days(day), net: Minor(net), flags }
    }

    fn on(day: i64) -> Day {
        Day::from_epoch_days(day)
    }

    #[test]
    fn recency_counts_days_since_the_last_order_and_frequency_counts_orders() {
        let orders: Orders = [entry(10, 500, Flags::none()), entry(20, 700, Flags::none())].into_iter().collect();
        let rfm = Rfm { recency_days: 5, frequency: 2, monetary: Minor(1200) };
        assert_eq!(orders.rfm(on(25), Window::default()), Some(rfm));
        assert_eq!(orders.rfm(on(20), Window::default()).map(|v| v.recency_days), Some(0));
    }

    #[test]
    fn orders_after_the_day_are_not_there_yet() {
        let orders: Orders = [entry(10, 500, Flags::none()), entry(20, 700, Flags::none())].into_iter().collect();
        assert_eq!(orders.rfm(on(19), Window::default()).map(|v| (v.recency_days, v.frequency)), Some((9, 1)));
        assert_eq!(orders.rfm(on(9), Window::default()), None);
    }

    #[test]
    fn cancelled_and_fully_returned_orders_count_for_nothing() {
        let orders: Orders = [
            entry(10, 500, Flags::none()),
            entry(11, 0, Flags::none().with(Flags::RETURNED, true)),
            entry(12, 900, Flags::none().with(Flags::CANCELLED, true)),
        ]
        .into_iter()
        .collect();
        let rfm = Rfm { recency_days: 10, frequency: 1, monetary: Minor(500) };
        assert_eq!(orders.rfm(on(20), Window::default()), Some(rfm));
    }

    #[test]
    fn an_order_of_zero_counts_only_when_the_rule_says_so() {
        let orders: Orders = [entry(10, 0, Flags::none().with(Flags::ZERO, true))].into_iter().collect();
        assert_eq!(orders.rfm(on(20), Window::default()), None);
        let count = Window { zero_orders: ZeroOrders::Count, ..Window::default() };
        assert_eq!(orders.rfm(on(20), count), Some(Rfm { recency_days: 10, frequency: 1, monetary: Minor::ZERO }));
    }

    #[test]
    fn outside_the_window_only_recency_is_left() {
        let orders: Orders = [entry(10, 500, Flags::none()), entry(100, 700, Flags::none())].into_iter().collect();
        let window = Window { days: Some(30), ..Window::default() };
        assert_eq!(orders.rfm(on(130), window).map(|v| v.frequency), Some(1));
        let old = Rfm { recency_days: 31, frequency: 0, monetary: Minor::ZERO };
        assert_eq!(orders.rfm(on(131), window), Some(old));
        assert!(!old.in_base());
    }
}
