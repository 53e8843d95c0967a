//! Answers that the store did not give, in its own form.
//!
//! Source: "Error handling with DynamoDB" and the API reference of each operation, Amazon DynamoDB Developer Guide.

use fastrand::Rng;
use serde_json::{Value, json};

const DYNAMODB: &str = "com.amazonaws.dynamodb.v20120810";

/// A status and a document.
pub(super) type Forged = (u16, Value);

fn error(status: u16, of: &str, kind: &str, message: &str) -> Forged {
    (status, json!({ "__type": format!("{of}#{kind}"), "message": message }))
}

/// The store has no room.
pub(super) fn throttled(operation: &str, request: &Value, rng: &mut Rng) -> Forged {
    match (rng.u8(0..3), operation) {
        (0, "TransactWriteItems") => {
            cancelled(request, "ThrottlingError", "Throughput exceeds the current capacity", rng)
        }
        (0 | 1, _) => error(
            400,
            DYNAMODB,
            "ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded.",
        ),
        _ => error(
            400,
            "com.amazon.coral.availability",
            "ThrottlingException",
            "Rate of requests exceeds the allowed throughput.",
        ),
    }
}

/// Somebody else's transaction is at the same items.
pub(super) fn conflict(operation: &str, request: &Value, rng: &mut Rng) -> Forged {
    match operation {
        "TransactWriteItems" => cancelled(request, "TransactionConflict", "Transaction is ongoing for the item", rng),
        _ => error(400, DYNAMODB, "TransactionConflictException", "Transaction is ongoing for the item"),
    }
}

/// The store's own mistake.
pub(super) fn internal() -> Forged {
    error(500, DYNAMODB, "InternalServerError", "The request could not be completed because of an internal error")
}

/// A transaction that one of its items, whichever, cancelled for this reason.
fn cancelled(request: &Value, code: &str, message: &str, rng: &mut Rng) -> Forged {
    let items = request["TransactItems"].as_array().map_or(1, Vec::len).max(1);
    let at_fault = rng.usize(0..items);
    let reasons: Vec<Value> = (0..items)
        .map(
            |nth| if nth == at_fault { json!({ "Code": code, "Message": message }) } else { json!({ "Code": "None" }) },
        )
        .collect();
    let codes: Vec<&str> = (0..items).map(|nth| if nth == at_fault { code } else { "None" }).collect();
    let message =
        format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes.join(", "));
    let (status, mut document) = error(400, DYNAMODB, "TransactionCanceledException", &message);
    document["CancellationReasons"] = Value::Array(reasons);
    (status, document)
}

/// Of each table's keys the first half stays in the request (at least one of all); the rest is given back.
pub(super) fn take_half(request: &mut Value) -> Value {
    let mut left = json!({});
    let Some(tables) = request["RequestItems"].as_object_mut() else { return left };
    for (table, asked) in tables {
        let Some(keys) = asked["Keys"].as_array_mut() else { continue };
        let rest = keys.split_off(keys.len().div_ceil(2));
        if !rest.is_empty() {
            let mut unprocessed = asked.clone();
            unprocessed["Keys"] = Value::Array(rest);
            left[table] = unprocessed;
        }
    }
    left
}
