//! What goes back: JSON that nobody between may keep, since it is one customer's.

use serde::Serialize;

/// An answer, for a host's shell to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names in small letters, and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Problem details (RFC 9457), as the origin gives them.
#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Field<'a>>,
}

#[derive(Serialize)]
struct Field<'a> {
    field: &'a str,
    detail: &'a str,
}

impl Answer {
    pub(crate) fn of(offers: &impl Serialize) -> Answer {
        // What serde cannot write would be a bug that the tests of all answers see.
        Answer::json(200, serde_json::to_vec(offers).unwrap_or_default())
    }

    pub(crate) fn json(status: u16, body: Vec<u8>) -> Answer {
        Answer::typed(status, "application/json", body)
    }

    pub(crate) fn problem(status: u16, name: &str, title: &str, detail: &str, field: Option<&str>) -> Answer {
        let errors = field.into_iter().map(|field| Field { field, detail }).collect();
        let named = field.map(|field| format!("{field}: {detail}"));
        let detail = named.as_deref().unwrap_or(detail);
        let problem = Problem { kind: format!("urn:tercile:problem:{name}"), title, status, detail, errors };
        Answer::typed(status, "application/problem+json", serde_json::to_vec(&problem).unwrap_or_default())
    }

    fn typed(status: u16, kind: &str, body: Vec<u8>) -> Answer {
        let headers = vec![
            ("content-type", kind.to_owned()),
            ("cache-control", "no-store".to_owned()),
            ("vary", "cookie, x-tercile-token, accept-language".to_owned()),
        ];
        Answer { status, headers, body }
    }
}
