//! What the clients know: a model of orders that is told apart from the service's own fold on purpose.

use std::collections::{BTreeMap, BTreeSet};

use segmentation::{Day, Entry, Flags, Minor};
use serde_json::Value;

use super::people::People;

/// One state of an order as it was sent.
#[derive(Clone, Debug)]
pub(super) struct Revision {
    pub(super) number: u64,
    pub(super) day: Day,
    pub(super) total: i64,
    pub(super) cancelled: bool,
    pub(super) body: Value,
    /// What was answered, without its status; `None`: it was given up, and may be there or not.
    pub(super) receipt: Option<Value>,
}

/// A return as it was sent.
#[derive(Clone, Debug)]
pub(super) struct Back {
    pub(super) id: String,
    /// `None`: the whole.
    pub(super) amount: Option<i64>,
    pub(super) body: Value,
    /// As of a revision.
    pub(super) receipt: Option<Value>,
}

/// An order and all that was sent of it.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) revisions: Vec<Revision>,
    pub(super) returns: Vec<Back>,
}

impl Order {
    /// Is nothing of it in doubt?
    pub(super) fn is_sure(&self) -> bool {
        self.revisions.iter().all(|revision| revision.receipt.is_some())
            && self.returns.iter().all(|back| back.receipt.is_some())
    }

    /// The revision that counts.
    pub(super) fn current(&self) -> Option<&Revision> {
        self.revisions.iter().max_by_key(|revision| revision.number)
    }

    pub(super) fn next_number(&self) -> u64 {
        self.current().map_or(0, |revision| revision.number + 1)
    }

    /// How much may still be given back; nothing after a return of the whole.
    pub(super) fn returnable(&self) -> i64 {
        if self.returns.iter().any(|back| back.amount.is_none()) {
            return 0;
        }
        let highest = self.revisions.iter().map(|revision| revision.total).max().unwrap_or_default();
        highest - self.returns.iter().filter_map(|back| back.amount).sum::<i64>()
    }

    /// What it counts for.
    pub(super) fn entry(&self) -> Option<Entry> {
        let current = self.current()?;
        let amounts: i64 = self.returns.iter().filter_map(|back| back.amount).sum();
        let whole = self.returns.iter().any(|back| back.amount.is_none());
        let returned = if whole { amounts.max(current.total) } else { amounts };
        Some(Entry {
            day: current.day,
            net: Minor((current.total - returned).max(0)),
            flags: Flags::none()
                .with(Flags::ZERO, current.total == 0)
                .with(Flags::RETURNED, current.total > 0 && returned >= current.total)
                .with(Flags::CANCELLED, current.cancelled),
        })
    }
}

/// A reward that was reserved, and how that ended.
#[derive(Clone, Debug)]
pub(super) struct Redeemed {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) order: String,
    pub(super) body: Value,
    /// Confirmed, or released.
    pub(super) confirmed: bool,
    /// The order's revision that counted then: a later one that cancels it gives the reward back.
    pub(super) on: u64,
}

/// An update of attributes.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) customer: String,
    pub(super) at: i64,
    pub(super) language: &'static str,
    pub(super) body: Value,
    pub(super) receipt: Value,
}

/// All that one client sent, or all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    pub(super) orders: Vec<Order>,
    pub(super) redeemed: Vec<Redeemed>,
    pub(super) told: Vec<Told>,
    /// Rewards that were refused, by why.
    pub(super) refused: BTreeMap<String, u64>,
    /// Orders of customers who were erased: they are gone for good.
    pub(super) erased: Vec<Order>,
}

impl Books {
    /// Orders, corrections and returns.
    pub(super) fn items(&self) -> usize {
        self.orders.iter().map(|order| order.revisions.len() + order.returns.len()).sum()
    }

    /// What was sent of customers who were erased is told apart.
    pub(super) fn forget(&mut self, erased: &BTreeSet<String>) {
        let gone;
        (gone, self.orders) = std::mem::take(&mut self.orders).into_iter().partition(|o| erased.contains(&o.customer));
        self.erased.extend(gone);
        self.told.retain(|told| !erased.contains(&told.customer));
    }

    pub(super) fn customers(&self) -> BTreeSet<&str> {
        let told = self.told.iter().map(|told| told.customer.as_str());
        self.orders.iter().map(|order| order.customer.as_str()).chain(told).collect()
    }

    /// Rewards that were confirmed and not given back, once nothing of their orders is in doubt.
    pub(super) fn standing(&self) -> impl Iterator<Item = &Redeemed> {
        let orders: BTreeMap<&str, &Order> = self.orders.iter().map(|order| (order.id.as_str(), order)).collect();
        self.redeemed.iter().filter(move |redeemed| {
            let order = orders.get(redeemed.order.as_str());
            let revisions = order.map_or(&[][..], |order| &order.revisions);
            let given_back = revisions.iter().any(|revision| revision.cancelled && revision.number > redeemed.on);
            redeemed.confirmed && !given_back
        })
    }

    /// Each customer's language as last told of one of their ids.
    pub(super) fn languages(&self, people: &People) -> BTreeMap<String, &'static str> {
        let mut last: BTreeMap<String, (i64, &'static str)> = BTreeMap::new();
        for told in &self.told {
            let known = last.entry(people.root(&told.customer)).or_insert((told.at, told.language));
            *known = (*known).max((told.at, told.language));
        }
        last.into_iter().map(|(customer, (_, language))| (customer, language)).collect()
    }
}

/// All clients' books as one.
pub(super) fn together(all: Vec<Books>) -> Books {
    let mut one = Books::default();
    for books in all {
        one.orders.extend(books.orders);
        one.redeemed.extend(books.redeemed);
        one.told.extend(books.told);
        for (why, count) in books.refused {
            *one.refused.entry(why).or_default() += count;
        }
    }
    one
}
