//! What platforms send to hooks: read by itself, and what reads, signed, through the API.

use axum::http::Request;
use data_encoding::BASE64;
use e2e::World;
use hmac::{Hmac, KeyInit, Mac};
use purchases::hooks::{LeftOut, Money, Told, shopify, woocommerce};
use serde_json::json;
use sha2::Sha256;
use web::{App, Clock};

use super::orders::rebuilt;
use super::{Form, Target, Verdict, fuzz};

const POUNDS: Money = Money { code: "GBP", digits: 2 };
const SECRET: &str = "a secret that a fuzzer knows";
/// Stands in the corpus where people stand in what platforms send; no answer may repeat it.
const PERSONAL: &str = "ann@example.com";

type Parse = fn(&str, &[u8], Money) -> Result<Told, LeftOut>;

struct Sends {
    platform: &'static str,
    topics: &'static [&'static str],
    headers: [&'static str; 2],
    parse: Parse,
}

#[test]
fn what_shopify_might_send_is_taken_or_left_out() {
    let headers = ["x-shopify-topic", "x-shopify-hmac-sha256"];
    let topics = &["orders/create", "orders/updated", "orders/cancelled", "refunds/create"];
    let target = Target { name: "shopify", form: Form::Json, cases: 1_200, at_least: 15, kinds: 40 };
    sent(&target, &Sends { platform: "shopify", topics, headers, parse: shopify::parse });
}

#[test]
fn what_woocommerce_might_send_is_taken_or_left_out() {
    let headers = ["x-wc-webhook-topic", "x-wc-webhook-signature"];
    let topics = &["order.created", "order.updated"];
    let target = Target { name: "woocommerce", form: Form::Json, cases: 1_200, at_least: 15, kinds: 30 };
    sent(&target, &Sends { platform: "woocommerce", topics, headers, parse: woocommerce::parse });
}

fn sent(target: &Target, sends: &Sends) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut world = runtime.block_on(World::on("2026-11-22"));
    world.app = App::new(world.ledger.clone(), Clock::At("2026-11-22T12:00:00Z".parse().unwrap()));
    world.router = e2e::router(&world.app, &world.driver);
    let made = runtime.block_on(world.post("/v1/hooks", &json!({ "platform": sends.platform, "secret": SECRET })));
    let path = made.json["url"].as_str().unwrap().to_owned();
    fuzz(target, |input| {
        let mut met = Vec::new();
        let mut read = None;
        for topic in sends.topics {
            match (sends.parse)(topic, input, POUNDS) {
                Ok(told) => {
                    sound(&told);
                    read.get_or_insert(*topic);
                    met.push("read".to_owned());
                }
                Err(out) => {
                    assert!(!out.detail.is_empty() && !out.detail.contains(PERSONAL), "{}", out.detail);
                    let detail = out.detail.chars().filter(|sign| !sign.is_ascii_digit()).take(40).collect::<String>();
                    met.push(format!("{:?} {detail}", out.reason));
                }
            }
        }
        met.dedup();
        // Any topic is as good as another one for what does not read.
        let topic = read.unwrap_or(sends.topics[0]);
        let signature = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(input).finalize();
        let request = Request::builder().method("POST").uri(&path).header(sends.headers[0], topic);
        let request = request.header(sends.headers[1], BASE64.encode(&signature.into_bytes()));
        let answer = runtime.block_on(world.send(request.body(input.to_vec().into()).unwrap()));
        // A platform ends a hook that fails: only what sending again can help is refused.
        let again = answer.status == 409 && answer.told().1 == "order-unknown";
        assert!(answer.status == 200 || again, "{topic}: {} {}", answer.status, answer.text);
        assert!(!answer.text.contains(PERSONAL), "{}", answer.text);
        met.push(format!("{} {}", answer.json["status"], answer.json["reason"]));
        let taken = answer.json["status"] == "recorded" || answer.json["status"] == "duplicate" || again;
        Verdict { taken, met: met.join("; ") }
    });
    runtime.block_on(rebuilt(&world));
}

/// What is read can be kept: no amount is below zero.
fn sound(told: &Told) {
    match told {
        Told::Order(order) => {
            assert!(order.total.0 >= 0, "{order:?}");
            assert!(order.lines.iter().all(|line| line.amount.0 >= 0), "{order:?}");
        }
        Told::Refund { returns, .. } => assert!(returns.len() < 100_000),
    }
}
