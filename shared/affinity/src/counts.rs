//! Counts of a shard's purchases, one part of them: they add up in any order, so shards may come as they like.

use std::collections::BTreeMap;

use segmentation::{Day, ProductKey};

use crate::gaps::Gaps;

/// What all parts of one weekly step agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Into how many parts the counts are split by product hash.
    pub parts: u16,
    /// The step's day: later purchases are not counted.
    pub on: Day,
    /// What counts as lately: purchases of the days `(on - recent_days, on]`.
    pub recent_days: u16,
}

impl Terms {
    /// [`Terms::recent_days`] unless the caller knows better: two months.
    pub const RECENT_DAYS: u16 = 60;

    /// In which part of the counts a hash (of a product, of a category's name) is.
    pub(crate) fn part_of(self, hash: ProductKey) -> u16 {
        u16::try_from(hash.number() % u64::from(self.parts.max(1))).unwrap_or_default()
    }

    pub(crate) fn is_recent(self, day: Day) -> bool {
        (0..i64::from(self.recent_days)).contains(&self.on.since(day))
    }
}

/// Of one product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductCounts {
    /// Customers who bought it.
    pub customers: u32,
    /// Baskets it lay in.
    pub baskets: u32,
    /// Customers who bought it lately.
    pub recent: u32,
    /// When they bought it again.
    pub gaps: Gaps,
}

/// Of one category.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CategoryCounts {
    /// Customers who bought something of it.
    pub customers: u32,
    /// When they bought something of it again.
    pub gaps: Gaps,
}

/// Two products that at least one customer bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The one whose hash says which part the pair is in, see [`PartCounts::owner`].
    pub owner: ProductKey,
    /// The other one.
    pub other: ProductKey,
    /// Customers who bought both, at once or not.
    pub customers: u32,
    /// Baskets both lay in.
    pub baskets: u32,
}

/// One part of the counts of a shard, or of several merged ones. Merging is commutative and associative, to the byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartCounts {
    pub(crate) terms: Terms,
    pub(crate) part: u16,
    pub(crate) products: BTreeMap<ProductKey, ProductCounts>,
    /// Sorted by owner and other, each once.
    pub(crate) pairs: Vec<Pair>,
    pub(crate) categories: BTreeMap<String, CategoryCounts>,
    /// The first category is before the second; the first's hash says which part the pair is in.
    pub(crate) category_pairs: BTreeMap<(String, String), u32>,
}

/// Counts of different steps, or different parts, do not add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("part {left} of {left_terms:?} and part {right} of {right_terms:?} do not add up")]
pub struct Mismatch {
    left: u16,
    left_terms: Terms,
    right: u16,
    right_terms: Terms,
}

impl PartCounts {
    /// No counts yet.
    #[must_use]
    pub fn new(terms: Terms, part: u16) -> PartCounts {
        PartCounts {
            terms,
            part,
            products: BTreeMap::new(),
            pairs: Vec::new(),
            categories: BTreeMap::new(),
            category_pairs: BTreeMap::new(),
        }
    }

    /// Which part this is, from 0.
    #[must_use]
    pub fn part(&self) -> u16 {
        self.part
    }

    /// What all parts agree on.
    #[must_use]
    pub fn terms(&self) -> Terms {
        self.terms
    }

    /// The products whose hash is of this part.
    #[must_use]
    pub fn products(&self) -> &BTreeMap<ProductKey, ProductCounts> {
        &self.products
    }

    /// The pairs of this part, sorted by owner and other.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// Which of two products owns their pair: each half of the time, so that parts are of a size. (By the smaller key the
    /// smallest product would own all its pairs, and the largest none.)
    #[must_use]
    pub fn owner(a: ProductKey, b: ProductKey) -> (ProductKey, ProductKey) {
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        // A bit that the part does not look at, as long as there are at most 2^16 parts of a power of two.
        if ((low.number() ^ high.number()) >> 20) & 1 == 0 { (low, high) } else { (high, low) }
    }

    /// Adds the counts of another shard.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] when the other is another part, or of another step; nothing is added then.
    pub fn merge(&mut self, other: PartCounts) -> Result<(), Mismatch> {
        if self.terms != other.terms || self.part != other.part {
            return Err(Mismatch {
                left: self.part,
                left_terms: self.terms,
                right: other.part,
                right_terms: other.terms,
            });
        }
        for (product, counts) in other.products {
            let sum = self.products.entry(product).or_default();
            sum.customers = sum.customers.saturating_add(counts.customers);
            sum.baskets = sum.baskets.saturating_add(counts.baskets);
            sum.recent = sum.recent.saturating_add(counts.recent);
            sum.gaps.merge(&counts.gaps);
        }
        self.pairs = merged(&self.pairs, &other.pairs);
        for (category, counts) in other.categories {
            let sum = self.categories.entry(category).or_default();
            sum.customers = sum.customers.saturating_add(counts.customers);
            sum.gaps.merge(&counts.gaps);
        }
        for (pair, customers) in other.category_pairs {
            let sum = self.category_pairs.entry(pair).or_default();
            *sum = sum.saturating_add(customers);
        }
        Ok(())
    }

    /// Forgets pairs of products of fewer than `floor` customers. Only once all shards are merged: a pair that is rare in each
    /// shard may be common in the shop.
    pub fn prune(&mut self, floor: u32) {
        self.pairs.retain(|pair| pair.customers >= floor);
    }
}

/// Both sorted lists as one, pairs of both added.
fn merged(mut left: &[Pair], mut right: &[Pair]) -> Vec<Pair> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    while let (Some((a, rest_a)), Some((b, rest_b))) = (left.split_first(), right.split_first()) {
        match (a.owner, a.other).cmp(&(b.owner, b.other)) {
            std::cmp::Ordering::Less => {
                merged.push(*a);
                left = rest_a;
            }
            std::cmp::Ordering::Greater => {
                merged.push(*b);
                right = rest_b;
            }
            std::cmp::Ordering::Equal => {
                merged.push(Pair {
                    customers: a.customers.saturating_add(b.customers),
                    baskets: a.baskets.saturating_add(b.baskets),
                    ..*a
                });
                (left, right) = (rest_a, rest_b);
            }
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    merged
}
