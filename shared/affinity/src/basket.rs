//! What one customer bought lately, as a profile keeps it: the only thing that is learned from.

use segmentation::Day;
use segmentation::baskets::{Basket, Baskets};

/// A customer's baskets (oldest first, in the ledger's own sequence) up to and with the day `on`, within [`Baskets::MAX`]
/// and [`Baskets::MAX_PRODUCTS`] (at most 200 × 199 / 2 pairs a customer), oldest first, each with sorted distinct products.
///
/// Over a bound older baskets are left out whole. Profiles are bounded so already. Bounded here again, a longer history costs no more, and later baskets neither count nor
/// push older ones out: what is known on a day is the same whenever it is asked.
#[must_use]
pub fn known_on(baskets: &[Basket], on: Day) -> Vec<Basket> {
    let mut room = Baskets::MAX_PRODUCTS;
    let mut known: Vec<Basket> = Vec::with_capacity(baskets.len().min(Baskets::MAX));
    for basket in baskets.iter().rev().filter(|basket| basket.day <= on).take(Baskets::MAX) {
        let mut products = basket.products.clone();
        products.sort_unstable();
        products.dedup();
        if known.is_empty() {
            // Which products of a basket that is too large alone are left out says nothing about them: keys are hashes.
            products.truncate(room);
        }
        let Some(left) = room.checked_sub(products.len()) else { break };
        room = left;
        if !products.is_empty() {
            known.push(Basket { day: basket.day, products });
        }
    }
    known.reverse();
    known
}

#[cfg(test)]
mod tests {
    use segmentation::ProductKey;

    use super::*;

    fn basket(day: i64, products: impl IntoIterator<Item = usize>) -> Basket {
        let products = products.into_iter().map(|product| ProductKey::of(&product.to_string())).collect();
        Basket { day: Day::from_epoch_days(day), products }
    }

    #[test]
    fn the_newest_twenty_baskets_count() {
        let baskets: Vec<Basket> = (0..30).map(|day| basket(day, [1])).collect();
        assert_eq!(known_on(&baskets, Day::from_epoch_days(100)), baskets[10..]);
    }

    #[test]
    fn later_baskets_push_nothing_out() {
        let baskets: Vec<Basket> = (0..30).map(|day| basket(day, [1])).collect();
        let on = Day::from_epoch_days(15);
        assert_eq!(known_on(&baskets, on), known_on(&baskets[..16], on));
        assert_eq!(known_on(&baskets, on).len(), 16);
    }

    #[test]
    fn an_older_basket_that_has_no_room_is_left_out_whole_and_one_too_large_alone_is_cut() {
        let sizes = |baskets: &[Basket]| {
            known_on(baskets, Day::MAX).iter().map(|basket| basket.products.len()).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&[basket(0, 0..1), basket(1, 0..150), basket(2, (0..150).chain(0..150))]), [150]);
        assert_eq!(sizes(&[basket(1, 0..50), basket(2, 0..150)]), [50, 150]);
        assert_eq!(sizes(&[basket(1, 0..150), basket(2, 0..250)]), [200]);
    }
}
