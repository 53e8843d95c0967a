//! Candidates for a customer with a full history: 200 products bought, each with 20 neighbours; without and with a cart.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up is a failed bench")]

use std::hint::black_box;

use catalogue::{candidates, cart};
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "../tests/candidates/large.rs"]
mod large;

fn gathering(criterion: &mut Criterion) {
    for products in [10_000, 100_000] {
        let catalogue = large::large(products, 200, 20);
        let profile = large::full_history(products, 200, 37);
        let settings = large::settings();
        let ids: Vec<String> = (0..5).map(|n| format!("P-{}", n * 501)).collect();
        let cart = cart(&catalogue, &ids);
        for (name, cart) in [("no cart", None), ("a cart of 5", Some(&cart))] {
            let count = candidates(&catalogue, &profile, cart, &settings, large::day()).len();
            criterion.bench_function(&format!("candidates/{products} products, {name}, {count} found"), |bench| {
                bench.iter(|| candidates(black_box(&catalogue), &profile, cart, &settings, large::day()));
            });
        }
    }
}

criterion_group!(benches, gathering);
criterion_main!(benches);
