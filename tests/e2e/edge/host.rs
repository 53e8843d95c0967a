//! The component under a real host: built with a shop's bundle, served, and asked what the origin is asked.
//!
//! `cargo test --workspace --test e2e edge::host -- --ignored` (README.md says what it needs).

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use segmentation::Segment;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::at_the_origin;
use super::shop::{self, ISSUED, MOMENTS, at, bundle, carts, customer, seconds, token};

/// How long a host may take to be there.
const PATIENCE: Duration = Duration::from_secs(60);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// A component being served, at a time that the test says.
struct Host {
    process: Child,
    url: String,
    clock: PathBuf,
    client: Client<HttpConnector, Full<Bytes>>,
    _directory: tempfile::TempDir,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Host {
    /// Builds the component and serves it on loopback.
    async fn of(bundle: Vec<u8>) -> Host {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("bundle"), bundle).unwrap();
        let built = Command::new(root().join("infra/edge/build"))
            .args(["--bundle".as_ref(), at("bundle").as_os_str(), "--out".as_ref(), directory.path().as_os_str()])
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        println!("{}", String::from_utf8_lossy(&built.stdout));
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let jco = std::env::var("TERCILE_JCO").expect("TERCILE_JCO names jco, see README");
        let process = Command::new(jco)
            .args(["serve", "--host", "127.0.0.1", "--port", &port.to_string()])
            .arg(at("edge-http.wasm"))
            .env("NODE_OPTIONS", format!("--require {}", root().join("tests/edge/clock.js").display()))
            .env("TERCILE_EDGE_CLOCK", at("clock"))
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let host = Host {
            process,
            url: format!("http://127.0.0.1:{port}"),
            clock: at("clock"),
            client: Client::builder(TokioExecutor::new()).build_http(),
            _directory: directory,
        };
        let begun = Instant::now();
        while host.ask(None, "/offers", &Value::Null).await.is_none() {
            assert!(begun.elapsed() < PATIENCE, "the component is not served");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        host
    }

    fn clock(&self, moment: &str) {
        std::fs::write(&self.clock, seconds(moment).to_string()).unwrap();
    }

    /// Status and body; `None`: nobody is there.
    async fn ask(&self, token: Option<&str>, path: &str, cart: &Value) -> Option<(u16, Value)> {
        let body = if cart.is_null() { String::new() } else { cart.to_string() };
        let method = if body.is_empty() { "GET" } else { "POST" };
        let request = hyper::Request::builder().method(method).uri(format!("{}{path}", self.url));
        let request = token
            .into_iter()
            .fold(request, |request, token| request.header("cookie", format!("theme=dark; tercile_token={token}")));
        let answer = self.client.request(request.body(Full::new(body.into())).unwrap()).await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.ok()?.to_bytes();
        Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the WebAssembly tools: see README"]
async fn the_component_answers_as_the_origin_does() {
    let mut world = shop::shop().await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let host = Host::of(bundle(&world, &origin).await).await;
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
    assert_eq!(host.ask(Some(token), "/offers", &json!({ "basket": 1 })).await.unwrap().0, 400);
}
