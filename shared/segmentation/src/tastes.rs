//! Tastes: which categories and brands a customer buys, since when and how lately, and at which prices.
//!
//! They fold orders as first accepted, in the ledger's own sequence, and no return or revision undoes them: what was sent
//! back was chosen nonetheless.

use std::collections::BTreeSet;

use crate::bought::Bought;
use crate::day::Day;
use crate::money::Minor;
use crate::packed::{Damaged, Packed, Reader, put_text, put_varint, serde_as_bytes};
use crate::prices::Prices;

/// A category or brand and how it was bought.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Taste {
    /// As the shop names it, cut to [`TasteList::MAX_NAME`] characters.
    pub name: String,
    /// How many orders held it.
    pub orders: u32,
    /// The earliest day of such an order.
    pub first: Day,
    /// The latest day of such an order.
    pub last: Day,
}

/// A bounded list of tastes, sorted by name. Over the bound the one bought longest ago goes, so none younger than two
/// years goes while an older one is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TasteList {
    list: Vec<Taste>,
    dropped: u64,
}

/// What a customer likes, as far as their orders tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tastes {
    categories: TasteList,
    brands: TasteList,
    prices: Prices,
}

impl TasteList {
    /// The longest name kept, in characters.
    pub const MAX_NAME: usize = 100;

    /// The tastes, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Taste> {
        self.list.iter()
    }

    /// One of them, by the shop's name for it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Taste> {
        let name = cut(name);
        self.list.binary_search_by(|taste| taste.name.as_str().cmp(name)).ok().and_then(|at| self.list.get(at))
    }

    /// How many times one had to go.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn count(&mut self, names: BTreeSet<&str>, day: Day, max: usize) {
        for name in names {
            match self.list.binary_search_by(|taste| taste.name.as_str().cmp(name)) {
                Ok(at) => {
                    if let Some(taste) = self.list.get_mut(at) {
                        taste.orders = taste.orders.saturating_add(1);
                        taste.first = taste.first.min(day);
                        taste.last = taste.last.max(day);
                    }
                }
                Err(at) => {
                    self.list.insert(at, Taste { name: name.to_owned(), orders: 1, first: day, last: day });
                    if self.list.len() > max {
                        // Sorted by name, so of equal days the first name goes.
                        let oldest = self.list.iter().enumerate().min_by_key(|(_, taste)| taste.last);
                        if let Some(at) = oldest.map(|(at, _)| at) {
                            self.list.remove(at);
                            self.dropped += 1;
                        }
                    }
                }
            }
        }
    }

    fn put(&self, bytes: &mut Vec<u8>) {
        put_varint(bytes, self.dropped);
        put_varint(bytes, self.list.len() as u64);
        for taste in &self.list {
            put_text(bytes, &taste.name);
            put_varint(bytes, u64::from(taste.orders));
            put_varint(bytes, u64::from(taste.first.epoch_days().unsigned_abs()));
            put_varint(bytes, taste.last.since(taste.first).unsigned_abs());
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<TasteList, Damaged> {
        let dropped = reader.varint()?;
        let len: usize = reader.number()?;
        let mut list: Vec<Taste> = Vec::new();
        for _ in 0..len {
            let start = reader.at();
            let name = reader.text()?;
            if list.last().is_some_and(|last| last.name >= name) {
                return Err(Damaged(start));
            }
            let orders = reader.number()?;
            let first = Day::from_epoch_days(i64::from(reader.number::<u32>()?));
            let last = first.plus(i64::from(reader.number::<u32>()?));
            list.push(Taste { name, orders, first, last });
        }
        Ok(TasteList { list, dropped })
    }
}

impl Tastes {
    /// The most categories kept.
    pub const MAX_CATEGORIES: usize = 64;
    /// The most brands kept.
    pub const MAX_BRANDS: usize = 100;
    const FORMAT: u8 = 1;

    /// Takes in an order as first accepted.
    pub fn remember(&mut self, bought: &Bought) {
        let categories = bought.lines.iter().filter_map(|line| line.category.as_deref().map(cut)).collect();
        self.categories.count(categories, bought.day, Tastes::MAX_CATEGORIES);
        let brands = bought.lines.iter().filter_map(|line| line.brand.as_deref().map(cut)).collect();
        self.brands.count(brands, bought.day, Tastes::MAX_BRANDS);
        bought.lines.iter().filter_map(|line| line.unit_price).for_each(|price| self.prices.count(price));
    }

    /// Categories bought.
    #[must_use]
    pub fn categories(&self) -> &TasteList {
        &self.categories
    }

    /// Brands bought.
    #[must_use]
    pub fn brands(&self) -> &TasteList {
        &self.brands
    }

    /// The middle half of what was paid per item, in minor units, exact to an eighth; `None` below three lines.
    #[must_use]
    pub fn price_band(&self) -> Option<(Minor, Minor)> {
        self.prices.middle_half()
    }

    /// Nothing remembered?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.categories == TasteList::default() && self.brands == TasteList::default() && self.prices.is_empty()
    }
}

/// Packed: a format byte, the categories, the brands (how many were dropped, how many there are, then name, orders, first
/// day and days from there to the last of each), and the prices.
impl Packed for Tastes {
    const NAME: &'static str = "packed tastes";

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![Tastes::FORMAT];
        self.categories.put(&mut bytes);
        self.brands.put(&mut bytes);
        self.prices.put(&mut bytes);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Tastes, Damaged> {
        let mut reader = Reader::of_format(bytes, Tastes::FORMAT)?;
        let categories = TasteList::take(&mut reader)?;
        let brands = TasteList::take(&mut reader)?;
        let prices = Prices::take(&mut reader)?;
        if reader.is_at_end() { Ok(Tastes { categories, brands, prices }) } else { Err(Damaged(reader.at())) }
    }
}

serde_as_bytes!(Tastes);

/// The name's first characters.
fn cut(name: &str) -> &str {
    name.char_indices().nth(TasteList::MAX_NAME).map_or(name, |(end, _)| name.get(..end).unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bought::BoughtLine;

    fn line(category: &str, brand: &str, price: i64) -> BoughtLine {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        BoughtLine { product: None, category: text(category), brand: text(brand), unit_price: Some(Minor(price)) }
    }

    fn on(day: i64, lines: Vec<BoughtLine>) -> Bought {
        Bought { day: Day::from_epoch_days(day), lines }
    }

    #[test]
    fn an_order_counts_once_for_each_of_its_categories_and_a_late_one_moves_first_and_not_last() {
        let mut tastes = Tastes::default();
        tastes.remember(&on(100, vec![line("tea", "Oolong & Co", 300), line("tea", "", 400), line("cups", "", 900)]));
        tastes.remember(&on(90, vec![line("tea", "", 350)]));
        let tea = tastes.categories().get("tea").unwrap();
        assert_eq!((tea.orders, tea.first.epoch_days(), tea.last.epoch_days()), (2, 90, 100));
        assert_eq!(tastes.categories().iter().map(|taste| taste.name.as_str()).collect::<Vec<_>>(), ["cups", "tea"]);
        assert_eq!(tastes.brands().get("Oolong & Co").map(|brand| brand.orders), Some(1));
        let (low, high) = tastes.price_band().unwrap();
        assert!(low <= Minor(300) && high >= Minor(900), "{low} {high}");
    }

    #[test]
    fn the_category_bought_longest_ago_goes_and_is_counted() {
        let mut tastes = Tastes::default();
        for n in 0..Tastes::MAX_CATEGORIES as i64 {
            tastes.remember(&on(1_000 + n, vec![line(&format!("c{n:02}"), "", 1)]));
        }
        tastes.remember(&on(3_000, vec![line("c00", "", 1)]));
        tastes.remember(&on(3_001, vec![line("new", "", 1)]));
        assert!(tastes.categories().get("c01").is_none() && tastes.categories().get("c00").is_some());
        tastes.remember(&on(5, vec![line("late", "", 1)]));
        assert!(
            tastes.categories().get("late").is_none(),
            "a late order brings nothing that is older than all there is"
        );
        assert_eq!((tastes.categories().iter().len(), tastes.categories().dropped()), (64, 2));
    }

    #[test]
    fn long_names_are_cut_between_characters_and_still_found() {
        let long = "ё".repeat(150);
        let mut tastes = Tastes::default();
        tastes.remember(&on(1, vec![line(&long, "", 1)]));
        assert_eq!(tastes.categories().get(&long).map(|taste| taste.name.chars().count()), Some(100));
    }

    fn orders() -> impl Strategy<Value = Vec<Bought>> {
        let line = ("[a-zé]{0,3}", "[A-Z]{0,2}", 0..1_000_000_i64).prop_map(|(c, b, price)| line(&c, &b, price));
        let order = (0..20_000_i64, prop::collection::vec(line, 0..8)).prop_map(|(day, lines)| on(day, lines));
        prop::collection::vec(order, 0..200)
    }

    proptest! {
        #[test]
        fn packing_and_unpacking_gives_the_same_tastes(orders in orders()) {
            let mut tastes = Tastes::default();
            orders.iter().for_each(|order| tastes.remember(order));
            prop_assert!(tastes.categories.list.len() <= Tastes::MAX_CATEGORIES);
            prop_assert!(tastes.brands.list.len() <= Tastes::MAX_BRANDS);
            prop_assert_eq!(Tastes::from_bytes(&tastes.to_bytes()), Ok(tastes));
        }

        #[test]
        fn damaged_bytes_are_refused_or_read_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let bytes: Vec<u8> = [Tastes::FORMAT].into_iter().chain(bytes).collect();
            if let Ok(tastes) = Tastes::from_bytes(&bytes) {
                prop_assert_eq!(Tastes::from_bytes(&tastes.to_bytes()), Ok(tastes));
            }
        }
    }
}
