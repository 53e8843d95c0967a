//! The bars that the lists must reach, on purchases of real customers.

#[path = "../examples/data/mod.rs"]
mod data;

use std::collections::BTreeSet;

use affinity::{Policy, learn, products_known_on};
use catalogue::score;
use segmentation::{Day, ProductKey};

#[test]
#[ignore = "reads 540,000 lines and inverts a matrix of 3,400 products: run in release"]
fn lists_of_real_histories_foretell_more_than_half_of_the_customers() -> Result<(), data::Failure> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/online_retail.csv");
    if !std::path::Path::new(path).exists() {
        println!("skipped: {path} is not here");
        return Ok(());
    }
    let purchases = data::read(path, "product")?;
    let split: Day = "2011-09-01".parse()?;
    let learned = learn(&data::counts_before(&purchases, split), &Policy::default());
    let all = purchases.customers.values().flatten();
    let sold: BTreeSet<ProductKey> =
        all.filter(|basket| basket.day < split).flat_map(|basket| basket.products.clone()).collect();
    let (mut customers, mut hit, mut recall) = (0_u32, 0_u32, 0.0);
    for baskets in purchases.customers.values() {
        let (before, after) = baskets.split_at(baskets.partition_point(|basket| basket.day < split));
        let had: BTreeSet<ProductKey> = before.iter().flat_map(|basket| basket.products.clone()).collect();
        let bought: BTreeSet<ProductKey> = after.iter().flat_map(|basket| basket.products.clone()).collect();
        let targets: BTreeSet<ProductKey> = bought.difference(&had).copied().filter(|key| sold.contains(key)).collect();
        if before.is_empty() || targets.is_empty() {
            continue;
        }
        let history = products_known_on(before, split.plus(-1));
        let ten = score(history, |product| learned.of_history.get(&product).map(Vec::as_slice), 10);
        let right = ten.iter().filter(|(product, _)| targets.contains(product)).count();
        customers += 1;
        hit += u32::from(right > 0);
        recall += right as f64 / targets.len() as f64;
    }
    assert_eq!((customers, sold.len()), (1_880, 3_393));
    let (hit, recall) = (f64::from(hit) / f64::from(customers), recall / f64::from(customers));
    assert!(hit >= 0.53 && recall >= 0.055, "hit-rate {hit:.3}, recall {recall:.3}");
    Ok(())
}
