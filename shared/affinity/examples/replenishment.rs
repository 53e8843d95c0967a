//! How often the next purchase of the same product (or category) falls inside the window that was learned, against a rule of
//! thirty days: learned before a day, tried on pairs of consecutive purchase days of which the later is on or after it.
//!
//! `cargo run --release -p affinity --example replenishment -- ../shared/data/online_retail.csv product 2011-09-01`
//! `cargo run --release -p affinity --example replenishment -- ../shared/data/completejourney_sample.csv category 2017-09-01`

mod data;

use std::collections::{BTreeMap, HashMap};

use catalogue::Interval;
use data::Failure;
use segmentation::{Day, ProductKey};

fn main() -> Result<(), Failure> {
    let usage = "usage: replenishment FILE product|category SPLIT_DAY";
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [path, by, split] = args.as_slice() else { return Err(usage.into()) };
    let split: Day = split.parse()?;
    let purchases = data::read(path, "product")?;
    let learned = affinity::learn(&data::counts_before(&purchases, split), &affinity::Policy::default());
    let by_category = by == "category";
    let intervals: HashMap<ProductKey, Interval> = if by_category {
        learned.category_intervals.iter().map(|(name, interval)| (ProductKey::of(name), *interval)).collect()
    } else {
        learned.intervals.into_iter().collect()
    };

    let mut gaps: Vec<(Interval, i64)> = Vec::new();
    let mut unknown = 0_u32;
    for baskets in purchases.customers.values() {
        let mut last: BTreeMap<ProductKey, Day> = BTreeMap::new();
        for basket in baskets {
            for product in &basket.products {
                let name = purchases.category.get(product);
                let thing = if by_category { name.map_or(*product, |name| ProductKey::of(name)) } else { *product };
                let Some(before) = last.insert(thing, basket.day) else { continue };
                let gap = basket.day.since(before);
                if gap < 1 || basket.day < split {
                    continue;
                }
                match intervals.get(&thing) {
                    Some(interval) => gaps.push((*interval, gap)),
                    None => unknown += 1,
                }
            }
        }
    }

    println!(
        "by {by}, split {split}: {} intervals, {} next purchases, {unknown} more without an interval",
        intervals.len(),
        gaps.len()
    );
    let share = |inside: &dyn Fn(&Interval, i64) -> bool| {
        gaps.iter().filter(|(interval, gap)| inside(interval, *gap)).count() as f64 / gaps.len().max(1) as f64
    };
    let mean = |of: &dyn Fn(&Interval, i64) -> f64| {
        gaps.iter().map(|(i, gap)| of(i, *gap)).sum::<f64>() / gaps.len().max(1) as f64
    };
    println!(
        "{:<52} {:.3}",
        "inside [early, late] as learned",
        share(&|i, gap| (i.early.into()..=i.late.into()).contains(&gap))
    );
    println!(
        "{:<52} {:.3}",
        "inside 30 days ± half of the same width",
        share(&|i, gap| 2 * (gap - 30).abs() <= i64::from(i.late - i.early))
    );
    println!("{:<52} {:.3}", "inside 15 to 45 days", share(&|_, gap| (15..=45).contains(&gap)));
    println!("{:<52} {:.1}", "mean width of the learned window, days", mean(&|i, _| f64::from(i.late - i.early) + 1.0));
    println!(
        "{:<52} {:.1}",
        "mean error of the learned median, days",
        mean(&|i, gap| (gap - i64::from(i.median)).abs() as f64)
    );
    println!("{:<52} {:.1}", "mean error of thirty days, days", mean(&|_, gap| (gap - 30).abs() as f64));

    if by_category {
        println!("\ncategory: what else its customers buy (65,536ths), and when again (early, median, late of pairs)");
        for (name, list) in &learned.categories {
            let list: Vec<String> = list.iter().take(3).map(|(other, weight)| format!("{other} {weight}")).collect();
            let interval = learned.category_intervals.get(name);
            let again =
                interval.map_or_else(String::new, |i| format!("{}, {}, {} of {}", i.early, i.median, i.late, i.pairs));
            println!("{name:<24} {:<76} {again}", list.join(", "));
        }
    }
    Ok(())
}
