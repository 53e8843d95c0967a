//! The component under a real host: built with a shop's bundle, served, and asked what the origin is asked.
//!
//! `cargo test --workspace --test e2e edge::host -- --ignored` (README.md says what it needs).

use std::path::PathBuf;
use std::process::Command;

use e2e::components::{Built, Served, root};
use segmentation::Segment;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::at_the_origin;
use super::shop::{self, ISSUED, MOMENTS, at, bundle, carts, customer, seconds, token};

/// A component being served, at a time that the test says.
struct Host {
    served: Served,
    clock: PathBuf,
    _built: Built,
}

impl Host {
    #[expect(clippy::disallowed_methods, reason = "tools of this machine are named by who runs the test")]
    async fn of(bundle: &[u8]) -> Host {
        let built = Built::with(bundle);
        println!("{}", built.sizes);
        let clock = built.file("clock");
        let jco = std::env::var("TERCILE_JCO").unwrap_or_else(|_| "jco".to_owned());
        let told = Command::new(&jco).arg("wit").arg(built.file("edge-http.wasm")).output().unwrap();
        let world = String::from_utf8(told.stdout).unwrap();
        assert!(world.contains("export wasi:http/incoming-handler@"), "{world}");
        for foreign in ["wasi:filesystem", "wasi:sockets", "wasi:cli", "wasi:random"] {
            assert!(!world.contains(&format!("import {foreign}")), "wasi:http/proxy has all that it needs: {world}");
        }
        let served = Served::by(|port| {
            let mut command = Command::new(jco);
            command.args(["serve", "--host", "127.0.0.1", "--port", &port.to_string()]);
            command.arg(built.file("edge-http.wasm"));
            command.env("NODE_OPTIONS", format!("--require {}", root().join("tests/edge/clock.js").display()));
            command.env("TERCILE_EDGE_CLOCK", &clock);
            command
        });
        Host { served: served.await, clock, _built: built }
    }

    fn clock(&self, moment: &str) {
        std::fs::write(&self.clock, seconds(moment).to_string()).unwrap();
    }

    async fn ask(&self, token: Option<&str>, path: &str, cart: &Value) -> Option<(u16, Value)> {
        let body = if cart.is_null() { String::new() } else { cart.to_string() };
        let method = if body.is_empty() { "GET" } else { "POST" };
        let (status, body) = self.served.ask(method, path, token, body.into()).await?;
        Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the WebAssembly tools: see README"]
async fn the_component_answers_as_the_origin_does() {
    let mut world = shop::shop().await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let host = Host::of(&bundle(&world, &origin).await).await;
    let mut tokens = Vec::new();
    for segment in Segment::all() {
        tokens.push((customer(segment), token(&world, &customer(segment), 168).await));
    }
    let mut compared = 0;
    for moment in MOMENTS {
        at(&mut world, moment);
        host.clock(moment);
        for (customer, token) in &tokens {
            for (query, cart) in carts() {
                let (status, mut here) = host.ask(Some(token), &format!("/offers{query}"), &cart).await.unwrap();
                let there = at_the_origin(&world, token, query, &cart).await;
                assert_eq!((status, &here["source"]), (200, &json!("edge")), "{customer} at {moment}: {here}");
                here["source"] = json!("origin");
                assert_eq!(here, there.json, "{customer} at {moment} with {cart}{query}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 27 * MOMENTS.len() * 3);

    // Over: the origin is asked, and while it is not there, nobody is rewarded.
    let over = "2026-04-02T12:00:00Z";
    at(&mut world, over);
    host.clock(over);
    let (_, token) = &tokens[26];
    let (status, alone) = host.ask(Some(token), "/offers", &Value::Null).await.unwrap();
    assert_eq!((status, &alone["degraded"], &alone["known"]), (200, &json!(true), &json!(false)), "{alone}");
    let router = world.router.clone();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let (_, handed_on) = host.ask(Some(token), "/offers", &Value::Null).await.unwrap();
    assert_eq!(handed_on, at_the_origin(&world, token, "", &Value::Null).await.json);
    assert_eq!(handed_on["source"], "origin");
    serving.abort();

    host.clock(ISSUED);
    let mut changed = token.clone();
    changed.replace_range(60..61, if token[60..].starts_with('A') { "B" } else { "A" });
    let (_, public) = host.ask(None, "/offers", &Value::Null).await.unwrap();
    assert_eq!(host.ask(Some(&changed), "/offers", &Value::Null).await.unwrap().1, public);
    assert_eq!(host.ask(Some(token), "/offers", &json!({ "basket": 1 })).await.unwrap().0, 422);
}
