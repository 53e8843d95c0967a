//! The checkout: where a customer stands, and what to offer them; one read of the store, and nothing is written (law 10).
//! And what comes back from there: choices and survey answers, ledger facts (law 2).

mod answers;
mod choices;
mod edge;
mod health;
mod lookup;
mod not_redeemed;
mod offers;
mod redemptions;
mod replay;
#[cfg(feature = "schema")]
mod schema;
mod segment;
mod snapshots;
mod survey_page;
mod wire_redemptions;

use axum::Router;
use ledger::Scope;
use web::{App, NOT_FOUND, Refused, Routes};

pub use lookup::DEADLINE;

const OTHER_CONTENT: Refused = (409, "other-content");
const ERASED: Refused = (410, "customer-erased");
/// As routes under a key do, but that the token is none of ours.
const EDGE: [Refused; 4] =
    [(400, "invalid-json"), (401, "token-invalid"), (413, "body-too-large"), (422, "invalid-field")];
const PAGE: &str = "text/html";

/// The routes, as they are listed in the OpenAPI document.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .under(Some(Scope::Checkout))
        .get("/v1/customers/{id}/segment", "Show a customer's segment, and why", segment::show)
        .gives::<segment::Answer>(200)
        .get("/v1/customers/{id}/offers", "Decide what a customer should see now, and why", offers::show)
        .asks::<offers::Asked>()
        .gives::<offers::Answer>(200)
        .post("/v1/offers", "Decide with a cart", offers::show_with_cart)
        .asks::<offers::Asked>()
        .takes::<offers::AskedWithCart>()
        .gives::<offers::Answer>(200)
        .post("/v1/customers/{id}/snapshot", "Make a token from which the edge offers", snapshots::make)
        .may_take::<snapshots::Wanted>()
        .gives::<snapshots::Issued>(201)
        .refuses(&[(409, "snapshot-too-large")])
        .post("/v1/customers/{id}/choices", "Record a category and reward that a customer chose", choices::record)
        .takes::<choices::ChoiceIn>()
        .gives::<ledger::ChoiceReceipt>(201)
        .refuses(&[OTHER_CONTENT, ERASED, (409, "not-offered")])
        .post("/v1/surveys/{survey}/answers", "Record an answer to a survey", answers::record)
        .takes::<answers::AnswerIn>()
        .gives::<ledger::AnswerReceipt>(201)
        .refuses(&[OTHER_CONTENT, ERASED])
        .post("/v1/redemptions", "Reserve a reward for an order", redemptions::reserve)
        .takes::<wire_redemptions::ReserveIn>()
        .gives::<wire_redemptions::Answer>(201)
        .refuses(&not_redeemed::RESERVING)
        .get("/v1/redemptions/{id}", "Show a redemption", redemptions::show)
        .gives::<wire_redemptions::Answer>(200)
        .refuses(&[NOT_FOUND])
        .post("/v1/redemptions/{id}/confirm", "Confirm a reserved reward", redemptions::confirm)
        .gives::<wire_redemptions::Answer>(200)
        .refuses(&not_redeemed::SETTLING)
        .post("/v1/redemptions/{id}/release", "Release a reserved reward", redemptions::release)
        .gives::<wire_redemptions::Answer>(200)
        .refuses(&not_redeemed::SETTLING)
        .under(Some(Scope::Admin))
        .post("/v1/offers/replay", "Decide again on a decision's document", replay::replay)
        .takes::<playbook::Inputs>()
        .gives::<replay::Answer>(200)
        .refuses(&[(409, "playbook-unknown")])
        .under(None)
        .get("/v1/health", "Say that the service answers", health::alive)
        .gives::<health::Health>(200)
        .get("/v1/ready", "Say that the store answers too", health::ready)
        .gives::<health::Health>(200)
        .post("/v1/edge/offers", "Decide from a token of the edge", edge::show)
        .asks::<edge::Asked>()
        .may_take::<edge::Cart>()
        .gives::<snapshot::Answer>(200)
        .refuses(&EDGE)
        .get("/s/{token}", "Show the survey's page of a link", survey_page::show)
        .asks::<survey_page::Asked>()
        .gives_raw(200, PAGE)
        .gives_raw(404, PAGE)
        .gives_raw(410, PAGE)
        .gives_raw(503, PAGE)
        .post("/s/{token}", "Take what the survey's page sends", survey_page::answer)
        .asks::<survey_page::Asked>()
        .takes_form::<survey_page::Sent>()
        .gives_raw(200, PAGE)
        .gives_raw(404, PAGE)
        .gives_raw(410, PAGE)
        .gives_raw(422, PAGE)
        .gives_raw(503, PAGE)
}

/// All routes, each under its scope; the survey's page asks for no key, as its address is the proof.
pub fn router(app: &App) -> Router<App> {
    routes().router(app)
}
