//! What no try brought to a receiver is put away and shown, and events are told again from a time.

use chrono::TimeDelta;
use e2e::World;
use e2e::receiver::Receiver;
use serde_json::{Value, json};
use web::Clock;

use crate::deliveries::{endpoint, happens, local, now, told, whose};
use crate::endpoints::add;

#[tokio::test]
async fn who_fails_for_a_day_has_its_events_put_away_and_gets_them_when_it_asks() {
    let world = World::telling("2026-11-22").await;
    let receiver = Receiver::start().await;
    let made = add(&world, &receiver.url("127.0.0.1")).await;
    let here = local(&world).await;
    receiver.answer(500, None);
    happens(&world, "ann", "n-1").await;
    happens(&world, "ann", "n-2").await;
    let began = now(&world);
    for hours in [0, 1, 3, 7, 15, 23] {
        here.at(Clock::At(began + TimeDelta::hours(hours))).once().await.unwrap();
    }
    assert_eq!(whose(&receiver.take()), told(&[("ann", 1); 6]), "the second waits behind the first");
    assert_eq!(endpoint(&world, &made).await["deliveries"]["dead_lettered"], 0);
    let late = here.at(Clock::At(began + TimeDelta::hours(25)));
    late.once().await.unwrap();
    assert_eq!(whose(&receiver.take()), told(&[("ann", 1), ("ann", 2)]), "each had a try of its own");

    let shown = endpoint(&world, &made).await;
    assert_eq!(shown["deliveries"]["dead_lettered"], 2, "{shown}");
    let path = format!("/v1/endpoints/{}", made["id"].as_str().unwrap());
    let dead = world.get(&format!("{path}/dead-letters?limit=1")).await.json;
    assert_eq!(dead["items"][0]["why"], "answered 500 Internal Server Error", "{dead}");
    let second = world.get(&format!("{path}/dead-letters?cursor={}", dead["next"].as_str().unwrap())).await.json;
    assert_eq!(second["items"].as_array().map(Vec::len), Some(1), "{second}");

    receiver.answer(200, None);
    let from = json!({ "from": shown["deliveries"]["dead_lettered_from"] });
    let begun = world.post(&format!("{path}/replay"), &from).await;
    assert_eq!((begun.status.as_u16(), &begun.json["status"]), (202, &json!("running")), "{}", begun.text);
    assert_eq!(world.post(&format!("{path}/replay"), &from).await.told(), (409, "replay-in-progress".into()));
    late.once().await.unwrap();
    let arrived = receiver.take();
    assert_eq!(whose(&arrived), told(&[("ann", 1), ("ann", 2)]));
    assert_eq!(
        arrived[0].header("webhook-id"),
        dead["items"][0]["event"].as_str().unwrap(),
        "the same event as before"
    );
    let shown = endpoint(&world, &made).await;
    assert_eq!((&shown["replay"]["status"], &shown["replay"]["queued"]), (&json!("done"), &json!(2)), "{shown}");
    assert_eq!(shown["deliveries"]["dead_lettered"], 0, "{shown}");
    assert_eq!(world.get(&format!("{path}/dead-letters")).await.json["items"], json!([]));
}

#[tokio::test]
async fn events_are_told_again_from_a_time_and_in_order_to_the_endpoint_that_asks() {
    let world = World::telling("2026-11-22").await;
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    add(&world, &other.url("127.0.0.1")).await;
    let here = local(&world).await;
    // More than one part of a replay, and before there was an endpoint that asks for them.
    happens(&world, "ann", "early").await;
    let from = now(&world);
    for n in 0..30 {
        for customer in ["ann", "bob", "cid", "dan"] {
            happens(&world, customer, &format!("n-{n}")).await;
        }
    }
    let until = now(&world);
    happens(&world, "bob", "late").await;
    here.once().await.unwrap();
    assert_eq!(other.take().len(), 122);
    let made = add(&world, &receiver.url("127.0.0.1")).await;
    let path = format!("/v1/endpoints/{}/replay", made["id"].as_str().unwrap());
    assert_eq!(world.post(&path, &json!({ "from": from, "until": until })).await.status, 202);
    here.once().await.unwrap();
    let arrived = receiver.take();
    assert_eq!((arrived.len(), other.take().len()), (120, 0));
    for (customer, first) in [("ann", 2), ("bob", 1), ("cid", 1), ("dan", 1)] {
        let of: Vec<u64> = whose(&arrived).into_iter().filter(|(who, _)| who == customer).map(|(_, n)| n).collect();
        assert_eq!(of, (first..first + 30).collect::<Vec<u64>>(), "{customer}");
    }
}

#[tokio::test]
async fn a_replay_of_a_time_that_is_none_is_refused_by_its_field() {
    let world = World::telling("2026-11-22").await;
    let made = add(&world, "https://hooks.shop.org/").await;
    let path = format!("/v1/endpoints/{}/replay", made["id"].as_str().unwrap());
    let at = |hours: i64| json!(now(&world) + TimeDelta::hours(hours));
    let told = async |body: Value| world.post(&path, &body).await.told();
    assert_eq!(told(json!({})).await, (422, "from".into()));
    assert_eq!(told(json!({ "from": at(-31 * 24) })).await, (422, "from".into()));
    assert_eq!(told(json!({ "from": at(1) })).await, (422, "from".into()));
    assert_eq!(told(json!({ "from": at(-1), "until": at(-2) })).await, (422, "from".into()));
    assert_eq!(told(json!({ "from": "yesterday" })).await, (422, "from".into()));
    assert!(endpoint(&world, &made).await["replay"].is_null(), "bad input changes nothing");
}

#[tokio::test]
async fn an_event_of_somebody_who_is_not_known_any_more_is_not_told_again() {
    let world = World::telling("2026-11-22").await;
    let receiver = Receiver::start().await;
    let made = add(&world, &receiver.url("127.0.0.1")).await;
    let (here, from) = (local(&world).await, now(&world));
    happens(&world, "ann", "n-1").await;
    happens(&world, "bob", "n-1").await;
    here.once().await.unwrap();
    drop(receiver.take());
    let key = world.ledger.customer_key(&e2e::acme(), &"ann".to_owned().try_into().unwrap());
    let profile = ledger::keys::profile(&e2e::acme(), &key);
    let text = |text: String| aws_sdk_dynamodb::types::AttributeValue::S(text);
    let delete = world.ledger.client().delete_item().table_name("Customers");
    delete.key("pk", text(profile.pk)).key("sk", text(profile.sk)).send().await.unwrap();
    let path = format!("/v1/endpoints/{}/replay", made["id"].as_str().unwrap());
    assert_eq!(world.post(&path, &json!({ "from": from })).await.status, 202);
    here.once().await.unwrap();
    assert_eq!(whose(&receiver.take()), told(&[("bob", 1)]));
    // Nor does anything that is stored to be told again name anybody.
    let stored = world.ledger.client().scan().table_name("Shops").send().await.unwrap();
    assert!(stored.items().iter().all(|item| !format!("{item:?}").contains("\"bob\"")));
}
