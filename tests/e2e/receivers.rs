//! Receivers that would have the service go where it must not: by a redirect, by a name that changes its answer, by saying that they are
//! gone.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use e2e::World;
use e2e::receiver::Receiver;
use events::{Resolve, Sender};
use serde_json::{Value, json};
use web::{Clock, Receivers};

use crate::deliveries::{endpoint, happens, local, now, teller};
use crate::endpoints::add;

/// A name service that gives these answers, one after the other, and the last one for ever; and how often it was asked.
fn answering(answers: &[&[&str]]) -> (Resolve, Arc<Mutex<usize>>) {
    let read = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect::<Vec<IpAddr>>();
    let (answers, asked): (Vec<Vec<IpAddr>>, _) = (answers.iter().map(read).collect(), Arc::new(Mutex::new(0)));
    let count = Arc::clone(&asked);
    let resolve: Resolve = Arc::new(move |_| {
        let mut asked = count.lock().unwrap();
        let answer = answers[(*asked).min(answers.len() - 1)].clone();
        *asked += 1;
        Box::pin(std::future::ready(Ok(answer)))
    });
    (resolve, asked)
}

fn why(shown: &Value) -> String {
    shown["deliveries"]["failing"]["why"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_nobody_is_followed() {
    let world = World::telling("2026-11-22").await;
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let made = add(&world, &receiver.url("127.0.0.1")).await;
    let here = local(&world).await;
    happens(&world, "ann", "n-1").await;
    for (n, status) in [301, 302, 303, 307, 308].into_iter().enumerate() {
        receiver.answer(status, Some(&elsewhere.url("127.0.0.1")));
        here.at(Clock::At(now(&world) + TimeDelta::hours(2) * i32::try_from(n).unwrap())).once().await.unwrap();
        assert_eq!(receiver.take().len(), 1, "{status}");
        assert!(why(&endpoint(&world, &made).await).starts_with(&format!("answered {status}")), "{status}");
    }
    assert_eq!(elsewhere.take().len(), 0);
}

#[tokio::test]
async fn a_name_that_changes_its_answer_leads_to_no_address_that_was_not_checked() {
    let world = World::telling("2026-11-22").await;
    let receiver = Receiver::start().await;
    let made = add(&world, &receiver.url("hooks.shop.org")).await;
    let (resolve, asked) =
        answering(&[&["127.0.0.1"], &["169.254.169.254"], &["127.0.0.1", "169.254.169.254"], &["127.0.0.1"]]);
    let here = teller(&world, Sender::new(Receivers::LocalToo).resolving(resolve)).await;
    happens(&world, "ann", "n-1").await;
    here.once().await.unwrap();
    assert_eq!((receiver.take().len(), *asked.lock().unwrap()), (1, 1), "looked up once, and gone to what was found");
    // Its second answer is the cloud's own address, its third has that among good ones.
    happens(&world, "ann", "n-2").await;
    for hours in [1, 4] {
        here.at(Clock::At(now(&world) + TimeDelta::hours(hours))).once().await.unwrap();
        let told = why(&endpoint(&world, &made).await);
        assert!(told.contains("169.254.169.254, which is no public address"), "{told}");
    }
    assert_eq!((receiver.take().len(), *asked.lock().unwrap()), (0, 3));
    here.at(Clock::At(now(&world) + TimeDelta::hours(9))).once().await.unwrap();
    assert_eq!(receiver.take().len(), 1);
}

#[tokio::test]
async fn where_nobody_allowed_it_a_name_at_a_private_address_is_not_connected_to() {
    let world = World::telling("2026-11-22").await;
    let receiver = Receiver::start().await;
    let url = receiver.url("hooks.shop.org").replace("http:", "https:");
    let made = add(&world, &url).await;
    let own = add(&world, &receiver.url("127.0.0.1")).await;
    happens(&world, "ann", "n-1").await;
    let began = now(&world);
    for (n, address) in
        ["127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "100.64.0.1"].into_iter().enumerate()
    {
        let (resolve, _) = answering(&[&[address]]);
        let here = teller(&world, Sender::new(Receivers::Public).resolving(resolve)).await;
        here.at(Clock::At(began + TimeDelta::hours(2) * i32::try_from(n).unwrap())).once().await.unwrap();
        let told = why(&endpoint(&world, &made).await);
        assert_eq!(told, format!("its host is at {address}, which is no public address"));
    }
    // One that was given while it was allowed is refused where it is not.
    assert_eq!(why(&endpoint(&world, &own).await), "must begin with https://");
    assert_eq!(receiver.take().len(), 0);
}

#[tokio::test]
async fn who_answers_gone_is_sent_nothing_more_until_the_shop_enables_it() {
    let world = World::telling("2026-11-22").await;
    let receiver = Receiver::start().await;
    let made = add(&world, &receiver.url("127.0.0.1")).await;
    let here = local(&world).await;
    receiver.answer(410, None);
    happens(&world, "ann", "n-1").await;
    happens(&world, "ann", "n-2").await;
    here.once().await.unwrap();
    assert_eq!(receiver.take().len(), 1);
    let shown = endpoint(&world, &made).await;
    assert_eq!((&shown["state"], &shown["disabled"]["why"]), (&json!("disabled"), &json!("it answered 410 Gone")));
    assert_eq!(shown["deliveries"]["dead_lettered"], 2, "what waited is not lost: {shown}");
    receiver.answer(200, None);
    happens(&world, "ann", "n-3").await;
    here.once().await.unwrap();
    assert_eq!(receiver.take().len(), 0);
    let path = format!("/v1/endpoints/{}/state", made["id"].as_str().unwrap());
    assert_eq!(world.post(&path, &json!({ "state": "enabled" })).await.status, 200);
    happens(&world, "ann", "n-4").await;
    here.once().await.unwrap();
    assert_eq!(receiver.take().len(), 1);
}
