//! What a shop's staff calls: settings, runs, affinities, customers and their stories, the census, audiences.

mod affinities;
mod alerts;
mod audiences;
mod customers;
mod mailings;
mod playbook;
mod remembered;
mod runs;
mod segments;
mod settings;

use axum::routing::{get, post};
use axum::{Extension, Router};
use ledger::Scope;
use resegment::schedule::{StartLearn, StartRun};
use web::App;

/// All routes, under the scope `admin`; `start` sets a run going that was begun, `learn` a learning.
pub fn router(app: &App, start: StartRun, learn: StartLearn) -> Router<App> {
    let routes = Router::new()
        .route("/v1/settings", get(settings::show).put(settings::change))
        .route("/v1/playbook", get(playbook::show).put(playbook::publish))
        .route("/v1/runs", post(runs::begin))
        .route("/v1/runs/{id}", get(runs::show))
        .route("/v1/affinities", post(affinities::begin).get(affinities::show))
        .route("/v1/alerts", get(alerts::show))
        .route("/v1/customers/{id}", get(customers::show))
        .route("/v1/customers/{id}/history", get(customers::history))
        .route("/v1/segments", get(segments::census))
        .route("/v1/segments/{segment}/customers", get(audiences::show))
        .route("/v1/segments/{segment}/mailing", get(mailings::show))
        .layer(Extension(start))
        .layer(Extension(learn));
    web::require(routes, app, Scope::Admin)
}
