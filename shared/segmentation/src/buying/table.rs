//! Histories counted for the fit: exact while they are few, beyond that of a sample that is the same in any order of shards.

use std::collections::BTreeMap;

use super::history::History;
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::packed::{Damaged, Reader, put_varint};

/// How many halvings of the base a customer stays in the sample: evenly drawn bits of their key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Draw(u8);

impl Draw {
    /// The draw of 64 evenly distributed bits. They must not be the ones that part the shards, else a shard is drawn as one.
    #[must_use]
    pub fn of(bits: u64) -> Draw {
        Draw(bits.leading_zeros() as u8)
    }
}

/// How often each history occurs. Where there are more than [`Table::MOST`] different ones, only customers whose draw is at
/// least the table's depth are counted: each halving keeps about half of them. The depth is the least at which all that
/// was counted fits, so it follows from the customers alone, and merging is associative and commutative.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Table {
    depth: u8,
    /// Sorted by what is in the key, so equal tables are equal bytes and are summed up in the same order.
    counts: BTreeMap<(Draw, History), u64>,
}

impl Table {
    /// The most entries: about 100 KB, at the worst 300 KB.
    pub const MOST: usize = 16_384;
    const FORMAT: u8 = 1;

    /// Counts one customer.
    pub fn add(&mut self, draw: Draw, history: History) {
        if draw.0 >= self.depth {
            *self.counts.entry((draw, history)).or_default() += 1;
            self.shrink(Table::MOST);
        }
    }

    /// Both tables' customers.
    #[must_use]
    pub fn merge(&self, other: &Table) -> Table {
        self.merge_within(other, Table::MOST)
    }

    /// Customers counted: all of the base at depth 0, else a sample.
    #[must_use]
    pub fn customers(&self) -> u64 {
        self.counts.values().sum()
    }

    /// How often the base was halved.
    #[must_use]
    pub fn depth(&self) -> u8 {
        self.depth
    }

    /// Each history once, with how many customers have it, sorted.
    #[must_use]
    pub fn histories(&self) -> Vec<(History, u64)> {
        let mut sums: BTreeMap<History, u64> = BTreeMap::new();
        for ((_, history), count) in &self.counts {
            *sums.entry(*history).or_default() += count;
        }
        sums.into_iter().collect()
    }

    fn merge_within(&self, other: &Table, most: usize) -> Table {
        let mut merged = Table { depth: self.depth.max(other.depth), counts: BTreeMap::new() };
        for ((draw, history), count) in self.counts.iter().chain(&other.counts) {
            if draw.0 >= merged.depth {
                *merged.counts.entry((*draw, *history)).or_default() += count;
            }
        }
        merged.shrink(most);
        merged
    }

    fn shrink(&mut self, most: usize) {
        while self.counts.len() > most && self.depth < 64 {
            self.depth += 1;
            let depth = self.depth;
            self.counts.retain(|(draw, _), _| draw.0 >= depth);
        }
    }
}

/// Base64 of the packed bytes: surveys are kept as JSON.
impl From<Table> for String {
    fn from(table: Table) -> String {
        BASE64.encode(&table.to_bytes())
    }
}

impl TryFrom<String> for Table {
    type Error = Damaged;

    fn try_from(text: String) -> Result<Table, Damaged> {
        let bytes = BASE64.decode(text.as_bytes()).map_err(|error| Damaged(error.position))?;
        Table::from_bytes(&bytes)
    }
}

impl Table {
    /// A format byte and the depth; then per entry: what draw and age grew by, span, repeats, count.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![Table::FORMAT];
        put_varint(&mut bytes, u64::from(self.depth));
        let mut before = (0, 0);
        for ((draw, history), count) in &self.counts {
            let deeper = draw.0 - before.0;
            let age = if deeper == 0 { history.age - before.1 } else { history.age };
            for value in [u64::from(deeper), age.into(), history.span.into(), history.repeats.into(), *count] {
                put_varint(&mut bytes, value);
            }
            before = (draw.0, history.age);
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Table, Damaged> {
        let mut reader = Reader::of_format(bytes, Table::FORMAT)?;
        let mut table = Table { depth: reader.number()?, counts: BTreeMap::new() };
        let mut before: (u8, u32) = (0, 0);
        while !reader.is_at_end() {
            let start = reader.at();
            let (deeper, grown): (u8, u32) = (reader.number()?, reader.number()?);
            let draw = before.0.checked_add(deeper).filter(|draw| *draw <= 64).ok_or(Damaged(start))?;
            let age = if deeper == 0 { before.1.checked_add(grown) } else { Some(grown) }.ok_or(Damaged(start))?;
            let history = History { age, span: reader.number()?, repeats: reader.number()? };
            let key = (Draw(draw), history);
            let ascends = table.counts.last_key_value().is_none_or(|(last, _)| *last < key);
            if history.span > age || draw < table.depth || !ascends {
                return Err(Damaged(start));
            }
            table.counts.insert(key, reader.varint()?);
            before = (draw, age);
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn customers() -> impl Strategy<Value = Vec<(Draw, History)>> {
        let one = (any::<u64>(), 0..9_u32, 0..300_u32, 0..300_u32).prop_map(|(bits, repeats, span, silence)| {
            (Draw::of(bits), History { age: span + silence, span, repeats })
        });
        prop::collection::vec(one, 0..60)
    }

    fn table(customers: &[(Draw, History)]) -> Table {
        let mut table = Table::default();
        for (draw, history) in customers {
            let mut one = Table::default();
            one.add(*draw, *history);
            table = table.merge_within(&one, 10);
        }
        table
    }

    proptest! {
        #[test]
        fn merging_is_associative_and_commutative(a in customers(), b in customers(), c in customers()) {
            let (x, y, z) = (table(&a), table(&b), table(&c));
            let all = x.merge_within(&y, 10).merge_within(&z, 10);
            prop_assert_eq!(&x.merge_within(&y.merge_within(&z, 10), 10), &all);
            prop_assert_eq!(x.merge_within(&y, 10), y.merge_within(&x, 10));
            let together: Vec<_> = c.into_iter().chain(a).chain(b).collect();
            prop_assert_eq!(&table(&together), &all);
            prop_assert!(all.counts.len() <= 10);
        }

        #[test]
        fn a_sample_is_the_base_of_those_drawn(customers in customers()) {
            let table = table(&customers);
            let drawn = customers.iter().filter(|(draw, _)| draw.0 >= table.depth).count();
            prop_assert_eq!(table.customers(), drawn as u64);
        }

        #[test]
        fn packed_and_unpacked_it_is_the_same(customers in customers()) {
            let table = table(&customers);
            let json = serde_json::to_string(&table).unwrap();
            prop_assert_eq!(serde_json::from_str::<Table>(&json).unwrap(), table);
        }

        #[test]
        fn damaged_bytes_are_refused_or_read_but_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(table) = Table::from_bytes(&bytes) {
                prop_assert!(table.histories().iter().all(|(history, _)| history.span <= history.age));
            }
        }
    }

    #[test]
    fn a_very_large_base_keeps_a_small_table_that_is_near_half_full() {
        let mut table = Table::default();
        for n in 0..400_000_u64 {
            let bits = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let span = (bits >> 20) as u32 % 2_000;
            let history = History { age: span + (bits >> 40) as u32 % 900, span, repeats: 1 + n as u32 % 40 };
            table.add(Draw::of(bits.rotate_left(17) ^ bits), history);
        }
        assert!(table.depth() > 0 && table.counts.len() > Table::MOST / 3, "{}", table.counts.len());
        assert!(table.to_bytes().len() < 160_000, "{}", table.to_bytes().len());
    }
}
