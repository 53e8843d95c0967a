//! Partitions of rows into customers with their values, on several threads.

use std::sync::atomic::AtomicU64;

use segmentation::{Day, Entry, Histogram, Minor, Rfm, Summary, Survey, Tally, Window};

use crate::conflicts::{Marks, Slots};
use crate::error::Error;
use crate::ids::Id;
use crate::record::Record;
use crate::returns::Returned;
use crate::scan::{Read, claim, on_threads};

/// For which day customers are folded, and which orders count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) on: Day,
    pub(crate) window: Window,
}

/// A customer's values on the day, from orders that come in any order; the same as `segmentation::Orders::rfm`, without keeping them.
#[derive(Debug, Clone, Copy, Default)]
struct Values {
    last: Option<Day>,
    frequency: u32,
    monetary: Minor,
}

impl Values {
    /// Takes in an order; is it counted inside the window?
    #[inline]
    fn add(&mut self, entry: &Entry, rules: &Rules) -> bool {
        if entry.day > rules.on || !rules.window.counts(entry) {
            return false;
        }
        self.last = self.last.max(Some(entry.day));
        let inside = rules.window.holds(entry.day, rules.on);
        if inside {
            self.frequency += 1;
            self.monetary += entry.net;
        }
        inside
    }

    fn rfm(&self, on: Day) -> Option<Rfm> {
        let recency_days = u32::try_from(on.since(self.last?)).ok()?;
        Some(Rfm { recency_days, frequency: self.frequency, monetary: self.monetary })
    }
}

/// A customer with at least one counted order: 24 bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Folded {
    pub(crate) id: Id,
    monetary: i64,
    recency_days: u32,
    frequency: u32,
}

impl Folded {
    fn new(id: Id, rfm: &Rfm) -> Folded {
        Folded { id, monetary: rfm.monetary.0, recency_days: rfm.recency_days, frequency: rfm.frequency }
    }

    pub(crate) fn rfm(&self) -> Rfm {
        Rfm { recency_days: self.recency_days, frequency: self.frequency, monetary: Minor(self.monetary) }
    }
}

/// What one worker folded.
pub(crate) struct Share<'s> {
    pub(crate) customers: Vec<Folded>,
    /// Customers with orders, but no counted one.
    pub(crate) without: u64,
    pub(crate) orders: u64,
    pub(crate) returned: Returned,
    pub(crate) survey: Survey,
    pub(crate) marks: Marks<'s>,
}

/// Folds all customers. The survey lacks the orders' totals, which only a fallback asks for: see [`order_totals`].
pub(crate) fn fold<'s, R: Record>(
    reads: &[Read<R>],
    rules: &Rules,
    slots: &'s Slots,
    threads: usize,
) -> Result<Vec<Share<'s>>, Error> {
    let next = AtomicU64::new(0);
    on_threads(threads, |_| {
        let mut marks = Marks::new(slots);
        let mut customers = Vec::new();
        let (mut without, mut orders, mut returned) = (0, 0, Returned::default());
        let (mut recency, mut frequency, mut monetary) = (Tally::default(), Tally::default(), Tally::default());
        each_customer(reads, &next, |rows: &[R], scratch| {
            let mut values = Values::default();
            let orders_before = orders;
            let more = R::orders(rows, scratch, |order, entry| {
                marks.mark(order);
                orders += 1;
                values.add(&entry, rules);
            });
            returned = returned.plus(more);
            match values.rfm(rules.on) {
                Some(rfm) => {
                    if rfm.in_base() {
                        recency.add(i64::from(rfm.recency_days));
                        frequency.add(i64::from(rfm.frequency));
                        monetary.add(rfm.monetary.0);
                    }
                    customers.push(Folded::new(rows[0].customer(), &rfm));
                }
                // Who only gave something back that was never bought here is no customer, as in the service.
                None => without += u64::from(orders > orders_before),
            }
        });
        let survey = Survey {
            recency: recency.finish(),
            frequency: frequency.finish(),
            monetary: Summary::whole(monetary.finish()),
            order_totals: Summary::default(),
            ..Survey::default()
        };
        Share { customers, without, orders, returned, survey, marks }
    })
}

/// Net amounts of the counted orders inside the window, for the median order.
pub(crate) fn order_totals<R: Record>(reads: &[Read<R>], rules: &Rules, threads: usize) -> Result<Histogram, Error> {
    let next = AtomicU64::new(0);
    let shares = on_threads(threads, |_| {
        let mut totals = Tally::default();
        each_customer(reads, &next, |rows: &[R], scratch| {
            R::orders(rows, scratch, |_, entry| {
                if Values::default().add(&entry, rules) {
                    totals.add(entry.net.0);
                }
            });
        });
        totals.finish()
    })?;
    Ok(shares.iter().fold(Histogram::default(), |all, share| all.merge(share)))
}

/// Claims partitions one after the other and gives each customer's sorted rows to `each`.
fn each_customer<R: Record>(reads: &[Read<R>], next: &AtomicU64, mut each: impl FnMut(&[R], &mut R::Scratch)) {
    let partitions = reads.first().map_or(0, |read| read.parts.len());
    let mut rows: Vec<R> = Vec::new();
    let mut scratch = R::Scratch::default();
    while let Some(claimed) = claim(next, partitions) {
        rows.clear();
        for read in reads {
            read.parts[claimed].chunks().for_each(|chunk| rows.extend_from_slice(chunk));
        }
        rows.sort_unstable();
        for customer in rows.chunk_by(|a, b| a.customer() == b.customer()) {
            each(customer, &mut scratch);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use segmentation::{Flags, Orders, ZeroOrders};

    use super::*;

    proptest! {
        #[test]
        fn values_are_those_that_the_orders_kept_would_give(
            entries in prop::collection::vec((0..60_i64, 0..300_i64, 0..3_u8), 0..30),
            on in 0..70_i64,
            days in prop::option::of(0..40_u32),
            count in any::<bool>(),
        ) {
            let entries = entries.into_iter().map(|(day, net, kind)| Entry {
                day: Day::from_epoch_days(day),
                net: Minor(if kind == 0 { net } else { 0 }),
                flags: Flags::none().with(Flags::ZERO, kind == 1).with(Flags::RETURNED, kind == 2),
            });
            let zero_orders = if count { ZeroOrders::Count } else { ZeroOrders::Ignore };
            let rules = Rules { on: Day::from_epoch_days(on), window: Window { days, zero_orders } };
            let mut values = Values::default();
            for entry in entries.clone() {
                values.add(&entry, &rules);
            }
            let orders: Orders = entries.collect();
            prop_assert_eq!(values.rfm(rules.on), orders.rfm(rules.on, rules.window));
        }
    }
}
