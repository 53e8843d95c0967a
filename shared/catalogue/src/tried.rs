//! What a customer has bought of. Orders may name categories and brands, or products alone: then the catalogue knows the rest,
//! for the baskets that the profile remembers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use playbook::decide::{Facts, Favourite, LEFT_BEHIND};
use segmentation::{Day, Profile, Taste};

use crate::catalogue::Catalogue;
use crate::products::ProductRef;

/// Categories and brands of a customer up to a day.
#[derive(Debug, Default)]
pub struct Tried {
    categories: BTreeMap<String, Favourite>,
    brands: HashMap<String, Day>,
}

impl Tried {
    /// What the profile's orders named, and what the catalogue knows of the products in its baskets.
    #[must_use]
    pub fn of(catalogue: &Catalogue, profile: &Profile, on: Day) -> Tried {
        let known = |taste: &&Taste| taste.first <= on;
        let mut tried = Tried::default();
        for taste in profile.tastes.categories().iter().filter(known) {
            let favourite = Favourite { name: taste.name.clone(), orders: taste.orders, last: taste.last.min(on) };
            tried.categories.insert(taste.name.clone(), favourite);
        }
        for taste in profile.tastes.brands().iter().filter(known) {
            tried.brands.insert(taste.name.clone(), taste.last.min(on));
        }
        let mut baskets: HashMap<&str, (u32, Day)> = HashMap::new();
        for basket in profile.baskets.iter().filter(|basket| basket.day <= on) {
            let products = || basket.products.iter().filter_map(|product| catalogue.get(*product));
            for category in products().filter_map(ProductRef::category).collect::<BTreeSet<&str>>() {
                let (count, last) = baskets.entry(category).or_insert((0, basket.day));
                (*count, *last) = (*count + 1, basket.day.max(*last));
            }
            for brand in products().filter_map(ProductRef::brand) {
                let last = tried.brands.entry(brand.to_owned()).or_insert(basket.day);
                *last = basket.day.max(*last);
            }
        }
        for (name, (orders, last)) in baskets {
            let favourite = Favourite { name: name.to_owned(), orders, last };
            let known = tried.categories.entry(name.to_owned()).or_insert_with(|| favourite.clone());
            (known.orders, known.last) = (known.orders.max(favourite.orders), known.last.max(favourite.last));
        }
        tried
    }

    /// The categories bought most: most orders first, then the last bought; at most [`Facts::FAVOURITES`].
    #[must_use]
    pub fn favourites(&self) -> Vec<Favourite> {
        let mut favourites: Vec<Favourite> = self.categories.values().cloned().collect();
        favourites.sort_by(|a, b| (b.orders, b.last, &a.name).cmp(&(a.orders, a.last, &b.name)));
        favourites.truncate(Facts::FAVOURITES);
        favourites
    }

    /// When something of the category was bought last.
    #[must_use]
    pub fn category(&self, name: &str) -> Option<Day> {
        self.categories.get(name).map(|favourite| favourite.last)
    }

    /// Brands not bought for one to two years, the last left first.
    #[must_use]
    pub fn left_behind(&self, on: Day) -> Vec<&str> {
        let left = |last: &Day| LEFT_BEHIND.contains(&on.since(*last));
        let mut brands: Vec<(Day, &str)> =
            self.brands.iter().filter(|(_, last)| left(last)).map(|(name, last)| (*last, name.as_str())).collect();
        brands.sort_unstable_by(|a, b| (b.0, a.1).cmp(&(a.0, b.1)));
        brands.into_iter().map(|(_, name)| name).collect()
    }

    /// When something of the brand was bought last.
    #[must_use]
    pub fn brand(&self, name: &str) -> Option<Day> {
        self.brands.get(name).copied()
    }
}

#[cfg(test)]
mod tests {
    use segmentation::ProductKey;
    use segmentation::bought::{Bought, BoughtLine};

    use super::*;
    use crate::{Learned, Product, Stock};

    fn catalogue() -> Catalogue {
        let product = |id: &str, category: &str| Product {
            id: id.to_owned(),
            name: id.to_owned(),
            category: Some(category.to_owned()),
            brand: Some("Leaf".to_owned()),
            active: true,
            ..Product::default()
        };
        let products = vec![product("green", "tea"), product("black", "tea"), product("cup", "cups")];
        Catalogue::new(products, &Learned::default(), Stock::default()).unwrap()
    }

    fn line(product: &str, category: Option<&str>) -> BoughtLine {
        BoughtLine {
            product: Some(ProductKey::of(product)),
            category: category.map(str::to_owned),
            brand: None,
            unit_price: None,
        }
    }

    fn day(n: i64) -> Day {
        Day::from_epoch_days(n)
    }

    #[test]
    fn orders_that_name_products_alone_have_the_catalogues_categories_and_brands() {
        let mut profile = Profile::default();
        for n in [10, 20] {
            profile.remember(&Bought { day: day(n), lines: vec![line("green", None), line("black", None)] });
        }
        profile.remember(&Bought { day: day(30), lines: vec![line("cup", None)] });
        let tried = Tried::of(&catalogue(), &profile, day(30));
        let favourites: Vec<(String, u32)> = tried.favourites().into_iter().map(|f| (f.name, f.orders)).collect();
        assert_eq!(favourites, [("tea".to_owned(), 2), ("cups".to_owned(), 1)]);
        assert_eq!((tried.category("tea"), tried.brand("Leaf")), (Some(day(20)), Some(day(30))));
        let before = Tried::of(&catalogue(), &profile, day(10));
        assert_eq!((before.category("cups"), before.brand("Leaf")), (None, Some(day(10))));
    }

    #[test]
    fn what_an_order_names_itself_counts_once() {
        let mut profile = Profile::default();
        profile.remember(&Bought {
            day: day(10),
            lines: vec![line("green", Some("tea")), line("no-more-sold", Some("mats"))],
        });
        let favourites = Tried::of(&catalogue(), &profile, day(10)).favourites();
        let names: Vec<(&str, u32)> = favourites.iter().map(|f| (f.name.as_str(), f.orders)).collect();
        assert_eq!(names, [("mats", 1), ("tea", 1)]);
    }
}
