//! Does one order id stand under two customers? Partitions are by customer, so none of them can see it alone.
//!
//! Every order marks its slot in a bit set. Where a slot was marked twice, and only there, ids and customers are compared exactly.

use crate::ids::{Id, Names};
use crate::record::Record;
use crate::scan::Read;

/// At most so many bits per row are spent on slots of their own for all numbers between the smallest and the largest.
const BITS_PER_ROW: u64 = 32;

/// Which slot an order id has. Ids of different slots differ; ids of one slot may.
pub(crate) struct Slots {
    /// Slots of texts, before those of numbers.
    texts: u64,
    least: u64,
    numbers: u64,
    /// Numbers are hashed to this many bits; 0 where each has its own slot.
    hashed_bits: u32,
}

impl Slots {
    pub(crate) fn new<R>(reads: &[Read<R>], orders: &Names) -> Slots {
        let rows: u64 = reads.iter().map(|read| read.rows).sum();
        let least = reads.iter().filter_map(|read| read.order_numbers).map(|(least, _)| least).min();
        let most = reads.iter().filter_map(|read| read.order_numbers).map(|(_, most)| most).max();
        let (least, most) = least.zip(most).unwrap_or((0, 0));
        let span = most - least + 1;
        let hashed_bits = if span <= rows * BITS_PER_ROW + 65_536 {
            0
        } else {
            (rows * BITS_PER_ROW / 2).next_power_of_two().max(65_536).trailing_zeros()
        };
        let numbers = if hashed_bits == 0 { span } else { 1 << hashed_bits };
        Slots { texts: orders.places(), least, numbers, hashed_bits }
    }

    #[inline]
    fn of(&self, id: Id) -> u64 {
        match id.interned() {
            Some(place) => place,
            None if self.hashed_bits == 0 => self.texts + (id.0 - self.least),
            None => self.texts + (id.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - self.hashed_bits)),
        }
    }

    fn bits(&self) -> Bits {
        Bits(vec![0; ((self.texts + self.numbers) as usize).div_ceil(64)])
    }
}

struct Bits(Vec<u64>);

impl Bits {
    /// Sets a bit; was it set before?
    #[inline]
    fn set(&mut self, at: u64) -> bool {
        let (word, bit) = (&mut self.0[at as usize / 64], 1 << (at % 64));
        let before = *word & bit != 0;
        *word |= bit;
        before
    }

    fn has(&self, at: u64) -> bool {
        self.0[at as usize / 64] & (1 << (at % 64)) != 0
    }
}

/// The slots that one worker marked.
pub(crate) struct Marks<'s> {
    slots: &'s Slots,
    seen: Bits,
    twice: Vec<u64>,
}

impl<'s> Marks<'s> {
    pub(crate) fn new(slots: &'s Slots) -> Marks<'s> {
        Marks { slots, seen: slots.bits(), twice: Vec::new() }
    }

    /// Marks an order; to be called once for each order of a customer.
    #[inline]
    pub(crate) fn mark(&mut self, order: Id) {
        let slot = self.slots.of(order);
        if self.seen.set(slot) {
            self.twice.push(slot);
        }
    }
}

/// The orders that stand under several customers, sorted.
pub(crate) fn shared_orders<R: Record>(slots: &Slots, marks: Vec<Marks<'_>>, reads: &[Read<R>]) -> Vec<Id> {
    let mut marks = marks.into_iter();
    let Some(mut all) = marks.next() else { return Vec::new() };
    for more in marks {
        all.twice.extend(more.twice);
        for (n, (word, other)) in all.seen.0.iter_mut().zip(&more.seen.0).enumerate() {
            let mut both = *word & other;
            while both != 0 {
                all.twice.push(n as u64 * 64 + u64::from(both.trailing_zeros()));
                both &= both - 1;
            }
            *word |= other;
        }
    }
    if all.twice.is_empty() {
        return Vec::new();
    }
    let mut suspects = slots.bits();
    all.twice.iter().for_each(|slot| {
        suspects.set(*slot);
    });
    let rows = reads.iter().flat_map(|read| &read.parts).flat_map(|part| part.chunks()).flatten();
    let mut pairs: Vec<(Id, Id)> = rows
        .filter_map(|row| {
            row.order().filter(|order| suspects.has(slots.of(*order))).map(|order| (order, row.customer()))
        })
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs.chunk_by(|a, b| a.0 == b.0).filter(|customers| customers.len() > 1).map(|customers| customers[0].0).collect()
}
