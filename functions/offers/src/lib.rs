//! The checkout: where a customer stands, and what to offer them. One read of the store, and nothing is written (law 10).

mod lookup;
mod offers;
mod replay;
mod segment;

use axum::Router;
use axum::routing::{get, post};
use ledger::Scope;
use web::App;

pub use lookup::DEADLINE;

/// All routes, under the scope `checkout`.
pub fn router(app: &App) -> Router<App> {
    let routes = Router::new()
        .route("/v1/customers/{id}/segment", get(segment::show))
        .route("/v1/customers/{id}/offers", get(offers::show))
        .route("/v1/offers", post(offers::show_with_cart));
    let staff = Router::new().route("/v1/offers/replay", post(replay::replay));
    web::require(routes, app, Scope::Checkout).merge(web::require(staff, app, Scope::Admin))
}
