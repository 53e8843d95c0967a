//! A large shop, and a customer with as long a history as a profile keeps.

use catalogue::{Catalogue, Interval, Learned, Neighbour, Product, Stock};
use playbook::decide::{CategoryPair, OfferSettings};
use segmentation::{Bought, BoughtLine, Day, Minor, ProductKey, Profile};

pub(crate) fn day() -> Day {
    "2026-11-22".parse().unwrap()
}

fn interval(early: u16, late: u16) -> Interval {
    Interval { median: early.midpoint(late), early, late, pairs: 50 }
}

fn category(n: usize, of: usize) -> Option<String> {
    Some(format!("c{}", n % of))
}

/// A catalogue of so many products in so many categories, each with twenty neighbours, all of it marked down and seasonal.
pub(crate) fn large(products: usize, categories: usize, every_nth_out: usize) -> Catalogue {
    let product = |n: usize| Product {
        id: format!("P-{n}"),
        name: format!("Product {n}"),
        category: category(n, categories),
        brand: Some(format!("b{}", n % 90)),
        price: Some(Minor(1_000 + n as i64)),
        list_price: Some(Minor(2_000 + 2 * n as i64)),
        season: Some(format!("s{}", n % 5)),
        parts: if n % 50 == 7 { vec![format!("P-{}", n / 2)] } else { Vec::new() },
        active: n % 13 != 12,
        ..Product::default()
    };
    let key = |n: usize| ProductKey::of(&format!("P-{n}"));
    let neighbours = |n: usize, step: usize| -> Vec<Neighbour> {
        (1..=Learned::LIST)
            .map(|k| Neighbour { product: key((n + k * step) % products), weight: 40_000 / k as u16 })
            .collect()
    };
    let names = |n: usize| (1..=Learned::LIST).map(|k| (format!("c{}", (n + k) % categories), 9_000)).collect();
    let learned = Learned {
        of_history: (0..products).map(|n| (key(n), neighbours(n, 7))).collect(),
        of_baskets: (0..products).map(|n| (key(n), neighbours(n, 11))).collect(),
        categories: (0..categories).map(|n| (format!("c{n}"), names(n))).collect(),
        intervals: (0..products).step_by(2).map(|n| (key(n), interval(5, 90))).collect(),
        category_intervals: (0..categories).map(|n| (format!("c{n}"), interval(5, 90))).collect(),
        popular: (0..products.min(Learned::POPULAR)).map(|n| (key(n), 5_000 - n as u32)).collect(),
    };
    let out = (0..products).filter(|n| n % every_nth_out == 1).map(key);
    Catalogue::new((0..products).map(product).collect(), &learned, Stock::out_of(out)).unwrap()
}

/// Twenty baskets of ten.
pub(crate) fn full_history(products: usize, categories: usize, step: usize) -> Profile {
    let mut profile = Profile::default();
    for basket in 0..20 {
        let line = |k: usize| {
            let n = (basket * 10 + k) * step % products;
            BoughtLine {
                product: Some(ProductKey::of(&format!("P-{n}"))),
                category: category(n, categories),
                brand: Some(format!("b{}", n % 90)),
                unit_price: Some(Minor(2_000)),
            }
        };
        profile.remember(&Bought { day: day().plus(basket as i64 - 60), lines: (0..10).map(line).collect() });
    }
    profile
}

pub(crate) fn settings() -> OfferSettings {
    let pair = |n: usize| CategoryPair { category: format!("c{n}"), goes_with: format!("c{}", n + 1) };
    OfferSettings {
        season: Some("s0".to_owned()),
        complements: (0..100).map(pair).collect(),
        ..OfferSettings::default()
    }
}
