//! How far the cuts of merged surveys are from the exact ones, in rank (law 5).

use segmentation::fit::{FitPolicy, Survey, Surveyor, fit, fit_looked, to_look_at};
use segmentation::{AxisCuts, Cuts, Day, Histogram, Looked, Orders, Summary};

/// What the shards' surveys of one base came to.
#[derive(Clone, Debug)]
pub struct Accuracy {
    /// Customers in the base.
    pub customers: u64,
    /// The worst rank error of the six cuts without a second look, as a share of the base.
    pub one_look: f64,
    /// The same with it.
    pub two_looks: f64,
    /// Are the cuts with it the exact ones, to the minor unit?
    pub exact: bool,
    /// How many buckets the second look asked for.
    pub looked_at: usize,
    /// Bytes of the largest shard's survey, as JSON before it is compressed.
    pub shard_bytes: usize,
    /// Bytes of all surveys merged.
    pub merged_bytes: usize,
}

/// Surveys customers in so many shards, merges the surveys from the last to the first, fits, and compares with counts of every
/// single value.
///
/// # Errors
/// When a survey cannot be written as JSON.
pub fn measure(customers: impl Iterator<Item = Orders>, shards: usize, on: Day) -> Result<Accuracy, serde_json::Error> {
    let policy = FitPolicy::default();
    let mut surveyors = vec![Surveyor::default(); shards];
    let mut money: Vec<Vec<i64>> = vec![Vec::new(); shards];
    let mut totals = Vec::new();
    for (number, orders) in customers.enumerate() {
        let shard = number % shards;
        surveyors[shard].add(&orders, on, policy.window);
        let Some(rfm) = orders.rfm(on, policy.window).filter(|rfm| rfm.in_base()) else { continue };
        money[shard].push(rfm.monetary.0);
        totals.extend(orders.iter().filter(|entry| policy.window.counts(entry)).map(|entry| entry.net.0));
    }
    let surveys: Vec<Survey> = surveyors.into_iter().map(Surveyor::finish).collect();
    let bytes = |survey: &Survey| serde_json::to_vec(survey).map(|bytes| bytes.len());
    let mut shard_bytes = 0;
    for survey in &surveys {
        shard_bytes = shard_bytes.max(bytes(survey)?);
    }
    let merged = surveys.iter().rev().fold(Survey::default(), |sum, survey| sum.merge(survey));
    let whole = Survey {
        monetary: Summary::whole(money.iter().flatten().copied().collect()),
        order_totals: Summary::whole(totals.into_iter().collect()),
        ..merged.clone()
    };
    let asked = to_look_at(&merged, &policy);
    let looked = money.iter().rev().map(|values| Looked::of(values.iter().copied(), &asked));
    let looked = looked.fold(Looked::default(), |sum, shard| sum.merge(&shard));
    let [exact, one, two] = [fit(&whole, &policy), fit(&merged, &policy), fit_looked(&merged, &policy, Some(&looked))];
    Ok(Accuracy {
        customers: merged.customers(),
        one_look: error(&whole, &exact, &one),
        two_looks: error(&whole, &exact, &two),
        exact: two == exact,
        looked_at: asked.len(),
        shard_bytes,
        merged_bytes: bytes(&merged)?,
    })
}

/// The worst difference of the shares at or below a cut.
fn error(whole: &Survey, exact: &Cuts, got: &Cuts) -> f64 {
    let money = whole.monetary.exact().cloned().unwrap_or_default();
    let axes: [(&Histogram, AxisCuts, AxisCuts); 3] = [
        (&whole.recency, exact.recency, got.recency),
        (&whole.frequency, exact.frequency, got.frequency),
        (&money, exact.monetary, got.monetary),
    ];
    let mut worst: f64 = 0.0;
    for (values, exact, got) in axes {
        let below = |cut: i64| values.counts().iter().filter(|(value, _)| *value <= cut).map(|(_, n)| n).sum::<u64>();
        for (exact, got) in [(exact.c1, got.c1), (exact.c2, got.c2)] {
            let differing = below(exact).abs_diff(below(got));
            worst = worst.max(differing as f64 / values.total().max(1) as f64);
        }
    }
    worst
}

/// A row of the table in docs/scale.md.
#[must_use]
pub fn row(name: &str, shards: usize, accuracy: &Accuracy) -> String {
    let Accuracy { customers, one_look, two_looks, exact, looked_at, shard_bytes, merged_bytes } = accuracy;
    let exact = if *exact { "the same cuts" } else { "other cuts" };
    format!(
        "| {name} | {customers} | {shards} | {:.4} % | {:.4} %, {exact} | {looked_at} | {shard_bytes} | {merged_bytes} |",
        one_look * 100.0,
        two_looks * 100.0,
    )
}

/// The customers of a file of orders, and the day after the last order; `None` where the file is not there.
///
/// # Errors
/// What reading the file says.
pub fn customers_of(file: &std::path::Path) -> Result<Option<(Vec<Orders>, Day)>, orders_csv::Error> {
    if !file.exists() {
        return Ok(None);
    }
    let options = orders_csv::ImportOptions::default();
    let items = orders_csv::import(file, &options, &std::sync::atomic::AtomicU64::new(0))?.items;
    let mut customers: std::collections::BTreeMap<String, Vec<segmentation::Entry>> = std::collections::BTreeMap::new();
    let mut last = Day::MIN;
    for item in items {
        if let orders_csv::Item::Order(order) = item
            && let Some(customer) = order.customer
        {
            let flags = segmentation::Flags::none().with(segmentation::Flags::ZERO, order.total.0 == 0);
            let entry = segmentation::Entry { day: order.time.day(), net: order.total, flags };
            last = last.max(entry.day);
            customers.entry(customer).or_default().push(entry);
        }
    }
    Ok(Some((customers.into_values().map(|entries| entries.into_iter().collect()).collect(), last.plus(1))))
}
