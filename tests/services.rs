//! The queue, the bus and Step Functions, as far as our functions' calls go: it takes what comes, remembers it, and can refuse.
//! The store is never played here; that is the engine's.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A call: the operation, such as `AmazonSQS.SendMessageBatch`, and its input.
pub type Call = (String, Value);

/// A running server.
#[derive(Clone, Debug)]
pub struct Services {
    /// Where it listens.
    pub endpoint: String,
    state: Arc<Mutex<Calls>>,
}

#[derive(Debug, Default)]
struct Calls {
    seen: Vec<Call>,
    /// Text that makes an entry refused, wherever it stands in it.
    refused: Option<String>,
}

impl Services {
    /// Starts it on loopback.
    ///
    /// # Panics
    /// Where there is no loopback.
    pub async fn start() -> Services {
        #[expect(clippy::expect_used, reason = "without loopback no test can run")]
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback");
        #[expect(clippy::expect_used, reason = "as above")]
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::<Mutex<Calls>>::default();
        let routes = Router::new().fallback(take).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Services { endpoint, state }
    }

    /// From now on refuses entries in which this text stands; `None`: takes all.
    pub fn refuse(&self, text: Option<&str>) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).refused = text.map(str::to_owned);
    }

    /// The calls since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner).seen)
    }
}

async fn take(State(state): State<Arc<Mutex<Calls>>>, headers: HeaderMap, body: String) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default().to_owned();
    let input: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let refused = |entry: &Value| state.refused.as_ref().is_some_and(|text| entry.to_string().contains(text));
    let entries = input["Entries"].as_array().cloned().unwrap_or_default();
    let answer = match target.as_str() {
        "AmazonSQS.SendMessageBatch" => {
            let id = |entry: &Value| entry["Id"].as_str().unwrap_or_default().to_owned();
            let (failed, taken): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| refused(entry));
            let taken =
                taken.into_iter().map(|entry| json!({ "Id": id(entry), "MessageId": "m", "MD5OfMessageBody": "0" }));
            let failed = failed
                .into_iter()
                .map(|entry| json!({ "Id": id(entry), "Code": "InternalError", "SenderFault": false }));
            json!({ "Successful": taken.collect::<Vec<_>>(), "Failed": failed.collect::<Vec<_>>() })
        }
        "AmazonSQS.ChangeMessageVisibilityBatch" => {
            let kept = entries.iter().map(|entry| json!({ "Id": entry["Id"] }));
            json!({ "Successful": kept.collect::<Vec<_>>(), "Failed": [] })
        }
        "AWSEvents.PutEvents" => {
            let put = |entry: &Value| match refused(entry) {
                true => json!({ "ErrorCode": "InternalFailure", "ErrorMessage": "refused" }),
                false => json!({ "EventId": "e" }),
            };
            let failed = entries.iter().filter(|entry| refused(entry)).count();
            json!({ "FailedEntryCount": failed, "Entries": entries.iter().map(put).collect::<Vec<_>>() })
        }
        "AWSStepFunctions.StartExecution" => json!({ "executionArn": "arn:execution", "startDate": 1_700_000_000 }),
        _ => {
            return (StatusCode::BAD_REQUEST, json!({ "__type": "UnknownOperationException" }).to_string())
                .into_response();
        }
    };
    state.seen.push((target, input));
    ([("content-type", "application/x-amz-json-1.1")], answer.to_string()).into_response()
}
