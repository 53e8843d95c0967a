//! The way in: orders, their revisions, returns, customers' attributes.

mod attributes;
mod orders;
mod returns;
mod wire;

use axum::Router;
use axum::routing::{post, put};
use ledger::Scope;
use web::App;

pub use wire::{LineIn, OrderIn, ReturnIn};

/// All routes, under the scope `ingest`.
pub fn router(app: &App) -> Router<App> {
    let routes = Router::new()
        .route("/v1/orders", post(orders::record))
        .route("/v1/orders/{id}", put(orders::revise))
        .route("/v1/returns", post(returns::record))
        .route("/v1/customers/{id}", put(attributes::record));
    web::require(routes, app, Scope::Ingest)
}
