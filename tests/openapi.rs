//! The OpenAPI document, made of the routes as the functions mount them: which there are, what opens them, and what stands in their
//! paths. Bodies and answers are described in docs/ and by the problems themselves; their schemas are not in it yet.

use serde_json::{Map, Value, json};
use web::Route;

/// The routes of all functions, each with its function.
#[must_use]
pub fn routes() -> Vec<(&'static str, Route)> {
    let of = |function, routes: web::Routes| routes.list().iter().map(|route| (function, *route)).collect::<Vec<_>>();
    [of("purchases", purchases::routes()), of("offers", offers::routes()), of("admin", admin::routes())].concat()
}

/// The document (OpenAPI 3.1).
#[must_use]
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for (function, route) in routes() {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation(function, &route);
    }
    json!({
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
            "schemas": { "Problem": problem() },
            "responses": {
                "Problem": {
                    "description": "What is wrong; where a field is, it is named (RFC 9457)",
                    "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
                }
            }
        }
    })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": { "type": "string", "format": "uri", "description": "Stable: urn:tercile:problem:KIND" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["field", "detail"],
                    "properties": { "field": { "type": "string" }, "detail": { "type": "string" } }
                }
            }
        }
    })
}

fn operation(function: &str, route: &Route) -> Value {
    let page = route.path.starts_with("/s/");
    let answers = if page { "text/html" } else { "application/json" };
    let mut operation = json!({
        "operationId": operation_id(route),
        "tags": [function],
        "summary": route.summary,
        "security": route.scope.map_or(json!([]), |scope| json!([{ "key": [scope.to_string()] }])),
        "parameters": parameters(route.path),
        "responses": {
            "2XX": { "description": "Done", "content": { (answers): {} } },
            "4XX": { "$ref": "#/components/responses/Problem" },
            "5XX": { "$ref": "#/components/responses/Problem" }
        }
    });
    if page {
        let html = json!({ "description": "The page says what is wrong", "content": { "text/html": {} } });
        operation["responses"]["4XX"] = html.clone();
        operation["responses"]["5XX"] = html;
    }
    if matches!(route.method, "POST" | "PUT") {
        let sent = if page { "application/x-www-form-urlencoded" } else { "application/json" };
        operation["requestBody"] = json!({ "content": { (sent): {} } });
    }
    operation
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

fn parameters(path: &str) -> Value {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let number = json!({ "type": "integer", "minimum": 1 });
    let schema = |name: &str| match name {
        "id" if path.starts_with("/v1/runs/") || path.starts_with("/v1/jobs/") => number.clone(),
        "id" if path.starts_with("/v1/keys/") => json!({ "type": "string", "pattern": "^[0-9a-f]{12}$" }),
        "n" => number.clone(),
        "segment" => json!({ "type": "string", "pattern": "^r[1-3]f[1-3]m[1-3]$" }),
        "version" => json!({ "type": "string", "pattern": "^[0-9a-f]{16}$" }),
        "survey" => json!({ "type": "string", "enum": ["nps", "reason", "csi"] }),
        "token" => json!({ "type": "string" }),
        _ => json!({
            "type": "string",
            "pattern": "^(~[A-Za-z0-9_-]+|[A-Za-z0-9_-]+)$",
            "description": "An id of letters, digits, _ and - as it is; any other one is ~ and its base64url."
        }),
    };
    names.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": schema(name) })).collect()
}
