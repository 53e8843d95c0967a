//! `GET /v1/openapi.json`: what this API is, for machines. It asks for no key: it is in the repository too.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// Made of the routes' list; a test fails where it is not what they say. `build.rs` takes it from docs/openapi.json, without blanks.
const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

pub(crate) async fn show() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}
