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
    compiler: Compiler,
    schemas: Schemas,
    /// What is told of answers that were met, by route, status and media type.
    known: BTreeMap<String, Known>,
}

/// What is told of an answer.
struct Known {
    told: Told,
    /// The last body that was as told: who asks how far a job is gets the same again and again.
    last: String,
}

#[derive(Clone, Copy)]
enum Told {
    Nothing,
    Anything,
    Document(SchemaIndex),
    Lines(SchemaIndex),
}

/// What is wrong with an answer to this method and path; `None`: it is as the document says, or there is no such route in it.
pub fn fault(method: &str, path: &str, answer: &Answer) -> Option<String> {
    // A compiler of schemas stays with its thread.
    thread_local!(static BOOK: RefCell<Book> = RefCell::new(Book::new()));
    BOOK.with_borrow_mut(|book| {
        let template = book.template(path)?;
        let method = method.to_lowercase();
        let status = answer.status.as_u16();
        book.document["paths"][&template].get(&method)?;
        let told = book.check(&template, &method, answer).err()?;
        Some(format!("{method} {template} answered {status}: {told}\n{}", answer.text))
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
            let words = template.split('/');
            words.clone().count() == parts.len()
                && words.zip(&parts).all(|(word, part)| word == *part || (word.starts_with('{') && !part.is_empty()))
        };
        let holes = |template: &&String| template.matches('{').count();
        self.document["paths"].as_object()?.keys().filter(same).min_by_key(holes).cloned()
    }

    fn check(&mut self, template: &str, method: &str, answer: &Answer) -> Result<(), String> {
        let status = answer.status.as_u16();
        let media = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        let name = format!("{method} {template} {status} {media}");
        let text = &answer.text;
        let told = match self.known.get(&name) {
            Some(known) if !text.is_empty() && known.last == *text => return Ok(()),
            Some(known) => known.told,
            None => self.told(template, method, status, media)?,
        };
        match told {
            Told::Nothing if !text.is_empty() => return Err("a body where none is documented".to_owned()),
            Told::Nothing | Told::Anything => {}
            Told::Document(schema) => self.holds(schema, text)?,
            Told::Lines(schema) => text.lines().try_for_each(|line| self.holds(schema, line))?,
        }
        self.known.insert(name, Known { told, last: text.clone() });
        Ok(())
    }

    /// What the document tells of an answer.
    fn told(&mut self, template: &str, method: &str, status: u16, media: &str) -> Result<Told, String> {
        let responses = &self.document["paths"][template][method]["responses"];
        let told = responses.get(status.to_string()).or_else(|| responses.get(format!("{}XX", status / 100)));
        let mut told = told.ok_or("this status is not documented")?;
        if let Some(reference) = told["$ref"].as_str() {
            told = self.document.pointer(reference.trim_start_matches('#')).ok_or("its reference leads nowhere")?;
        }
        let Some(content) = told.get("content") else { return Ok(Told::Nothing) };
        let told = content.get(media).or_else(|| content.get("*/*"));
        let told = told.ok_or_else(|| format!("the media type {media:?} is not documented"))?;
        match (told.get("x-itemSchema").cloned(), told.get("schema").cloned()) {
            (Some(line), _) => self.compile(line).map(Told::Lines),
            (None, Some(schema)) if media.ends_with("json") => self.compile(schema).map(Told::Document),
            _ => Ok(Told::Anything),
        }
    }

    fn compile(&mut self, mut schema: Value) -> Result<SchemaIndex, String> {
        let at = format!("{ANSWERS}{}", self.schemas.size());
        each(&mut schema, &mut |object| {
            if let Some(Value::String(reference)) = object.get_mut("$ref") {
                reference.insert_str(0, DOCUMENT);
            }
        });
        self.compiler.add_resource(&at, schema).map_err(|error| error.to_string())?;
        self.compiler.compile(&at, &mut self.schemas).map_err(|error| format!("{error:#}"))
    }

    /// Is a text a document as the schema says?
    fn holds(&self, schema: SchemaIndex, text: &str) -> Result<(), String> {
        let value: Value = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
        self.schemas.validate(&value, schema).map_err(|error| format!("{error:#}"))
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
            ("properties" | "patternProperties", Value::Object(fields)) => {
                fields.values_mut().for_each(|field| close_schema(field, false))
            }
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
