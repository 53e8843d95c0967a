//! `GET /v1/openapi.json`: what this API is, for machines. It asks for no key: it is in the repository too.

use std::io::Read;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;
use web::Problem;

/// Made of the routes' list; a test fails where it is not what they say. `build.rs` packs it, to a tenth.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz"));

pub(crate) async fn show() -> Result<Response, Problem> {
    let mut document = String::new();
    GzDecoder::new(PACKED).read_to_string(&mut document).map_err(|error| Problem::internal(&error))?;
    Ok(([(CONTENT_TYPE, "application/json")], document).into_response())
}
