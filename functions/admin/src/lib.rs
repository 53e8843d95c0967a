//! What a shop's staff calls: settings, keys, cuts, playbook, campaigns, budgets, runs, affinities, customers and their stories, the census,
//! audiences, uplift, simulations and other jobs, endpoints of events.

mod affinities;
mod alerts;
mod audiences;
mod beacon;
mod budgets;
mod campaigns;
mod customers;
mod cuts;
mod dead_letters;
mod endpoints;
mod hooks;
mod jobs;
mod keys;
mod mailings;
mod openapi;
mod personal;
mod playbook;
mod runs;
mod segments;
mod settings;
mod simulations;
mod touched;
mod uplift;

use axum::{Extension, Router};
use ledger::Scope;
use resegment::jobs::StartJob;
use resegment::schedule::{StartLearn, StartRun};
use web::{App, Routes};

/// The routes, as they are listed in the OpenAPI document.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .under(None)
        .get("/v1/openapi.json", "Show this document", openapi::show)
        .under(Some(Scope::Admin))
        .get("/v1/settings", "Show the shop's settings", settings::show)
        .put("/v1/settings", "Change settings", settings::change)
        .get("/v1/playbook", "Show the playbook in force", playbook::show)
        .put("/v1/playbook", "Publish a playbook", playbook::publish)
        .get("/v1/budgets", "Show limits and what is left of them", budgets::show)
        .put("/v1/budgets", "Set one limit", budgets::set)
        .post("/v1/campaigns", "Publish a campaign of the shop's own", campaigns::publish)
        .get("/v1/campaigns", "List campaigns", campaigns::list)
        .get("/v1/campaigns/{n}", "Show a campaign's terms", campaigns::show)
        .post("/v1/campaigns/{n}/state", "Open, pause or end a campaign", campaigns::set_state)
        .post("/v1/keys", "Make an API key", keys::create)
        .get("/v1/keys", "List the API keys", keys::list)
        .delete("/v1/keys/{id}", "Revoke an API key", keys::revoke)
        .post("/v1/keys/{id}/rotate", "Replace an API key by a new one", keys::rotate)
        .post("/v1/hooks", "Make a way in for a platform's webhooks", hooks::make)
        .get("/v1/hooks", "List hooks and what came by them", hooks::list)
        .get("/v1/hooks/{id}", "Show what came by a hook, day by day, and what was ignored", hooks::show)
        .put("/v1/hooks/{id}", "Give a hook another secret", hooks::change)
        .delete("/v1/hooks/{id}", "End a hook", hooks::delete)
        .post("/v1/runs", "Begin a run", runs::begin)
        .get("/v1/runs/{id}", "Show a run", runs::show)
        .get("/v1/runs/{id}/touched", "List customers who did not move as was previewed", touched::show)
        .get("/v1/cuts", "Show the active cuts, what is due, and former ones", cuts::show)
        .post("/v1/cuts/candidates", "Make cuts, fitted by a job or typed in", cuts::candidate)
        .post("/v1/cuts/rollback", "Make the cuts before these due again", cuts::rollback)
        .post("/v1/cuts/{version}/preview", "Preview who would move", cuts::preview)
        .post("/v1/cuts/{version}/activate", "Make cuts due", cuts::activate)
        .post("/v1/affinities", "Begin a learning of what goes with what", affinities::begin)
        .get("/v1/affinities", "Show the last learning", affinities::show)
        .post("/v1/simulations", "Begin a simulation of a playbook on the past", simulations::begin)
        .get("/v1/jobs/{id}", "Show a job and how far it is", jobs::show)
        .get("/v1/jobs/{id}/result", "Read a job's result", jobs::result)
        .get("/v1/alerts", "List what the shop should know at once", alerts::show)
        .post("/v1/endpoints", "Name where events are sent", endpoints::add)
        .get("/v1/endpoints", "List where events are sent", endpoints::list)
        .get("/v1/endpoints/{id}", "Show an endpoint and how deliveries to it go", endpoints::show)
        .delete("/v1/endpoints/{id}", "Send nothing there any more", endpoints::remove)
        .post("/v1/endpoints/{id}/rotate", "Give an endpoint another secret", endpoints::rotate)
        .post("/v1/endpoints/{id}/state", "Enable or disable an endpoint", endpoints::set_state)
        .post("/v1/endpoints/{id}/replay", "Send the events of some time again", endpoints::replay)
        .get("/v1/endpoints/{id}/dead-letters", "List events that no try brought there", dead_letters::list)
        .get("/v1/beacon", "Show who is likely not to come back, and groups that fall", beacon::show)
        .get("/v1/beacon/customers", "List customers at risk", beacon::customers)
        .get("/v1/customers/{id}", "Show a customer", customers::show)
        .get("/v1/customers/{id}/history", "List a customer's story", customers::history)
        .delete("/v1/customers/{id}", "Begin to erase a customer", personal::erase)
        .post("/v1/customers/{id}/export", "Begin an export of all that is stored about a customer", personal::export)
        .get("/v1/customers/{id}/export", "Find the last export of a customer", personal::exported)
        .post("/v1/customers/{id}/merge", "Begin to make two customers one", personal::merge)
        .post("/v1/customers/{id}/unmerge", "Begin to part an id from a customer", personal::unmerge)
        .get("/v1/segments", "Show the census of the 27 segments", segments::census)
        .get("/v1/segments/{segment}/customers", "List a segment's customers", audiences::show)
        .get("/v1/segments/{segment}/mailing", "List a segment's letters, each with its offers", mailings::show)
        .get("/v1/uplift", "Show what rewards changed, against the holdout", uplift::show)
}

/// All routes, under the scope `admin` but for the document; `start` sets a run going that was begun, `learn` a learning, `job` a job.
pub fn router(app: &App, start: StartRun, learn: StartLearn, job: StartJob) -> Router<App> {
    routes().router(app).layer(Extension(start)).layer(Extension(learn)).layer(Extension(job))
}
