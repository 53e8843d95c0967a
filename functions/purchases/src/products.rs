//! `PUT /v1/products`, `PUT /v1/products/stock`, 1 to 100 each, and `GET /v1/products/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use catalogue::Product;
use ledger::{ProductId, ProductReceipt, ProductWrite, Status};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use web::{App, Body, Caller, PathId, Problem, read_json};

use crate::publish::StartPublish;
use crate::wire_products::{ProductIn, StockIn};

/// The most products of one request.
const MAX_BATCH: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Products<'a> {
    #[serde(borrow)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<ProductIn>", length(min = 1, max = MAX_BATCH)))]
    products: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Stocks<'a> {
    #[serde(borrow)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<StockIn>", length(min = 1, max = MAX_BATCH)))]
    stock: Vec<&'a RawValue>,
}

/// One product's answer within a batch.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ProductResult"))]
pub(crate) struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ProductReceipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
    /// The HTTP status it would have had alone.
    code: u16,
}

/// What became of a batch.
#[derive(Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ProductResults"))]
pub(crate) struct Answers {
    recorded: usize,
    duplicate: usize,
    refused: usize,
    results: Vec<Answer>,
}

/// Products as a whole, each new or in the place of what was there: 200, with an answer for each.
pub(crate) async fn put(
    State(app): State<App>,
    Extension(start): Extension<StartPublish>,
    caller: Caller,
    Body(body): Body,
) -> Result<Json<Answers>, Problem> {
    let batch = whole(&body, "products", |body| serde_json::from_slice(body).map(|Products { products }| products))?;
    record(&app, &start, &caller, read("products", &batch, ProductIn::read)?).await
}

/// The stock of products, and nothing else of them: 200, with an answer for each.
pub(crate) async fn put_stock(
    State(app): State<App>,
    Extension(start): Extension<StartPublish>,
    caller: Caller,
    Body(body): Body,
) -> Result<Json<Answers>, Problem> {
    let batch = whole(&body, "stock", |body| serde_json::from_slice(body).map(|Stocks { stock }| stock))?;
    record(&app, &start, &caller, read("stock", &batch, StockIn::read)?).await
}

/// A product as it is stored now, published or not.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "StoredProduct"))]
pub(crate) struct Shown {
    #[serde(flatten)]
    product: Product,
    /// Absent: it never runs out.
    #[serde(skip_serializing_if = "Option::is_none")]
    stock: Option<u64>,
    /// When it last changed, in milliseconds since 1970.
    updated: i64,
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ProductId>,
) -> Result<Json<Shown>, Problem> {
    let found = app.ledger.product(&caller.shop.id, &id).await?;
    let shown = |stored: ledger::StoredProduct| {
        Json(Shown { product: stored.product, stock: stored.stock, updated: stored.updated })
    };
    found.map(shown).ok_or_else(|| Problem::not_found(format!("this shop has no product `{id}`")))
}

type Written = Result<(ProductId, ProductWrite), Problem>;

/// The one field of a batch.
fn whole<'a>(
    body: &'a [u8],
    field: &str,
    batch: impl Fn(&'a [u8]) -> Result<Vec<&'a RawValue>, serde_json::Error>,
) -> Result<Vec<&'a RawValue>, Problem> {
    // What is no JSON is told with its place.
    read_json::<serde_json::Map<String, serde_json::Value>>(body)?;
    batch(body).map_err(|_| Problem::field(field, "must be the only field, and an array"))
}

fn read<T: DeserializeOwned>(
    field: &str,
    batch: &[&RawValue],
    read: impl Fn(T) -> Written,
) -> Result<Vec<Written>, Problem> {
    if batch.is_empty() || batch.len() > MAX_BATCH {
        return Err(Problem::field(field, format!("are from 1 to {MAX_BATCH}, not {}", batch.len())));
    }
    let one = |(at, json): (usize, &&RawValue)| {
        let sent = read_json::<T>(json.get().as_bytes()).and_then(&read);
        sent.map_err(|problem| problem.under(&format!("{field}[{at}]")))
    };
    Ok(batch.iter().enumerate().map(one).collect())
}

async fn record(
    app: &App,
    start: &StartPublish,
    caller: &Caller,
    read: Vec<Written>,
) -> Result<Json<Answers>, Problem> {
    let shop = &caller.shop.id;
    let sound: Vec<(ProductId, ProductWrite)> = read.iter().filter_map(|read| read.as_ref().ok().cloned()).collect();
    let mut written = app.ledger.write_products(shop, app.clock.now(), sound).await.into_iter();
    let (mut answers, mut publish) = (Answers::default(), false);
    for one in read {
        let receipt = match one {
            Err(problem) => Err(problem),
            Ok(_) => written.next().map_or_else(|| Err(Problem::unavailable()), |answer| answer.map_err(Problem::from)),
        };
        let count = match &receipt {
            Ok(receipt) if receipt.status == Status::Recorded => &mut answers.recorded,
            Ok(_) => &mut answers.duplicate,
            Err(_) => &mut answers.refused,
        };
        *count += 1;
        publish |= receipt.as_ref().is_ok_and(|receipt| receipt.publish);
        answers.results.push(match receipt {
            Ok(receipt) => Answer { code: StatusCode::OK.as_u16(), receipt: Some(receipt), problem: None },
            Err(problem) => Answer { code: problem.status().as_u16(), receipt: None, problem: Some(problem) },
        });
    }
    if publish {
        ask(app, start, caller).await?;
    }
    Ok(Json(answers))
}

/// Asks for a publish job. Where the request cannot be noted, the products are stored all the same and the caller is to send
/// again; where the job cannot be started, the request is noted and the next job answers it.
async fn ask(app: &App, start: &StartPublish, caller: &Caller) -> Result<(), Problem> {
    let shop = &caller.shop.id;
    app.ledger.request_publish(shop).await?;
    if let Err(error) = start(shop.clone()).await {
        tracing::error!(%shop, %error, "the publish job was not started");
    }
    Ok(())
}
