//! The checkout: where a customer stands, and what to offer them; one read of the store, and nothing is written (law 10).
//! And what comes back from there: choices and survey answers, ledger facts (law 2).

mod answers;
mod choices;
mod lookup;
mod not_redeemed;
mod offers;
mod redemptions;
mod replay;
mod segment;
mod survey_page;
mod wire_redemptions;

use axum::Router;
use axum::routing::{get, post};
use ledger::Scope;
use web::App;

pub use lookup::DEADLINE;

/// All routes, under the scope `checkout`; the survey's page asks for no key, as its address is the proof.
pub fn router(app: &App) -> Router<App> {
    let routes = Router::new()
        .route("/v1/customers/{id}/segment", get(segment::show))
        .route("/v1/customers/{id}/offers", get(offers::show))
        .route("/v1/offers", post(offers::show_with_cart))
        .route("/v1/customers/{id}/choices", post(choices::record))
        .route("/v1/surveys/{survey}/answers", post(answers::record))
        .route("/v1/redemptions", post(redemptions::reserve))
        .route("/v1/redemptions/{id}", get(redemptions::show))
        .route("/v1/redemptions/{id}/confirm", post(redemptions::confirm))
        .route("/v1/redemptions/{id}/release", post(redemptions::release));
    let staff = Router::new().route("/v1/offers/replay", post(replay::replay));
    let pages = Router::new().route("/s/{token}", get(survey_page::show).post(survey_page::answer));
    web::require(routes, app, Scope::Checkout).merge(web::require(staff, app, Scope::Admin)).merge(pages)
}
