//! Products into a shop, and its lists out of it into files.

use crate::{census, orders, printed, refused};

#[test]
fn a_shops_products_go_in_and_its_customers_and_mailings_come_out() {
    let place = tempfile::tempdir().unwrap();
    let file = |name: &str| place.path().join(name).display().to_string();
    let data = file("data");
    let shop = ["--shop", "acme", "--data", &data];
    let here = |command: &[&str]| [command, &shop].concat().iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let ran = |command: &[&str]| printed(&here(command).iter().map(String::as_str).collect::<Vec<_>>());
    let failed = |command: &[&str]| refused(&here(command).iter().map(String::as_str).collect::<Vec<_>>());
    printed(&["shop", "create", "acme", "--currency", "EUR", "--time-zone", "Europe/Berlin", "--data", &data]);
    let bought = orders(place.path(), 150).display().to_string();
    ran(&["import", &bought, "--as-of", "2026-11-22"]);

    std::fs::write(file("products.csv"), "id,name,category,price\np0,Tea,tea,4.50\np1,Cup,cups,12\n").unwrap();
    let sent = ran(&["products", &file("products.csv")]);
    assert!(sent.starts_with("Products: 2 recorded, 0 were there before"), "{sent}");
    assert!(ran(&["products", &file("products.csv")]).starts_with("Products: 0 recorded, 2 were there before"));
    std::fs::write(file("bad.csv"), "id,name,price\np0,Tea,4.5.0\n").unwrap();
    assert!(failed(&["products", &file("bad.csv")]).contains("row 2, column `price`"));

    let counted = ran(&["resegment", "--format", "json", "--as-of", "2026-11-22"]);
    let (segment, customers) =
        census(&serde_json::from_str(&counted).unwrap()).into_iter().max_by_key(|cell| cell.1).unwrap();
    ran(&["export", &segment, "--customers", "--output", &file("audience.csv"), "--as-of", "2026-11-22"]);
    let written = std::fs::read_to_string(file("audience.csv")).unwrap();
    assert!(written.starts_with("customer,segment,since,recency_days,frequency,monetary\n"));
    assert_eq!(written.lines().count() as u64, customers + 1);
    let lines = ran(&["export", &segment, "--customers", "--format", "ndjson", "--as-of", "2026-11-22"]);
    assert_eq!(lines.lines().count() as u64, customers);

    // Nobody has consented: a mailing's header stands alone.
    let mailing = ran(&["export", &segment, "--as-of", "2026-11-22"]);
    assert_eq!(mailing.lines().count(), 1, "{mailing}");
    assert!(failed(&["export", &segment, "--campaign", "nonsense"]).contains("none of the playbook's ideas"));
    assert!(failed(&["export", "r9f9m9"]).contains("r9f9m9"));
    assert!(failed(&["export", &segment, "--output", &file("nowhere/audience.csv")]).contains("no temporary file"));
    assert!(!place.path().join("nowhere").exists());
}
