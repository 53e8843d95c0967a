//! Errors at the wire: RFC 9457 problem details with a stable `type`, naming the field (law 19). Internals stay inside.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use ledger::{CampaignError, KeyError, LedgerError, RecordError, Refusal, Scope};
use serde::Serialize;

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// Its path, such as `lines[2].quantity`.
    pub field: String,
    /// What is wrong.
    pub detail: String,
}

/// A problem answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// `urn:tercile:problem:` and a name that stays.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^urn:tercile:problem:[a-z-]+$")))]
    kind: String,
    title: &'static str,
    #[serde(serialize_with = "as_number")]
    #[cfg_attr(feature = "schema", schemars(with = "u16"))]
    status: StatusCode,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// In seconds.
    #[serde(skip)]
    retry_after: Option<u64>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem of a stable name.
    #[must_use]
    pub fn new(status: StatusCode, name: &str, title: &'static str, detail: impl Into<String>) -> Problem {
        let kind = format!("urn:tercile:problem:{name}");
        Problem { kind, title, status, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// 422, naming one field.
    #[must_use]
    pub fn field(field: impl Into<String>, detail: impl Into<String>) -> Problem {
        Problem::fields(vec![FieldError { field: field.into(), detail: detail.into() }])
    }

    /// 422, naming fields; at least one.
    #[must_use]
    pub fn fields(errors: Vec<FieldError>) -> Problem {
        let detail = errors.iter().map(|e| format!("{}: {}", e.field, e.detail)).collect::<Vec<_>>().join("; ");
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-field", "A field is not valid", detail);
        Problem { errors, ..problem }
    }

    /// The same, naming a field.
    #[must_use]
    pub fn at(mut self, field: &str) -> Problem {
        let detail = self.detail.clone();
        self.errors.push(FieldError { field: field.to_owned(), detail });
        self
    }

    /// The body is no JSON: 400, with the place.
    #[must_use]
    pub fn invalid_json(field: String, detail: String) -> Problem {
        let problem =
            Problem::new(StatusCode::BAD_REQUEST, "invalid-json", "The body is not valid JSON", detail.clone());
        Problem { errors: vec![FieldError { field, detail }], ..problem }
    }

    /// 404.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    }

    /// 401: one answer for unknown, wrong and missing keys.
    #[must_use]
    pub fn unauthorized() -> Problem {
        let detail = "send a valid key as `Authorization: Bearer tcl_…`";
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "No valid API key", detail)
    }

    /// 403.
    #[must_use]
    pub fn forbidden(wanted: Scope) -> Problem {
        let detail = format!("this call needs a key with the scope `{wanted}`");
        Problem::new(StatusCode::FORBIDDEN, "wrong-scope", "The key's scope does not allow this", detail)
    }

    /// 503 with `Retry-After`.
    #[must_use]
    pub fn unavailable() -> Problem {
        let detail = "the store did not answer in time; nothing is half-written, the same call may be sent again";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Try again in a moment", detail);
        Problem { retry_after: Some(1), ..problem }
    }

    /// 503 with `Retry-After`: the request's time is over.
    #[must_use]
    pub fn too_slow() -> Problem {
        let detail = "the call was given up before its end; nothing is half-written, the same call may be sent again";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-slow", "Not done in time", detail);
        Problem { retry_after: Some(1), ..problem }
    }

    /// 503 with `Retry-After`: there are more requests at once than can be served.
    #[must_use]
    pub fn overloaded() -> Problem {
        let detail = "too many requests are on their way at once; this one was not looked at, and may be sent again";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Try again in a moment", detail);
        Problem { retry_after: Some(1), ..problem }
    }

    /// 429 with `Retry-After`, rounded up to seconds.
    #[must_use]
    pub fn too_many(wait: Duration) -> Problem {
        let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
        let detail =
            format!("the key's limit is reached; the request was not looked at, and may be sent again in {seconds} s");
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests", detail);
        Problem { retry_after: Some(seconds), ..problem }
    }

    /// 500: what went wrong is in the log and not in the answer.
    #[must_use]
    pub fn internal(error: &dyn std::error::Error) -> Problem {
        tracing::error!(error = %chain(error), "internal error");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Our mistake", "the error was logged")
    }

    /// The fields it names.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The same with every field under `prefix`, as in `orders[3].`.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Problem {
        for error in &mut self.errors {
            error.field = format!("{prefix}.{}", error.field);
        }
        self
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Problem {
        Problem::from(&error)
    }
}

impl From<&LedgerError> for Problem {
    fn from(error: &LedgerError) -> Problem {
        match error {
            error if error.is_temporary() => {
                tracing::warn!(error = %chain(error), "store unavailable");
                Problem::unavailable()
            }
            LedgerError::Changed(what) => {
                let detail = format!("{what} changed meanwhile; read again and decide anew");
                Problem::new(StatusCode::CONFLICT, "changed-meanwhile", "Somebody else was faster", detail)
            }
            error => Problem::internal(error),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let detail = refusal.to_string();
        let conflict = |name, title| Problem::new(StatusCode::CONFLICT, name, title, detail.clone());
        match refusal {
            Refusal::OtherContent { .. } => conflict("other-content", "The same id was accepted with other content"),
            Refusal::OrderOfAnotherCustomer(_) => conflict("order-of-another-customer", "The order id is taken"),
            Refusal::OrderUnknown(_) => conflict("order-unknown", "The order is not known yet"),
            Refusal::OrderOfGuest(_) => conflict("order-of-guest", "The order counts for nobody"),
            Refusal::ReturnExceedsOrder(_) => conflict("return-exceeds-order", "More would be returned than was paid"),
            Refusal::ProductUnknown(_) => Problem::not_found(detail),
            Refusal::CustomerFull => conflict("customer-full", "The customer has too many orders"),
            Refusal::CustomerErased => {
                Problem::new(StatusCode::GONE, "customer-erased", "The customer was erased", detail)
            }
            Refusal::LineUnknown { .. } | Refusal::ReturnExceedsLine { .. } => Problem::field("lines", detail),
            Refusal::NotOffered { field, detail: why } => {
                let told = conflict("not-offered", "The customer was not offered this");
                Problem { errors: vec![FieldError { field: field.to_owned(), detail: why }], ..told }
            }
            Refusal::NothingToReturn => Problem::field("amount", detail),
        }
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Problem {
        match error {
            RecordError::Refused(refusal) => refusal.into(),
            RecordError::Store(error) => Problem::from(&*error),
        }
    }
}

impl From<CampaignError> for Problem {
    fn from(error: CampaignError) -> Problem {
        let detail = error.to_string();
        let conflict = |name, title| Problem::new(StatusCode::CONFLICT, name, title, detail.clone());
        match error {
            CampaignError::NumbersRunOut => conflict("numbers-run-out", "No campaign number is left"),
            CampaignError::TooManyOwn | CampaignError::TooManySeries => {
                conflict("too-many-campaigns", "The shop has as many campaigns as it may")
            }
            CampaignError::Unknown(_) => Problem::not_found(detail),
            CampaignError::NotInForce { .. } => conflict("campaign-not-in-force", "The series is on other terms"),
            CampaignError::Ended(_) => conflict("campaign-ended", "The series has ended"),
            CampaignError::Store(error) => error.into(),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Problem {
        let detail = error.to_string();
        let conflict = |name, title| Problem::new(StatusCode::CONFLICT, name, title, detail.clone());
        match error {
            KeyError::Unknown(_) => Problem::not_found(detail),
            KeyError::OtherContent(_) => conflict("other-content", "The same id was accepted with other content"),
            KeyError::Ended(_) => conflict("key-ended", "The key is good no more"),
            KeyError::Replaced { .. } => conflict("key-replaced", "The key was replaced already"),
            KeyError::LastAdmin => conflict("last-admin-key", "It is the last key that can make keys"),
            KeyError::TooMany => conflict("too-many-keys", "The shop has as many keys as it may"),
            KeyError::Store(error) => error.into(),
        }
    }
}
