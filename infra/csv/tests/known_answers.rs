//! Real files with known answers: six other tools gave the same tables. Skipped where the data is not there.

#![expect(clippy::unwrap_used, reason = "a panic here is a failed test")]

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;

use orders_csv::{Returns, SegmentOptions, segment};
use segmentation::{FitPolicy, Minor, Place, Window, ZeroOrders};

fn data(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there", path.display());
    None
}

fn options(zero_orders: ZeroOrders, returns: Returns) -> SegmentOptions {
    let policy = FitPolicy { window: Window { zero_orders, ..Window::default() }, ..FitPolicy::default() };
    SegmentOptions { policy, returns, ..SegmentOptions::default() }
}

/// Compares every row of the expected table; returns the census' customers and the report.
fn compare(file: &str, expected: &str, options: &SegmentOptions, as_of: &str) -> Option<orders_csv::Segmented> {
    let (file, expected) = (data(file)?, data(expected)?);
    let segmented = segment(&file, options, &AtomicU64::new(0)).unwrap();
    assert_eq!(segmented.as_of.to_string(), as_of);
    let expected = std::fs::read_to_string(expected).unwrap();
    let mut lines = expected.lines().skip(1);
    for customer in segmented.customers() {
        let segment = customer.segment;
        let got = format!(
            "{},{},{},{},{},{},{}",
            customer.id,
            customer.recency_days,
            customer.frequency,
            customer.monetary,
            segment.r.number(),
            segment.f.number(),
            segment.m.number()
        );
        assert_eq!(Some(got.as_str()), lines.next());
    }
    assert_eq!(lines.next(), None);
    Some(segmented)
}

#[test]
fn cdnow_gives_the_known_table_with_orders_of_zero_counted_whether_returns_are_dropped_or_not() {
    for returns in [Returns::Net, Returns::Drop] {
        let options = options(ZeroOrders::Count, returns);
        let Some(cdnow) = compare("cdnow_master.csv", "expected_cdnow_master_customers.csv", &options, "1998-07-01")
        else {
            return;
        };
        let report = cdnow.report;
        assert_eq!((report.rows, report.orders, report.customers), (69_659, 69_659, 23_570));
        assert_eq!((report.guest_rows, report.dropped_rows, report.returns_unmatched), (0, 0, 0));
        assert_eq!(cdnow.census.total().revenue, Minor(250_031_563));
    }
}

#[test]
fn online_retail_without_returns_gives_the_known_table() {
    let options = options(ZeroOrders::Ignore, Returns::Drop);
    let file = "online_retail.csv";
    let Some(retail) = compare(file, "expected_online_retail_customers.csv", &options, "2011-12-10") else { return };
    assert_eq!(retail.census.total().revenue, Minor(891_140_790));
    assert_eq!((retail.report.rows, retail.report.guest_rows), (541_909, 135_080));
    let placed = retail.census.total().customers - retail.census.at(Place::NONE).customers;
    assert_eq!(placed, 4_338);
}

#[test]
fn online_retail_with_returns_netted_adds_up_to_the_penny() {
    let Some(file) = data("online_retail.csv") else { return };
    let retail = segment(&file, &options(ZeroOrders::Ignore, Returns::Net), &AtomicU64::new(0)).unwrap();
    let report = retail.report;
    assert_eq!(report.returns_matched + report.returns_unmatched, 8_905);
    assert_eq!(retail.census.total().revenue + report.returns_matched_amount, Minor(891_140_790));
    eprintln!("{report:?}");
}
