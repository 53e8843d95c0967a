//! Long lists: pages with an opaque cursor, as JSON, NDJSON or CSV (law 18).

use axum::Json;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Format {
    /// One document: `{"items": […], "next": "…"}`.
    Json,
    /// A document per line; the cursor is in the header `tercile-next`.
    Ndjson,
    /// A row per item under a header; the cursor is in the header `tercile-next`.
    Csv,
}

/// `?cursor=…&limit=…&format=…`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PageQuery {
    /// Where a page before this one ended, as it said.
    cursor: Option<String>,
    /// How many items at most; by default 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1000)))]
    limit: Option<usize>,
    /// By default as `Accept` says, else json.
    format: Option<Format>,
}

impl PageQuery {
    /// The most items of one page.
    pub const MAX: usize = 1000;

    /// For a list whose query has fields of its own besides these.
    #[must_use]
    pub fn new(cursor: Option<String>, limit: Option<usize>, format: Option<Format>) -> PageQuery {
        PageQuery { cursor, limit, format }
    }

    /// Items wanted: 100 if nothing is said.
    ///
    /// # Errors
    /// 422 outside 1 to 1000.
    pub fn limit(&self) -> Result<usize, Problem> {
        match self.limit.unwrap_or(100) {
            limit @ 1..=PageQuery::MAX => Ok(limit),
            _ => Err(Problem::field("limit", format!("is from 1 to {}", PageQuery::MAX))),
        }
    }

    /// The position that a cursor of ours stands for.
    ///
    /// # Errors
    /// 422 when it is none of ours.
    pub fn position(&self) -> Result<Option<String>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok();
        let position = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).filter(|text| !text.is_empty());
        position.map(Some).ok_or_else(|| Problem::field("cursor", "is not one that a page gave"))
    }

    fn format(&self, headers: &HeaderMap) -> Format {
        let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        self.format.unwrap_or(match accept {
            accept if accept.contains("ndjson") => Format::Ndjson,
            accept if accept.contains("text/csv") => Format::Csv,
            _ => Format::Json,
        })
    }
}

/// An item of a list that can stand in a row.
pub trait Row: Serialize {
    /// The columns' names; empty where a list cannot be CSV.
    const COLUMNS: &'static [&'static str];

    /// The fields of one row.
    fn fields(&self) -> Vec<String>;
}

#[derive(Serialize)]
struct Document<'a, T> {
    items: &'a [T],
    next: Option<String>,
}

/// The opaque form of a position.
#[must_use]
pub fn cursor(position: &str) -> String {
    BASE64URL_NOPAD.encode(position.as_bytes())
}

/// Writes a page; `next` is the position where the next one begins.
///
/// # Errors
/// 422 when CSV is asked of a list that has no columns.
pub fn page<T: Row>(
    query: &PageQuery,
    headers: &HeaderMap,
    items: &[T],
    next: Option<&str>,
) -> Result<Response, Problem> {
    let next = next.map(cursor);
    let (kind, body) = match query.format(headers) {
        Format::Json => return Ok(Json(Document { items, next }).into_response()),
        Format::Ndjson => ("application/x-ndjson", ndjson(items)),
        Format::Csv if T::COLUMNS.is_empty() => {
            return Err(Problem::field("format", "this list is given as json or ndjson"));
        }
        Format::Csv => ("text/csv; charset=utf-8", csv(items)),
    };
    let body = body.map_err(|error| Problem::internal(&error))?;
    let mut response = body.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(next) = next.and_then(|next| HeaderValue::from_str(&next).ok()) {
        response.headers_mut().insert(HeaderName::from_static("tercile-next"), next);
    }
    Ok(response)
}

fn ndjson<T: Row>(items: &[T]) -> Result<Vec<u8>, std::io::Error> {
    let mut body = Vec::new();
    for item in items {
        serde_json::to_writer(&mut body, item)?;
        body.push(b'\n');
    }
    Ok(body)
}

fn csv<T: Row>(items: &[T]) -> Result<Vec<u8>, std::io::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(T::COLUMNS)?;
    for item in items {
        writer.write_record(item.fields().into_iter().map(harmless))?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

/// A field that a spreadsheet would take for a formula is marked as text (OWASP, CSV injection).
fn harmless(field: String) -> String {
    match field.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') if field.parse::<f64>().is_err() => format!("'{field}"),
        _ => field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_a_made_up_one_is_refused() {
        let query = |cursor: &str| PageQuery { cursor: Some(cursor.to_owned()), ..PageQuery::default() };
        let cursor = BASE64URL_NOPAD.encode("order#A#é".as_bytes());
        assert_eq!(query(&cursor).position(), Ok(Some("order#A#é".to_owned())));
        assert!(query("not base64!").position().is_err() && query("").position().is_err());
        assert_eq!(PageQuery::default().position(), Ok(None));
    }

    #[test]
    fn a_field_that_a_spreadsheet_would_compute_is_marked_as_text() {
        for formula in ["=1+1", "+cmd", "-x", "@sum", "\tx"] {
            assert_eq!(harmless(formula.to_owned()), format!("'{formula}"));
        }
        for plain in ["-12", "A-1", "", "Wool = scarf", "+7"] {
            assert_eq!(harmless(plain.to_owned()), plain);
        }
    }
}
