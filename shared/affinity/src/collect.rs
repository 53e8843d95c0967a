//! Counts the customers of a shard. Memory follows the different pairs of products, not the customers.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use hashbrown::HashMap;
use segmentation::baskets::Basket;
use segmentation::{Day, ProductKey};

use crate::basket::known_on;
use crate::counts::{CategoryCounts, Pair, PartCounts, ProductCounts, Terms};

/// Counts of the customers added so far: per pair of products that some customer bought both of
/// some 65 bytes at most, which is while they are split into parts.
#[derive(Debug)]
pub struct Collector {
    terms: Terms,
    /// Each product seen, by the order of its coming: pairs are kept by number, in 8 bytes instead of 16.
    numbers: HashMap<ProductKey, u32>,
    products: Vec<(ProductKey, ProductCounts)>,
    /// Customers and baskets.
    pairs: HashMap<(u32, u32), (u32, u32)>,
    categories: BTreeMap<String, CategoryCounts>,
    category_pairs: BTreeMap<(String, String), u32>,
}

impl Collector {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(terms: Terms) -> Collector {
        Collector {
            terms,
            numbers: HashMap::new(),
            products: Vec::new(),
            pairs: HashMap::new(),
            categories: BTreeMap::new(),
            category_pairs: BTreeMap::new(),
        }
    }

    /// Counts one customer: their baskets, oldest first, of which [`known_on`] the step's day counts. A product without a
    /// category counts for products only.
    pub fn add<'a>(&mut self, baskets: &[Basket], category_of: impl Fn(ProductKey) -> Option<&'a str>) {
        let baskets = known_on(baskets, self.terms.on);
        let mut days: BTreeMap<ProductKey, Vec<Day>> = BTreeMap::new();
        for basket in &baskets {
            basket.products.iter().for_each(|product| days.entry(*product).or_default().push(basket.day));
            let numbers: Vec<u32> = basket.products.iter().map(|product| self.number(*product)).collect();
            for (at, a) in numbers.iter().enumerate() {
                self.products[*a as usize].1.baskets += 1;
                numbers[at + 1..].iter().for_each(|b| self.pairs.entry(sorted(*a, *b)).or_default().1 += 1);
            }
        }
        let numbers: Vec<u32> = days.keys().map(|product| self.number(*product)).collect();
        for (at, a) in numbers.iter().enumerate() {
            numbers[at + 1..].iter().for_each(|b| self.pairs.entry(sorted(*a, *b)).or_default().0 += 1);
        }
        let mut of_category: BTreeMap<&str, Vec<Day>> = BTreeMap::new();
        for ((product, mut days), number) in days.into_iter().zip(numbers) {
            if let Some(category) = category_of(product) {
                of_category.entry(category).or_default().extend(&days);
            }
            let counts = &mut self.products[number as usize].1;
            counts.customers += 1;
            counts.recent += u32::from(days.iter().any(|day| self.terms.is_recent(*day)));
            counts.gaps.add(&mut days);
        }
        self.add_categories(of_category);
    }

    fn add_categories(&mut self, mut of_category: BTreeMap<&str, Vec<Day>>) {
        for (category, days) in &mut of_category {
            let counts = self.categories.entry((*category).to_owned()).or_default();
            counts.customers += 1;
            counts.gaps.add(days);
        }
        let names: Vec<&str> = of_category.keys().copied().collect();
        for (at, first) in names.iter().enumerate() {
            for second in &names[at + 1..] {
                *self.category_pairs.entry(((*first).to_owned(), (*second).to_owned())).or_default() += 1;
            }
        }
    }

    fn number(&mut self, product: ProductKey) -> u32 {
        let products = &mut self.products;
        *self.numbers.entry(product).or_insert_with(|| {
            products.push((product, ProductCounts::default()));
            // A customer adds at most 200: no shard has 2^32.
            u32::try_from(products.len() - 1).unwrap_or(u32::MAX)
        })
    }

    /// The counts, split: [`Terms::parts`] of them in their order, also those that are empty.
    #[must_use]
    pub fn into_parts(self) -> Vec<PartCounts> {
        let terms = self.terms;
        let mut parts: Vec<PartCounts> = (0..terms.parts.max(1)).map(|part| PartCounts::new(terms, part)).collect();
        for ((a, b), (customers, baskets)) in self.pairs {
            let (owner, other) = PartCounts::owner(self.products[a as usize].0, self.products[b as usize].0);
            parts[usize::from(terms.part_of(owner))].pairs.push(Pair { owner, other, customers, baskets });
        }
        parts.iter_mut().for_each(|part| part.pairs.sort_unstable_by_key(|pair| (pair.owner, pair.other)));
        for (product, counts) in self.products {
            parts[usize::from(terms.part_of(product))].products.insert(product, counts);
        }
        let of_name = |name: &str| usize::from(terms.part_of(ProductKey::of(name)));
        for (category, counts) in self.categories {
            parts[of_name(&category)].categories.insert(category, counts);
        }
        for (pair, customers) in self.category_pairs {
            parts[of_name(&pair.0)].category_pairs.insert(pair, customers);
        }
        parts
    }
}

/// All products of a customer's baskets that are [`known_on`] a day, sorted: what a lookup scores with.
#[must_use]
pub fn products_known_on(baskets: &[Basket], on: Day) -> Vec<ProductKey> {
    let products: BTreeSet<ProductKey> = known_on(baskets, on).into_iter().flat_map(|basket| basket.products).collect();
    products.into_iter().collect()
}

fn sorted(a: u32, b: u32) -> (u32, u32) {
    (a.min(b), a.max(b))
}
