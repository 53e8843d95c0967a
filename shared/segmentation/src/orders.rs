//! A customer's orders as a multiset of (day, net, flags), packed in about 5 bytes each: all that R, F and M need.

use crate::day::Day;
use crate::money::Minor;
use crate::packed::{Damaged, Packed, Reader, put_varint, serde_as_bytes};

/// What an order is besides its amount. A bit set of [`Flags::ZERO`], [`Flags::RETURNED`], [`Flags::CANCELLED`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flags(u8);

impl Flags {
    /// The order's total is zero.
    pub const ZERO: Flags = Flags(1);
    /// Total above zero, and all of it given back.
    pub const RETURNED: Flags = Flags(2);
    /// Cancelled by its current revision.
    pub const CANCELLED: Flags = Flags(4);
    const BITS: u32 = 3;

    /// No flag.
    #[must_use]
    pub fn none() -> Flags {
        Flags(0)
    }

    /// These flags, and `flag` too if `set`.
    #[must_use]
    pub fn with(self, flag: Flags, set: bool) -> Flags {
        if set { Flags(self.0 | flag.0) } else { self }
    }

    /// Is `flag` set?
    #[must_use]
    pub fn has(self, flag: Flags) -> bool {
        self.0 & flag.0 != 0
    }
}

/// What one order counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// The shop day it was placed.
    pub day: Day,
    /// Its total less what was given back, never below zero.
    pub net: Minor,
    /// Zero, returned in full, cancelled.
    pub flags: Flags,
}

/// A customer's orders, kept sorted: equal multisets are equal values and equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orders(Vec<Entry>);

/// Why a change was refused; the multiset is then unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrdersError {
    /// There are [`Orders::MAX`] orders already.
    #[error("a customer holds at most {max} orders", max = Orders::MAX)]
    Full,
    /// The entry to take out is not there: the order's head and the profile do not belong together.
    #[error("the profile has no order of {} on {}", .0.net, .0.day)]
    NoSuchEntry(Entry),
}

impl Orders {
    /// The most orders one customer can have.
    pub const MAX: usize = 40_000;
    const FORMAT: u8 = 1;

    /// Takes out one entry equal to `old` and puts in `new`.
    ///
    /// # Errors
    /// [`OrdersError`], with nothing changed.
    pub fn replace(&mut self, old: Option<Entry>, new: Option<Entry>) -> Result<(), OrdersError> {
        if old == new {
            return Ok(());
        }
        if old.is_none() && self.0.len() >= Orders::MAX {
            return Err(OrdersError::Full);
        }
        if let Some(old) = old {
            let at = self.0.binary_search(&old).map_err(|_| OrdersError::NoSuchEntry(old))?;
            self.0.remove(at);
        }
        if let Some(new) = new {
            let at = self.0.partition_point(|entry| *entry <= new);
            self.0.insert(at, new);
        }
        Ok(())
    }

    /// The entries, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator + Clone {
        self.0.iter()
    }

    /// Only the orders placed before a day.
    #[must_use]
    pub fn before(&self, day: Day) -> Orders {
        Orders(self.0[..self.0.partition_point(|entry| entry.day < day)].to_vec())
    }

    /// How many orders, counted or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// No order at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Packs: a format byte, then per entry, oldest first, two variable-length integers (7 bits a byte, low bits first):
    /// days since the entry before, shifted left by three flag bits; and the net amount.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.0.len() * 6);
        bytes.push(Orders::FORMAT);
        let mut previous = 0;
        for entry in &self.0 {
            let day = u64::from(entry.day.epoch_days().unsigned_abs());
            put_varint(&mut bytes, (day - previous) << Flags::BITS | u64::from(entry.flags.0));
            put_varint(&mut bytes, entry.net.0.unsigned_abs());
            previous = day;
        }
        bytes
    }

    /// Unpacks what [`Orders::to_bytes`] made.
    ///
    /// # Errors
    /// [`Damaged`] with the position where reading failed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Orders, Damaged> {
        let mut reader = Reader::of_format(bytes, Orders::FORMAT)?;
        let mut day = 0_u64;
        let mut entries: Vec<Entry> = Vec::with_capacity(bytes.len() / 5);
        while !reader.is_at_end() {
            let start = reader.at();
            let head = reader.varint()?;
            let net = reader.number()?;
            let flags = Flags(u8::try_from(head & ((1 << Flags::BITS) - 1)).map_err(|_| Damaged(start))?);
            day = day.checked_add(head >> Flags::BITS).filter(|d| *d <= 2_932_896).ok_or(Damaged(start))?;
            let entry = Entry { day: Day::from_epoch_days(day.cast_signed()), net: Minor(net), flags };
            if entries.last().is_some_and(|last| *last > entry) {
                return Err(Damaged(start));
            }
            entries.push(entry);
        }
        Ok(Orders(entries))
    }
}

impl FromIterator<Entry> for Orders {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Orders {
        let mut entries: Vec<Entry> = entries.into_iter().collect();
        entries.sort_unstable();
        Orders(entries)
    }
}

impl Packed for Orders {
    const NAME: &'static str = "packed orders";

    fn to_bytes(&self) -> Vec<u8> {
        Orders::to_bytes(self)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Orders, Damaged> {
        Orders::from_bytes(bytes)
    }
}

serde_as_bytes!(Orders);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let entry = (0..2_932_896_i64, 0..Minor::MAX.0, 0..8_u8).prop_map(|(day, net, flags)| Entry {
            day: Day::from_epoch_days(day),
            net: Minor(net),
            flags: Flags(flags),
        });
        prop::collection::vec(entry, 0..60)
    }

    proptest! {
        #[test]
        fn packing_and_unpacking_gives_the_same_orders(entries in entries()) {
            let orders: Orders = entries.into_iter().collect();
            prop_assert_eq!(Orders::from_bytes(&orders.to_bytes()), Ok(orders));
        }

        #[test]
        fn any_way_to_the_same_multiset_gives_the_same_bytes(entries in entries(), swap in any::<prop::sample::Index>()) {
            let sorted: Orders = entries.iter().copied().collect();
            let mut rotated = entries.clone();
            rotated.rotate_left(swap.index(entries.len().max(1)) % entries.len().max(1));
            let mut grown = Orders::default();
            for entry in &rotated {
                prop_assert_eq!(grown.replace(None, Some(*entry)), Ok(()));
            }
            prop_assert_eq!(grown.to_bytes(), sorted.to_bytes());
            for entry in &entries {
                prop_assert_eq!(grown.replace(Some(*entry), None), Ok(()));
            }
            prop_assert!(grown.is_empty());
        }

        #[test]
        fn damaged_bytes_are_refused_or_read_but_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(orders) = Orders::from_bytes(&bytes) {
                prop_assert!(orders.iter().is_sorted());
            }
        }
    }

    #[test]
    fn a_typical_order_takes_five_bytes() {
        let monthly = (0..24).map(|n| Entry {
            day: Day::from_epoch_days(20_000 + n * 30),
            net: Minor(4_599),
            flags: Flags::none(),
        });
        let orders: Orders = monthly.collect();
        assert!(orders.to_bytes().len() <= 24 * 5, "{}", orders.to_bytes().len());
    }

    #[test]
    fn a_missing_entry_or_a_full_customer_changes_nothing() {
        let entry = Entry { day: Day::from_epoch_days(1), net: Minor(1), flags: Flags::none() };
        let mut orders = Orders::default();
        assert_eq!(orders.replace(Some(entry), None), Err(OrdersError::NoSuchEntry(entry)));
        let mut full: Orders = std::iter::repeat_n(entry, Orders::MAX).collect();
        assert_eq!(full.replace(None, Some(entry)), Err(OrdersError::Full));
        assert_eq!(full.len(), Orders::MAX);
        let revised = Entry { net: Minor(2), ..entry };
        assert_eq!(full.replace(Some(entry), Some(revised)), Ok(()));
    }
}
