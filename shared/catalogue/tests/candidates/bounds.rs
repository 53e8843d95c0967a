//! Candidates are few and the same, whatever the size of the catalogue, the history and the cart.

use catalogue::{candidates, cart};
use proptest::prelude::*;
use segmentation::ProductKey;

use crate::large::{day, full_history, large, settings};

/// As many as the documentation says at most.
const MOST: usize = 400;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn candidates_are_few_each_once_by_id_and_the_same_again(
        products in prop::sample::select(vec![1_usize, 40, 1_000, 10_000]), categories in 1..400_usize, every_nth_out in 2..40_usize,
        step in 1..100_usize, in_cart in prop::collection::vec(0..10_000_usize, 0..300),
    ) {
        let (catalogue, profile) = (large(products, categories, every_nth_out), full_history(products, categories, step));
        let ids: Vec<String> = in_cart.iter().map(|n| format!("P-{}", n % products)).collect();
        let cart = cart(&catalogue, &ids);
        let found = candidates(&catalogue, &profile, Some(&cart), &settings(), day());
        prop_assert!(found.len() <= MOST.min(products), "{} of {products}", found.len());
        prop_assert!(found.is_sorted_by(|a, b| a.id < b.id));
        let again = candidates(&catalogue, &profile, Some(&cart), &settings(), day());
        prop_assert_eq!(&found, &again);
        for candidate in &found {
            let theirs = candidate.bought.is_some() || cart.products.contains(&candidate.id);
            prop_assert!(!theirs || candidate.taste + candidate.cart == 0, "{} is spoken for anew", candidate.id);
            let part_out = candidate.parts.iter().any(|part| !catalogue.in_stock(ProductKey::of(part)));
            prop_assert!(!(candidate.in_stock && part_out), "{} has a part that is out of stock", candidate.id);
        }
    }
}
