//! Files of orders.

use std::io::Write;
use std::sync::atomic::AtomicU64;

use orders_csv::{ImportOptions, Item, SegmentOptions, import, segment};

use super::{Form, Target, Verdict, fuzz};

#[test]
fn a_file_of_orders_is_read_or_refused_by_row_and_column() {
    let target = Target { name: "csv", form: Form::Csv, cases: 4_000, at_least: 15, kinds: 40 };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("orders.csv");
    fuzz(&target, |input| {
        std::fs::File::create(&file).unwrap().write_all(input).unwrap();
        let read = AtomicU64::new(0);
        let segmented = segment(&file, &SegmentOptions::default(), &read);
        let imported = match import(&file, &ImportOptions::default(), &read) {
            Ok(imported) => imported,
            Err(error) => {
                assert!(segmented.is_err(), "segmented, and not imported: {error}");
                return Verdict::refused(what(&error.to_string()));
            }
        };
        let report = imported.report;
        let orders = imported.items.iter().filter(|item| matches!(item, Item::Order(_))).count() as u64;
        assert_eq!(report.orders, orders, "{report:?}");
        assert!(report.refused_rows as usize >= imported.refused.len());
        for item in &imported.items {
            match item {
                Item::Order(order) => {
                    let sum: i64 = order.lines.iter().map(|line| line.amount.0).sum();
                    assert!(order.total.0 >= 0 && order.total.0 == sum && !order.lines.is_empty(), "{order:?}");
                }
                Item::Return(back) => assert!(back.amount.0 > 0, "{back:?}"),
            }
        }
        let refused: Vec<String> = imported.refused.iter().map(|refused| what(&refused.to_string())).collect();
        match segmented {
            // One bad row is enough for a segmentation to be refused, and is set aside by an import. But a segmentation does not read what was
            // bought, and takes an order's id for bytes.
            Ok(_) => {
                let unread = ["product:", "name:", "category:", "brand:", "order_id: is not UTF-"];
                let other =
                    refused.iter().find(|what| !unread.iter().any(|why| what.contains(&format!("column {why}"))));
                assert_eq!(other, None, "segmented, and not imported");
            }
            Err(error) if report.refused_rows == 0 => assert!(!error.to_string().is_empty()),
            Err(_) => {}
        }
        let met = format!(
            "{} {} {} {:?}",
            orders.min(3),
            report.returns_matched.min(2),
            report.guest_orders.min(1),
            refused.first()
        );
        if orders > 0 { Verdict::taken(met) } else { Verdict::refused(met) }
    });
}

/// What is wrong in words, without row and cell.
fn what(message: &str) -> String {
    let words: String = message.split('"').step_by(2).collect();
    words
        .chars()
        .filter(|sign| !sign.is_ascii_digit())
        .skip_while(|sign| *sign == '/')
        .take(60)
        .collect::<String>()
        .replace("/tmp", "")
}
