//! What a shop's staff calls: settings, cuts, playbook, campaigns, budgets, runs, affinities, customers and their stories, the census,
//! audiences, uplift, simulations and other jobs.

mod affinities;
mod alerts;
mod audiences;
mod beacon;
mod budgets;
mod campaigns;
mod customers;
mod cuts;
mod jobs;
mod mailings;
mod playbook;
mod remembered;
mod runs;
mod segments;
mod settings;
mod simulations;
mod touched;
mod uplift;

use axum::routing::{get, post};
use axum::{Extension, Router};
use ledger::Scope;
use resegment::jobs::StartJob;
use resegment::schedule::{StartLearn, StartRun};
use web::App;

/// All routes, under the scope `admin`; `start` sets a run going that was begun, `learn` a learning, `job` a job.
pub fn router(app: &App, start: StartRun, learn: StartLearn, job: StartJob) -> Router<App> {
    let routes = Router::new()
        .route("/v1/settings", get(settings::show).put(settings::change))
        .route("/v1/playbook", get(playbook::show).put(playbook::publish))
        .route("/v1/budgets", get(budgets::show).put(budgets::set))
        .route("/v1/campaigns", post(campaigns::publish).get(campaigns::list))
        .route("/v1/campaigns/{n}", get(campaigns::show))
        .route("/v1/campaigns/{n}/state", post(campaigns::set_state))
        .route("/v1/runs", post(runs::begin))
        .route("/v1/runs/{id}", get(runs::show))
        .route("/v1/runs/{id}/touched", get(touched::show))
        .route("/v1/cuts", get(cuts::show))
        .route("/v1/cuts/candidates", post(cuts::candidate))
        .route("/v1/cuts/rollback", post(cuts::rollback))
        .route("/v1/cuts/{version}/preview", post(cuts::preview))
        .route("/v1/cuts/{version}/activate", post(cuts::activate))
        .route("/v1/affinities", post(affinities::begin).get(affinities::show))
        .route("/v1/simulations", post(simulations::begin))
        .route("/v1/jobs/{id}", get(jobs::show))
        .route("/v1/jobs/{id}/result", get(jobs::result))
        .route("/v1/alerts", get(alerts::show))
        .route("/v1/beacon", get(beacon::show))
        .route("/v1/beacon/customers", get(beacon::customers))
        .route("/v1/customers/{id}", get(customers::show))
        .route("/v1/customers/{id}/history", get(customers::history))
        .route("/v1/segments", get(segments::census))
        .route("/v1/segments/{segment}/customers", get(audiences::show))
        .route("/v1/segments/{segment}/mailing", get(mailings::show))
        .route("/v1/uplift", get(uplift::show))
        .layer(Extension(start))
        .layer(Extension(learn))
        .layer(Extension(job));
    web::require(routes, app, Scope::Admin)
}
