//! What the model knows of a customer.

use crate::day::Day;
use crate::orders::Orders;
use crate::values::Window;

/// A customer's purchase days up to a day, over the whole lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct History {
    /// Days since the first purchase day.
    pub age: u32,
    /// Days from the first to the last purchase day.
    pub span: u32,
    /// Purchase days after the first.
    pub repeats: u32,
}

impl History {
    /// The history on the day `on`; `None` without a counted order.
    #[must_use]
    pub fn of(orders: &Orders, on: Day, window: Window) -> Option<History> {
        let mut days: Vec<Day> =
            orders.iter().filter(|entry| window.counts(entry) && entry.day <= on).map(|entry| entry.day).collect();
        days.dedup();
        let (first, last) = (*days.first()?, *days.last()?);
        Some(History {
            age: u32::try_from(on.since(first)).ok()?,
            span: u32::try_from(last.since(first)).ok()?,
            repeats: u32::try_from(days.len() - 1).ok()?,
        })
    }

    /// Days since the last purchase day.
    #[must_use]
    pub fn silence(&self) -> u32 {
        self.age - self.span
    }
}
