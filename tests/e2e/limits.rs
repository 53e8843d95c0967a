//! What is bounded: how often a key calls, how long a request takes, how long a checkout waits for a store that is silent.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use e2e::{World, acme};
use ledger::{Ledger, Scope};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::Instant;
use web::{App, Clock, Rate};

use crate::order;

const OFFERS: &str = "/v1/customers/ann/offers";

fn limited(world: &mut World, per_second: u32) {
    let rate = Rate::per_second(NonZeroU32::new(per_second).unwrap());
    world.app = App::new(world.ledger.clone(), world.app.clock).with_rate(rate);
    world.router = e2e::router(&world.app, &world.driver);
}

/// Through another way to the store.
fn through(world: &mut World, client: Client) {
    world.app.ledger = world.ledger.through(client);
    world.router = e2e::router(&world.app, &world.driver);
}

/// A minute later, by the clock of caches; from here on nobody waits for real.
async fn minute_passes() {
    tokio::time::pause();
    tokio::time::advance(Ledger::CACHE_FOR).await;
}

#[tokio::test]
async fn a_key_that_calls_too_often_is_told_when_to_come_back_and_no_other_key_is() {
    let mut world = World::on("2026-11-22").await;
    limited(&mut world, 5);
    let (ingest, checkout) = (world.key(Scope::Ingest).to_owned(), world.key(Scope::Checkout).to_owned());
    assert_eq!(world.call_as(&checkout, "GET", OFFERS, "").await.status, 200);
    assert_eq!(world.call_as(&ingest, "GET", OFFERS, "").await.status, 403);
    // What needs no store needs no time either.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    let call = |world: &World| {
        let (router, key) = (world.router.clone(), ingest.clone());
        async move { crate::keys::status(&router, &key, OFFERS).await }
    };
    for nth in 0..10 {
        assert_eq!(call(&world).await, 403, "the {nth}th of two seconds' worth");
    }
    let refused = world.call_as(&ingest, "GET", OFFERS, "").await;
    assert_eq!(
        (refused.told(), &refused.headers["retry-after"]),
        ((429, "too-many-requests".into()), &"1".parse().unwrap())
    );
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    world.calls.take();
    assert_eq!(call(&world).await, 429);
    assert!(world.calls.take().is_empty(), "a refusal reads nothing");
    tokio::time::advance(Duration::from_secs(1)).await;
    for _ in 0..5 {
        assert_eq!(call(&world).await, 403);
    }
    assert_eq!(call(&world).await, 429);
    assert_eq!(crate::keys::status(&world.router, &checkout, "/v1/settings").await, 403, "another key has its own");
    // The shop's own machine is not told to wait.
    let own = world.app.process_key(&acme()).unwrap();
    for _ in 0..100 {
        assert_eq!(crate::keys::status(&world.router, &own, "/v1/redemptions/x").await, 422);
    }
}

#[tokio::test]
async fn guesses_are_bounded_and_keys_that_are_known_do_not_notice() {
    let mut world = World::on("2026-11-22").await;
    limited(&mut world, 1);
    let admin = world.key(Scope::Admin).to_owned();
    assert_eq!(world.call_as(&admin, "GET", OFFERS, "").await.status, 200);
    let id = world.keys.last().unwrap().id.to_string();
    // Many more than the bucket gains while the reads take their time.
    let mut told = Vec::new();
    for guess in 0..200 {
        let guess = admin.replace(&id, &format!("{guess:012x}"));
        told.push(world.call_as(&guess, "GET", OFFERS, "").await.status.as_u16());
    }
    assert_eq!(told[..2], [401, 401]);
    assert!(told.contains(&429), "{told:?}");
    assert_eq!(world.call_as(&admin, "GET", OFFERS, "").await.status, 200);
}

/// A store that takes every call and answers none.
async fn silent() -> Client {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    engine::connect(&format!("http://{address}"))
}

#[tokio::test]
async fn when_key_and_shop_are_due_and_the_store_is_silent_a_checkout_is_answered_within_the_deadline() {
    let mut world = World::on("2026-11-22").await;
    assert_eq!(world.get(OFFERS).await.json["degraded"], Value::Null);
    through(&mut world, silent().await);
    minute_passes().await;
    for _ in 0..3 {
        let began = Instant::now();
        let answer = world.get(OFFERS).await;
        assert_eq!((answer.status.as_u16(), &answer.json["degraded"]), (200, &json!(true)), "{}", answer.text);
        let took = began.elapsed();
        assert!(took <= offers::DEADLINE + Duration::from_millis(5), "{took:?}");
    }
    let segment = world.get("/v1/customers/ann/segment").await;
    assert_eq!((segment.told(), &segment.headers["retry-after"]), ((503, "unavailable".into()), &"1".parse().unwrap()));
    // An order is worth the wait, up to its own deadline.
    let began = Instant::now();
    let order = world.post("/v1/orders", &order("A-1", "ann", "2026-11-01T10:00:00Z")).await;
    assert_eq!((order.told(), &order.headers["retry-after"]), ((503, "too-slow".into()), &"1".parse().unwrap()));
    assert!(began.elapsed() <= web::MOST + Duration::from_millis(5));
    // Who has nothing cached cannot even say whose key it is.
    world.app = App::new(world.app.ledger.clone(), world.app.clock);
    world.router = e2e::router(&world.app, &world.driver);
    let cold = world.get(OFFERS).await;
    assert_eq!((cold.status.as_u16(), &cold.headers["retry-after"]), (503, &"1".parse().unwrap()), "{}", cold.text);
}

/// A way to the store on which answers to some calls get lost.
struct Relay {
    endpoint: String,
    lose: Arc<AtomicBool>,
    lost: Arc<Notify>,
}

impl Relay {
    /// In front of the world's engine; once it is told to, it loses the answer to every call of that kind.
    async fn losing(world: &World, operation: &'static str) -> Relay {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let engine = world.engine.as_ref().unwrap().endpoint().trim_start_matches("http://").to_owned();
        let (lose, lost) = (Arc::new(AtomicBool::new(true)), Arc::new(Notify::new()));
        let (losing, told) = (Arc::clone(&lose), Arc::clone(&lost));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let engine = TcpStream::connect(&engine).await.unwrap();
                tokio::spawn(relay(client, engine, operation, Arc::clone(&losing), Arc::clone(&told)));
            }
        });
        Relay { endpoint, lose, lost }
    }

    fn client(&self) -> Client {
        engine::connect(&self.endpoint)
    }
}

async fn relay(
    client: TcpStream,
    engine: TcpStream,
    operation: &'static str,
    lose: Arc<AtomicBool>,
    lost: Arc<Notify>,
) {
    let ((mut asks, mut hears), (mut answers, mut takes)) = (client.into_split(), engine.into_split());
    let deaf = Arc::new(AtomicBool::new(false));
    let deafened = Arc::clone(&deaf);
    let asking = async move {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(count @ 1..) = asks.read(&mut bytes).await {
            let named = bytes[..count].windows(operation.len()).any(|part| part == operation.as_bytes());
            if named && lose.load(Ordering::Relaxed) {
                deafened.store(true, Ordering::Relaxed);
            }
            takes.write_all(&bytes[..count]).await.unwrap();
        }
    };
    let answering = async move {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(count @ 1..) = answers.read(&mut bytes).await {
            if deaf.load(Ordering::Relaxed) {
                lost.notify_one();
            } else if hears.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(asking, answering);
}

#[tokio::test]
async fn a_request_that_is_given_up_leaves_nothing_half_written_and_may_be_sent_again() {
    let mut world = World::on("2026-11-22").await;
    assert_eq!(world.post("/v1/orders", &order("A-1", "ann", "2026-11-01T10:00:00Z")).await.status, 201);
    let relay = Relay::losing(&world, "TransactWriteItems").await;
    through(&mut world, relay.client());
    let batch =
        json!({ "orders": [order("A-2", "ann", "2026-11-02T10:00:00Z"), order("B-1", "bob", "2026-11-02T10:00:00Z")] });
    let (router, key) = (world.router.clone(), world.key(Scope::Ingest).to_owned());
    let sent = batch.clone();
    let call =
        tokio::spawn(async move { crate::keys::send(&router, &key, "POST", "/v1/orders", sent.to_string()).await });
    relay.lost.notified().await;
    tokio::time::pause();
    tokio::time::advance(web::MOST).await;
    assert_eq!(call.await.unwrap(), 503);
    tokio::time::resume();
    // The store had done what it was asked; nobody heard of it.
    relay.lose.store(false, Ordering::Relaxed);
    let ledger = world.ledger.clone();
    through(&mut world, ledger.client().clone());
    let again = world.post("/v1/orders", &batch).await;
    assert_eq!(again.json["refused"], 0, "{}", again.text);
    assert!(again.json["duplicate"].as_u64() >= Some(1), "{}", again.text);
    assert_eq!(again.json["duplicate"].as_u64().unwrap() + again.json["recorded"].as_u64().unwrap(), 2);
    let shop = world.ledger.shop(&acme()).await.unwrap().unwrap();
    for (customer, orders) in [("ann", 2), ("bob", 1)] {
        let id = customer.to_owned().try_into().unwrap();
        let stored = world.ledger.customer(&acme(), &id).await.unwrap().unwrap().profile;
        assert_eq!(stored.orders.len(), orders, "{customer}");
        assert_eq!(world.ledger.rebuild(&shop, &id).await.unwrap(), Some(stored), "{customer}");
    }
}

#[tokio::test]
async fn a_checkout_neither_waits_for_the_note_of_its_keys_day_nor_fails_by_it() {
    let mut world = World::on("2026-11-22").await;
    world.get(OFFERS).await;
    let relay = Relay::losing(&world, "UpdateItem").await;
    through(&mut world, relay.client());
    world.app.clock = Clock::AsOf("2026-11-23".parse().unwrap());
    world.router = e2e::router(&world.app, &world.driver);
    let answer = world.get(OFFERS).await;
    assert_eq!((answer.status.as_u16(), &answer.json["degraded"]), (200, &Value::Null));
    // It was asked for, and its answer did not come.
    relay.lost.notified().await;
    assert_eq!(world.get(OFFERS).await.json["degraded"], Value::Null);
}

#[tokio::test]
async fn who_watches_asks_for_health_without_a_key_and_for_readiness_at_the_price_of_one_read() {
    let mut world = World::on("2026-11-22").await;
    world.calls.take();
    let health = world.call_as("", "GET", "/v1/health", "").await;
    assert_eq!((health.status.as_u16(), health.json), (200, json!({ "status": "alive" })));
    assert!(world.calls.take().is_empty());
    let ready = world.call_as("", "GET", "/v1/ready", "").await;
    assert_eq!((ready.status.as_u16(), ready.json), (200, json!({ "status": "ready" })));
    assert_eq!(world.calls.take(), [("GetItem".to_owned(), 1)].into());
    through(&mut world, silent().await);
    tokio::time::pause();
    let began = Instant::now();
    let not = world.call_as("", "GET", "/v1/ready", "").await;
    assert_eq!((not.told(), &not.headers["retry-after"]), ((503, "unavailable".into()), &"1".parse().unwrap()));
    assert!(began.elapsed() <= offers::DEADLINE + Duration::from_millis(5));
    assert_eq!(world.call_as("", "GET", "/v1/health", "").await.status, 200);
}
