//! Nothing personal is logged: every kind of request, good and bad, with a store and without one, and none of the ids, names and
//! codes in what would be written.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::redemptions::{by_code, code, redeem, shop, step};

/// The most verbose filter of a deployment, and of `serve`.
const FILTER: &str = "info";

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Written;

    fn make_writer(&'a self) -> Written {
        self.clone()
    }
}

const CUSTOMER: &str = "lena.personal@example.com";
/// The same in the form of paths.
const IN_PATH: &str = "~bGVuYS5wZXJzb25hbEBleGFtcGxlLmNvbQ";
const FRIEND: &str = "friend-personal";
const ORDER: &str = "order-personal";
const NAME: &str = "Personal Socks";

#[test]
fn no_request_logs_anything_personal() {
    let written = Written::default();
    let filter: Targets = FILTER.parse().unwrap();
    let lines = tracing_subscriber::fmt::layer().json().with_current_span(true).with_writer(written.clone());
    // While only one subscriber lives in the process, a line that a thread without it meets first is switched off for all threads:
    // with a second one, every line asks each of the two.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    // Of this thread, on which all tasks of the runtime run.
    let listening = tracing_subscriber::registry().with(lines).with(filter).set_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let codes = runtime.block_on(every_kind_of_request());
    drop(listening);
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert!(text.lines().count() > 3, "what went wrong is logged: {text}");
    assert!(text.contains("without the store"), "a lookup without a store is logged: {text}");
    let personal = [CUSTOMER, IN_PATH, "lena", FRIEND, ORDER, NAME, "-personal"].map(str::to_owned);
    for secret in personal.iter().chain(&codes) {
        assert!(!text.contains(secret.as_str()), "{secret} stands in the log: {text}");
    }
}

/// What a shop may send; gives the codes and tokens that were told.
async fn every_kind_of_request() -> Vec<String> {
    let mut world = shop().await;
    let own = code(&world, CUSTOMER_IN_OFFERS).await;
    let order = |id: &str, total: i64| {
        json!({ "id": id, "customer": CUSTOMER, "time": "2026-11-20T10:00:00Z", "currency": "GBP", "total": total,
            "lines": [{ "product": "p-personal", "name": NAME, "category": NAME, "amount": total }] })
    };
    let customer = format!("/v1/customers/{IN_PATH}");
    let back = json!({ "id": "back-personal", "order": ORDER, "time": "2026-11-21T10:00:00Z", "amount": 1 });
    let told = json!({ "updated_at": "2026-11-21T10:00:00Z", "language": "de", "referred_by": FRIEND });
    let good: Vec<(&str, String, Value)> = vec![
        ("POST", "/v1/orders".into(), order(ORDER, 900)),
        ("POST", "/v1/orders".into(), json!({ "orders": [order("o-personal-2", 800), { "id": ORDER, "total": "x" }] })),
        ("POST", "/v1/returns".into(), back.clone()),
        ("PUT", customer.clone(), told.clone()),
        ("POST", "/v1/surveys/nps/answers".into(), json!({ "id": "said-personal", "customer": CUSTOMER, "score": 1 })),
        ("GET", format!("{customer}/segment"), Value::Null),
        ("GET", format!("{customer}/offers?inputs=1"), Value::Null),
        ("GET", customer.clone(), Value::Null),
        ("GET", format!("{customer}/history"), Value::Null),
        ("GET", "/v1/alerts".into(), Value::Null),
    ];
    // Refused: of another's id, with other content, with fields that are not valid, on paths that do not read.
    let bad: Vec<(&str, String, Value)> = vec![
        ("POST", "/v1/orders".into(), order(ORDER, 901)),
        ("POST", "/v1/orders".into(), json!({ "id": ORDER, "customer": FRIEND, "personal": NAME })),
        ("POST", "/v1/orders".into(), json!(NAME)),
        ("PUT", format!("/v1/orders/{ORDER}"), json!({ "customer": CUSTOMER })),
        ("POST", "/v1/returns".into(), json!({ "id": "back-personal", "order": "unknown-personal" })),
        ("PUT", customer.clone(), json!({ "updated_at": "personal" })),
        (
            "POST",
            format!("{customer}/choices"),
            json!({ "id": "c-personal", "series": NAME, "category": NAME, "reward": NAME, "days": 1 }),
        ),
        ("POST", "/v1/surveys/nps/answers".into(), json!({ "id": "said-personal", "customer": CUSTOMER, "score": 99 })),
        ("GET", "/v1/customers/~personal!/offers".into(), Value::Null),
        ("GET", format!("/s/personal-{own}"), Value::Null),
        ("POST", "/v1/customers/nobody-personal/merge".into(), json!({ "into": CUSTOMER })),
        ("POST", "/v1/customers/nobody-personal/unmerge".into(), Value::Null),
    ];
    for (method, path, body) in good.iter().chain(&bad) {
        world.call(method, path, body.to_string()).await;
    }
    let reserved = redeem(&world, &by_code(&own, CUSTOMER_IN_OFFERS, ORDER)).await;
    redeem(&world, &by_code(&own, FRIEND, ORDER)).await;
    redeem(&world, &by_code("personal", FRIEND, ORDER)).await;
    let reserved = redeem(&world, &by_code(&own, CUSTOMER_IN_OFFERS, "order-personal-3")).await.json["id"]
        .take()
        .as_str()
        .map_or(reserved.json["id"].clone(), |id| json!(id));
    if reserved.is_string() {
        step(&world, &reserved, "confirm").await;
    }
    world.run().await;
    for (method, path, body) in [
        ("POST", format!("{customer}/export"), Value::Null),
        ("POST", format!("/v1/customers/{CUSTOMER_IN_OFFERS}/merge"), json!({ "into": CUSTOMER })),
        ("POST", format!("/v1/customers/{CUSTOMER_IN_OFFERS}/unmerge"), Value::Null),
        ("DELETE", customer.clone(), Value::Null),
    ] {
        let begun = world.call(method, &path, body.to_string()).await;
        for _ in 0..2_000 {
            let Some(location) = begun.json["location"].as_str() else { break };
            if matches!(world.get(location).await.json["status"].as_str(), Some("done" | "failed") | None) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
    world.post("/v1/orders", &order(ORDER, 900)).await;
    // And all of it again without a store.
    world.engine = None;
    for (method, path, body) in good.iter().chain(&bad) {
        world.call(method, path, body.to_string()).await;
    }
    redeem(&world, &by_code(&own, CUSTOMER_IN_OFFERS, ORDER)).await;
    world.call("DELETE", &customer, "").await;
    vec![own, world.keys[0].token.clone(), CUSTOMER_IN_OFFERS.to_owned()]
}

/// Another id, which needs no encoding.
const CUSTOMER_IN_OFFERS: &str = "olga-personal";
