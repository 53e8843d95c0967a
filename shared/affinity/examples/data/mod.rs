//! Purchases of real customers out of the CSV files, for the evaluations. Known customers only; cancellations (orders whose id
//! begins with `C`) and lines of no amount are no purchases.

use std::collections::{BTreeMap, HashMap};

use affinity::{Basket, Collector, PartCounts, Terms};
use segmentation::{Day, ProductKey};

pub(crate) type Failure = Box<dyn std::error::Error>;

/// Customers by id with their baskets, oldest first, and the category of each product, where the file has one.
pub(crate) struct Purchases {
    pub(crate) customers: BTreeMap<String, Vec<Basket>>,
    pub(crate) category: HashMap<ProductKey, String>,
}

/// Reads a file; `product` is the column that is taken for the product.
pub(crate) fn read(path: &str, product: &str) -> Result<Purchases, Failure> {
    let mut reader = csv::Reader::from_path(path)?;
    let headers = reader.headers()?.clone();
    let column = |name: &str| headers.iter().position(|header| header == name).ok_or(format!("no column {name}"));
    let [customer, order, time, amount] =
        [column("customer_id")?, column("order_id")?, column("timestamp")?, column("amount")?];
    let (product, category) = (column(product)?, column("category").ok());
    // An order of several timestamps is of the earliest.
    let mut orders: HashMap<(String, String), (String, Vec<ProductKey>)> = HashMap::new();
    let mut categories = HashMap::new();
    for record in reader.records() {
        let record = record?;
        if record[customer].is_empty() || record[order].starts_with('C') || record[amount].parse::<f64>()? <= 0.0 {
            continue;
        }
        let key = ProductKey::of(&record[product]);
        if let Some(category) = category {
            categories.entry(key).or_insert_with(|| record[category].to_owned());
        }
        let id = (record[customer].to_owned(), record[order].to_owned());
        let (earliest, products) = orders.entry(id).or_insert_with(|| (record[time].to_owned(), Vec::new()));
        if record[time] < **earliest {
            record[time].clone_into(earliest);
        }
        products.push(key);
    }
    let mut sorted: BTreeMap<String, Vec<(String, String, Vec<ProductKey>)>> = BTreeMap::new();
    for ((customer, order), (time, products)) in orders {
        sorted.entry(customer).or_default().push((time, order, products));
    }
    let mut customers = BTreeMap::new();
    for (customer, mut orders) in sorted {
        orders.sort();
        let baskets = orders.into_iter().map(|(time, _, mut products)| {
            products.sort_unstable();
            products.dedup();
            Ok(Basket { day: time[..10].parse()?, products })
        });
        customers.insert(customer, baskets.collect::<Result<Vec<_>, segmentation::day::NotADay>>()?);
    }
    Ok(Purchases { customers, category: categories })
}

/// The merged parts of what was bought before a day. Only these baskets are given to the collector: later ones cannot leak.
pub(crate) fn counts_before(purchases: &Purchases, split: Day) -> Vec<PartCounts> {
    let terms = Terms { parts: 64, on: split.plus(-1), recent_days: Terms::RECENT_DAYS };
    let mut collector = Collector::new(terms);
    for baskets in purchases.customers.values() {
        let before: Vec<Basket> = baskets.iter().filter(|basket| basket.day < split).cloned().collect();
        collector.add(&before, |product| purchases.category.get(&product).map(String::as_str));
    }
    collector.into_parts()
}
