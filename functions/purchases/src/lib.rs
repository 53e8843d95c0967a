//! The way in: orders, their revisions, returns, customers' attributes, products and their stock; and platforms' webhooks.

mod attributes;
pub mod hooks;
mod orders;
mod products;
pub mod publish;
mod returns;
#[cfg(feature = "schema")]
mod schema;
mod wire;
mod wire_products;

use axum::{Extension, Router};
use ledger::Scope;
use publish::StartPublish;
use web::{App, NOT_FOUND, Refused, Routes};

pub use wire::{LineIn, OrderIn, ReturnIn};
pub use wire_products::{ProductIn, StockIn};

const OTHER_CONTENT: Refused = (409, "other-content");
const ERASED: Refused = (410, "customer-erased");
/// Of an order.
const ORDER: [Refused; 4] = [OTHER_CONTENT, ERASED, (409, "order-of-another-customer"), (409, "customer-full")];

/// The routes, as they are listed in the OpenAPI document.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .under(Some(Scope::Ingest))
        .post("/v1/orders", "Record an order, or a batch of them", orders::record)
        .takes::<orders::OneOrMany<'_>>()
        .gives::<orders::Receipt>(201)
        .gives::<orders::Answers>(200)
        .refuses(&ORDER)
        .put("/v1/orders/{id}", "Record a revision of an order, or the order if it is unknown", orders::revise)
        .takes::<orders::Revision>()
        .gives::<orders::Receipt>(200)
        .refuses(&ORDER)
        .post("/v1/returns", "Record a return of an order", returns::record)
        .takes::<ReturnIn>()
        .gives::<ledger::ReturnReceipt>(201)
        .refuses(&[
            OTHER_CONTENT,
            ERASED,
            (409, "order-unknown"),
            (409, "order-of-guest"),
            (409, "return-exceeds-order"),
        ])
        .put("/v1/customers/{id}", "Update a customer's attributes and consents", attributes::record)
        .takes::<attributes::AttributesIn>()
        .gives::<ledger::AttributesReceipt>(200)
        .refuses(&[ERASED])
        .put("/v1/products", "Put products into the catalogue", products::put)
        .takes::<products::Products<'_>>()
        .gives::<products::Answers>(200)
        .put("/v1/products/stock", "Change how much of products is in stock", products::put_stock)
        .takes::<products::Stocks<'_>>()
        .gives::<products::Answers>(200)
        .get("/v1/products/{id}", "Show a product", products::show)
        .gives::<products::Shown>(200)
        .refuses(&[NOT_FOUND])
        .under(None)
        .post(
            "/v1/hooks/shopify/{shop}/{id}",
            "Take a webhook of Shopify, signed with the hook's secret",
            hooks::shopify,
        )
        .takes_raw("application/json")
        .gives::<hooks::Answer>(200)
        .refuses(&hooks::REFUSED)
        .post(
            "/v1/hooks/woocommerce/{shop}/{id}",
            "Take a webhook of WooCommerce, signed with the hook's secret",
            hooks::woocommerce,
        )
        .takes_raw("application/json")
        .takes_raw("application/x-www-form-urlencoded")
        .gives::<hooks::Answer>(200)
        .refuses(&hooks::REFUSED)
}

/// All routes, under the scope `ingest` but for webhooks, which are signed; `start` sets a publish job going that was asked for.
pub fn router(app: &App, start: StartPublish) -> Router<App> {
    routes().router(app).layer(Extension(start)).layer(Extension(hooks::KnownHooks::default()))
}
