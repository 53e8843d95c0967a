//! Which products may come into question for a customer, and what speaks for each: bounded shelves, whatever the catalogue's
//! size. Which of them is offered, and as what, is the playbook's decision.

use std::collections::{BTreeSet, HashMap, HashSet};

use playbook::decide::{Candidate, Cart, LEFT_BEHIND, OfferSettings, RunsOut};
use segmentation::{Day, ProductKey, Profile};

use crate::catalogue::Catalogue;
use crate::products::ProductRef;
use crate::score::score;
use crate::tried::Tried;

/// Products that the history speaks for.
const OF_HISTORY: usize = 40;
/// Products that the cart speaks for.
const OF_CART: usize = 20;
/// How many times as many are scored as are wanted.
const SPARE: usize = 4;
/// Products and categories of a cart that are asked what goes with them.
const CART: (usize, usize) = (50, 5);
/// Products bought before that may be used up.
const RUNNING_OUT: usize = 8;
/// Products of each favourite category, and of each in the cart.
const OF_CATEGORY: usize = 6;
/// Further ones of each favourite category, of brands never bought: one a brand.
const OF_NEW_BRANDS: usize = 3;
/// Brands left behind, and products of each.
const LEFT_BRANDS: (usize, usize) = (5, 3);
/// Categories that go with a favourite one, and products of each.
const NEIGHBOURS: (usize, usize) = (3, 4);
/// Products of each of the shelves that everyone shares.
const OF_SHELF: usize = 12;
/// A product that ran out longer ago than this was not missed.
const FORGOTTEN_DAYS: i64 = 120;
/// The strength of a pair that the shop typed in: as strong as a learned one gets.
const TYPED: u32 = 65_535;

/// What lies in a cart, with what the catalogue knows of it.
#[must_use]
pub fn cart(catalogue: &Catalogue, products: &[String]) -> Cart {
    let known = products.iter().filter_map(|id| catalogue.get(ProductKey::of(id)));
    Cart {
        products: products.iter().cloned().collect(),
        categories: known.filter_map(|product| product.category().map(str::to_owned)).collect(),
    }
}

/// The candidates of a customer on a day, by id, each once: typically a hundred, and at most 400 whatever the catalogue, the
/// history and the cart.
#[must_use]
pub fn candidates(
    catalogue: &Catalogue,
    profile: &Profile,
    cart: Option<&Cart>,
    settings: &OfferSettings,
    on: Day,
) -> Vec<Candidate> {
    if catalogue.is_empty() {
        return Vec::new();
    }
    let mut bought = profile.baskets.products();
    bought.retain(|(_, day)| *day <= on);
    let in_cart = cart.iter().flat_map(|cart| &cart.products).map(|id| ProductKey::of(id)).collect();
    let bought_on = bought.iter().copied().collect();
    let mut found = Gathering {
        catalogue,
        tried: Tried::of(catalogue, profile, on),
        bought: bought_on,
        in_cart,
        on,
        found: HashMap::new(),
    };
    found.score(bought.iter().map(|(key, _)| *key), Catalogue::like, OF_HISTORY, |found| &mut found.taste);
    if let Some(cart) = cart {
        let keys: Vec<ProductKey> = cart.products.iter().take(CART.0).map(|id| ProductKey::of(id)).collect();
        found.score(keys.iter().copied(), Catalogue::with, OF_CART, |found| &mut found.cart);
        // So that a decision knows what is in the cart when it looks for what goes with it.
        keys.iter().for_each(|key| found.add(*key));
    }
    found.running_out(&bought);
    found.of_categories(cart, settings);
    found.of_left_brands();
    found.of_shelves(settings);
    let mut candidates: Vec<Candidate> = found.found.into_values().collect();
    candidates.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    candidates
}

struct Gathering<'a> {
    catalogue: &'a Catalogue,
    tried: Tried,
    bought: HashMap<ProductKey, Day>,
    in_cart: HashSet<ProductKey>,
    on: Day,
    found: HashMap<ProductKey, Candidate>,
}

impl<'a> Gathering<'a> {
    /// Adds the strongest neighbours of the products given that can be shown, with the category of the one that speaks loudest.
    fn score(
        &mut self,
        of: impl Iterator<Item = ProductKey>,
        list: impl Fn(&Catalogue, ProductKey) -> &[crate::Neighbour],
        most: usize,
        field: impl Fn(&mut Candidate) -> &mut u32,
    ) {
        let of: Vec<ProductKey> = of.collect();
        let catalogue = self.catalogue;
        // More than are wanted, as some may be sold out.
        let scored = score(of.iter().copied(), |product| Some(list(catalogue, product)), SPARE * most);
        let sellable = |key: ProductKey| catalogue.get(key).is_some_and(ProductRef::active) && catalogue.in_stock(key);
        let best = scored.into_iter().filter(|(key, _)| !self.is_theirs(*key) && sellable(*key));
        let best: Vec<(ProductKey, u32)> = best.take(most).collect();
        let mut loudest: HashMap<ProductKey, (u16, ProductKey)> =
            best.iter().map(|(key, _)| (*key, (0, *key))).collect();
        for source in &of {
            for neighbour in list(catalogue, *source) {
                if let Some(loud) = loudest.get_mut(&neighbour.product) {
                    *loud = (*loud).max((neighbour.weight, *source));
                }
            }
        }
        for (key, sum) in best {
            let loudest = loudest.get(&key).and_then(|(_, source)| catalogue.get(*source));
            let category = loudest.and_then(ProductRef::category).map(str::to_owned);
            self.add(key);
            if let Some(found) = self.found.get_mut(&key) {
                *field(found) = sum;
                found.goes_with = category.or(found.goes_with.take());
            }
        }
    }

    /// Products bought before that are about to be used up, or lately were: the latest first.
    fn running_out(&mut self, bought: &[(ProductKey, Day)]) {
        let mut due: Vec<(RunsOut, ProductKey)> = Vec::new();
        for (key, day) in bought {
            let interval = self.catalogue.interval(*key).or_else(|| {
                let category = self.catalogue.get(*key)?.category()?;
                self.catalogue.category_interval(category)
            });
            let Some(interval) = interval else { continue };
            let out = RunsOut { from: day.plus(interval.early.into()), until: day.plus(interval.late.into()) };
            if out.from <= self.on && self.on.since(out.from) <= FORGOTTEN_DAYS {
                due.push((out, *key));
            }
        }
        due.sort_unstable_by(|a, b| b.cmp(a));
        for (out, key) in due.into_iter().take(RUNNING_OUT) {
            self.add(key);
            if let Some(found) = self.found.get_mut(&key) {
                found.runs_out = Some(out);
            }
        }
    }

    /// The best of favourite categories, and of those that go with them or with the cart.
    fn of_categories(&mut self, cart: Option<&Cart>, settings: &OfferSettings) {
        let of_cart: BTreeSet<String> = cart.iter().flat_map(|cart| &cart.categories).take(CART.1).cloned().collect();
        let favourites: Vec<String> = self.tried.favourites().into_iter().map(|favourite| favourite.name).collect();
        for name in of_cart.iter().chain(&favourites) {
            self.sold_of(name, OF_CATEGORY).into_iter().for_each(|key| self.add(key));
            if favourites.contains(name) {
                self.of_new_brands(name).into_iter().for_each(|key| self.add(key));
                self.last_bought(name).into_iter().for_each(|key| self.add(key));
            }
            let typed = settings.complements.iter().filter(|pair| pair.category == *name);
            let typed = typed.map(|pair| (pair.goes_with.as_str(), TYPED));
            let learned = self.catalogue.with_category(name).iter();
            let is_typed =
                |other: &str| settings.complements.iter().any(|pair| pair.category == *name && pair.goes_with == other);
            let learned = learned
                .map(|(category, weight)| (category.as_str(), u32::from(*weight)))
                .filter(|(category, _)| !is_typed(category));
            let neighbours: Vec<(&str, u32)> = typed.chain(learned).take(NEIGHBOURS.0).collect();
            for (neighbour, weight) in neighbours {
                for key in self.sold_of(neighbour, NEIGHBOURS.1) {
                    self.add(key);
                    if self.is_theirs(key) {
                        continue;
                    }
                    let Some(found) = self.found.get_mut(&key) else { continue };
                    if found.goes_with.is_none() {
                        found.goes_with = Some(name.clone());
                        // Weak beside most products' own cases, so that it decides among cold products.
                        let case = 1 + weight / 64;
                        if of_cart.contains(name) {
                            found.cart = found.cart.max(case);
                        } else {
                            found.taste = found.taste.max(case);
                        }
                    }
                }
            }
        }
    }

    /// Bought before, or in the cart: nothing speaks for it anew.
    fn is_theirs(&self, key: ProductKey) -> bool {
        self.bought.contains_key(&key) || self.in_cart.contains(&key)
    }

    /// The most popular of a category that can be had and are not theirs.
    fn sold_of(&self, category: &str, most: usize) -> Vec<ProductKey> {
        self.catalogue.of_category(category).map(ProductRef::key).filter(|key| self.is_new(*key)).take(most).collect()
    }

    /// Of a category, the most popular product of each brand never bought: those of the brands bought may fill all other places.
    fn of_new_brands(&self, category: &str) -> Vec<ProductKey> {
        let mut seen = HashSet::new();
        let new = |product: &ProductRef<'_>| {
            let brand = product.brand().filter(|brand| self.tried.brand(brand).is_none());
            brand.is_some_and(|brand| self.is_new(product.key()) && seen.insert(brand.to_owned()))
        };
        self.catalogue.of_category(category).filter(new).take(OF_NEW_BRANDS).map(ProductRef::key).collect()
    }

    /// Of a category what they bought last: the one known product that a bundle is made around.
    fn last_bought(&self, category: &str) -> Option<ProductKey> {
        let of_category = |key: &ProductKey| {
            let product = self.catalogue.get(*key).filter(|product| product.active());
            product.is_some_and(|product| product.category() == Some(category)) && self.catalogue.in_stock(*key)
        };
        let bought = self.bought.iter().filter(|(key, _)| of_category(key));
        bought.max_by_key(|(key, day)| (**day, **key)).map(|(key, _)| *key)
    }

    /// The best of the brands that were left behind, the last left first: of favourite categories, as only these are asked for.
    fn of_left_brands(&mut self) {
        let favourites: HashSet<String> = self.tried.favourites().into_iter().map(|favourite| favourite.name).collect();
        let favourite = |product: &ProductRef<'_>| product.category().is_some_and(|name| favourites.contains(name));
        let of_brand = |name: &&str| {
            // What was bought as long ago may be shown anew.
            let left = |key| self.bought.get(&key).is_none_or(|day| LEFT_BEHIND.contains(&self.on.since(*day)));
            let can_be_had = |key| self.catalogue.in_stock(key) && !self.in_cart.contains(&key);
            let new = |product: &ProductRef<'_>| favourite(product) && left(product.key()) && can_be_had(product.key());
            self.catalogue.of_brand(name).filter(new).take(LEFT_BRANDS.1).map(ProductRef::key).collect::<Vec<_>>()
        };
        let brands = self.tried.left_behind(self.on);
        let shelves = brands.iter().map(of_brand).filter(|keys| !keys.is_empty()).take(LEFT_BRANDS.0);
        let keys: Vec<ProductKey> = shelves.flatten().collect();
        keys.into_iter().for_each(|key| self.add(key));
    }

    fn is_new(&self, key: ProductKey) -> bool {
        !self.is_theirs(key) && self.catalogue.in_stock(key)
    }

    /// What everyone may be shown: bestsellers, markdowns, past seasons, low prices, sets.
    fn of_shelves(&mut self, settings: &OfferSettings) {
        let catalogue = self.catalogue;
        let in_stock = |product: &ProductRef<'_>| catalogue.in_stock(product.key());
        let cheap = |product: &ProductRef<'_>| product.price().is_some_and(|price| Some(price) <= catalogue.low_band());
        let liked = |product: &ProductRef<'_>| {
            let known = |id: &str| self.bought.contains_key(&ProductKey::of(id));
            product.parts().any(known) || product.category().is_some_and(|name| self.tried.category(name).is_some())
        };
        // A shop that does not say which season is on has no past ones.
        let season = settings.season.as_deref();
        let past = season.into_iter().flat_map(|season| catalogue.past_seasons(season));
        let keys: Vec<ProductKey> = catalogue
            .popular()
            .filter(in_stock)
            .take(OF_SHELF)
            .chain(catalogue.popular().filter(cheap).filter(in_stock).take(OF_SHELF))
            .chain(catalogue.marked_down().filter(in_stock).take(OF_SHELF))
            .chain(past.filter(in_stock).take(OF_SHELF))
            .chain(catalogue.bundles().filter(liked).filter(in_stock).take(OF_SHELF))
            .map(ProductRef::key)
            .collect();
        keys.into_iter().for_each(|key| self.add(key));
    }

    /// Adds a product with all that is known of it, once.
    fn add(&mut self, key: ProductKey) {
        if self.found.contains_key(&key) {
            return;
        }
        let Some(product) = self.catalogue.get(key) else { return };
        // A part that the shop never sent may be sold only in its set.
        let can_be_had = |id: &str| {
            let key = ProductKey::of(id);
            self.catalogue.get(key).is_none_or(ProductRef::active) && self.catalogue.in_stock(key)
        };
        let candidate = Candidate {
            id: product.id().to_owned(),
            name: product.name().to_owned(),
            category: product.category().map(str::to_owned),
            brand: product.brand().map(str::to_owned),
            price: product.price(),
            list_price: product.list_price(),
            season: product.season().map(str::to_owned),
            in_stock: product.active() && self.catalogue.in_stock(key) && product.parts().all(can_be_had),
            image: product.image().map(str::to_owned),
            url: product.url().map(str::to_owned),
            parts: product.parts().map(str::to_owned).collect(),
            bought: self.bought.get(&key).copied(),
            popular: self.catalogue.sold(key),
            brand_bought: product.brand().and_then(|name| self.tried.brand(name)),
            category_bought: product.category().and_then(|name| self.tried.category(name)),
            ..Candidate::default()
        };
        self.found.insert(key, candidate);
    }
}
