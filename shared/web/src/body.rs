//! Reading JSON so that an error names the field it is in.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::strict::Strict;

/// The most bytes a body may have: what the gateway lets through.
pub const MAX_BODY: usize = 6 * 1024 * 1024;

/// A body, read whole; 413 above [`MAX_BODY`].
#[derive(Clone, Debug)]
pub struct Body(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Body, Problem> {
        Bytes::from_request(request, state).await.map(Body).map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                let detail = format!("a body has at most {MAX_BODY} bytes; send less in one request");
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large", detail)
            }
            _ => Problem::invalid_json("body".into(), "the body broke off".into()),
        })
    }
}

/// Reads a JSON document.
///
/// # Errors
/// 400 where it is no JSON or breaks off, 422 where a field is not what it should be; both name the field.
pub fn read_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    // Said before anything is read: it is no field that is wrong.
    if json.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|first| *first != b'{') {
        return Err(Problem::invalid_json("body".into(), "must be a JSON object".into()));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(Strict(&mut deserializer)).map_err(|error| {
        let field = match error.path().to_string() {
            // Broken off or unreadable before any field.
            path if path == "." || path.contains('?') => "body".to_owned(),
            path => path,
        };
        let detail = error.inner().to_string();
        if error.inner().is_data() {
            Problem::field(named_field(field, &detail), detail)
        } else {
            Problem::invalid_json(field, detail)
        }
    })?;
    deserializer.end().map_err(|error| Problem::invalid_json("body".into(), error.to_string()))?;
    Ok(value)
}

/// The field that an error of serde's is in: one that is missing is named in the message `detail`, and not in the path.
#[must_use]
pub fn named_field(path: String, detail: &str) -> String {
    let Some(missing) = detail.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) else {
        return path;
    };
    if path == "body" { missing.to_owned() } else { format!("{path}.{missing}") }
}

/// Names the field of a value that does not hold.
pub fn at_field<T, E: std::fmt::Display>(field: impl Into<String>, value: Result<T, E>) -> Result<T, Problem> {
    value.map_err(|error| Problem::field(field, error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Doc {
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Line {
        amount: i64,
    }

    fn told(json: &[u8]) -> (u16, String) {
        let problem = read_json::<Doc>(json).unwrap_err();
        let json = serde_json::to_value(&problem).unwrap();
        (problem.status().as_u16(), json["errors"][0]["field"].as_str().unwrap().to_owned())
    }

    #[test]
    fn an_array_is_no_object_at_any_depth_and_all_else_is_read_as_it_is() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Kind {
            Plain,
            Of(Inner),
            Pair(u8, u8),
            Named { a: Option<Inner> },
        }
        #[derive(Debug, PartialEq, Deserialize)]
        struct Inner {
            n: i64,
        }
        #[derive(Debug, PartialEq, Deserialize)]
        struct Outer {
            kinds: Vec<Kind>,
            pair: Option<(Inner, f64)>,
            #[serde(default)]
            map: std::collections::BTreeMap<String, Inner>,
        }
        let sound = br#"{"kinds":["plain",{"of":{"n":1}},{"pair":[1,2]},{"named":{"a":{"n":3}}}],"pair":[{"n":-4},0.5],"map":{"x":{"n":5}}}"#;
        let kinds =
            vec![Kind::Plain, Kind::Of(Inner { n: 1 }), Kind::Pair(1, 2), Kind::Named { a: Some(Inner { n: 3 }) }];
        let map = [("x".to_owned(), Inner { n: 5 })].into();
        assert_eq!(read_json::<Outer>(sound).unwrap(), Outer { kinds, pair: Some((Inner { n: -4 }, 0.5)), map });
        for (wrong, field) in [
            (r#"{"kinds":[{"of":[1]}]}"#, "kinds[0].of"),
            (r#"{"kinds":[{"named":[{"n":3}]}]}"#, "kinds[0].named"),
            (r#"{"kinds":[{"named":{"a":[3]}}]}"#, "kinds[0].named.a"),
            (r#"{"kinds":[],"pair":[[4],0.5]}"#, "pair[0]"),
            (r#"{"kinds":[],"map":{"x":[5]}}"#, "map.x"),
        ] {
            let problem = read_json::<Outer>(wrong.as_bytes()).unwrap_err();
            assert_eq!((problem.status().as_u16(), &*problem.errors()[0].field), (422, field), "{wrong}");
        }
        // Kept as it stands, to be read later.
        #[derive(Deserialize)]
        struct Later<'a> {
            #[serde(borrow)]
            parts: Vec<&'a serde_json::value::RawValue>,
        }
        let body = br#"{"parts":[[1, 2],{"n": 1}]}"#;
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let later = Later::deserialize(Strict(&mut deserializer)).unwrap();
        assert_eq!(later.parts.iter().map(|part| part.get()).collect::<Vec<_>>(), ["[1, 2]", r#"{"n": 1}"#]);
    }

    #[test]
    fn every_error_names_its_field() {
        assert_eq!(told(br#"{"lines":[{"amount":"x"}]}"#), (422, "lines[0].amount".into()));
        assert_eq!(told(br#"{"lines":[{}]}"#), (422, "lines[0].amount".into()));
        assert_eq!(told(br#"{}"#), (422, "lines".into()));
        assert_eq!(told(br#"{"lines":[],"x":1}"#), (422, "x".into()));
        assert_eq!(told(br#"{"lines":[[1]]}"#), (422, "lines[0]".into()));
        assert_eq!(told(br#"{"lines":[{"amount":1"#).0, 400);
        assert_eq!(told(br#"{"lines":[]} more"#), (400, "body".into()));
        assert_eq!(told(b"{\"lines\":\"\xff\"}").0, 400);
        assert_eq!(told(b""), (400, "body".into()));
        assert_eq!(told(b"[[]]"), (400, "body".into()));
        assert_eq!(told(br#"{"lines":[]"#), (400, "body".into()));
    }
}
