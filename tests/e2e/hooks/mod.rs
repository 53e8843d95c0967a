//! Webhooks of platforms: what Shopify and WooCommerce send, signed as they sign it.

mod counts;
mod permutations;
mod shopify;
mod signatures;
mod woocommerce;

use axum::body::Body;
use axum::http::Request;
use data_encoding::BASE64;
use e2e::{Answer, World, acme};
use hmac::{Hmac, KeyInit, Mac};
use ledger::{CustomerId, StoryItem};
use segmentation::Flags;
use serde_json::{Value, json};
use sha2::Sha256;
use web::{App, Clock};

const SECRET: &str = "shpss_0123456789abcdef0123456789abcdef";

/// A hook of a shop, as its platform knows it.
struct Hook {
    platform: &'static str,
    path: String,
    secret: String,
}

impl Hook {
    async fn shopify(world: &World) -> Hook {
        Hook::made(world, "shopify").await
    }

    async fn woocommerce(world: &World) -> Hook {
        Hook::made(world, "woocommerce").await
    }

    async fn made(world: &World, platform: &'static str) -> Hook {
        let made = world.post("/v1/hooks", &json!({ "platform": platform, "secret": SECRET })).await;
        assert_eq!(made.status, 201, "{}", made.text);
        Hook { platform, path: made.json["url"].as_str().unwrap().to_owned(), secret: SECRET.to_owned() }
    }

    fn id(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    /// Sends a document as the platform does.
    async fn send(&self, world: &World, topic: &str, document: &Value) -> Answer {
        let body = document.to_string();
        let signature = sign(&self.secret, body.as_bytes());
        world.send(self.request(topic, body, Some(&signature))).await
    }

    fn request(&self, topic: &str, body: impl Into<Body>, signature: Option<&str>) -> Request<Body> {
        let (topics, signatures) = match self.platform {
            "shopify" => ("X-Shopify-Topic", "X-Shopify-Hmac-Sha256"),
            _ => ("X-WC-Webhook-Topic", "X-WC-Webhook-Signature"),
        };
        let request = Request::builder().method("POST").uri(&self.path).header(topics, topic);
        let request = request.header("content-type", "application/json");
        let request = signature.into_iter().fold(request, |request, signature| request.header(signatures, signature));
        request.body(body.into()).unwrap()
    }
}

fn sign(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(body);
    BASE64.encode(&mac.finalize().into_bytes())
}

/// A world at a moment.
async fn at(moment: &str) -> World {
    let mut world = World::on("2026-11-22").await;
    go_to(&mut world, moment);
    world
}

fn go_to(world: &mut World, moment: &str) {
    world.app = App::new(world.ledger.clone(), Clock::At(moment.parse().unwrap()));
    world.router = e2e::router(&world.app, &world.driver);
}

/// What a delivery came to: `recorded`, `duplicate`, or why it was ignored; all of them 200.
fn taken(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let told = if answer.json["status"] == "ignored" { &answer.json["reason"] } else { &answer.json["status"] };
    told.as_str().unwrap().to_owned()
}

/// A customer's orders that count: day and what is left of each.
async fn counted(world: &World, customer: &str) -> Vec<(String, i64)> {
    let id = CustomerId::try_from(customer.to_owned()).unwrap();
    let shop = world.ledger.shop(&acme()).await.unwrap().unwrap();
    let Some(known) = world.ledger.customer(&acme(), &id).await.unwrap() else { return Vec::new() };
    let rebuilt = world.ledger.rebuild(&shop, &id).await.unwrap();
    assert_eq!(rebuilt.as_ref(), Some(&known.profile), "the profile is the fold of the story");
    let orders = known.profile.orders.iter();
    let counted = orders.filter(|one| !one.flags.has(Flags::CANCELLED) && !one.flags.has(Flags::RETURNED));
    counted.map(|one| (one.day.to_string(), one.net.0)).collect()
}

/// The accepted orders and returns of a customer, without their places in the sequence, which depend on what came first.
async fn story(world: &World, customer: &str) -> Vec<String> {
    let id = CustomerId::try_from(customer.to_owned()).unwrap();
    let page = world.ledger.history(&acme(), &id, None, 1_000).await.unwrap();
    let told = |item: &StoryItem| match item {
        StoryItem::Order { hash, order, .. } => Some(format!("{:?} {hash}", order.revision)),
        StoryItem::Return { hash, returned, .. } => Some(format!("{:?} {hash}", returned.sent)),
        _ => None,
    };
    let mut story: Vec<String> = page.items.iter().filter_map(told).collect();
    story.sort();
    story
}

/// A document with some fields changed, by their pointers.
fn with(document: &str, changes: &[(&str, Value)]) -> Value {
    let mut document: Value = serde_json::from_str(document).unwrap();
    for (pointer, value) in changes {
        match document.pointer_mut(pointer) {
            Some(field) => *field = value.clone(),
            None => {
                let (at, name) = pointer.rsplit_once('/').unwrap();
                document.pointer_mut(at).unwrap()[name] = value.clone();
            }
        }
    }
    document
}
