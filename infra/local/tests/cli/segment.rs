//! `tercile segment`.

use serde_json::Value;

use crate::{census, expected_census, orders, printed, refused, shared};

/// The columns of the known answers: id, recency, frequency, monetary, r, f, m.
fn scores(rows: &str) -> Vec<String> {
    rows.lines().skip(1).map(|row| row.split(',').take(7).collect::<Vec<_>>().join(",")).collect()
}

fn known_answer(file: &str, options: &[&str]) {
    let name = file.trim_end_matches(".csv");
    let paths = [file.to_owned(), format!("expected_{name}_customers.csv"), format!("expected_{name}_3x3x3.csv")];
    let [Some(file), Some(customers), Some(cells)] = paths.map(|path| shared(&path)) else { return };
    let file = file.to_str().unwrap();
    let csv = printed(&[&["segment", file, "--format", "csv"], options].concat());
    assert!(csv.starts_with("customer_id,recency_days,frequency,monetary_minor,r,f,m,segment,group\n"));
    let (mut found, mut expected) = (scores(&csv), scores(&std::fs::read_to_string(customers).unwrap()));
    found.sort();
    expected.sort();
    assert!(!expected.is_empty() && found == expected, "{} of {}", found.len(), expected.len());
    let json: Value =
        serde_json::from_str(&printed(&[&["segment", file, "--format", "json"], options].concat())).unwrap();
    assert_eq!(census(&json), expected_census(&cells));
}

#[test]
fn cdnow_gives_the_known_answers() {
    known_answer("cdnow_master.csv", &["--as-of", "1998-07-01", "--zero-orders", "count"]);
}

#[test]
fn online_retail_gives_the_known_answers() {
    known_answer("online_retail.csv", &["--as-of", "2011-12-10", "--returns", "drop"]);
}

#[test]
fn a_picture_shows_the_cells_the_groups_and_what_could_not_be_used() {
    let directory = tempfile::tempdir().unwrap();
    let file = orders(directory.path(), 200);
    let picture = printed(&["segment", file.to_str().unwrap()]);
    for word in ["200 customers", "r3 recent", "f3 over", "vip", "one_time", "terciles", "returns found their orders"] {
        assert!(picture.contains(word), "{word}: {picture}");
    }
    assert!(!picture.contains('\u{1b}'), "no colours where output is no terminal");
}

#[test]
fn fixed_cuts_are_taken_and_said() {
    let directory = tempfile::tempdir().unwrap();
    let file = orders(directory.path(), 200);
    let json = printed(&["segment", file.to_str().unwrap(), "--format", "json", "--recency", "30,90"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["cuts"]["recency"], serde_json::json!({ "c1": 30, "c2": 90, "law": "fixed" }));
}

#[test]
fn bad_files_and_options_are_refused_in_words() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bad.csv");
    let file = path.to_str().unwrap();
    let said = refused(&["segment", file]);
    assert!(said.contains("bad.csv"), "{said}");
    std::fs::write(&path, "customer_id,order_id,timestamp,price\nc,o,2026-01-01,1\n").unwrap();
    let said = refused(&["segment", file]);
    assert!(said.contains("no column `amount`") && said.contains("price"), "{said}");
    std::fs::write(&path, "customer_id,order_id,timestamp,amount\nc,o,2026-01-01,1\nc,p,2026-01-02,1.234\n").unwrap();
    let said = refused(&["segment", file]);
    assert!(said.contains("row 3, column amount"), "{said}");
    assert!(refused(&["segment", file, "--recency", "90,30"]).contains("C1 < C2"));
    assert!(refused(&["segment", file, "--currency", "XYZW"]).contains("ISO 4217"));
}
