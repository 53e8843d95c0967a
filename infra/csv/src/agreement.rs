//! Every plan, cut as finely as can be, agrees with the law; import agrees with segmenting; bad rows are named whatever the cut.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicU64;

use proptest::prelude::*;
use segmentation::order::GivenBack;
use segmentation::{Census, Day, Entry, FitPolicy, OrderFold, Orders, Revision, RevisionKey, Window, ZeroOrders};

use crate::oracle::{Bought, CUSTOMERS, bought, file, truth};
use crate::record::Plan;
use crate::segment::Job;
use crate::{Error, ImportOptions, ImportReport, Item, Returns, SegmentOptions, Segmented, import};

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
        // Customers with returns alone have no order to send: they are none of the base either way.
        prop_assert_eq!(&census, &segmented.census);
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
