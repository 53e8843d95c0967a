//! What the OpenAPI document says of bodies that no type says by itself. Only the document's maker has this.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;
use std::borrow::Cow;

use crate::wire::OrderIn;

/// An order as it is first sent: it has an id, and nothing that belongs to a revision.
pub(crate) struct Placed;

impl JsonSchema for Placed {
    fn schema_name() -> Cow<'static, str> {
        "OrderPlaced".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut order = order(generator, "id");
        if let Some(properties) = order.get_mut("properties").and_then(|properties| properties.as_object_mut()) {
            for name in ["revision", "tie", "status"] {
                properties.remove(name);
            }
        }
        order
    }
}

/// A revision of an order: it has its number. The path has the id.
pub(crate) struct Revised;

impl JsonSchema for Revised {
    fn schema_name() -> Cow<'static, str> {
        "OrderRevised".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        order(generator, "revision")
    }
}

/// An order of which one more field must be given.
fn order(generator: &mut SchemaGenerator, given: &str) -> Schema {
    let mut order = OrderIn::json_schema(generator);
    if let Some(required) = order.get_mut("required").and_then(|required| required.as_array_mut()) {
        required.push(given.into());
    }
    if let Some(kind) = order.pointer_mut(&format!("/properties/{given}/type")) {
        *kind = kind[0].take();
    }
    // With neither, there is no amount.
    order.insert(
        "anyOf".to_owned(),
        json!([
            { "required": ["total"], "properties": { "total": { "type": "integer" } } },
            { "required": ["lines"], "properties": { "lines": { "minItems": 1 } } }
        ]),
    );
    order
}

/// A decimal, as a number or a string.
pub(crate) fn quantity(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["number", "string", "null"],
        "minimum": 0,
        "maximum": 1_000_000_000_000_u64,
        "pattern": "^[0-9]{1,12}(\\.[0-9]{1,6})?$"
    })
}

/// A return says in one way how much it is.
pub(crate) fn one_amount(schema: &mut Schema) {
    let way = |name: &str, value: serde_json::Value| json!({ "required": [name], "properties": { name: value } });
    let ways = [
        way("whole", json!({ "const": true })),
        way("amount", json!({ "type": "integer" })),
        way("lines", json!({ "type": "array" })),
    ];
    schema.insert("oneOf".to_owned(), json!(ways));
}
