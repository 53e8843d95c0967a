//! What is given back finds its orders.
//!
//! A file rarely says of which order a return is. The rule, in time order of one customer's returns: first the order that has
//! the return's own id, if there is one; else the latest order that was placed no later, holds the product and has enough of it left;
//! where none has enough, what is left of it in those orders, the latest first. The rest found no order: it lowers nothing and is told.

use crate::ids::Id;
use crate::record::Line;

/// An order of the customer in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InHand {
    pub(crate) time: i64,
    at: u64,
    pub(crate) id: Id,
    pub(crate) total: i64,
    /// What was not given back.
    pub(crate) left: i64,
}

/// A part of a return that found its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GivenBack {
    /// Place of the return's row in the file.
    pub(crate) at: u64,
    pub(crate) order: Id,
    /// Minor units, above zero.
    pub(crate) amount: i64,
}

/// What became of returns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Returned {
    pub(crate) matched: u64,
    pub(crate) matched_amount: i64,
    /// Rows of which at least a part found no order.
    pub(crate) unmatched: u64,
    pub(crate) unmatched_amount: i64,
}

impl Returned {
    pub(crate) fn plus(self, more: Returned) -> Returned {
        Returned {
            matched: self.matched + more.matched,
            matched_amount: self.matched_amount + more.matched_amount,
            unmatched: self.unmatched + more.unmatched,
            unmatched_amount: self.unmatched_amount + more.unmatched_amount,
        }
    }
}

/// What is left of a product in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stock {
    product: Id,
    order: usize,
    left: i64,
}

/// One customer's orders and returns; reused from customer to customer.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    orders: Vec<InHand>,
    by_id: Vec<(Id, usize)>,
    stock: Vec<Stock>,
    returns: Vec<Line>,
    given: Vec<GivenBack>,
}

impl Matcher {
    /// The orders, by time.
    pub(crate) fn orders(&self) -> &[InHand] {
        &self.orders
    }

    /// What found its order, by time of the return.
    pub(crate) fn given(&self) -> &[GivenBack] {
        &self.given
    }

    /// Takes the sorted rows of one customer and matches all its returns.
    pub(crate) fn settle(&mut self, rows: &[Line]) -> Returned {
        self.take(rows);
        let mut returned = Returned::default();
        for n in 0..self.returns.len() {
            let line = self.returns[n];
            let given_back = -line.amount;
            let rest = self.give_back(&line, given_back);
            if rest == 0 {
                returned.matched += 1;
            } else {
                returned.unmatched += 1;
            }
            returned.matched_amount += given_back - rest;
            returned.unmatched_amount += rest;
        }
        returned
    }

    fn take(&mut self, rows: &[Line]) {
        self.orders.clear();
        self.by_id.clear();
        self.stock.clear();
        self.returns.clear();
        self.given.clear();
        self.returns.extend(rows.iter().filter(|line| line.is_return()));
        self.returns.sort_unstable_by_key(|line| (line.time, line.at));
        for order in rows.chunk_by(|a, b| a.order == b.order) {
            let bought = || order.iter().filter(|line| !line.is_return());
            let (Some(time), Some(at)) = (bought().map(|l| l.time).min(), bought().map(|l| l.at).min()) else {
                continue;
            };
            let total = bought().map(|line| line.amount).sum();
            self.orders.push(InHand { time, at, id: order[0].order, total, left: total });
        }
        self.orders.sort_unstable_by_key(|order| (order.time, order.at));
        if self.returns.is_empty() {
            return;
        }
        self.by_id.extend(self.orders.iter().enumerate().map(|(n, order)| (order.id, n)));
        self.by_id.sort_unstable();
        for lines in rows.chunk_by(|a, b| (a.order, a.product) == (b.order, b.product)) {
            let left = lines.iter().filter(|line| !line.is_return()).map(|line| line.amount).sum();
            if let (Some(order), true) = (self.order(lines[0].order), left > 0) {
                self.stock.push(Stock { product: lines[0].product, order, left });
            }
        }
        self.stock.sort_unstable();
    }

    fn order(&self, id: Id) -> Option<usize> {
        let at = self.by_id.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.by_id[at].1)
    }

    /// Matches one return; what found no order is the answer.
    fn give_back(&mut self, line: &Line, mut amount: i64) -> i64 {
        if let Some(own) = self.order(line.order) {
            let part = amount.min(self.orders[own].left);
            let held = self.stock.binary_search_by_key(&(line.product, own), |stock| (stock.product, stock.order));
            if let Ok(held) = held {
                self.stock[held].left = (self.stock[held].left - part).max(0);
            }
            amount -= self.hand_over(line, own, part);
        }
        let placed = self.orders.partition_point(|order| order.time <= line.time);
        let from = self.stock.partition_point(|stock| stock.product < line.product);
        let to = self.stock.partition_point(|stock| (stock.product, stock.order) < (line.product, placed));
        let whole = (from..to).rev().find(|held| self.available(*held) >= amount);
        if let (Some(held), true) = (whole, amount > 0) {
            return amount - self.take_from(line, held, amount);
        }
        for held in (from..to).rev() {
            if amount == 0 {
                break;
            }
            amount -= self.take_from(line, held, amount);
        }
        amount
    }

    fn available(&self, held: usize) -> i64 {
        self.stock[held].left.min(self.orders[self.stock[held].order].left)
    }

    fn take_from(&mut self, line: &Line, held: usize, wanted: i64) -> i64 {
        let part = wanted.min(self.available(held));
        self.stock[held].left -= part;
        self.hand_over(line, self.stock[held].order, part)
    }

    fn hand_over(&mut self, line: &Line, order: usize, amount: i64) -> i64 {
        if amount > 0 {
            self.orders[order].left -= amount;
            self.given.push(GivenBack { at: line.at, order: self.orders[order].id, amount });
        }
        amount
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (order, product, time, amount) in file order; a negative amount is a return.
    fn settle(rows: &[(u64, u64, i64, i64)]) -> (Vec<(u64, i64)>, Returned) {
        let line = |(at, row): (usize, &(u64, u64, i64, i64))| Line {
            customer: Id(1),
            order: Id(row.0),
            product: Id(row.1),
            at: at as u64,
            time: row.2,
            amount: row.3,
        };
        let mut lines: Vec<Line> = rows.iter().enumerate().map(line).collect();
        lines.sort_unstable();
        let mut matcher = Matcher::default();
        let returned = matcher.settle(&lines);
        (matcher.given().iter().map(|given| (given.order.0, given.amount)).collect(), returned)
    }

    #[test]
    fn a_return_goes_to_the_latest_earlier_order_with_enough_of_the_product() {
        let bought = [(1, 7, 10, 500), (2, 7, 20, 300), (3, 8, 30, 900), (4, 7, 50, 900)];
        let with = |row| settle(&[&bought[..], &[row]].concat());
        assert_eq!(with((99, 7, 40, -300)).0, [(2, 300)]);
        assert_eq!(with((99, 7, 40, -400)).0, [(1, 400)]);
        assert_eq!(with((99, 7, 15, -100)).0, [(1, 100)]);
    }

    #[test]
    fn where_no_order_has_enough_several_share_it_and_the_rest_is_told() {
        let bought = [(1, 7, 10, 500), (2, 7, 20, 300)];
        let (given, returned) = settle(&[&bought[..], &[(99, 7, 40, -900)]].concat());
        assert_eq!(given, [(2, 300), (1, 500)]);
        assert_eq!(returned, Returned { matched: 0, matched_amount: 800, unmatched: 1, unmatched_amount: 100 });
        let (given, returned) = settle(&[(1, 7, 10, 500), (99, 8, 40, -100), (98, 7, 5, -100)]);
        assert_eq!((given.len(), returned.unmatched, returned.unmatched_amount), (0, 2, 200));
    }

    #[test]
    fn what_was_given_back_cannot_be_given_back_again() {
        let rows = [(1, 7, 10, 500), (97, 7, 20, -400), (98, 7, 30, -100), (99, 7, 40, -1)];
        let (given, returned) = settle(&rows);
        assert_eq!(given, [(1, 400), (1, 100)]);
        assert_eq!((returned.matched, returned.unmatched), (2, 1));
    }

    #[test]
    fn a_return_under_the_orders_own_id_goes_there_first() {
        let rows = [(1, 7, 10, 500), (2, 7, 20, 500), (1, 7, 30, -200), (1, 9, 30, -100), (2, 7, 40, -600)];
        let (given, returned) = settle(&rows);
        assert_eq!(given, [(1, 200), (1, 100), (2, 500), (1, 100)]);
        assert_eq!(returned.unmatched, 0);
    }
}
