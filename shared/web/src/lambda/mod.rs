//! A function as a Lambda binary: its environment, its client, its logs.

mod environment;
mod metrics;
mod tls;

use std::num::NonZeroU32;
use std::time::Duration;

use aws_types::SdkConfig;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use ledger::{CodeSecrets, KeySecret, Ledger, Secrets, Tables};
use tokio::time::Instant;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::app::App;
use crate::clock::Clock;
use crate::deadline::Until;
use crate::finish::finish;
use crate::problem::Problem;
use crate::rate::Rate;

pub use environment::{StartError, sdk_config, variable};
pub use metrics::{Invocation, Metrics};

/// Requests a second of a key in one environment, where nobody says otherwise. An environment serves one request after the other, so
/// this stops one that calls without a pause for long.
const RATE_PER_KEY: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);

/// What a request that is given up leaves of the invocation's time, to say so.
const TO_ANSWER: Duration = Duration::from_millis(300);

/// Logs as JSON lines, filtered by `RUST_LOG`; each line that belongs to an invocation has its request and X-Ray trace ids, by the
/// runtime's own span.
pub fn start_logs() {
    // By target and level alone: a filter that knows fields and spans brings a regular-expression engine with it.
    let filter: Targets = variable("RUST_LOG").ok().and_then(|filter| filter.parse().ok()).unwrap_or_default();
    let lines = tracing_subscriber::fmt::layer().json().with_current_span(true).with_span_list(false).without_time();
    tracing_subscriber::registry().with(lines).with(filter).init();
}

/// The state from the environment, with the connection to the store opened while the environment starts.
///
/// # Errors
/// [`StartError::Variable`] when one is missing.
pub async fn app(config: &SdkConfig, metrics: &Metrics) -> Result<App, StartError> {
    let tables = Tables {
        customers: variable("CUSTOMERS_TABLE")?,
        ledger: variable("LEDGER_TABLE")?,
        shops: variable("SHOPS_TABLE")?,
    };
    let secrets = Secrets {
        keys: KeySecret::new(variable("CUSTOMER_KEY_SECRET")?),
        codes: CodeSecrets::new(
            variable("CODE_SECRET")?,
            variable("PREVIOUS_CODE_SECRET").ok().map(String::into_bytes),
        ),
    };
    let config = aws_sdk_dynamodb::config::Builder::from(config).interceptor(metrics.units()).build();
    let ledger = Ledger::new(aws_sdk_dynamodb::Client::from_conf(config), tables, secrets);
    // The first call pays the TLS handshake; better here than in a customer's checkout.
    let began = Instant::now();
    match tokio::time::timeout(Duration::from_secs(1), ledger.warm_up()).await {
        Ok(Ok(())) => tracing::info!(warm_up_us = began.elapsed().as_micros() as u64, "connected to the store"),
        Ok(Err(error)) => tracing::warn!(%error, "warm-up read failed"),
        Err(_) => tracing::warn!("warm-up read took more than a second"),
    }
    // Not set where no letter is written.
    let public_url = variable("PUBLIC_URL").unwrap_or_default();
    Ok(App::new(ledger, Clock::System).with_rate(rate()).with_public_url(&public_url))
}

/// Requests a second of a key in one environment, by the variable `RATE_PER_KEY`.
fn rate() -> Rate {
    let told = variable("RATE_PER_KEY").ok().and_then(|told| told.parse().ok());
    Rate::per_second(told.unwrap_or(RATE_PER_KEY))
}

/// Serves a function's router until Lambda ends it.
///
/// # Errors
/// [`StartError`] when it cannot start.
pub async fn serve(function: &'static str, router: impl FnOnce(&App) -> Router<App>) -> Result<(), StartError> {
    start_logs();
    let metrics = Metrics::of(function);
    let app = app(&sdk_config()?, &metrics).await?;
    let service = finish(router(&app), app).layer(from_fn(as_it_was_sent)).layer(from_fn_with_state(metrics, measured));
    lambda_http::run(service).await.map_err(StartError::from)
}

/// How long the invocation has, by Lambda's own deadline (milliseconds since 1970).
fn until_cut_off(deadline: u64) -> Duration {
    let now = u64::try_from(Clock::System.now().timestamp_millis()).unwrap_or_default();
    Duration::from_millis(deadline.saturating_sub(now))
}

async fn measured(State(metrics): State<Metrics>, mut request: Request, next: Next) -> Response {
    let context = request.extensions().get::<lambda_http::Context>();
    let mut invocation = metrics.begin(
        context.map(|context| context.request_id.as_str()),
        context.and_then(|context| context.xray_trace_id.as_deref()),
    );
    let left = context.map(|context| until_cut_off(context.deadline));
    if let Some(left) = left {
        request.extensions_mut().insert(Until(Instant::now() + left.saturating_sub(TO_ANSWER)));
    }
    let method = request.method().clone();
    let response = next.run(request).await;
    let route = response.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    invocation.answered(method.as_str(), route, response.status().as_u16());
    response
}

/// Refuses a path that says something else than what the gateway handed over. A gateway decodes paths, and what it decoded is read as
/// an address once more: there `#` and `?` end the path, tabs are nothing and `..` goes up, so `/v1/customers/ann%23b` would be
/// Ann's; and a `%` that is left would be decoded once more. Ids in path form (law 16) have none of that.
async fn as_it_was_sent(request: Request, next: Next) -> Response {
    let handed_over = lambda_http::RequestExt::raw_http_path(&request);
    if handed_over == request.uri().path() && !handed_over.contains('%') {
        next.run(request).await
    } else {
        Problem::field("path", "has a character that cannot stand in one: such an id is ~ and its base64url")
            .into_response()
    }
}
