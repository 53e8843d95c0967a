//! The checkout: where a customer stands, and what to offer them; one read of the store, and nothing is written (law 10).
//! And what comes back from there: choices and survey answers, ledger facts (law 2).

mod answers;
mod choices;
mod health;
mod lookup;
mod not_redeemed;
mod offers;
mod redemptions;
mod replay;
mod segment;
mod survey_page;
mod wire_redemptions;

use axum::Router;
use ledger::Scope;
use web::{App, Routes};

pub use lookup::DEADLINE;

/// The routes, as they are listed in the OpenAPI document.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .under(Some(Scope::Checkout))
        .get("/v1/customers/{id}/segment", "Show a customer's segment, and why", segment::show)
        .get("/v1/customers/{id}/offers", "Decide what a customer should see now, and why", offers::show)
        .post("/v1/offers", "Decide with a cart", offers::show_with_cart)
        .post("/v1/customers/{id}/choices", "Record a category and reward that a customer chose", choices::record)
        .post("/v1/surveys/{survey}/answers", "Record an answer to a survey", answers::record)
        .post("/v1/redemptions", "Reserve a reward for an order", redemptions::reserve)
        .get("/v1/redemptions/{id}", "Show a redemption", redemptions::show)
        .post("/v1/redemptions/{id}/confirm", "Confirm a reserved reward", redemptions::confirm)
        .post("/v1/redemptions/{id}/release", "Release a reserved reward", redemptions::release)
        .under(Some(Scope::Admin))
        .post("/v1/offers/replay", "Decide again on a decision's document", replay::replay)
        .under(None)
        .get("/v1/health", "Say that the service answers", health::alive)
        .get("/v1/ready", "Say that the store answers too", health::ready)
        .get("/s/{token}", "Show the survey's page of a link", survey_page::show)
        .post("/s/{token}", "Take what the survey's page sends", survey_page::answer)
}

/// All routes, each under its scope; the survey's page asks for no key, as its address is the proof.
pub fn router(app: &App) -> Router<App> {
    routes().router(app)
}
