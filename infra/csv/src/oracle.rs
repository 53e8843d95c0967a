//! Every plan, cut as finely as can be, against the law written down plainly: maps, `segmentation::OrderFold`, `Orders` and `Surveyor`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use segmentation::fit::Surveyor;
use segmentation::order::GivenBack;
use segmentation::{
    Census, Day, Entry, FitPolicy, Minor, OrderFold, Orders, Place, Revision, RevisionKey, Window, ZeroOrders, fit,
};

use crate::record::Plan;
use crate::segment::Job;
use crate::{Error, ImportOptions, ImportReport, Item, Report, Returns, SegmentOptions, Segmented, import};

/// A row before it is text.
#[derive(Debug, Clone)]
struct Bought {
    customer: &'static str,
    order: String,
    minutes: i64,
    amount: i64,
    product: &'static str,
    negative_quantity: bool,
}

impl Bought {
    fn is_return(&self) -> bool {
        self.amount < 0 || self.negative_quantity
    }

    fn given_back(&self) -> i64 {
        self.amount.abs()
    }

    fn text(&self, quote: bool) -> String {
        let time = chrono::DateTime::from_timestamp(self.minutes * 60, 0).unwrap().format("%Y-%m-%d %H:%M:%S");
        let amount = format!(
            "{}{}.{:02}",
            if self.amount < 0 { "-" } else { "" },
            self.amount.abs() / 100,
            self.amount.abs() % 100
        );
        let quantity = if self.negative_quantity { "-1" } else { "2" };
        let cells = [self.order.as_str(), self.customer, &amount, &time.to_string(), self.product, quantity];
        cells
            .map(|cell| {
                if quote || cell.contains([',', '"', '\n']) {
                    format!("\"{}\"", cell.replace('"', "\"\""))
                } else {
                    cell.to_owned()
                }
            })
            .join(",")
    }
}

const CUSTOMERS: [&str; 12] =
    ["1", "7", "007", "alice", "a,b", "say \"x\"", "12345678901", "two\nlines", "", "42", "0", "\u{fc}"];
const PRODUCTS: [&str; 4] = ["lamp", "5", "05", ""];

/// Orders belong to one customer each: their number says to whom.
fn order_id(n: usize) -> String {
    match n % 5 {
        0 => format!("ORD-{n}"),
        1 => format!("0{n}"),
        2 => format!("9000000000{n}"),
        _ => n.to_string(),
    }
}

fn bought(customers: usize, returns: bool) -> impl Strategy<Value = Bought> {
    let amount = prop_oneof![4 => 0..5_000_i64, 1 => Just(0)];
    (0..120_usize, 0..400_000_i64, amount, 0..PRODUCTS.len(), 0..6_u8, any::<bool>()).prop_map(
        move |(n, minutes, amount, product, kind, own)| {
            let gives_back = returns && kind < 2;
            Bought {
                customer: CUSTOMERS[n % customers],
                order: if gives_back && !own { format!("C{n}") } else { order_id(n) },
                minutes: 20_000 * 1440 + minutes,
                amount: if gives_back && kind == 0 { -amount } else { amount },
                product: PRODUCTS[product],
                negative_quantity: gives_back && kind == 1,
            }
        },
    )
}

fn file(rows: &[Bought], quote: bool, end: &str) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!("orders-csv-{}-{}.csv", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    let mut text = format!("\u{feff}order_id,customer_id,amount,timestamp,product,qty{end}");
    for (n, row) in rows.iter().enumerate() {
        text.push_str(&row.text(quote && n % 3 == 0));
        text.push_str(if n + 1 == rows.len() { "" } else { end });
        text.push_str(if n % 7 == 3 { end } else { "" });
    }
    std::fs::write(&path, text).unwrap();
    path
}

/// What the law says of these rows.
struct Truth {
    as_of: Day,
    cuts: segmentation::Cuts,
    census: Census,
    customers: Vec<String>,
    report: Report,
}

#[derive(Default)]
struct Account {
    orders: BTreeMap<String, Placed>,
    returns: Vec<(usize, Bought)>,
}

struct Placed {
    minutes: i64,
    at: usize,
    fold: OrderFold,
    total: i64,
    products: BTreeMap<&'static str, i64>,
}

impl Placed {
    fn left(&self) -> i64 {
        self.total - self.fold.returned().0
    }

    fn has(&self, product: &str) -> i64 {
        self.products.get(product).copied().unwrap_or(0).min(self.left())
    }

    fn give_back(&mut self, product: &'static str, amount: i64) {
        if amount > 0 {
            self.fold.give_back(GivenBack::Amount(Minor(amount))).unwrap();
            let held = self.products.entry(product).or_default();
            *held = (*held - amount).max(0);
        }
    }
}

fn truth(rows: &[Bought], options: &SegmentOptions) -> Truth {
    let mut report = Report { rows: rows.len() as u64, ..Report::default() };
    let mut accounts: BTreeMap<&str, Account> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        if row.customer.is_empty() {
            report.guest_rows += 1;
        } else if row.is_return() && (options.returns == Returns::Drop || row.amount == 0) {
            report.dropped_rows += 1;
        } else if row.is_return() {
            accounts.entry(row.customer).or_default().returns.push((at, row.clone()));
        } else {
            let orders = &mut accounts.entry(row.customer).or_default().orders;
            let order = orders.entry(row.order.clone()).or_insert_with(|| Placed {
                minutes: row.minutes,
                at,
                fold: OrderFold::default(),
                total: 0,
                products: BTreeMap::new(),
            });
            order.minutes = order.minutes.min(row.minutes);
            order.total += row.amount;
            *order.products.entry(row.product).or_default() += row.amount;
        }
    }
    let mut customers: Vec<(&str, Orders)> = Vec::new();
    for (name, mut account) in accounts {
        settle(&mut account, &mut report);
        report.orders += account.orders.len() as u64;
        let entries: Vec<Entry> = account.orders.values().filter_map(|order| order.fold.entry()).collect();
        customers.push((name, entries.into_iter().collect()));
    }
    report.customers = customers.len() as u64;
    let last = rows.iter().map(|row| row.minutes.div_euclid(1440)).max().unwrap();
    let as_of = options.as_of.unwrap_or(Day::from_epoch_days(last + 1));
    let window = options.policy.window;
    let mut surveyor = Surveyor::default();
    customers.iter().for_each(|(_, orders)| surveyor.add(orders, as_of, window));
    let cuts = fit(&surveyor.finish(), &options.policy);

    let with_values: Vec<_> =
        customers.iter().filter_map(|(name, orders)| orders.rfm(as_of, window).map(|rfm| (name, rfm))).collect();
    let number = |name: &str| crate::ids::number_of(name.as_bytes());
    let mut sorted = with_values.clone();
    if sorted.iter().all(|(name, _)| number(name).is_some()) {
        sorted.sort_by_key(|(name, _)| number(name));
    }
    let mut census = Census::default();
    for (_, orders) in &customers {
        census.count(cuts.place(orders, as_of), orders.rfm(as_of, window).as_ref());
    }
    let show = |(name, rfm): &(&&str, segmentation::Rfm)| {
        format!("{name} {} {} {} {}", rfm.recency_days, rfm.frequency, rfm.monetary, cuts.segment(rfm))
    };
    Truth { as_of, cuts, census, customers: sorted.iter().map(show).collect(), report }
}

/// The rule of `returns`, order by order.
fn settle(account: &mut Account, report: &mut Report) {
    for order in account.orders.values_mut() {
        let day = Day::from_epoch_days(order.minutes.div_euclid(1440));
        order.fold.revise(Revision { key: RevisionKey::default(), day, total: Minor(order.total), cancelled: false });
    }
    account.returns.sort_by_key(|(at, row)| (row.minutes, *at));
    for (_, row) in &account.returns {
        let mut rest = row.given_back();
        if let Some(own) = account.orders.get_mut(&row.order) {
            let part = rest.min(own.left());
            own.give_back(row.product, part);
            rest -= part;
        }
        let mut earlier: Vec<&mut Placed> =
            account.orders.values_mut().filter(|order| order.minutes <= row.minutes).collect();
        earlier.sort_by_key(|order| std::cmp::Reverse((order.minutes, order.at)));
        if rest > 0
            && let Some(enough) = earlier.iter_mut().find(|order| order.has(row.product) >= rest)
        {
            enough.give_back(row.product, rest);
            rest = 0;
        }
        for order in earlier {
            let part = rest.min(order.has(row.product));
            order.give_back(row.product, part);
            rest -= part;
        }
        *(if rest == 0 { &mut report.returns_matched } else { &mut report.returns_unmatched }) += 1;
        report.returns_matched_amount += Minor(row.given_back() - rest);
        report.returns_unmatched_amount += Minor(rest);
    }
}

fn shown(segmented: &Segmented) -> Vec<String> {
    let show =
        |c: crate::Customer<'_>| format!("{} {} {} {} {}", c.id, c.recency_days, c.frequency, c.monetary, c.segment);
    segmented.customers().map(show).collect()
}

fn options() -> impl Strategy<Value = SegmentOptions> {
    (
        any::<bool>(),
        any::<bool>(),
        prop::option::of(20_000..20_300_i64),
        prop::option::of(0..200_u32),
        any::<bool>(),
        1..4_usize,
    )
        .prop_map(|(count, drop, as_of, days, few, threads)| SegmentOptions {
            as_of: as_of.map(Day::from_epoch_days),
            returns: if drop { Returns::Drop } else { Returns::Net },
            policy: FitPolicy {
                window: Window { days, zero_orders: if count { ZeroOrders::Count } else { ZeroOrders::Ignore } },
                min_customers: if few { 100 } else { 3 },
                ..FitPolicy::default()
            },
            threads: NonZeroUsize::new(threads),
            ..SegmentOptions::default()
        })
}

fn run(plan: Plan, path: &std::path::Path, options: &SegmentOptions, block: usize) -> Result<Segmented, Error> {
    Job { path, options, block, partition: 256 }.run(plan, &AtomicU64::new(0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn every_plan_gives_what_the_law_says(
        (rows, options) in (1..=CUSTOMERS.len(), any::<bool>()).prop_flat_map(|(customers, returns)| {
            (prop::collection::vec(bought(customers, returns), 1..150), options())
        }),
        quote in any::<bool>(),
        end in prop_oneof![Just("\n"), Just("\r\n")],
        block in 16..2_000_usize,
    ) {
        let path = file(&rows, quote, end);
        let truth = truth(&rows, &options);
        for plan in [Plan::Narrow, Plan::Wide, Plan::Returns] {
            let segmented = run(plan, &path, &options, block).unwrap();
            prop_assert_eq!(segmented.as_of, truth.as_of);
            prop_assert_eq!(segmented.report, truth.report, "{:?}", plan);
            prop_assert_eq!(shown(&segmented), truth.customers.clone(), "{:?}", plan);
            prop_assert_eq!(segmented.cuts, truth.cuts);
            prop_assert_eq!(&segmented.census, &truth.census);
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_imported_adds_up_to_what_is_segmented(
        rows in prop::collection::vec(bought(CUSTOMERS.len(), true), 1..150),
        quote in any::<bool>(),
    ) {
        let path = file(&rows, quote, "\n");
        let imported = import(&path, &ImportOptions::default(), &AtomicU64::new(0)).unwrap();
        prop_assert_eq!(&import(&path, &ImportOptions::default(), &AtomicU64::new(0)).unwrap(), &imported);
        prop_assert_eq!(imported.report.refused_rows, 0);
        // Send all of it: every return finds its order, and never exceeds it.
        let mut sent: BTreeMap<String, (Option<String>, OrderFold)> = BTreeMap::new();
        let mut return_ids = std::collections::BTreeSet::new();
        for item in &imported.items {
            match item {
                Item::Order(order) => {
                    let mut fold = OrderFold::default();
                    prop_assert_eq!(order.total, order.lines.iter().map(|line| line.amount).sum());
                    fold.revise(Revision { key: RevisionKey::default(), day: order.time.day(), total: order.total, cancelled: false });
                    prop_assert!(sent.insert(order.id.clone(), (order.customer.clone(), fold)).is_none());
                }
                Item::Return(back) => {
                    let (customer, fold) = sent.get_mut(&back.order).unwrap();
                    prop_assert_eq!(customer.as_ref(), Some(&back.customer));
                    prop_assert_eq!(fold.give_back(GivenBack::Amount(back.amount)), Ok(()));
                    prop_assert!(return_ids.insert(back.id.clone()));
                }
            }
        }
        let mut customers: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for (customer, fold) in sent.into_values() {
            if let Some(customer) = customer {
                customers.entry(customer).or_default().extend(fold.entry());
            }
        }
        let segmented = run(Plan::Narrow, &path, &SegmentOptions::default(), 500).unwrap();
        let mut census = Census::default();
        let window = Window::default();
        for orders in customers.into_values().map(|entries| entries.into_iter().collect::<Orders>()) {
            census.count(segmented.cuts.place(&orders, segmented.as_of), orders.rfm(segmented.as_of, window).as_ref());
        }
        // Customers with returns alone have no order to send: they stand in no place either way.
        for segment in segmentation::Segment::all() {
            prop_assert_eq!(census.at(segment.into()), segmented.census.at(segment.into()));
        }
        prop_assert!(census.at(Place::NONE).customers <= segmented.census.at(Place::NONE).customers);
        let ImportReport { returns_matched, returns_matched_amount, .. } = imported.report;
        prop_assert_eq!((returns_matched, returns_matched_amount), (segmented.report.returns_matched, segmented.report.returns_matched_amount));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn one_order_under_two_customers_names_the_first_such_row(
        ids in prop::collection::vec(0..5_000_u64, 2..200),
        sparse in any::<bool>(),
        text in any::<bool>(),
        threads in 1..4_usize,
    ) {
        let mut rows: Vec<Bought> = Vec::new();
        let mut owners: BTreeMap<String, &str> = BTreeMap::new();
        let mut first = None;
        for (n, id) in ids.iter().enumerate() {
            let id = if sparse { id * 7_777_777_777 } else { *id };
            let order = if text { format!("x{id}") } else { id.to_string() };
            let customer = CUSTOMERS[n % 7];
            if first.is_none() && *owners.entry(order.clone()).or_insert(customer) != customer {
                first = Some((n as u64, order.clone()));
            }
            rows.push(Bought { customer, order, minutes: 28_800_000, amount: 100, product: "", negative_quantity: false });
        }
        let text = rows.iter().map(|row| row.text(false)).collect::<Vec<_>>().join("\n");
        let path = file(&[], false, "\n");
        std::fs::write(&path, format!("order_id,customer_id,amount,timestamp,product,qty\n{text}\n")).unwrap();
        let options = SegmentOptions { threads: NonZeroUsize::new(threads), ..SegmentOptions::default() };
        let result = run(Plan::Narrow, &path, &options, 300).map(|s| s.report.orders).map_err(|error| error.to_string());
        let expected = match first {
            None => Ok(ids.len() as u64),
            Some((n, order)) => Err(format!("row {}, column order_id: order `{order}` belongs to another customer in an earlier row", n + 2)),
        };
        if expected.is_ok() {
            prop_assert!(result.is_ok());
        } else {
            prop_assert_eq!(result, expected);
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn the_first_bad_row_is_named_whatever_the_blocks(
        good in 0..300_usize,
        after in prop::collection::vec(any::<bool>(), 0..100),
        threads in 1..4_usize,
        block in 16..500_usize,
    ) {
        let path = file(&[], false, "\n");
        let mut text = "customer_id,order_id,timestamp,amount\n".to_owned();
        (0..good).for_each(|n| text.push_str(&format!("{},\"{n}\",2026-01-01,1.00\n", n % 9)));
        text.push_str("1,1,2026-01-01,\"12,5\"\n");
        after.iter().for_each(|good| text.push_str(if *good { "3,x,2026-01-01,-5\n" } else { "oops\n" }));
        std::fs::write(&path, text).unwrap();
        let options = SegmentOptions { threads: NonZeroUsize::new(threads), ..SegmentOptions::default() };
        let error = run(Plan::Narrow, &path, &options, block).map(|_| ()).unwrap_err();
        let expected = format!("row {}, column amount: \"12,5\" is not an amount with at most 2 decimals", good + 2);
        prop_assert_eq!(error.to_string(), expected);
        std::fs::remove_file(path).unwrap();
    }
}
