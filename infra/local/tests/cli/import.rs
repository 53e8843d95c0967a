//! `tercile import` and `resegment` on this machine's data: the same census as `segment`, also twice.

use std::path::Path;

use serde_json::Value;

use crate::{census, expected_census, orders, printed, refused, run, shared};

/// A shop, a file through the API, a run: the census, and what the second import said.
fn imported(data: &Path, file: &str, as_of: &str, shop: &[&str], options: &[&str]) -> (Vec<(String, u64)>, String) {
    let data = data.to_str().unwrap();
    let made = printed(&[&["shop", "create", "acme", "--time-zone", "UTC", "--data", data], shop].concat());
    assert_eq!(made.matches("tcl_acme_").count(), 3, "{made}");
    let here = ["--shop", "acme", "--data", data, "--as-of", as_of];
    printed(&[&["import", file], here.as_slice(), options].concat());
    let first = printed(&[&["resegment", "--format", "json"], here.as_slice()].concat());
    let again = printed(&[&["import", file], here.as_slice(), options].concat());
    let second = printed(&[&["resegment", "--format", "json"], here.as_slice()].concat());
    let (first, second): (Value, Value) =
        (serde_json::from_str(&first).unwrap(), serde_json::from_str(&second).unwrap());
    assert_eq!(census(&first), census(&second));
    assert_eq!((&first["cuts_version"], &second["moved"]), (&second["cuts_version"], &serde_json::json!(0)));
    (census(&first), again)
}

#[test]
fn a_file_through_the_api_gives_the_census_of_the_file_and_twice_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = orders(directory.path(), 150);
    let file = file.to_str().unwrap();
    let (found, again) = imported(&directory.path().join("data"), file, "2026-11-22", &["--currency", "EUR"], &[]);
    let direct = printed(&["segment", file, "--format", "json", "--as-of", "2026-11-22"]);
    assert_eq!(found, census(&serde_json::from_str(&direct).unwrap()));
    assert!(again.contains("Orders:  0 recorded, ") && again.contains("Returns: 0 recorded, "), "{again}");
}

#[test]
fn what_goes_with_what_is_learned_of_imported_orders_and_of_none_is_said_so() {
    let directory = tempfile::tempdir().unwrap();
    let (file, data) = (orders(directory.path(), 40), directory.path().join("data"));
    let data = data.to_str().unwrap();
    printed(&["shop", "create", "acme", "--currency", "EUR", "--time-zone", "UTC", "--data", data]);
    let here = ["--shop", "acme", "--data", data, "--as-of", "2026-11-22"];
    let learn = [&["learn"], here.as_slice()].concat();
    assert!(refused(&learn).contains("nothing to learn from"));
    printed(&[&["import", file.to_str().unwrap()], here.as_slice()].concat());
    let said = printed(&learn);
    assert!(
        said.starts_with("Learned from 40 customers: 5 products, 10 pairs bought together, lists for 5 products, in "),
        "{said}"
    );
}

#[test]
fn what_is_refused_is_summed_up_with_its_reason_and_the_rest_is_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("orders.csv");
    let rows = "a,o1,2026-01-01,5\na,o2,2026-13-01,5\n,o3,2026-01-02,5\na,o4,2027-01-01,5\nb,o5,2026-01-03,7\n";
    std::fs::write(&path, format!("customer_id,order_id,timestamp,amount\n{rows}")).unwrap();
    let data = directory.path().join("data");
    let data = data.to_str().unwrap();
    printed(&["shop", "create", "acme", "--currency", "EUR", "--time-zone", "UTC", "--data", data]);
    let output = run(&["import", path.to_str().unwrap(), "--shop", "acme", "--data", data, "--as-of", "2026-11-22"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    for word in [
        "2 recorded",
        "row 3, column timestamp",
        "1 x invalid-field (customer)",
        "1 x invalid-field (time)",
        "customer: is missing",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn a_shop_is_made_once_and_must_be_there() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let create = ["shop", "create", "acme", "--currency", "EUR", "--time-zone", "Europe/Berlin", "--data", data];
    printed(&create);
    assert!(refused(&create).contains("exists already"));
    assert!(refused(&["resegment", "--shop", "other", "--data", data]).contains("no shop `other`"));
    assert!(
        refused(&["shop", "create", "Acme", "--currency", "EUR", "--time-zone", "UTC", "--data", data]).contains("a-z")
    );
    assert!(
        refused(&["shop", "create", "b", "--currency", "EUR", "--time-zone", "Mars/Base", "--data", data])
            .contains("time-zone")
    );
}

#[test]
#[ignore = "minutes: cargo test --release -p tercile --test cli -- --ignored"]
fn cdnow_through_the_api_gives_the_known_census() {
    let (Some(file), Some(expected)) = (shared("cdnow_master.csv"), shared("expected_cdnow_master_3x3x3.csv")) else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let shop = ["--currency", "USD", "--zero-orders", "count"];
    let (found, again) = imported(directory.path(), file.to_str().unwrap(), "1998-07-01", &shop, &[]);
    assert_eq!(found, expected_census(&expected));
    assert!(again.contains("Orders:  0 recorded, 69 659 were there before"), "{again}");
}

#[test]
#[ignore = "minutes: cargo test --release -p tercile --test cli -- --ignored"]
fn online_retail_through_the_api_gives_the_known_census() {
    let (Some(file), Some(expected)) = (shared("online_retail.csv"), shared("expected_online_retail_3x3x3.csv")) else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    // Guests' orders are refused by name; the shop here has none of them in its census either way.
    let known: String = std::fs::read_to_string(file)
        .unwrap()
        .lines()
        .filter(|row| !row.starts_with(','))
        .map(|row| format!("{row}\n"))
        .collect();
    let path = directory.path().join("known.csv");
    std::fs::write(&path, known).unwrap();
    let data = directory.path().join("data");
    let (found, again) =
        imported(&data, path.to_str().unwrap(), "2011-12-10", &["--currency", "GBP"], &["--returns", "drop"]);
    assert_eq!(found, expected_census(&expected));
    assert!(again.contains("Orders:  0 recorded, 18 536 were there before"), "{again}");
}
