//! A Lambda function started as ours are, whose handlers do nothing but the store's calls: what others' requests are measured
//! against.
//!
//! - `GET /v1/raw?pk=PK&sk=SK`: one eventually consistent GetItem of `Customers`, as a lookup's.
//! - `POST /v1/raw` with `{"pk": …, "sk": …, "n": …}`: what an order of a known customer takes: a BatchGetItem of its head and its
//!   first revision, a GetItem of the profile, and a transaction of these three.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem};
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use web::App;
use web::lambda::{StartError, serve};

#[derive(Deserialize)]
struct Key {
    pk: String,
    sk: String,
    #[serde(default)]
    n: u64,
}

impl Key {
    fn item(&self) -> HashMap<String, AttributeValue> {
        keyed(&self.pk, &self.sk)
    }
}

fn keyed(pk: &str, sk: &str) -> HashMap<String, AttributeValue> {
    [("pk", pk), ("sk", sk)].map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned()))).into()
}

#[tokio::main]
async fn main() -> Result<(), StartError> {
    serve("raw", |_| Router::new().route("/v1/raw", get(read).post(write))).await
}

async fn read(State(app): State<App>, Query(key): Query<Key>) -> Json<Value> {
    let got = app.ledger.client().get_item().table_name("Customers").set_key(Some(key.item())).send().await;
    Json(json!({ "attributes": got.ok().and_then(|got| got.item).map(|item| item.len()) }))
}

async fn write(State(app): State<App>, Json(key): Json<Key>) -> Json<Value> {
    let client = app.ledger.client();
    let (head, revision) =
        (keyed(&format!("raw#order#{}", key.n), "head"), keyed("raw#story", &format!("order#{}", key.n)));
    let keys = KeysAndAttributes::builder().keys(head.clone()).keys(revision.clone()).consistent_read(true).build();
    let Ok(keys) = keys else { return Json(Value::Null) };
    let heads = client.batch_get_item().request_items("Ledger", keys).send().await;
    let profile =
        client.get_item().table_name("Customers").set_key(Some(key.item())).consistent_read(true).send().await;
    let (Ok(_), Ok(profile)) = (heads, profile) else { return Json(Value::Null) };
    // Written back as it is, and beside it what is as long as a head and a revision are.
    let filled = |mut item: HashMap<String, AttributeValue>, bytes: usize| {
        item.insert("content".to_owned(), AttributeValue::S("x".repeat(bytes)));
        item
    };
    let put = |table: &str, item: HashMap<String, AttributeValue>| {
        let put = Put::builder().table_name(table).set_item(Some(item)).build();
        put.map(|put| TransactWriteItem::builder().put(put).build())
    };
    let writes = [
        put("Ledger", filled(head, 200)),
        put("Ledger", filled(revision, 300)),
        put("Customers", profile.item.unwrap_or_else(|| key.item())),
    ];
    let writes: Vec<TransactWriteItem> = writes.into_iter().flatten().collect();
    let written = client.transact_write_items().set_transact_items(Some(writes)).send().await;
    Json(json!({ "written": written.is_ok() }))
}
