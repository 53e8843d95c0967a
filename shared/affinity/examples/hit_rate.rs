//! How well the lists foretell what customers buy first: trained on what was bought before a day, tried on what each customer
//! bought from that day on and never before.
//!
//! `cargo run --release -p affinity --example hit_rate -- ../shared/data/online_retail.csv [2011-09-01]`

mod data;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use affinity::{Policy, learn, products_known_on};
use catalogue::{Learned, Neighbour, score};
use data::Failure;
use segmentation::{Day, ProductKey};

type Lists = BTreeMap<ProductKey, Vec<Neighbour>>;

/// A customer of both periods.
struct Case {
    /// All that was bought before, also what the profile has forgotten: none of it is a target.
    before: BTreeSet<ProductKey>,
    /// What the profile knew on the day before.
    known: Vec<ProductKey>,
    last: Vec<ProductKey>,
    targets: BTreeSet<ProductKey>,
}

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let path = args
        .next()
        .ok_or("usage: hit_rate FILE [SPLIT DAY] [ridge=500] [basket_ridge=50] [pair_floor=1] [dense=10000]")?;
    let mut policy = Policy::default();
    let mut carts_too = true;
    let mut split: Day = "2011-09-01".parse()?;
    for arg in args {
        match arg.split_once('=') {
            Some(("ridge", value)) => policy.ridge = value.parse()?,
            Some(("basket_ridge", value)) => policy.basket_ridge = value.parse()?,
            Some(("pair_floor", value)) => policy.pair_floor = value.parse()?,
            Some(("carts", value)) => carts_too = value.parse()?,
            Some(("dense", value)) => policy.dense = value.parse()?,
            _ => split = arg.parse()?,
        }
    }
    let purchases = data::read(&path, "product")?;
    let parts = data::counts_before(&purchases, split);
    let learned = learn(&parts, &policy);
    let on = split.plus(-1);
    let popular: Vec<ProductKey> = {
        let mut customers: HashMap<ProductKey, u32> = HashMap::new();
        for baskets in purchases.customers.values() {
            let before = baskets.iter().filter(|basket| basket.day < split);
            let bought: BTreeSet<ProductKey> = before.flat_map(|basket| basket.products.clone()).collect();
            bought.into_iter().for_each(|product| *customers.entry(product).or_default() += 1);
        }
        most_first(customers)
    };
    let sold: BTreeSet<ProductKey> = popular.iter().copied().collect();
    let cases: Vec<Case> = purchases
        .customers
        .values()
        .filter_map(|baskets| {
            let (before, after) = baskets.split_at(baskets.partition_point(|basket| basket.day < split));
            let last = before.last()?.products.clone();
            let before_set: BTreeSet<ProductKey> = before.iter().flat_map(|basket| basket.products.clone()).collect();
            let targets: BTreeSet<ProductKey> = after
                .iter()
                .flat_map(|basket| basket.products.clone())
                .filter(|product| sold.contains(product) && !before_set.contains(product))
                .collect();
            let known = products_known_on(before, on);
            (!targets.is_empty()).then_some(Case { before: before_set, known, last, targets })
        })
        .collect();
    println!("split {split}, {policy:?}");
    println!("{} products before it, {} customers with targets", sold.len(), cases.len());

    let lately: Vec<ProductKey> = learned.popular.iter().map(|(key, _)| *key).collect();
    let cosine = learn(&parts, &Policy { dense: 0, ..policy }).of_history;
    let buyers = buyers_of(&purchases, split);

    println!("{:<48} {:>11} {:>10}", "method", "hit-rate@10", "recall@10");
    report("most popular", &cases, |_| popular.clone());
    report("most popular of the last 60 days", &cases, |_| lately.clone());
    report("most popular among buyers of the same last product", &cases, |case| with_last(case, &buyers));
    report("cosine lists of 20", &cases, |case| by_lists(case, &cosine));
    report("EASE^R lists of 20, as a lookup uses them", &cases, |case| by_lists(case, &learned.of_history));
    report("the same, knowing all that was ever bought", &cases, |case| {
        let scored = score(case.before.iter().copied(), |product| list(&learned.of_history, product), 10);
        scored.into_iter().map(|(product, _)| product).collect()
    });
    report("the same, filled up with popular ones lately", &cases, |case| {
        by_lists(case, &learned.of_history).into_iter().chain(lately.iter().copied()).collect()
    });

    if carts_too {
        carts(&purchases, split, &learned, &popular);
    }
    Ok(())
}

/// The share of customers with a target among ten, and the mean share of targets among ten.
fn report(name: &str, cases: &[Case], propose: impl Fn(&Case) -> Vec<ProductKey>) {
    let (mut hit, mut recall) = (0, 0.0);
    for case in cases {
        let mut seen = BTreeSet::new();
        let ten = propose(case)
            .into_iter()
            .filter(|product| !case.before.contains(product) && seen.insert(*product))
            .take(10);
        let right = ten.filter(|product| case.targets.contains(product)).count();
        hit += usize::from(right > 0);
        recall += right as f64 / case.targets.len() as f64;
    }
    println!("{name:<48} {:>11.3} {:>10.3}", hit as f64 / cases.len() as f64, recall / cases.len() as f64);
}

/// Proposals of a lookup: it knows the bounded profile only, so some of its ten may be products bought before that, and
/// those are lost.
fn by_lists(case: &Case, lists: &Lists) -> Vec<ProductKey> {
    let scored = score(case.known.iter().copied(), |product| list(lists, product), 10);
    scored.into_iter().map(|(product, _)| product).collect()
}

fn list(lists: &Lists, product: ProductKey) -> Option<&[Neighbour]> {
    lists.get(&product).map(Vec::as_slice)
}

type Buyers = HashMap<ProductKey, BTreeSet<u32>>;

fn buyers_of(purchases: &data::Purchases, split: Day) -> (Buyers, Vec<BTreeSet<ProductKey>>) {
    let mut buyers = Buyers::new();
    let mut products = Vec::new();
    for (number, baskets) in (0..).zip(purchases.customers.values()) {
        let before = baskets.iter().filter(|basket| basket.day < split);
        let bought: BTreeSet<ProductKey> = before.flat_map(|basket| basket.products.clone()).collect();
        bought.iter().for_each(|product| {
            buyers.entry(*product).or_default().insert(number);
        });
        products.push(bought);
    }
    (buyers, products)
}

/// Of the last basket the product that most customers bought stands for "the last product".
fn with_last(case: &Case, (buyers, products): &(Buyers, Vec<BTreeSet<ProductKey>>)) -> Vec<ProductKey> {
    let Some(last) = case.last.iter().max_by_key(|product| (buyers[*product].len(), **product)) else {
        return Vec::new();
    };
    let mut counts: HashMap<ProductKey, u32> = HashMap::new();
    for buyer in &buyers[last] {
        products[*buyer as usize].iter().for_each(|product| *counts.entry(*product).or_default() += 1);
    }
    most_first(counts)
}

fn most_first(counts: HashMap<ProductKey, u32>) -> Vec<ProductKey> {
    let mut counts: Vec<(ProductKey, u32)> = counts.into_iter().collect();
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    counts.into_iter().map(|(product, _)| product).collect()
}

/// Leave one out: of each later basket of two products or more, each product in turn is hidden and foretold from the others.
fn carts(purchases: &data::Purchases, split: Day, learned: &Learned, popular: &[ProductKey]) {
    let baskets =
        purchases.customers.values().flatten().filter(|basket| basket.day >= split && basket.products.len() > 1);
    let (mut tried, mut carts) = (0_u32, 0_u32);
    let mut hits = [0_u32; 3];
    for basket in baskets {
        carts += 1;
        for hidden in &basket.products {
            tried += 1;
            let cart = || basket.products.iter().copied().filter(|product| product != hidden);
            let by = |lists: &Lists| {
                let ten = score(cart(), |product| list(lists, product), 10);
                u32::from(ten.iter().any(|(product, _)| product == hidden))
            };
            let ten =
                popular.iter().filter(|product| *product == hidden || basket.products.binary_search(product).is_err());
            hits[0] += u32::from(ten.take(10).any(|product| product == hidden));
            hits[1] += by(&learned.of_history);
            hits[2] += by(&learned.of_baskets);
        }
    }
    println!("\n{carts} later baskets, {tried} products hidden, each among ten foretold from the rest of its basket:");
    for (name, hits) in ["most popular", "lists of histories", "lists of baskets"].iter().zip(hits) {
        println!("{name:<48} {:>11.3}", f64::from(hits) / f64::from(tried));
    }
}
