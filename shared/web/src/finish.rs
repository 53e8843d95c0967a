//! The outside of every function's router: body limit, deadline, unknown paths, and which route answered.

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tokio::time::Instant;

use crate::app::App;
use crate::body::MAX_BODY;
use crate::deadline::in_time;
use crate::problem::Problem;

/// Makes routers a service.
pub fn finish(router: Router<App>, app: App) -> Router {
    router
        .fallback(|| async { Problem::not_found("there is no such path") })
        .method_not_allowed_fallback(|| async {
            let detail = "this path is not called by this method";
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Wrong method", detail)
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(in_time))
        .layer(from_fn(name_route))
        .with_state(app)
}

/// Tells those outside which route answered: its pattern and not the path, as ids are personal and stay out of logs.
async fn name_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// One line of log per request, for machines that have no metrics of their own.
pub async fn log_request(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let response = next.run(request).await;
    let route = response.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let took = started.elapsed().as_micros();
    tracing::info!(%method, route, status = response.status().as_u16(), took_us = took, "request");
    response
}
