//! A shop with a customer in each of the 27 segments, products, a campaign of its own, limits and a holdout; tokens, the bundle, and
//! moments at which they are asked.

use axum::body::Body;
use axum::http::Request;
use chrono::{DateTime, Utc};
use e2e::World;
use http_body_util::BodyExt;
use ledger::Scope;
use segmentation::Segment;
use serde_json::{Value, json};
use tower::ServiceExt;
use web::{App, Clock};

use crate::redemptions::campaign;

/// When tokens are made: clocks in London are put forward in the night after the third day.
pub(super) const ISSUED: &str = "2026-03-26T12:00:00Z";

/// Days since the last order, orders, and what they come to, for the scores 1, 2 and 3. The first two are a day or two before a cut.
const RECENCY: [i64; 3] = [200, 88, 28];
const FREQUENCY: [i64; 3] = [1, 3, 7];
const MONETARY: [i64; 3] = [700, 4_200, 21_000];

/// The customer of a segment.
pub(super) fn customer(segment: Segment) -> String {
    format!("of-{segment}")
}

pub(super) async fn shop() -> World {
    let mut world = World::on("2026-03-26").await;
    at(&mut world, ISSUED);
    let axis = |c1, c2| json!({ "c1": c1, "c2": c2 });
    let settings = json!({
        "segmentation": { "fixed_recency": axis(30, 90), "fixed_frequency": axis(1, 4), "fixed_monetary": axis(1_000, 5_000),
                          "window": { "days": 300 } },
        "rewards": { "holdout": { "percent": 10 } },
        "offers": { "complements": [{ "category": "Tea", "goes_with": "Cups" }], "season": "spring",
                    "sales": [{ "from": "2026-03-29", "until": "2026-03-31", "final_days": 1 }] },
    });
    let put = world.call("PUT", "/v1/settings", settings.to_string()).await;
    assert_eq!(put.status, 200, "{}", put.text);
    let products: Vec<Value> = (0..24).map(product).collect();
    assert_eq!(world.call("PUT", "/v1/products", json!({ "products": products }).to_string()).await.status, 200);
    world.publish().await;
    let mut orders = Vec::new();
    for segment in Segment::all() {
        orders.extend(of(segment));
    }
    // Others in the last segment, so that its limit has somebody to turn away, whoever is held out.
    for (twin, order) in
        (1..4).flat_map(|twin| of("r3f3m3".parse().unwrap()).into_iter().map(move |order| (twin, order)))
    {
        let id = order["id"].as_str().unwrap().replace("o-", &format!("twin-{twin}-"));
        orders.push(json!({ "id": id, "customer": format!("twin-{twin}"), "time": order["time"], "currency": "GBP",
                            "lines": order["lines"] }));
    }
    for batch in orders.chunks(100) {
        let sent = world.post("/v1/orders", &json!({ "orders": batch })).await;
        assert_eq!(sent.json["recorded"], batch.len(), "{}", sent.text);
    }
    let welcome = world.post("/v1/campaigns", &campaign("welcome_all", &json!({ "discount": 10 }), 30)).await;
    assert_eq!(welcome.status, 201, "{}", welcome.text);
    limits(&mut world).await;
    world.run().await;
    for segment in Segment::all().step_by(4) {
        let told = json!({ "updated_at": "2026-03-20T10:00:00Z", "language": "ru", "mailing_consent": true,
                           "programme_since": "2024-03-28" });
        let path = format!("/v1/customers/{}", customer(segment));
        let put = world.call("PUT", &path, told.to_string()).await;
        assert!(put.status.is_success(), "{}", put.text);
    }
    world
}

/// Campaigns that are spent: one in March alone, one for a segment that some leave.
async fn limits(world: &mut World) {
    for (series, limit) in [
        ("march_gift", json!({ "series": "march_gift", "count": 1, "monthly": true })),
        ("often_gift", json!({ "series": "often_gift", "count": 1, "segment": "r3f3m3" })),
    ] {
        let published = world.post("/v1/campaigns", &campaign(series, &json!({ "discount": 5 }), 30)).await;
        assert_eq!(published.status, 201, "{}", published.text);
        let put = world.call("PUT", "/v1/budgets", limit.to_string()).await;
        assert_eq!(put.status, 200, "{}", put.text);
    }
    world.run().await;
    // What is in force is looked at once a minute, and by a new process at once.
    world.ledger = world.process();
    at(world, ISSUED);
    // The second one finds nothing left.
    for (nth, customer) in ["of-r3f3m3", "twin-1", "twin-2", "twin-3", "of-r3f3m2"].into_iter().enumerate() {
        let path = format!("/v1/customers/{customer}/offers");
        let offers = world.get(&path).await.json["decision"]["offers"].as_array().unwrap().clone();
        let gifts = offers.iter().filter(|offer| offer["idea"].as_str().is_some_and(|idea| idea.ends_with("_gift")));
        for gift in gifts {
            let order = format!("gift-{nth}-{}", gift["idea"].as_str().unwrap());
            let asked = json!({ "code": gift["code"], "customer": customer, "order": order, "total": 4_000 });
            world.post("/v1/redemptions", &asked).await;
        }
    }
    world.ledger = world.process();
    at(world, ISSUED);
}

fn product(n: u32) -> Value {
    let (category, brand) = (["Tea", "Cups", "Sweets"][n as usize % 3], ["Leaf", "Clay", "Oak", "Ash"][n as usize % 4]);
    let price = 400 + n * 90;
    json!({ "id": format!("p-{n}"), "name": format!("{category} {n}"), "category": category, "brand": brand, "price": price,
            "list_price": if n.is_multiple_of(5) { price + 300 } else { price }, "season": if n.is_multiple_of(2) { "winter" } else { "spring" },
            "url": format!("https://shop.example/p/{n}"), "image": format!("https://shop.example/p/{n}.jpg") })
}

/// Orders that lead to a segment.
fn of(segment: Segment) -> Vec<Value> {
    let [r, f, m] = [segment.r, segment.f, segment.m].map(|score| usize::from(score.number()) - 1);
    let (last, count) = (RECENCY[r], FREQUENCY[f]);
    let day: DateTime<Utc> = ISSUED.parse().unwrap();
    (0..count)
        .map(|nth| {
            let time = day - chrono::TimeDelta::days(last + nth * 12);
            let amount = MONETARY[m] / count;
            let product = (segment.index() as i64 * 5 + nth * 7) % 24;
            json!({ "id": format!("o-{segment}-{nth}"), "customer": customer(segment), "time": time.to_rfc3339(),
                    "currency": "GBP", "lines": [{ "product": format!("p-{product}"), "amount": amount }] })
        })
        .collect()
}

/// The world's clock at a moment.
pub(super) fn at(world: &mut World, moment: &str) {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    world.app = App::new(world.ledger.clone(), Clock::At(moment));
    world.router = e2e::router(&world.app, &world.driver);
}

pub(super) fn seconds(moment: &str) -> i64 {
    moment.parse::<DateTime<Utc>>().unwrap().timestamp()
}

/// A token of a customer, for so many hours.
pub(super) async fn token(world: &World, customer: &str, hours: u16) -> String {
    let path = format!("/v1/customers/{customer}/snapshot");
    let key = world.key(Scope::Checkout);
    let made = world.call_as(key, "POST", &path, json!({ "hours": hours }).to_string()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json["token"].as_str().unwrap().to_owned()
}

/// The bundle, as it comes.
pub(super) async fn bundle(world: &World, origin: &str) -> Vec<u8> {
    let request = Request::builder().uri(format!("/v1/edge/bundle?origin={origin}"));
    let request = request.header("authorization", format!("Bearer {}", world.key(Scope::Admin)));
    let Ok(answer) = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await;
    assert!(answer.status() == 200 && answer.headers()["content-type"] == "application/octet-stream");
    answer.into_body().collect().await.unwrap().to_bytes().to_vec()
}

/// What is asked with each token: nothing in the cart, something, and in Russian.
pub(super) fn carts() -> [(&'static str, Value); 3] {
    [
        ("", Value::Null),
        ("", json!({ "cart": { "products": ["p-3", "p-7", "nobody-sells-this"] } })),
        ("?lang=ru", json!({ "cart": { "products": [] } })),
    ]
}

/// Moments: at once, before and after midnight in winter and in summer, when customers fall over a cut, at the last second.
pub(super) const MOMENTS: [&str; 8] = [
    ISSUED,
    "2026-03-26T23:59:59Z",
    "2026-03-27T00:00:00Z",
    "2026-03-28T12:00:00Z",
    "2026-03-29T00:30:00Z",
    "2026-03-29T22:59:59Z",
    "2026-03-29T23:00:00Z",
    "2026-04-02T11:59:59Z",
];
