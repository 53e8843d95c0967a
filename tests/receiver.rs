//! A shop's receiver of events, on loopback: it remembers what came and answers as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// One request.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as it came.
    pub text: String,
    /// Its body as JSON.
    pub event: Value,
}

impl Arrived {
    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Customer and sequence.
    #[must_use]
    pub fn whose(&self) -> (String, u64) {
        (self.event["customer"].as_str().unwrap_or_default().to_owned(), self.event["sequence"].as_u64().unwrap_or(0))
    }
}

#[derive(Debug)]
struct Seen {
    arrived: Vec<Arrived>,
    answer: (StatusCode, Option<String>),
}

/// A receiver.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    server: Option<JoinHandle<()>>,
}

impl Receiver {
    /// One that takes everything.
    pub async fn start() -> Receiver {
        let seen = Seen { arrived: Vec::new(), answer: (StatusCode::OK, None) };
        let mut receiver =
            Receiver { address: SocketAddr::from(([127, 0, 0, 1], 0)), seen: Arc::new(Mutex::new(seen)), server: None };
        receiver.up().await;
        receiver
    }

    /// Its address, under any name for this machine.
    #[must_use]
    pub fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/hook", self.address.port())
    }

    /// From now on answers so; a redirect with where to.
    pub fn answer(&self, status: u16, location: Option<&str>) {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
        self.seen().answer = (status, location.map(str::to_owned));
    }

    /// Stops listening.
    pub async fn down(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
            // The socket is closed when the task is gone.
            server.await.ok();
        }
    }

    /// Listens, again at the same port.
    #[expect(clippy::expect_used, reason = "without loopback no test can run")]
    pub async fn up(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("loopback");
        self.address = listener.local_addr().expect("an address");
        let routes = Router::new().fallback(take).with_state(Arc::clone(&self.seen));
        self.server = Some(tokio::spawn(async move { axum::serve(listener, routes).await.unwrap_or_default() }));
    }

    /// What came since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<Arrived> {
        std::mem::take(&mut self.seen().arrived)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn take(State(seen): State<Arc<Mutex<Seen>>>, headers: HeaderMap, text: String) -> Response {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let event = serde_json::from_str(&text).unwrap_or(Value::Null);
    seen.arrived.push(Arrived { headers, text, event });
    let (status, location) = seen.answer.clone();
    let mut response = status.into_response();
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(&location).ok()) {
        response.headers_mut().insert(HeaderName::from_static("location"), location);
    }
    response
}
