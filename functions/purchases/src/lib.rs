//! The way in: orders, their revisions, returns, customers' attributes, products and their stock; and platforms' webhooks.

mod attributes;
pub mod hooks;
mod orders;
mod products;
pub mod publish;
mod returns;
mod wire;
mod wire_products;

use axum::{Extension, Router};
use ledger::Scope;
use publish::StartPublish;
use web::{App, Routes};

pub use wire::{LineIn, OrderIn, ReturnIn};
pub use wire_products::{ProductIn, StockIn};

/// The routes, as they are listed in the OpenAPI document.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .under(Some(Scope::Ingest))
        .post("/v1/orders", "Record an order, or a batch of them", orders::record)
        .put("/v1/orders/{id}", "Record a revision of an order, or the order if it is unknown", orders::revise)
        .post("/v1/returns", "Record a return of an order", returns::record)
        .put("/v1/customers/{id}", "Update a customer's attributes and consents", attributes::record)
        .put("/v1/products", "Put products into the catalogue", products::put)
        .put("/v1/products/stock", "Change how much of products is in stock", products::put_stock)
        .get("/v1/products/{id}", "Show a product", products::show)
        .under(None)
        .post(
            "/v1/hooks/shopify/{shop}/{id}",
            "Take a webhook of Shopify, signed with the hook's secret",
            hooks::shopify,
        )
        .post(
            "/v1/hooks/woocommerce/{shop}/{id}",
            "Take a webhook of WooCommerce, signed with the hook's secret",
            hooks::woocommerce,
        )
}

/// All routes, under the scope `ingest` but for webhooks, which are signed; `start` sets a publish job going that was asked for.
pub fn router(app: &App, start: StartPublish) -> Router<App> {
    routes().router(app).layer(Extension(start)).layer(Extension(hooks::KnownHooks::default()))
}
