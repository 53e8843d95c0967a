//! `console` as a Lambda function: the pages, and the routes that they call in this process.

use std::sync::Arc;

use console::Console;
use resegment::function::{job_state_machine, state_machine};
use resegment::schedule::{StartError as NotStarted, StartLearn};
use web::Clock;
use web::lambda::{StartError, sdk_config, serve, variable};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let client = aws_sdk_sfn::Client::new(&sdk_config()?);
    let start = state_machine(client.clone(), variable("RUN_STATE_MACHINE_ARN")?, Clock::System);
    let job = job_state_machine(client, variable("JOB_STATE_MACHINE_ARN")?, Clock::System);
    // No page begins a learning, so this function has no right to.
    let none = || NotStarted("no page of the console begins a learning".to_owned());
    let learn = StartLearn(Arc::new(move |_, _| Box::pin(async move { Err(none()) })));
    serve("console", |app| {
        let api = offers::router(app).merge(admin::router(app, start, learn, job));
        // A gateway takes nobody in without TLS.
        Console::new(app, web::finish(api, app.clone())).over_tls().router()
    })
    .await
}
