//! Ids of any shape in two shops at once: each is stored under itself, answers in its own shop alone, and two are never one.

use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;
use e2e::World;
use ledger::{Scope, path_form};
use serde_json::{Value, json};

use super::full::neighbour;

/// What separates the parts of a key or a path, or is read as something else by somebody; and what looks like something else.
const PARTS: &[&str] = &[
    "#",
    "/",
    "..",
    ".",
    "%2f",
    "%23",
    "%00",
    "\0",
    "\\",
    "?",
    "~",
    "=",
    "&",
    ";",
    " ",
    "\t",
    "\n",
    "\r\n",
    "'",
    "\"",
    "`",
    "$",
    "{",
    "}",
    "acme#",
    "acme#07",
    "globex#",
    "head",
    "order#",
    "#order#",
    "redemption#",
    "registry#00",
    "\u{202e}",
    "\u{200f}",
    "\u{200b}",
    "\u{feff}",
    "a",
    "\u{430}",
    "A",
    "\u{ff41}",
    "e\u{301}",
    "\u{e9}",
    "\u{212b}",
    "\u{c5}",
    "ss",
    "\u{df}",
    "\u{fb01}",
    "fi",
    "I",
    "\u{130}",
    "\u{131}",
    "1",
    "01",
    "\u{661}",
    "\u{1f600}",
    "\u{10ffff}",
    "-",
    "_",
    "null",
    "true",
    "NaN",
    "__proto__",
];

/// Ids that somebody might take for each other: each is another one.
const TWINS: &[&str] = &[
    "acme",
    "\u{430}cme",
    "acm\u{435}",
    "ACME",
    "acme ",
    " acme",
    "acme\0",
    "acme\u{200b}",
    "acme#",
    "#acme",
    "acme/",
    "acme/..",
    "acme%23",
    "acme#acme",
    "globex#acme",
    "caf\u{e9}",
    "cafe\u{301}",
    "~acme",
    "~YWNtZQ",
    "YWNtZQ",
    "acme?x=1",
    "../acme",
    "..%2facme",
    "%61cme",
    "acme\u{202e}",
    "acme#head",
    "00",
    "0",
    "-0",
    "\u{ff10}",
];

fn ids() -> Vec<String> {
    let mut chance = fastrand::Rng::with_seed(15);
    let mut ids: BTreeSet<String> = TWINS.iter().map(|id| (*id).to_owned()).collect();
    ids.extend(PARTS.iter().map(|id| (*id).to_owned()));
    while ids.len() < 150 {
        let parts = chance.usize(2..7);
        ids.insert((0..parts).map(|_| PARTS[chance.usize(..PARTS.len())]).collect());
    }
    // As long as they may be, and different only at their end.
    ids.extend(["x", "y"].map(|end| format!("{}{end}", "\u{e9}".repeat(127))));
    ids.into_iter().collect()
}

fn order(id: &str, customer: &str, total: usize) -> Value {
    json!({ "id": id, "customer": customer, "time": "2026-11-20T10:00:00Z", "currency": "GBP", "total": total })
}

/// Each id as order, customer and product of both shops, then all of them read again.
#[tokio::test]
async fn ids_of_any_shape_are_themselves_and_cross_no_shop() {
    let world = World::on("2026-11-22").await;
    let ids = ids();
    let shops = [world.key(Scope::Admin).to_owned(), neighbour(&world, "globex").await];
    let total = |shop: usize, nth: usize| 1_000 + 2 * nth + shop;
    for (shop, key) in shops.iter().enumerate() {
        let orders: Vec<Value> = ids.iter().enumerate().map(|(nth, id)| order(id, id, total(shop, nth))).collect();
        for batch in orders.chunks(100) {
            let sent = json!({ "orders": batch }).to_string();
            let answer = world.call_as(key, "POST", "/v1/orders", sent).await;
            assert_eq!(answer.json["recorded"], batch.len(), "{}", answer.text);
        }
        let product = |(nth, id): (usize, &String)| json!({ "id": id, "name": format!("{shop}-{nth}"), "price": total(shop, nth) });
        let products: Vec<Value> = ids.iter().enumerate().map(product).collect();
        for batch in products.chunks(100) {
            let sent = json!({ "products": batch }).to_string();
            let answer = world.call_as(key, "PUT", "/v1/products", sent).await;
            assert_eq!(answer.json["recorded"], batch.len(), "{}", answer.text);
        }
    }
    assert_eq!(world.count("Customers").await, 2 * ids.len());

    for (shop, key) in shops.iter().enumerate() {
        for (nth, id) in ids.iter().enumerate() {
            let own = total(shop, nth);
            // The id's one form, and the one that a client may give every id.
            for form in [path_form(id), format!("~{}", BASE64URL_NOPAD.encode(id.as_bytes()))] {
                let shown = world.call_as(key, "GET", &format!("/v1/customers/{form}"), "").await;
                assert_eq!(
                    (&shown.json["customer"], &shown.json["orders"]),
                    (&json!(id), &json!(1)),
                    "{id:?} {}",
                    shown.text
                );
                let story = world.call_as(key, "GET", &format!("/v1/customers/{form}/history"), "").await.json;
                let kept = &story["items"][0]["order"];
                assert_eq!((&kept["id"], &kept["total"]), (&json!(id), &json!(own)), "{id:?} {story}");
                assert_eq!(story["items"].as_array().map(Vec::len), Some(1), "{id:?} {story}");
                let product = world.call_as(key, "GET", &format!("/v1/products/{form}"), "").await;
                assert_eq!(
                    (&product.json["id"], &product.json["price"]),
                    (&json!(id), &json!(own)),
                    "{id:?} {}",
                    product.text
                );
            }
        }
    }
    // A revision by the path changes the order of that id in that shop, and no other one.
    for (nth, id) in ids.iter().enumerate().step_by(7) {
        let mut revised = order(id, id, 77);
        revised["revision"] = json!(1);
        let path = format!("/v1/orders/{}", path_form(id));
        let answer = world.call_as(&shops[0], "PUT", &path, revised.to_string()).await;
        assert_eq!(answer.status, 200, "{id:?} {}", answer.text);
        for (shop, revisions) in [(0, 2), (1, 1)] {
            let path = format!("/v1/customers/{}/history", path_form(id));
            let story = world.call_as(&shops[shop], "GET", &path, "").await.json;
            let totals: BTreeSet<u64> = story["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["order"]["total"].as_u64().unwrap())
                .collect();
            assert_eq!(totals.len(), revisions, "{id:?} {story}");
            assert!(totals.contains(&(total(shop, nth) as u64)), "{id:?} {story}");
        }
    }
    assert_eq!(world.count("Customers").await, 2 * ids.len(), "a revision made nobody");
}

#[tokio::test]
async fn what_is_no_id_is_refused_by_its_field_and_nothing_is_written() {
    let world = World::on("2026-11-22").await;
    let long = |bytes: usize| "\u{e9}".repeat(bytes / 2 + 1);
    for (id, customer, field) in [
        ("", "ann", "id"),
        (long(255).as_str(), "ann", "id"),
        ("A-1", "", "customer"),
        ("A-1", long(1024).as_str(), "customer"),
    ] {
        assert_eq!(world.post("/v1/orders", &order(id, customer, 1)).await.told(), (422, field.into()));
    }
    for id in [String::new(), long(255)] {
        let sent = json!({ "products": [{ "id": id, "name": "x" }] });
        let refused = world.call("PUT", "/v1/products", sent.to_string()).await;
        let problem = &refused.json["results"][0]["problem"];
        let told = if problem.is_object() { problem } else { &refused.json };
        assert!(told["errors"][0]["field"].as_str().is_some_and(|field| field.ends_with("id")), "{}", refused.text);
    }
    // In a path there is one form: anything that a gateway or a client could have written otherwise is none.
    let encoded = |bytes: &[u8]| format!("~{}", BASE64URL_NOPAD.encode(bytes));
    let paths = [
        "a%23b",
        "a%2fb",
        "a%2Fb",
        "%2e%2e",
        "a%00",
        "a%20b",
        "%D0%B0cme",
        "a%25b",
        "~",
        "~%23",
        "~YWNtZQ==",
        "~YW.tZQ",
        "%7E",
        "%ff%fe",
        "a.b",
        "a+b",
        "a;b",
        "a:b",
        "a@b",
        "~YWNtZR",
    ];
    let paths = paths.map(str::to_owned).into_iter().chain([
        encoded(b""),
        encoded(b"\xff\xfe"),
        encoded(long(1024).as_bytes()),
    ]);
    let written = (world.count("Ledger").await, world.count("Customers").await, world.count("Shops").await);
    for path in paths {
        for (method, route, field, body) in [
            ("GET", "/v1/customers/{}/segment", "customer", Value::Null),
            ("GET", "/v1/customers/{}", "customer", Value::Null),
            ("PUT", "/v1/customers/{}", "customer", json!({ "updated_at": "2026-11-20T10:00:00Z", "language": "en" })),
            ("DELETE", "/v1/customers/{}", "customer", Value::Null),
            ("GET", "/v1/products/{}", "product", Value::Null),
            ("PUT", "/v1/orders/{}", "order", json!({ "customer": "ann", "revision": 1 })),
        ] {
            let answer = world.call(method, &route.replace("{}", &path), body.to_string()).await;
            assert_eq!(answer.told(), (422, field.into()), "{method} {route} {path}: {}", answer.text);
        }
    }
    for path in ["/v1/customers/../keys", "/v1/customers/a/b/segment", "/v1/products/..%2f..%2fkeys/x"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
    let now = (world.count("Ledger").await, world.count("Customers").await, world.count("Shops").await);
    assert_eq!(now, written);
}
