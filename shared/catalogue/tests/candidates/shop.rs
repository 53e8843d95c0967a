//! A shoe shop in memory, for candidates.

use catalogue::{Catalogue, Interval, Learned, Neighbour, Product, Stock};
use segmentation::{Bought, BoughtLine, Day, Minor, ProductKey, Profile};

pub(crate) fn today() -> Day {
    "2026-11-22".parse().unwrap()
}

pub(crate) fn product(id: &str, category: &str, price: i64) -> Product {
    Product {
        id: id.to_owned(),
        name: format!("The {id}"),
        category: Some(category.to_owned()),
        price: Some(Minor(price)),
        active: true,
        ..Product::default()
    }
}

pub(crate) fn key(id: &str) -> ProductKey {
    ProductKey::of(id)
}

pub(crate) fn list(neighbours: &[(&str, u16)]) -> Vec<Neighbour> {
    neighbours.iter().map(|(id, weight)| Neighbour { product: key(id), weight: *weight }).collect()
}

pub(crate) fn interval(early: u16, late: u16) -> Interval {
    Interval { median: early.midpoint(late), early, late, pairs: 50 }
}

pub(crate) fn shop(products: Vec<Product>, learned: &Learned, out: &[&str]) -> Catalogue {
    Catalogue::new(products, learned, Stock::out_of(out.iter().map(|id| key(id)))).unwrap()
}

/// Somebody who bought (days ago, id, category) in that sequence.
pub(crate) fn customer(bought: &[(i64, &str, &str)]) -> Profile {
    let mut profile = Profile::default();
    for (days, id, category) in bought {
        let line = BoughtLine {
            product: Some(key(id)),
            category: Some((*category).to_owned()),
            brand: Some("Nord".to_owned()),
            unit_price: Some(Minor(5_000)),
        };
        profile.remember(&Bought { day: today().plus(-days), lines: vec![line] });
    }
    profile
}
