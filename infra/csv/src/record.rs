//! What is kept of a row until its customer is folded: as few bytes as the file allows.
//!
//! A file is read under the narrowest plan first. A row that does not fit says which plan does, and reading starts again; large ids
//! stand in the first row already, so that mostly costs nothing.

use segmentation::{Day, Entry, Flags, Minor};

use crate::ids::Id;
use crate::returns::{Matcher, Returned};
use crate::time::DAY_MICROS;

/// How a file is read, narrowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Plan {
    /// 16 bytes a row: ids below 2^31 and 2^37, no returns.
    Narrow,
    /// 32 bytes a row: any ids, no returns.
    Wide,
    /// 48 bytes a row: with products and times, so that returns find their orders.
    Returns,
}

/// A row with its ids in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fact {
    pub(crate) customer: Id,
    pub(crate) order: Id,
    pub(crate) product: Id,
    pub(crate) day: i32,
    pub(crate) micros: i64,
    /// Minor units; below zero for what is given back.
    pub(crate) amount: i64,
    /// Its place in the file: grows from row to row.
    pub(crate) at: u64,
}

/// A row as one plan keeps it. Sorted, the rows of a customer stand together, and in them those of an order.
pub(crate) trait Record: Copy + Ord + Send + Sync {
    /// Are products needed?
    const PRODUCTS: bool;
    /// Working memory of [`Record::orders`].
    type Scratch: Default;

    /// Keeps a row, or says which plan can.
    fn pack(fact: &Fact) -> Result<Self, Plan>;

    fn customer(&self) -> Id;

    /// The order that this row is a part of; `None` for a return.
    fn order(&self) -> Option<Id>;

    /// Gives every order of one customer's sorted rows to `each`; returns what became of the returns.
    fn orders(rows: &[Self], scratch: &mut Self::Scratch, each: impl FnMut(Id, Entry)) -> Returned;
}

/// Customer 32 bits, order 38, day 20, amount 38, from the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Narrow(u128);

const AMOUNT_BITS: u32 = 38;
const DAY_BITS: u32 = 20;
const ORDER_BITS: u32 = 38;
const CUSTOMER_BITS: u32 = 32;

/// An id in `bits` bits: the top one tells texts from numbers.
fn squeeze(id: Id, bits: u32) -> Option<u64> {
    let top = 1 << (bits - 1);
    match id.interned() {
        None => (id.0 < top).then_some(id.0),
        Some(place) => (place < top).then_some(place | top),
    }
}

fn stretch(squeezed: u64, bits: u32) -> Id {
    let top = 1 << (bits - 1);
    if squeezed & top == 0 { Id(squeezed) } else { Id::of_interned(squeezed & !top) }
}

impl Narrow {
    fn part(self, below: u32, bits: u32) -> u64 {
        ((self.0 >> below) as u64) & ((1 << bits) - 1)
    }

    /// Customer and order: equal for the rows of one order.
    fn key(self) -> u128 {
        self.0 >> (DAY_BITS + AMOUNT_BITS)
    }

    fn day(self) -> u64 {
        self.part(AMOUNT_BITS, DAY_BITS)
    }

    fn amount(self) -> i64 {
        self.part(0, AMOUNT_BITS).cast_signed()
    }
}

impl Record for Narrow {
    const PRODUCTS: bool = false;
    type Scratch = ();

    #[inline]
    fn pack(fact: &Fact) -> Result<Narrow, Plan> {
        let amount = u64::try_from(fact.amount).map_err(|_| Plan::Returns)?;
        let day = u64::from(fact.day.unsigned_abs());
        let (Some(customer), Some(order)) = (squeeze(fact.customer, CUSTOMER_BITS), squeeze(fact.order, ORDER_BITS))
        else {
            return Err(Plan::Wide);
        };
        if amount >> AMOUNT_BITS != 0 || day >> DAY_BITS != 0 {
            return Err(Plan::Wide);
        }
        let high = u128::from(customer) << ORDER_BITS | u128::from(order);
        Ok(Narrow(high << (DAY_BITS + AMOUNT_BITS) | u128::from(day << AMOUNT_BITS | amount)))
    }

    fn customer(&self) -> Id {
        stretch(self.part(ORDER_BITS + DAY_BITS + AMOUNT_BITS, CUSTOMER_BITS), CUSTOMER_BITS)
    }

    fn order(&self) -> Option<Id> {
        Some(stretch(self.part(DAY_BITS + AMOUNT_BITS, ORDER_BITS), ORDER_BITS))
    }

    #[inline]
    fn orders(rows: &[Narrow], (): &mut (), mut each: impl FnMut(Id, Entry)) -> Returned {
        for lines in rows.chunk_by(|a, b| a.key() == b.key()) {
            // Of one order's rows the first is the earliest.
            let id = stretch(lines[0].part(DAY_BITS + AMOUNT_BITS, ORDER_BITS), ORDER_BITS);
            let total = lines.iter().map(|line| line.amount()).sum();
            each(id, entry(lines[0].day().cast_signed(), total, 0));
        }
        Returned::default()
    }
}

/// Any ids and amounts, no returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wide {
    customer: Id,
    order: Id,
    day: i32,
    amount: i64,
}

impl Record for Wide {
    const PRODUCTS: bool = false;
    type Scratch = ();

    fn pack(fact: &Fact) -> Result<Wide, Plan> {
        if fact.amount < 0 {
            return Err(Plan::Returns);
        }
        Ok(Wide { customer: fact.customer, order: fact.order, day: fact.day, amount: fact.amount })
    }

    fn customer(&self) -> Id {
        self.customer
    }

    fn order(&self) -> Option<Id> {
        Some(self.order)
    }

    fn orders(rows: &[Wide], (): &mut (), mut each: impl FnMut(Id, Entry)) -> Returned {
        for lines in rows.chunk_by(|a, b| a.order == b.order) {
            let total = lines.iter().map(|line| line.amount).sum();
            each(lines[0].order, entry(i64::from(lines[0].day), total, 0));
        }
        Returned::default()
    }
}

/// Everything that matching returns with orders needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) customer: Id,
    pub(crate) order: Id,
    pub(crate) product: Id,
    pub(crate) at: u64,
    /// Microseconds since 1970-01-01, on the shop's wall clock.
    pub(crate) time: i64,
    pub(crate) amount: i64,
}

impl Line {
    pub(crate) fn of(fact: &Fact) -> Line {
        let time = i64::from(fact.day) * DAY_MICROS + fact.micros;
        Line {
            customer: fact.customer,
            order: fact.order,
            product: fact.product,
            at: fact.at,
            time,
            amount: fact.amount,
        }
    }

    pub(crate) fn is_return(&self) -> bool {
        self.amount < 0
    }
}

impl Record for Line {
    const PRODUCTS: bool = true;
    type Scratch = Matcher;

    fn pack(fact: &Fact) -> Result<Line, Plan> {
        Ok(Line::of(fact))
    }

    fn customer(&self) -> Id {
        self.customer
    }

    fn order(&self) -> Option<Id> {
        (!self.is_return()).then_some(self.order)
    }

    fn orders(rows: &[Line], matcher: &mut Matcher, mut each: impl FnMut(Id, Entry)) -> Returned {
        let returned = matcher.settle(rows);
        for order in matcher.orders() {
            each(order.id, entry(order.time.div_euclid(DAY_MICROS), order.total, order.total - order.left));
        }
        returned
    }
}

/// What an order counts for, as `segmentation::OrderFold` makes it of one revision and its returns.
fn entry(day: i64, total: i64, returned: i64) -> Entry {
    Entry {
        day: Day::from_epoch_days(day),
        net: Minor(total - returned),
        flags: Flags::none().with(Flags::ZERO, total == 0).with(Flags::RETURNED, total > 0 && returned >= total),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(customer: Id, order: Id, day: i32, amount: i64) -> Fact {
        Fact { customer, order, product: Id::NONE, day, micros: 0, amount, at: 0 }
    }

    #[test]
    fn a_narrow_row_gives_back_what_was_packed() {
        for customer in [Id(0), Id((1 << 31) - 1), Id::of_interned(0), Id::of_interned((1 << 31) - 1)] {
            for order in [Id(0), Id((1 << 37) - 1), Id::of_interned(5)] {
                let row = Narrow::pack(&fact(customer, order, 1_000_000, (1 << 38) - 1)).unwrap();
                assert_eq!((row.customer(), row.order()), (customer, Some(order)));
                assert_eq!((row.day(), row.amount()), (1_000_000, (1 << 38) - 1));
            }
        }
    }

    #[test]
    fn what_does_not_fit_names_the_plan_that_holds_it() {
        let (small, large) = (Id(7), Id(1 << 40));
        for too_wide in [fact(large, small, 1, 1), fact(small, large, 1, 1), fact(small, small, 1 << 20, 1)] {
            assert_eq!(Narrow::pack(&too_wide), Err(Plan::Wide));
            assert!(Wide::pack(&too_wide).is_ok());
        }
        assert_eq!(Narrow::pack(&fact(small, small, 1, 1 << 38)), Err(Plan::Wide));
        assert_eq!(Narrow::pack(&fact(large, small, 1, -1)), Err(Plan::Returns));
        assert_eq!(Wide::pack(&fact(large, small, 1, -1)), Err(Plan::Returns));
    }
}
