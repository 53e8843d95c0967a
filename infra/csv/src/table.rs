//! The customers of a file with their values, in the order of their ids.

use std::cmp::Ordering;

use segmentation::{Cuts, Minor, Segment};

use crate::error::Error;
use crate::fold::Folded;
use crate::ids::{CustomerId, Texts};
use crate::scan::on_threads;

/// One customer's values and segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Customer<'a> {
    /// The id as the file has it.
    pub id: CustomerId<'a>,
    /// Days since the last counted order.
    pub recency_days: u32,
    /// Counted orders inside the window.
    pub frequency: u32,
    /// Their sum in minor units, net of returns.
    pub monetary: Minor,
    /// The segment under the fitted cuts.
    pub segment: Segment,
}

/// Sorted runs, one per worker; reading merges them.
pub(crate) struct Table {
    shares: Vec<Vec<Folded>>,
    texts: Texts,
    numbers_only: bool,
}

impl Table {
    /// Sorts each share on a thread of its own.
    pub(crate) fn new(shares: Vec<Vec<Folded>>, texts: Texts) -> Result<Table, Error> {
        let numbers_only = shares.iter().flatten().all(|customer| customer.id.interned().is_none());
        let mut table = Table { shares: Vec::new(), texts, numbers_only };
        let waiting: Vec<_> = shares.into_iter().map(|share| std::sync::Mutex::new(Some(share))).collect();
        table.shares = on_threads(waiting.len(), |n| {
            let mut share = waiting[n].lock().ok().and_then(|mut share| share.take()).unwrap_or_default();
            if numbers_only {
                share.sort_unstable_by_key(|customer| customer.id);
            } else {
                share = table.by_text(share);
            }
            share
        })?;
        Ok(table)
    }

    pub(crate) fn shares(&self) -> &[Vec<Folded>] {
        &self.shares
    }

    pub(crate) fn iter<'t>(&'t self, cuts: &'t Cuts) -> impl Iterator<Item = Customer<'t>> {
        let mut rest: Vec<&[Folded]> = self.shares.iter().map(Vec::as_slice).collect();
        std::iter::from_fn(move || {
            let heads = rest.iter().enumerate().filter_map(|(n, share)| share.first().map(|head| (n, head)));
            let (n, head) = heads.min_by(|(_, a), (_, b)| self.order(a, b))?;
            rest[n] = &rest[n][1..];
            let rfm = head.rfm();
            Some(Customer {
                id: self.texts.show(head.id),
                recency_days: rfm.recency_days,
                frequency: rfm.frequency,
                monetary: rfm.monetary,
                segment: cuts.segment(&rfm),
            })
        })
    }

    /// Sorts by the ids' bytes. The first sixteen stand beside each customer, so the table of texts is asked only where they are equal.
    fn by_text(&self, share: Vec<Folded>) -> Vec<Folded> {
        let mut beginning = [0; 16];
        let mut keyed: Vec<(u128, Folded)> = Vec::with_capacity(share.len());
        for customer in share {
            let begin = |text: &[u8]| {
                let length = text.len().min(16);
                beginning = [0; 16];
                beginning[..length].copy_from_slice(&text[..length]);
                u128::from_be_bytes(beginning)
            };
            keyed.push((self.texts.with_bytes(customer.id, begin), customer));
        }
        keyed.sort_unstable_by(|(a, one), (b, other)| a.cmp(b).then_with(|| self.order(one, other)));
        keyed.into_iter().map(|(_, customer)| customer).collect()
    }

    fn order(&self, a: &Folded, b: &Folded) -> Ordering {
        if self.numbers_only {
            return a.id.cmp(&b.id);
        }
        match (self.texts.show(a.id), self.texts.show(b.id)) {
            (CustomerId::Text(a), CustomerId::Text(b)) => a.cmp(b),
            (a, b) => a.to_string().cmp(&b.to_string()),
        }
    }
}
