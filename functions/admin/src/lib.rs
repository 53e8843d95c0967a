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
mod edge;
mod endpoints;
mod figures;
mod hooks;
mod jobs;
mod keys;
mod mailings;
mod openapi;
mod personal;
mod playbook;
mod routes;
mod runs;
mod segments;
mod settings;
mod simulations;
mod surveys;
mod told;
mod touched;
mod uplift;

use axum::{Extension, Router};
use resegment::jobs::StartJob;
use resegment::schedule::{StartLearn, StartRun};
use web::App;

pub use routes::routes;

/// All routes, under the scope `admin` but for the document; `start` sets a run going that was begun, `learn` a learning, `job` a job.
pub fn router(app: &App, start: StartRun, learn: StartLearn, job: StartJob) -> Router<App> {
    routes().router(app).layer(Extension(start)).layer(Extension(learn)).layer(Extension(job))
}
