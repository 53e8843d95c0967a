//! The OpenAPI document, made of the routes as the functions mount them and of the types that read and write: which there are, what
//! opens them, what stands in their paths and queries, and what they take, give and refuse.

mod answers;
mod schemas;

use serde_json::{Map, Value, json};
use web::{Content, Route};

use schemas::Schemas;

pub(crate) use schemas::each;

/// The routes of all functions, each with its function.
#[must_use]
pub fn routes() -> Vec<(&'static str, Route)> {
    let of =
        |function, routes: web::Routes| routes.list().iter().map(|route| (function, route.clone())).collect::<Vec<_>>();
    [of("purchases", purchases::routes()), of("offers", offers::routes()), of("admin", admin::routes())].concat()
}

/// The document (OpenAPI 3.1).
#[must_use]
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let responses = answers::standard(&mut schemas);
    let mut paths: Map<String, Value> = Map::new();
    for (function, route) in routes() {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation(function, &route, &mut schemas);
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tercile",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Every customer of a shop in one of 27 RFM segments, and which offers they should see",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": "/" }],
        "tags": [
            { "name": "purchases", "description": "The way in: orders, returns, attributes, products" },
            { "name": "offers", "description": "The checkout: segments, offers, and what comes back from there" },
            { "name": "admin", "description": "What a shop's staff calls" }
        ],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key of the shop, tcl_SHOP_KEYID_SECRET. The role that a route names is the scope that it must have; admin opens all."
                }
            },
            "responses": responses
        }
    });
    schemas.into(document)
}

fn operation(function: &str, route: &Route, schemas: &mut Schemas) -> Value {
    let mut parameters = parameters(route.path);
    parameters.extend(route.told.asks.map(|query| schemas.query(query)).unwrap_or_default());
    let mut operation = json!({
        "operationId": operation_id(route),
        "tags": [function],
        "summary": route.summary,
        "security": route.scope.map_or(json!([]), |scope| json!([{ "key": [scope.to_string()] }])),
        "parameters": parameters,
        "responses": answers::of(route, schemas),
    });
    if !route.told.takes.is_empty() {
        operation["requestBody"] = body(route, schemas);
    }
    operation
}

/// What is sent.
fn body(route: &Route, schemas: &mut Schemas) -> Value {
    let mut content: Map<String, Value> = Map::new();
    for sent in &route.told.takes {
        let (media, schema) = match *sent {
            Content::Nothing => continue,
            Content::Json(shape) => ("application/json", json!({ "schema": schemas.sent(shape) })),
            Content::Lines(shape) => ("application/x-ndjson", lines(schemas.sent(shape))),
            Content::Form(shape) => ("application/x-www-form-urlencoded", json!({ "schema": schemas.sent(shape) })),
            Content::Other(media) => (media, json!({})),
        };
        content.insert(media.to_owned(), schema);
    }
    json!({ "required": !route.told.or_nothing, "content": content })
}

/// A document in each line. OpenAPI 3.1 has no word for that; 3.2 calls it `itemSchema`.
fn lines(schema: Value) -> Value {
    json!({ "schema": { "type": "string" }, "x-itemSchema": schema })
}

/// Method and path in one word: `getCustomersIdSegment`.
fn operation_id(route: &Route) -> String {
    let words = route.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty() && *word != "v1");
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    route.method.to_lowercase() + &words.map(capital).collect::<String>()
}

fn parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let schema = |name: &str| match name {
        "id" if path.starts_with("/v1/runs/") || path.starts_with("/v1/jobs/") => {
            json!({ "type": "integer", "minimum": 1, "maximum": u64::MAX })
        }
        "id" if path.starts_with("/v1/keys/") => json!({ "type": "string", "pattern": "^[0-9a-f]{12}$" }),
        "id" if path.starts_with("/v1/hooks/") => json!({ "type": "string", "pattern": "^[0-9a-f]{16}$" }),
        "id" if path.starts_with("/v1/endpoints/") => json!({ "type": "string", "pattern": "^ep_[0-9a-f]{24}$" }),
        "n" => json!({ "type": "integer", "minimum": 1, "maximum": u16::MAX }),
        "segment" => json!({ "type": "string", "pattern": "^r[1-3]f[1-3]m[1-3]$" }),
        "version" => json!({ "type": "string", "pattern": "^[0-9a-f]{16}$" }),
        "survey" => json!({ "type": "string", "enum": ["nps", "reason", "purchase"] }),
        "token" => json!({ "type": "string" }),
        _ => json!({
            "type": "string",
            "pattern": "^(~[A-Za-z0-9_-]+|[A-Za-z0-9_-]+)$",
            "description": "An id of letters, digits, _ and - as it is; any other one is ~ and its base64url."
        }),
    };
    names.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": schema(name) })).collect()
}
