//! What the OpenAPI document says of bodies that no type says by itself. Only the document's maker has this.

use schemars::Schema;
use serde_json::{Value, json};

/// A field that is given, and not as `null`.
fn given(name: &str, kind: &str) -> Value {
    json!({ "required": [name], "properties": { name: { "type": kind } } })
}

/// A survey is answered in words or by a score; which, the survey says.
pub(crate) fn reason_or_score(schema: &mut Schema) {
    schema.insert("oneOf".to_owned(), json!([given("reason", "string"), given("score", "integer")]));
}

/// A reward is named by its code or by the offer's id.
pub(crate) fn code_or_offer(schema: &mut Schema) {
    schema.insert("oneOf".to_owned(), json!([given("code", "string"), given("offer", "string")]));
}
