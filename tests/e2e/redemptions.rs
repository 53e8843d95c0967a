//! Rewards over the API: a code from an offer is reserved, confirmed and closed; whatever is wrong with one is told apart as
//! far as it may be; a mistaken campaign is stopped and corrected.

use std::collections::BTreeMap;

use e2e::{Answer, World};
use ledger::{RedemptionKey, Scope};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// A campaign for everyone, open every day of its slots of so many days.
pub(crate) fn campaign(series: &str, reward: &Value, every: u16) -> Value {
    let text = |text: &str| json!({ "en": text, "ru": text });
    json!({ "series": series, "beyond_rules": true, "idea": {
        "mechanic": "code", "place": "both", "calendar": { "slots": { "every": every, "open": every } }, "reward": reward,
        "validity": every, "text": text("A code for everyone."), "say": text("For you: {reward}. Last day: {until}."),
        "why": text("We are glad that you are here.") } })
}

/// A shop in which everyone has a code for 10 percent in slots of 30 days.
pub(crate) async fn shop() -> World {
    let world = World::on("2026-11-22").await;
    publish(&world, &campaign("welcome_all", &json!({ "discount": 10 }), 30)).await;
    world
}

async fn publish(world: &World, campaign: &Value) -> u64 {
    let published = world.post("/v1/campaigns", campaign).await;
    assert_eq!(published.status, 201, "{}", published.text);
    published.json["number"].as_u64().unwrap()
}

/// The customer's offer of the series, if there is one.
async fn offer(world: &World, customer: &str, series: &str) -> Option<Value> {
    let path = format!("/v1/customers/{customer}/offers");
    let answer = world.call_as(world.key(Scope::Checkout), "GET", &path, "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let offers = answer.json["decision"]["offers"].as_array().unwrap();
    offers.iter().find(|offer| offer["reason"]["campaign"] == series).cloned()
}

pub(crate) async fn code(world: &World, customer: &str) -> String {
    let offer = offer(world, customer, "welcome_all").await.unwrap();
    offer["code"].as_str().unwrap_or_else(|| panic!("{offer}")).to_owned()
}

pub(crate) async fn redeem(world: &World, sent: &Value) -> Answer {
    world.call_as(world.key(Scope::Checkout), "POST", "/v1/redemptions", sent.to_string()).await
}

pub(crate) fn by_code(code: &str, customer: &str, order: &str) -> Value {
    json!({ "code": code, "customer": customer, "order": order, "total": 4_999 })
}

pub(crate) async fn step(world: &World, id: &Value, step: &str) -> Answer {
    let path = format!("/v1/redemptions/{}/{step}", id.as_str().unwrap());
    world.call_as(world.key(Scope::Checkout), "POST", &path, "").await
}

#[tokio::test]
async fn a_code_is_reserved_confirmed_and_closes_its_slot_and_every_repeat_is_a_duplicate() {
    let world = shop().await;
    let code = code(&world, "ann").await;
    let spelled = format!("{}-{} {}", &code[..4].to_lowercase(), &code[4..8], &code[8..]);
    let reserved = redeem(&world, &by_code(&spelled, "ann", "O-1")).await;
    assert_eq!((reserved.status.as_u16(), &reserved.json["status"]), (201, &json!("recorded")), "{}", reserved.text);
    // Ten percent of 49.99, and no minor unit more.
    assert_eq!((&reserved.json["state"], &reserved.json["value"]), (&json!("reserved"), &json!(499)));
    assert_eq!(redeem(&world, &by_code(&code, "ann", "O-1")).await.json["status"], "duplicate");
    let other = json!({ "code": code, "customer": "ann", "order": "O-1", "total": 5_000 });
    assert_eq!(redeem(&world, &other).await.told(), (409, "other-content".into()));
    let mut other = by_code(&code, "ann", "O-1");
    other["delivery"] = json!(300);
    assert_eq!(redeem(&world, &other).await.told(), (409, "other-content".into()));
    assert_eq!(redeem(&world, &by_code(&code, "ann", "O-2")).await.told(), (409, "reward-reserved".into()));
    assert!(offer(&world, "ann", "welcome_all").await.is_some(), "what is only reserved may still be offered");
    let id = &reserved.json["id"];
    for status in ["recorded", "duplicate"] {
        let confirmed = step(&world, id, "confirm").await;
        assert_eq!((&confirmed.json["status"], &confirmed.json["state"]), (&json!(status), &json!("confirmed")));
    }
    assert_eq!(step(&world, id, "release").await.told(), (409, "redemption-settled".into()));
    assert_eq!(redeem(&world, &by_code(&code, "ann", "O-2")).await.told(), (409, "reward-used".into()));
    assert_eq!(redeem(&world, &by_code(&code, "ann", "O-1")).await.json["state"], "confirmed");
    assert_eq!(offer(&world, "ann", "welcome_all").await, None);
    let shown = world.get(&format!("/v1/redemptions/{}", id.as_str().unwrap())).await;
    assert_eq!((shown.status.as_u16(), &shown.json["state"]), (200, &json!("confirmed")));
}

#[tokio::test]
async fn each_step_is_one_transaction_after_a_handful_of_reads() {
    let world = shop().await;
    let limit = json!({ "series": "welcome_all", "count": 10 });
    assert_eq!(world.call("PUT", "/v1/budgets", limit.to_string()).await.status, 200);
    let code = code(&world, "ann").await;
    world.calls.take();
    let calls = |of: &[(&str, usize)]| of.iter().map(|(call, n)| ((*call).to_owned(), *n)).collect::<BTreeMap<_, _>>();
    let reserved = redeem(&world, &by_code(&code, "ann", "O-1")).await;
    // Profile, wrong codes, profile again in the transaction's own round, whose order it is; the redemption, what is on the order
    // and of the series, and the redemption again.
    assert_eq!(world.calls.take(), calls(&[("GetItem", 4), ("BatchGetItem", 3), ("TransactWriteItems", 1)]));
    assert_eq!(step(&world, &reserved.json["id"], "confirm").await.status, 200);
    assert_eq!(world.calls.take(), calls(&[("GetItem", 1), ("BatchGetItem", 2), ("TransactWriteItems", 1)]));
    assert_eq!(step(&world, &reserved.json["id"], "confirm").await.json["status"], "duplicate");
    assert_eq!(world.calls.take(), calls(&[("BatchGetItem", 1)]));
}

#[tokio::test]
pub(crate) async fn a_cancelled_order_gives_its_code_back_and_a_returned_one_if_the_shop_says_so() {
    for (gives_back, state) in [(false, "confirmed"), (true, "given_back")] {
        let world = shop().await;
        let settings = json!({ "rewards": { "return_gives_back": gives_back } });
        assert_eq!(world.call("PUT", "/v1/settings", settings.to_string()).await.status, 200);
        let order = |id: &str, status: Option<&str>| {
            let mut order = json!({ "id": id, "customer": "ann", "time": "2026-11-22T10:00:00Z", "currency": "GBP", "total": 4_999 });
            status.inspect(|status| {
                order["status"] = json!(status);
                order["revision"] = json!(1);
            });
            order
        };
        let used = async |order: &str| {
            let code = code(&world, "ann").await;
            let reserved = redeem(&world, &by_code(&code, "ann", order)).await;
            assert_eq!(reserved.status, 201, "{}", reserved.text);
            step(&world, &reserved.json["id"], "confirm").await.json["id"].clone()
        };
        let id = used("O-1").await;
        assert_eq!(world.post("/v1/orders", &order("O-1", None)).await.status, 201);
        assert_eq!(offer(&world, "ann", "welcome_all").await, None);
        let mut cancelled = order("O-1", Some("cancelled"));
        cancelled.as_object_mut().unwrap().remove("id");
        let sent = world.call("PUT", "/v1/orders/O-1", cancelled.to_string()).await;
        assert_eq!(sent.status, 200, "{}", sent.text);
        let shown = world.get(&format!("/v1/redemptions/{}", id.as_str().unwrap())).await;
        assert_eq!(shown.json["state"], "given_back");
        assert_eq!(
            redeem(&world, &json!({ "code": code(&world, "ann").await, "customer": "ann", "order": "O-1", "attempt": 2, "total": 1 }))
                .await
                .told(),
            (409, "order-cancelled".into())
        );
        let id = used("O-2").await;
        assert_eq!(world.post("/v1/orders", &order("O-2", None)).await.status, 201);
        let back = json!({ "id": "R-1", "order": "O-2", "time": "2026-11-22T12:00:00Z", "whole": true });
        let returned = world.post("/v1/returns", &back).await;
        assert_eq!(returned.status, 201, "{}", returned.text);
        let shown = world.get(&format!("/v1/redemptions/{}", id.as_str().unwrap())).await;
        assert_eq!(shown.json["state"], state);
        assert_eq!(offer(&world, "ann", "welcome_all").await.is_some(), gives_back);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_code_is_told_apart_and_a_foreign_one_is_not_told_from_a_forged_one() {
    let mut world = shop().await;
    let code = code(&world, "ann").await;
    let swapped = |at: usize| {
        let with = if code.as_bytes()[at] == b'7' { "8" } else { "7" };
        format!("{}{with}{}", &code[..at], &code[at + 1..])
    };
    for (sent, told) in [
        (by_code(&swapped(3), "ann", "O-1"), (422, "code")),
        (by_code(&code[..15], "ann", "O-1"), (422, "code")),
        (by_code(&format!("{}U", &code[..15]), "ann", "O-1"), (422, "code")),
        (by_code(&code, "bob", "O-1"), (422, "code")),
        (json!({ "customer": "ann", "order": "O-1", "total": 1 }), (422, "code")),
        (
            json!({ "code": code, "offer": "a/2026-11-22/1", "customer": "ann", "order": "O-1", "total": 1 }),
            (422, "offer"),
        ),
        (json!({ "offer": "welcome_all", "customer": "ann", "order": "O-1", "total": 1 }), (422, "offer")),
        (json!({ "offer": "no_such/2026-11-22/1", "customer": "ann", "order": "O-1", "total": 1 }), (422, "offer")),
        (json!({ "code": code, "customer": "ann", "order": "O-1", "total": -1 }), (422, "total")),
        (json!({ "code": code, "customer": "ann", "order": "", "total": 1 }), (422, "order")),
        (json!({ "code": code, "customer": "ann", "order": "O-1", "total": 1, "attempt": 0 }), (422, "attempt")),
        (json!({ "code": code, "customer": "ann", "order": "O-1", "total": 1, "attempt": 2 }), (409, "attempt-open")),
        (
            json!({ "code": code, "customer": "ann", "order": "O-1", "total": 1, "lines": [{ "product": "x", "amount": 2 }] }),
            (422, "lines"),
        ),
        (json!({ "code": code, "customer": "ann", "order": "O-1", "total": 1, "gift": true }), (422, "gift")),
    ] {
        let answer = redeem(&world, &sent).await;
        assert_eq!(answer.told(), (told.0, told.1.to_owned()), "{sent}: {}", answer.text);
    }
    assert_eq!(
        redeem(&world, &by_code(&swapped(3), "ann", "O-1")).await.json["type"],
        "urn:tercile:problem:code-mistyped"
    );
    let foreign = redeem(&world, &by_code(&code, "bob", "O-1")).await;
    world.move_to("2027-01-10");
    let late = redeem(&world, &by_code(&code, "ann", "O-1")).await;
    assert_eq!(late.told(), (409, "reward-expired".into()), "{}", late.text);
    let never = json!({ "offer": "welcome_all/2026-11-22/2", "customer": "ann", "order": "O-1", "total": 1 });
    assert_eq!(redeem(&world, &never).await.status, 409);
    assert_eq!(foreign.json["type"], "urn:tercile:problem:code-invalid");
    for path in ["/v1/redemptions/zzz/confirm", "/v1/redemptions/zzz/release"] {
        assert_eq!(world.call("POST", path, "").await.told(), (422, "redemption".into()));
    }
    let nobody = RedemptionKey {
        customer_key: world.ledger.customer_key(&e2e::acme(), &"zed".to_owned().try_into().unwrap()),
        order: "O-1".to_owned().try_into().unwrap(),
        series: "welcome_all".into(),
        attempt: 1,
    };
    assert_eq!(world.call("POST", &format!("/v1/redemptions/{}/confirm", nobody.id()), "").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn wrong_codes_are_counted_exactly_per_customer_and_day_and_end_in_429() {
    let mut world = shop().await;
    // Another customer's codes have a right check letter.
    let (own, foreign) = (code(&world, "ann").await, code(&world, "bob").await);
    let mut tasks = JoinSet::new();
    for n in 0..60 {
        let (router, token) = (world.router.clone(), world.key(Scope::Checkout).to_owned());
        let sent = by_code(&foreign, "ann", &format!("O-{n}"));
        tasks.spawn(async move {
            use tower::ServiceExt;
            let request = axum::http::Request::builder()
                .method("POST")
                .uri("/v1/redemptions")
                .header("authorization", format!("Bearer {token}"));
            let request = request.body(axum::body::Body::from(sent.to_string())).unwrap();
            let Ok(answer) = router.oneshot(request).await;
            answer.status().as_u16()
        });
    }
    let mut told: BTreeMap<u16, usize> = BTreeMap::new();
    for status in tasks.join_all().await {
        *told.entry(status).or_default() += 1;
    }
    assert_eq!(told, BTreeMap::from([(422, 20), (429, 40)]));
    assert_eq!(redeem(&world, &by_code(&own, "ann", "O-1")).await.told(), (429, "too-many-wrong-codes".into()));
    assert_eq!(redeem(&world, &by_code(&foreign, "bob", "O-1")).await.status, 201, "others are not stopped");
    world.move_to("2026-11-23");
    let own = code(&world, "ann").await;
    assert_eq!(redeem(&world, &by_code(&own, "ann", "O-2")).await.status, 201, "a new day");
}

#[tokio::test]
async fn a_campaign_published_by_mistake_is_paused_and_its_correction_opens_for_nobody_who_redeemed() {
    let mut world = World::on("2026-11-22").await;
    let number = publish(&world, &campaign("welcome_all", &json!({ "discount": 50 }), 30)).await;
    let (used, held, unused) = (code(&world, "ann").await, code(&world, "bob").await, code(&world, "cid").await);
    let first = redeem(&world, &by_code(&used, "ann", "O-1")).await;
    assert_eq!(first.json["value"], 2_499, "half of 49.99");
    assert_eq!(step(&world, &first.json["id"], "confirm").await.status, 200);
    let second = redeem(&world, &by_code(&held, "bob", "O-2")).await;
    assert_eq!(second.status, 201, "{}", second.text);

    let paused = world.post(&format!("/v1/campaigns/{number}/state"), &json!({ "state": "paused" })).await;
    assert_eq!(paused.status, 200, "{}", paused.text);
    for customer in ["ann", "bob", "cid", "dan"] {
        assert_eq!(offer(&world, customer, "welcome_all").await, None, "{customer}");
    }
    assert_eq!(redeem(&world, &by_code(&unused, "cid", "O-3")).await.told(), (409, "campaign-not-open".into()));
    assert_eq!(step(&world, &second.json["id"], "confirm").await.status, 200, "what was reserved is confirmed");

    // The next day, with another calendar, too.
    world.move_to("2026-11-23");
    for (every, reward) in [(30, 5), (7, 6)] {
        publish(&world, &campaign("welcome_all", &json!({ "discount": reward }), every)).await;
        for customer in ["ann", "bob"] {
            assert_eq!(offer(&world, customer, "welcome_all").await, None, "{customer}, every {every} days");
        }
        let offered = offer(&world, "cid", "welcome_all").await.unwrap();
        assert_eq!(offered["reward"]["discount"], reward);
    }
    let mistaken = redeem(&world, &by_code(&unused, "cid", "O-3")).await;
    assert_eq!(mistaken.told(), (409, "campaign-not-open".into()), "{}", mistaken.text);
    let corrected = code(&world, "cid").await;
    assert_eq!(redeem(&world, &by_code(&corrected, "cid", "O-3")).await.json["value"], 299);
}

#[tokio::test]
pub(crate) async fn a_budget_stops_reservations_and_offers_and_opens_again_when_something_comes_back() {
    let world = shop().await;
    let set = async |limit: Value| world.call("PUT", "/v1/budgets", limit.to_string()).await;
    for (limit, field) in [
        (json!({ "series": "no_such", "count": 1 }), "series"),
        (json!({ "series": "welcome_all", "count": -1 }), "count"),
        (json!({ "series": "welcome_all", "amount": -5 }), "amount"),
        (json!({ "series": "welcome_all", "count": 1, "shards": 33 }), "shards"),
        (json!({ "series": "welcome_all", "count": 1, "segment": "r9f9m9" }), "segment"),
        (json!({ "series": "welcome_all", "limit": 1 }), "limit"),
    ] {
        assert_eq!(set(limit.clone()).await.told(), (422, field.to_owned()), "{limit}");
    }
    let one = set(json!({ "series": "welcome_all", "count": 1, "monthly": true })).await;
    assert_eq!((one.status.as_u16(), &one.json["budgets"][0]["left_count"]), (200, &json!(1)), "{}", one.text);
    let (ann, bob) = (code(&world, "ann").await, code(&world, "bob").await);
    let first = redeem(&world, &by_code(&ann, "ann", "O-1")).await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(redeem(&world, &by_code(&bob, "bob", "O-2")).await.told(), (409, "budget-exhausted".into()));
    world.ledger.forget_shop(&e2e::acme());
    assert_eq!(offer(&world, "cid", "welcome_all").await, None, "nothing is left to offer");
    let report = world.get("/v1/budgets").await.json;
    assert_eq!(
        (&report["budgets"][0]["used_amount"], &report["budgets"][0]["left_count"]),
        (&json!(499), &json!(0)),
        "{report}"
    );
    assert_eq!(step(&world, &first.json["id"], "release").await.json["state"], "released");
    world.ledger.forget_shop(&e2e::acme());
    assert!(offer(&world, "cid", "welcome_all").await.is_some());
    assert_eq!(redeem(&world, &by_code(&bob, "bob", "O-2")).await.status, 201);
    let gone = set(json!({ "series": "welcome_all", "monthly": true })).await;
    assert_eq!((gone.status.as_u16(), &gone.json["budgets"]), (200, &json!([])));
}

#[tokio::test]
async fn two_rewards_stand_on_one_order_only_if_both_stack() {
    let world = shop().await;
    for (series, stacks) in [("first_of_two", true), ("second_of_two", true), ("alone", false)] {
        let mut campaign = campaign(series, &json!({ "cashback": 5 }), 30);
        campaign["idea"]["conditions"] = json!({ "stacks": stacks, "min_total": 1_000 });
        publish(&world, &campaign).await;
    }
    let on = async |series: &str, total: i64| {
        let id = offer(&world, "ann", series).await.unwrap()["id"].clone();
        redeem(&world, &json!({ "offer": id, "customer": "ann", "order": "O-1", "total": total })).await
    };
    let small = on("first_of_two", 999).await;
    assert_eq!(
        (small.told(), &small.json["type"]),
        ((409, "total".into()), &json!("urn:tercile:problem:cart-does-not-qualify"))
    );
    assert_eq!(on("first_of_two", 1_000).await.status, 201);
    assert_eq!(on("second_of_two", 1_000).await.status, 201);
    assert_eq!(on("alone", 1_000).await.told(), (409, "one-reward-per-order".into()));
    assert_eq!(on("welcome_all", 1_000).await.told(), (409, "one-reward-per-order".into()));
    let bob = json!({ "code": code(&world, "bob").await, "customer": "bob", "order": "O-1", "total": 1_000 });
    assert_eq!(redeem(&world, &bob).await.told(), (409, "order-of-another-customer".into()));
}
