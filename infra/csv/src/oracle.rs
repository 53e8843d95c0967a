//! The law written down plainly, to compare with: maps, `segmentation::OrderFold`, `Orders` and `Surveyor`; and random files to try it on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use segmentation::fit::Surveyor;
use segmentation::order::GivenBack;
use segmentation::{Census, Day, Entry, Minor, OrderFold, Orders, Revision, RevisionKey, fit};

use crate::{Report, Returns, SegmentOptions};

/// A row before it is text.
#[derive(Debug, Clone)]
pub(crate) struct Bought {
    pub(crate) customer: &'static str,
    pub(crate) order: String,
    pub(crate) minutes: i64,
    pub(crate) amount: i64,
    pub(crate) product: &'static str,
    pub(crate) negative_quantity: bool,
}

impl Bought {
    fn is_return(&self) -> bool {
        self.amount < 0 || self.negative_quantity
    }

    fn given_back(&self) -> i64 {
        self.amount.abs()
    }

    pub(crate) fn text(&self, quote: bool) -> String {
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

pub(crate) const CUSTOMERS: [&str; 12] =
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

pub(crate) fn bought(customers: usize, returns: bool) -> impl Strategy<Value = Bought> {
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

pub(crate) fn file(rows: &[Bought], quote: bool, end: &str) -> PathBuf {
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
pub(crate) struct Truth {
    pub(crate) as_of: Day,
    pub(crate) cuts: segmentation::Cuts,
    pub(crate) census: Census,
    pub(crate) customers: Vec<String>,
    pub(crate) report: Report,
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

pub(crate) fn truth(rows: &[Bought], options: &SegmentOptions) -> Truth {
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
        if !account.orders.is_empty() {
            customers.push((name, entries.into_iter().collect()));
        }
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
