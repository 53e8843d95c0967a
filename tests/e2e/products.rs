//! Products in over the API, and out to readers.

use e2e::{World, acme};
use segmentation::ProductKey;
use serde_json::{Value, json};

fn tea() -> Value {
    json!({ "id": "P-1", "name": "Green tea", "category": "tea", "brand": "Leaf", "price": 450, "list_price": 600,
        "season": "winter", "stock": 12, "margin_percent": 30, "parts": ["P-2", "P-3"],
        "image": "https://shop.example/p1.jpg", "url": "http://shop.example/p-1?a=b", "active": true })
}

async fn put(world: &World, products: Value) -> e2e::Answer {
    world.call("PUT", "/v1/products", json!({ "products": products }).to_string()).await
}

fn with(field: &str, value: Value) -> Value {
    let mut product = tea();
    product[field] = value;
    product
}

#[tokio::test]
async fn a_product_is_recorded_once_and_shown_as_sent() {
    let world = World::on("2026-11-22").await;
    let first = put(&world, json!([tea(), { "id": "P/2", "name": "Cup" }])).await;
    assert_eq!((first.status.as_u16(), &first.json["recorded"]), (200, &json!(2)), "{}", first.text);
    assert_eq!(first.json["results"][0], json!({ "receipt": { "status": "recorded", "product": "P-1" }, "code": 200 }));
    let again = put(&world, json!([tea()])).await.json;
    assert_eq!((&again["duplicate"], &again["results"][0]["receipt"]["status"]), (&json!(1), &json!("duplicate")));
    let mut shown = world.get("/v1/products/P-1").await.json;
    assert!(shown["updated"].take().is_i64());
    let mut sent = tea();
    sent["updated"] = Value::Null;
    assert_eq!(shown, sent);
    let cup = world.get(&format!("/v1/products/{}", ledger::path_form("P/2"))).await.json;
    assert_eq!((&cup["name"], &cup["active"], &cup["stock"]), (&json!("Cup"), &json!(true), &Value::Null));
    assert_eq!(world.get("/v1/products/P-9").await.told(), (404, "not-found".into()));
}

#[tokio::test]
async fn stock_is_put_alone() {
    let world = World::on("2026-11-22").await;
    put(&world, json!([tea()])).await;
    let stock = json!({ "stock": [{ "id": "P-1", "quantity": 0 }, { "id": "P-9", "quantity": 1 }] });
    let answer = world.call("PUT", "/v1/products/stock", stock.to_string()).await.json;
    assert_eq!(
        (&answer["recorded"], &answer["refused"], &answer["results"][1]["code"]),
        (&json!(1), &json!(1), &json!(404))
    );
    let shown = world.get("/v1/products/P-1").await.json;
    assert_eq!((&shown["stock"], &shown["name"]), (&json!(0), &json!("Green tea")));
    let unlimited = json!({ "stock": [{ "id": "P-1", "quantity": null }] });
    assert_eq!(world.call("PUT", "/v1/products/stock", unlimited.to_string()).await.json["recorded"], 1);
    assert_eq!(world.get("/v1/products/P-1").await.json["stock"], Value::Null);
    for (bad, field) in [
        (json!({ "stock": [{ "id": "P-1" }] }), "stock[0].quantity"),
        (json!({ "stock": [{ "id": "P-1", "quantity": -1 }] }), "stock[0].quantity"),
        (json!({ "stock": [{ "id": "P-1", "quantity": 9_007_199_254_740_992_u64 }] }), "stock[0].quantity"),
        (json!({ "stock": [{ "id": "", "quantity": 1 }] }), "stock[0].id"),
    ] {
        let answer = world.call("PUT", "/v1/products/stock", bad.to_string()).await.json;
        assert_eq!(answer["results"][0]["problem"]["errors"][0]["field"], field, "{bad}");
    }
}

#[tokio::test]
async fn a_bad_field_is_named_and_the_other_products_are_stored() {
    let world = World::on("2026-11-22").await;
    let cases = [
        (with("id", json!("")), "id"),
        (with("id", json!("x".repeat(256))), "id"),
        (with("name", json!("")), "name"),
        (with("name", json!(null)), "name"),
        (with("name", json!("x".repeat(1025))), "name"),
        (with("name", json!("a\u{0}b")), "name"),
        (with("category", json!("a\nb")), "category"),
        (with("brand", json!(7)), "brand"),
        (with("season", json!("x".repeat(1025))), "season"),
        (with("price", json!(-1)), "price"),
        (with("price", json!(4.5)), "price"),
        (with("price", json!(100_000_000_000_001_i64)), "price"),
        (with("price", json!(null)), "list_price"),
        (with("list_price", json!(449)), "list_price"),
        (with("stock", json!(-1)), "stock"),
        (with("margin_percent", json!(101)), "margin_percent"),
        (with("margin_percent", json!(300)), "margin_percent"),
        (with("parts", json!(vec!["P-2"; 11])), "parts"),
        (with("parts", json!(["P-2", ""])), "parts[1]"),
        (with("parts", json!(["P-2", "P-2"])), "parts[1]"),
        (with("parts", json!(["P-1"])), "parts[0]"),
        (with("parts", json!(["a\u{0}b"])), "parts[0]"),
        (with("url", json!("javascript:alert(1)")), "url"),
        (with("url", json!("JavaScript://shop.example/%0aalert(1)")), "url"),
        (with("url", json!(" https://shop.example/")), "url"),
        (with("url", json!("//shop.example/")), "url"),
        (with("url", json!("/p-1")), "url"),
        (with("url", json!("https:///p-1")), "url"),
        (with("url", json!("https://shop.example/\"onload=")), "url"),
        (with("image", json!("data:image/png;base64,AAAA")), "image"),
        (with("image", json!(format!("https://shop.example/{}", "x".repeat(2000)))), "image"),
        (with("colour", json!("green")), "colour"),
    ];
    for (sent, field) in cases {
        let answer = put(&world, json!([{ "id": "good", "name": "Good" }, sent])).await.json;
        assert_eq!(answer["refused"], 1, "{field}: {answer}");
        let named = &answer["results"][1]["problem"]["errors"][0]["field"];
        assert_eq!(named, &format!("products[1].{field}"), "{answer}");
        assert_eq!(answer["results"][0]["code"], 200);
    }
    assert_eq!(world.get("/v1/products/P-1").await.status, 404);
    assert_eq!(world.get("/v1/products/good").await.status, 200);
}

#[tokio::test]
async fn a_batch_has_from_1_to_100_products_and_nothing_beside_them() {
    let world = World::on("2026-11-22").await;
    let many: Vec<Value> = (0..101).map(|n| json!({ "id": n.to_string(), "name": "x" })).collect();
    for (sent, told) in [
        (json!({ "products": [] }), (422, "products")),
        (json!({ "products": many }), (422, "products")),
        (json!({ "products": tea() }), (422, "products")),
        (json!({ "products": [tea()], "stock": [] }), (422, "products")),
        (json!(tea()), (422, "products")),
        (json!([tea()]), (400, "body")),
    ] {
        let answer = world.call("PUT", "/v1/products", sent.to_string()).await;
        assert_eq!(answer.told(), (told.0, told.1.into()), "{}", answer.text);
    }
    assert_eq!(world.call("PUT", "/v1/products", "{").await.status, 400);
    let all = put(&world, json!(many[..100])).await.json;
    assert_eq!((&all["recorded"], all["results"].as_array().unwrap().len()), (&json!(100), 100));
}

#[tokio::test]
async fn what_was_put_is_asked_to_be_published_and_read_from_memory() {
    let world = World::on("2026-11-22").await;
    assert!(!world.ledger.is_publish_due(&acme()).await.unwrap());
    assert_eq!(put(&world, json!([with("name", json!(""))])).await.json["refused"], 1);
    assert!(!world.ledger.is_publish_due(&acme()).await.unwrap(), "nothing was stored");
    put(&world, json!([tea()])).await;
    assert!(world.ledger.is_publish_due(&acme()).await.unwrap());
    assert_eq!(world.publish().await.products, 1);
    assert!(!world.ledger.is_publish_due(&acme()).await.unwrap());
    let shop = world.ledger.shop(&acme()).await.unwrap().unwrap();
    let catalogue = world.ledger.catalogue(&shop).await;
    let tea = catalogue.get(ProductKey::of("P-1")).unwrap();
    assert_eq!((tea.name(), tea.price().unwrap().0, tea.parts().count()), ("Green tea", 450, 2));
    let stock = json!({ "stock": [{ "id": "P-1", "quantity": 11 }] });
    world.call("PUT", "/v1/products/stock", stock.to_string()).await;
    assert!(!world.ledger.is_publish_due(&acme()).await.unwrap(), "one less in stock is nothing to publish");
    // Warm, it is no read at all.
    world.calls.take();
    assert!(world.ledger.catalogue(&shop).await.in_stock(ProductKey::of("P-1")));
    assert!(world.calls.take().is_empty());
}
