//! `tercile simulate`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{orders, printed, refused};

/// A file beside the orders.
fn file(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn sum(rows: &Value, field: &str) -> i64 {
    rows.as_object().unwrap().values().map(|line| line[field].as_i64().unwrap()).sum()
}

fn adds_up(tally: &Value) {
    let series: Value = tally["series"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(place, lines)| {
            lines.as_object().unwrap().iter().map(move |(name, line)| (format!("{place} {name}"), line.clone()))
        })
        .collect();
    for field in ["promises", "ceiling", "used", "used_cost"] {
        let total = tally["total"][field].as_i64().unwrap();
        for (heading, rows) in
            [("segments", &tally["segments"]), ("mechanics", &tally["mechanics"]), ("series", &series)]
        {
            assert_eq!(sum(rows, field), total, "{field} of {heading}");
        }
    }
    assert!(tally["total"]["promises"].as_i64().unwrap() > 0, "{}", tally["total"]);
}

#[test]
fn the_demos_orders_are_shown_as_a_table_that_adds_up() {
    let table = printed(&["simulate", "--demo", "--days", "3"]);
    for word in
        ["From 2011-12-07 until 2011-12-09", "r3f3m3   vip", "second_purchase", "cost at most", "GBP", "Promised: "]
    {
        assert!(table.contains(word), "{word}: {table}");
    }
    assert!(!table.contains("against built-in") && !table.contains('\u{1b}'), "{table}");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo.csv.gz");
    let options = ["--format", "json", "--days", "3"];
    let json: Value = serde_json::from_str(&printed(
        &[&["simulate", file.to_str().unwrap(), "--currency", "GBP"][..], &options].concat(),
    ))
    .unwrap();
    assert_eq!(
        json,
        serde_json::from_str::<Value>(&printed(&[&["simulate", "--demo"][..], &options].concat())).unwrap()
    );
    adds_up(&json["playbook"]["tally"]);
    let promised = json["playbook"]["tally"]["total"]["promises"].as_i64().unwrap();
    let last = table.lines().find(|line| line.starts_with("Promised: ")).unwrap().replace(' ', "");
    assert!(last.starts_with(&format!("Promised:{promised}rewards")), "{last}");
}

#[test]
fn a_playbook_stands_against_the_built_in_one() {
    let directory = tempfile::tempdir().unwrap();
    let data = orders(directory.path(), 150);
    let data = data.to_str().unwrap();
    let changes = json!({ "segment": { "r3f1m1": { "limit": { "percent": 3, "rewards": 1 } } } });
    let as_json = file(directory.path(), "p.json", &changes.to_string());
    let as_toml = file(directory.path(), "p.toml", "[segment.r3f1m1.limit]\npercent = 3\nrewards = 1\n");
    let until = ["--from", "2026-08-01", "--until", "2026-10-15"];
    let with = |path: &Path| {
        printed(&[&["simulate", data, "--format", "json", "--playbook", path.to_str().unwrap()][..], &until].concat())
    };
    let json: Value = serde_json::from_str(&with(&as_json)).unwrap();
    assert_eq!(json, serde_json::from_str::<Value>(&with(&as_toml)).unwrap());
    let cost = |tally: &Value| tally["segments"]["r3f1m1"]["ceiling"].as_i64().unwrap();
    assert!(cost(&json["playbook"]["tally"]) < cost(&json["builtin"]["tally"]), "{}", json["playbook"]);
    let table = printed(&[&["simulate", data, "--playbook", as_json.to_str().unwrap()][..], &until].concat());
    assert!(table.contains("against built-in") && table.contains("The built-in playbook"), "{table}");
}

#[test]
fn the_terms_of_settings_are_taken() {
    let directory = tempfile::tempdir().unwrap();
    let data = orders(directory.path(), 150);
    let cost = |arguments: &[&str]| {
        let all = [&["simulate", data.to_str().unwrap(), "--format", "json", "--until", "2026-10-15"][..], arguments]
            .concat();
        let json: Value = serde_json::from_str(&printed(&all)).unwrap();
        adds_up(&json["playbook"]["tally"]);
        json["playbook"]["tally"]["mechanics"]["free_delivery"]["ceiling"].as_i64().unwrap_or(0)
    };
    let settings = json!({ "currency": "EUR", "offers": { "costs": { "delivery": 10 } } });
    let settings = file(directory.path(), "settings.json", &settings.to_string());
    assert_eq!(cost(&[]), 0, "what a delivery costs is not known");
    assert!(cost(&["--settings", settings.to_str().unwrap()]) > 0);
}

#[test]
fn what_cannot_be_simulated_is_refused_in_words() {
    let directory = tempfile::tempdir().unwrap();
    let data = orders(directory.path(), 50);
    let data = data.to_str().unwrap();
    assert!(refused(&["simulate", data, "--amount-column", "price"]).contains("no column `price`"));
    assert!(refused(&["simulate", "absent.csv"]).contains("absent.csv"));
    assert!(refused(&["simulate"]).contains("FILE"));
    assert!(refused(&["simulate", data, "--from", "2026-05-02", "--until", "2026-05-01"]).contains("before `from`"));
    assert!(refused(&["simulate", data, "--until", "2020-01-01"]).contains("nobody has a counted order"));
    let bad = file(directory.path(), "bad.json", r#"{"segment": {"r9f9m9": {}}}"#);
    let said = refused(&["simulate", data, "--playbook", bad.to_str().unwrap()]);
    assert!(said.contains("bad.json") && said.contains("r9f9m9"), "{said}");
    let bad = file(directory.path(), "bad.toml", "segment = [");
    assert!(refused(&["simulate", data, "--playbook", bad.to_str().unwrap()]).contains("bad.toml"));
    let bad = file(directory.path(), "settings.json", r#"{"run_hour": 99}"#);
    assert!(refused(&["simulate", data, "--settings", bad.to_str().unwrap()]).contains("run_hour"));
    let bad =
        file(directory.path(), "row.csv", "customer_id,order_id,timestamp,amount\nc,o,2026-01-01,1\nc,p,yesterday,1\n");
    let said = refused(&["simulate", bad.to_str().unwrap()]);
    assert!(said.contains("row 3") && said.contains("timestamp"), "{said}");
}
