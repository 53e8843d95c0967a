//! The last baskets: what was bought together lately, for what goes with what and what is due again.
//!
//! They fold orders as first accepted, in the ledger's own sequence, and no return or revision undoes them.

use std::collections::{BTreeSet, HashSet};

use crate::bought::Bought;
use crate::day::Day;
use crate::packed::{Damaged, Packed, Reader, put_varint, serde_as_bytes};
use crate::product::ProductKey;

/// The products of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    /// Its shop day.
    pub day: Day,
    /// Distinct and sorted; never empty.
    pub products: Vec<ProductKey>,
}

/// The last baskets, in the order in which they were accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baskets {
    list: Vec<Basket>,
    dropped: u64,
    cut: u64,
}

impl Baskets {
    /// The most baskets kept.
    pub const MAX: usize = 20;
    /// The most products kept, in all baskets together.
    pub const MAX_PRODUCTS: usize = 200;
    const FORMAT: u8 = 1;

    /// Takes in an order as first accepted. Over a bound the baskets accepted first go; a basket that is too large alone
    /// is cut. An order that names no product is no basket.
    pub fn remember(&mut self, bought: &Bought) {
        let distinct: BTreeSet<ProductKey> = bought.lines.iter().filter_map(|line| line.product).collect();
        if distinct.is_empty() {
            return;
        }
        let mut products: Vec<ProductKey> = distinct.into_iter().collect();
        self.cut += products.len().saturating_sub(Baskets::MAX_PRODUCTS) as u64;
        products.truncate(Baskets::MAX_PRODUCTS);
        self.list.push(Basket { day: bought.day, products });
        let mut held: usize = self.list.iter().map(|basket| basket.products.len()).sum();
        while self.list.len() > Baskets::MAX || held > Baskets::MAX_PRODUCTS {
            held -= self.list.remove(0).products.len();
            self.dropped += 1;
        }
    }

    /// The baskets, those accepted first before the others.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Basket> + ExactSizeIterator + Clone {
        self.list.iter()
    }

    /// The same as one slice.
    #[must_use]
    pub fn as_slice(&self) -> &[Basket] {
        &self.list
    }

    /// None at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many older baskets are left out.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many products of baskets that were too large alone are left out.
    #[must_use]
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// The latest day on which a product was bought, as far as the baskets tell.
    #[must_use]
    pub fn last_bought(&self, product: ProductKey) -> Option<Day> {
        let holds = |basket: &&Basket| basket.products.binary_search(&product).is_ok();
        self.list.iter().filter(holds).map(|basket| basket.day).max()
    }

    /// Every product once, with its latest day: latest day first, of one day the basket accepted last first, then by key.
    #[must_use]
    pub fn products(&self) -> Vec<(ProductKey, Day)> {
        let mut baskets: Vec<&Basket> = self.list.iter().rev().collect();
        // Stable: of one day, the one accepted last stays first.
        baskets.sort_by_key(|basket| std::cmp::Reverse(basket.day));
        let mut seen = HashSet::new();
        let each = baskets.into_iter().flat_map(|basket| basket.products.iter().map(|product| (*product, basket.day)));
        each.filter(|(product, _)| seen.insert(*product)).collect()
    }
}

/// Packed: a format byte, how many baskets were dropped and products cut, and of each basket its day, how many products it
/// has, and six bytes for each.
impl Packed for Baskets {
    const NAME: &'static str = "packed baskets";

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![Baskets::FORMAT];
        put_varint(&mut bytes, self.dropped);
        put_varint(&mut bytes, self.cut);
        for basket in &self.list {
            put_varint(&mut bytes, u64::from(basket.day.epoch_days().unsigned_abs()));
            put_varint(&mut bytes, basket.products.len() as u64);
            basket.products.iter().for_each(|product| bytes.extend_from_slice(&product.to_bytes()));
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Baskets, Damaged> {
        let mut reader = Reader::of_format(bytes, Baskets::FORMAT)?;
        let (dropped, cut) = (reader.varint()?, reader.varint()?);
        let mut list = Vec::new();
        while !reader.is_at_end() {
            let start = reader.at();
            let day = Day::from_epoch_days(i64::from(reader.number::<u32>()?));
            let len: usize = reader.number()?;
            let packed = reader.take(len.checked_mul(ProductKey::BYTES).ok_or(Damaged(start))?)?;
            let products: Vec<ProductKey> = packed
                .chunks_exact(ProductKey::BYTES)
                .filter_map(|key| key.try_into().ok())
                .map(ProductKey::from_bytes)
                .collect();
            if products.is_empty() || !products.is_sorted_by(|a, b| a < b) {
                return Err(Damaged(start));
            }
            list.push(Basket { day, products });
        }
        Ok(Baskets { list, dropped, cut })
    }
}

serde_as_bytes!(Baskets);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bought::BoughtLine;

    fn on(day: i64, products: &[&str]) -> Bought {
        let line = |id: &&str| BoughtLine { product: Some(ProductKey::of(id)), ..BoughtLine::default() };
        Bought { day: Day::from_epoch_days(day), lines: products.iter().map(line).collect() }
    }

    fn ids(count: usize) -> Vec<String> {
        (0..count).map(|n| n.to_string()).collect()
    }

    #[test]
    fn a_product_is_known_by_its_latest_day_whatever_came_last() {
        let mut baskets = Baskets::default();
        baskets.remember(&on(50, &["tea", "cup", "tea"]));
        baskets.remember(&on(40, &["tea", "pot"]));
        baskets.remember(&on(50, &["jam"]));
        baskets.remember(&on(60, &[]));
        assert_eq!((baskets.iter().len(), baskets.last_bought(ProductKey::of("salt"))), (3, None));
        assert_eq!(baskets.last_bought(ProductKey::of("tea")), Some(Day::from_epoch_days(50)));
        let mut then = [ProductKey::of("tea"), ProductKey::of("cup")];
        then.sort_unstable();
        let told: Vec<ProductKey> = baskets.products().into_iter().map(|(product, _)| product).collect();
        assert_eq!(told, [ProductKey::of("jam"), then[0], then[1], ProductKey::of("pot")]);
    }

    #[test]
    fn the_baskets_accepted_first_go_and_one_too_large_is_cut() {
        let mut baskets = Baskets::default();
        for n in 0..25 {
            baskets.remember(&on(100 - n, &["a", &n.to_string()]));
        }
        assert_eq!((baskets.iter().len(), baskets.dropped()), (20, 5));
        assert_eq!(baskets.iter().next().map(|basket| basket.day.epoch_days()), Some(95));
        let large = ids(190);
        baskets.remember(&on(200, &large.iter().map(String::as_str).collect::<Vec<_>>()));
        assert_eq!((baskets.iter().len(), baskets.dropped(), baskets.cut()), (6, 20, 0));
        let too_large = ids(230);
        baskets.remember(&on(201, &too_large.iter().map(String::as_str).collect::<Vec<_>>()));
        let only = baskets.iter().next().unwrap();
        assert_eq!((baskets.iter().len(), only.products.len(), baskets.cut()), (1, 200, 30));
    }

    proptest! {
        #[test]
        fn packing_and_unpacking_gives_the_same_baskets(orders in prop::collection::vec((0..20_000_i64, prop::collection::vec("[a-f]{1,3}", 0..60)), 0..40)) {
            let mut baskets = Baskets::default();
            for (day, products) in &orders {
                baskets.remember(&on(*day, &products.iter().map(String::as_str).collect::<Vec<_>>()));
            }
            prop_assert!(baskets.list.iter().map(|basket| basket.products.len()).sum::<usize>() <= Baskets::MAX_PRODUCTS);
            prop_assert_eq!(Baskets::from_bytes(&baskets.to_bytes()), Ok(baskets));
        }

        #[test]
        fn damaged_bytes_are_refused_or_read_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let bytes: Vec<u8> = [Baskets::FORMAT].into_iter().chain(bytes).collect();
            if let Ok(baskets) = Baskets::from_bytes(&bytes) {
                prop_assert_eq!(Baskets::from_bytes(&baskets.to_bytes()), Ok(baskets));
            }
        }
    }
}
