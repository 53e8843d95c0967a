//! Schemas of the types that routes name, each once. A type may read otherwise than it writes (what may be left out is written all the
//! same), so what is sent and what is given are made apart, and put under one name where they do not differ.

use std::collections::{BTreeMap, BTreeSet};

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use web::Shape;

/// Where the document has them.
const HERE: &str = "#/components/schemas/";
/// Where those of what is sent are while the document is made.
const SENT: &str = "#/sent/";

/// What has been told of so far.
pub(super) struct Schemas {
    sent: SchemaGenerator,
    given: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Schemas {
        let at = |path: &'static str| {
            SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = path.into())
        };
        Schemas {
            sent: at("/sent").for_deserialize().into_generator(),
            given: at("/components/schemas").for_serialize().into_generator(),
        }
    }

    /// Of what is read.
    pub(super) fn sent(&mut self, shape: Shape) -> Value {
        (shape.make)(&mut self.sent).to_value()
    }

    /// Of what is written.
    pub(super) fn given(&mut self, shape: Shape) -> Value {
        (shape.make)(&mut self.given).to_value()
    }

    /// A query's fields as parameters. None of them can be null there.
    pub(super) fn query(&self, shape: Shape) -> Vec<Value> {
        let settings = SchemaSettings::draft2020_12().for_deserialize();
        let mut generator = settings.with(|settings| settings.inline_subschemas = true).into_generator();
        let schema = (shape.make)(&mut generator).to_value();
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let parameter = |(name, schema): (&String, &Value)| {
            let mut schema = never_null(schema.clone());
            let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            let mut parameter =
                json!({ "name": name, "in": "query", "required": required.contains(&name.as_str()), "schema": schema });
            if let Some(description) = description {
                parameter["description"] = description;
            }
            parameter
        };
        schema["properties"].as_object().into_iter().flatten().map(parameter).collect()
    }

    /// Puts all of them into the document that refers to them.
    pub(super) fn into(mut self, mut document: Value) -> Value {
        let sent = self.sent.take_definitions(true);
        let mut all = self.given.take_definitions(true);
        let differ = differing(&sent, &all);
        let name = |name: &str| if differ.contains(name) { format!("{name}Sent") } else { name.to_owned() };
        for (of, schema) in sent {
            let replaced = all.insert(name(&of), schema);
            assert!(replaced.is_none() || !differ.contains(&of), "two schemas have the name of {of}");
        }
        document["components"]["schemas"] = Value::Object(all);
        each(&mut document, &mut |object| {
            if let Some(Value::String(reference)) = object.get_mut("$ref")
                && let Some(of) = reference.strip_prefix(SENT)
            {
                *reference = format!("{HERE}{}", name(of));
            }
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = plain(text);
            }
            // A set takes what is sent twice as sent once.
            object.remove("uniqueItems");
        });
        document
    }
}

/// Names that stand for something else when sent than when given, by themselves or by what they refer to.
fn differing(sent: &Map<String, Value>, given: &Map<String, Value>) -> BTreeSet<String> {
    let both: BTreeMap<&String, (Value, &Value)> = sent
        .iter()
        .filter_map(|(name, schema)| {
            let mut schema = schema.clone();
            each(&mut schema, &mut |object| {
                if let Some(Value::String(reference)) = object.get_mut("$ref") {
                    *reference = reference.replace(SENT, HERE);
                }
            });
            Some((name, (schema, given.get(name)?)))
        })
        .collect();
    let differs = |(name, (sent, given)): (&&String, &(Value, &Value))| (sent != *given).then(|| (*name).clone());
    let mut found: BTreeSet<String> = both.iter().filter_map(differs).collect();
    loop {
        let refers = |schema: &Value| {
            let mut one = false;
            each(&mut schema.clone(), &mut |object| {
                let of = object.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix(HERE));
                one |= of.is_some_and(|of| found.contains(of));
            });
            one
        };
        let more: Vec<String> = both
            .iter()
            .filter(|(name, (schema, _))| !found.contains(**name) && refers(schema))
            .map(|(name, _)| (*name).clone())
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

fn never_null(mut schema: Value) -> Value {
    if let Some(kinds) = schema["type"].as_array() {
        let left: Vec<&Value> = kinds.iter().filter(|kind| *kind != "null").collect();
        schema["type"] = if let [one] = left[..] { one.clone() } else { json!(left) };
    }
    for of in ["anyOf", "enum"] {
        let Some(choices) = schema.get(of).and_then(Value::as_array) else { continue };
        let left: Vec<Value> = choices.iter().filter(|one| !one.is_null() && one["type"] != "null").cloned().collect();
        match (&left[..], of) {
            ([one], "anyOf") => {
                let mut one = one.clone();
                let told = schema.get("description").cloned();
                if let (Some(object), Some(told)) = (one.as_object_mut(), told) {
                    object.insert("description".to_owned(), told);
                }
                return one;
            }
            _ => schema[of] = json!(left),
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.as_object_mut().map(|schema| schema.remove("default"));
    }
    schema
}

/// Goes through every object of a document.
pub(crate) fn each(value: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(object);
            object.values_mut().for_each(|value| each(value, visit));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| each(value, visit)),
        _ => {}
    }
}

/// A doc comment without what only rustdoc reads: links to items.
fn plain(text: &str) -> String {
    text.replace("[`", "`").replace("`]", "`").replace('\n', " ")
}
