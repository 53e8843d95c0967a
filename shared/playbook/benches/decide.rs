//! One decision for a typical customer of a busy segment, and for one with a cart.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up is a failed bench")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use playbook::decide::Cart;
use playbook::{Playbook, decide};

#[path = "../tests/decide/cast.rs"]
#[expect(dead_code, reason = "a bench needs part of the cast")]
mod cast;

fn decisions(criterion: &mut Criterion) {
    let on = cast::today();
    for segment in ["r3f3m3", "r2f3m2", "r2f2m2"] {
        let inputs = cast::inputs(cast::customer(cast::segment(segment), on), on, 0);
        criterion.bench_function(&format!("decide/{segment}"), |bench| {
            bench.iter(|| decide(black_box(&inputs), Playbook::builtin()));
        });
    }
    // As many candidates as a large catalogue gives, and a cart.
    let mut inputs = cast::inputs(cast::customer(cast::segment("r3f3m3"), on), on, 0);
    let products = cast::products(on);
    inputs.products = (0..110)
        .map(|n| {
            let mut product = products[n % products.len()].clone();
            product.id = format!("{}-{n}", product.id);
            product.taste = (n as u32 * 7_919) % 9_000;
            product
        })
        .collect();
    inputs.cart = Some(Cart { products: ["boots-2".to_owned()].into(), categories: ["Shoes".to_owned()].into() });
    criterion.bench_function("decide/r3f3m3, 110 candidates and a cart", |bench| {
        bench.iter(|| decide(black_box(&inputs), Playbook::builtin()));
    });
}

criterion_group!(benches, decisions);
criterion_main!(benches);
