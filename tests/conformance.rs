//! Holds every answer of the tests against the OpenAPI document: its status is told of at the route, its body is of a media type that is
//! told there, and is as the schema says, with nothing in it that the schema does not name.

use std::cell::RefCell;
use std::collections::BTreeMap;

use axum::http::header::CONTENT_TYPE;
use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::{Map, Value, json};

use crate::Answer;
use crate::openapi::{document, each};

/// The document and the schemas of answers' bodies, as the validator calls them.
const DOCUMENT: &str = "https://tercile.invalid/document";
const ANSWERS: &str = "https://tercile.invalid/answers/";

/// The document, ready to be held against answers.
struct Book {
    document: Value,
    /// Schemas by their number, as they were met.
    compiler: Compiler,
    schemas: Schemas,
    known: BTreeMap<String, SchemaIndex>,
}

impl std::fmt::Debug for Book {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Book").field("known", &self.known.keys()).finish_non_exhaustive()
    }
}

/// What is wrong with an answer to this method and path; `None`: it is as the document says, or there is no such route in it.
pub fn fault(method: &str, path: &str, answer: &Answer) -> Option<String> {
    // A compiler of schemas stays with its thread.
    thread_local!(static BOOK: RefCell<Book> = RefCell::new(Book::new()));
    BOOK.with_borrow_mut(|book| {
        let template = book.template(path)?;
        let operation = book.document["paths"][&template].get(method.to_lowercase())?.clone();
        let told = book.check(&operation, answer).err()?;
        Some(format!("{method} {template} answered {}: {told}\n{}", answer.status.as_u16(), answer.text))
    })
}

impl Book {
    fn new() -> Book {
        let mut document = document();
        close(&mut document);
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        #[expect(clippy::expect_used, reason = "the address is a constant")]
        compiler.add_resource(DOCUMENT, json!({ "components": document["components"] })).expect("an address");
        Book { document, compiler, schemas: Schemas::new(), known: BTreeMap::new() }
    }

    /// The path of the document that a request's is of: the one with the most words in common.
    fn template(&self, path: &str) -> Option<String> {
        let parts: Vec<&str> = path.split('/').collect();
        let same = |template: &&String| {
            let words: Vec<&str> = template.split('/').collect();
            words.len() == parts.len()
                && words.iter().zip(&parts).all(|(word, part)| word.starts_with('{') || word == part)
        };
        let holes = |template: &&String| template.matches('{').count();
        self.document["paths"].as_object()?.keys().filter(same).min_by_key(holes).cloned()
    }

    fn check(&mut self, operation: &Value, answer: &Answer) -> Result<(), String> {
        let status = answer.status.as_u16();
        let responses = &operation["responses"];
        let told = responses.get(status.to_string()).or_else(|| responses.get(format!("{}XX", status / 100)));
        let mut told = told.ok_or("this status is not documented")?;
        if let Some(reference) = told["$ref"].as_str() {
            told = self.document.pointer(reference.trim_start_matches('#')).ok_or("its reference leads nowhere")?;
        }
        let Some(content) = told.get("content") else {
            return if answer.text.is_empty() { Ok(()) } else { Err("a body where none is documented".to_owned()) };
        };
        let media = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        let told = content.get(media).or_else(|| content.get("*/*"));
        let told = told.ok_or_else(|| format!("the media type {media:?} is not documented"))?.clone();
        if let Some(each) = told.get("x-itemSchema") {
            return answer.text.lines().try_for_each(|line| self.holds(each, line));
        }
        match told.get("schema") {
            Some(schema) if media.ends_with("json") => self.holds(schema, &answer.text),
            _ => Ok(()),
        }
    }

    /// Is a text a document as the schema says?
    fn holds(&mut self, schema: &Value, text: &str) -> Result<(), String> {
        let value: Value = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
        let name = schema.to_string();
        let index = match self.known.get(&name) {
            Some(index) => *index,
            None => {
                let at = format!("{ANSWERS}{}", self.known.len());
                let mut root = schema.clone();
                each(&mut root, &mut |object| {
                    if let Some(Value::String(reference)) = object.get_mut("$ref") {
                        reference.insert_str(0, DOCUMENT);
                    }
                });
                self.compiler.add_resource(&at, root).map_err(|error| error.to_string())?;
                let index = self.compiler.compile(&at, &mut self.schemas).map_err(|error| format!("{error:#}"))?;
                self.known.insert(name, index);
                index
            }
        };
        self.schemas.validate(&value, index).map_err(|error| format!("{error:#}"))
    }
}

/// What an answer may hold is open to those who read it, so that fields can be added; here, a field that is not told of is a fault. A
/// schema that another one adds fields to stays open itself.
fn close(document: &mut Value) {
    let mut added: Vec<String> = Vec::new();
    each(document, &mut |object| {
        let adds = object.contains_key("properties") || object.contains_key("allOf");
        for of in ["oneOf", "anyOf", "allOf"].into_iter().filter(|_| adds) {
            let choices = object.get(of).and_then(Value::as_array).into_iter().flatten();
            added.extend(choices.filter_map(|one| one["$ref"].as_str()).map(str::to_owned));
        }
        if adds && let Some(Value::String(reference)) = object.get("$ref") {
            added.push(reference.clone());
        }
    });
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    for (name, schema) in schemas {
        let open = added.contains(&format!("#/components/schemas/{name}"));
        close_schema(schema, open);
    }
    for response in document["components"]["responses"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        close_response(response);
    }
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        operation["responses"].as_object_mut().into_iter().flat_map(Map::values_mut).for_each(close_response);
    }
}

fn close_response(response: &mut Value) {
    let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) else { return };
    for told in content.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        close_schema(told, false);
    }
}

/// `part`: what it says is said of the same value as what stands around it, which closes it.
fn close_schema(schema: &mut Value, part: bool) {
    let Some(object) = schema.as_object_mut() else { return };
    for (key, inner) in object.iter_mut() {
        match (key.as_str(), inner) {
            ("properties", Value::Object(fields)) => fields.values_mut().for_each(|field| close_schema(field, false)),
            ("items" | "additionalProperties", inner) => close_schema(inner, false),
            ("prefixItems", Value::Array(items)) => items.iter_mut().for_each(|item| close_schema(item, false)),
            ("oneOf" | "anyOf" | "allOf", Value::Array(parts)) => {
                parts.iter_mut().for_each(|one| close_schema(one, true))
            }
            _ => {}
        }
    }
    let says = ["properties", "oneOf", "anyOf", "allOf"].iter().any(|key| object.contains_key(*key));
    if says && !part && !object.contains_key("additionalProperties") {
        object.insert("unevaluatedProperties".to_owned(), json!(false));
    }
}
