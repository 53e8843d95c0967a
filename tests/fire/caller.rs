//! A user of the API who does as users should: what was not answered well is sent again, the same, after a short pause.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::sync::watch;

use crate::processes::Keeper;

/// A request that takes longer is given up: the server is gone without a word.
const PATIENCE: Duration = Duration::from_secs(30);
/// After so many tries something is wrong for good.
const TRIES: usize = 2_000;

/// What all callers met.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Tallied>);

#[derive(Debug, Default)]
struct Tallied {
    answers: BTreeMap<u16, u64>,
    wrong: Vec<String>,
}

impl Tally {
    fn tallied(&self) -> MutexGuard<'_, Tallied> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn answers(&self) -> BTreeMap<u16, u64> {
        self.tallied().answers.clone()
    }

    pub(super) fn wrong(&self) -> Vec<String> {
        self.tallied().wrong.clone()
    }

    /// Something is as it must not be.
    pub(super) fn is_wrong(&self, what: String) {
        self.tallied().wrong.push(what);
    }
}

/// A definite answer, after any number of tries.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) json: Value,
}

impl Answer {
    pub(super) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The problem's name, such as `budget-exhausted`.
    pub(super) fn problem(&self) -> &str {
        self.json["type"].as_str().and_then(|kind| kind.rsplit(':').next()).unwrap_or_default()
    }
}

/// A caller of its own. Cheap to clone.
#[derive(Clone)]
pub(super) struct Caller {
    servers: Arc<[watch::Receiver<Option<String>>]>,
    http: Client<HttpConnector, Full<Bytes>>,
    token: Arc<str>,
    tally: Arc<Tally>,
    rng: Arc<Mutex<Rng>>,
}

impl Caller {
    pub(super) fn new(servers: &[Keeper], token: &str, tally: &Arc<Tally>, rng: Rng) -> Caller {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Caller {
            servers: servers.iter().map(Keeper::watch).collect(),
            http: Client::builder(TokioExecutor::new()).build(connector),
            token: token.into(),
            tally: Arc::clone(tally),
            rng: Arc::new(Mutex::new(rng)),
        }
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    fn draw(&self, below: u64) -> u64 {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).u64(0..below)
    }

    /// Sends until there is a definite answer, good or not.
    pub(super) async fn insist(&self, method: &str, path: &str, body: &Value) -> Answer {
        for _ in 0..TRIES {
            if let Some(answer) = self.once(method, path, body).await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(1 + self.draw(40))).await;
        }
        self.tally.is_wrong(format!("{method} {path}: no definite answer in {TRIES} tries"));
        Answer { status: 0, json: Value::Null }
    }

    /// Sends once. `None`: not answered, or to be sent again.
    pub(super) async fn once(&self, method: &str, path: &str, body: &Value) -> Option<Answer> {
        let answered = tokio::time::timeout(PATIENCE, self.exchange(method, path, body)).await.ok().flatten();
        let status = answered.as_ref().map_or(0, |answer| answer.status);
        *self.tally.tallied().answers.entry(status).or_default() += 1;
        let answer = answered.filter(|answer| answer.status != 503)?;
        if answer.status >= 500 {
            self.tally.is_wrong(format!("{method} {path}: {} {}", answer.status, answer.json));
            return None;
        }
        Some(answer)
    }

    async fn exchange(&self, method: &str, path: &str, body: &Value) -> Option<Answer> {
        let up: Vec<String> = self.servers.iter().filter_map(|server| server.borrow().clone()).collect();
        if up.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            return None;
        }
        let server = &up[usize::try_from(self.draw(up.len() as u64)).unwrap_or(0)];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::builder().method(method).uri(format!("{server}{path}"));
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let answer = self.http.request(request.body(Full::from(body)).ok()?).await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.ok()?.to_bytes();
        Some(Answer { status, json: serde_json::from_slice(&body).unwrap_or_default() })
    }
}
