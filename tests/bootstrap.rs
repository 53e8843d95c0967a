//! A function's real binary, under a Lambda Runtime API on loopback.
//!
//! Source of the protocol: "Using the Lambda runtime API for custom runtimes", AWS Lambda Developer Guide (2018-06-01).

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as InPath, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot, watch};

/// The trace that every invocation belongs to.
pub const TRACE: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1";

/// How long an invocation may take, as the function is told.
const ALLOWED: Duration = Duration::from_secs(30);

/// Where the functions' binaries lie: `TERCILE_BOOTSTRAPS`, or where cargo puts those of the profile that this one was built in
/// (`cargo build --workspace --bins --examples` makes them).
///
/// # Panics
/// Where this process has no path.
#[must_use]
#[expect(clippy::expect_used, reason = "a test binary lies two directories below")]
#[expect(clippy::disallowed_methods, reason = "binaries of another machine are run by a script")]
pub fn built() -> PathBuf {
    if let Ok(elsewhere) = std::env::var("TERCILE_BOOTSTRAPS") {
        return elsewhere.into();
    }
    let own = std::env::current_exe().expect("a path of our own");
    own.parent().and_then(Path::parent).expect("target/PROFILE").to_owned()
}

/// What an invocation came to.
pub type Answered = Result<Value, Failure>;

/// An invocation that the function answered as an error, in the runtime's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `errorType`.
    pub kind: String,
    /// `errorMessage`.
    pub message: String,
}

/// An event that waits, and who waits for its answer.
struct Waiting {
    event: Bytes,
    answer: oneshot::Sender<Answered>,
}

struct Api {
    events: AsyncMutex<mpsc::UnboundedReceiver<Waiting>>,
    asked: Mutex<HashMap<String, oneshot::Sender<Answered>>>,
    polled: watch::Sender<Option<Instant>>,
    numbers: AtomicU64,
}

/// A running function.
pub struct Bootstrap {
    child: Child,
    events: mpsc::UnboundedSender<Waiting>,
    polled: watch::Receiver<Option<Instant>>,
    lines: Arc<Mutex<Vec<String>>>,
    started: Instant,
}

impl Bootstrap {
    /// Starts this program with these variables and no others.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub async fn start(program: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Bootstrap {
        #[expect(clippy::expect_used, reason = "without loopback no test can run")]
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback");
        #[expect(clippy::expect_used, reason = "as above")]
        let address = listener.local_addr().expect("an address").to_string();
        let (events, waiting) = mpsc::unbounded_channel();
        let (polled, first_poll) = watch::channel(None);
        let api = Arc::new(Api {
            events: AsyncMutex::new(waiting),
            asked: Mutex::default(),
            polled,
            numbers: AtomicU64::default(),
        });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .with_state(api);
        tokio::spawn(async move { axum::serve(listener, routes).await });

        let started = Instant::now();
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", &address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "under-test")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}; cargo build --workspace --bins --examples", program.display())
            });
        let lines = Arc::new(Mutex::new(Vec::new()));
        if let Some(output) = child.stdout.take() {
            let lines = Arc::clone(&lines);
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
            });
        }
        Bootstrap { child, events, polled: first_poll, lines, started }
    }

    /// The process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it asks for its first event; how long that took since it was started.
    ///
    /// # Panics
    /// Where it ends before.
    pub async fn ready(&mut self) -> Duration {
        #[expect(clippy::expect_used, reason = "the server lives as long as this")]
        let at = *self.polled.wait_for(Option::is_some).await.expect("a server");
        at.map_or(Duration::ZERO, |at| at - self.started)
    }

    /// Hands it an event and waits for the answer.
    ///
    /// # Panics
    /// Where none comes: the process is gone, or hangs.
    pub async fn invoke(&self, event: &Value) -> Answered {
        let (answer, answered) = oneshot::channel();
        let event = Bytes::from(event.to_string());
        // Where nobody takes it, the answer does not come either.
        drop(self.events.send(Waiting { event, answer }));
        #[expect(clippy::expect_used, reason = "a function that does not answer is a failed test")]
        tokio::time::timeout(ALLOWED * 2, answered).await.expect("an answer in time").expect("an answer")
    }

    /// What it has written so far, line by line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first `count` lines that are metrics; waits for them, as a line is written after its answer.
    pub async fn metrics(&self, count: usize) -> Vec<Value> {
        loop {
            let parsed = self.lines().into_iter().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
            let metrics: Vec<Value> = parsed.filter(|line| line.get("_aws").is_some()).collect();
            if metrics.len() >= count {
                return metrics;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

impl Drop for Bootstrap {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A request as an HTTP API hands it on (payload format 2.0): `path` is decoded, the query is not.
#[must_use]
pub fn request(method: &str, path: &str, query: &str, token: &str, body: Option<&str>) -> Value {
    let mut event = json!({
        "version": "2.0",
        "routeKey": "GET /whatever/{id}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {
            "accept": "*/*",
            "authorization": format!("Bearer {token}"),
            "content-type": "application/json",
            "host": "aaaaaaaaaa.execute-api.eu-central-1.amazonaws.com",
            "x-amzn-trace-id": "Root=1-5e9f0c65-1de4d666d4dd26aced652b6c",
            "x-forwarded-for": "203.0.113.9",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https"
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "aaaaaaaaaa",
            "domainName": "aaaaaaaaaa.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "aaaaaaaaaa",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9", "userAgent": "curl/8.5.0" },
            "requestId": "LV7fzho-PHcEJPw=",
            "routeKey": "GET /whatever/{id}",
            "stage": "$default",
            "time": "22/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1_795_348_800_000_u64
        },
        "isBase64Encoded": false
    });
    if let Some(body) = body {
        event["body"] = body.into();
    }
    event
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    api.polled.send_if_modified(|at| {
        let first = at.is_none();
        at.get_or_insert_with(Instant::now);
        first
    });
    let Some(Waiting { event, answer }) = api.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    // As the service writes them: 8-4-4-4-12.
    let id = format!("8476a536-e9f4-11e8-9739-{:012}", api.numbers.fetch_add(1, Ordering::Relaxed));
    api.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), answer);
    let deadline = web::Clock::System.now().timestamp_millis() + i64::try_from(ALLOWED.as_millis()).unwrap_or_default();
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", id),
        ("Lambda-Runtime-Deadline-Ms", deadline.to_string()),
        (
            "Lambda-Runtime-Invoked-Function-Arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:under-test".to_owned(),
        ),
        ("Lambda-Runtime-Trace-Id", TRACE.to_owned()),
        ("Content-Type", "application/json".to_owned()),
    ];
    (headers, event).into_response()
}

fn answer(api: &Api, id: &str, answered: Answered) -> StatusCode {
    let waiting = api.asked.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    match waiting.map(|waiting| waiting.send(answered)) {
        Some(Ok(())) => StatusCode::ACCEPTED,
        _ => StatusCode::BAD_REQUEST,
    }
}

async fn response(State(api): State<Arc<Api>>, InPath(id): InPath<String>, body: Bytes) -> StatusCode {
    answer(&api, &id, Ok(serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

async fn error(State(api): State<Arc<Api>>, InPath(id): InPath<String>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let told: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let header = headers.get("lambda-runtime-function-error-type").and_then(|kind| kind.to_str().ok());
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let kind = if told["errorType"].is_string() { text("errorType") } else { header.unwrap_or_default().to_owned() };
    answer(&api, &id, Err(Failure { kind, message: text("errorMessage") }))
}
