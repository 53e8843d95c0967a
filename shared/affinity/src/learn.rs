//! From merged counts to short lists: the last step of learning, once a week and shop.

use std::collections::BTreeMap;

use catalogue::{Learned, Neighbour};
use segmentation::ProductKey;

use crate::counts::PartCounts;
use crate::gram::Gram;
use crate::policy::Policy;
use crate::{cosine, ease};

/// Categories that have a list, by customers: all lists of categories lie in one chunk, which the store bounds at 400 KB.
const MOST_CATEGORIES: usize = 1_000;
/// Half the strength of a cosine needs this many common buyers.
const TAIL_SHRINK: f32 = 5.0;
/// Customers who are thought to have bought each product as lately as the shop's mean.
const LIVELINESS_PRIOR: f32 = 5.0;

/// What is learned of the counts: all parts of a step, each merged over all shards. The same counts and policy give the same
/// lists, in whatever order the parts come (weights may differ in their last bit between kinds of processors).
///
/// Products are ordered by customers who bought them; beyond [`Policy::dense`] of them they have lists by cosine, and
/// are proposed only by lists of the tail.
#[must_use]
pub fn learn(parts: &[PartCounts], policy: &Policy) -> Learned {
    let mut products: Vec<(ProductKey, u32, u32)> = parts
        .iter()
        .flat_map(|part| &part.products)
        .map(|(product, counts)| (*product, counts.customers, counts.baskets))
        .collect();
    products.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let number_of: BTreeMap<ProductKey, u32> = products.iter().map(|product| product.0).zip(0..).collect();
    let keys: Vec<ProductKey> = products.iter().map(|product| product.0).collect();

    let gram = |alone: fn(&(ProductKey, u32, u32)) -> u32, together: fn(&crate::counts::Pair) -> u32| Gram {
        counts: products.iter().map(alone).collect(),
        pairs: parts
            .iter()
            .flat_map(|part| &part.pairs)
            .filter(|pair| pair.customers >= policy.pair_floor && together(pair) > 0)
            .filter_map(|pair| Some((*number_of.get(&pair.owner)?, *number_of.get(&pair.other)?, together(pair))))
            .collect(),
    };
    let lively = liveliness(parts, &keys);
    let of_history =
        product_lists(&lively, &gram(|product| product.1, |pair| pair.customers), policy.ridge, policy, &keys);
    // A cart is bought now, whatever the season: liveliness costs it hit-rate.
    let even = vec![1.0; keys.len()];
    let of_baskets =
        product_lists(&even, &gram(|product| product.2, |pair| pair.baskets), policy.basket_ridge, policy, &keys);

    let floor = policy.interval_floor;
    let intervals = parts
        .iter()
        .flat_map(|part| &part.products)
        .filter_map(|(product, counts)| Some((*product, counts.gaps.interval(floor)?)))
        .collect();
    let category_intervals = parts
        .iter()
        .flat_map(|part| &part.categories)
        .filter_map(|(category, counts)| Some((category.clone(), counts.gaps.interval(floor)?)))
        .collect();
    Learned {
        of_history,
        of_baskets,
        categories: category_lists(parts),
        intervals,
        category_intervals,
        popular: popular(parts),
    }
}

/// Per product the square root of how much of its sale is of late, against all products: what is out of season or no more
/// sold counts less, as its past buyers say little of the next purchase. 1 for the shop's mean; a rare product is near it.
fn liveliness(parts: &[PartCounts], keys: &[ProductKey]) -> Vec<f32> {
    let counts: BTreeMap<ProductKey, (u32, u32)> = parts
        .iter()
        .flat_map(|part| &part.products)
        .map(|(product, counts)| (*product, (counts.recent, counts.customers)))
        .collect();
    let sum = |of: fn(&(u32, u32)) -> u32| counts.values().map(|both| u64::from(of(both))).sum::<u64>() as f32;
    let share = sum(|both| both.0) / sum(|both| both.1).max(1.0);
    let lively = keys.iter().map(|product| {
        let (recent, customers) = counts.get(product).copied().unwrap_or_default();
        let expected = (customers as f32 + LIVELINESS_PRIOR) * share;
        if expected > 0.0 { ((recent as f32 + LIVELINESS_PRIOR * share) / expected).sqrt() } else { 1.0 }
    });
    lively.collect()
}

fn product_lists(
    liveliness: &[f32],
    gram: &Gram,
    ridge: u32,
    policy: &Policy,
    keys: &[ProductKey],
) -> BTreeMap<ProductKey, Vec<Neighbour>> {
    let dense = policy.dense.min(gram.counts.len());
    let mut lists = ease::lists(&gram.head(dense), ridge, &liveliness[..dense], Learned::LIST);
    if dense < gram.counts.len() {
        lists.extend(cosine::lists(gram, dense, TAIL_SHRINK, scale_of_tail(gram, &lists), Learned::LIST));
    }
    let named = lists.into_iter().zip(keys).filter(|(list, _)| !list.is_empty());
    named
        .map(|(list, product)| {
            let mut list: Vec<Neighbour> =
                list.into_iter().map(|(other, weight)| Neighbour { product: keys[other as usize], weight }).collect();
            list.sort_unstable_by(|a, b| b.weight.cmp(&a.weight).then(a.product.cmp(&b.product)));
            (*product, list)
        })
        .collect()
}

/// By what a cosine is multiplied, so that lists of both kinds may be added: the strongest weights of the dense products'
/// lists, over their cosines.
fn scale_of_tail(gram: &Gram, dense: &[Vec<(u32, u16)>]) -> f32 {
    let head = gram.head(dense.len());
    let cosines = cosine::lists(&head, 0, TAIL_SHRINK, 1.0, 1);
    let sum = |lists: &[Vec<(u32, u16)>]| {
        lists.iter().filter_map(|list| list.first()).map(|(_, weight)| u64::from(*weight)).sum::<u64>()
    };
    let (dense, cosines) = (sum(dense), sum(&cosines));
    if cosines == 0 || dense == 0 { 1.0 } else { dense as f32 / cosines as f32 }
}

/// Cosine over customers: a shop has tens of categories, most customers have the big ones, and all that is wanted is which
/// are bought together more than their size says.
fn category_lists(parts: &[PartCounts]) -> BTreeMap<String, Vec<(String, u16)>> {
    let mut by_size: Vec<(u32, &str)> = parts
        .iter()
        .flat_map(|part| &part.categories)
        .map(|(name, counts)| (counts.customers, name.as_str()))
        .collect();
    by_size.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    by_size.truncate(MOST_CATEGORIES);
    let categories: BTreeMap<&str, u32> = by_size.into_iter().map(|(customers, name)| (name, customers)).collect();
    let names: Vec<&str> = categories.keys().copied().collect();
    let number_of = |name: &str| names.binary_search(&name).ok().and_then(|at| u32::try_from(at).ok());
    let gram = Gram {
        counts: categories.values().copied().collect(),
        pairs: parts
            .iter()
            .flat_map(|part| &part.category_pairs)
            .filter_map(|((first, second), together)| Some((number_of(first)?, number_of(second)?, *together)))
            .collect(),
    };
    let lists = cosine::lists(&gram, 0, TAIL_SHRINK, 1.0, Learned::LIST);
    let named = lists.into_iter().zip(&names).filter(|(list, _)| !list.is_empty());
    named
        .map(|(list, name)| {
            let list = list.into_iter().map(|(other, weight)| (names[other as usize].to_owned(), weight));
            ((*name).to_owned(), list.collect())
        })
        .collect()
}

fn popular(parts: &[PartCounts]) -> Vec<(ProductKey, u32)> {
    let mut popular: Vec<(ProductKey, u32)> = parts
        .iter()
        .flat_map(|part| &part.products)
        .filter(|(_, counts)| counts.recent > 0)
        .map(|(product, counts)| (*product, counts.recent))
        .collect();
    popular.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    popular.truncate(Learned::POPULAR);
    popular
}
