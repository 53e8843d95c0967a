//! What a shop is filled with, one thing after the other.

use chrono::TimeDelta;
use e2e::receiver::Receiver;
use e2e::{Answer, World, acme};
use resegment::{Step, Steps, Until, What};
use serde_json::{Value, json};

use super::full::{HOOK_SECRET, TODAY, go_to};
use super::marks::mark;
use crate::deliveries::{happens, local};

/// Customers of the base.
const BASE: usize = 130;

/// A call that must be taken.
async fn done(world: &World, method: &str, path: &str, body: &Value) -> Answer {
    let sent = if body.is_null() { String::new() } else { body.to_string() };
    let answer = world.call(method, path, sent).await;
    assert!(answer.status.is_success(), "{method} {path} {body}: {} {}", answer.status, answer.text);
    answer
}

/// The same of what is a job: waits for its end.
async fn job(world: &World, method: &str, path: &str, body: &Value) -> u64 {
    let begun = done(world, method, path, body).await.json;
    let location = begun["location"].as_str().unwrap_or_else(|| panic!("{path}: {begun}")).to_owned();
    loop {
        let shown = world.get(&location).await.json;
        match shown["status"].as_str() {
            Some("queued" | "running") => tokio::time::sleep(std::time::Duration::from_millis(3)).await,
            Some("done") => return shown["job"].as_u64().unwrap(),
            _ => panic!("{path}: {shown}"),
        }
    }
}

pub(super) fn product(n: usize) -> Value {
    json!({ "id": mark(format!("product{n}")), "name": mark(format!("name{n}")), "category": mark(format!("category{}", n % 2)),
        "brand": mark(format!("brand{n}")), "price": 700 + n * 100, "season": mark("season"), "stock": 40,
        "url": format!("https://shop.example/{}", mark(format!("page{n}"))) })
}

pub(super) fn order(id: &str, customer: &str, day: &str, total: usize, products: &[usize]) -> Value {
    let line = |n: &usize| {
        let Value::Object(product) = product(*n) else { unreachable!() };
        json!({ "product": product["id"], "name": product["name"], "category": product["category"], "brand": product["brand"],
            "amount": total / products.len() })
    };
    let lines: Vec<Value> = products.iter().map(line).collect();
    json!({ "id": id, "customer": customer, "time": format!("{day}T10:00:00Z"), "currency": "GBP", "lines": lines })
}

pub(super) fn campaign(series: &str, mail: bool) -> Value {
    let text =
        |name: &str| json!({ "en": format!("{} {{reward}}", mark(name)), "ru": format!("{} {{reward}}", mark(name)) });
    let why = |name: &str| json!({ "en": mark(name), "ru": mark(name) });
    json!({ "series": series, "beyond_rules": true, "idea": {
        "mechanic": "code", "place": if mail { "both" } else { "checkout" }, "calendar": { "slots": { "every": 30, "open": 30 } },
        "reward": { "discount": 10 }, "validity": 30, "text": why("textofcampaign"), "say": text("sayofcampaign"), "why": why("whyofcampaign") } })
}

pub(super) fn typed_cuts(recency: u32) -> Value {
    json!({ "recency": { "c1": recency, "c2": 60 }, "frequency": { "c1": 2, "c2": 3 }, "monetary": { "c1": 2000, "c2": 9000 } })
}

fn customer(n: usize) -> String {
    mark(format!("customer{n}"))
}

/// Settings, a playbook, products and some months of orders.
pub(super) async fn base(world: &World) {
    let goes_with = json!([{ "category": mark("category0"), "goes_with": mark("category1") }]);
    let settings = json!({ "refit": "manual", "beacon": { "silent_days": 20 }, "rewards": { "holdout": { "percent": 20, "salt": mark("salt") } },
        "offers": { "complements": goes_with } });
    done(world, "PUT", "/v1/settings", &settings).await;
    let said = json!({ "en": mark("entext"), "ru": mark("rutext") });
    let playbook = json!({ "idea": { "choose_reward": { "calendar": { "slots": { "every": 30, "open": 30 } } },
        "join_referral": { "calendar": "always", "text": said } } });
    done(world, "PUT", "/v1/playbook", &playbook).await;
    let products: Vec<Value> = (0..6).map(product).collect();
    done(world, "PUT", "/v1/products", &json!({ "products": products })).await;
    done(world, "PUT", "/v1/products/stock", &json!({ "stock": [{ "id": mark("product1"), "quantity": 0 }] })).await;
    world.publish().await;
    let mut orders = Vec::new();
    for n in 0..BASE {
        for m in 0..=(n * 7 % 4) {
            let day = format!("2026-{:02}-{:02}", 4 + (n + m) % 6, 1 + (n * 5 + m * 11) % 28);
            let total = 500 + (n * 37 + m * 101) % 9_000;
            orders.push(order(&mark(format!("order{n}-{m}")), &customer(n), &day, total, &[n % 3, 3 + n % 3]));
        }
    }
    for batch in orders.chunks(100) {
        let answer = done(world, "POST", "/v1/orders", &json!({ "orders": batch })).await;
        assert_eq!(answer.json["recorded"], batch.len(), "{}", answer.text);
    }
}

/// Cuts that were typed, previewed and activated, with some who bought in between. Gives their version and the run.
pub(super) async fn other_cuts(world: &mut World) -> (String, u64) {
    let made = done(world, "POST", "/v1/cuts/candidates", &typed_cuts(20)).await.json;
    let version = made["version"].as_str().unwrap().to_owned();
    let preview = job(world, "POST", &format!("/v1/cuts/{version}/preview"), &json!({})).await;
    for n in (0..BASE).step_by(4) {
        let bought = order(&mark(format!("touched{n}")), &customer(n), "2026-11-01", 4_000, &[2]);
        done(world, "POST", "/v1/orders", &bought).await;
    }
    done(world, "POST", &format!("/v1/cuts/{version}/activate"), &json!({ "preview": preview })).await;
    go_to(world, "2026-11-02");
    let run = world.run().await;
    assert!(run["counts"]["touched"].as_u64() > Some(0), "{run}");
    (version, run["run"].as_u64().unwrap())
}

/// A week of runs, and then all orders of every VIP are cancelled.
pub(super) async fn fallen_group(world: &mut World) {
    for day in 3..=11 {
        go_to(world, &format!("2026-11-{day:02}"));
        world.run().await;
    }
    for segment in ["r3f3m3", "r2f3m3", "r1f3m3"] {
        let page = world.get(&format!("/v1/segments/{segment}/customers?limit=1000")).await.json;
        for member in page["items"].as_array().unwrap() {
            let customer = member["customer"].as_str().unwrap();
            let story = world.get(&format!("/v1/customers/{customer}/history?limit=1000")).await.json;
            for told in story["items"].as_array().unwrap().iter().filter(|told| told["kind"] == "order") {
                let placed = &told["order"];
                let cancelled = json!({ "customer": customer, "time": placed["time"], "currency": "GBP", "total": placed["total"],
                    "revision": 2, "status": "cancelled" });
                done(world, "PUT", &format!("/v1/orders/{}", placed["id"].as_str().unwrap()), &cancelled).await;
            }
        }
    }
    go_to(world, "2026-11-12");
    let run = world.run().await;
    assert!(run["falls"].as_array().is_some_and(|falls| !falls.is_empty()), "{run}");
}

/// A run that is given up.
pub(super) async fn failed_run(world: &World) {
    let steps = Steps::new(world.driver.clone(), world.app.clock);
    let now = world.app.clock.now();
    let begun = resegment::begin_run(&world.driver, &acme(), TODAY.parse().unwrap(), false, now).await.unwrap();
    let what = What::Fail { error: "Run.Store".to_owned(), cause: mark("failure") };
    steps.step(&Step { shop: acme(), run: begun.run, what }, Until::done()).await.unwrap();
}

/// People of whom everything is known that can be. Gives who chose, and what.
pub(super) async fn people(world: &World) -> (String, Value) {
    let (ann, alias, friend, gone) = (mark("ann"), mark("alias"), mark("friend"), mark("gone"));
    for (id, customer, day) in [
        ("order-of-ann", &ann, "2026-11-10"),
        ("second-of-ann", &ann, "2026-11-15"),
        ("order-of-alias", &alias, "2026-11-12"),
        ("order-of-other", &mark("other"), "2026-11-13"),
        ("order-of-gone", &gone, "2026-11-14"),
    ] {
        done(world, "POST", "/v1/orders", &order(&mark(id), customer, day, 1_500, &[0, 3])).await;
    }
    let back = json!({ "id": mark("return-of-ann"), "order": mark("second-of-ann"), "time": "2026-11-16T10:00:00Z",
        "amount": 77 });
    done(world, "POST", "/v1/returns", &back).await;
    for (customer, by) in [(&ann, None), (&friend, Some(&ann))] {
        let mut told = json!({ "updated_at": "2026-11-17T10:00:00Z", "language": "en", "mailing_consent": true,
            "programme_since": "2025-01-01" });
        by.inspect(|by| told["referred_by"] = json!(by));
        done(world, "PUT", &format!("/v1/customers/{customer}"), &told).await;
    }
    done(world, "POST", "/v1/orders", &order(&mark("order-of-friend"), &friend, "2026-11-18", 900, &[1])).await;
    let said = json!({ "id": mark("answer-of-ann"), "customer": ann, "score": 1 });
    done(world, "POST", "/v1/surveys/nps/answers", &said).await;
    job(world, "POST", &format!("/v1/customers/{alias}/merge"), &json!({ "into": ann })).await;
    job(world, "DELETE", &format!("/v1/customers/{gone}"), &Value::Null).await;
    choice(world).await
}

/// A VIP who slips by their own rhythm may choose, unless they are held out: one of a few does.
async fn choice(world: &World) -> (String, Value) {
    for n in 0..8 {
        let chooser = mark(format!("chooser{n}"));
        for (nth, day) in ["05-26", "06-19", "07-13", "08-06", "08-30", "09-23"].iter().enumerate() {
            let bought = order(&mark(format!("chosen{n}-{nth}")), &chooser, &format!("2026-{day}"), 2_800, &[0, 3]);
            done(world, "POST", "/v1/orders", &bought).await;
        }
        let decision = world.get(&format!("/v1/customers/{chooser}/offers")).await.json["decision"].clone();
        let offers = decision["offers"].as_array().unwrap();
        let Some(offer) = offers.iter().find(|offer| offer["choice"].is_object()) else {
            assert!(n < 7, "{decision}");
            continue;
        };
        let choice = json!({ "id": mark("choice"), "series": offer["reason"]["campaign"],
            "category": offer["choice"]["categories"][0], "reward": offer["choice"]["rewards"][0]["code"],
            "days": offer["choice"]["days"] });
        done(world, "POST", &format!("/v1/customers/{chooser}/choices"), &choice).await;
        return (chooser, choice);
    }
    unreachable!()
}

pub(super) struct Rewards {
    pub(super) campaign: u64,
    pub(super) to_confirm: String,
    pub(super) to_release: String,
    /// Whose, and the code.
    pub(super) code: (String, String),
}

/// A campaign with a budget, and rewards in every state.
pub(super) async fn rewards(world: &World) -> Rewards {
    let series = mark("series");
    let campaign =
        done(world, "POST", "/v1/campaigns", &campaign(&series, true)).await.json["number"].as_u64().unwrap();
    done(world, "PUT", "/v1/budgets", &json!({ "series": series, "count": 1_000 })).await;
    world.ledger.forget_shop(&acme());
    let mut codes = Vec::new();
    for n in 0..40 {
        let offers =
            world.get(&format!("/v1/customers/{}/offers", customer(n))).await.json["decision"]["offers"].clone();
        let offer = offers.as_array().unwrap().iter().find(|offer| offer["reason"]["campaign"] == *series);
        codes.extend(offer.map(|offer| (customer(n), offer["code"].as_str().unwrap().to_owned())));
    }
    assert!(codes.len() > 6, "held out: {}", 40 - codes.len());
    let reserve = async |nth: usize| {
        let (customer, code) = &codes[nth];
        let sent = json!({ "code": code, "customer": customer, "order": mark(format!("cart{nth}")), "total": 4_999 });
        done(world, "POST", "/v1/redemptions", &sent).await.json["id"].as_str().unwrap().to_owned()
    };
    let (to_confirm, to_release, given_back) = (reserve(0).await, reserve(1).await, reserve(2).await);
    done(world, "POST", &format!("/v1/redemptions/{given_back}/confirm"), &Value::Null).await;
    let mut cart = order(&mark("cart2"), &codes[2].0, "2026-11-21", 4_999, &[0]);
    done(world, "POST", "/v1/orders", &cart).await;
    cart["status"] = json!("cancelled");
    cart["revision"] = json!(1);
    done(world, "PUT", &format!("/v1/orders/{}", mark("cart2")), &cart).await;
    let wrong = json!({ "code": codes[3].1, "customer": codes[4].0, "order": mark("wrong"), "total": 100 });
    assert_eq!(world.post("/v1/redemptions", &wrong).await.status, 422);
    Rewards { campaign, to_confirm, to_release, code: codes[5].clone() }
}

/// A hook that has taken an order and left one out. Gives its id and path.
pub(super) async fn hooks(world: &World) -> (String, String) {
    let made =
        done(world, "POST", "/v1/hooks", &json!({ "platform": "woocommerce", "secret": HOOK_SECRET })).await.json;
    let path = made["url"].as_str().unwrap().to_owned();
    for (n, customer) in [(901, 26), (902, 0)] {
        let body = super::public::delivery(n, customer);
        let answer = world.send(super::public::signed(&path, &body, HOOK_SECRET)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    (made["id"].as_str().unwrap().to_owned(), path)
}

/// An endpoint that has got events, got them again, and then refused some for a day. Gives its id, and who receives.
pub(super) async fn events(world: &World) -> (String, Receiver) {
    let receiver = Receiver::start().await;
    let url = format!("{}/{}", receiver.url("127.0.0.1"), mark("receiver"));
    let id = done(world, "POST", "/v1/endpoints", &json!({ "url": url })).await.json["id"].as_str().unwrap().to_owned();
    let (here, now) = (local(world).await, world.app.clock.now());
    happens(world, &mark("other"), &mark("answer-1")).await;
    here.once().await.unwrap();
    assert!(!receiver.take().is_empty(), "nothing was told");
    let replay = json!({ "from": now - TimeDelta::hours(1) });
    done(world, "POST", &format!("/v1/endpoints/{id}/replay"), &replay).await;
    here.once().await.unwrap();
    receiver.answer(500, None);
    happens(world, &mark("other"), &mark("answer-2")).await;
    here.once().await.unwrap();
    here.at(web::Clock::At(now + TimeDelta::hours(26))).once().await.unwrap();
    receiver.answer(200, None);
    let dead = world.get(&format!("/v1/endpoints/{id}/dead-letters")).await.json;
    assert_eq!(dead["items"].as_array().map(Vec::len), Some(1), "{dead}");
    (id, receiver)
}

/// Ids of keys; a revoked and an expired key, one of two scopes, and the id of one that may be replaced.
pub(super) async fn keys(world: &World) -> (Vec<String>, [String; 4]) {
    let mut ids = Vec::new();
    let mut make = async |asked: Value| {
        let made = done(world, "POST", "/v1/keys", &asked).await.json;
        ids.push(made["id"].as_str().unwrap().to_owned());
        (made["key"].as_str().unwrap().to_owned(), ids.last().unwrap().clone())
    };
    let (revoked, id) = make(json!({ "scopes": ["admin"], "name": mark("revokedkey") })).await;
    done(world, "DELETE", &format!("/v1/keys/{id}"), &Value::Null).await;
    let until = world.app.clock.now() + TimeDelta::milliseconds(1_500);
    let (expired, _) = make(json!({ "scopes": ["admin"], "name": mark("expiredkey"), "valid_until": until })).await;
    let (both, _) = make(json!({ "scopes": ["ingest", "checkout"], "name": mark("bothkey") })).await;
    let (_, kept) = make(json!({ "scopes": ["checkout"], "name": mark("keptkey") })).await;
    let left = (until - world.app.clock.now()).to_std().unwrap_or_default();
    tokio::time::sleep(left + std::time::Duration::from_millis(10)).await;
    (ids, [revoked, expired, both, kept])
}

/// A simulation, and an export that is given.
pub(super) async fn jobs(world: &World) -> u64 {
    job(world, "POST", "/v1/simulations", &json!({ "from": "2026-10-20", "until": "2026-11-20" })).await;
    job(world, "POST", "/v1/cuts/candidates", &json!({})).await;
    job(world, "POST", &format!("/v1/customers/{}/export", mark("ann")), &Value::Null).await
}
