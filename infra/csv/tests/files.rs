//! What a person meets: odd files, and what is said about bad ones.

#![expect(clippy::unwrap_used, reason = "a panic here is a failed test")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use orders_csv::{
    Columns, ImportOptions, Imported, Item, ParsedLine, Returns, SegmentOptions, Segmented, import, segment,
};
use segmentation::fit::TypedCuts;
use segmentation::{Minor, Place};

struct File(PathBuf);

impl File {
    fn new(text: impl AsRef<[u8]>) -> File {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("orders-csv-files-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        File(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

const HEADER: &str = "customer_id,order_id,timestamp,amount,product,qty\n";

fn segmented(text: impl AsRef<[u8]>, options: &SegmentOptions) -> Result<Segmented, String> {
    segment(&File::new(text).0, options, &AtomicU64::new(0)).map_err(|error| error.to_string())
}

fn refused(text: impl AsRef<[u8]>) -> String {
    segmented(text, &SegmentOptions::default()).err().unwrap_or_default()
}

fn imported(text: impl AsRef<[u8]>) -> Imported {
    import(&File::new(text).0, &ImportOptions::default(), &AtomicU64::new(0)).unwrap()
}

#[test]
fn bad_rows_are_refused_by_row_and_column() {
    let row = |row: &str| refused(format!("{HEADER}1,1,2026-01-01,1.00,x,1\n\n{row}\n"));
    assert_eq!(
        row("1,2,2026-01-01,\"12,5\",x,1"),
        "row 4, column amount: \"12,5\" is not an amount with at most 2 decimals"
    );
    assert_eq!(
        row("1,2,2026-01-01,1.005,x,1"),
        "row 4, column amount: \"1.005\" is not an amount with at most 2 decimals"
    );
    assert_eq!(row("1,2,01.01.2026,1,x,1").split(" is not").next(), Some("row 4, column timestamp: \"01.01.2026\""));
    assert_eq!(row("1,,2026-01-01,1,x,1"), "row 4, column order_id: is empty");
    assert_eq!(row("1,2,2026-01-01,1,x,some"), "row 4, column qty: \"some\" is not a quantity");
    assert_eq!(row("1,2,2026-01-01,1,x"), "row 4: has 5 fields where the header has 6");
    assert_eq!(row("1,2,2026-01-01,1,x,1,1"), "row 4: has 7 fields where the header has 6");
    assert_eq!(row("1,2,2026-01-01,1,\"x\"y,1"), "row 4: text follows a closing quote");
    assert_eq!(row("1,2,2026-01-01,1,\"x,1\n1,3,2026-01-01,1,y,1"), "row 4: a quoted field is never closed");
    let long = "9".repeat(256);
    assert_eq!(row(&format!("1,{long},2026-01-01,1,x,1")), "row 4, column order_id: is longer than 255 bytes");
    let latin = [HEADER.as_bytes(), b"caf\xe9,1,2026-01-01,1,x,1\n"].concat();
    assert_eq!(refused(latin), "row 2, column customer_id: is not UTF-8");
}

#[test]
fn a_file_without_header_column_or_rows_says_so() {
    assert_eq!(refused(""), "the file is empty; its first line must name the columns");
    assert_eq!(refused("\n\n"), "the file is empty; its first line must name the columns");
    assert_eq!(
        refused("customer_id,order,timestamp,amount\n"),
        "the file has no column `order_id`; it has: customer_id, order, timestamp, amount"
    );
    assert_eq!(refused(HEADER), "the file has no rows, so there is no last day to count from");
    let as_of = SegmentOptions { as_of: "2026-01-01".parse().ok(), ..SegmentOptions::default() };
    assert_eq!(segmented(HEADER, &as_of).unwrap().report.customers, 0);
    let missing = segment(&PathBuf::from("/no/such/file.csv"), &as_of, &AtomicU64::new(0)).err().unwrap();
    assert_eq!(missing.to_string(), "cannot read /no/such/file.csv");
}

#[test]
fn mapped_columns_zones_and_other_currencies_are_read() {
    let columns = Columns {
        customer: "who".to_owned(),
        order: "no".to_owned(),
        time: "when".to_owned(),
        amount: "sum".to_owned(),
        ..Columns::default()
    };
    let time_zone = chrono_tz::Asia::Tokyo;
    let options = SegmentOptions { columns, decimals: 0, time_zone, ..SegmentOptions::default() };
    let text = "when,sum,no,who\n2026-01-01T16:00:00Z,1200.0,a,x\n2026-01-01 16:00:00,100,b,y\n";
    let result = segmented(text, &options).unwrap();
    assert_eq!(result.as_of.to_string(), "2026-01-03");
    let rows: Vec<_> = result.customers().map(|c| (c.id.to_string(), c.recency_days, c.monetary)).collect();
    assert_eq!(rows, [("x".to_owned(), 1, Minor(1200)), ("y".to_owned(), 2, Minor(100))]);
}

#[test]
fn an_order_is_its_id_wherever_its_rows_stand() {
    let text = format!("{HEADER}7,1,2026-01-05 10:00:00,1.00,x,1\n9,2,2026-01-05,5,x,1\n7,1,2026-01-03,2.50,y,1\n");
    let result = segmented(text, &SegmentOptions::default()).unwrap();
    let rows: Vec<_> =
        result.customers().map(|c| (c.id.to_string(), c.recency_days, c.frequency, c.monetary)).collect();
    assert_eq!(rows, [("7".to_owned(), 3, 1, Minor(350)), ("9".to_owned(), 1, 1, Minor(500))]);
    assert_eq!((result.report.rows, result.report.orders), (3, 2));
}

#[test]
fn ids_sort_as_numbers_only_when_all_are_numbers() {
    let ids = |rows: &[&str]| {
        let rows: String = rows.iter().enumerate().map(|(n, id)| format!("{id},{n},2026-01-01,1,x,1\n")).collect();
        let result = segmented(format!("{HEADER}{rows}"), &SegmentOptions::default()).unwrap();
        result.customers().map(|c| c.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&["10", "9", "100"]), ["9", "10", "100"]);
    assert_eq!(ids(&["10", "9", "007", "7"]), ["007", "10", "7", "9"]);
    let alike = ["customer-of-the-shop-2", "customer-of-the-shop", "customer-of-the-", "customer-of-the-shop-10", "c"];
    let mut sorted = alike;
    sorted.sort_unstable();
    assert_eq!(ids(&alike), sorted);
}

#[test]
fn what_is_given_back_in_full_counts_for_nothing_and_the_unmatched_is_told() {
    let text = format!(
        "{HEADER}1,1,2026-01-01,10,x,1\n1,2,2026-01-02,20,y,1\n1,C3,2026-01-03,-20,y,-1\n1,C4,2026-01-04,-5,z,-1\n,9,2026-01-04,3,x,1\n2,C5,2026-01-05,-1,x,-1\n"
    );
    let result = segmented(&text, &SegmentOptions::default()).unwrap();
    let rows: Vec<_> = result.customers().map(|c| (c.recency_days, c.frequency, c.monetary)).collect();
    assert_eq!(rows, [(5, 1, Minor(1000))]);
    assert_eq!(result.census.at(Place::NONE).customers, 0, "who only gave back what was never bought is no customer");
    let report = result.report;
    assert_eq!((report.returns_matched, report.returns_matched_amount), (1, Minor(2000)));
    assert_eq!((report.returns_unmatched, report.returns_unmatched_amount), (2, Minor(600)));
    assert_eq!((report.guest_rows, report.customers, report.orders), (1, 1, 2));
    let drop = SegmentOptions { returns: Returns::Drop, ..SegmentOptions::default() };
    let dropped = segmented(&text, &drop).unwrap();
    assert_eq!((dropped.report.dropped_rows, dropped.census.total().revenue), (3, Minor(3000)));
}

#[test]
fn cuts_fixed_by_the_shop_are_used() {
    let mut options = SegmentOptions::default();
    options.policy.fixed_recency = Some(TypedCuts { c1: 1, c2: 2 });
    let text = format!("{HEADER}1,1,2026-01-01,10,x,1\n2,2,2026-01-03,10,x,1\n");
    let result = segmented(text, &options).unwrap();
    let recency: Vec<u8> = result.customers().map(|c| c.segment.r.number()).collect();
    assert_eq!(recency, [1, 3]);
}

#[test]
fn progress_ends_at_the_files_size() {
    let text = format!("{HEADER}1,1,2026-01-01,10,x,1\n");
    let (file, progress) = (File::new(&text), AtomicU64::new(0));
    segment(&file.0, &SegmentOptions::default(), &progress).unwrap();
    assert_eq!(progress.load(Ordering::Relaxed), text.len() as u64);
}

#[test]
fn an_import_is_in_order_of_time_with_each_return_behind_its_order() {
    let text = "customer_id,order_id,timestamp,amount,product,name,category,brand,qty\n\
        anna,B,2026-01-02 10:00:00,5.00,lamp,\"Lamp, small\",light,Lux,2.5\n\
        anna,A,2026-01-01 09:00:00,7.00,lamp,,,,1\n\
        anna,B,2026-01-02 09:59:00,1.00,bulb,,,,\n\
        ,G,2026-01-01,3.00,lamp,,,,1\n\
        anna,C9,2026-01-03,-8.00,lamp,,,,-3\n\
        anna,X,2026-01-03,oops,lamp,,,,1\n\
        bert,A,2026-01-03,1.00,lamp,,,,1\n";
    let result = imported(text);
    let shown: Vec<String> = result
        .items
        .iter()
        .map(|item| match item {
            Item::Order(o) => {
                format!("{} {} {} {} row {}", o.id, o.customer.as_deref().unwrap_or("-"), o.time.local, o.total, o.row)
            }
            Item::Return(r) => format!("{} of {} {} {} row {}", r.id, r.order, r.customer, r.amount, r.row),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "G - 2026-01-01 00:00:00 300 row 5",
            "A anna 2026-01-01 09:00:00 700 row 3",
            "B anna 2026-01-02 09:59:00 600 row 2",
            "C9.1 of B anna 500 row 6",
            "C9.2 of A anna 300 row 6",
        ]
    );
    let Some(Item::Order(b)) = result.items.get(2) else { panic!("no order") };
    let lamp = ParsedLine {
        product: Some("lamp".to_owned()),
        name: Some("Lamp, small".to_owned()),
        category: Some("light".to_owned()),
        brand: Some("Lux".to_owned()),
        quantity: Some("2.5".to_owned()),
        amount: Minor(500),
    };
    assert_eq!((&b.lines[0], b.lines.len(), b.lines[1].quantity.as_ref()), (&lamp, 2, None));
    let refused: Vec<String> = result.refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        refused,
        [
            "row 7, column amount: \"oops\" is not an amount with at most 2 decimals",
            "row 8, column order_id: order `A` belongs to another customer in an earlier row",
        ]
    );
    let report = result.report;
    assert_eq!((report.rows, report.orders, report.guest_orders, report.refused_rows), (7, 3, 1, 2));
    assert_eq!((report.returns_matched, report.returns_matched_amount), (1, Minor(800)));
}
