//! The way in: orders, their revisions, returns, customers' attributes, products and their stock.

mod attributes;
mod orders;
mod products;
pub mod publish;
mod returns;
mod wire;
mod wire_products;

use axum::routing::{get, post, put};
use axum::{Extension, Router};
use ledger::Scope;
use publish::StartPublish;
use web::App;

pub use wire::{LineIn, OrderIn, ReturnIn};
pub use wire_products::{ProductIn, StockIn};

/// All routes, under the scope `ingest`; `start` sets a publish job going that was asked for.
pub fn router(app: &App, start: StartPublish) -> Router<App> {
    let routes = Router::new()
        .route("/v1/orders", post(orders::record))
        .route("/v1/orders/{id}", put(orders::revise))
        .route("/v1/returns", post(returns::record))
        .route("/v1/customers/{id}", put(attributes::record))
        .route("/v1/products", put(products::put))
        .route("/v1/products/stock", put(products::put_stock))
        .route("/v1/products/{id}", get(products::show))
        .layer(Extension(start));
    web::require(routes, app, Scope::Ingest)
}
