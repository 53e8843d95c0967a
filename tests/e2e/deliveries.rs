//! Events on their way to a real receiver, by the same code as in AWS, over the stream and the queue of one machine.

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64;
use e2e::World;
use e2e::receiver::{Arrived, Receiver};
use events::{Here, Sender, Tables};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use web::{Clock, Receivers};

use crate::endpoints::add;

/// Who tells, over the world's store; as a process that has just started.
pub(crate) async fn teller(world: &World, sender: Sender) -> Here {
    let tables = Tables { stream: engine::STREAM, queue: engine::QUEUE };
    Here::new(&world.ledger, tables, sender, Clock::At(now(world))).await.unwrap()
}

pub(crate) async fn local(world: &World) -> Here {
    teller(world, Sender::new(Receivers::LocalToo)).await
}

pub(crate) fn now(world: &World) -> DateTime<Utc> {
    world.app.clock.now()
}

/// Something happens to a customer that is told.
pub(crate) async fn happens(world: &World, customer: &str, id: &str) {
    let answer = json!({ "id": id, "customer": customer, "score": 2 });
    assert_eq!(world.post("/v1/surveys/nps/answers", &answer).await.status, 201);
}

pub(crate) async fn endpoint(world: &World, made: &Value) -> Value {
    world.get(&format!("/v1/endpoints/{}", made["id"].as_str().unwrap())).await.json
}

pub(crate) fn whose(arrived: &[Arrived]) -> Vec<(String, u64)> {
    arrived.iter().map(Arrived::whose).collect()
}

/// Customers with sequences, to compare with.
pub(crate) fn told(of: &[(&str, u64)]) -> Vec<(String, u64)> {
    of.iter().map(|(customer, sequence)| ((*customer).to_owned(), *sequence)).collect()
}

/// HMAC-SHA-256 as RFC 2104 writes it: none of the code that signed.
fn signed(secret: &str, message: &str) -> String {
    let mut key = BASE64.decode(secret.strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
    key.resize(64, 0);
    let pad = |with: u8| key.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = Sha256::digest([pad(0x36), message.as_bytes().to_vec()].concat());
    BASE64.encode(&Sha256::digest([pad(0x5c), inner.to_vec()].concat()))
}

/// How many of a request's signatures are of this secret, and how many there are.
fn verified(arrived: &Arrived, secret: &str) -> (usize, usize) {
    let message = [arrived.header("webhook-id"), arrived.header("webhook-timestamp"), &arrived.text].join(".");
    let expected = format!("v1,{}", signed(secret, &message));
    let all: Vec<&str> = arrived.header("webhook-signature").split(' ').collect();
    (all.iter().filter(|found| **found == expected).count(), all.len())
}

#[tokio::test]
async fn moves_and_alerts_arrive_signed_once_and_in_each_customers_order() {
    let world = World::telling("2026-11-22").await;
    let receiver = Receiver::start().await;
    let made = add(&world, &receiver.url("127.0.0.1")).await;
    let here = local(&world).await;
    for (id, customer) in [("A-1", "ann"), ("B-1", "bob")] {
        assert_eq!(world.post("/v1/orders", &crate::order(id, customer, "2026-11-20T10:00:00Z")).await.status, 201);
    }
    world.run().await;
    happens(&world, "ann", "n-1").await;
    happens(&world, "bob", "n-1").await;
    happens(&world, "ann", "n-2").await;
    assert_eq!(here.once().await.unwrap(), 5);

    let arrived = receiver.take();
    assert_eq!(arrived.len(), 5, "{arrived:?}");
    let of = |customer: &str| arrived.iter().filter(|one| one.event["customer"] == customer).collect::<Vec<_>>();
    let kinds: Vec<&str> = of("ann").iter().map(|one| one.event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["customer.moved", "customer.alert", "customer.alert"]);
    for customer in ["ann", "bob"] {
        let mut last = Value::Null;
        for one in of(customer) {
            assert_eq!(one.event["previous"], last, "{}", one.text);
            last = one.event["sequence"].clone();
        }
    }
    let secret = made["secret"].as_str().unwrap();
    for one in &arrived {
        assert_eq!(verified(one, secret), (1, 1), "{}", one.text);
        assert_eq!(one.header("webhook-id"), one.event["id"].as_str().unwrap());
        let sent: i64 = one.header("webhook-timestamp").parse().unwrap();
        assert!((now(&world).timestamp() - sent).abs() < 120);
        assert_eq!(one.header("content-type"), "application/json");
        assert_eq!(verified(one, "whsec_AAAA").0, 0);
    }
    // Nothing is told twice, and what became of it is shown.
    assert_eq!(here.once().await.unwrap(), 0);
    let shown = endpoint(&world, &made).await;
    assert!(shown["deliveries"]["last_delivery"].is_string() && shown["deliveries"]["failing"].is_null(), "{shown}");
}

#[tokio::test]
async fn only_the_kinds_that_were_asked_for_are_sent() {
    let world = World::telling("2026-11-22").await;
    let receiver = Receiver::start().await;
    let asked = json!({ "url": receiver.url("127.0.0.1"), "types": ["customer.moved"] });
    assert_eq!(world.post("/v1/endpoints", &asked).await.status, 201);
    let here = local(&world).await;
    assert_eq!(world.post("/v1/orders", &crate::order("A-1", "ann", "2026-11-20T10:00:00Z")).await.status, 201);
    happens(&world, "ann", "n-1").await;
    world.run().await;
    here.once().await.unwrap();
    let kinds: Vec<Value> = receiver.take().into_iter().map(|one| one.event["type"].clone()).collect();
    assert_eq!(kinds, ["customer.moved"]);
}

#[tokio::test]
async fn a_receiver_that_is_down_holds_nobody_else_back_and_gets_everything_afterwards_in_order() {
    let world = World::telling("2026-11-22").await;
    let (mut down, up) = (Receiver::start().await, Receiver::start().await);
    let made = add(&world, &down.url("127.0.0.1")).await;
    add(&world, &up.url("127.0.0.1")).await;
    down.down().await;
    let here = local(&world).await;
    for n in 1..=4 {
        for customer in ["ann", "bob", "cid"] {
            happens(&world, customer, &format!("n-{n}")).await;
        }
        here.once().await.unwrap();
    }
    assert_eq!(up.take().len(), 12, "the other one has all of it");
    let shown = endpoint(&world, &made).await;
    let failing = &shown["deliveries"]["failing"];
    assert!(failing["why"].as_str().unwrap().contains("could not be reached"), "{shown}");
    assert!(failing["failures"].as_u64().unwrap() <= 3, "while it rests, nothing is tried: {shown}");

    // Still down an hour later; then it comes back.
    let began = now(&world);
    here.at(Clock::At(began + TimeDelta::hours(1))).once().await.unwrap();
    down.up().await;
    assert_eq!(down.take().len(), 0);
    here.at(Clock::At(began + TimeDelta::hours(3))).once().await.unwrap();
    let arrived = down.take();
    assert_eq!(arrived.len(), 12);
    for customer in ["ann", "bob", "cid"] {
        let of: Vec<u64> =
            arrived.iter().map(Arrived::whose).filter(|(who, _)| who == customer).map(|(_, n)| n).collect();
        assert_eq!(of, [1, 2, 3, 4], "{customer}");
    }
    assert!(endpoint(&world, &made).await["deliveries"]["failing"].is_null());
}

#[tokio::test]
async fn one_customers_event_that_fails_holds_back_that_customers_at_that_receiver_alone() {
    let world = World::telling("2026-11-22").await;
    let receiver = Receiver::start().await;
    add(&world, &receiver.url("127.0.0.1")).await;
    let here = local(&world).await;
    receiver.answer(500, None);
    happens(&world, "ann", "n-1").await;
    here.once().await.unwrap();
    receiver.answer(200, None);
    happens(&world, "ann", "n-2").await;
    happens(&world, "bob", "n-1").await;
    here.once().await.unwrap();
    assert_eq!(whose(&receiver.take()), told(&[("ann", 1), ("bob", 1)]), "ann's second waits behind her first");
    here.at(Clock::At(now(&world) + TimeDelta::seconds(10))).once().await.unwrap();
    assert_eq!(whose(&receiver.take()), told(&[("ann", 1), ("ann", 2)]));
}

#[tokio::test]
async fn what_was_written_before_a_kill_is_told_after_it() {
    let world = World::telling("2026-11-22").await;
    let mut receiver = Receiver::start().await;
    add(&world, &receiver.url("127.0.0.1")).await;
    // Nobody was there to tell it.
    happens(&world, "ann", "n-1").await;
    happens(&world, "bob", "n-1").await;
    // Then it was put into the queue and not delivered, and the process was gone.
    receiver.down().await;
    local(&world).await.once().await.unwrap();
    happens(&world, "ann", "n-2").await;
    receiver.up().await;
    // What an endpoint rests from is stored: the next process tries when that is over.
    let after = local(&world).await.at(Clock::At(now(&world) + TimeDelta::seconds(30)));
    after.once().await.unwrap();
    let mut arrived = whose(&receiver.take());
    arrived.sort();
    assert_eq!(arrived, told(&[("ann", 1), ("ann", 2), ("bob", 1)]));
    assert_eq!(world.count(engine::STREAM).await + world.count(engine::QUEUE).await, 0, "nothing is left to tell");
}

#[tokio::test]
async fn after_a_rotation_both_secrets_sign_for_a_day_and_then_the_new_one_alone() {
    let world = World::telling("2026-11-22").await;
    let receiver = Receiver::start().await;
    let made = add(&world, &receiver.url("127.0.0.1")).await;
    let rotated = world.call("POST", &format!("/v1/endpoints/{}/rotate", made["id"].as_str().unwrap()), "").await.json;
    let (old, new) = (made["secret"].as_str().unwrap(), rotated["secret"].as_str().unwrap());
    let here = local(&world).await;
    happens(&world, "ann", "n-1").await;
    here.once().await.unwrap();
    let arrived = receiver.take();
    assert_eq!((verified(&arrived[0], old), verified(&arrived[0], new)), ((1, 2), (1, 2)));
    happens(&world, "ann", "n-2").await;
    here.at(Clock::At(now(&world) + TimeDelta::hours(25))).once().await.unwrap();
    let arrived = receiver.take();
    assert_eq!((verified(&arrived[0], old), verified(&arrived[0], new)), ((0, 1), (1, 1)));
}
