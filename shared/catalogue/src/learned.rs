//! What a weekly step learned from purchases, as short lists per product: what lookups use instead of a model.

use std::collections::BTreeMap;

use segmentation::ProductKey;

/// A product that goes with another one, and how strongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Neighbour {
    /// Which product.
    pub product: ProductKey,
    /// Strength in 65,536ths; strengths of one list and of several lists of the same kind may be added.
    pub weight: u16,
}

/// How long a product lasts: days from one purchase of it to the next, over customers who bought it twice or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interval {
    /// Half of the next purchases came by this day.
    pub median: u16,
    /// A quarter of the next purchases came before this day.
    pub early: u16,
    /// A quarter of the next purchases came after this day.
    pub late: u16,
    /// From how many pairs of purchases it was learned.
    pub pairs: u32,
}

/// All that was learned of a shop's purchases. Lists are strongest first, and hold at most [`Learned::LIST`] each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// Per product: what customers who bought it buy next, by EASE^R over customers' histories. Products not bought before.
    pub of_history: BTreeMap<ProductKey, Vec<Neighbour>>,
    /// Per product: what lies in the same basket.
    pub of_baskets: BTreeMap<ProductKey, Vec<Neighbour>>,
    /// Per category: what other categories lie in the same customers' histories.
    pub categories: BTreeMap<String, Vec<(String, u16)>>,
    /// Per product: when it is bought again.
    pub intervals: BTreeMap<ProductKey, Interval>,
    /// Per category: when something of it is bought again.
    pub category_intervals: BTreeMap<String, Interval>,
    /// Products by customers who bought them lately, most first: at most [`Learned::POPULAR`].
    pub popular: Vec<(ProductKey, u32)>,
}

impl Learned {
    /// The most neighbours of a product or category.
    pub const LIST: usize = 20;
    /// The most products of the list of popular ones.
    pub const POPULAR: usize = 1000;
}
