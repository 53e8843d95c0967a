//! The answers of a route: what it says itself, and what holds for all of its kind. Each status is told by itself, and of each problem which
//! ones it can be. An internal error (500) is nobody's answer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use web::{Content, Problem, Route, Shape};

use super::lines;
use super::schemas::Schemas;

/// Problems that many routes answer with: name, status, kinds, in words.
const STANDARD: [(&str, u16, &[&str], &str); 9] = [
    ("InvalidJson", 400, &["invalid-json"], "The body is not valid JSON"),
    ("Unauthorized", 401, &["unauthorized"], "No valid API key"),
    ("WrongScope", 403, &["wrong-scope"], "The key's scope does not allow this"),
    ("NotFound", 404, &["not-found"], "There is no such thing"),
    ("Changed", 409, &["changed-meanwhile"], "Somebody else was faster"),
    ("BodyTooLarge", 413, &["body-too-large"], "The body is too large"),
    ("InvalidField", 422, &["invalid-field"], "A field is not valid; it is named"),
    ("TooManyRequests", 429, &["too-many-requests"], "The key's limit is reached"),
    ("Unavailable", 503, &["overloaded", "too-slow", "unavailable"], "Nothing is half-written: send it again"),
];

/// Them as components.
pub(super) fn standard(schemas: &mut Schemas) -> Value {
    let problem = schemas.given(Shape::of::<Problem>());
    let component = |(name, status, kinds, words): (&str, u16, &[&str], &str)| {
        (name.to_owned(), refusal(status, kinds.iter().copied(), words, problem.clone()))
    };
    STANDARD.into_iter().map(component).collect::<Map<_, _>>().into()
}

/// The answers of a route.
pub(super) fn of(route: &Route, schemas: &mut Schemas) -> Value {
    let mut answers: Map<String, Value> = Map::new();
    for (status, content) in &route.told.gives {
        let answer = answers.entry(status.to_string()).or_insert_with(|| json!({ "description": said(*status) }));
        let (media, told) = match *content {
            Content::Nothing => continue,
            Content::Json(shape) => ("application/json", json!({ "schema": schemas.given(shape) })),
            Content::Lines(shape) => ("application/x-ndjson", lines(schemas.given(shape))),
            Content::Form(shape) => ("application/x-www-form-urlencoded", json!({ "schema": schemas.given(shape) })),
            Content::Other(media) if media.ends_with("json") => (media, json!({ "schema": { "type": "object" } })),
            Content::Other(media) => (media, json!({ "schema": { "type": "string" } })),
        };
        match answer.pointer_mut(&format!("/content/{}", media.replace('/', "~1"))) {
            Some(before) => or(before, &told),
            None => answer["content"][media] = told,
        }
    }
    for (status, name, what) in &route.told.headers {
        if let Some(answer) = answers.get_mut(&status.to_string()) {
            answer["headers"][*name] = json!({ "description": what, "schema": { "type": "string" } });
        }
    }
    for (status, kinds) in refused(route) {
        let is_it = |(_, at, known, _): &&(&str, u16, &[&str], &str)| {
            *at == status && known.iter().copied().eq(kinds.iter().copied())
        };
        // What stands beside a page is written out: a reference has no place for both.
        let answer = match STANDARD.iter().find(is_it).filter(|_| !answers.contains_key(&status.to_string())) {
            Some((name, ..)) => json!({ "$ref": format!("#/components/responses/{name}") }),
            None => refusal(status, kinds.iter().copied(), said(status), schemas.given(Shape::of::<Problem>())),
        };
        match answers.get_mut(&status.to_string()) {
            // A page for people and a problem for programs.
            Some(page) => {
                page["content"]["application/problem+json"] = answer["content"]["application/problem+json"].clone()
            }
            None => {
                answers.insert(status.to_string(), answer);
            }
        }
    }
    answers.into()
}

/// What a route refuses, and what every one of its kind does.
fn refused(route: &Route) -> BTreeMap<u16, BTreeSet<&'static str>> {
    let told = &route.told;
    let json = told.takes.iter().any(|sent| matches!(sent, Content::Json(_)));
    let mut all: BTreeMap<u16, BTreeSet<&'static str>> = BTreeMap::new();
    let mut add = |when: bool, name: &str| {
        for (_, status, kinds, _) in STANDARD.iter().filter(|(other, ..)| when && *other == name) {
            all.entry(*status).or_default().extend(kinds.iter());
        }
    };
    let key = route.scope.is_some();
    add(key, "Unauthorized");
    add(key, "WrongScope");
    add(key, "TooManyRequests");
    add(key && json, "InvalidJson");
    add(key && json, "BodyTooLarge");
    add(key && (json || told.asks.is_some() || route.path.contains('{')), "InvalidField");
    add(true, "Unavailable");
    for (status, kind) in &told.refuses {
        all.entry(*status).or_default().insert(kind);
    }
    all
}

/// A problem of some kinds.
fn refusal<'a>(status: u16, kinds: impl Iterator<Item = &'a str>, words: &str, problem: Value) -> Value {
    let kinds: Vec<String> = kinds.map(|kind| format!("urn:tercile:problem:{kind}")).collect();
    let kind = json!({ "properties": { "type": { "enum": kinds }, "status": { "const": status } } });
    let mut answer = json!({
        "description": words,
        "content": { "application/problem+json": { "schema": { "allOf": [problem, kind] } } }
    });
    if matches!(status, 429 | 503) {
        let seconds = json!({ "type": "integer", "minimum": 1 });
        answer["headers"]["retry-after"] = json!({ "description": "In seconds", "schema": seconds });
    }
    answer
}

/// Lets a body be one or the other.
fn or(before: &mut Value, other: &Value) {
    for schema in ["schema", "x-itemSchema"] {
        let (Some(one), Some(other)) = (before.get(schema).cloned(), other.get(schema)) else { continue };
        if one == *other {
            continue;
        }
        match before[schema].get_mut("anyOf").and_then(Value::as_array_mut) {
            Some(choices) => choices.push(other.clone()),
            None => before[schema] = json!({ "anyOf": [one, other] }),
        }
    }
}

fn said(status: u16) -> &'static str {
    match status {
        200 => "Done",
        201 => "Made",
        202 => "Begun",
        204 => "Done; there is nothing to say",
        400 => "It cannot be read",
        401 => "Not accepted",
        404 => "There is no such thing",
        409 => "It is in the way of something",
        410 => "It is gone",
        422 => "It is not valid",
        429 => "Too often",
        503 => "Not now: send it again",
        _ => "As its name says",
    }
}
